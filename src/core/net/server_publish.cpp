// Publishing: one message to the subscribers of a topic, here and on the reactors of the other parts.
#include <algorithm>
#include <optional>

#include "core/net/message_frame.hpp"
#include "core/net/reactor.hpp"
#include "core/net/server.hpp"
#include "core/router/message_key.hpp"

namespace hawser::net {

bool server::publish(std::string_view name, std::span<const std::uint8_t> payload, send_flags flags,
                     std::uint32_t except) {
  if (group_) return publish_to_all(name, payload, flags, except);
  publish_batch& batch = reactor_.batch();
  const bool gathered = batches(flags);
  const bool follows = gathered && batch.from == this && !batch.shared() &&
                       batch.to.front()->name() == name && batch.takes(payload.size(), except);
  if (!follows) {
    reactor_.deliver_batch();
    topic* to = topics_.find(name);
    if (to == nullptr) return true;
    if (!gathered) {
      encodings frames;
      deliver(*to, payload, flags, except, frames);
      give_back(frames);
      return true;
    }
    batch.from = this;
    batch.to.push_back(to);
  }
  batch.add(payload, flags, except);
  return true;
}

// The same for a message that is kept, or goes to several topics.
void server::gather(const std::shared_ptr<const published>& message) {
  publish_batch& batch = reactor_.batch();
  const std::uint32_t except = except_here(*message);
  const bool follows = batch.from == this && batch.shared() &&
                       batch.messages.front().message->same_topics(*message) &&
                       batch.takes(message->payload().size(), except);
  if (!follows) {
    reactor_.deliver_batch();
    for (std::size_t n = 0; n < message->topics(); n++) {
      if (topic* to = topics_.find(message->topic(n))) batch.to.push_back(to);
    }
    if (batch.to.empty()) return;
    batch.from = this;
  }
  batch.add(message, except);
}

// Only where all subscribers get the same bytes, and none is asked what it can do without.
bool server::batches(send_flags flags) const noexcept {
  return settings_->slow < slow_policy::drop_oldest && !(flags.compress && settings_->socket.deflate_enabled);
}

// The frames go to the kernel from where they lie unless more is about to come behind them.
void server::deliver(publish_batch& batch, bool last) {
  // Who has some of them already is found message by message.
  if (batch.shared() && std::ranges::any_of(batch.to, [](const topic* to) { return to->has_floors(); })) {
    for (const publish_batch::entry& one : batch.messages) {
      encodings frames;
      deliver_shared(one.message, frames);
      give_back(frames);
    }
    return;
  }
  const auto count = static_cast<std::uint32_t>(batch.messages.size());
  const bool several = batch.to.size() > 1;
  if (several) next_union();
  std::vector<connection*> others;
  for (const topic* to : batch.to) {
    for (connection* c : to->subscribers()) {
      if (several && std::exchange(c->union_mark, union_) == union_) continue;
      if (batch.excepts(c->slot()) || !c->publish_frames(batch.frames.bytes(), count, last)) {
        others.push_back(c);
      }
    }
  }
  if (!others.empty()) deliver_singly(batch, others);
}

void server::deliver_singly(publish_batch& batch, std::vector<connection*>& to) {
  std::vector<connection*> slow;
  for (const publish_batch::entry& one : batch.messages) {
    encodings frames;
    if (one.message) {
      frames.message = one.message;
      frames.ready[0] = one.message->plain();
      if (one.message->topics() > 1) next_union();
    }
    const std::size_t before = slow.size();
    offer(*batch.to.front(), to, batch.payload(one), one.flags, one.except, frames, slow);
    give_back(frames);
    if (settings_->slow != slow_policy::disconnect) continue;
    // Who is to go gets no more of them. They were refused in the order of `to`.
    auto refused = slow.begin() + static_cast<std::ptrdiff_t>(before);
    std::erase_if(to, [&](connection* c) {
      if (refused == slow.end() || *refused != c) return false;
      ++refused;
      return true;
    });
  }
  if (!slow.empty()) note_slow(slow);
}

void server::deliver(topic& to, std::span<const std::uint8_t> payload, send_flags flags, std::uint32_t except,
                     encodings& frames) {
  std::vector<connection*> slow;
  offer(to, to.subscribers(), payload, flags, except, frames, slow);
  if (!slow.empty()) note_slow(slow);
}

// Encoded here, once; what was compressed for subscribers here goes along.
bool server::publish_to_all(std::string_view name, std::span<const std::uint8_t> payload, send_flags flags,
                            std::uint32_t except) {
  const auto message = std::make_shared<published>(name, payload, flags);
  if (topic* to = topics_.find(name)) {
    encodings frames;
    frames.message = message;
    frames.ready[0] = message->plain();
    deliver(*to, message->payload(), flags, except, frames);
    add_compressed(*message, frames);
  }
  return reactor_.joined()->publish(id_, message);
}

void server::add_compressed(published& message, encodings& frames) {
  for (std::size_t bits = 1; bits < frames.own.size(); bits++) {
    if (frames.own[bits].empty()) continue;
    message.add_compressed(static_cast<int>(bits), frames.own[bits].bytes());
    reactor_.give_buffer(std::move(frames.own[bits]));
  }
}

void server::receive(const std::shared_ptr<const published>& message) {
  encodings frames;
  for (const auto& [bits, frame] : message->compressed())
    frames.ready[static_cast<std::size_t>(bits)] = frame;
  deliver_shared(message, frames);
  give_back(frames);
  keep_message(message);
}

void server::give_back(encodings& frames) {
  for (byte_buffer& frame : frames.own) reactor_.give_buffer(std::move(frame));
}

// To the subscribers here of all its topics.
void server::deliver_shared(const std::shared_ptr<const published>& message, encodings& frames) {
  frames.message = message;
  frames.ready[0] = message->plain();
  if (message->topics() > 1) next_union();
  const std::uint32_t except = except_here(*message);
  for (std::size_t n = 0; n < message->topics(); n++) {
    if (topic* to = topics_.find(message->topic(n)))
      deliver(*to, message->payload(), message->flags(), except, frames);
  }
}

// Connections that bear the number have got the message.
void server::next_union() {
  if (++union_ != 0) return;
  union_ = 1;
  reactor_.each_connection([](connection& c) { c.union_mark = 0; });
}

std::uint32_t server::except_here(const published& message) const noexcept {
  return message.except_part() == part_ ? message.except() : no_slot;
}

// Encoded once for all plain subscribers and once for each window size of those that share compression. Who
// is too slow is told to the caller, to be dealt with behind all that is offered: closing changes the topic,
// and may end it.
void server::offer(topic& to, const std::vector<connection*>& subscribers,
                   std::span<const std::uint8_t> payload, send_flags flags, std::uint32_t except,
                   encodings& frames, std::vector<connection*>& slow) {
  const auto plain = [&] {
    if (frames.ready[0].empty()) {
      encode(frames.own[0], flags, false, payload);
      frames.ready[0] = frames.own[0].bytes();
    }
    return frames.ready[0];
  };
  const auto compressed = [&](int bits) {
    std::span<const std::uint8_t>& ready = frames.ready[static_cast<std::size_t>(bits)];
    if (!ready.empty()) return ready;
    const protocol::deflate_options& own = settings_->socket.deflate;
    std::vector<std::uint8_t>& scratch = reactor_.deflate_scratch();
    if (payload.size() >= own.threshold &&
        reactor_.shared_deflater(bits, own.level, own.mem_level).deflate_message(payload, scratch)) {
      byte_buffer& frame = frames.own[static_cast<std::size_t>(bits)];
      encode(frame, flags, true, scratch);
      reactor_.trim(scratch);
      ready = frame.bytes();
    } else {
      ready = plain();
    }
    return ready;
  };
  // Made here only where a message that has but one topic meets somebody who is still sent older ones.
  const auto shared = [&] {
    if (!frames.message) frames.message = std::make_shared<published>(to.name(), payload, flags);
    return frames.message;
  };
  const std::int64_t offset = frames.message ? frames.message->offset() : -1;
  const bool floors = offset >= 0 && to.has_floors();
  const std::uint32_t mark = frames.message && frames.message->topics() > 1 ? union_ : 0;
  const bool waits = settings_->slow >= slow_policy::drop_oldest;
  std::optional<std::string> key;
  const auto later = [&](connection& c) {
    if (!key) key = settings_->slow == slow_policy::conflate ? key_of(to, payload, flags) : std::string();
    c.publish_later(shared(), *key, frames.later);
  };
  for (connection* c : subscribers) {
    if (c->slot() == except && !(floors && to.owes(*c, offset))) continue;
    if (floors && to.knows(*c, offset)) continue;
    if (mark != 0 && std::exchange(c->union_mark, mark) == mark) continue;
    bool taken = true;
    if (waits && (c->replaying() || c->crowded_by(protocol::max_frame_header + payload.size()))) {
      later(*c);
    } else if (c->replaying()) {
      taken = c->publish_later(shared());
    } else if (!c->deflates() || !flags.compress) {
      taken = c->publish_frame(plain());
    } else if (const int bits = c->shared_deflate_bits(); bits > 0) {
      taken = c->publish_frame(compressed(bits));
    } else {
      taken = c->publish_message(payload, flags);
    }
    if (!taken) slow.push_back(c);
  }
  if (floors) to.raise_floors(offset);
  if (frames.later.dropped > 0) note_dropped(frames.later.dropped);
  if (frames.later.conflated > 0) note(server_state::gauge::conflated, frames.later.conflated);
  frames.later = {};
}

// Messages of one topic and the same values at the pointers replace each other; what cannot be read has none.
std::string server::key_of(const topic& to, std::span<const std::uint8_t> payload, send_flags flags) {
  std::string key = to.name();
  std::vector<std::uint8_t>& scratch = reactor_.client_scratch();
  scratch.resize(payload.size() + router::field_reader::slack);
  if (!payload.empty()) std::memcpy(scratch.data(), payload.data(), payload.size());
  if (!flags.binary) keys_.read({scratch.data(), payload.size()});
  for (const std::uint32_t field : key_fields_) {
    const router::message_key value =
        flags.binary ? router::message_key{} : router::key_of(keys_.field(field));
    const auto size = static_cast<std::uint32_t>(value.bytes.size());
    key += static_cast<char>(value.kind);
    key.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(value.bytes);
  }
  reactor_.trim(scratch);
  return key;
}

void server::encode(byte_buffer& into, send_flags flags, bool rsv1, std::span<const std::uint8_t> body) {
  into = reactor_.take_buffer();
  append_message(into, flags, rsv1, body);
}

void server::note_dropped(std::size_t count) {
  reactor_.count().dropped.add(count);
  note(server_state::gauge::slow_dropped, count);
  dropped_ += static_cast<std::uint32_t>(count);
  if (reactor_.sink().event(event_kind::dropped, id_, dropped_, {})) {
    dropped_ = 0;
  } else {
    reactor_.mark_blocked(*this);
  }
}

void server::note_slow(const std::vector<connection*>& slow) {
  note_dropped(slow.size());
  if (settings_->slow == slow_policy::disconnect) {
    note(server_state::gauge::slow_closed, slow.size());
    for (connection* c : slow) c->drop_slow();
  }
}

}  // namespace hawser::net
