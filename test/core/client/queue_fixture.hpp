// A send queue with its events written down, for the tests of the queue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/send_queue.hpp"

namespace hawser::client {

// What happened, as text: "settled a", "expired #3"; messages by their id, or by their sequence without one.
struct event_log : queue_events {
  std::vector<std::string> lines;

  static std::string name(const outgoing& m) {
    return m.id.empty() ? "#" + std::to_string(m.sequence) : std::string(m.id);
  }
  void settled(const outgoing& m) override { lines.push_back("settled " + name(m)); }
  void dropped(const outgoing& m, drop_reason reason) override {
    static constexpr std::string_view words[] = {"overflow", "expired", "failed", "cancelled", "cleared"};
    lines.push_back(std::string(words[static_cast<std::size_t>(reason)]) + " " + name(m));
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
};

using log = std::vector<std::string>;

struct queue_fixture {
  explicit queue_fixture(const queue_settings& settings = {}) : queue(settings, events) {}

  event_log events;
  send_queue queue;
  time_ms now = 1000;
  bool connected = true;

  static outgoing plain(std::string_view payload, message_priority priority = message_priority::normal) {
    outgoing m;
    m.payload = {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()};
    m.priority = priority;
    return m;
  }
  static outgoing acked(std::string_view id, message_priority priority = message_priority::normal) {
    outgoing m = plain(id, priority);
    m.id = id;
    m.acked = true;
    return m;
  }
  static outgoing durable(std::string_view id, message_priority priority = message_priority::normal) {
    outgoing m = plain(id, priority);
    m.id = id;
    m.durable = true;
    return m;
  }
  push_result push(const outgoing& m) { return queue.push(m, now, connected); }

  static std::string text(const outgoing& m) { return {m.payload.begin(), m.payload.end()}; }
  // Payload of the next message; "-" when there is none.
  std::string next() {
    const outgoing* const m = queue.next(now);
    return m != nullptr ? text(*m) : "-";
  }
  // Hands over all that waits.
  log next_all() {
    log result;
    while (const outgoing* const m = queue.next(now)) result.push_back(text(*m));
    return result;
  }
};

}  // namespace hawser::client
