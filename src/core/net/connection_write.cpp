// Output of a connection: frames are gathered in one buffer and written once a turn.
#include <boost/asio/error.hpp>

#include "core/net/connection.hpp"
#include "core/net/reactor.hpp"
#include "core/net/system_error.hpp"

namespace hawser::net {

namespace {
// Plain bytes wait while more than this much ciphertext does.
constexpr std::size_t cipher_limit = 256 * 1024;
// From this size on a payload is worth a system call of its own that saves copying it.
constexpr std::size_t direct_threshold = 16 * 1024;
// A peer of HTTP may take so many milliseconds to end its side: browsers keep connections until they want
// them again.
constexpr std::int64_t idle_peer_time = 1'000;
}  // namespace

byte_buffer& connection::output() {
  if (out_.capacity() == 0) out_ = reactor_.take_buffer();
  reactor_.mark_dirty(*this);
  return out_;
}

void connection::write_frame(protocol::opcode op, bool fin, bool rsv1,
                             std::span<const std::uint8_t> payload) {
  byte_buffer& out = output();
  std::uint8_t* at = out.prepare(protocol::max_frame_header + payload.size());
  const std::uint8_t* mask = self_ == protocol::role::client ? reactor_.next_mask() : nullptr;
  const std::size_t header = protocol::write_frame_header(at, op, fin, rsv1, payload.size(), mask);
  if (!payload.empty()) {
    if (mask != nullptr) {
      protocol::copy_masked(at + header, payload.data(), payload.size(), mask, 0);
    } else {
      std::memcpy(at + header, payload.data(), payload.size());
    }
  }
  out.commit(header + payload.size());
  position_ += header + payload.size();
}

void connection::send(std::span<std::uint8_t> payload, send_flags flags) {
  if (replaying() && send_later(payload, flags)) return;
  const auto weight = static_cast<std::uint32_t>(payload.size()) + message_overhead;
  weight_ += weight;
  messages_++;
  if (phase_ != phase::open || !close_.may_send()) return;
  weight_pending_ += weight;
  messages_pending_++;
  write_data(payload, flags);
  if (flags.arm_drain) drain_armed_ = true;
  if (flags.notify) extra().notify.push_back(position_);
  if (!fragmenting_ && extra_ && !extra_->published.empty()) {
    output().append(extra_->published.bytes());
    position_ += extra_->published.size();
    extra_->published.free();
  }
  if (!fragmenting_ && replaying()) pump_replay(settings_->values.high_water_mark);
}

void connection::write_data(std::span<std::uint8_t> payload, send_flags flags) {
  reactor_.count().messages_out.add(1);
  const protocol::opcode op = fragmenting_   ? protocol::opcode::continuation
                              : flags.binary ? protocol::opcode::binary
                                             : protocol::opcode::text;
  const bool whole = !flags.more && !fragmenting_;
  fragmenting_ = flags.more;
  if (whole && flags.compress && deflate_ && payload.size() >= deflate_->agreed.threshold &&
      deflate_->agreed.may_deflate(self_)) {
    const protocol::deflate_options& agreed = deflate_->agreed;
    protocol::deflater& deflater =
        deflate_->deflate
            ? *deflate_->deflate
            : reactor_.shared_deflater(agreed.deflate_bits(self_), agreed.level, agreed.mem_level);
    std::vector<std::uint8_t>& scratch = reactor_.deflate_scratch();
    if (deflater.deflate_message(payload, scratch)) {
      write_frame(op, true, true, scratch);
      reactor_.trim(scratch);
      return;
    }
  }
  if (payload.size() >= direct_threshold && !tls_ && !pipe_ && !transport_.awaits_output() &&
      !write_failed_) {
    write_direct(op, !flags.more, payload);
  } else {
    write_frame(op, !flags.more, false, payload);
  }
}

// Hands a large payload to the kernel from where it lies, behind what is gathered already; a client masks in
// place. What the kernel does not take is copied.
void connection::write_direct(protocol::opcode op, bool fin, std::span<std::uint8_t> payload) {
  std::uint8_t header[protocol::max_frame_header];
  const std::uint8_t* mask = self_ == protocol::role::client ? reactor_.next_mask() : nullptr;
  const std::size_t size = protocol::write_frame_header(header, op, fin, false, payload.size(), mask);
  if (mask != nullptr) protocol::apply_mask(payload.data(), payload.size(), mask, 0);
  output().append({header, size});
  position_ += size + payload.size();
  boost::system::error_code ec;
  std::size_t n = transport_.write(out_.bytes(), ec, payload);
  reactor_.count().writes.add(1);
  if (ec) n = 0;  // flush() meets the same error and deals with it
  reactor_.count().bytes_out.add(n);
  const std::size_t of_out = std::min(n, out_.size());
  out_.consume(of_out);
  if (n - of_out < payload.size()) out_.append(payload.subspan(n - of_out));
}

void connection::control(protocol::opcode op, std::span<const std::uint8_t> payload) {
  if (phase_ == phase::open && close_.may_send()) write_frame(op, true, false, payload);
}

// ---------------------------------------------------------------------------------------------------- flush

void connection::flush() {
  if (!transport_open_ || phase_ == phase::dialing) return;
  if (pipe_) {
    flush_pipe();
  } else {
    flush_socket();
  }
  if (!transport_open_) return;
  after_flush();
}

void connection::flush_socket() {
  if (transport_.awaits_output()) return;
  if (tls_ ? !flush_tls() : !out_.empty() && !write_some(out_)) return;
  if (pending_output() > 0 && !(tls_ && !tls_->handshake_done() && (!extra_ || extra_->cipher.empty()))) {
    arm_write();
  }
}

// False: the connection ended.
bool connection::flush_tls() {
  for (;;) {
    const bool waiting = extra_ && !extra_->cipher.empty();
    bool sent = true;
    if (!out_.empty() && tls_->handshake_done() && (!waiting || extra_->cipher.size() < cipher_limit)) {
      std::vector<std::uint8_t>& scratch = reactor_.cipher_scratch();
      scratch.clear();
      sent = tls_->send(out_.bytes(), scratch) != tls_session::status::failed;
      out_.clear();
      if (waiting) {
        extra_->cipher.append(scratch);
        reactor_.trim(scratch);
      } else if (!write_cipher(scratch)) {
        return false;
      }
    }
    if (waiting && !write_some(extra_->cipher)) return false;
    if (!sent) {
      transport_ended(tls_->error());
      return false;
    }
    if (!waiting || !extra_->cipher.empty() || out_.empty() || !tls_->handshake_done()) break;
  }
  if (extra_ && extra_->cipher.empty()) {
    extra_->cipher.free();
    if (phase_ == phase::open && pending_ == 0 && extra_->idle()) extra_.reset();
  }
  return true;
}

// Gives the kernel as much as it takes, and says how much that was. A kernel that takes no more is no error.
std::size_t connection::write_bytes(std::span<const std::uint8_t> bytes, boost::system::error_code& ec) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const std::size_t n = transport_.write(bytes.subspan(written), ec);
    reactor_.count().writes.add(1);
    if (ec == boost::asio::error::would_block || ec == boost::asio::error::try_again) ec = {};
    if (ec || n == 0) break;
    reactor_.count().bytes_out.add(n);
    written += n;
  }
  return written;
}

