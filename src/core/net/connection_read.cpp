// Input of a connection: from readable bytes to delivered messages.
#include <boost/asio/error.hpp>

#include "core/net/connection.hpp"
#include "core/net/reactor.hpp"
#include "core/net/system_error.hpp"
#include "core/protocol/utf8.hpp"

namespace hawser::net {

namespace {
std::span<std::uint8_t> span_of(std::vector<std::uint8_t>& bytes) { return {bytes.data(), bytes.size()}; }
}  // namespace

void connection::arm_read() {
  if (transport_.awaits_input() || pipe_ || !transport_open_ || input_ended_) return;
  // While the user decides on an upgrade, and while input is held, the kernel keeps what arrives. After the
  // close handshake input is only discarded, so neither matters.
  if (phase_ != phase::discarding && (stalled() || held_ || phase_ == phase::deciding)) return;
  transport_.await_input();
}

void connection::on_readable() {
  if (!transport_open_ || (stalled() && phase_ != phase::discarding)) return;
  if (!reactor_.may_read(*this)) return;
  reactor_.expects_delivery();
  boost::system::error_code ec;
  const std::size_t n = transport_.read(reactor_.read_buffer(), reactor::read_size, ec);
  reactor_.count().reads.add(1);
  if (ec == boost::asio::error::would_block || ec == boost::asio::error::try_again) {
    arm_read();
    return;
  }
  if (ec) {
    on_end(ec == boost::asio::error::eof ? error_info{} : to_error(ec, error_stage::established));
    return;
  }
  reactor_.has_read(n);
  reactor_.count().bytes_in.add(n);
  on_bytes({reactor_.read_buffer(), n});
  reactor_.delivered_early();
  arm_read();
}

void connection::on_end(error_info error) {
  input_ended_ = true;
  if (tls_ && !error && phase_ != phase::discarding) {
    if (tls_->end_of_stream() == tls_session::status::failed) {
      error = tls_->error();
      // A peer that ends TCP without close_notify after a close frame is common and harmless.
      if (error.code == errc::connection_lost) error = {};
    }
  }
  if (phase_ == phase::upgrading && opening_ && opening_->response && opening_->response->status() != 0) {
    // An answer without a length ends with the stream.
    judge_response(opening_->response->on_eof());
    return;
  }
  transport_ended(std::move(error));
}

void connection::on_bytes(std::span<std::uint8_t> bytes) {
  last_traffic_ = reactor_.now();
  traffic_ = true;
  if (tls_) {
    feed_tls(bytes);
  } else {
    on_plain(bytes);
  }
}

void connection::feed_tls(std::span<const std::uint8_t> cipher) {
  for (;;) {
    std::vector<std::uint8_t>& answer = reactor_.cipher_scratch();
    answer.clear();
    std::size_t size = 0;
    const bool was_secure = tls_->handshake_done();
    const auto status = tls_->receive(cipher, reactor_.plain_buffer(), reactor::plain_size, size, answer);
    if (!answer.empty()) append_cipher(answer);
    if (!was_secure && tls_->handshake_done()) on_secure();
    if (size > 0) on_plain({reactor_.plain_buffer(), size});
    if (!transport_open_) return;
    if (status == tls_session::status::failed) {
      flush();
      on_end(tls_->error());
      return;
    }
    if (status == tls_session::status::closed) {
      on_end({});
      return;
    }
    if (cipher.empty() && !tls_->pending()) return;
    if (phase_ != phase::discarding && (held_ || stalled() || phase_ == phase::deciding)) {
      hold().cipher.assign(cipher.begin(), cipher.end());
      return;
    }
  }
}

void connection::on_plain(std::span<std::uint8_t> plain) {
  if (phase_ == phase::upgrading) {
    if (self_ == protocol::role::server) {
      upgrade_server(plain);
    } else {
      upgrade_client(plain);
    }
  }
  if (plain.empty()) return;
  if (phase_ == phase::open && !stalled()) {
    decode(plain);
  } else if (phase_ == phase::carrying) {
    carry_up(plain);
  } else if (phase_ == phase::open || phase_ == phase::deciding) {
    hold().plain.assign(plain.begin(), plain.end());
  }
}

void connection::decode(std::span<std::uint8_t> input) {
  const protocol::decoder_settings& settings = deflate_ ? settings_->deflated : settings_->plain;
  for (;;) {
    const protocol::decoded what = decoder_.next(input, settings);
    switch (what.what) {
      case protocol::decoded::kind::need_more:
        return;
      case protocol::decoded::kind::message:
        if (!deliver(what)) {
          if (phase_ == phase::open && !input.empty()) hold().plain.assign(input.begin(), input.end());
          return;
        }
        break;
      case protocol::decoded::kind::ping:
      case protocol::decoded::kind::pong:
        on_control(what);
        if (stalled()) {
          if (!input.empty()) hold().plain.assign(input.begin(), input.end());
          return;
        }
        break;
      case protocol::decoded::kind::close:
        on_close_frame(what.payload);
        return;
      case protocol::decoded::kind::error:
        fail({protocol::errc_of(what.why), 0, protocol::text_of(what.why)},
             protocol::close_code_of(what.why));
        return;
    }
  }
}

// False: the message could not be delivered now and is held, or the connection failed.
bool connection::deliver(const protocol::decoded& what) {
  const message_flags flags{.binary = what.op == protocol::opcode::binary, .ascii = what.ascii};
  const bool screened = server_ != nullptr && server_->screens();
  if (what.compressed || screened) return deliver_reviewed(what, flags, screened);
  reactor_.count().messages_in.add(1);
  return hand_over(what, what.payload, flags);
}

// The same for what has to be inflated, or is told to the server first.
bool connection::deliver_reviewed(const protocol::decoded& what, message_flags flags, bool screened) {
  std::span<const std::uint8_t> payload = what.payload;
  std::vector<std::uint8_t>& scratch = reactor_.inflate_scratch();
  // What is refused anyway is not inflated, unless what follows refers to it.
  const bool refused = what.compressed && screened && !deflate_->inflate && sends_too_much();
  if (what.compressed && !refused) {
    if (!inflate(what, scratch, flags)) return false;
    payload = scratch;
  }
  reactor_.count().messages_in.add(1);
  if (screened && screen(refused ? std::span<const std::uint8_t>() : payload, flags)) {
    let_go(what);
    return phase_ == phase::open;
  }
  // Meanwhile another connection has given a token back.
  if (refused) {
    if (!inflate(what, scratch, flags)) return false;
    payload = scratch;
  }
  return hand_over(what, payload, flags);
}

bool connection::hand_over(const protocol::decoded& what, std::span<const std::uint8_t> payload,
                           message_flags flags) {
  connection_events& sink = settings_->events;
  if (payload.size() > sink.owned_threshold()) return hand_over_owned(what, payload, flags);
  if (!sink.message(slot_, flags, payload)) {
    put_aside(what, {payload.begin(), payload.end()}, flags);
    return false;
  }
  let_go(what);
  return true;
}

bool connection::hand_over_owned(const protocol::decoded& what, std::span<const std::uint8_t> payload,
                                 message_flags flags) {
  std::vector<std::uint8_t> owned;
  if (what.compressed) {
    owned.swap(reactor_.inflate_scratch());
  } else if (decoder_.payload_is_owned()) {
    owned = decoder_.take_assembly();
  } else {
    owned.assign(payload.begin(), payload.end());
  }
  if (!settings_->events.owned_message(slot_, flags, owned)) {
    put_aside(what, std::move(owned), flags);
    return false;
  }
  let_go(what);
  return true;
}

// The memory of a message that was handed over.
void connection::let_go(const protocol::decoded& what) {
  decoder_.release();
  if (what.compressed) reactor_.trim(reactor_.inflate_scratch());
}

// There is no room for it now.
void connection::put_aside(const protocol::decoded& what, std::vector<std::uint8_t> message,
                           message_flags flags) {
  let_go(what);
  held_input& held = hold();
  held.has_message = true;
  held.flags = flags;
  held.message = std::move(message);
  block();
}

bool connection::inflate(const protocol::decoded& what, std::vector<std::uint8_t>& out,
                         message_flags& flags) {
  protocol::inflater& inflater =
      deflate_->inflate ? *deflate_->inflate : reactor_.shared_inflater(deflate_->agreed.inflate_bits(self_));
  protocol::violation why = protocol::violation::none;
  const std::size_t limit = settings_->values.max_payload;
  if (inflater.inflate_message(what.payload, out, limit, why)) {
    if (what.op == protocol::opcode::binary) return true;
    flags.ascii = protocol::is_ascii(out.data(), out.size());
    if (flags.ascii || protocol::valid_utf8(out.data(), out.size())) return true;
    why = protocol::violation::invalid_utf8;
  }
  fail({protocol::errc_of(why), 0, protocol::text_of(why)}, protocol::close_code_of(why));
  return false;
}

void connection::on_control(const protocol::decoded& what) {
  const bool is_ping = what.what == protocol::decoded::kind::ping;
  if (is_ping && close_.may_send()) {
    // A peer that pings but does not read gets the latest answer only (RFC 6455 §5.5.3).
    if (pending_output() < settings_->values.high_water_mark) {
      write_frame(protocol::opcode::pong, true, false, what.payload);
    } else {
      extra().pong.assign(what.payload.begin(), what.payload.end());
      extra().pong.push_back(0);
    }
  }
  if (is_ping ? !wants_ping_ : !wants_pong_) return;
  // An application that listens to pings gets those for which there is room; none of them carries a message.
  settings_->events.event(is_ping ? event_kind::ping : event_kind::pong, slot_, 0, what.payload);
}

void connection::on_close_frame(std::span<const std::uint8_t> payload) {
  const protocol::close_payload parsed = protocol::parse_close_payload(payload);
  if (parsed.error != protocol::violation::none) {
    fail({protocol::errc_of(parsed.error), 0, protocol::text_of(parsed.error)},
         protocol::close_code_of(parsed.error));
    return;
  }
  const std::string reason(parsed.reason);
  perform(close_.on({protocol::close_event::kind::remote_close, parsed.code}), {}, reason);
}

connection::held_input& connection::hold() {
  if (!held_) held_ = std::make_unique<held_input>();
  return *held_;
}

// Goes on where the input was put aside.
void connection::replay_held() {
  if (!held_) return;
  connection_events& sink = settings_->events;
  if (held_->has_message) {
    const bool small = held_->message.size() <= sink.owned_threshold();
    if (!(small ? sink.message(slot_, held_->flags, held_->message)
                : sink.owned_message(slot_, held_->flags, held_->message))) {
      block();
      return;
    }
    held_->has_message = false;
    held_->message = {};
  }
  std::unique_ptr<held_input> held = std::move(held_);
  if (!held->plain.empty()) on_plain(span_of(held->plain));
  const bool more_cipher = !held->cipher.empty() || (tls_ && tls_->pending());
  if (more_cipher && transport_open_) {
    if (held_ || (stalled() && phase_ != phase::discarding)) {
      hold().cipher = std::move(held->cipher);
    } else if (tls_) {
      feed_tls(held->cipher);
    } else {
      on_plain(span_of(held->cipher));
    }
  }
  if (held->ended) {
    if (held_) {
      held_->ended = true;
      held_->end_error = std::move(held->end_error);
    } else {
      transport_ended(std::move(held->end_error));
    }
  }
  if (!held_ && !blocked_ && pending_ != 0) deliver_pending();
  if (pipe_ && !held_ && extra().pipe_consumed > 0) raise(pending_pipe_ack);
}

// ------------------------------------------------------------------------------------------ JavaScript pipe

void connection::pipe_data(std::span<std::uint8_t> bytes) {
  if (phase_ == phase::carrying) return carry_down(bytes);
  if (!transport_open_ || !pipe_ || input_ended_) return;
  reactor_.count().bytes_in.add(bytes.size());
  extra().pipe_consumed += static_cast<std::uint32_t>(bytes.size());
  if (phase_ != phase::discarding && (held_ || stalled() || phase_ == phase::deciding)) {
    // Bounded by the window that JavaScript keeps: it sends no more until this is acknowledged.
    std::vector<std::uint8_t>& rest = hold().cipher;
    rest.insert(rest.end(), bytes.begin(), bytes.end());
    return;
  }
  on_bytes(bytes);
  if (transport_open_ && !held_) raise(pending_pipe_ack);
}

void connection::pipe_end(bool broken) {
  if (phase_ == phase::carrying) return end_carrying(broken);
  if (!pipe_) return;
  on_end(broken ? error_info{errc::connection_reset, 0, "The stream below the connection failed."}
                : error_info{});
}

}  // namespace hawser::net
