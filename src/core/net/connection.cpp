// Life cycle of a connection: events to the sink, close handshake.
#include "core/net/connection.hpp"

#include <boost/asio/error.hpp>

#include "core/bytes.hpp"
#include "core/net/reactor.hpp"
#include "core/net/replay_queue.hpp"
#include "core/net/system_error.hpp"

namespace hawser::net {

shared_settings::shared_settings(const socket_settings& v, protocol::role self,
                                 protocol::memory_budget& budget, connection_events& to)
    : values(v),
      events(to),
      plain{.self = self, .deflate = false, .max_payload = v.max_payload, .budget = &budget},
      deflated{.self = self, .deflate = true, .max_payload = v.max_payload, .budget = &budget} {}

connection::connection(reactor& owner, std::uint32_t slot, protocol::role self,
                       std::shared_ptr<const shared_settings> settings)
    : reactor_(owner),
      transport_(owner, *this),
      settings_(std::move(settings)),
      slot_(slot),
      self_(self),
      close_(self),
      heartbeat_(owner.now()),
      last_traffic_(owner.now()) {
  owner.count().opened.add(1);
}

connection::rare::rare() = default;
connection::rare::~rare() = default;

connection::~connection() { reactor_.count().closed.add(1); }

connection::rare& connection::extra() {
  if (!extra_) extra_ = std::make_unique<rare>();
  return *extra_;
}

// ------------------------------------------------------------------------------------------------ events to
// the sink

void connection::raise(std::uint16_t event) {
  pending_ |= event;
  if (!blocked_) deliver_pending();
}

// Delivers what is pending, in the order of the bits. Nothing but the bits and their details is stored, so an
// event never needs memory that may be missing.
bool connection::deliver_pending() {
  connection_events& sink = settings_->events;
  while (pending_ != 0) {
    const auto bit = static_cast<std::uint16_t>(pending_ & (~pending_ + 1));
    // The end waits for messages that are still held.
    if (bit >= pending_error && held_ && !finished_) return true;
    bool done = true;
    switch (bit) {
      case pending_open:
        done = sink.event(event_kind::open, slot_, 0, bytes_of(extra().detail));
        break;
      case pending_upgrade:
        done = sink.event(event_kind::upgrade, slot_, server_->id(), bytes_of(extra().detail));
        break;
      case pending_connection:
        done = sink.event(event_kind::connection, slot_, server_->id(), bytes_of(extra().detail));
        break;
      case pending_response:
        done = sink.event(event_kind::response, slot_, extra().detail_aux, bytes_of(extra().detail));
        break;
      case pending_drain:
        done = sink.event(event_kind::drain, slot_, 0, {});
        break;
      case pending_sent:
        done = sink.event(event_kind::sent, slot_, extra().sent, {});
        if (done) extra().sent = 0;
        break;
      case pending_pipe_ack:
        done = sink.event(event_kind::pipe_ack, slot_, pipe_taken(), {});
        if (done) extra().pipe_consumed -= pipe_taken();
        break;
      case pending_pipe_end:
        done = sink.event(event_kind::pipe_end, slot_, extra().pipe_end_broken ? 1 : 0, {});
        break;
      case pending_error: {
        const error_info& error = extra().error;
        std::string fields = std::to_string(error.system) + '\n' + error.detail;
        done = sink.event(event_kind::error, slot_, static_cast<std::uint32_t>(error.code), bytes_of(fields));
        break;
      }
      default:
        done = sink.event(event_kind::close, slot_, extra().close_aux, bytes_of(extra().close_reason));
        break;
    }
    if (!done) {
      block();
      return false;
    }
    pending_ &= static_cast<std::uint16_t>(~bit);
    if ((bit & (pending_open | pending_upgrade | pending_connection | pending_response)) != 0) {
      extra_->detail = std::string();
      if (extra_->idle()) extra_.reset();
    }
    if (bit == pending_close) {
      finished_ = true;
      reactor_.bury(*this);
    }
  }
  return true;
}

void connection::block() {
  if (!blocked_) heartbeat_.on_pause(reactor_.now());
  blocked_ = true;
  reactor_.mark_blocked(*this);
}

void connection::on_room() {
  if (!blocked_) return;
  blocked_ = false;
  if (!paused_) heartbeat_.on_resume(reactor_.now());
  if (!deliver_pending() || finished_) return;
  if (pipe_) reactor_.mark_dirty(*this);
  if (paused_) return;
  restart_idle();
  replay_held();
  arm_read();
}

void connection::set_error(error_info error) {
  if (!error || (extra_ && extra_->error)) return;
  // The detail travels as one line.
  for (char& c : error.detail) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  extra().error = std::move(error);
}

// ---------------------------------------------------------------------------------------------------- close

void connection::perform(const protocol::close_action& action, std::string_view send_reason,
                         std::string_view remote_reason) {
  if (remote_reason.data() != nullptr) extra().close_reason.assign(remote_reason);
  if (action.send_close && transport_open_ && upgraded_) {
    std::uint8_t payload[protocol::max_control_payload];
    const std::size_t size = protocol::write_close_payload(payload, action.send_code, send_reason);
    write_frame(protocol::opcode::close, true, false, {payload, size});
  }
  if (action.discard_input && phase_ != phase::closed) {
    phase_ = phase::discarding;
    decoder_.release();
    if (paused_ || blocked_) arm_read();
  }
  if (action.until != protocol::close_action::wait::none) set_deadline(settings_->values.close_timeout);
  if (action.shutdown_write) {
    shutdown_pending_ = true;
    reactor_.mark_dirty(*this);
  }
  if (action.close_transport) close_transport();
  if (action.report) {
    if (action.error != errc::none) {
      set_error({action.error, 0,
                 action.error == errc::close_timeout ? "The peer did not answer the close frame in time."
                                                     : "The stream ended without a close frame."});
    }
    if (!action.remote_reason && extra_) extra_->close_reason.clear();
    extra().close_aux = action.code | (action.was_clean ? 1u << 16 : 0u);
    if (visible_) {
      raise(static_cast<std::uint16_t>(pending_close | (extra_->error ? pending_error : 0)));
    } else {
      end_hidden();
    }
  }
}

void connection::end_hidden() {
  if (finished_) return;
  close_transport();
  finished_ = true;
  reactor_.release(slot_);
  reactor_.bury(*this);
}

// The connection breaks a rule: tell the peer and end.
void connection::fail(error_info error, std::uint16_t close_code) {
  if (phase_ == phase::closed) return;
  std::string reason = error.detail;
  if (close_.state() == protocol::close_state::open || close_.state() == protocol::close_state::close_sent) {
    set_error(std::move(error));
  }
  perform(close_.on({protocol::close_event::kind::failure, close_code}), reason, {});
}

// It never got open.
void connection::fail_opening(error_info error) {
  if (phase_ == phase::closed) return;
  set_error(std::move(error));
  // What came behind the request is nobody's any more, and the end waits for nothing that is held.
  held_.reset();
  perform(close_.on({protocol::close_event::kind::abort}), {}, {});
}

void connection::close(std::uint16_t code, std::string_view reason) {
  if (phase_ == phase::closed) return;
  if (phase_ != phase::open && phase_ != phase::discarding) {
    fail_opening({errc::aborted, 0, "The connection was closed before it was established."});
    return;
  }
  // What was sent before the close goes out before it.
  if (replaying()) pump_replay(SIZE_MAX);
  perform(close_.on({protocol::close_event::kind::local_close, code == 0 ? protocol::close_no_status : code}),
          reason, {});
}

void connection::terminate() {
  held_.reset();
  if (phase_ == phase::dialing || phase_ == phase::securing || phase_ == phase::upgrading) {
    fail_opening({errc::aborted, 0, "The connection was ended before it was established."});
  } else {
    perform(close_.on({protocol::close_event::kind::abort}), {}, {});
  }
  // The end may have been waiting for messages that are gone now.
  if (!blocked_) deliver_pending();
}

void connection::shutdown_server() {
  if (phase_ == phase::open) {
    close(1001, "server shutting down");
  } else if (phase_ == phase::carrying) {
    // JavaScript ends it, behind what it has to say.
  } else if (phase_ != phase::discarding && phase_ != phase::closed) {
    fail_opening({errc::aborted, 0, "The server was closed."});
  }
}

void connection::close_transport() {
  if (phase_ == phase::closed) return;
  phase_ = phase::closed;
  reactor_.cancel(*this);
  if (opening_ && opening_->dial) opening_->dial->cancel();
  opening_.reset();
  if (server_ != nullptr) {
    if (above_mark_) server_->note_above(false);
    above_mark_ = false;
    server_->topics().leave_all(*this);
    note_buffered(0);
  }
  gate_.reset();
  if (pipe_ && transport_open_ && !(shutdown_done_ && input_ended_)) {
    // The stream has not ended both ways: it is destroyed.
    extra().pipe_end_broken = true;
    raise(pending_pipe_end);
  }
  transport_open_ = false;
  transport_.close();
  tls_.reset();
  deflate_.reset();
  reactor_.give_buffer(std::move(out_));
  if (extra_) {
    extra_->cipher.free();
    extra_->replay.reset();
  }
}

// End of stream, or an error that ends it.
void connection::transport_ended(error_info error) {
  if (phase_ == phase::closed) return;
  input_ended_ = true;
  if (held_ && (held_->has_message || !held_->plain.empty() || !held_->cipher.empty())) {
    // What came before the end is delivered first.
    held_->ended = true;
    held_->end_error = std::move(error);
    return;
  }
  // The peer may have ended only its own direction, and what waits here, a close frame say, is still due to
  // it.
  if (has_output() && !write_failed_) flush();
  if (phase_ == phase::closed) return;
  if (phase_ == phase::carrying && !error) {
    // What it has asked for is still due to it: JavaScript ends the connection behind its answers.
    raise(pending_pipe_end);
    return;
  }
  if (phase_ != phase::open && phase_ != phase::discarding) {
    if (error.code == errc::none || error.code == errc::connection_lost) {
      error.code = errc::connection_reset;
      error.detail = "The peer ended the stream during the handshake.";
    }
    fail_opening(std::move(error));
    return;
  }
  if (error.code != errc::none && close_.may_send()) set_error(std::move(error));
  perform(close_.on({protocol::close_event::kind::transport_eof}), {}, {});
}

// ------------------------------------------------------------------------------------------- small commands

void connection::pause() {
  if (paused_) return;
  paused_ = true;
  if (!blocked_) heartbeat_.on_pause(reactor_.now());
}

void connection::resume() {
  if (!paused_) return;
  paused_ = false;
  if (blocked_) return;
  heartbeat_.on_resume(reactor_.now());
  restart_idle();
  replay_held();
  arm_read();
}

void connection::set_interest(bool ping, bool pong) noexcept {
  wants_ping_ = ping;
  wants_pong_ = pong;
}

void connection::subscribe(std::string_view name) {
  if (server_ != nullptr && phase_ == phase::open) server_->topics().subscribe(*this, name);
}
void connection::unsubscribe(std::string_view name) {
  if (server_ != nullptr) server_->topics().unsubscribe(*this, name);
}

}  // namespace hawser::net
