// The way of a message through the send queue. What the bounds do is in send_queue_room.cpp.
#include "core/client/send_queue.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace hawser::client {

namespace {

std::vector<std::uint8_t>* owned_payload(message& m) noexcept {
  return std::launder(reinterpret_cast<std::vector<std::uint8_t>*>(&m + 1));
}

}  // namespace

send_queue::~send_queue() {
  const auto free_all = [this](message_list& list) {
    while (message* const m = list.pop_front()) destroy(*m);
  };
  free_all(in_flight_);
  free_all(unacknowledged_);
  while (message* const m = lines_.pop_front()) destroy(*m);
}

// Most messages: nobody waits for them, nothing is to be remembered but the payload.
push_result send_queue::push(const outgoing& m, time_ms now, bool connected) {
  const std::size_t size = m.payload.size();
  if (m.acked || m.durable || m.token != 0 || m.store_key != 0 || m.expires_at != 0 || !m.id.empty() ||
      settings_.default_ttl > 0 || !has_room(size, connected))
    return add(m, nullptr, now, connected);
  if (m.priority > message_priority::low) return push_result::invalid;
  const std::size_t block_size = sizeof(message) + size;
  auto& made = *new (pool_.allocate(block_size)) message(m, now);
  auto* const bytes = reinterpret_cast<std::uint8_t*>(&made + 1);
  if (size > 0) std::memcpy(bytes, m.payload.data(), size);
  made.data.payload = {bytes, size};
  made.block_size = block_size;
  made.bare = true;
  bytes_ += size;
  ++messages_;
  number(made);
  lines_.push_back_plain(made);
  return push_result::accepted;
}

push_result send_queue::add(const outgoing& m, std::vector<std::uint8_t>* payload, time_ms now,
                            bool connected) {
  outgoing described = m;
  if (m.expires_at == 0 && settings_.default_ttl > 0) described.expires_at = now + settings_.default_ttl;
  if (const push_result bad = check(described, now); bad != push_result::accepted) return bad;
  const std::size_t size = payload != nullptr ? payload->size() : m.payload.size();
  if (!has_room(size, connected)) {
    const push_result full = make_room(m, size, now, connected);
    if (full != push_result::accepted) return full;
  }
  message& made = create(described, payload, now);
  number(made);
  lines_.push_back(made);
  return push_result::accepted;
}

push_result send_queue::restore(const outgoing& m, time_ms now) {
  if (m.sequence == 0 || m.sequence >= message::fresh || !(m.acked || m.durable)) return push_result::invalid;
  if (const push_result bad = check(m, now); bad != push_result::accepted) return bad;
  if (!has_room(m.payload.size(), true)) {
    ++totals_.rejected;
    return push_result::rejected;
  }
  message& added = create(m, nullptr, now);
  added.order = m.sequence;
  lines_.insert(added);
  next_sequence_ = std::max(next_sequence_, m.sequence + 1);
  ++totals_.restored;
  return push_result::accepted;
}

push_result send_queue::check(const outgoing& m, time_ms now) {
  const bool kept = m.acked || m.durable;
  if (m.priority > message_priority::low || m.id.size() > max_id_bytes || (kept && m.id.empty()))
    return push_result::invalid;
  if (kept && find_id(m.id) != nullptr) return push_result::duplicate;
  if (m.token != 0 && find_token(m.token) != nullptr) return push_result::duplicate;
  if (m.expires_at != 0 && m.expires_at <= now) return push_result::expired;
  return push_result::accepted;
}

message& send_queue::create(const outgoing& m, std::vector<std::uint8_t>* payload, time_ms now) {
  const std::size_t size = payload != nullptr ? payload->size() : m.payload.size();
  const std::size_t behind = payload != nullptr ? sizeof(std::vector<std::uint8_t>) : size;
  const std::size_t block_size = sizeof(message) + m.id.size() + behind;
  auto& made = *new (pool_.allocate(block_size)) message(m, now);
  made.block_size = block_size;
  auto* at = reinterpret_cast<std::uint8_t*>(&made + 1);
  if (payload != nullptr) {
    const auto* const owned = new (at) std::vector<std::uint8_t>(std::move(*payload));
    made.owned = true;
    made.data.payload = *owned;
    at += sizeof(std::vector<std::uint8_t>);
  }
  if (!m.id.empty()) {
    std::memcpy(at, m.id.data(), m.id.size());
    made.data.id = {reinterpret_cast<const char*>(at), m.id.size()};
    at += m.id.size();
  }
  if (payload == nullptr) {
    if (size > 0) std::memcpy(at, m.payload.data(), size);
    made.data.payload = {at, size};
  }
  if (made.kept()) {
    made.id_hash = hash_id(m.id, settings_.hash_seed);
    ids_.insert(made.id_hash, &made);
  }
  if (m.token != 0) tokens_.insert(hash_number(m.token, 0), &made);
  if (m.expires_at != 0) start_ttl(made, now);
  bytes_ += size;
  ++messages_;
  return made;
}

