// What a connection takes of a publisher: frames that are made once for all subscribers, and what becomes of
// a subscriber that is too slow.
#include "core/net/connection.hpp"
#include "core/net/message_frame.hpp"
#include "core/net/reactor.hpp"

namespace hawser::net {

int connection::shared_deflate_bits() const noexcept {
  if (!deflate_ || deflate_->deflate || !deflate_->agreed.may_deflate(self_)) return 0;
  return deflate_->agreed.deflate_bits(self_);
}

bool connection::publish_frame(std::span<const std::uint8_t> frame) {
  if (!is_open()) return true;
  const std::size_t waiting = extra_ ? extra_->published.size() : 0;
  if (pending_output() + waiting + frame.size() > server_->settings().max_backpressure) return false;
  reactor_.count().messages_out.add(1);
  // Frames of another message may not come between fragments (RFC 6455 §5.4).
  if (fragmenting_) {
    extra().published.append(frame);
    return true;
  }
  output().append(frame);
  position_ += frame.size();
  note_mark();
  return true;
}

bool connection::publish_frames(std::span<const std::uint8_t> frames, std::uint32_t messages, bool at_once) {
  if (!is_open()) return true;
  if (replaying() || fragmenting_ ||
      pending_output() + frames.size() > server_->settings().max_backpressure) {
    return false;
  }
  reactor_.count().messages_out.add(messages);
  position_ += frames.size();
  const std::size_t gone = at_once ? write_through(frames) : 0;
  if (gone == frames.size()) {
    account();
    return true;
  }
  output().append(frames.subspan(gone));
  note_mark();
  return true;
}

// Hands bytes to the kernel from where they lie, if nothing waits before them; says how many it took.
std::size_t connection::write_through(std::span<const std::uint8_t> bytes) {
  if (in_dirty || !out_.empty() || tls_ || pipe_ || transport_.awaits_output() || write_failed_) return 0;
  boost::system::error_code ec;
  const std::size_t n = transport_.write(bytes, ec);
  reactor_.count().writes.add(1);
  if (ec) return 0;  // flush() meets the same error and deals with it
  reactor_.count().bytes_out.add(n);
  return n;
}

bool connection::publish_message(std::span<const std::uint8_t> payload, send_flags flags) {
  if (!is_open()) return true;
  if (pending_output() + payload.size() > server_->settings().max_backpressure) return false;
  if (fragmenting_) {
    byte_buffer frame;
    append_message(frame, flags, false, payload);
    return publish_frame(frame.bytes());
  }
  write_data({const_cast<std::uint8_t*>(payload.data()), payload.size()}, flags);
  note_mark();
  return true;
}

// Nobody reads at the other end, so a close frame would never be seen: the connection ends at once.
void connection::drop_slow() {
  if (phase_ == phase::closed) return;
  set_error({errc::slow_consumer, 0,
             "The peer reads more slowly than it is sent to, and maxBackpressure is reached."});
  extra().close_reason.clear();
  perform(close_.on({protocol::close_event::kind::abort}), {}, {});
}

}  // namespace hawser::net
