// The decisions of happy_eyeballs.hpp.
#include "core/net/happy_eyeballs.hpp"

#include <algorithm>
#include <utility>

namespace hawser::net {

std::vector<boost::asio::ip::address> interleave_families(
    const std::vector<boost::asio::ip::address>& addresses) {
  std::vector<boost::asio::ip::address> families[2];  // [0] holds the family of the first address
  for (const auto& address : addresses) {
    auto& family = families[address.is_v6() == addresses.front().is_v6() ? 0 : 1];
    if (std::find(family.begin(), family.end(), address) == family.end()) family.push_back(address);
  }
  std::vector<boost::asio::ip::address> order;
  order.reserve(families[0].size() + families[1].size());
  for (std::size_t i = 0; i < std::max(families[0].size(), families[1].size()); ++i) {
    for (const auto& family : families) {
      if (i < family.size()) order.push_back(family[i]);
    }
  }
  return order;
}

int telling_rank(errc code) noexcept {
  switch (code) {
    case errc::connection_refused:
      return 6;
    case errc::connection_reset:
      return 5;
    case errc::access_denied:
      return 4;
    case errc::connection_failed:
    case errc::address_in_use:
      return 3;
    case errc::connect_timeout:
      return 2;
    case errc::address_not_available:
      return 1;
    default:
      return 0;
  }
}

happy_eyeballs::happy_eyeballs(std::size_t candidates, std::chrono::milliseconds delay)
    : candidates_(std::min(candidates, max_candidates)), delay_(std::clamp(delay, min_delay, max_delay)) {}

happy_eyeballs::action happy_eyeballs::on(const event& e, time_point now) {
  if (outcome_) return *outcome_;
  switch (e.what) {
    case event::type::start:
      return connect_next(now);
    case event::type::timer:
      return !exhausted() && now >= next_at_ ? connect_next(now) : wait();
    case event::type::attempt_succeeded:
      outcome_ = action{action::type::won, e.candidate};
      return *outcome_;
    case event::type::attempt_failed:
      break;
  }
  if (e.candidate < attempts_.size() && !attempts_[e.candidate].failed) {
    attempts_[e.candidate].failed = true;
    attempts_[e.candidate].error = e.error;
    --pending_;
  }
  // Only the failure of the newest attempt brings the next one forward: an older one ends while the newest
  // still has its delay to run.
  const bool newest = e.candidate + 1 == attempts_.size();
  return pending_ == 0 || newest ? connect_next(now) : wait();
}

happy_eyeballs::action happy_eyeballs::connect_next(time_point now) {
  if (exhausted()) {
    if (pending_ > 0) return wait();
    outcome_ = action{action::type::failed};
    return *outcome_;
  }
  attempts_.emplace_back();
  ++pending_;
  next_at_ = now + delay_;
  action next{action::type::connect, attempts_.size() - 1};
  if (!exhausted()) next.wake_at = next_at_;
  return next;
}

happy_eyeballs::action happy_eyeballs::wait() const {
  action idle{action::type::wait};
  if (!exhausted()) idle.wake_at = next_at_;
  return idle;
}

error_info happy_eyeballs::verdict(std::string_view target, const std::vector<std::string>& labels) const {
  error_info best{errc::connection_failed, 0, {}};
  int best_rank = -1;
  for (const auto& lost : attempts_) {
    if (!lost.failed || telling_rank(lost.error.code) <= best_rank) continue;
    best_rank = telling_rank(lost.error.code);
    best.code = lost.error.code;
    best.system = lost.error.system;
  }
  best.detail.assign(target);
  best.detail += ": ";
  if (attempts_.empty()) {
    best.detail += "no address to connect to";
  } else if (attempts_.size() == 1 && labels.size() == 1 && target.ends_with(labels.front())) {
    best.detail += attempts_.front().error.detail;  // the target is the address
  } else {
    best.detail += summary(labels);
  }
  return best;
}

std::string happy_eyeballs::summary(const std::vector<std::string>& labels) const {
  std::string text;
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    if (i > 0) text += "; ";
    if (i < labels.size()) text += labels[i] + ": ";
    text += attempts_[i].failed ? attempts_[i].error.detail : "no answer";
  }
  return text;
}

}  // namespace hawser::net
