// Clocks, processor time of this and of the measured process, and a latency histogram.
#pragma once

#include <array>
#include <cstdint>

#include "json.hpp"

namespace hawser::load {

using nanoseconds = std::uint64_t;
constexpr nanoseconds nanoseconds_per_second = 1'000'000'000;

/// Monotonic time.
nanoseconds now();
/// User and system time of this process, all threads.
double own_cpu_seconds();

/// Another process seen through /proc; pid 0 means none is watched.
class watched_process {
 public:
  explicit watched_process(int pid) : pid_(pid) {}
  explicit operator bool() const { return pid_ != 0; }
  /// User and system time of all its threads; 0 when it is gone.
  double cpu_seconds() const;
  std::uint64_t resident_bytes() const;

 private:
  int pid_;
};

/// Counts durations in log-linear buckets (32 to each power of two, so a value is off by 3 % at most).
class histogram {
 public:
  void add(nanoseconds value);
  void clear() { *this = histogram(); }
  /// Microseconds below which `share` (0...1) of the values lie.
  double microseconds_at(double share) const;
  json_object summary() const;

 private:
  static constexpr unsigned fine_bits_ = 5;
  std::array<std::uint64_t, 64u << fine_bits_> buckets_{};
  std::uint64_t total_ = 0;
  nanoseconds largest_ = 0;
};

/// The measured part of a run: wall time, own processor time, and that of the watched process.
class measured_window {
 public:
  explicit measured_window(int pid)
      : watched_(pid), resident_at_rest_(watched_ ? watched_.resident_bytes() : 0) {}
  void begin();
  void end();
  double seconds() const { return seconds_; }
  /// Adds seconds, ownCpuSeconds and `watched` to a result.
  void report(json_object& result) const;

 private:
  watched_process watched_;
  std::uint64_t resident_at_rest_;
  std::uint64_t resident_at_end_ = 0;
  nanoseconds begun_ = 0;
  double own_begun_ = 0;
  double watched_begun_ = 0;
  double seconds_ = 0;
  double own_ = 0;
  double watched_used_ = 0;
};

}  // namespace hawser::load
