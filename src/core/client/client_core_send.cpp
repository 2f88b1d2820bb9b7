// Sending: the queue, requests and acks; and what the counters say.
#include "core/bytes.hpp"
#include "core/client/client_core.hpp"

namespace hawser::client {

namespace {
settlement settlement_of(drop_reason reason) {
  switch (reason) {
    case drop_reason::overflow:
      return settlement::queue_full;
    case drop_reason::expired:
      return settlement::expired;
    case drop_reason::failed:
      return settlement::timeout;
    case drop_reason::cancelled:
    case drop_reason::cleared:
      break;
  }
  return settlement::cancelled;
}

settlement settlement_of(push_result result) {
  return result == push_result::expired ? settlement::expired : settlement::queue_full;
}
}  // namespace

bool client_core::acks() const noexcept {
  return settings_.acks == ack_mode::always ||
         (settings_.acks == ack_mode::by_protocol && speaks_own_protocol());
}

bool client_core::send(const core_message& message, time_ms now) {
  if (ended_) {
    if (message.data.token != 0) host_.settled(message.data.token, settlement::closed);
    return false;
  }
  if (message.link != 0) return send_past(message, now);
  if (message.shape != send_shape::none &&
      out().shaper.offer(message, now, [&](const core_message& early) { enqueue(early, now); }))
    return true;
  return enqueue(message, now);
}

// What the program says to one link alone. If it is gone, so is the sense of it.
bool client_core::send_past(const core_message& message, time_ms now) {
  const outgoing& data = message.data;
  if (!ready_ || message.link != link_) {
    if (data.token != 0) host_.settled(data.token, settlement::connection_lost);
    return false;
  }
  if (message.timeout > 0 && !await_reply(data, now + message.timeout, now)) return false;
  host_.send_control(link_, text_of(data.payload), data.binary);
  messages_out_++;
  bytes_out_ += data.payload.size();
  if (data.token != 0 && !(requests_ && requests_->mark_sent(data.token)))
    host_.settled(data.token, settlement::done);
  return true;
}

void client_core::want_rooms(bool wanted, std::uint32_t link, time_ms now) {
  rooms_wanted_ = wanted;
  if (!joining_ || (wanted && link != link_)) return;
  joining_ = false;
  pump(now);
}

// What the program sent goes into the queue now, whatever its shape asked for.
void client_core::release_shaped(time_ms now) {
  if (!out_) return;
  out_->shaper.release_all([&](const core_message& message) { enqueue(message, now); });
}

bool client_core::enqueue(const core_message& message, time_ms now) {
  outgoing data = message.data;
  if (message.ttl > 0) data.expires_at = now + message.ttl;
  if (message.timeout > 0) {
    data.expires_at = now + message.timeout;
    if (!await_reply(data, data.expires_at, now)) return false;
  }
  const push_result result = out().queue.push(data, now, ready_);
  if (result != push_result::accepted) {
    if (message.timeout > 0) requests_->cancel(data.token);
    if (data.token != 0) {
      host_.settled(data.token, settlement_of(result));
    } else {
      host_.dropped(settlement_of(result));
    }
    return false;
  }
  if (settings_.batch.max > 1) {
    const time_ms ttl = settings_.queue.default_ttl;
    const time_ms ends = data.expires_at != 0 || ttl == 0 ? data.expires_at : now + ttl;
    if (!data.joinable || data.payload.size() > settings_.batch.max_bytes ||
        (ends != 0 && ends <= now + settings_.batch.every))
      out_->gate.hurry(data.priority);
  }
  if (ready_) pump(now);
  return true;
}

bool client_core::await_reply(const outgoing& data, time_ms deadline, time_ms now) {
  if (!requests_) requests_ = std::make_unique<request_table>(settings_.requests, now);
  if (requests_->add(data.token, data.id, deadline) != request_result::added) {
    host_.settled(data.token, settlement::queue_full);
    return false;
  }
  gauges_.add(gauge::requests);
  return true;
}

void client_core::cancel(std::uint32_t token, time_ms now) {
  if (requests_) requests_->cancel(token);
  if (!out_) return;
  cancelling_ = token;
  out_->queue.cancel(token);
  cancelling_ = 0;
  pump(now);
}

void client_core::clear_queue(time_ms now) {
  if (!out_) return;
  for (std::size_t left = out_->shaper.clear(); left > 0; left--) host_.dropped(settlement::cancelled);
  out_->queue.clear();
  pump(now);
}

void client_core::release_sending(time_ms now) {
  held_ = false;
  pump(now);
}

void client_core::pump(time_ms now) {
  if (!pumps() || !out_) return;
  if (joins()) return pump_joined(now);
  std::size_t room = host_.room(link_);
  while (room > 0) {
    const outgoing* message = out_->queue.next(now);
    if (message == nullptr) return;
    host_.send(link_, message->payload, message->binary, message->compress);
    messages_out_++;
    bytes_out_ += message->payload.size();
    room -= std::min(room, message->payload.size() + 16);
  }
}

std::array<line_state, priorities> client_core::lines() const noexcept {
  std::array<line_state, priorities> out;
  for (std::size_t i = 0; i < priorities; i++) {
    const auto p = static_cast<message_priority>(i);
    out[i] = {out_->queue.waiting(p), out_->queue.waiting_since(p)};
  }
  return out;
}

void client_core::pump_joined(time_ms now) {
  std::size_t room = host_.room(link_);
  while (room > 0 && (flushing_ ? out_->queue.waiting() > 0 : out_->gate.due(lines(), now).has_value())) {
    const std::size_t sent = send_joined(now);
    if (sent == 0) return;
    room -= std::min(room, sent);
  }
}

// One frame: the next message, and those behind it that may go along. Returns its size; 0: none waited.
std::size_t client_core::send_joined(time_ms now) {
  auto& [queue, shaper, gate, joined, frames] = *out_;
  const outgoing* const first = queue.next(now);
  if (first == nullptr) return 0;
  std::size_t bytes = first->payload.size();
  std::uint32_t count = 1;
  bool compress = first->compress;
  while (first->joinable && count < settings_.batch.max) {
    const outgoing* const next = queue.peek(now);
    if (next == nullptr || !next->joinable || next->priority != first->priority ||
        bytes + next->payload.size() > settings_.batch.max_bytes)
      break;
    if (count++ == 1) joined.begin(first->payload);
    joined.add(queue.next(now)->payload);
    bytes += next->payload.size();
    compress = compress || next->compress;
  }
  std::size_t frame = bytes;
  if (count == 1) {
    host_.send(link_, first->payload, first->binary, compress);
  } else {
    const std::span<const std::uint8_t> text = joined.finish();
    frame = text.size();
    host_.send(link_, text, false, compress);
    batches_++;
  }
  frames.push_back(count);
  messages_out_ += count;
  bytes_out_ += bytes;
  return frame + 16;
}

void client_core::leave(time_ms now) {
  if (ended_ || leaving_) return;
  leaving_ = true;
  flushing_ = true;
  if (settings_.leave_timeout > 0) leave_until_ = now + settings_.leave_timeout;
  release_shaped(now);
  pump(now);
  perform(machine_.disconnect(now, 1000, {}), now);
  left(now);
}

bool client_core::left(time_ms now) {
  if (!leaving_ || ended_) return ended_;
  if (ready_ && out_ && !out_->queue.flushed_all() && (leave_until_ == 0 || now < leave_until_)) return false;
  end(now);
  return true;
}

void client_core::link_flushed(std::uint32_t link, std::size_t messages, time_ms now) {
  if (link != link_ || link_ == 0 || !out_) return;
  if (joins()) {
    std::size_t inside = 0;
    for (; messages > 0 && !out_->frames.empty(); messages--) {
      inside += out_->frames.front();
      out_->frames.pop_front();
    }
    messages = inside;
  }
  out_->queue.flushed(messages, now);
  pump(now);
}

void client_core::link_has_room(std::uint32_t link, time_ms now) {
  if (link == link_) pump(now);
}

bool client_core::on_ack(std::string_view id, time_ms now) {
  const bool known = out_ && out_->queue.acknowledged(id);
  if (known) pump(now);
  return known;
}

void client_core::on_refusal(std::string_view id, time_ms now) {
  if (out_ && out_->queue.refused(id)) pump(now);
}

std::optional<std::uint32_t> client_core::on_reply(std::string_view correlation_id) {
  if (!requests_) return std::nullopt;
  const std::optional<std::uint32_t> token = requests_->take(correlation_id);
  if (token) {
    // The reply may overtake the ack, or the word that the kernel took the request: it is not sent again, and
    // its token is not settled a second time.
    cancelling_ = *token;
    out().queue.cancel(*token);
    cancelling_ = 0;
  } else {
    // At once: who sees the next reply finds the late ones counted.
    gauges_.set(gauge::late_replies, static_cast<double>(requests_->counters().unknown));
  }
  return token;
}

// Of a request only the reply is the end.
void client_core::settled(const outgoing& message) {
  if (message.store_key != 0) host_.stored_done(message.store_key);
  if (message.token == 0) return;
  if (requests_ && requests_->mark_sent(message.token)) return;
  host_.settled(message.token, settlement::done);
}

void client_core::dropped(const outgoing& message, drop_reason reason) {
  // When the client ends, what is stored stays so, for the next one.
  if (message.store_key != 0 && !ended_) host_.stored_done(message.store_key);
  const settlement how = ended_ ? settlement::closed : settlement_of(reason);
  if (message.token == 0) {
    if (ended_ && message.store_key != 0) return;
    if (ended_) given_up_++;
    host_.dropped(how);
    return;
  }
  if (message.token == cancelling_ || message.token == expiring_) return;
  // Of a request the time that ran out is the one for its reply.
  const bool request = requests_ && requests_->cancel(message.token);
  host_.settled(message.token, request && how == settlement::expired ? settlement::timeout : how);
}

// ------------------------------------------------------------------------------------------------------
// figures

void client_core::on_pong(std::int64_t microseconds) {
  if (!latency_) latency_ = std::make_unique<metrics::histogram>();
  latency_->record(microseconds);
  const double milliseconds = static_cast<double>(microseconds) / 1000;
  smoothed_latency_ = smoothed_latency_ == 0 ? milliseconds : smoothed_latency_ * 0.8 + milliseconds * 0.2;
  if (link_ != 0) endpoints_.on_latency(endpoint_, static_cast<time_ms>(milliseconds));
  const auto set = [&](gauge which, std::int64_t value) {
    gauges_.set(which, static_cast<double>(value) / 1000);
  };
  gauges_.set(gauge::latency_count, static_cast<double>(latency_->count()));
  gauges_.set(gauge::latency_last, milliseconds);
  gauges_.set(gauge::latency_mean, latency_->mean() / 1000);
  set(gauge::latency_min, latency_->min());
  set(gauge::latency_max, latency_->max());
  set(gauge::latency_p50, latency_->percentile(50));
  set(gauge::latency_p90, latency_->percentile(90));
  set(gauge::latency_p99, latency_->percentile(99));
}

std::size_t client_core::messages() const noexcept {
  if (!out_) return 0;
  const queue_counters counters = out_->queue.counters();
  return counters.waiting[0] + counters.waiting[1] + counters.waiting[2] + counters.in_flight +
         counters.unacknowledged + out_->shaper.held();
}

void client_core::publish() {
  const queue_counters counters = out_ ? out_->queue.counters() : queue_counters{};
  const auto set = [&](gauge which, std::uint64_t value) { gauges_.set(which, static_cast<double>(value)); };
  const std::size_t waiting = counters.waiting[0] + counters.waiting[1] + counters.waiting[2];
  set(gauge::queued, waiting);
  set(gauge::messages_out, messages_out_);
  set(gauge::bytes_out, bytes_out_);
  set(gauge::queued_high, counters.waiting[0]);
  set(gauge::queued_normal, counters.waiting[1]);
  set(gauge::queued_low, counters.waiting[2]);
  set(gauge::queued_bytes, counters.bytes);
  set(gauge::in_flight, counters.in_flight + counters.unacknowledged);
  set(gauge::dropped, counters.dropped[static_cast<std::size_t>(drop_reason::overflow)] +
                          counters.dropped_new + counters.rejected + given_up_);
  set(gauge::expired, counters.dropped[static_cast<std::size_t>(drop_reason::expired)]);
  set(gauge::acked, counters.acked);
  set(gauge::retries, counters.retried);
  set(gauge::replaced, out_ ? out_->shaper.replaced() : 0);
  set(gauge::batches, batches_);
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  for (std::size_t i = 0; i < endpoints_.size(); i++) {
    const endpoint_record& known = endpoints_.record(static_cast<endpoint_index>(i));
    successes += known.successes;
    failures += known.failures;
    gauges_.set(i, known);
  }
  const double tried = static_cast<double>(successes + failures);
  gauges_.set(health_part::asked_at, static_cast<double>(first_connect_));
  gauges_.set(health_part::up_before, static_cast<double>(connected_for_));
  gauges_.set(health_part::up_since, ready_ ? static_cast<double>(opened_at_) : 0);
  gauges_.set(health_part::success_rate, tried == 0 ? 1 : static_cast<double>(successes) / tried);
  gauges_.set(health_part::latency, smoothed_latency_);
  gauges_.set(health_part::capacity, static_cast<double>(settings_.queue.max_count));
}

}  // namespace hawser::client
