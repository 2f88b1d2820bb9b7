// States, dials and links. Sending and the counters are in client_core_send.cpp.
#include "core/client/client_core.hpp"

#include <algorithm>

namespace hawser::client {

using kind = client_action::kind;

client_core::client_core(const core_settings& settings, client_host& host, client_gauges& gauges, time_ms now)
    : settings_(settings),
      host_(host),
      gauges_(gauges),
      machine_(settings.machine, settings.seed),
      endpoints_(settings.endpoints, settings.endpoint),
      queue_(settings_.queue, *this),
      gate_(settings_.batch) {
  publish(now);
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
  queue_.clear();
  if (requests_) requests_->clear([this](std::uint32_t token) { host_.settled(token, settlement::closed); });
  publish(now);
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
       .recoverable = action.to != client_state::failed,
       .exhausted = action.stop == stop_reason::exhausted,
       .end = end});
}

// --------------------------------------------------------------------------------------------------------
// dials

void client_core::begin_round(const client_action& action, time_ms now) {
  round_number_ = action.link;
  round_tokens_ = tokens_;
  has_end_ = false;
  plan_.order.clear();
  endpoints_.choose(now, plan_);
  round_.begin(plan_, now);
  start_dials(now);
}

void client_core::start_dials(time_ms now) {
  while (const auto e = round_.next(now)) {
    const std::uint32_t link = next_link_++;
    dials_.push_back({link, *e, now});
    endpoints_.on_dial(*e);
    host_.dial(link, *e);
  }
}

void client_core::drop_round(bool failed, time_ms now) {
  for (const dialing& one : dials_) {
    host_.drop(one.link);
    if (failed) {
      endpoints_.on_failed(one.endpoint, now);
    } else {
      endpoints_.on_abandoned(one.endpoint);
    }
  }
  if (failed && !dials_.empty()) {
    last_end_ = link_end{};
    last_end_.error = {errc::connect_timeout, 0, "No endpoint opened in time."};
    has_end_ = true;
  }
  dials_.clear();
  round_.cancel();
  // A link that waits for its token belongs to the round too.
  if (authenticating_) {
    if (failed) {
      last_end_ = link_end{};
      last_end_.error = {errc::connect_timeout, 0, "The server did not answer the token in time."};
      has_end_ = true;
    }
    host_.drop(link_);
    endpoints_.on_left(endpoint_, now - opened_at_);
    lose_link(now);
  }
}

outcome client_core::outcome_of(const link_end& how, endpoint_index e, time_ms now) const {
  return {.error = how.error.code,
          .close_code = how.error.code == errc::none ? how.close_code : std::uint16_t{0},
          .http_status = how.http_status,
          .retry_after = how.retry_after,
          .auth_rejected = how.auth_rejected,
          .alternative = endpoints_.other_ready(e, now)};
}

void client_core::link_opened(std::uint32_t link, std::string_view protocol, time_ms now) {
  const auto found = std::ranges::find(dials_, link, &dialing::link);
  if (found == dials_.end()) {
    host_.drop(link);
    return;
  }
  const dialing won = *found;
  if (!round_.on_opened(won.endpoint)) {
    host_.drop(link);
    endpoints_.on_abandoned(won.endpoint);
    dials_.erase(found);
    return;
  }
  endpoints_.on_opened(won.endpoint, now - won.since);
  for (const dialing& other : dials_) {
    if (other.link == link) continue;
    host_.drop(other.link);
    endpoints_.on_abandoned(other.endpoint);
  }
  dials_.clear();
  link_ = link;
  endpoint_ = won.endpoint;
  opened_at_ = now;
  protocol_ = protocol;
  if (!first_message_.empty()) host_.send_control(link_, first_message_);
  // A server that knows nothing of our protocol answers a token in words of its own, or not at all.
  if (settings_.gated || (!first_message_.empty() && speaks_own_protocol())) {
    authenticating_ = true;
    return;
  }
  accept_link(now);
}

void client_core::accept_link(time_ms now) {
  authenticating_ = false;
  queue_.link_opened(acks());
  const client_actions actions = machine_.dial_opened(now, round_number_);
  if (actions.size() == 0) {
    // The machine wants no link any more.
    host_.drop(link_);
    endpoints_.on_left(endpoint_, now - opened_at_);
    lose_link(now);
    return;
  }
  ready_ = true;
  if (settings_.heartbeat_interval > 0) next_beat_ = now + settings_.heartbeat_interval;
  perform(actions, now);
  pump(now);
}

