#include "core/net/client_inbox.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/router/json_array.hpp"

namespace hawser::net {

client_inbox::client_inbox(inbox_owner& owner, std::uint32_t client, const client_settings& settings)
    : owner_(owner), client_(client), settings_(settings) {}

router::classifier& client_inbox::reading() {
  if (!classifier_) {
    const auto& at = settings_.routing;
    classifier_ = std::make_unique<router::classifier>(
        router::classifier_settings{.type = router::pointer::parse(at.type_at).value,
                                    .room = router::pointer::parse(at.room_at).value,
                                    .correlation_id = router::pointer::parse(at.correlation_at).value});
  }
  return *classifier_;
}

// -------------------------------------------------------------------------------------------------------
// routes

const char* client_inbox::add_route(std::uint32_t route, std::string_view json) {
  router::spec_result parsed = router::parse_route_spec(json);
  if (!parsed) return router::text_of(parsed.fault);
  remove_route(route);
  auto made = std::make_unique<shaped>();
  made->route = route;
  if (reading().add_route(route, parsed.value) != router::classifier::add_result::added)
    return "all routes together name too many places in a message";
  if (!parsed.value.plain()) {
    made->fields = *classifier_->fields_of(route);
    made->keyed = parsed.value.conflate.has_value();
    made->shaper = std::make_unique<router::shaper>(route, parsed.value, settings_.seed);
    running_.push_back(made.get());
  }
  if (shaped_.size() <= route) shaped_.resize(route + 1);
  shaped_[route] = std::move(made);
  return nullptr;
}

void client_inbox::remove_route(std::uint32_t route) {
  shaped* one = find(route);
  if (one == nullptr) return;
  classifier_->remove_route(route);
  if (one->shaper) {
    const router::shaper_counters& counters = one->shaper->counters();
    conflated_ += counters.conflated;
    sampled_out_ += counters.dropped;
    not_numbers_ += counters.not_numbers;
    std::erase(running_, one);
  }
  shaped_[route].reset();
}

client_inbox::shaped* client_inbox::find(std::uint32_t route) noexcept {
  return route < shaped_.size() ? shaped_[route].get() : nullptr;
}

// -----------------------------------------------------------------------------------------------------
// messages

bool client_inbox::take(message_flags flags, std::span<const std::uint8_t> payload) {
  // A batch that was taken in part comes again, unless its link is gone.
  if (rest_.link != 0 && rest_.link == owner_.core().link()) return take_batch(flags, payload);
  rest_ = {};
  if (flags.binary) {
    messages_++;
    bytes_ += payload.size();
    binary_++;
    if (wants_binary_) hand_up(event_kind::client_message, 0, flags, payload);
    return true;
  }
  const router::classified found = reading().classify(payload);
  if (is_batch(found)) {
    const std::size_t first = router::json::array_member(payload, "payload");
    if (first != 0) {
      rest_ = {.link = owner_.core().link(), .at = first};
      return take_batch(flags, payload);
    }
  }
  return take_one(found, flags, payload);
}

bool client_inbox::is_batch(const router::classified& found) const noexcept {
  return found.what == router::classified::kind::typed && found.type == "batch" &&
         owner_.core().speaks_own_protocol();
}

// Each element is a message of its own, taken once. Where one cannot be taken now, the batch comes again and
// goes on there.
bool client_inbox::take_batch(message_flags flags, std::span<const std::uint8_t> payload) {
  for (bool first = true;; first = false) {
    std::size_t at = rest_.at;
    const std::span<const std::uint8_t> element = router::json::next_element(payload, at);
    if (element.empty()) break;
    if (!first && !owner_.may_take()) return false;
    router::classified found = classifier_->classify(element);
    // A batch in a batch is no message.
    if (is_batch(found)) {
      found = {};
      found.what = router::classified::kind::untyped;
    }
    if (!take_one(found, flags, element)) return false;
    // What stands behind the message that ended the link came too late.
    if (owner_.core().link() != rest_.link) break;
    rest_.at = at;
  }
  rest_ = {};
  return true;
}

bool client_inbox::take_one(const router::classified& found, message_flags flags,
                            std::span<const std::uint8_t> payload) {
  const client::time_ms now = found.routes.empty() ? 0 : owner_.now();
  plain_.clear();
  filled_.clear();
  for (const std::uint32_t route : found.routes) {
    shaped* one = find(route);
    if (one == nullptr) continue;
    if (!one->shaper) {
      plain_.push_back(route);
      continue;
    }
    // Before anything is done: a message is taken by all or by none.
    if (!one->shaper->ready(now)) {
      one->shaper->run(now, *this);
      if (!one->shaper->ready(now)) return false;
    }
    filled_.push_back(one);
  }
  messages_++;
  bytes_ += payload.size();
  if (watching_ && !found.room.empty()) note_position(found);
  if (control(found, flags, payload)) return true;
  switch (found.what) {
    case router::classified::kind::not_json:
      not_json_++;
      if (wants_untyped_) hand_up(event_kind::client_message, 0, flags, payload);
      return true;
    case router::classified::kind::untyped:
      untyped_++;
      if (wants_untyped_) hand_up(event_kind::client_message, 0, flags, payload);
      return true;
    case router::classified::kind::typed:
      break;
  }
  if (wants_asking_ && !found.correlation_id.empty()) hand_up(event_kind::client_message, 0, flags, payload);
  if (plain_.empty() && filled_.empty()) {
    unrouted_++;
    return true;
  }
  routed_++;
  if (!plain_.empty()) deliver(plain_, flags, payload);
  for (shaped* one : filled_) {
    row_.clear();
    for (const std::uint32_t column : one->fields.columns)
      row_.push_back(classifier_->reader().field(column));
    router::route_message message{.text = payload, .ascii = flags.ascii, .columns = row_};
    if (one->keyed) message.key = &classifier_->reader().field(one->fields.key);
    one->shaper->take(message, now, *this);
  }
  return true;
}

bool client_inbox::is_reply(std::string_view type) const noexcept {
  // An error that names a request is its answer, whatever the server speaks.
  const std::string& reply = settings_.routing.reply_type;
  if (reply.empty() || type == reply || type == "error") return true;
  return owner_.core().speaks_own_protocol() && (type == "joined" || type == "left" || type == "resumed" ||
                                                 type == "auth_ok" || type == "auth_error");
}

void client_inbox::expect_replies() {
  if (replies_ || settings_.routing.payload_at.empty()) return;
  replies_ = true;
  payload_ = reading().watch(router::pointer::parse(settings_.routing.payload_at).value);
  error_ = reading().watch(router::pointer::parse(settings_.routing.error_at).value);
  // Routes may have taken all places; who does not see errors does not know that a reply is none.
  if (error_ == router::field_reader::no_field) payload_ = router::field_reader::no_field;
}

// The payload as it stands in the message. Empty: it has none that could be cut out, or the reply is an
// error.
std::span<const std::uint8_t> client_inbox::reply_payload(
    std::string_view type, std::span<const std::uint8_t> message) const noexcept {
  using kind = router::field_value::kind;
  if (!replies_ || type == "error" || type == "auth_error") return {};
  const kind error = classifier_->reader().field(error_).what;
  if (error != kind::missing && error != kind::null) return {};
  const router::field_value& value = classifier_->reader().field(payload_);
  if (value.what == kind::missing || value.what == kind::null || value.what == kind::boolean) return {};
  const auto* const first = reinterpret_cast<const std::uint8_t*>(value.text.data());
  // A string with escapes lies elsewhere.
  if (first < message.data() || first >= message.data() + message.size()) return {};
  const auto at = static_cast<std::size_t>(first - message.data());
  // Of numbers and strings it is known where they end; strings have quotes around them.
  if (value.what == kind::number) return message.subspan(at, value.text.size());
  if (value.what == kind::string) return message.subspan(at - 1, value.text.size() + 2);
  return router::json::value_at(message, at);
}

// Settles what the client itself waits for. A server of another make may use the same names for messages of
// its own: what nobody waits for goes on to the routes, unless the server speaks our protocol.
bool client_inbox::control(const router::classified& found, message_flags flags,
                           std::span<const std::uint8_t> payload) {
  client::client_core& core = owner_.core();
  const bool typed = found.what == router::classified::kind::typed;
  if (!found.correlation_id.empty() && core.has_made_requests() &&
      is_reply(typed ? found.type : std::string_view())) {
    if (const auto token = core.on_reply(found.correlation_id)) {
      const auto part = reply_payload(typed ? found.type : std::string_view(), payload);
      if (part.empty()) {
        hand_up(event_kind::client_reply, *token, flags, payload);
      } else {
        delivered_++;
        owner_.answer(*token, part, flags.ascii);
      }
      return true;
    }
  }
  if (!typed) return false;
  const std::string_view type = found.type;
  // The first letters tell nearly all messages from the few that matter here.
  switch (type.empty() ? '\0' : type.front()) {
    case 'a':
      if (type == "ack") {
        return core.on_ack(found.correlation_id, owner_.now()) || core.speaks_own_protocol();
      }
      if (type == "auth_ok") return core.on_auth(true, {}, owner_.now()) || core.speaks_own_protocol();
      if (type == "auth_error") {
        if (core.on_auth(false, "The server did not accept the token.", owner_.now())) return true;
        break;
      }
      return false;
    case 'h':
      if (type == "heartbeat_ack") return core.on_heartbeat_ack(owner_.microseconds());
      if (type == "heartbeat" && core.speaks_own_protocol()) {
        owner_.reply_control(R"({"type":"heartbeat_ack"})");
        return true;
      }
      return false;
    case 't':
      if (type != "token_expired" || !core.speaks_own_protocol()) return false;
      core.on_token_expired();
      break;
    case 'r':
      // Replies to requests that were given up.
      if (type == "reply" && core.speaks_own_protocol()) return true;
      if (type != "resume_failed") return false;
      break;
    case 'e':
      if (type != "error") return false;
      break;
    default:
      return false;
  }
  if (!core.speaks_own_protocol()) return false;
  owner_.record({.kind = event_kind::client_notice,
                 .client = client_,
                 .aux = static_cast<std::uint32_t>(client_notice::control),
                 .flags = flags,
                 .head = {},
                 .body = payload});
  return true;
}

void client_inbox::hand_up(event_kind kind, std::uint32_t aux, message_flags flags,
                           std::span<const std::uint8_t> payload) {
  delivered_++;
  owner_.record({.kind = kind, .client = client_, .aux = aux, .flags = flags, .head = {}, .body = payload});
}

void client_inbox::deliver(std::span<const std::uint32_t> routes, message_flags flags,
                           std::span<const std::uint8_t> payload) {
  delivered_++;
  client_record what{
      .kind = event_kind::client_message, .client = client_, .flags = flags, .head = {}, .body = payload};
  if (routes.size() == 1) {
    what.route = routes.front();
  } else {
    head_.resize(4 + routes.size() * 4);
    const auto count = static_cast<std::uint32_t>(routes.size());
    std::memcpy(head_.data(), &count, 4);
    std::memcpy(head_.data() + 4, routes.data(), routes.size() * 4);
    what.routes = true;
    what.head = head_;
  }
  owner_.record(what);
}

// ------------------------------------------------------------------------------------------------------
// shapers

void client_inbox::run(client::time_ms now) {
  for (shaped* one : running_) one->shaper->run(now, *this);
}

void client_inbox::flush() {
  for (shaped* one : running_) one->shaper->flush(owner_.now(), *this);
}

client::time_ms client_inbox::next_deadline() const noexcept {
  client::time_ms soonest = 0;
  for (const shaped* one : running_) {
    const client::time_ms next = one->shaper->next_deadline();
    if (next != 0 && (soonest == 0 || next < soonest)) soonest = next;
  }
  return soonest;
}

bool client_inbox::message(std::uint32_t route, std::span<const std::uint8_t> text, bool ascii) {
  client_record what{.kind = event_kind::client_message,
                     .client = client_,
                     .route = route,
                     .flags = {.binary = false, .ascii = ascii},
                     .head = {},
                     .body = text};
  if (!owner_.ready()) return false;
  delivered_++;
  owner_.record(what);
  return true;
}

bool client_inbox::batch(std::uint32_t route, std::span<const std::uint32_t> lengths,
                         std::span<const std::uint8_t> joined, bool ascii) {
  if (!owner_.ready()) return false;
  delivered_++;
  owner_.record({.kind = event_kind::batch,
                 .client = client_,
                 .route = route,
                 .aux = static_cast<std::uint32_t>(lengths.size()),
                 .flags = {.binary = false, .ascii = ascii},
                 .head = {reinterpret_cast<const std::uint8_t*>(lengths.data()), lengths.size_bytes()},
                 .body = joined});
  return true;
}

bool client_inbox::columns(std::uint32_t route, std::uint32_t rows, std::span<const double> values,
                           std::uint32_t not_numbers) {
  if (!owner_.ready()) return false;
  delivered_++;
  const std::uint32_t head[2] = {rows == 0 ? 0 : static_cast<std::uint32_t>(values.size() / rows),
                                 not_numbers};
  owner_.record({.kind = event_kind::columns,
                 .client = client_,
                 .route = route,
                 .aux = rows,
                 .flags = {},
                 .head = {reinterpret_cast<const std::uint8_t*>(head), sizeof(head)},
                 .body = {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()}});
  return true;
}

void client_inbox::publish(client::client_gauges& gauges) const {
  const auto set = [&](client::gauge which, std::uint64_t value) {
    gauges.set(which, static_cast<double>(value));
  };
  std::uint64_t conflated = conflated_, sampled_out = sampled_out_, not_numbers = not_numbers_;
  for (const shaped* one : running_) {
    conflated += one->shaper->counters().conflated;
    sampled_out += one->shaper->counters().dropped;
    not_numbers += one->shaper->counters().not_numbers;
  }
  set(client::gauge::messages_in, messages_);
  set(client::gauge::bytes_in, bytes_);
  set(client::gauge::routed, routed_);
  set(client::gauge::unrouted, unrouted_);
  set(client::gauge::untyped, untyped_);
  set(client::gauge::not_json, not_json_);
  set(client::gauge::binary, binary_);
  set(client::gauge::delivered, delivered_);
  set(client::gauge::conflated, conflated);
  set(client::gauge::sampled_out, sampled_out);
  set(client::gauge::not_numbers, not_numbers);
}

}  // namespace hawser::net
