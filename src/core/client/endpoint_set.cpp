// The records and choices of endpoint_set.hpp.
#include "core/client/endpoint_set.hpp"

#include <algorithm>
#include <cstdint>

namespace hawser::client {
namespace {

constexpr double latency_weight = 0.3;        // of a new figure
constexpr double least_outcome_weight = 0.1;  // of a new outcome; the first ten are averaged

void smooth(double& latency, time_ms fresh) {
  const double value = std::max(1.0, static_cast<double>(fresh));  // 0 means unknown
  latency = latency == 0 ? value : latency + latency_weight * (value - latency);
}

}  // namespace

endpoint_set::endpoint_set(std::size_t count, endpoint_settings settings)
    : settings_(settings), endpoints_(count) {
  settings_.dead_after = std::max(settings_.dead_after, 1u);
  settings_.stagger = std::max<time_ms>(settings_.stagger, 0);
  settings_.patience = std::max<time_ms>(settings_.patience, 0);
  settings_.cool_down = std::max<time_ms>(settings_.cool_down, 1);
  settings_.max_cool_down = std::max(settings_.max_cool_down, settings_.cool_down);
}

void endpoint_set::restore(endpoint_index e, const endpoint_record& known) noexcept {
  endpoint_record& to = endpoints_[e].known;
  to.successes = known.successes;
  to.failures = known.failures;
  to.success_rate = std::clamp(known.success_rate, 0.0, 1.0);
  to.latency = std::max(known.latency, 0.0);
}

bool endpoint_set::ready(const endpoint& e, time_ms now) const noexcept {
  return e.known.out_until == 0 || (e.known.out_until <= now && e.known.dials == 0);
}

bool endpoint_set::suspect(const endpoint& e, time_ms now) const noexcept {
  return e.known.failures_in_row > 0 && now - e.failed_at < settings_.cool_down;
}

void endpoint_set::choose(time_ms now, dial_plan& out) {
  out.order.clear();
  out.step = settings_.order == strategy::race ? settings_.stagger : settings_.patience;
  const std::size_t n = endpoints_.size();
  if (n == 0) return;
  const bool in_turn = settings_.order == strategy::round_robin || settings_.order == strategy::least_busy;
  for (std::size_t i = 0; i < n; ++i) {
    const auto e = static_cast<endpoint_index>((i + (in_turn ? turn_ : 0)) % n);
    if (ready(endpoints_[e], now)) out.order.push_back(e);
  }
  if (out.order.empty()) {
    const auto first = std::min_element(
        endpoints_.begin(), endpoints_.end(),
        [](const endpoint& a, const endpoint& b) { return a.known.out_until < b.known.out_until; });
    out.order.push_back(static_cast<endpoint_index>(first - endpoints_.begin()));
    return;
  }
  sort(out.order);
  std::stable_partition(out.order.begin(), out.order.end(),
                        [&](endpoint_index e) { return !suspect(endpoints_[e], now); });
  turn_ = static_cast<endpoint_index>((out.order.front() + 1) % n);
}

void endpoint_set::sort(std::vector<endpoint_index>& order) const {
  if (settings_.order == strategy::least_busy) {
    std::stable_sort(order.begin(), order.end(), [&](endpoint_index a, endpoint_index b) {
      return endpoints_[a].known.busy < endpoints_[b].known.busy;
    });
  } else if (settings_.order == strategy::latency) {
    std::stable_sort(order.begin(), order.end(), [&](endpoint_index a, endpoint_index b) {
      return endpoints_[a].known.latency < endpoints_[b].known.latency;
    });
  }
}

void endpoint_set::on_dial(endpoint_index e) noexcept {
  endpoint& it = endpoints_[e];
  it.alone_until = 0;  // the program may have insisted
  ++it.known.dials;
  if (it.known.out_until != 0) it.probing = true;
}

void endpoint_set::on_opened(endpoint_index e, time_ms latency) noexcept {
  endpoint& it = endpoints_[e];
  if (it.known.dials > 0) --it.known.dials;
  it.probing = false;
  it.known.out_until = 0;
  it.known.dead = false;
  it.failures_before = std::max(it.failures_before, it.known.failures_in_row);
  it.known.failures_in_row = 0;
  count(it, true);
  smooth(it.known.latency, latency);
}

void endpoint_set::on_failed(endpoint_index e, time_ms now, time_ms retry_after) noexcept {
  endpoint& it = endpoints_[e];
  if (it.known.dials > 0) --it.known.dials;
  ++it.known.failures_in_row;
  fail(it, now, retry_after);
}

void endpoint_set::on_abandoned(endpoint_index e) noexcept {
  endpoint& it = endpoints_[e];
  if (it.known.dials > 0) --it.known.dials;
  it.probing = false;
}

void endpoint_set::on_left(endpoint_index e, time_ms uptime) noexcept {
  if (uptime < settings_.min_uptime) return;
  endpoints_[e].failures_before = 0;
  endpoints_[e].deaths = 0;
}

void endpoint_set::on_lost(endpoint_index e, time_ms now, time_ms uptime, time_ms retry_after) noexcept {
  endpoint& it = endpoints_[e];
  if (uptime < settings_.min_uptime) {
    // It opens and breaks at once: the opening did not prove that it is well.
    it.known.failures_in_row = std::max(it.known.failures_in_row, it.failures_before) + 1;
    fail(it, now, retry_after);
    return;
  }
  on_left(e, uptime);
  leave_alone(it, now, retry_after);
}

void endpoint_set::on_latency(endpoint_index e, time_ms latency) noexcept {
  smooth(endpoints_[e].known.latency, latency);
}

void endpoint_set::set_busy(endpoint_index e, std::uint32_t count) noexcept {
  endpoints_[e].known.busy = count;
}

void endpoint_set::count(endpoint& e, bool success) noexcept {
  ++(success ? e.known.successes : e.known.failures);
  const auto samples = static_cast<double>(e.known.successes + e.known.failures);
  const double weight = std::max(1 / samples, least_outcome_weight);
  e.known.success_rate += weight * ((success ? 1.0 : 0.0) - e.known.success_rate);
}

void endpoint_set::fail(endpoint& e, time_ms now, time_ms retry_after) noexcept {
  count(e, false);
  e.failed_at = now;
  // While it is out, only the failure of a probe puts it off again: dials that began before do not add up.
  const bool dies = e.known.dead ? e.probing : e.known.failures_in_row >= settings_.dead_after;
  e.probing = false;
  if (dies) {
    time_ms span = settings_.cool_down;
    for (std::uint32_t i = 0; i < e.deaths && span < settings_.max_cool_down; ++i) span *= 2;
    if (span < settings_.max_cool_down) ++e.deaths;
    e.known.dead = true;
    e.known.latency = 0;  // it comes back with a figure of its own
    e.known.out_until = now + std::min(span, settings_.max_cool_down);
  }
  leave_alone(e, now, retry_after);
}

void endpoint_set::leave_alone(endpoint& e, time_ms now, time_ms retry_after) noexcept {
  if (retry_after <= 0) return;
  const time_ms span = std::min(retry_after, settings_.max_retry_after);
  e.alone_until = now + span;
  e.known.out_until = std::max(e.known.out_until, now + span);
}

time_ms endpoint_set::left_alone_until(time_ms now) const noexcept {
  time_ms first = INT64_MAX;
  for (const endpoint& e : endpoints_) {
    if (e.alone_until <= now) return 0;
    first = std::min(first, e.alone_until);
  }
  return first;
}

bool endpoint_set::other_ready(endpoint_index e, time_ms now) const noexcept {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (i != e && ready(endpoints_[i], now)) return true;
  }
  return false;
}

experience endpoint_set::experience_of(endpoint_index e) const noexcept {
  const endpoint_record& known = endpoints_[e].known;
  const std::uint64_t samples = std::min<std::uint64_t>(known.successes + known.failures, UINT32_MAX);
  return {static_cast<std::uint32_t>(samples), known.success_rate, static_cast<time_ms>(known.latency)};
}

}  // namespace hawser::client
