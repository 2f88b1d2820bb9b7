// What the parts of a server share with each other and with JavaScript: counters, gauges of kept topics,
// who is subscribed to what.
//
// Counters of a part: written by its reactor, read by any thread. The maps: under their mutex; a topic_table
// has its own. Shared by pointer, so it outlives the server's last part.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/hub/bucket_table.hpp"
#include "core/hub/history.hpp"
#include "core/net/counter.hpp"
#include "core/net/topics.hpp"

namespace hawser::net {

class server_state {
 public:
  // In the order of lib/native/server-gauges.ts; a test compares the two.
  enum class gauge : std::uint8_t {
    kept_messages,
    kept_bytes,
    kept_topics,
    slow_dropped,
    slow_closed,
    refused_path,
    refused_origin,
    refused_full,
    refused_address,
    rate_limited,
    rate_closed,
    heartbeats,
    buffered_bytes,
    conflated,
  };
  static constexpr std::size_t gauges = 14;

  struct alignas(64) part {
    std::array<counter, gauges> counts;
    counter& operator[](gauge which) noexcept { return counts[static_cast<std::size_t>(which)]; }
    std::shared_ptr<topic_table> topics = std::make_shared<topic_table>();
  };

  server_state(std::uint32_t size, std::uint32_t home)
      : home_(home), size_(size), parts_(std::make_unique<part[]>(size)) {}

  part& at(std::uint32_t index) noexcept { return parts_[index]; }
  std::uint32_t home() const noexcept { return home_; }

  // Buckets of users and addresses, and who is connected from where; they have mutexes of their own.
  hub::bucket_table& users() noexcept { return users_; }
  hub::bucket_table& addresses() noexcept { return addresses_; }

  // Of all parts together; what is kept is counted once, for the parts share it.
  std::array<double, gauges> read() const {
    std::array<double, gauges> out{};
    for (std::size_t i = 0; i < gauges; i++) {
      const bool shared = i <= static_cast<std::size_t>(gauge::kept_topics);
      for (std::uint32_t part = 0; part < size_; part++) {
        if (!shared || part == home_) out[i] += static_cast<double>(parts_[part].counts[i].get());
      }
    }
    return out;
  }

  std::size_t subscribers(std::string_view name) const {
    std::size_t sum = 0;
    for (std::uint32_t part = 0; part < size_; part++) sum += parts_[part].topics->count(name);
    return sum;
  }

  // Made by JavaScript's thread when a topic begins to keep, so that it can ask from then on.
  std::shared_ptr<hub::kept_gauge> kept(std::string_view name, bool make) {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(std::string(name));
    if (found != kept_.end()) return found->second;
    return make ? kept_[std::string(name)] = std::make_shared<hub::kept_gauge>() : nullptr;
  }
  void forget(std::string_view name) {
    const std::lock_guard lock(mutex_);
    kept_.erase(std::string(name));
  }

 private:
  const std::uint32_t home_, size_;
  const std::unique_ptr<part[]> parts_;
  hub::bucket_table users_, addresses_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<hub::kept_gauge>> kept_;
};

}  // namespace hawser::net
