// The timer wheel's lists and slots.
#include "core/protocol/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace hawser::protocol {

namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept { return a / b - (a % b < 0 ? 1 : 0); }
std::int64_t ceil_div(std::int64_t a, std::int64_t b) noexcept { return a / b + (a % b > 0 ? 1 : 0); }

}  // namespace

void timer_node::unlink() noexcept {
  if (next_ == nullptr) return;
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = nullptr;
}

void timer_wheel::list::push(timer_node& node) noexcept {
  node.prev_ = prev_;
  node.next_ = this;
  prev_->next_ = &node;
  prev_ = &node;
}

timer_node* timer_wheel::list::pop() noexcept {
  if (empty()) return nullptr;
  timer_node* node = next_;
  node->unlink();
  return node;
}

timer_wheel::timer_wheel(time_ms now, time_ms granularity, std::size_t slots)
    : granularity_(granularity),
      mask_(slots - 1),
      tick_(floor_div(now, granularity)),
      slots_(std::make_unique<list[]>(slots)),
      occupied_(std::make_unique<std::uint64_t[]>(slots / 64)) {}

// The first tick whose time is not before the deadline.
std::int64_t timer_wheel::tick_of(time_ms deadline) const noexcept {
  return ceil_div(deadline, granularity_);
}

void timer_wheel::schedule(timer_node& node, time_ms deadline) noexcept {
  node.unlink();
  node.deadline_ = deadline;
  const auto slot = static_cast<std::size_t>(std::max(tick_of(deadline), tick_ + 1)) & mask_;
  slots_[slot].push(node);
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

// Moves all that is due up to `now` into one list, so that what a callback schedules waits for the next call.
void timer_wheel::collect_due(time_ms now, list& due) noexcept {
  const std::int64_t target = floor_div(now, granularity_);
  const std::int64_t ticks = std::min(target - tick_, static_cast<std::int64_t>(mask_ + 1));
  for (std::int64_t i = 1; i <= ticks; ++i) {
    const auto slot = static_cast<std::size_t>(tick_ + i) & mask_;
    list& nodes = slots_[slot];
    for (timer_node* node = nodes.next_; node != &nodes;) {
      timer_node* const following = node->next_;
      if (tick_of(node->deadline_) <= target) {
        node->unlink();
        due.push(*node);
      }
      node = following;
    }
    if (nodes.empty()) occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }
  tick_ = std::max(tick_, target);
}

std::optional<time_ms> timer_wheel::next_deadline(time_ms now) noexcept {
  const std::size_t slots = mask_ + 1;
  for (std::size_t distance = 0; distance < slots;) {
    std::size_t slot = static_cast<std::size_t>(tick_ + 1 + static_cast<std::int64_t>(distance)) & mask_;
    const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word == 0) {
      distance += 64 - slot % 64;
      continue;
    }
    const auto skipped = static_cast<std::size_t>(std::countr_zero(word));
    distance += skipped;
    slot += skipped;
    if (distance >= slots) break;
    if (!slots_[slot].empty()) {
      return std::max(now, (tick_ + 1 + static_cast<std::int64_t>(distance)) * granularity_);
    }
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    ++distance;
  }
  return std::nullopt;
}

}  // namespace hawser::protocol
