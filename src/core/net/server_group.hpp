// What the parts of one server share, when its connections are spread over several reactors.
// Written and read by all of its reactors, as atomics; shared by pointer, so it outlives its last part. A
// server on one reactor has none.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace hawser::net {

class server_group {
 public:
  // Accepted connections that a reactor may have been handed and not begun: it is passed over beyond that, so
  // that one whose ring is full holds few.
  static constexpr std::uint32_t handed_limit = 64;

  struct alignas(64) part {
    std::atomic<bool> ready{false};  // its reactor knows the server
    std::atomic<std::uint32_t> connections{0};
    std::atomic<std::uint32_t> handed{0};
    std::uint32_t load() const noexcept {
      return connections.load(std::memory_order_relaxed) + handed.load(std::memory_order_relaxed);
    }
    bool takes() const noexcept {
      return ready.load(std::memory_order_acquire) && handed.load(std::memory_order_seq_cst) < handed_limit;
    }
  };

  server_group(std::uint32_t size, std::uint32_t home)
      : size_(size), home_(home), parts_(std::make_unique<part[]>(size)) {}

  std::uint32_t size() const noexcept { return size_; }
  // The reactor that listens.
  std::uint32_t home() const noexcept { return home_; }
  part& at(std::uint32_t index) noexcept { return parts_[index]; }

  void joined(std::uint32_t index) noexcept {
    connections_.fetch_add(1, std::memory_order_relaxed);
    parts_[index].connections.fetch_add(1, std::memory_order_relaxed);
  }
  void left(std::uint32_t index) noexcept {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    parts_[index].connections.fetch_sub(1, std::memory_order_relaxed);
  }
  std::uint32_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }

  // Subscribers above the high-water mark, of all parts. True: there are none any more.
  bool note_above(bool above) noexcept {
    if (above) above_.fetch_add(1, std::memory_order_acq_rel);
    return !above && above_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  // The part that listens closes or failed to listen. Parts that begin later look here, since they were not
  // there for its word.
  enum class end : std::uint8_t { none, closed, failed };
  void note_end(end what) noexcept { end_.store(what, std::memory_order_release); }
  end noted_end() const noexcept { return end_.load(std::memory_order_acquire); }

  // The listener found no reactor that takes a connection. It stores this, then looks at the parts again; who
  // makes room stores that, then looks here. One of the two sees the other.
  void want_credit(bool wanted) noexcept { credit_wanted_.store(wanted, std::memory_order_seq_cst); }
  // A handed connection was begun or dropped. True: the listener has to be told.
  bool return_credit(std::uint32_t index) noexcept {
    parts_[index].handed.fetch_sub(1, std::memory_order_seq_cst);
    return credit_wanted_.load(std::memory_order_seq_cst) && credit_wanted_.exchange(false);
  }

 private:
  const std::uint32_t size_, home_;
  const std::unique_ptr<part[]> parts_;
  std::atomic<std::uint32_t> connections_{0};
  std::atomic<std::uint32_t> above_{0};
  std::atomic<end> end_{end::none};
  std::atomic<bool> credit_wanted_{false};
};

}  // namespace hawser::net
