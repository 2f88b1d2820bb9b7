// The bounds of the send queue, who gives way when they are met, and what can be seen of it from outside.
#include <algorithm>

#include "core/client/send_queue.hpp"

namespace hawser::client {

push_result send_queue::make_room(const outgoing& m, std::size_t size, time_ms now, bool connected) {
  expire(now);
  if (has_room(size, connected)) return push_result::accepted;
  std::size_t count = messages_ >= settings_.max_messages ? messages_ - settings_.max_messages + 1 : 0;
  if (!connected && lines_.size() >= settings_.max_count)
    count = std::max(count, lines_.size() - settings_.max_count + 1);
  const std::size_t free_bytes = settings_.max_bytes - bytes_;
  const std::size_t bytes = size > free_bytes ? size - free_bytes : 0;
  const push_result result = size <= settings_.max_bytes ? evict_for(m, count, bytes) : push_result::rejected;
  if (result == push_result::rejected) ++totals_.rejected;
  if (result == push_result::dropped_new) ++totals_.dropped_new;
  return result;
}

// Evicts `count` messages and `bytes` of them, or none if so much cannot be had.
push_result send_queue::evict_for(const outgoing& m, std::size_t count, std::size_t bytes) {
  const bool may_drop_new = !m.acked && !m.durable;
  if (settings_.overflow == overflow_policy::reject) return push_result::rejected;
  if (settings_.overflow == overflow_policy::drop_newest)
    return may_drop_new ? push_result::dropped_new : push_result::rejected;

  const bool by_priority = settings_.overflow == overflow_policy::drop_lowest_priority;
  std::size_t below_count = 0, below_bytes = 0, all_count = 0, all_bytes = 0;
  for (std::size_t i = 0; i < priorities; ++i) {
    const auto p = static_cast<message_priority>(i);
    all_count += lines_.evictable_count(p);
    all_bytes += lines_.evictable_bytes(p);
    if (by_priority && p < m.priority) continue;
    below_count += lines_.evictable_count(p);
    below_bytes += lines_.evictable_bytes(p);
  }
  if (below_count < count || below_bytes < bytes) {
    // The newcomer is the least important of those that may go; or none may go at all.
    const bool outranked = all_count >= count && all_bytes >= bytes;
    return outranked && may_drop_new ? push_result::dropped_new : push_result::rejected;
  }
  const std::size_t bytes_goal = bytes_ - bytes;
  for (std::size_t evicted = 0; evicted < count || bytes_ > bytes_goal; ++evicted) {
    message* const victim = lines_.victim(by_priority);
    if (victim == nullptr) return push_result::rejected;
    drop_waiting(*victim, drop_reason::overflow);
  }
  return push_result::accepted;
}

queue_counters send_queue::counters() const noexcept {
  queue_counters result = totals_;
  result.high_water_bytes = std::max(result.high_water_bytes, bytes_);
  result.high_water_messages = std::max(result.high_water_messages, messages_);
  for (std::size_t p = 0; p < priorities; ++p)
    result.waiting[p] = lines_.size(static_cast<message_priority>(p));
  result.in_flight = in_flight_.size();
  result.unacknowledged = unacknowledged_.size();
  result.bytes = bytes_;
  return result;
}

std::vector<queued_message> send_queue::snapshot(time_ms now, std::size_t limit) const {
  std::vector<queued_message> result;
  result.reserve(std::min(limit, messages_));
  const auto show = [&](const message& m) {
    if (result.size() >= limit) return false;
    if (m.gone) return true;
    result.push_back({.sequence = m.data.sequence,
                      .id = std::string(m.data.id),
                      .priority = m.data.priority,
                      .state = m.state,
                      .acked = m.data.acked,
                      .durable = m.data.durable,
                      .bytes = m.data.payload.size(),
                      .age = now - m.queued_at,
                      .attempts = m.attempts});
    return true;
  };
  for (const message_list* list : {&unacknowledged_, &in_flight_}) {
    for (const message* m = list->front(); m != nullptr && show(*m);) m = list->after(*m);
  }
  lines_.for_each(show);
  return result;
}

}  // namespace hawser::client
