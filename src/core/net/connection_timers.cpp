// When a connection has to be looked at again, and what is done then: deadlines, heartbeat, idle time.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/net/connection.hpp"
#include "core/net/reactor.hpp"

namespace hawser::net {

void connection::set_deadline(std::int64_t milliseconds) {
  deadline_ = milliseconds > 0 ? reactor_.now() + milliseconds : 0;
  schedule();
}

void connection::schedule() {
  if (phase_ == phase::closed) return;
  std::int64_t next = deadline_ > 0 ? deadline_ : protocol::never;
  const socket_settings& values = settings_->values;
  if (phase_ == phase::open) {
    if (values.heartbeat_interval > 0) {
      // Traffic does not move the timer: it looks once an interval, also while a longer timeout runs.
      next = std::min({next, heartbeat_.next_deadline({values.heartbeat_interval, values.heartbeat_timeout}),
                       reactor_.now() + values.heartbeat_interval});
    }
    if (values.idle_timeout > 0 && !stalled() && close_.may_send())
      next = std::min(next, last_traffic_ + values.idle_timeout);
  }
  if (next == protocol::never) {
    reactor_.cancel(*this);
  } else {
    reactor_.schedule(*this, next);
  }
}

// While we do not read, silence is our own doing: the idle time starts anew with the reading.
void connection::restart_idle() {
  last_traffic_ = reactor_.now();
  if (settings_->values.idle_timeout > 0) schedule();
}

void connection::on_timer() {
  const std::int64_t now = reactor_.now();
  if (deadline_ > 0 && now >= deadline_) {
    deadline_ = 0;
    if (phase_ == phase::open || phase_ == phase::discarding) {
      perform(close_.on({protocol::close_event::kind::timeout}), {}, {});
      return;
    }
    if (self_ == protocol::role::server && phase_ == phase::upgrading) {
      refuse(408, "The upgrade request did not come in time.");
    } else if (phase_ == phase::upgrading && opening_->response && opening_->response->status() != 0) {
      // The answer is known, only its body drags on.
      judge_response(opening_->response->on_eof());
    } else {
      fail_opening({errc::handshake_timeout, 0,
                    phase_ == phase::securing ? "The TLS handshake was not finished in time."
                                              : "The upgrade was not answered in time."});
    }
    return;
  }
  if (phase_ != phase::open) {
    schedule();
    return;
  }
  const socket_settings& values = settings_->values;
  if (traffic_) heartbeat_.on_traffic(last_traffic_);
  traffic_ = false;
  switch (heartbeat_.on_timer({values.heartbeat_interval, values.heartbeat_timeout}, now, stalled())) {
    case protocol::heartbeat::action::send_ping:
      if (close_.may_send()) send_ping();
      break;
    case protocol::heartbeat::action::send_unsolicited_pong:
      if (close_.may_send() && pending_output() == 0) write_frame(protocol::opcode::pong, true, false, {});
      break;
    case protocol::heartbeat::action::dead:
      set_error({errc::heartbeat_timeout, 0, "The peer did not answer a ping in time."});
      perform(close_.on({protocol::close_event::kind::abort}), {}, {});
      return;
    case protocol::heartbeat::action::nothing:
      break;
  }
  if (values.idle_timeout > 0 && !stalled() && close_.may_send() &&
      now >= last_traffic_ + values.idle_timeout) {
    set_error({errc::idle_timeout, 0, "Nothing came from the peer for the idle timeout."});
    close(1000, "idle timeout");
  }
  schedule();
}

void connection::send_ping() {
  std::uint8_t stamp[sizeof(std::int64_t)];
  if (settings_->timed_pings) {
    const std::int64_t now = std::chrono::duration_cast<std::chrono::microseconds>(
                                 std::chrono::steady_clock::now().time_since_epoch())
                                 .count();
    std::memcpy(stamp, &now, sizeof(now));
  }
  write_frame(protocol::opcode::ping, true, false, {stamp, settings_->timed_pings ? sizeof(stamp) : 0});
}

}  // namespace hawser::net
