// The formula of the health score.
#include "core/metrics/health_score.hpp"

#include <algorithm>
#include <cmath>

namespace hawser::metrics {

namespace {

double share(double value) noexcept { return value > 0 ? std::min(value, 1.0) : 0; }

double slowness(double latency, double reference) noexcept {
  if (!(reference > 0) || !(latency > reference)) return 0;
  return 1 - reference / latency;
}

double instability(double reconnects) noexcept {
  if (std::isnan(reconnects) || std::isinf(reconnects)) return reconnects < 0 ? 0 : 1;
  return reconnects > 0 ? 1 - 3 / (reconnects + 3) : 0;
}

double backlog(std::uint64_t queued, std::uint64_t capacity) noexcept {
  if (capacity == 0) return 0;
  return std::min(static_cast<double>(queued) / static_cast<double>(capacity), 1.0);
}

}  // namespace

double health_score(const health_input& input) noexcept {
  const double comfort = 1 - 0.4 * slowness(input.latency_ms, input.reference_ms) -
                         0.3 * instability(input.reconnects) - 0.3 * backlog(input.queued, input.capacity);
  return 100 * share(input.success_rate) * share(input.uptime) * std::clamp(comfort, 0.0, 1.0);
}

}  // namespace hawser::metrics
