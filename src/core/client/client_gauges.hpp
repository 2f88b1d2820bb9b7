// The counters of one managed client.
// Written by the reactor's thread only, read by the JavaScript thread at any time: each value is whole, all
// together are no snapshot. Shared by pointer: the client writes, the directory of the reactor hands it to
// readers, whoever is last frees it. lib/native/client-gauges.ts holds the same order; a test compares the
// two.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/client/endpoint_set.hpp"
#include "core/protocol/time.hpp"

namespace hawser::client {

enum class gauge : std::uint8_t {
  state,
  messages_in,
  messages_out,
  bytes_in,
  bytes_out,
  routed,
  unrouted,
  untyped,
  not_json,
  binary,
  delivered,
  conflated,
  sampled_out,
  not_numbers,
  connects,
  reconnects,
  failures,
  queued,
  queued_high,
  queued_normal,
  queued_low,
  queued_bytes,
  in_flight,
  dropped,
  expired,
  acked,
  retries,
  requests,
  request_timeouts,
  late_replies,
  latency_count,
  latency_last,
  latency_min,
  latency_max,
  latency_mean,
  latency_p50,
  latency_p90,
  latency_p99,
  health,
  replaced,
  batches,
  count_,
};

// What the health of a client follows from, with the time of asking.
enum class health_part : std::uint8_t {
  asked_at,   // when connect() was called first; 0: never
  up_before,  // milliseconds connected, before the present link
  up_since,   // when that opened; 0: there is none
  success_rate,
  latency,   // milliseconds, smoothed
  capacity,  // of the queue
  count_,
};

// What is known of one endpoint, each time in this order.
enum class endpoint_figure : std::uint8_t { opened, failed, success_rate, latency, count_ };

class client_gauges {
 public:
  static constexpr std::size_t size = static_cast<std::size_t>(gauge::count_);
  static constexpr std::size_t figures = static_cast<std::size_t>(endpoint_figure::count_);

  explicit client_gauges(std::size_t endpoints = 1) : known_(endpoints * figures) {}

  // Of all endpoints, one behind the other.
  std::size_t known() const noexcept { return known_.size(); }
  double known(std::size_t index) const noexcept { return known_[index].load(std::memory_order_relaxed); }
  void set(std::size_t endpoint, const endpoint_record& known) noexcept;

  // 0 to 100, which readers put in the place of the gauge: a client that nothing happens to grows older too.
  double health(protocol::time_ms now) const noexcept;
  void set(health_part which, double value) noexcept {
    parts_[static_cast<std::size_t>(which)].store(value, std::memory_order_relaxed);
  }

  void set(gauge which, double value) noexcept { at(which).store(value, std::memory_order_relaxed); }
  void add(gauge which, double value = 1) noexcept { set(which, get(which) + value); }
  double get(gauge which) const noexcept {
    return values_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  }
  double get(std::size_t index) const noexcept { return values_[index].load(std::memory_order_relaxed); }

 private:
  std::atomic<double>& at(gauge which) noexcept { return values_[static_cast<std::size_t>(which)]; }
  double get(health_part which) const noexcept {
    return parts_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  }
  std::array<std::atomic<double>, size> values_{};
  std::array<std::atomic<double>, static_cast<std::size_t>(health_part::count_)> parts_{};
  std::vector<std::atomic<double>> known_;
};

}  // namespace hawser::client
