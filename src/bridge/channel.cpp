#include "bridge/channel.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#include "bridge/client_commands.hpp"
#include "core/bytes.hpp"
#include "core/hub/membership_text.hpp"

namespace hawser::bridge {

namespace {
// Large payloads that JavaScript has not fetched yet, in bytes. One message always passes.
constexpr std::size_t large_credit = 16 * 1024 * 1024;
// Commands and bytes taken before what they caused is flushed.
constexpr std::uint32_t command_limit = 4096;
constexpr std::size_t command_bytes = 1024 * 1024;

constexpr std::uint32_t number(in_kind kind) { return static_cast<std::uint32_t>(kind); }
constexpr std::uint32_t number(net::event_kind kind) { return static_cast<std::uint32_t>(kind); }
static_assert(number(in_kind::open) == number(net::event_kind::open));
static_assert(number(in_kind::connection) == number(net::event_kind::connection));
static_assert(number(in_kind::upgrade) == number(net::event_kind::upgrade));
static_assert(number(in_kind::error) == number(net::event_kind::error));
static_assert(number(in_kind::close) == number(net::event_kind::close));
static_assert(number(in_kind::drain) == number(net::event_kind::drain));
static_assert(number(in_kind::ping) == number(net::event_kind::ping));
static_assert(number(in_kind::pong) == number(net::event_kind::pong));
static_assert(number(in_kind::sent) == number(net::event_kind::sent));
static_assert(number(in_kind::response) == number(net::event_kind::response));
static_assert(number(in_kind::listening) == number(net::event_kind::listening));
static_assert(number(in_kind::server_error) == number(net::event_kind::server_error));
static_assert(number(in_kind::server_closed) == number(net::event_kind::server_closed));
static_assert(number(in_kind::pipe_write) == number(net::event_kind::pipe_write));
static_assert(number(in_kind::pipe_ack) == number(net::event_kind::pipe_ack));
static_assert(number(in_kind::pipe_end) == number(net::event_kind::pipe_end));
static_assert(number(in_kind::dropped) == number(net::event_kind::dropped));
static_assert(number(in_kind::server_drain) == number(net::event_kind::server_drain));
static_assert(number(in_kind::client_message) == number(net::event_kind::client_message));
static_assert(number(in_kind::client_answers) == number(net::event_kind::client_answers));
static_assert(number(in_kind::batch) == number(net::event_kind::batch));
static_assert(number(in_kind::columns) == number(net::event_kind::columns));
static_assert(number(in_kind::client_state) == number(net::event_kind::client_state));
static_assert(number(in_kind::client_reply) == number(net::event_kind::client_reply));
static_assert(number(in_kind::client_settled) == number(net::event_kind::client_settled));
static_assert(number(in_kind::client_notice) == number(net::event_kind::client_notice));
static_assert(no_slot == net::no_slot && message_overhead == net::message_overhead);

std::uint32_t flags_of(net::message_flags flags) {
  return (flags.binary ? in_flag::binary : 0) | (flags.ascii ? in_flag::ascii : 0);
}
}  // namespace

channel::channel(ring_memory inbound, ring_memory outbound, std::span<std::uint32_t> table, doorbell& bell)
    : events_(inbound), commands_(outbound), table_(table), bell_(bell) {}

void channel::ring() noexcept {
  bells_.store(bells_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  bell_.ring();
}

// --------------------------------------------------------------------------------------------------- events

bool channel::push(std::uint32_t connection, std::uint32_t kind_flags, std::uint32_t aux,
                   std::span<const std::uint8_t> payload) {
  for (;;) {
    if (events_.push(connection, kind_flags, aux, payload)) {
      pushed();
      return true;
    }
    // The consumer must see what fills the ring, or it would never make room.
    publish();
    if (!events_.want_half()) return false;
  }
}

// JavaScript may take the first of many bytes while the next are read.
void channel::pushed() {
  if (events_.unpublished() >= ring_batch) publish();
}

bool channel::message(std::uint32_t slot, net::message_flags flags, std::span<const std::uint8_t> payload) {
  return push(slot, number(in_kind::message) | flags_of(flags) << 8, 0, payload);
}

bool channel::owned_message(std::uint32_t slot, net::message_flags flags,
                            std::vector<std::uint8_t>& payload) {
  return put_large(slot, number(in_kind::message) | flags_of(flags) << 8, 0, payload);
}

// The payload travels as an owned buffer that the record names.
bool channel::put_large(std::uint32_t connection, std::uint32_t kind_flags, std::uint32_t aux,
                        std::vector<std::uint8_t>& payload) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  if (inbound_buffers_.held() > 0 && inbound_buffers_.held() + size > large_credit) {
    publish();
    // Asking for room sets the flag that brings the next try; fetching a buffer precedes releasing its
    // record.
    if (!room()) return false;
  }
  const std::uint32_t name[2] = {inbound_buffers_.put(std::move(payload)), size};
  payload.clear();
  if (push(connection, kind_flags | in_flag::large << 8, aux,
           {reinterpret_cast<const std::uint8_t*>(name), sizeof(name)})) {
    return true;
  }
  payload = inbound_buffers_.take(name[0]);
  return false;
}

bool channel::record(const net::client_record& what) {
  const std::uint32_t kind_flags = number(what.kind) | flags_of(what.flags) << 8 |
                                   (what.routes ? in_flag::routes << 8 : 0) | what.route << 16;
  const std::size_t size = what.head.size() + what.body.size();
  if (size > large_threshold) {
    std::vector<std::uint8_t> payload;
    payload.reserve(size);
    payload.insert(payload.end(), what.head.begin(), what.head.end());
    payload.insert(payload.end(), what.body.begin(), what.body.end());
    return put_large(what.client, kind_flags, what.aux, payload);
  }
  for (;;) {
    if (std::uint8_t* out = events_.reserve(size)) {
      if (!what.head.empty()) std::memcpy(out, what.head.data(), what.head.size());
      if (!what.body.empty()) std::memcpy(out + what.head.size(), what.body.data(), what.body.size());
      events_.commit(static_cast<std::uint32_t>(size), what.client, kind_flags, what.aux);
      pushed();
      return true;
    }
    publish();
    if (!events_.want_half()) return false;
  }
}

bool channel::event(net::event_kind kind, std::uint32_t connection, std::uint32_t aux,
                    std::span<const std::uint8_t> payload) {
  return push(connection, number(kind), aux, payload);
}

bool channel::room() {
  if (!events_.want_half()) return false;
  if (inbound_buffers_.held() <= large_credit / 2) return true;
  return !events_.want_bell([this] { return inbound_buffers_.held() <= large_credit / 2; });
}

void channel::flushed(std::uint32_t slot, std::uint32_t weight, std::uint32_t messages) {
  const std::size_t at = std::size_t{slot} * 2;
  if (at >= table_.size()) return;  // a server for whose gauge no slot was left
  // Both words in one store: who reads them together must not see one of before and one of after.
  const auto both = std::bit_cast<std::uint64_t>(std::array{weight, messages});
  std::atomic_ref(reinterpret_cast<std::uint64_t&>(table_[at])).store(both, std::memory_order_relaxed);
}

void channel::expect_delivery() {
  if (events_.wake_early()) ring();
}

void channel::publish() {
  if (events_.publish()) ring();
}

// ------------------------------------------------------------------------------------------------- commands

std::uint32_t channel::run_commands(net::engine& target) {
  std::uint32_t count = 0;
  std::size_t bytes = 0;
  command_bytes_ = command_bytes;
  ring_consumer::record record;
  while (count < command_limit && bytes < command_bytes_ && commands_.next(record)) {
    count++;
    bytes += record.header.length;
    run(target, record);
  }
  return count;
}

void channel::commands_done() {
  used_.clear();
  if (commands_.release()) ring();
}

std::span<std::uint8_t> channel::large_payload(const ring_consumer::record& record) {
  std::uint32_t id = 0;
  std::memcpy(&id, record.payload, sizeof(id));
  used_.push_back(outbound_buffers_.take(id));
  return used_.back();
}

void channel::run_client_send(net::client_port* client, const ring_consumer::record& record) {
  const std::uint32_t bits = record.header.kind_flags >> 8 & 0xff;
  std::span<const std::uint8_t> payload(record.payload, record.header.length);
  std::span<const std::uint8_t> large;
  if ((bits & out_flag::large) != 0) {
    large = large_payload(record);
    payload = payload.subspan(8);
  }
  if (client == nullptr) return;
  std::size_t data_at = 0;
  net::client_message message = read_client_send(record.header.aux, bits, payload, data_at);
  message.data = (bits & out_flag::large) != 0 ? large : payload.subspan(data_at);
  client->send(message);
}

void channel::run_client_form(net::client_port* client, const ring_consumer::record& record) {
  const std::uint32_t bits = record.header.kind_flags >> 8 & 0xff;
  std::span<const std::uint8_t> payload(record.payload, record.header.length);
  const bool large = (bits & out_flag::large) != 0;
  const std::span<const std::uint8_t> data =
      large ? large_payload(record) : payload.subspan(sizeof(client_form_head));
  if (large) payload = payload.subspan(8);
  if (client != nullptr) client->send(read_client_form(record.header.aux, bits, payload, data));
}

void channel::run_publish(net::engine& target, const ring_consumer::record& record, net::send_flags flags) {
  const record_header& header = record.header;
  const bool large = (header.kind_flags >> 8 & out_flag::large) != 0;
  const std::span<std::uint8_t> payload(record.payload, header.length);
  const std::uint32_t topic = header.aux & 0xffff;
  const std::size_t at = large ? 8 : 0;
  if (!target.publish(header.aux >> 16, text_of(payload.subspan(at, topic)),
                      large ? large_payload(record) : payload.subspan(topic), flags, header.connection)) {
    command_bytes_ = 0;
  }
}

void channel::run_publish_to(net::engine& target, const ring_consumer::record& record,
                             net::send_flags flags) {
  const record_header& header = record.header;
  const bool large = (header.kind_flags >> 8 & out_flag::large) != 0;
  const std::span<std::uint8_t> payload =
      std::span(record.payload, header.length).subspan(large ? 2 * sizeof(std::uint32_t) : 0);
  publish_head head{};
  std::memcpy(&head, payload.data(), sizeof(head));
  topics_.clear();
  for (std::size_t at = sizeof(head); at < head.bytes;) {
    std::uint16_t size = 0;
    std::memcpy(&size, payload.data() + at, sizeof(size));
    topics_.push_back(text_of(payload.subspan(at + sizeof(size), size)));
    at += sizeof(size) + size;
  }
  const net::publish_target to{.topics = topics_,
                               .offset = static_cast<std::int64_t>(head.offset),
                               .except_part = head.except_part,
                               .except = header.connection};
  if (!target.publish(header.aux, to, large ? large_payload(record) : payload.subspan(head.bytes), flags)) {
    command_bytes_ = 0;
  }
}

// The answer comes before anything of the room does, and behind all that came of it.
void channel::run_membership(net::engine& target, const ring_consumer::record& record,
                             net::send_flags flags) {
  const std::uint32_t slot = record.header.connection;
  const std::span<std::uint8_t> payload(record.payload, record.header.length);
  membership_head head{};
  std::memcpy(&head, payload.data(), sizeof(head));
  const std::string_view texts = text_of(payload.subspan(sizeof(head)));
  const std::string_view topic = texts.substr(head.correlation);
  const bool joined = record.header.aux != 0;
  hub::membership_text{.time = head.time,
                       .correlation = texts.substr(0, head.correlation),
                       .room = topic.substr(head.prefix),
                       .joined = joined,
                       .members = head.members}
      .write(answer_);
  const std::span<std::uint8_t> answer(reinterpret_cast<std::uint8_t*>(answer_.data()), answer_.size());
  if (!joined) target.unsubscribe(slot, topic);
  target.send(slot, answer, flags);
  if (joined) target.subscribe(slot, topic);
}

void channel::run(net::engine& target, const ring_consumer::record& record) {
  const record_header& header = record.header;
  const std::uint32_t bits = header.kind_flags >> 8 & 0xff;
  const bool large = (bits & out_flag::large) != 0;
  const std::uint32_t slot = header.connection;
  const std::span<std::uint8_t> payload(record.payload, header.length);
  const net::send_flags flags{.binary = (bits & out_flag::binary) != 0,
                              .compress = (bits & out_flag::compress) != 0,
                              .arm_drain = (bits & out_flag::arm_drain) != 0,
                              .notify = (bits & out_flag::notify) != 0,
                              .more = (bits & out_flag::more) != 0};
  switch (static_cast<out_kind>(header.kind_flags & 0xff)) {
    case out_kind::pad:
      break;
    case out_kind::send:
      target.send(slot, large ? large_payload(record) : payload, flags);
      break;
    case out_kind::close:
      target.close(slot, static_cast<std::uint16_t>(header.aux), text_of(payload));
      break;
    case out_kind::terminate:
      target.terminate(slot);
      break;
    case out_kind::ping:
      target.ping(slot, payload);
      break;
    case out_kind::pong:
      target.pong(slot, payload);
      break;
    case out_kind::pause:
      target.pause(slot);
      break;
    case out_kind::resume:
      target.resume(slot);
      break;
    case out_kind::subscribe:
      target.subscribe(slot, text_of(payload));
      break;
    case out_kind::unsubscribe:
      target.unsubscribe(slot, text_of(payload));
      break;
    case out_kind::publish:
      return run_publish(target, record, flags);
    case out_kind::release:
      target.release(slot);
      break;
    case out_kind::connect:
    case out_kind::adopt:
      target.begin(slot);
      break;
    case out_kind::accept:
      target.accept(slot, text_of(payload));
      break;
    case out_kind::carry:
      target.carry(slot);
      break;
    case out_kind::reject:
      target.reject(slot, text_of(payload));
      break;
    case out_kind::listen:
      target.listen(slot);
      break;
    case out_kind::server_close:
      target.close_server(slot, header.aux);
      break;
    case out_kind::server_refuse:
      target.refuse_peers(slot, header.aux != 0);
      break;
    case out_kind::pipe_data:
      target.pipe_data(slot, payload);
      break;
    case out_kind::pipe_ack:
      target.pipe_ack(slot, header.aux);
      break;
    case out_kind::pipe_end:
      target.pipe_end(slot, header.aux != 0);
      break;
    case out_kind::interest:
      target.interest(slot, (header.aux & 1) != 0, (header.aux & 2) != 0);
      break;
    case out_kind::client_send:
      run_client_send(target.client(slot), record);
      break;
    case out_kind::client_form:
      run_client_form(target.client(slot), record);
      break;
    case out_kind::membership:
      return run_membership(target, record, flags);
    case out_kind::client_op:
      if (static_cast<client_op>(header.aux) == client_op::begin) target.begin(slot);
      run_client_op(target.client(slot), static_cast<client_op>(header.aux), payload);
      break;
    case out_kind::publish_to:
      return run_publish_to(target, record, flags);
    case out_kind::keep: {
      keep_head head{};
      std::memcpy(&head, payload.data(), sizeof(head));
      target.keep(slot, text_of(payload.subspan(sizeof(head))),
                  {static_cast<std::size_t>(head.count), static_cast<std::size_t>(head.bytes),
                   static_cast<std::int64_t>(head.age)},
                  static_cast<std::int64_t>(head.head));
      break;
    }
    case out_kind::user:
      target.set_user(slot, text_of(payload));
      break;
    case out_kind::forget:
      target.forget(slot, text_of(payload));
      break;
    case out_kind::subscribe_from: {
      replay_head head{};
      std::memcpy(&head, payload.data(), sizeof(head));
      const std::string_view texts = text_of(payload.subspan(sizeof(head)));
      target.subscribe_from(slot, {.topic = texts.substr(0, head.topic),
                                   .above = static_cast<std::int64_t>(head.above),
                                   .most = head.most,
                                   .head = static_cast<std::int64_t>(head.head),
                                   .whole = texts.substr(head.topic, head.whole),
                                   .partial = texts.substr(std::size_t{head.topic} + head.whole)});
      break;
    }
  }
}

}  // namespace hawser::bridge
