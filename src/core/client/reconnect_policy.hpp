// When a managed client tries again, and when it gives up: delays between attempts, what the end of an
// attempt or of a link means, and what an endpoint's record changes about both. Pure functions; random
// numbers come in.
#pragma once

#include <cstdint>
#include <vector>

#include "core/error.hpp"
#include "core/protocol/time.hpp"

namespace hawser::client {

using protocol::time_ms;

// Times in milliseconds. TypeScript checks what users write; sanitized() makes any value safe to compute
// with.
struct reconnect_settings {
  bool enabled = true;
  time_ms min_delay = 1'000;            // before the first attempt
  time_ms max_delay = 30'000;           // no delay of ours is longer; what a server asks for may be
  double factor = 2;                    // each delay is so many times the one before
  double jitter = 0.5;                  // share of a delay that is random, 0 … 1
  std::uint32_t max_attempts = 0;       // that may fail in a row, the first included; 0: no limit
  time_ms connect_timeout = 10'000;     // for one attempt, all its endpoints together; 0: none
  time_ms min_uptime = 5'000;           // only a connection that lived so long starts the count anew
  time_ms try_again_delay = 5'000;      // a server that closes with 1013 is left alone for so long at least
  time_ms max_retry_after = 3'600'000;  // what a server asks for with Retry-After is honoured up to here
  bool recover_normal_close = false;    // whether a peer's close with 1000 is followed by a reconnect
  std::vector<std::uint16_t> recoverable_codes;  // close codes that recover against the rule below,
  std::vector<std::uint16_t> final_codes;        // and those that do not; final wins over recoverable
};

reconnect_settings sanitized(reconnect_settings settings);

// How an attempt, or a link, ended. What does not apply stays 0.
struct outcome {
  errc error = errc::none;
  std::uint16_t close_code = 0;  // as reported by the close event; 1006 when there was no close frame
  int http_status = 0;           // of the answer to the upgrade (errc::unexpected_response) or of the proxy
  time_ms retry_after = 0;       // from a 429 or 503: how long, not when
  bool auth_rejected = false;    // the server refused our token in words of its own
  bool alternative = false;      // another endpoint can be tried: "try again later" does not bind it
};

enum class verdict : std::uint8_t {
  recover,
  refresh_token,  // a new token may help, once; without a source of tokens, or a second time, it is final
  final,
};

struct judgement {
  verdict what = verdict::recover;
  time_ms not_before = 0;  // with recover: at least so long
};

// The rule. What libraries of this kind agree on is followed; where they differ, the reason stands beside.
//
//   no close frame, network errors, timeouts     recover
//   1001 going away, 1011, 1012, 1014            recover: servers restart with them
//   1013 try again later                         recover after try_again_delay, or retry_after if that is
//   longer 1005 no status                               recover: says nothing about the purpose 1000 normal
//   closure                          final unless recover_normal_close: the peer has said that it is
//                                                done; trying again would fight it
//   3000, 3003, 4401, 4403                       refresh_token: "unauthorized" and "forbidden" of the
//   registry,
//                                                and the private codes that servers use for them
//   other 3000 – 4999                            final: the application's own words
//   1002, 1003, 1007 – 1010, 1015, others        final: the same bytes would meet the same end
//   HTTP 408, 425, 429, 5xx                      recover, after Retry-After
//   HTTP 401, 403                                refresh_token
//   other answers                                final
//   certificates, TLS, no valid handshake        final
//
// An error that we found ourselves (protocol_error, invalid_utf8 …) counts as the close code that we sent for
// it. The two lists of codes override the rule, for close codes alone.
judgement judge(const reconnect_settings& settings, const outcome& how);

// The delay before attempt 1, 2, 3 … with a random number in [0, 1). "Equal jitter":
//
//   d     = min(max_delay, min_delay · factor ^ (attempt - 1))
//   delay = d · (1 - jitter) + random · d · jitter
//
// The settings are sanitized ones. With `not_before` the delay is at least that, plus the random part:
// clients that were sent away together do not come back together.
time_ms next_delay(const reconnect_settings& settings, std::uint32_t attempt, double random,
                   time_ms not_before = 0);

// What is known of an endpoint. `samples` attempts led to `success_rate`, recent ones weighing more.
struct experience {
  std::uint32_t samples = 0;
  double success_rate = 1;  // 0 … 1
  time_ms latency = 0;      // from dial to open, smoothed; 0: unknown
};

// The settings for an endpoint with that record. Below min_experience samples nothing changes. With r the
// rate:
//
//   min_delay    · 4 ^ (1 - 2r): a quarter for one that always opens, four times for one that never does; not
//                lowered below 100 ms, not below twice the latency, not above max_delay
//   max_attempts · (1/2 + r), rounded up; no limit stays no limit
inline constexpr std::uint32_t min_experience = 8;
reconnect_settings adapted(const reconnect_settings& settings, const experience& known);

// SplitMix64: the random numbers of a client, from the seed that it was given.
class jitter_source {
 public:
  explicit jitter_source(std::uint64_t seed) noexcept : state_(seed) {}

  // In [0, 1).
  double next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ z >> 31) >> 11) * 0x1p-53;
  }

 private:
  std::uint64_t state_;
};

}  // namespace hawser::client