const outgoing* send_queue::next(time_ms now) {
  while (message* const m = lines_.pop_front()) {
    if (m->data.expires_at != 0) {
      if (m->data.expires_at <= now) {
        drop(*m, drop_reason::expired);
        continue;
      }
      ttl_->cancel(*m);
    }
    m->state = message_state::in_flight;
    ++m->attempts;
    in_flight_.push_back(*m);
    return &m->data;
  }
  return nullptr;
}

const outgoing* send_queue::peek(time_ms now) {
  while (message* const m = lines_.front()) {
    if (m->data.expires_at == 0 || m->data.expires_at > now) return &m->data;
    drop_waiting(*m, drop_reason::expired);
  }
  return nullptr;
}

time_ms send_queue::waiting_since(message_priority p) const noexcept {
  const message* const first = lines_.front(p);
  return first != nullptr ? first->queued_at : 0;
}

std::size_t send_queue::flushed(std::size_t count, time_ms now) {
  note_high_water();
  std::size_t done = 0;
  for (; done < count; ++done) {
    message* const m = in_flight_.pop_front();
    if (m == nullptr) break;
    if (m->bare) {
      bytes_ -= m->data.payload.size();
      --messages_;
      ++totals_.settled;
      pool_.release(m, m->block_size);
    } else if (m->gone) {
      --ghosts_;
      destroy(*m);
    } else if (m->data.acked && acks_) {
      m->state = message_state::unacknowledged;
      m->ack_deadline = now + settings_.ack_timeout;
      unacknowledged_.push_back(*m);
    } else {
      settle(*m);
      destroy(*m);
    }
  }
  return done;
}

bool send_queue::acknowledged(std::string_view id) {
  message* const m = find_id(id);
  if (m == nullptr || !m->data.acked) return false;
  ++totals_.acked;
  answered(*m);
  return true;
}

bool send_queue::refused(std::string_view id) {
  message* const m = find_id(id);
  if (m == nullptr || !m->data.acked) return false;
  answered(*m);
  return true;
}

void send_queue::answered(message& m) {
  settle(m);
  switch (m.state) {
    case message_state::in_flight:
      // Answered before we heard that the kernel took it, or by a copy sent before.
      return make_ghost(m);
    case message_state::unacknowledged:
      unacknowledged_.remove(m);
      break;
    case message_state::waiting:
      lines_.remove(m);
      break;
  }
  destroy(m);
}

void send_queue::link_lost(time_ms now) {
  waiting_lines::hints near{};
  while (message* const m = in_flight_.pop_back()) {
    if (m->gone) {
      --ghosts_;
      destroy(*m);
      continue;
    }
    ++totals_.replayed;
    back_to_line(*m, near, now);
  }
  while (message* const m = unacknowledged_.pop_back()) {
    ++totals_.replayed;
    back_to_line(*m, near, now);
  }
}

void send_queue::on_timer(time_ms now) {
  expire(now);
  if (settings_.ack_timeout > 0) retry(now);
}

void send_queue::expire(time_ms now) {
  if (!ttl_) return;
  ttl_->advance(now, [this](protocol::timer_node& node) {
    drop_waiting(static_cast<message&>(node), drop_reason::expired);
  });
}

// Go back N: the first message that is due takes with it all that were sent after it, so that their order on
// the wire stays. Such a companion has used a retry if it has waited for at least half of its time; else
// messages that were sent shortly after each other would wait for each other's retries one after the other.
void send_queue::retry(time_ms now) {
  bool go_back = false;
  for (message* m = unacknowledged_.front(); m != nullptr && m->ack_deadline <= now;) {
    message* const following = unacknowledged_.after(*m);
    if (m->timeouts >= settings_.max_retries) {
      unacknowledged_.remove(*m);
      drop(*m, drop_reason::failed);
    } else {
      go_back = true;
    }
    m = following;
  }
  if (!go_back) return;
  waiting_lines::hints near{};
  for (message* m = unacknowledged_.back(); m != nullptr;) {
    message* const earlier = unacknowledged_.before(*m);
    // Without a retry left it waits for its ack to the end.
    if (m->timeouts < settings_.max_retries) {
      if (m->ack_deadline - now <= settings_.ack_timeout / 2) ++m->timeouts;
      unacknowledged_.remove(*m);
      ++totals_.retried;
      back_to_line(*m, near, now);
    }
    m = earlier;
  }
}

