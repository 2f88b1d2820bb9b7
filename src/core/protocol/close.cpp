// Close frames and the close handshake.
#include "core/protocol/close.hpp"

#include <cstring>

#include "core/protocol/utf8.hpp"

namespace hawser::protocol {

close_payload parse_close_payload(std::span<const std::uint8_t> payload) noexcept {
  close_payload result;
  if (payload.empty()) return result;
  if (payload.size() == 1) {
    result.error = violation::bad_close_payload;
    return result;
  }
  const auto code = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
  if (!is_receivable_close_code(code)) {
    result.error = violation::bad_close_payload;
    return result;
  }
  const auto text = payload.subspan(2);
  if (!valid_utf8(text.data(), text.size())) {
    result.error = violation::invalid_utf8;
    return result;
  }
  result.code = code;
  result.reason = {reinterpret_cast<const char*>(text.data()), text.size()};
  return result;
}

std::size_t write_close_payload(std::uint8_t* out, std::uint16_t code, std::string_view reason) noexcept {
  if (code == close_no_status) return 0;
  std::size_t n = reason.size();
  if (n > max_close_reason) {
    n = max_close_reason;
    while (n > 0 && (static_cast<std::uint8_t>(reason[n]) & 0xC0) == 0x80) --n;
  }
  out[0] = static_cast<std::uint8_t>(code >> 8);
  out[1] = static_cast<std::uint8_t>(code);
  if (n != 0) std::memcpy(out + 2, reason.data(), n);
  return 2 + n;
}

close_action close_handshake::on(close_event event) noexcept {
  if (state_ == close_state::done) return {};
  switch (event.what) {
    case close_event::kind::local_close:
      return on_local(event.code);
    case close_event::kind::remote_close:
      return on_remote(event.code);
    case close_event::kind::failure:
      return on_failure(event.code);
    case close_event::kind::transport_eof:
      return finish(errc::connection_lost);
    case close_event::kind::timeout:
      // A timer that fires in `open` was cancelled too late: no wait was ever asked for.
      return state_ == close_state::open ? close_action{} : finish(errc::close_timeout);
    case close_event::kind::abort:
      return finish(errc::none);
  }
  return {};
}

close_action close_handshake::on_local(std::uint16_t code) noexcept {
  if (state_ != close_state::open) return {};
  state_ = close_state::close_sent;
  close_action action;
  action.send_close = true;
  action.send_code = code;
  action.until = close_action::wait::peer_close;
  return action;
}

close_action close_handshake::on_remote(std::uint16_t code) noexcept {
  if (!may_receive()) return {};
  close_action action;
  if (state_ == close_state::open) {
    action.send_close = true;
    action.send_code = code;
  }
  state_ = close_state::close_received;
  remote_seen_ = true;
  remote_code_ = code;
  action.shutdown_write = self_ == role::server;
  action.until = close_action::wait::peer_fin;
  action.discard_input = true;
  return action;
}

close_action close_handshake::on_failure(std::uint16_t code) noexcept {
  // Bytes behind the peer's close frame are ignored, whatever they are.
  if (!may_receive()) return {};
  close_action action;
  if (state_ == close_state::open) {
    action.send_close = true;
    action.send_code = code;
  }
  state_ = close_state::close_received;
  action.shutdown_write = true;
  action.until = close_action::wait::peer_fin;
  action.discard_input = true;
  return action;
}

// After both frames the end of the stream is the expected one, however it comes about.
close_action close_handshake::finish(errc why) noexcept {
  close_action action;
  action.close_transport = true;
  action.report = true;
  action.code = remote_code_;
  action.was_clean = remote_seen_;
  action.remote_reason = remote_seen_;
  if (state_ == close_state::open || state_ == close_state::close_sent) action.error = why;
  state_ = close_state::done;
  return action;
}

}  // namespace hawser::protocol
