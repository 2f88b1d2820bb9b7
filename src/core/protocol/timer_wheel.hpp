// A hashed timer wheel: many timers, few of which fire. Scheduling and cancelling are O(1) and allocate
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/protocol/time.hpp"

namespace hawser::protocol {

// A timer, a member or base of what it belongs to. Unlinks itself when destroyed; a wheel that dies first
// unlinks its nodes.
class timer_node {
 public:
  timer_node() noexcept = default;
  ~timer_node() { unlink(); }
  timer_node(const timer_node&) = delete;
  timer_node& operator=(const timer_node&) = delete;

  bool scheduled() const noexcept { return next_ != nullptr; }
  time_ms deadline() const noexcept { return deadline_; }

 private:
  friend class timer_wheel;
  void unlink() noexcept;

  timer_node* prev_ = nullptr;
  timer_node* next_ = nullptr;
  time_ms deadline_ = 0;
};

static_assert(sizeof(timer_node) <= 24);

// Slots of `granularity` milliseconds, each a list. A deadline further away than all slots together stays in
// its slot and is looked at once a revolution. Timers fire at their deadline or up to one granularity (and
// the lateness of advance()) after it, never before.
class timer_wheel {
 public:
  // `slots` is a power of two and at least 64.
  explicit timer_wheel(time_ms now, time_ms granularity = 16, std::size_t slots = 1024);
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  // Schedules the node, or moves it when it is scheduled. A deadline in the past fires at the next advance()
  // that crosses a tick.
  void schedule(timer_node& node, time_ms deadline) noexcept;

  // Harmless for a node that is not scheduled.
  void cancel(timer_node& node) noexcept { node.unlink(); }

  // Unlinks each node that is due and calls fn(timer_node&), which must not throw. fn may schedule, cancel
  // and destroy any node; what it schedules does not fire within the same call. Ticks fire in order as long
  // as fewer passed than there are slots; the order within one tick is unspecified.
  template <class Fn>
  void advance(time_ms now, Fn&& fn) {
    list due;
    collect_due(now, due);
    while (timer_node* node = due.pop()) fn(*node);
  }

  // No node fires before this time; it may lie before the earliest deadline when that is more than a
  // revolution away. None: nothing is scheduled. Never below `now`.
  std::optional<time_ms> next_deadline(time_ms now) noexcept;

 private:
  // A ring of nodes through a sentinel, the base.
  struct list : timer_node {
    list() noexcept { prev_ = next_ = this; }
    ~list() {
      while (pop()) {
      }
    }
    bool empty() const noexcept { return next_ == this; }
    void push(timer_node& node) noexcept;
    timer_node* pop() noexcept;  // null when empty
  };

  std::int64_t tick_of(time_ms deadline) const noexcept;
  void collect_due(time_ms now, list& due) noexcept;

  const time_ms granularity_;
  const std::size_t mask_;
  std::int64_t tick_;                          // the last tick that advance() has dealt with
  std::unique_ptr<list[]> slots_;              // a node lies in slot (tick & mask_)
  std::unique_ptr<std::uint64_t[]> occupied_;  // a bit per slot; 1 may be stale, 0 is true
};

}  // namespace hawser::protocol
