// Figures of a client that are put together.
#include "core/client/client_gauges.hpp"

#include "core/metrics/health_score.hpp"

namespace hawser::client {

double client_gauges::health(protocol::time_ms now) const noexcept {
  const double asked_at = get(health_part::asked_at);
  if (asked_at == 0) return 0;
  const double time = static_cast<double>(now);
  const double since = get(health_part::up_since);
  const double all = time - asked_at;
  const double up = get(health_part::up_before) + (since == 0 ? 0 : time - since);
  return metrics::health_score({.latency_ms = get(health_part::latency),
                                .success_rate = get(health_part::success_rate),
                                .uptime = all <= 0 ? 1 : up / all,
                                .reconnects = get(gauge::reconnects),
                                .queued = static_cast<std::uint64_t>(get(gauge::queued)),
                                .capacity = static_cast<std::uint64_t>(get(health_part::capacity))});
}

void client_gauges::set(std::size_t endpoint, const endpoint_record& known) noexcept {
  const auto put = [&](endpoint_figure which, double value) {
    known_[endpoint * figures + static_cast<std::size_t>(which)].store(value, std::memory_order_relaxed);
  };
  put(endpoint_figure::opened, static_cast<double>(known.successes));
  put(endpoint_figure::failed, static_cast<double>(known.failures));
  put(endpoint_figure::success_rate, known.success_rate);
  put(endpoint_figure::latency, known.latency);
}

}  // namespace hawser::client
