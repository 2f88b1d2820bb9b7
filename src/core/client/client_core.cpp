// States and timers. Dials and links are in client_core_links.cpp, sending and the counters in
// client_core_send.cpp.
#include "core/client/client_core.hpp"

#include <algorithm>

namespace hawser::client {

using kind = client_action::kind;

client_core::client_core(const core_settings& settings, client_host& host, client_gauges& gauges)
    : settings_(settings),
      host_(host),
      gauges_(gauges),
      machine_(settings.machine, settings.seed),
      endpoints_(settings.endpoints, settings.endpoint) {
  for (std::size_t i = 0; i < std::min(settings.known.size(), endpoints_.size()); ++i)
    endpoints_.restore(static_cast<endpoint_index>(i), settings.known[i]);
  publish();
}

client_core::sending& client_core::out() {
  if (!out_) {
    queue_events& events = *this;
    out_ = std::make_unique<sending>(settings_, events);
    if (ready_) out_->queue.link_opened(acks());
  }
  return *out_;
}

// -------------------------------------------------------------------------------------------------- the
// program

void client_core::connect(time_ms now) {
  if (ended_) return;
  if (first_connect_ == 0) first_connect_ = now;
  perform(machine_.connect(now), now);
}

void client_core::reconnect(time_ms now) {
  if (ended_) return;
  if (first_connect_ == 0) first_connect_ = now;
  has_end_ = false;
  perform(machine_.reconnect(now), now);
}

void client_core::disconnect(time_ms now, std::uint16_t code, std::string_view reason) {
  has_end_ = false;
  if (ready_) {
    // What waits for company, or for its time, goes before the goodbye.
    flushing_ = true;
    release_shaped(now);
    pump(now);
    flushing_ = false;
  }
  perform(machine_.disconnect(now, code, reason), now);
}

void client_core::set_token(time_ms now, std::string_view first_message) {
  first_message_ = first_message;
  tokens_++;
  perform(machine_.token_ready(now), now);
}

void client_core::fail_token(time_ms now, bool final) {
  machine_.leave_alone_until(endpoints_.left_alone_until(now));
  perform(machine_.token_failed(now, final), now);
}

void client_core::end(time_ms now) {
  if (ended_) return;
  perform(machine_.disconnect(now, 1000, {}), now);
  if (link_ != 0) {
    host_.drop(link_);
    lose_link(now);
  }
  ended_ = true;
  // First the queue: a request that still waits there is settled with its message, and leaves the table.
  if (out_) out_->queue.clear();
  if (requests_) requests_->clear([this](std::uint32_t token) { host_.settled(token, settlement::closed); });
  publish();
}

// ------------------------------------------------------------------------------------------------------
// actions

void client_core::perform(const client_actions& actions, time_ms now) {
  for (const client_action& action : actions) {
    switch (action.what) {
      case kind::state_changed:
        report(action);
        break;
      case kind::attempt:
        host_.state_changed({.state = machine_.state(),
                             .attempt = action.attempt,
                             .delay = action.delay,
                             .protocol = {},
                             .end = has_end_ ? &last_end_ : nullptr});
        break;
      case kind::ask_token:
        // What ended an earlier attempt says nothing of this one.
        has_end_ = false;
        if (action.why == token_reason::rejected && tokens_ != round_tokens_) {
          // The peer refused an older token than the one that has come meanwhile.
          perform(machine_.token_ready(now), now);
        } else {
          host_.want_token(action.why, tokens_);
        }
        break;
      case kind::dial:
        begin_round(action, now);
        break;
      case kind::drop_dials:
        drop_round(action.timed_out, now);
        break;
      case kind::close_link:
        // When the client leaves, the link is closed behind what still goes out.
        if (leaving_ && !ended_) break;
        if (link_ != 0) host_.close(link_, action.code, action.reason);
        ready_ = false;
        break;
      case kind::drop_link:
        if (link_ != 0) {
          host_.drop(link_);
          endpoints_.on_left(endpoint_, now - opened_at_);
          lose_link(now);
        }
        break;
      case kind::connect_resolved:
      case kind::connect_rejected:
        // The states say it: promises are JavaScript's.
        break;
    }
  }
}

void client_core::report(const client_action& action) {
  gauges_.set(gauge::state, static_cast<double>(action.to));
  if (action.to == client_state::connected) {
    gauges_.add(gauge::connects);
    if (gauges_.get(gauge::connects) > 1) gauges_.add(gauge::reconnects);
    has_end_ = false;
  }
  if (action.to == client_state::failed) gauges_.add(gauge::failures);
  const bool bad = action.to == client_state::reconnecting || action.to == client_state::failed ||
                   action.to == client_state::disconnected;
  link_end token_end;
  const link_end* end = bad && has_end_ ? &last_end_ : nullptr;
  const bool gave_up = action.stop == stop_reason::token || action.stop == stop_reason::exhausted;
  if (gave_up && end == nullptr) {
    token_end.error = {errc::aborted, 0, "No token could be had."};
    token_end.auth_rejected = true;
    end = &token_end;
  }
  host_.state_changed(
      {.state = action.to,
       .attempt = action.attempt,
       .delay = action.delay,
       .endpoint = action.to == client_state::connected ? static_cast<std::int32_t>(endpoint_) : -1,
       .protocol = action.to == client_state::connected ? std::string_view(protocol_) : std::string_view(),
       .link = action.to == client_state::connected ? link_ : 0,
       .recoverable = action.to != client_state::failed,
       .exhausted = action.stop == stop_reason::exhausted,
       .end = end});
}

// -------------------------------------------------------------------------------------------------------
// timers

void client_core::timer(time_ms now, std::int64_t now_microseconds) {
  if (ended_) return;
  if (requests_) {
    requests_->expire(now, [this](std::uint32_t token) {
      gauges_.add(gauge::request_timeouts);
      // It may never have left the queue.
      expiring_ = token;
      out().queue.cancel(token);
      expiring_ = 0;
      host_.settled(token, settlement::timeout);
    });
  }
  if (out_) {
    out_->queue.on_timer(now);
    out_->shaper.release(now, [&](const core_message& message) { enqueue(message, now); });
  }
  if (const time_ms next = round_.next_deadline(); next != 0 && now >= next) start_dials(now);
  machine_.leave_alone_until(endpoints_.left_alone_until(now));
  perform(machine_.timer(now), now);
  beat(now, now_microseconds);
  pump(now);
}

void client_core::beat(time_ms now, std::int64_t now_microseconds) {
  if (!ready_ || next_beat_ == 0) return;
  if (beat_deadline_ != 0 && now >= beat_deadline_) {
    on_silence("The peer did not answer a heartbeat message in time.", now);
    return;
  }
  if (now < next_beat_ || beat_deadline_ != 0) return;
  next_beat_ = now + settings_.heartbeat_interval;
  beat_sent_ = now_microseconds;
  if (settings_.heartbeat_timeout > 0) beat_deadline_ = now + settings_.heartbeat_timeout;
  host_.send_control(
      link_, R"({"type":"heartbeat","timestamp":)" + std::to_string(now + host_.wall_ahead()) + "}", false);
}

bool client_core::on_heartbeat_ack(std::int64_t now_microseconds) {
  if (beat_sent_ == 0) return false;
  on_pong(now_microseconds - beat_sent_);
  beat_sent_ = 0;
  beat_deadline_ = 0;
  return true;
}

time_ms client_core::next_deadline(time_ms now) noexcept {
  time_ms next = 0;
  const auto sooner = [&next](time_ms t) {
    if (t != 0 && (next == 0 || t < next)) next = t;
  };
  if (ended_) return 0;
  sooner(machine_.next_deadline());
  sooner(round_.next_deadline());
  if (out_) sooner(out_->queue.next_deadline(now));
  if (requests_) sooner(requests_->next_deadline(now));
  if (out_) sooner(out_->shaper.next_deadline());
  if (leaving_) sooner(leave_until_);
  if (ready_) {
    sooner(beat_deadline_ != 0 ? beat_deadline_ : next_beat_);
    // Where the link has no room, its word that it has some is what counts.
    if (out_ && joins() && pumps() && out_->queue.waiting() > 0 && host_.room(link_) > 0)
      sooner(out_->gate.next_deadline(lines()));
  }
  return next;
}

}  // namespace hawser::client
