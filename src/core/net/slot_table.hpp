// Gives out slots, the small numbers that name connections on both sides of the bridge.
// Written and read by the JavaScript thread (client sockets, adopted sockets, settings of both) and by the
// reactor (accepted sockets, release, taking the settings), and by a joined reactor that accepts for this
// one, under the mutex; not on the path of messages. Owned by the reactor, outlived by it; the JavaScript
// thread calls only while the engine exists.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/net/server_group.hpp"
#include "core/net/server_state.hpp"
#include "core/net/settings.hpp"

namespace hawser::net {

// What a reactor needs for its part of a server.
struct prepared_server {
  std::shared_ptr<const listen_settings> settings;
  // Slot in whose table words the part counts its subscribers above the high-water mark.
  std::uint32_t gauge = 0xffffffffu;
  std::shared_ptr<server_group> group;  // null: it has all of the server
  std::shared_ptr<server_state> state;
};

class slot_table {
 public:
  using prepared = std::variant<std::monostate, std::unique_ptr<connect_settings>,
                                std::unique_ptr<adopt_settings>, std::unique_ptr<client_settings>>;
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
    gauges_.erase(slot);
    if (slot < next_) free_.push_back(slot);
  }
  // A managed client; its counters are found until it is forgotten.
  std::uint32_t prepare_client(std::unique_ptr<client_settings> settings) {
    auto gauges = std::make_shared<client::client_gauges>(settings->endpoints.size());
    for (std::size_t i = 0; i < settings->endpoints.size(); i++)
      gauges->set(i, i < settings->learned.size() ? settings->learned[i] : client::endpoint_record{});
    settings->gauges = gauges;
    const std::uint32_t slot = acquire(std::move(settings));
    const std::lock_guard lock(mutex_);
    if (slot != none) gauges_[slot] = std::move(gauges);
    return slot;
  }
  std::shared_ptr<const client::client_gauges> gauges(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    const auto found = gauges_.find(slot);
    return found == gauges_.end() ? nullptr : found->second;
  }
  // The server's gauge has a slot too, which is the result.
  std::uint32_t prepare_server(std::uint32_t id, std::shared_ptr<const listen_settings> settings,
                               std::shared_ptr<server_state> state = nullptr,
                               std::shared_ptr<server_group> group = nullptr) {
    const std::uint32_t gauge = acquire();
    const std::lock_guard lock(mutex_);
    states_[id] = state;
    servers_[id] = {std::move(settings), gauge, std::move(group), std::move(state)};
    return gauge;
  }
  // Null: there is no such server.
  std::shared_ptr<server_state> state(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(id);
    return found == states_.end() ? nullptr : found->second;
  }
  // The server is gone. Its id may belong to another by now, whose state is not this.
  void forget_state(std::uint32_t id, const server_state* of) {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(id);
    if (found != states_.end() && found->second.get() == of) states_.erase(found);
  }
  // Without settings when there is no such server.
  prepared_server take_server(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    auto node = servers_.extract(id);
    return node.empty() ? prepared_server{} : std::move(node.mapped());
  }

 private:
  std::mutex mutex_;
  const std::uint32_t limit_;
  std::uint32_t next_ = 0;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint32_t, prepared> prepared_;
  std::unordered_map<std::uint32_t, prepared_server> servers_;
  std::unordered_map<std::uint32_t, std::shared_ptr<server_state>> states_;
  std::unordered_map<std::uint32_t, std::shared_ptr<client::client_gauges>> gauges_;
};

}  // namespace hawser::net
