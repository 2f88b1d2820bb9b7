// What a program sends more often than it is worth: of each key the shaper keeps the latest message and lets
// it go when it is due. Ahead of the send queue; nobody waits for what passes here.
//
//   throttle   ●──────●──────●          sent at once, then the latest at the end of each interval
//              a  b c      d            a, then c, then d
//   debounce          ──────●           the latest, when none came for the interval
//              a  b c                   c
//
// Pure: times are passed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/client/outgoing.hpp"

namespace hawser::client {

class send_shaper {
 public:
  // At the bound, the key whose time comes next gives way: what it holds goes at once.
  static constexpr std::size_t max_keys = 4096;

  // A message with a shape, and an interval of at least 1. False: it is to be sent now. True: it is held;
  // what gave way for it, if anything, was handed to fn(const core_message&).
  template <class Fn>
  bool offer(const core_message& message, time_ms now, Fn&& fn) {
    const auto [found, added] = keys_.try_emplace(name_of(message));
    entry& one = found->second;
    if (added) {
      if (keys_.size() > max_keys) give_way(fn);
      one.name = &found->first;
      one.shape = message.shape;
    }
    one.every = message.every;
    if (one.shape == send_shape::throttle) {
      if (!one.holding && one.until <= now) {
        schedule(one, now + one.every);
        return false;
      }
    } else {
      schedule(one, now + one.every);
    }
    hold(one, message, now);
    return true;
  }

  // What is due goes to fn(const core_message&), in the order of its times.
  template <class Fn>
  void release(time_ms now, Fn&& fn) {
    while (!order_.empty() && order_.begin()->first.first <= now) {
      entry& one = *order_.begin()->second;
      if (!one.holding) {
        forget(one);
        continue;
      }
      const bool again = one.shape == send_shape::throttle;
      const held_message gone = take(one);
      if (again) {
        schedule(one, now + one.every);
      } else {
        forget(one);
      }
      fn(gone.what);
    }
  }

  // All that is held, whatever its time.
  template <class Fn>
  void release_all(Fn&& fn) {
    while (!order_.empty()) give_way(fn);
  }

  // Gives up all that is held; how many.
  std::size_t clear() noexcept;

  // When release() has to be called; 0: no need.
  time_ms next_deadline() const noexcept;

  std::size_t keys() const noexcept { return keys_.size(); }
  std::size_t held() const noexcept { return held_; }
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t replaced() const noexcept { return replaced_; }

 private:
  // Views of `what` show `payload`.
  struct held_message {
    core_message what;
    std::vector<std::uint8_t> payload;
  };
  using place = std::pair<time_ms, std::uint64_t>;
  struct entry {
    const std::string* name = nullptr;
    send_shape shape = send_shape::none;
    bool holding = false;
    time_ms every = 0;
    time_ms until = 0;
    std::uint64_t turn = 0;  // among those of one time
    held_message message;
  };

  static std::string name_of(const core_message& message);
  void hold(entry& one, const core_message& message, time_ms now);
  held_message take(entry& one) noexcept;
  void schedule(entry& one, time_ms until);
  void forget(entry& one) noexcept;

  template <class Fn>
  void give_way(Fn&& fn) {
    if (order_.empty()) return;
    entry& one = *order_.begin()->second;
    const bool holding = one.holding;
    const held_message gone = holding ? take(one) : held_message{};
    forget(one);
    if (holding) fn(gone.what);
  }

  std::unordered_map<std::string, entry> keys_;
  std::map<place, entry*> order_;  // a key is here while its interval runs
  std::uint64_t turns_ = 0;
  std::size_t held_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t replaced_ = 0;
};

}  // namespace hawser::client