bool client_core::on_auth(bool accepted, std::string_view why, time_ms now) {
  if (!authenticating_) return false;
  if (accepted) {
    accept_link(now);
    return true;
  }
  host_.drop(link_);
  endpoints_.on_left(endpoint_, now - opened_at_);
  lose_link(now);
  last_end_ = link_end{};
  last_end_.error = {errc::policy_violation, 0, std::string(why)};
  last_end_.auth_rejected = true;
  has_end_ = true;
  perform(machine_.dial_failed(now, round_number_, outcome_of(last_end_, endpoint_, now)), now);
  return true;
}

void client_core::link_ended(std::uint32_t link, link_end how, time_ms now) {
  if (link == link_ && link_ != 0) {
    const outcome out = outcome_of(how, endpoint_, now);
    const time_ms uptime = now - opened_at_;
    const bool opening = authenticating_;
    const bool wanted = machine_.state() == client_state::disconnecting;
    if (wanted) {
      endpoints_.on_left(endpoint_, uptime);
    } else {
      endpoints_.on_lost(endpoint_, now, uptime, how.retry_after);
    }
    last_end_ = std::move(how);
    has_end_ = true;
    lose_link(now);
    machine_.leave_alone_until(endpoints_.left_alone_until(now));
    perform(opening ? machine_.dial_failed(now, round_number_, out)
                    : machine_.link_closed(now, round_number_, out),
            now);
    return;
  }
  const auto found = std::ranges::find(dials_, link, &dialing::link);
  if (found == dials_.end()) return;
  const dialing lost = *found;
  dials_.erase(found);
  const outcome out = outcome_of(how, lost.endpoint, now);
  endpoints_.on_failed(lost.endpoint, now, how.retry_after);
  round_.on_failed(lost.endpoint, out, machine_.policy());
  // The round answers with the outcome that gives the most hope; its words go with it.
  const outcome& result = round_.result();
  if (!has_end_ || (result.error == out.error && result.http_status == out.http_status)) {
    last_end_ = std::move(how);
    has_end_ = true;
  }
  start_dials(now);
  if (round_.failed()) round_failed(now);
}

void client_core::round_failed(time_ms now) {
  outcome how = round_.result();
  // What was an alternative when the first dial failed may have failed since, and asked to be left alone too.
  if (!endpoints_.other_ready(static_cast<endpoint_index>(endpoints_.size()), now)) how.alternative = false;
  round_.cancel();
  if (settings_.adaptive && !plan_.order.empty()) {
    machine_.set_policy(adapted(settings_.machine.reconnect, endpoints_.experience_of(plan_.order.front())));
  }
  machine_.leave_alone_until(endpoints_.left_alone_until(now));
  perform(machine_.dial_failed(now, round_number_, how), now);
}

// The link is gone: what it carried waits again, requests that were on it have lost their replies.
void client_core::lose_link(time_ms now) {
  if (link_ != 0) connected_for_ += now - opened_at_;
  link_ = 0;
  ready_ = false;
  authenticating_ = false;
  frames_.clear();
  next_beat_ = 0;
  beat_deadline_ = 0;
  beat_sent_ = 0;
  queue_.link_lost(now);
  if (requests_)
    requests_->link_lost([this](std::uint32_t token) { host_.settled(token, settlement::connection_lost); });
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
      queue_.cancel(token);
      expiring_ = 0;
      host_.settled(token, settlement::timeout);
    });
  }
  queue_.on_timer(now);
  shaper_.release(now, [&](const core_message& message) { enqueue(message, now); });
  if (const time_ms next = round_.next_deadline(); next != 0 && now >= next) start_dials(now);
  machine_.leave_alone_until(endpoints_.left_alone_until(now));
  perform(machine_.timer(now), now);
  beat(now, now_microseconds);
  pump(now);
}

void client_core::on_silence(std::string_view why, time_ms now) {
  if (link_ == 0) return;
  const std::uint32_t link = link_;
  host_.drop(link);
  link_end silent;
  silent.error = {errc::heartbeat_timeout, 0, std::string(why)};
  link_ended(link, std::move(silent), now);
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
  host_.send_control(link_,
                     R"({"type":"heartbeat","timestamp":)" + std::to_string(now + host_.wall_ahead()) + "}");
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
  sooner(queue_.next_deadline(now));
  if (requests_) sooner(requests_->next_deadline(now));
  sooner(shaper_.next_deadline());
  if (leaving_) sooner(leave_until_);
  if (ready_) {
    sooner(beat_deadline_ != 0 ? beat_deadline_ : next_beat_);
    // Where the link has no room, its word that it has some is what counts.
    if (joins() && !held_ && queue_.waiting() > 0 && host_.room(link_) > 0)
      sooner(gate_.next_deadline(lines()));
  }
  return next;
}

}  // namespace hawser::client