time_ms send_queue::next_deadline(time_ms now) noexcept {
  time_ms next = 0;
  if (const message* const first = unacknowledged_.front(); first != nullptr && settings_.ack_timeout > 0)
    next = std::max(first->ack_deadline, now);
  if (ttl_) {
    const auto expiry = ttl_->next_deadline(now);
    if (expiry && (next == 0 || *expiry < next)) next = *expiry;
  }
  return next;
}

bool send_queue::cancel(std::uint32_t token) {
  message* const m = token != 0 ? find_token(token) : nullptr;
  if (m == nullptr) return false;
  if (m->state == message_state::in_flight) {
    report(*m, drop_reason::cancelled);
    make_ghost(*m);
    return true;
  }
  if (m->state == message_state::waiting) {
    lines_.remove(*m);
  } else {
    unacknowledged_.remove(*m);
  }
  drop(*m, drop_reason::cancelled);
  return true;
}

std::size_t send_queue::clear() {
  const std::size_t count = messages_ - ghosts_;
  while (message* const m = lines_.pop_front()) drop(*m, drop_reason::cleared);
  while (message* const m = unacknowledged_.pop_front()) drop(*m, drop_reason::cleared);
  for (message* m = in_flight_.front(); m != nullptr; m = in_flight_.after(*m)) {
    if (m->gone) continue;
    report(*m, drop_reason::cleared);
    make_ghost(*m);
  }
  return count;
}

void send_queue::start_ttl(message& m, time_ms now) {
  if (!ttl_) ttl_.emplace(now, 16, 512);
  ttl_->schedule(m, m.data.expires_at);
}

void send_queue::back_to_line(message& m, waiting_lines::hints& near, time_ms now) {
  m.state = message_state::waiting;
  lines_.put_back(m, near);
  if (m.data.expires_at != 0) start_ttl(m, now);
}

// Leaves the indices and tells; the message is in no list then, or stays in flight as a ghost.
void send_queue::settle(message& m) {
  forget_keys(m);
  ++totals_.settled;
  if (m.kept() || m.data.token != 0 || m.data.store_key != 0) events_.settled(m.data);
}

void send_queue::drop_waiting(message& m, drop_reason reason) {
  lines_.remove(m);
  drop(m, reason);
}

// The message is in no list.
void send_queue::drop(message& m, drop_reason reason) {
  report(m, reason);
  destroy(m);
}

void send_queue::report(message& m, drop_reason reason) {
  forget_keys(m);
  ++totals_.dropped[static_cast<std::size_t>(reason)];
  events_.dropped(m.data, reason);
}

void send_queue::make_ghost(message& m) noexcept {
  m.gone = true;
  m.bare = false;
  ++ghosts_;
}

void send_queue::forget_keys(message& m) noexcept {
  const auto same = [&m](const message* other) { return other == &m; };
  if (m.id_hash != 0) ids_.erase(m.id_hash, same);
  if (m.data.token != 0) tokens_.erase(hash_number(m.data.token, 0), same);
}

void send_queue::destroy(message& m) noexcept {
  note_high_water();
  bytes_ -= m.data.payload.size();
  --messages_;
  const std::size_t block_size = m.block_size;
  if (!m.bare) {
    if (m.owned) std::destroy_at(owned_payload(m));
    m.~message();
  }
  pool_.release(&m, block_size);
}

message* send_queue::find_id(std::string_view id) noexcept {
  message** const found =
      ids_.find(hash_id(id, settings_.hash_seed), [id](const message* m) { return m->data.id == id; });
  return found != nullptr ? *found : nullptr;
}

message* send_queue::find_token(std::uint32_t token) noexcept {
  message** const found =
      tokens_.find(hash_number(token, 0), [token](const message* m) { return m->data.token == token; });
  return found != nullptr ? *found : nullptr;
}

}  // namespace hawser::client
