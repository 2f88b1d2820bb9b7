// Payloads that are too large for a ring: owned buffers that records name by an id.
// Written and read by both threads, under the mutex; large messages only. Belongs to the channel and lives as
// long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace hawser::bridge {

class buffer_store {
 public:
  // The id is never 0.
  std::uint32_t put(std::vector<std::uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    do {
      next_++;
    } while (next_ == 0 || buffers_.contains(next_));
    held_ += bytes.size();
    buffers_.emplace(next_, std::move(bytes));
    return next_;
  }
  // Empty when there is no such buffer.
  std::vector<std::uint8_t> take(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    auto node = buffers_.extract(id);
    if (node.empty()) return {};
    held_ -= node.mapped().size();
    return std::move(node.mapped());
  }
  std::size_t held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::uint32_t, std::vector<std::uint8_t>> buffers_;
  std::size_t held_ = 0;
  std::uint32_t next_ = 0;
};

}  // namespace hawser::bridge
