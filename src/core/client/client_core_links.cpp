// Dials and links of a client: how a round begins, who wins it, and how a link ends.
#include <algorithm>

#include "core/client/client_core.hpp"

namespace hawser::client {

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
  if (!first_message_.empty()) host_.send_control(link_, first_message_, false);
  // A server that knows nothing of our protocol answers a token in words of its own, or not at all.
  if (settings_.gated || (!first_message_.empty() && speaks_own_protocol())) {
    authenticating_ = true;
    return;
  }
  accept_link(now);
}

void client_core::accept_link(time_ms now) {
  authenticating_ = false;
  if (out_) out_->queue.link_opened(acks());
  const client_actions actions = machine_.dial_opened(now, round_number_);
  if (actions.size() == 0) {
    // The machine wants no link any more.
    host_.drop(link_);
    endpoints_.on_left(endpoint_, now - opened_at_);
    lose_link(now);
    return;
  }
  ready_ = true;
  joining_ = rooms_wanted_;
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
  joining_ = false;
  if (out_) out_->frames.clear();
  next_beat_ = 0;
  beat_deadline_ = 0;
  beat_sent_ = 0;
  if (out_) out_->queue.link_lost(now);
  if (requests_)
    requests_->link_lost([this](std::uint32_t token) { host_.settled(token, settlement::connection_lost); });
}

void client_core::on_silence(std::string_view why, time_ms now) {
  if (link_ == 0) return;
  const std::uint32_t link = link_;
  host_.drop(link);
  link_end silent;
  silent.error = {errc::heartbeat_timeout, 0, std::string(why)};
  link_ended(link, std::move(silent), now);
}

}  // namespace hawser::client