// The connection cannot be written to any more. False: it ended.
bool connection::on_write_error(const boost::system::error_code& ec) {
  write_failed_ = true;
  // Messages that came before the reset may still lie in the kernel: reading, now or when there is room
  // again, meets the end behind them.
  if (phase_ == phase::open && close_.state() == protocol::close_state::open) {
    out_.clear();
    arm_read();
    return true;
  }
  transport_ended(to_error(ec, error_stage::established));
  return transport_open_;
}

// False: the connection ended.
bool connection::write_some(byte_buffer& from) {
  boost::system::error_code ec;
  from.consume(write_bytes(from.bytes(), ec));
  if (!ec) return true;
  from.clear();
  return on_write_error(ec);
}

// The same for ciphertext before which none waits: it leaves from where it lies, and what the kernel does not
// take is kept.
bool connection::write_cipher(std::vector<std::uint8_t>& cipher) {
  boost::system::error_code ec;
  const std::size_t written = write_bytes(cipher, ec);
  if (ec) return on_write_error(ec);
  if (written < cipher.size()) extra().cipher.append(std::span(cipher).subspan(written));
  reactor_.trim(cipher);
  return true;
}

// What OpenSSL has to say by itself: it leaves with the next flush.
void connection::append_cipher(std::vector<std::uint8_t>& cipher) {
  extra().cipher.append(cipher);
  reactor_.trim(cipher);
  reactor_.mark_dirty(*this);
}

void connection::flush_pipe() {
  while (!out_.empty() && extra().pipe_unacked < pipe_window) {
    const std::size_t chunk =
        std::min({out_.size(), pipe_chunk, std::size_t{pipe_window - extra_->pipe_unacked}});
    if (!settings_->events.event(event_kind::pipe_write, slot_, 0, {out_.data(), chunk})) {
      block();
      return;
    }
    extra_->pipe_unacked += static_cast<std::uint32_t>(chunk);
    reactor_.count().bytes_out.add(chunk);
    out_.consume(chunk);
  }
}

