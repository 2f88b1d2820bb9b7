#include "core/client/send_shaper.hpp"

#include <algorithm>

namespace hawser::client {

// Throttled and debounced messages of one key have nothing to do with each other.
std::string send_shaper::name_of(const core_message& message) {
  std::string name(1, message.shape == send_shape::throttle ? 't' : 'd');
  return name += message.key;
}

void send_shaper::hold(entry& one, const core_message& message, time_ms now) {
  if (one.holding) {
    replaced_++;
    bytes_ -= one.message.payload.size();
  } else {
    held_++;
  }
  one.holding = true;
  one.message.what = message;
  one.message.payload.assign(message.data.payload.begin(), message.data.payload.end());
  core_message& what = one.message.what;
  what.data.payload = one.message.payload;
  what.data.id = {};
  what.key = {};
  what.shape = send_shape::none;
  // Its time to live began when it was sent.
  if (message.ttl > 0) what.data.expires_at = now + message.ttl;
  what.ttl = 0;
  bytes_ += one.message.payload.size();
}

send_shaper::held_message send_shaper::take(entry& one) noexcept {
  one.holding = false;
  held_--;
  bytes_ -= one.message.payload.size();
  // The vector's memory moves along, so the view stays true.
  return std::exchange(one.message, {});
}

void send_shaper::schedule(entry& one, time_ms until) {
  if (one.turn != 0) order_.erase({one.until, one.turn});
  one.until = std::max<time_ms>(until, 1);
  one.turn = ++turns_;
  order_.emplace(place{one.until, one.turn}, &one);
}

void send_shaper::forget(entry& one) noexcept {
  order_.erase({one.until, one.turn});
  keys_.erase(keys_.find(*one.name));
}

std::size_t send_shaper::clear() noexcept {
  const std::size_t gone = held_;
  keys_.clear();
  order_.clear();
  held_ = 0;
  bytes_ = 0;
  return gone;
}

time_ms send_shaper::next_deadline() const noexcept {
  return order_.empty() ? 0 : order_.begin()->first.first;
}

}  // namespace hawser::client
