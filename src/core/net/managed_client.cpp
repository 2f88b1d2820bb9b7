// The program's side and the reactor's side of a managed client. Its links are in managed_client_links.cpp,
// what it tells JavaScript in managed_client_records.cpp.
#include "core/net/managed_client.hpp"

#include <algorithm>
#include <chrono>

#include "core/bytes.hpp"
#include "core/net/fields.hpp"
#include "core/net/reactor.hpp"

namespace hawser::net {

namespace {

client::core_settings core_settings_of(const client_settings& from) {
  client::core_settings to;
  to.endpoints = from.endpoints.size();
  to.known = from.learned;
  to.endpoint.order = static_cast<client::strategy>(from.strategy);
  to.endpoint.min_uptime = from.reconnect.min_uptime;
  client::reconnect_settings& policy = to.machine.reconnect;
  policy.enabled = from.reconnect.enabled;
  policy.min_delay = from.reconnect.min_delay;
  policy.max_delay = from.reconnect.max_delay;
  policy.factor = from.reconnect.factor;
  policy.jitter = from.reconnect.jitter;
  policy.max_attempts = from.reconnect.max_attempts;
  policy.min_uptime = from.reconnect.min_uptime;
  to.adaptive = from.reconnect.adaptive;
  policy.recoverable_codes = from.reconnect.recoverable_codes;
  policy.final_codes = from.reconnect.final_codes;
  if (!from.endpoints.empty()) {
    // Each dial has limits of its own; this one is for the round as a whole.
    const connect_settings& first = from.endpoints.front();
    const bool limited = first.connect_timeout > 0 && first.socket.handshake_timeout > 0;
    policy.connect_timeout =
        limited ? (first.connect_timeout + first.socket.handshake_timeout) * 2 : client::time_ms{0};
    to.leave_timeout = first.socket.close_timeout;
    to.machine.close_timeout = first.socket.close_timeout == 0 ? 0 : first.socket.close_timeout + 5000;
  }
  to.machine.uses_tokens = from.auth;
  to.queue.max_count = from.queue.max_messages;
  to.queue.max_bytes = from.queue.max_bytes;
  to.queue.overflow = static_cast<client::overflow_policy>(from.queue.overflow);
  to.queue.ack_timeout = from.queue.ack_timeout;
  to.queue.max_retries = from.queue.max_retries;
  to.queue.default_ttl = from.queue.ttl;
  to.queue.hash_seed = from.seed;
  to.batch = {.max = from.batch.max, .every = from.batch.every, .always = from.batch.always};
  to.requests.max_pending = from.queue.max_requests;
  to.requests.hash_seed = from.seed;
  to.acks = static_cast<client::ack_mode>(from.acked);
  to.gated = from.gated;
  to.heartbeat_interval = from.message_interval;
  to.heartbeat_timeout = from.message_timeout;
  to.seed = from.seed;
  return to;
}
}  // namespace

managed_client::managed_client(reactor& owner, std::uint32_t slot, std::unique_ptr<client_settings> settings)
    : reactor_(owner),
      slot_(slot),
      settings_(std::move(settings)),
      shared_(settings_->endpoints.size()),
      core_(core_settings_of(*settings_), *this, *settings_->gauges),
      inbox_(*this, slot, *settings_) {
  owner.sink().flushed(slot_, 0, 0);
  if (!settings_->queue.store.empty()) open_store();
}

managed_client::~managed_client() = default;

void managed_client::mark() { reactor_.mark_dirty(*this); }

client::time_ms managed_client::now() const { return reactor_.now(); }

std::int64_t managed_client::microseconds() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

client::time_ms managed_client::wall_ahead() {
  const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return wall.count() - reactor_.now();
}

// -------------------------------------------------------------------------------------------------- the
// program

void managed_client::connect() {
  core_.connect(now());
  mark();
}
void managed_client::disconnect(std::uint16_t code, std::string_view reason) {
  core_.disconnect(now(), code, reason);
  mark();
}
void managed_client::reconnect() {
  core_.reconnect(now());
  mark();
}

void managed_client::set_token(token_use how, std::string_view name, std::string_view value) {
  token_use_ = how;
  token_name_ = name;
  token_value_ = value;
  core_.set_token(now(), how == token_use::first_message ? value : std::string_view());
  mark();
}
void managed_client::fail_token(bool final, std::string_view) {
  core_.fail_token(now(), final);
  mark();
}

void managed_client::add_route(std::uint32_t route, std::string_view json) {
  if (const char* why = inbox_.add_route(route, json)) notice(client_notice::route_refused, bytes_of(why));
}
void managed_client::remove_route(std::uint32_t route) { inbox_.remove_route(route); }
void managed_client::interest(bool untyped, bool binary, bool asking) {
  inbox_.interest(untyped, binary, asking);
}

void managed_client::send(const client_message& from) {
  if (from.request) inbox_.expect_replies();
  weight_ += static_cast<std::uint32_t>(from.data.size()) + message_overhead;
  messages_++;
  if (from.arm_drain) drain_armed_ = true;
  client::core_message message;
  message.data.payload = from.data;
  message.data.joinable = from.joinable;
  message.data.token = from.token;
  message.data.priority = static_cast<client::message_priority>(std::min<std::uint8_t>(from.priority, 2));
  message.data.binary = from.binary;
  message.data.compress = from.compress;
  message.data.acked = from.acked;
  message.data.durable = from.durable;
  message.ttl = from.ttl;
  message.link = from.link;
  message.timeout = from.request ? from.timeout : 0;
  if (from.shape == shape_use::none) {
    message.data.id = from.id;
  } else {
    message.shape =
        from.shape == shape_use::throttle ? client::send_shape::throttle : client::send_shape::debounce;
    message.key = from.id;
    message.every = std::max<client::time_ms>(from.timeout, 1);
  }
  if (from.durable) {
    if (store_) {
      store_->put(message, now());
    } else if (from.token != 0) {
      settled(from.token, client::settlement::store_failed);
    }
  } else {
    core_.send(message, now());
  }
  mark();
}

void managed_client::form(std::uint32_t number, std::string_view text) {
  if (number == forms_.size() + 1) forms_.emplace_back(text);
}

void managed_client::send(const formed_message& from) {
  if (from.form == 0 || from.form > forms_.size()) return;
  const std::string_view id = forms_[from.form - 1].write(formed_, from.number, from.time, from.payload);
  const bool request = from.timeout > 0;
  send(client_message{.priority = from.priority,
                      .request = request,
                      .compress = from.compress,
                      .arm_drain = from.arm_drain,
                      .joinable = true,
                      .timeout = from.timeout,
                      .token = from.token,
                      .id = request ? id : std::string_view(),
                      .data = bytes_of(formed_)});
  if (formed_.capacity() > kept_text) formed_ = {};
}

void managed_client::cancel(std::uint32_t token) {
  core_.cancel(token, now());
  mark();
}
void managed_client::answered(bool ack, std::string_view id) {
  if (ack) {
    core_.on_ack(id, now());
  } else {
    core_.on_reply(id);
  }
  mark();
}

void managed_client::refused(std::string_view id) {
  core_.on_refusal(id, now());
  mark();
}

void managed_client::admit(admission how, std::uint32_t link, std::string_view why) {
  if (link != 0 && link != core_.link()) return;
  if (how == admission::silent) {
    core_.on_silence(why, now());
  } else {
    core_.on_auth(how == admission::accepted, why, now());
  }
  mark();
}

void managed_client::rooms(bool wanted, std::uint32_t link) {
  core_.want_rooms(wanted, link, now());
  mark();
}

void managed_client::clear_queue() {
  core_.clear_queue(now());
  mark();
}

void managed_client::snapshot(std::uint32_t token, std::uint32_t most) {
  // What became of others is told before what is left.
  send_settled();
  send_dropped();
  static constexpr const char* names[] = {"high", "normal", "low"};
  std::string text(reinterpret_cast<const char*>(&token), sizeof(token));
  text += '[';
  for (const client::queued_message& one : core_.snapshot(now(), most)) {
    if (text.back() == '}') text += ',';
    text += R"({"id":")" + one.id + R"(","priority":")" + names[static_cast<std::size_t>(one.priority)] +
            R"(","bytes":)" + std::to_string(one.bytes) + R"(,"age":)" + std::to_string(one.age) +
            R"(,"attempts":)" + std::to_string(one.attempts) + R"(,"durable":)" +
            (one.durable ? "true" : "false") + '}';
  }
  text += ']';
  notice(client_notice::snapshot, bytes_of(text));
}

