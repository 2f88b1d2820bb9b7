// A token bucket in one word: the time at which it will be full again. Pure; times in nanoseconds of one
// clock that never goes back.
//
//   full ───────────────── empty          a token comes each `interval`
//   tat ≤ now       tat = now + burst·interval
//
// The word is an atomic, so that connections on several reactors can draw from one bucket without a lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace hawser::protocol {

struct bucket_rule {
  std::int64_t interval = 0;  // between two tokens; 0: no limit
  std::int64_t burst = 1;     // tokens of a full bucket, at least 1
  explicit operator bool() const noexcept { return interval > 0; }

  // So many messages in so many milliseconds, at most `burst` at once. Sums stay within 2^62 for the bounds
  // of the options: a full bucket takes at most a day to come.
  static bucket_rule of(double messages, double milliseconds, double burst) noexcept {
    const double interval = std::max(1.0, milliseconds * 1e6 / messages);
    return {static_cast<std::int64_t>(interval),
            std::max<std::int64_t>(1, static_cast<std::int64_t>(std::min(burst, 1e18 / interval)))};
  }
};

class token_bucket {
 public:
  // Takes so many tokens, at most a full bucket: 0. Or there are too few: nanoseconds until there are enough.
  std::int64_t take(const bucket_rule& rule, std::int64_t now, std::int64_t tokens = 1) noexcept {
    std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
    const std::int64_t cost = rule.interval * std::min(tokens, rule.burst);
    for (;;) {
      const std::int64_t next = std::max(full_at, now) + cost;
      const std::int64_t over = next - now - rule.interval * rule.burst;
      if (over > 0) return over;
      if (full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return 0;
    }
  }
  // What take() would answer, without taking.
  std::int64_t wait(const bucket_rule& rule, std::int64_t now, std::int64_t tokens = 1) const noexcept {
    const std::int64_t next = std::max(full_at_.load(std::memory_order_relaxed), now) +
                              rule.interval * std::min(tokens, rule.burst);
    return std::max<std::int64_t>(0, next - now - rule.interval * rule.burst);
  }
  // Gives back what was taken although the message was refused for another reason.
  void give_back(const bucket_rule& rule, std::int64_t tokens = 1) noexcept {
    full_at_.fetch_sub(rule.interval * std::min(tokens, rule.burst), std::memory_order_relaxed);
  }
  // Nothing is lost when it is forgotten.
  bool full(std::int64_t now) const noexcept { return full_at_.load(std::memory_order_relaxed) <= now; }

 private:
  std::atomic<std::int64_t> full_at_{0};
};

}  // namespace hawser::protocol
