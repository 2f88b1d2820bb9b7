// Memory that grows and is reused. Its bytes are never initialised; who holds it knows how many count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace hawser::router {

class byte_block {
 public:
  byte_block() = default;
  byte_block(byte_block&& other) noexcept
      : bytes_(std::move(other.bytes_)), capacity_(std::exchange(other.capacity_, 0)) {}
  byte_block& operator=(byte_block&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  std::uint8_t* data() noexcept { return bytes_.get(); }
  const std::uint8_t* data() const noexcept { return bytes_.get(); }
  std::size_t capacity() const noexcept { return capacity_; }

  // Room for n bytes in all; the first `keep` stay what they are.
  void ensure(std::size_t n, std::size_t keep) {
    if (n > capacity_) grow(n, keep);
  }

  void release() noexcept {
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  // Sizes of a feed's messages differ by a few bytes: whole cache lines spare most of the growing.
  void grow(std::size_t n, std::size_t keep) {
    const std::size_t want = (n + 63) & ~std::size_t{63};
    auto grown = std::make_unique_for_overwrite<std::uint8_t[]>(want);
    if (keep > 0) std::memcpy(grown.get(), bytes_.get(), keep);
    bytes_ = std::move(grown);
    capacity_ = want;
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace hawser::router
