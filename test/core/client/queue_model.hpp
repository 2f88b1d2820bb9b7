// The send queue once more, as simple as it can be written: one vector, searched for everything. What the
// real one does is compared with it step by step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/client/outgoing.hpp"

namespace hawser::client {

struct model_message {
  std::uint64_t sequence = 0;
  bool restored = false;
  std::string id;
  std::size_t bytes = 0;
  time_ms expires_at = 0;
  std::uint32_t token = 0;
  message_priority priority = message_priority::normal;
  bool acked = false;
  bool durable = false;

  message_state state = message_state::waiting;
  bool gone = false;
  std::uint64_t turn = 0;  // when it was handed over, or flushed
  time_ms ack_deadline = 0;
  std::uint32_t timeouts = 0;

  bool kept() const { return acked || durable; }
};

// All times are multiples of 16, the granularity of the queue's timers; so that both expire at the same step.
class queue_model {
 public:
  explicit queue_model(const queue_settings& settings) : settings_(settings) {}

  std::vector<std::string> events;  // as event_log writes them

  push_result push(model_message m, time_ms now, bool connected);
  push_result restore(const model_message& m, time_ms now);
  std::uint64_t next(time_ms now);  // the sequence, 0: nothing
  void flushed(std::size_t count, time_ms now);
  bool acknowledged(const std::string& id);
  void link_lost();
  void on_timer(time_ms now);
  bool cancel(std::uint32_t token);
  std::size_t clear();

  std::size_t count(message_state state) const;
  std::size_t bytes() const;
  std::size_t messages() const { return all_.size(); }
  const std::vector<model_message>& all() const { return all_; }

 private:
  bool room(std::size_t bytes, bool connected) const;
  push_result make_room(const model_message& m, time_ms now, bool connected);
  push_result check(const model_message& m, time_ms now) const;
  void expire(time_ms now);
  void tell(const char* what, const model_message& m);
  void give_up(std::size_t i, const char* why);
  std::vector<std::size_t> in_order(message_state state) const;

  queue_settings settings_;
  std::vector<model_message> all_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t turns_ = 0;
  time_ms expired_until_ = 0;
};

}  // namespace hawser::client
