// How well a connection does, as one number from 0 to 100. Pure.
#pragma once

#include <cstdint>

namespace hawser::metrics {

struct health_input {
  double latency_ms = 0;       // round trip, smoothed by the caller; 0 or less: not known, counts as good
  double reference_ms = 100;   // up to here latency is good; 0 or less: latency does not count
  double success_rate = 1;     // 0–1, of sends, requests or pings, as the caller likes
  double uptime = 1;           // 0–1, the share of the time since connect() in which it was connected
  double reconnects = 0;       // in the period the caller looks at
  std::uint64_t queued = 0;    // messages that wait to be sent
  std::uint64_t capacity = 0;  // how many may; 0: the queue does not count
};

// score = 100 · success_rate · uptime · (1 − 0.4 · slow − 0.3 · unstable − 0.3 · backed_up), with
//
//   slow      = 1 − reference / latency        0 up to the reference, 0.5 at twice, towards 1
//   unstable  = reconnects / (reconnects + 3)  0 without any, 0.5 at three, towards 1
//   backed_up = queued / capacity              at most 1
//
// What fails altogether (no success, never up) is 0 whatever the rest; what is merely uncomfortable takes off
// its share. Never rises with latency, reconnects or queued; never falls with the others. Values out of range
// count as the nearer end; NaN as the bad end, and for latency as not known.
double health_score(const health_input& input) noexcept;

}  // namespace hawser::metrics
