// Closing a connection (RFC 6455 §5.5.1, §7): the close frame's payload and the close handshake as a state
// machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/error.hpp"
#include "core/protocol/frame.hpp"
#include "core/protocol/violation.hpp"

namespace hawser::protocol {

// Codes that exist only in reports and never on the wire (RFC 6455 §7.4.1).
inline constexpr std::uint16_t close_no_status = 1005;
inline constexpr std::uint16_t close_abnormal = 1006;

inline constexpr std::size_t max_close_reason = max_control_payload - 2;

// Codes that a peer may send: 1000-1003, 1007-1014, 3000-4999.
constexpr bool is_receivable_close_code(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

// Codes that we may put on the wire: the same set. close_no_status stands for a frame without payload and is
// accepted by write_close_payload() and close_event in addition.
constexpr bool is_sendable_close_code(std::uint16_t code) noexcept { return is_receivable_close_code(code); }

struct close_payload {
  std::uint16_t code = close_no_status;
  std::string_view reason;  // points into the parsed bytes
  violation error = violation::none;
};

// An empty payload is valid and reads as close_no_status. Errors: bad_close_payload (a single byte, a code
// that is not receivable), invalid_utf8 (in the reason).
close_payload parse_close_payload(std::span<const std::uint8_t> payload) noexcept;

// Writes code and reason into `out`, which has room for max_control_payload bytes; returns the bytes written:
// 0 for close_no_status. A reason above max_close_reason bytes is cut at a character boundary.
std::size_t write_close_payload(std::uint8_t* out, std::uint16_t code, std::string_view reason) noexcept;

struct close_event {
  enum class kind : std::uint8_t {
    local_close,    // our user closes with `code`
    remote_close,   // a valid close frame with `code` (close_no_status when empty) came in
    transport_eof,  // the peer's FIN, or a transport error: nothing more will arrive
    timeout,        // the deadline of the last wait passed
    failure,        // we fail the connection (RFC 6455 §7.1.7) and tell the peer `code`
    abort,          // our user terminates: no frames, no waiting
  } what;
  std::uint16_t code = close_no_status;
};

// What the shell does, in the order of the members. All false: nothing, the event changed nothing.
struct close_action {
  enum class wait : std::uint8_t {
    none,
    peer_close,  // for the peer's close frame
    peer_fin,    // for the end of the stream
  };
  bool send_close =
      false;  // a close frame with send_code (close_no_status: no payload) behind all queued data
  bool shutdown_write = false;  // once all is flushed: TCP FIN, after a TLS close_notify
  wait until = wait::none;      // set a deadline, deliver `timeout` when it passes; replaces the previous one
  bool discard_input = false;   // from now on read only to notice the end of the stream
  bool close_transport = false;  // now
  bool report = false;           // to the user, exactly once, the last action of a connection
  bool was_clean = false;        // with report: both close frames were exchanged
  bool remote_reason = false;    // with report: the reason is the one that came with remote_close, else ""
  std::uint16_t send_code = close_no_status;
  std::uint16_t code = close_abnormal;  // with report
  errc error = errc::none;  // with report: close_timeout or connection_lost where that is the cause
};

enum class close_state : std::uint8_t {
  open,
  close_sent,      // our frame is out, the peer's is due
  close_received,  // both frames exchanged (or the connection failed); the stream's end is due
  done,
};

// The server ends the stream first (RFC 6455 §7.1.1): it sends FIN once both frames are exchanged and lingers
// for the peer's, so that unread input does not turn the goodbye into a reset. The client waits for the
// server's FIN.
class close_handshake {
 public:
  explicit close_handshake(role self) noexcept : self_(self) {}

  close_action on(close_event event) noexcept;

  close_state state() const noexcept { return state_; }
  // Data frames may still be sent: no close frame is out and the connection did not fail.
  bool may_send() const noexcept { return state_ == close_state::open; }
  // Data frames that arrive still reach the user: the peer's close frame is not in and the connection did not
  // fail.
  bool may_receive() const noexcept {
    return state_ == close_state::open || state_ == close_state::close_sent;
  }

 private:
  close_action on_local(std::uint16_t code) noexcept;
  close_action on_remote(std::uint16_t code) noexcept;
  close_action on_failure(std::uint16_t code) noexcept;
  close_action finish(errc why) noexcept;

  role self_;
  close_state state_ = close_state::open;
  bool remote_seen_ = false;
  std::uint16_t remote_code_ = close_abnormal;
};

static_assert(sizeof(close_handshake) <= 16);

}  // namespace hawser::protocol
