// A growing byte queue: appended at the end, consumed at the front. Grows without initialising its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace hawser::net {

class byte_buffer {
 public:
  byte_buffer() = default;
  ~byte_buffer() { std::free(data_); }
  byte_buffer(byte_buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  bool empty() const noexcept { return begin_ == end_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::uint8_t* data() noexcept { return data_ + begin_; }
  std::span<std::uint8_t> bytes() noexcept { return {data_ + begin_, size()}; }

  // Room for `n` bytes behind the end; commit() says how many were used.
  std::uint8_t* prepare(std::size_t n) {
    if (capacity_ - end_ < n) make_room(n);
    return data_ + end_;
  }
  void commit(std::size_t n) noexcept { end_ += n; }
  void append(std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
    commit(bytes.size());
  }
  void consume(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() noexcept { begin_ = end_ = 0; }
  void free() noexcept {
    std::free(std::exchange(data_, nullptr));
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void make_room(std::size_t n) {
    const std::size_t held = size();
    // Moving to the front is worth it when at least half of the memory lies consumed there.
    if (capacity_ - held >= n && begin_ >= capacity_ / 2) {
      std::memmove(data_, data_ + begin_, held);
    } else {
      std::size_t want = capacity_ < 512 ? 512 : capacity_ * 2;
      while (want - held < n) want *= 2;
      auto* grown = static_cast<std::uint8_t*>(std::malloc(want));
      if (grown == nullptr) throw std::bad_alloc();
      if (held > 0) std::memcpy(grown, data_ + begin_, held);
      std::free(data_);
      data_ = grown;
      capacity_ = want;
    }
    begin_ = 0;
    end_ = held;
  }
  std::uint8_t* data_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace hawser::net
