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

class client_gauges {
 public:
  static constexpr std::size_t size = static_cast<std::size_t>(gauge::count_);

  void set(gauge which, double value) noexcept { at(which).store(value, std::memory_order_relaxed); }
  void add(gauge which, double value = 1) noexcept { set(which, get(which) + value); }
  double get(gauge which) const noexcept {
    return values_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  }
  double get(std::size_t index) const noexcept { return values_[index].load(std::memory_order_relaxed); }

 private:
  std::atomic<double>& at(gauge which) noexcept { return values_[static_cast<std::size_t>(which)]; }
  std::array<std::atomic<double>, size> values_{};
};

}  // namespace hawser::client
