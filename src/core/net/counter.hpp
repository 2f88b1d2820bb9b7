// A count that one thread writes and any reads.
#pragma once

#include <atomic>
#include <cstdint>

namespace hawser::net {

class counter {
 public:
  void add(std::uint64_t n) noexcept { set(value_.load(std::memory_order_relaxed) + n); }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace hawser::net
