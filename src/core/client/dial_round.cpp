// The order of dials of dial_round.hpp.
#include "core/client/dial_round.hpp"

#include <algorithm>

namespace hawser::client {
namespace {

int hope(verdict what) {
  switch (what) {
    case verdict::refresh_token:
      return 2;
    case verdict::recover:
      return 1;
    case verdict::final:
      break;
  }
  return 0;
}

bool better(const judgement& a, const judgement& b) {
  if (a.what != b.what) return hope(a.what) > hope(b.what);
  return a.not_before < b.not_before;
}

}  // namespace

void dial_round::begin(const dial_plan& plan, time_ms now) {
  active_ = true;
  order_ = plan.order;
  step_ = plan.step;
  next_ = 0;
  next_at_ = now;
  running_.clear();
  has_result_ = false;
  result_ = {};
  judged_ = {};
}

std::optional<endpoint_index> dial_round::next(time_ms now) {
  if (!active_ || next_ == order_.size() || now < next_at_) return std::nullopt;
  const endpoint_index e = order_[next_++];
  running_.push_back(e);
  next_at_ = now + step_;
  return e;
}

void dial_round::on_failed(endpoint_index e, const outcome& how, const reconnect_settings& settings) {
  const auto it = std::find(running_.begin(), running_.end(), e);
  if (it == running_.end()) return;
  const bool newest = it + 1 == running_.end();
  running_.erase(it);
  // An older dial ends while the newest one still has its time.
  if (newest) next_at_ = 0;
  const judgement judged = judge(settings, how);
  if (has_result_ && !better(judged, judged_)) return;
  has_result_ = true;
  result_ = how;
  judged_ = judged;
}

bool dial_round::on_opened(endpoint_index e) {
  const auto it = std::find(running_.begin(), running_.end(), e);
  if (it == running_.end()) return false;
  running_.erase(it);
  active_ = false;
  return true;
}

void dial_round::cancel() {
  active_ = false;
  running_.clear();
}

time_ms dial_round::next_deadline() const noexcept {
  return active_ && next_ < order_.size() ? std::max<time_ms>(next_at_, 1) : 0;
}

}  // namespace hawser::client
