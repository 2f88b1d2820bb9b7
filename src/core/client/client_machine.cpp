// The transitions of client_machine.hpp.
#include "core/client/client_machine.hpp"

#include <algorithm>
#include <utility>

namespace hawser::client {

using kind = client_action::kind;

client_machine::client_machine(machine_settings settings, std::uint64_t seed)
    : settings_(std::move(settings)), random_(seed) {
  set_policy(std::move(settings_.reconnect));
}

void client_machine::set_policy(reconnect_settings settings) {
  settings_.reconnect = sanitized(std::move(settings));
}

// ---------------------------------------------------------------------------------------- what the program
// asks

client_actions client_machine::connect(time_ms now) {
  client_actions out;
  switch (state_) {
    case client_state::idle:
    case client_state::disconnected:
    case client_state::failed:
    case client_state::disconnecting:
      start(out, now);
      break;
    case client_state::connecting:
    case client_state::reconnecting:
      pending_ = true;
      break;
    case client_state::connected:
      out.add({.what = kind::connect_resolved});
      break;
  }
  return out;
}

client_actions client_machine::reconnect(time_ms now) {
  client_actions out;
  start(out, now);
  return out;
}

void client_machine::start(client_actions& out, time_ms now) {
  drop_attempt(out, false);
  const bool counted = attempts_ != 0;
  attempts_ = 0;
  failures_ = 0;
  refreshed_ = false;
  pending_ = true;
  switch (state_) {
    case client_state::disconnecting:
      out.add({.what = kind::drop_link, .link = link_});
      enter(out, client_state::disconnected, 0, stop_reason::requested);
      enter(out, client_state::connecting);
      break;
    case client_state::connected:
      out.add({.what = kind::drop_link, .link = link_});
      enter(out, client_state::reconnecting);
      break;
    case client_state::reconnecting:
      if (counted) out.add({.what = kind::attempt});
      break;
    case client_state::connecting:
      break;
    case client_state::idle:
    case client_state::disconnected:
    case client_state::failed:
      enter(out, client_state::connecting);
      break;
  }
  begin_attempt(out, now);
}

client_actions client_machine::disconnect(time_ms now, std::uint16_t code, std::string_view reason) {
  client_actions out;
  switch (state_) {
    case client_state::connecting:
    case client_state::reconnecting:
      drop_attempt(out, false);
      stop(out, client_state::disconnected, stop_reason::requested, {});
      break;
    case client_state::connected:
      enter(out, client_state::disconnecting);
      out.add({.what = kind::close_link, .link = link_, .code = code, .reason = reason});
      wait_until(waiting::nothing, now, settings_.close_timeout);
      break;
    case client_state::idle:
    case client_state::disconnecting:
    case client_state::disconnected:
    case client_state::failed:
      break;
  }
  return out;
}

// -----------------------------------------------------------------------------------------------------
// tokens

client_actions client_machine::token_ready(time_ms now, time_ms expires_at) {
  client_actions out;
  token_held_ = true;
  token_seen_ = true;
  token_rejected_ = false;
  token_expires_ = expires_at;
  if (waiting_ == waiting::token) dial(out, now);
  return out;
}

client_actions client_machine::token_failed(time_ms now, bool final) {
  client_actions out;
  if (waiting_ != waiting::token) return out;
  if (final) {
    stop(out, client_state::failed, stop_reason::token, {});
  } else {
    attempt_failed(out, now, {}, stop_reason::token);
  }
  return out;
}

void client_machine::ask_token(client_actions& out, time_ms now, token_reason why) {
  out.add({.what = kind::ask_token, .attempt = attempts_, .why = why});
  wait_until(waiting::token, now, settings_.token_timeout);
}

// --------------------------------------------------------------------------------------------- dials and
// links

client_actions client_machine::dial_opened(time_ms now, std::uint32_t link) {
  client_actions out;
  if (waiting_ != waiting::dial || link != link_) return out;
  waiting_ = waiting::nothing;
  deadline_ = 0;
  last_connected_ = now;
  enter(out, client_state::connected);
  if (std::exchange(pending_, false)) out.add({.what = kind::connect_resolved});
  return out;
}

client_actions client_machine::dial_failed(time_ms now, std::uint32_t link, const outcome& how) {
  client_actions out;
  if (waiting_ != waiting::dial || link != link_) return out;
  attempt_failed(out, now, how, stop_reason::refused);
  return out;
}

client_actions client_machine::link_closed(time_ms now, std::uint32_t link, const outcome& how) {
  client_actions out;
  if (link != link_) return out;
  if (state_ == client_state::disconnecting) {
    stop(out, client_state::disconnected, stop_reason::requested, how);
  } else if (state_ == client_state::connected) {
    const time_ms uptime = now - last_connected_;
    const bool lasted = uptime >= settings_.reconnect.min_uptime;
    // However little the program calls lasting: a server that refuses each new token at once, or nearly so,
    // is not asked again and again without a pause.
    const bool hasty = uptime < hasty_refusal && refreshed_ && settings_.uses_tokens &&
                       judge(settings_.reconnect, how).what == verdict::refresh_token;
    if (lasted && hasty) {
      reject_token();
      try_later(out, now, how, stop_reason::refused, 0);
      return out;
    }
    if (lasted) {
      attempts_ = 0;
      failures_ = 0;
      refreshed_ = false;
    }
    attempt_failed(out, now, how, stop_reason::refused, !lasted);
  }
  return out;
}

client_actions client_machine::timer(time_ms now) {
  client_actions out;
  if (deadline_ == 0 || now < deadline_) return out;
  switch (waiting_) {
    case waiting::delay:
      begin_attempt(out, now);
      break;
    case waiting::token:
      attempt_failed(out, now, {}, stop_reason::token);
      break;
    case waiting::dial:
      drop_attempt(out, true);
      attempt_failed(out, now, {.error = errc::connect_timeout}, stop_reason::refused);
      break;
    case waiting::nothing:  // the close of a link that is being disconnected
      out.add({.what = kind::drop_link, .link = link_});
      stop(out, client_state::disconnected, stop_reason::requested, {.error = errc::close_timeout});
      break;
  }
  return out;
}

void client_machine::begin_attempt(client_actions& out, time_ms now) {
  if (!settings_.uses_tokens) return dial(out, now);
  const bool expired = token_expires_ != 0 && now >= token_expires_;
  if (token_held_ && !expired) return dial(out, now);
  const token_reason unasked = token_seen_ ? token_reason::expired : token_reason::first;
  ask_token(out, now, token_rejected_ ? token_reason::rejected : unasked);
}

void client_machine::dial(client_actions& out, time_ms now) {
  ++link_;
  out.add({.what = kind::dial, .link = link_, .attempt = attempts_});
  wait_until(waiting::dial, now, settings_.reconnect.connect_timeout);
}

// --------------------------------------------------------------------------------------------- after a
// failure

void client_machine::attempt_failed(client_actions& out, time_ms now, const outcome& how, stop_reason what,
                                    bool counts) {
  const judgement judged = judge(settings_.reconnect, how);
  if (judged.what == verdict::refresh_token) {
    if (!refresh_token(out, now, how)) stop(out, client_state::failed, what, how);
    return;
  }
  if (judged.what == verdict::final) {
    // A peer that says goodbye to an open link is no failure.
    const bool goodbye = state_ == client_state::connected && how.error == errc::none &&
                         how.http_status == 0 && how.close_code == 1000;
    if (goodbye) return stop(out, client_state::disconnected, stop_reason::peer, how);
    return stop(out, client_state::failed, what, how);
  }
  try_later(out, now, how, what, judged.not_before, counts);
}

void client_machine::try_later(client_actions& out, time_ms now, const outcome& how, stop_reason what,
                               time_ms not_before, bool counts) {
  if (!settings_.reconnect.enabled) return stop(out, client_state::failed, what, how);
  const std::uint32_t most = settings_.reconnect.max_attempts;
  if (counts && failures_ < UINT32_MAX) ++failures_;
  if (most != 0 && failures_ >= most) return stop(out, client_state::failed, stop_reason::exhausted, how);
  if (attempts_ < UINT32_MAX) ++attempts_;
  const time_ms delay =
      next_delay(settings_.reconnect, attempts_, random_.next(), std::max(not_before, alone_until_ - now));
  retry(out, delay, how);
  wait_until(waiting::delay, now, delay);
  if (deadline_ == 0) deadline_ = std::max<time_ms>(now, 1);
}

bool client_machine::refresh_token(client_actions& out, time_ms now, const outcome& how) {
  reject_token();
  if (!settings_.uses_tokens || std::exchange(refreshed_, true)) return false;
  if (state_ == client_state::connected) {
    if (!settings_.reconnect.enabled) return false;
    retry(out, 0, how);
  }
  ask_token(out, now, token_reason::rejected);
  return true;
}

void client_machine::retry(client_actions& out, time_ms delay, const outcome& how) {
  if (state_ == client_state::reconnecting) {
    out.add({.what = kind::attempt, .attempt = attempts_, .delay = delay, .how = how});
  } else {
    enter(out, client_state::reconnecting, delay, stop_reason::none, how);
  }
}

void client_machine::stop(client_actions& out, client_state to, stop_reason why, const outcome& how) {
  waiting_ = waiting::nothing;
  deadline_ = 0;
  enter(out, to, 0, why, how);
  if (std::exchange(pending_, false)) out.add({.what = kind::connect_rejected, .stop = why, .how = how});
}

void client_machine::drop_attempt(client_actions& out, bool timed_out) {
  if (waiting_ == waiting::dial) out.add({.what = kind::drop_dials, .link = link_, .timed_out = timed_out});
  waiting_ = waiting::nothing;
  deadline_ = 0;
}

void client_machine::enter(client_actions& out, client_state to, time_ms delay, stop_reason stop,
                           const outcome& how) {
  out.add({.what = kind::state_changed,
           .from = state_,
           .to = to,
           .attempt = attempts_,
           .delay = delay,
           .stop = stop,
           .how = how});
  state_ = to;
}

// A span of 0 sets no deadline.
void client_machine::wait_until(waiting what, time_ms now, time_ms span) noexcept {
  waiting_ = what;
  deadline_ = span > 0 ? std::max<time_ms>(now + span, 1) : 0;
}

}  // namespace hawser::client
