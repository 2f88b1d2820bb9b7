// A message as the send queue holds it: one block of memory, and the intrusive list that it is in.
//
//   | message | id … | payload … |            or, with a buffer that was handed over,   | message | vector |
//   id … |
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/client/outgoing.hpp"
#include "core/protocol/timer_wheel.hpp"

namespace hawser::client {

struct list_link {
  list_link* prev;
  list_link* next;
};

// Owned by the send queue, in exactly one of its lists. The timer runs while it waits and has a time to live.
struct message : protocol::timer_node, list_link {
  message(const outgoing& described, time_ms now) noexcept : data(described), queued_at(now) {}

  outgoing data;            // its views show the rest of the block
  std::uint64_t order = 0;  // place among those of its priority
  time_ms queued_at;
  time_ms ack_deadline = 0;    // while unacknowledged
  std::size_t block_size = 0;  // what release() of the pool wants
  std::uint32_t id_hash = 0;   // 0: not in the index of ids
  std::uint32_t attempts = 0;
  std::uint32_t timeouts = 0;
  message_state state = message_state::waiting;
  bool gone = false;   // settled or dropped while in flight: stays, as the link still counts it
  bool owned = false;  // a vector follows
  bool bare = false;   // in no index, no timer, nobody to tell, nothing to destroy: most messages

  // Restored messages go before all that came in this process.
  static constexpr std::uint64_t fresh = std::uint64_t{1} << 63;
  bool restored() const noexcept { return (order & fresh) == 0; }
  // Never evicted for another.
  bool kept() const noexcept { return data.acked || data.durable; }
};

// A ring through a sentinel, so that no operation asks whether there is a neighbour.
class message_list {
 public:
  message_list() noexcept = default;
  message_list(const message_list&) = delete;
  message_list& operator=(const message_list&) = delete;

  bool empty() const noexcept { return ends_.next == &ends_; }
  std::size_t size() const noexcept { return size_; }

  // Null at the end, and front() and back() of an empty list.
  message* front() const noexcept { return after(ends_); }
  message* back() const noexcept { return before(ends_); }
  message* after(const list_link& m) const noexcept { return m.next != &ends_ ? own(m.next) : nullptr; }
  message* before(const list_link& m) const noexcept { return m.prev != &ends_ ? own(m.prev) : nullptr; }

  bool is_first(const message& m) const noexcept { return m.prev == &ends_; }
  // Not of the first.
  static message& previous(const message& m) noexcept { return static_cast<message&>(*m.prev); }

  void push_back(message& m) noexcept { insert(ends_, m); }
  // Null: at the end.
  void insert_before(message* place, message& m) noexcept {
    insert(place != nullptr ? static_cast<list_link&>(*place) : ends_, m);
  }
  void remove(message& m) noexcept {
    m.prev->next = m.next;
    m.next->prev = m.prev;
    --size_;
  }
  // Null when empty.
  message* pop_front() noexcept {
    if (empty()) return nullptr;
    list_link* const m = ends_.next;
    ends_.next = m->next;
    m->next->prev = &ends_;
    --size_;
    return own(m);
  }
  message* pop_back() noexcept {
    if (empty()) return nullptr;
    list_link* const m = ends_.prev;
    ends_.prev = m->prev;
    m->prev->next = &ends_;
    --size_;
    return own(m);
  }

 private:
  static message* own(list_link* link) noexcept { return &static_cast<message&>(*link); }
  void insert(list_link& place, message& m) noexcept {
    m.prev = place.prev;
    m.next = &place;
    place.prev->next = &m;
    place.prev = &m;
    ++size_;
  }

  list_link ends_{&ends_, &ends_};
  std::size_t size_ = 0;
};

}  // namespace hawser::client