void connection::pipe_ack(std::uint32_t bytes) {
  if ((!pipe_ && phase_ != phase::carrying) || !transport_open_) return;
  std::uint32_t& under_way = extra().pipe_unacked;
  under_way -= std::min(bytes, under_way);
  if (!pipe_) {
    if (stalled()) return;
    replay_held();
    arm_read();
    return;
  }
  reactor_.mark_dirty(*this);
}

void connection::arm_write() {
  if (transport_open_ && !transport_.awaits_output()) transport_.await_output();
}

// What the kernel took becomes visible: in the shared table, as callbacks, as drain; and an end that waited
// goes on.
void connection::after_flush() {
  account();
  note_buffered(pending_output());
  if (above_mark_) note_mark();
  // Also of one that was carried and is about to end: what it was given last is waited for, too.
  if (!pipe_ && extra_ && pipe_taken() > 0) raise(pending_pipe_ack);
  if (pending_output() == 0) {
    reactor_.give_buffer(std::move(out_));
    if (extra_ && !extra_->pong.empty() && close_.may_send()) {
      std::vector<std::uint8_t> pong = std::move(extra_->pong);
      extra_->pong.clear();
      pong.pop_back();
      write_frame(protocol::opcode::pong, true, false, pong);
      return;
    }
    if (shutdown_pending_ && !shutdown_done_) {
      if (tls_) {
        std::vector<std::uint8_t>& scratch = reactor_.cipher_scratch();
        scratch.clear();
        tls_->shutdown(scratch);
        if (!scratch.empty()) {
          if (!write_cipher(scratch)) return;
          // FIN comes behind the whole of close_notify.
          if (extra_ && !extra_->cipher.empty()) return arm_write();
        }
      }
      shutdown_done_ = true;
      if (!upgraded_ && !pipe_ && (deadline_ == 0 || deadline_ > reactor_.now() + idle_peer_time)) {
        set_deadline(idle_peer_time);
      }
      if (pipe_) {
        extra().pipe_end_broken = false;
        raise(pending_pipe_end);
        if (!visible_) end_hidden();
      } else {
        transport_.shut_output();
        // The peer has ended its direction before: nothing is left to wait for.
        if (!upgraded_ && input_ended_) return transport_ended({});
      }
    }
  }
  if (replaying()) pump_replay(settings_->values.high_water_mark);
  if (drain_armed_ && pending_output() <= settings_->values.high_water_mark / 2) {
    drain_armed_ = false;
    raise(pending_drain);
  }
}

// Publishing counts the subscribers above the mark; half of it ends the state, as for drain.
void connection::note_mark() {
  const std::size_t mark = settings_->values.high_water_mark;
  if (above_mark_ ? pending_output() > mark / 2 : pending_output() <= mark) return;
  above_mark_ = !above_mark_;
  server_->note_above(above_mark_);
}

void connection::note_buffered(std::size_t bytes) {
  const auto now = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, UINT32_MAX));
  if (now == buffered_ || server_ == nullptr) return;
  // Unsigned: less is more than all, and around.
  server_->note(server_state::gauge::buffered_bytes, std::uint64_t{now} - buffered_);
  buffered_ = now;
}

void connection::account() {
  // Ciphertext has no boundaries that we know: with TLS only an empty queue confirms.
  const bool exact = !tls_ || !extra_ || extra_->cipher.empty();
  if (!exact) return;
  const std::uint64_t now_confirmed = position_ - out_.size();
  if (now_confirmed == confirmed_) return;
  if (messages_pending_ > 0) {
    if (out_.empty()) {
      weight_pending_ = 0;
      messages_pending_ = 0;
    } else {
      // Frame boundaries are not kept; the share of bytes stands for the share of messages, rounded to the
      // safe side.
      const double share = static_cast<double>(out_.size()) / static_cast<double>(position_ - confirmed_);
      weight_pending_ = std::min(weight_pending_, static_cast<std::uint32_t>(weight_pending_ * share) + 1);
      messages_pending_ =
          std::min(messages_pending_, static_cast<std::uint32_t>(messages_pending_ * share) + 1);
    }
    settings_->events.flushed(slot_, weight_ - weight_pending_, messages_ - messages_pending_);
  }
  confirmed_ = now_confirmed;
  if (!extra_ || write_failed_) return;
  std::vector<std::uint64_t>& notify = extra_->notify;
  while (extra_->notify_first < notify.size() && notify[extra_->notify_first] <= confirmed_) {
    extra_->notify_first++;
    extra_->sent++;
  }
  if (extra_->notify_first == notify.size()) {
    notify.clear();
    extra_->notify_first = 0;
  } else if (extra_->notify_first > 1024 && extra_->notify_first * 2 > notify.size()) {
    notify.erase(notify.begin(), notify.begin() + static_cast<std::ptrdiff_t>(extra_->notify_first));
    extra_->notify_first = 0;
  }
  if (extra_->sent > 0) raise(pending_sent);
}

}  // namespace hawser::net
