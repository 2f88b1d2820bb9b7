// The links of a managed client: what the core asks of connections, and what they report.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/bytes.hpp"
#include "core/net/fields.hpp"
#include "core/net/managed_client.hpp"
#include "core/net/reactor.hpp"
#include "core/protocol/http_syntax.hpp"

namespace hawser::net {

namespace {
// Bytes that a link holds before messages wait in the queue.
constexpr std::size_t link_window = 256 * 1024;
// From this size on the connection may mask a payload where it lies; the queue's own must stay as they are.
constexpr std::size_t copy_threshold = 16 * 1024;

template <class T>
T number_of(std::string_view text) {
  T out{};
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' ||
                       byte == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}
}  // namespace

managed_client::link* managed_client::find(std::uint32_t number) {
  const auto found = std::ranges::find(links_, number, &link::number);
  return found == links_.end() ? nullptr : &*found;
}
managed_client::link* managed_client::find_slot(std::uint32_t slot) {
  const auto found =
      std::ranges::find_if(links_, [slot](const link& l) { return l.slot == slot && l.socket != nullptr; });
  return found == links_.end() ? nullptr : &*found;
}

// --------------------------------------------------------------------------------------------- what the core
// asks

std::unique_ptr<connect_settings> managed_client::settings_for(client::endpoint_index endpoint) const {
  auto out = std::make_unique<connect_settings>(settings_->endpoints[endpoint]);
  switch (token_use_) {
    case token_use::query:
      out->target += out->target.find('?') == std::string::npos ? '?' : '&';
      out->target += percent_encoded(token_name_) + '=' + percent_encoded(token_value_);
      break;
    case token_use::header:
      std::erase_if(out->headers, [&](const protocol::header_field& field) {
        return protocol::iequals(field.name, token_name_);
      });
      out->headers.push_back({token_name_, token_value_});
      break;
    case token_use::none:
    case token_use::first_message:
      break;
  }
  return out;
}

void managed_client::dial(std::uint32_t number, client::endpoint_index endpoint) {
  const std::uint32_t slot = reactor_.slots().acquire();
  link made{.number = number, .slot = slot, .socket = nullptr, .end = {}};
  if (slot == slot_table::none) {
    made.end.error = {errc::too_many_connections, 0, "No connection slot is left."};
    links_.push_back(std::move(made));
    ended_.push_back(number);
    mark();
    return;
  }
  auto& shared = shared_[endpoint];
  if (!shared) {
    auto one = std::make_shared<shared_settings>(settings_->endpoints[endpoint].socket,
                                                 protocol::role::client, reactor_.budget(), *this);
    one->timed_pings = true;
    shared = std::move(one);
  }
  connection* socket = reactor_.add(slot, protocol::role::client, shared);
  socket->set_interest(false, true);
  made.socket = socket;
  links_.push_back(std::move(made));
  // It may end within the call; its end is heard in the next settle().
  socket->dial(settings_for(endpoint));
}

void managed_client::close(std::uint32_t number, std::uint16_t code, std::string_view reason) {
  link* one = find(number);
  if (one == nullptr || one->socket == nullptr) return;
  one->socket->close(code, reason);
  // It may wait for the program's first turn still; unread, the peer's answer would never be heard.
  if (!started_) one->socket->on_room();
}

void managed_client::drop(std::uint32_t number) {
  link* one = find(number);
  if (one == nullptr || one->dropped) return;
  one->dropped = true;
  if (one->socket == nullptr) return;
  // An open one says goodbye by itself; what it still receives is not read. Not so one that has messages
  // left: the core sends them again on the next link, and they must not go out twice.
  // At the client's end there is no next link, and what is left is no message, or came too late.
  const bool leaves = disposing_ && !core_.leave_expired(now());
  if (one->open && (leaves || one->socket->waiting_output() == 0)) {
    one->socket->close(1000, {});
    if (!started_) one->socket->on_room();
  } else {
    one->socket->terminate();
  }
}

void managed_client::send(std::uint32_t number, std::span<const std::uint8_t> payload, bool binary,
                          bool compress) {
  link* one = find(number);
  if (one == nullptr || one->socket == nullptr) return;
  const send_flags flags{.binary = binary, .compress = compress, .notify = true};
  if (payload.size() < copy_threshold) {
    one->socket->send({const_cast<std::uint8_t*>(payload.data()), payload.size()}, flags);
    return;
  }
  std::vector<std::uint8_t>& scratch = reactor_.client_scratch();
  scratch.assign(payload.begin(), payload.end());
  one->socket->send(scratch, flags);
  reactor_.trim(scratch);
}

void managed_client::send_control(std::uint32_t number, std::string_view text, bool binary) {
  link* one = find(number);
  if (one == nullptr || one->socket == nullptr) return;
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  one->socket->send(bytes, {.binary = binary});
}

void managed_client::say(std::uint32_t number, std::span<const std::uint8_t> frames) {
  static constexpr std::uint32_t binary_bit = 0x8000'0000;
  const link* one = find(core_.link());
  if (one == nullptr || one->socket == nullptr || one->dropped) return;
  if (number != 0 && number != one->number) return;
  while (frames.size() >= sizeof(std::uint32_t)) {
    std::uint32_t head = 0;
    std::memcpy(&head, frames.data(), sizeof(head));
    frames = frames.subspan(sizeof(head));
    const std::size_t size = std::min<std::size_t>(head & ~binary_bit, frames.size());
    std::vector<std::uint8_t> bytes(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(size));
    one->socket->send(bytes, {.binary = (head & binary_bit) != 0});
    frames = frames.subspan(size);
  }
  mark();
}

void managed_client::reply_control(std::string_view text) { send_control(core_.link(), text, false); }

std::size_t managed_client::room(std::uint32_t number) {
  const link* one = find(number);
  if (one == nullptr || one->socket == nullptr) return 0;
  const std::size_t waiting = one->socket->waiting_output();
  return waiting < link_window ? link_window - waiting : 0;
}

// ----------------------------------------------------------------------------------------- what connections
// report

bool managed_client::message(std::uint32_t slot, message_flags flags, std::span<const std::uint8_t> payload) {
  if (!held_.empty()) return false;
  const link* one = find_slot(slot);
  if (one == nullptr || one->dropped) return true;
  if (!may_take()) return false;
  mark();
  if (reactor_.has_slack(payload.data())) return inbox_.take(flags, payload);
  // Inflated, put together from fragments, or held: it lies in memory of its own.
  std::vector<std::uint8_t>& scratch = reactor_.client_scratch();
  scratch.resize(payload.size() + reactor::slack);
  std::memcpy(scratch.data(), payload.data(), payload.size());
  const bool taken = inbox_.take(flags, {scratch.data(), payload.size()});
  reactor_.trim(scratch);
  return taken;
}

bool managed_client::owned_message(std::uint32_t slot, message_flags flags,
                                   std::vector<std::uint8_t>& payload) {
  if (!message(slot, flags, payload)) return false;
  payload.clear();
  return true;
}

bool managed_client::event(event_kind kind, std::uint32_t slot, std::uint32_t aux,
                           std::span<const std::uint8_t> payload) {
  link* one = find_slot(slot);
  if (one == nullptr) return true;
  switch (kind) {
    case event_kind::open:
      if (!one->dropped) on_open(*one, text_of(payload));
      break;
    case event_kind::response:
      on_response(*one, aux, text_of(payload));
      break;
    case event_kind::error: {
      std::string_view fields = text_of(payload);
      one->end.error.code = static_cast<errc>(aux);
      one->end.error.system = number_of<int>(next_field(fields));
      one->end.error.detail = next_field(fields);
      break;
    }
    case event_kind::close:
      on_close(*one, aux, text_of(payload));
      break;
    case event_kind::sent:
      if (!one->dropped) core_.link_flushed(one->number, aux, now());
      mark();
      break;
    case event_kind::pong:
      if (!one->dropped && payload.size() == sizeof(std::int64_t)) {
        std::int64_t sent = 0;
        std::memcpy(&sent, payload.data(), sizeof(sent));
        const std::int64_t took = microseconds() - sent;
        // Its own pings only: a pong that nobody asked for may hold anything.
        if (took >= 0 && took < 3'600'000'000) core_.on_pong(took);
      }
      break;
    default:
      break;
  }
  return true;
}

void managed_client::on_open(link& of, std::string_view fields) {
  of.open = true;
  const std::uint32_t number = of.number;
  core_.link_opened(number, next_field(fields), now());
  if (settings_->gated && core_.link() == number) {
    std::array<std::uint8_t, sizeof(number)> payload;
    std::memcpy(payload.data(), &number, sizeof(number));
    notice(client_notice::opened, payload);
  }
  mark();
}

// Status and Retry-After of an answer that is no 101.
void managed_client::on_response(link& of, std::uint32_t status, std::string_view fields) {
  of.end.http_status = static_cast<int>(status);
  next_field(fields);
  const auto count = number_of<std::size_t>(next_field(fields));
  for (std::size_t i = 0; i < count; i++) {
    const std::string_view name = next_field(fields);
    const std::string_view value = next_field(fields);
    if (!protocol::iequals(name, "retry-after")) continue;
    // A date would need the server's clock; seconds are what servers send.
    of.end.retry_after = number_of<client::time_ms>(value) * 1000;
  }
}

void managed_client::on_close(link& of, std::uint32_t aux, std::string_view reason) {
  of.end.close_code = static_cast<std::uint16_t>(aux);
  of.end.close_reason = reason;
  // A close frame of the peer's is the better word than an error of the stream behind it.
  if ((aux >> 16) != 0) of.end.error = {};
  of.socket = nullptr;
  of.open = false;
  ended_.push_back(of.number);
  mark();
}

}  // namespace hawser::net
