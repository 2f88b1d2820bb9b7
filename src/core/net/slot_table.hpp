// Gives out slots, the small numbers that name connections on both sides of the bridge.
// Written and read by the JavaScript thread (client sockets, adopted sockets, settings of both) and by the
// reactor (accepted sockets, release, taking the settings), under the mutex; not on the path of messages.
// Owned by the reactor, outlived by it; the JavaScript thread calls only while the engine exists.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/net/settings.hpp"

namespace hawser::net {

class slot_table {
 public:
  using prepared =
      std::variant<std::monostate, std::unique_ptr<connect_settings>, std::unique_ptr<adopt_settings>>;
  static constexpr std::uint32_t none = 0xffffffffu;

  explicit slot_table(std::uint32_t limit) : limit_(limit) {}

  std::uint32_t acquire(prepared what = {}) {
    const std::lock_guard lock(mutex_);
    std::uint32_t slot = none;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else if (next_ < limit_) {
      slot = next_++;
    } else {
      return none;
    }
    if (what.index() != 0) prepared_.emplace(slot, std::move(what));
    return slot;
  }
  prepared take(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    auto node = prepared_.extract(slot);
    return node.empty() ? prepared{} : std::move(node.mapped());
  }
  void release(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    if (slot < next_) free_.push_back(slot);
  }
  // The server's gauge has a slot too: `settings->gauge`, which is the result.
  std::uint32_t prepare_server(std::uint32_t id, std::unique_ptr<listen_settings> settings) {
    const std::uint32_t gauge = acquire();
    const std::lock_guard lock(mutex_);
    settings->gauge = gauge;
    servers_[id] = std::move(settings);
    return gauge;
  }
  std::unique_ptr<listen_settings> take_server(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    auto node = servers_.extract(id);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

 private:
  std::mutex mutex_;
  const std::uint32_t limit_;
  std::uint32_t next_ = 0;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint32_t, prepared> prepared_;
  std::unordered_map<std::uint32_t, std::unique_ptr<listen_settings>> servers_;
};

}  // namespace hawser::net