void managed_client::go() {
  started_ = true;
  for (link& one : links_) {
    if (one.open && !one.dropped && one.socket != nullptr) one.socket->on_room();
  }
}

void managed_client::dispose() {
  if (disposing_) return;
  disposing_ = true;
  core_.leave(now());
  mark();
}

// -------------------------------------------------------------------------------------------------- the
// reactor

void managed_client::before_publish() {
  send_replies();
  core_.publish();
  inbox_.publish(*settings_->gauges);
}

void managed_client::settle() {
  for (std::size_t i = 0; i < ended_.size(); i++) {
    link* one = find(ended_[i]);
    if (one == nullptr) continue;
    const std::uint32_t slot = one->slot;
    const bool silent = one->dropped;
    const std::uint32_t number = one->number;
    client::link_end end = std::move(one->end);
    std::erase_if(links_, [number](const link& l) { return l.number == number; });
    // Only now: while the connection reported its end, it still had the slot.
    reactor_.release(slot);
    if (!silent) core_.link_ended(number, std::move(end), now());
  }
  ended_.clear();
  if (store_) store_->refill();
  if (disposing_ && !left_ && core_.left(now())) {
    left_ = true;
    inbox_.flush();
    if (store_) store_->close();
  }
  send_settled();
  send_dropped();
  account();
  before_publish();
  const client::time_ms core_next = core_.next_deadline(now());
  const client::time_ms inbox_next = inbox_.next_deadline();
  const client::time_ms next = core_next == 0                              ? inbox_next
                               : inbox_next == 0 || core_next < inbox_next ? core_next
                                                                           : inbox_next;
  if (next == 0) {
    reactor_.cancel(*this);
  } else {
    reactor_.schedule(*this, next);
  }
  if (disposing_) finish();
}

