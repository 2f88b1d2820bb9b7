// The send queue of a managed client: every message passes it, between send() and the moment it is done.
//
//   push ─► waiting lines ── next() ─► in flight ── flushed() ─┬─► settled                        (no ack
//   wanted)
//               ▲   ▲                    │                     └─► unacknowledged ─ acknowledged() ─► settled
//               │   └──── link_lost() ───┘                           │
//               └──────── ack timeout, link_lost() ──────────────────┘
//
// A message without an ack is done when the kernel has taken it whole, and is never sent again after that; so
// the queue by itself makes no duplicate. One with an ack is sent again until the ack comes, in the old order
// and with the same id, by which the peer tells the second copy from the first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/client/block_pool.hpp"
#include "core/client/flat_index.hpp"
#include "core/client/message.hpp"
#include "core/client/outgoing.hpp"
#include "core/client/waiting_lines.hpp"
#include "core/protocol/timer_wheel.hpp"

namespace hawser::client {

class send_queue {
 public:
  // The events outlive the queue.
  send_queue(const queue_settings& settings, queue_events& events)
      : settings_(settings), events_(events), next_sequence_(settings.first_sequence) {}
  // Frees what is left without a word about it.
  ~send_queue();
  send_queue(const send_queue&) = delete;
  send_queue& operator=(const send_queue&) = delete;

  // Takes a message, evicting others if the policy says so. What is acked or durable is never evicted, and
  // never dropped as the newcomer: where there is no room it is rejected. `connected`: max_count does not
  // hold. Nothing is kept, and no event comes, unless the result is `accepted`.
  push_result push(const outgoing& m, time_ms now, bool connected);
  // The payload is the vector, which is moved from only when accepted.
  push_result push(const outgoing& m, std::vector<std::uint8_t>&& payload, time_ms now, bool connected) {
    return add(m, &payload, now, connected);
  }
  // A durable message of an earlier process, with its old sequence: it goes before all new ones of its
  // priority. max_count does not hold and nothing is evicted for it; `rejected`: restore it later.
  push_result restore(const outgoing& m, time_ms now);

  // The sequence of the message accepted last.
  std::uint64_t last_sequence() const noexcept { return next_sequence_ - 1; }

  // A new link. Without acks, messages that want one are done when the kernel took them. Called between
  // link_lost() and the next message; optional when all links have acks.
  void link_opened(bool acks) noexcept { acks_ = acks; }

  // The message to hand to the link now, null when none waits. It is in flight then, and valid until
  // flushed() counts it, link_lost() or clear().
  const outgoing* next(time_ms now);

  // The kernel took the next `count` messages whole, in the order of next(). Returns how many of them were in
  // flight: fewer is the caller's mistake.
  std::size_t flushed(std::size_t count, time_ms now);

  // The peer has the message. False: no such message waits for an ack, as it is a second ack or none of ours.
  bool acknowledged(std::string_view id);
  // The peer will not have it: done, as if it had the message. False: no such message waits for an ack.
  bool refused(std::string_view id);

  // What was in flight or unacknowledged waits again, in front and in the old order.
  void link_lost(time_ms now);

  // Expires and retries what is due. Then next() may have something.
  void on_timer(time_ms now);
  // When on_timer() has to be called; 0: no need. Acks are exact; time to live ends up to 16 ms late, but
  // next() never returns what has expired.
  time_ms next_deadline(time_ms now) noexcept;

  // Gives up the message of this token, told as `cancelled`; if it is in flight it will still go out. False:
  // there is none.
  bool cancel(std::uint32_t token);

  // Gives up everything, told as `cleared`; returns how many. What is in flight still goes out.
  std::size_t clear();

  // What next() would hand out, null when none waits.
  const outgoing* peek(time_ms now);

  bool empty() const noexcept { return messages_ == ghosts_; }
  std::size_t waiting() const noexcept { return lines_.size(); }
  std::size_t waiting(message_priority p) const noexcept { return lines_.size(p); }
  // Since when the first of that priority waits; 0: none does.
  time_ms waiting_since(message_priority p) const noexcept;
  // Nothing waits, and the kernel has taken what was handed to the link.
  bool flushed_all() const noexcept { return lines_.size() == 0 && in_flight_.empty(); }
  std::size_t bytes() const noexcept { return bytes_; }
  // Bytes of memory held for messages, those for reuse included; without the large ones and the indices.
  std::size_t reserved() const noexcept { return pool_.reserved(); }
  queue_counters counters() const noexcept;
  // At most `limit` messages: on the link first, then the waiting in the order of sending.
  std::vector<queued_message> snapshot(time_ms now, std::size_t limit) const;

 private:
  push_result add(const outgoing& m, std::vector<std::uint8_t>* payload, time_ms now, bool connected);
  push_result check(const outgoing& m, time_ms now);
  push_result make_room(const outgoing& m, std::size_t size, time_ms now, bool connected);
  push_result evict_for(const outgoing& m, std::size_t count, std::size_t bytes);
  bool has_room(std::size_t size, bool connected) const noexcept {
    return size <= settings_.max_bytes - bytes_ && messages_ < settings_.max_messages &&
           (connected || lines_.size() < settings_.max_count);
  }
  void number(message& m) noexcept {
    m.data.sequence = next_sequence_++;
    m.order = m.data.sequence | message::fresh;
    ++totals_.accepted;
  }
  message& create(const outgoing& m, std::vector<std::uint8_t>* payload, time_ms now);
  // Before anything gets less; so a push need not look.
  void note_high_water() noexcept {
    if (bytes_ > totals_.high_water_bytes) totals_.high_water_bytes = bytes_;
    if (messages_ > totals_.high_water_messages) totals_.high_water_messages = messages_;
  }
  void forget_keys(message& m) noexcept;
  void destroy(message& m) noexcept;
  void settle(message& m);
  void answered(message& m);
  void drop_waiting(message& m, drop_reason reason);
  void drop(message& m, drop_reason reason);
  void report(message& m, drop_reason reason);
  void make_ghost(message& m) noexcept;
  void start_ttl(message& m, time_ms now);
  void back_to_line(message& m, waiting_lines::hints& near, time_ms now);
  void expire(time_ms now);
  void retry(time_ms now);
  message* find_id(std::string_view id) noexcept;
  message* find_token(std::uint32_t token) noexcept;

  const queue_settings settings_;
  queue_events& events_;
  block_pool pool_;
  waiting_lines lines_;
  message_list in_flight_;       // in the order of next(): flushed() counts from the front
  message_list unacknowledged_;  // in the order of flushed(), so that deadlines ascend
  flat_index<message*> ids_;     // of the acked and durable ones
  flat_index<message*> tokens_;
  std::optional<protocol::timer_wheel> ttl_;  // made for the first message that can expire
  std::size_t bytes_ = 0;                     // payload bytes of all messages in the three places
  std::size_t messages_ = 0;                  // messages in the three places
  std::size_t ghosts_ = 0;                    // of them, those that are gone but still counted by the link
  std::uint64_t next_sequence_;
  bool acks_ = true;
  queue_counters totals_;  // its present numbers are filled in by counters()
};

}  // namespace hawser::client