// JavaScript hears of the end when no connection, no store and no record is left.
void managed_client::finish() {
  if (closing_ || !left_ || !links_.empty() || !ended_.empty() || !held_.empty() ||
      (store_ && !store_->closed()))
    return;
  record({.kind = event_kind::close, .client = slot_, .flags = {}, .head = {}, .body = {}});
  closing_ = true;
  // Where it has to wait, it is the last record, and on_room() finishes.
  finished_ = held_.empty();
}

void managed_client::on_timer() {
  core_.timer(now(), microseconds());
  inbox_.run(now());
  mark();
}

void managed_client::on_room() {
  if (!release_held()) return;
  if (closing_) {
    finished_ = true;
    return;
  }
  inbox_.run(now());
  mark();
}

// What JavaScript reads as bufferedAmount: all it sent, less what is still inside.
void managed_client::account() {
  const std::size_t messages = core_.messages() + (store_ ? store_->waiting() : 0);
  const std::size_t bytes = core_.bytes() + (store_ ? store_->waiting_bytes() : 0);
  const auto inside = static_cast<std::uint32_t>(bytes + messages * message_overhead);
  reactor_.sink().flushed(slot_, weight_ - inside, messages_ - static_cast<std::uint32_t>(messages));
  if (drain_armed_ && inside <= settings_->high_water_mark / 2) {
    drain_armed_ = false;
    record({.kind = event_kind::drain, .client = slot_, .flags = {}, .head = {}, .body = {}});
  }
}

// ------------------------------------------------------------------------------------------------ the store

void managed_client::open_store() {
  core_.hold_sending();
  store_ = std::make_unique<client_store>(
      reactor_.context(), settings_->queue, core_,
      client_store::callbacks{
          .settled = [this](std::uint32_t token, client::settlement how) { settled(token, how); },
          .failed =
              [this](const std::string& detail) { notice(client_notice::store_failed, bytes_of(detail)); },
          .changed = [this] { mark(); },
          .now = [this] { return now(); },
          .wall_ahead = [this] { return wall_ahead(); },
      });
}

void managed_client::stored_done(std::uint64_t key) {
  if (store_) store_->remove(key);
}

}  // namespace hawser::net
