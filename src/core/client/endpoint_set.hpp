// The endpoints of one client or of one target of the pool: what is known of each, and which to dial next.
// Pure; whoever dials reports each dial and its end.
//
//   in rotation ── dead_after failures in a row ──► out until a cool-down is over ──► one probe
//        ▲                                             ▲     (grows, is bounded)         │
//        └───────────── opened ───────────────────────────────┴── failed ────────────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/client/reconnect_policy.hpp"
#include "core/protocol/time.hpp"

namespace hawser::client {

// The numbers cross to JavaScript.
enum class strategy : std::uint8_t {
  failover = 0,     // in the given order
  race = 1,         // all at once, a little apart; the first to open wins
  round_robin = 2,  // each choice begins with the next one
  least_busy = 3,   // by set_busy(), equals in turn
  latency = 4,      // the shortest time to open or to answer a ping; those without a figure first
};

struct endpoint_settings {
  strategy order = strategy::failover;
  time_ms stagger = 250;         // race: between the dials of a round
  time_ms patience = 3'000;      // else: a dial that is silent for so long gets company by the next endpoint
  std::uint32_t dead_after = 3;  // failures in a row
  time_ms cool_down = 10'000;    // the first one; each further one in a row is twice as long
  time_ms max_cool_down = 300'000;
  time_ms max_retry_after = 3'600'000;  // so long at most an endpoint is left alone at its own wish
  time_ms min_uptime = 5'000;           // a link that was lost earlier is a failure of its endpoint
};

using endpoint_index = std::uint32_t;

// Which endpoints to dial, see dial_round.
struct dial_plan {
  std::vector<endpoint_index> order;
  time_ms step = 0;
};

struct endpoint_record {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;  // dials that failed and links that were lost at once
  double success_rate = 1;     // recent ones weigh more
  double latency = 0;          // milliseconds, smoothed; 0: unknown
  std::uint32_t failures_in_row = 0;
  std::uint32_t busy = 0;
  std::uint32_t dials = 0;  // under way
  time_ms out_until = 0;    // 0: in rotation; past: due for its probe
  bool dead = false;        // out for its failures, not because it asked to be left alone
};

class endpoint_set {
 public:
  // `count` at least 1; a set of none has an empty plan.
  endpoint_set(std::size_t count, endpoint_settings settings);

  // What an earlier set knew of an endpoint: its attempts, their rate of success, its latency.
  void restore(endpoint_index e, const endpoint_record& known) noexcept;

  // The endpoints that may be dialled now, best first. Those that failed within the last cool-down go behind
  // the others. An endpoint that is due for its probe stands where the strategy puts it, unless a dial to it
  // is under way. If all are out, the one that is due first is the whole plan. Round robin counts a call as a
  // choice.
  void choose(time_ms now, dial_plan& out);

  // Of each dial: its beginning, then exactly one of the three ends.
  void on_dial(endpoint_index e) noexcept;
  void on_opened(endpoint_index e, time_ms latency) noexcept;
  // retry_after: how long the endpoint asked to be left alone; 0: it did not.
  void on_failed(endpoint_index e, time_ms now, time_ms retry_after = 0) noexcept;
  void on_abandoned(endpoint_index e) noexcept;  // we dropped it; says nothing about the endpoint

  // A link that had opened ended by our own wish, or by whatever else.
  void on_left(endpoint_index e, time_ms uptime) noexcept;
  void on_lost(endpoint_index e, time_ms now, time_ms uptime, time_ms retry_after = 0) noexcept;
  void on_latency(endpoint_index e, time_ms latency) noexcept;  // a ping was answered
  void set_busy(endpoint_index e, std::uint32_t count) noexcept;

  // Whether an endpoint other than e may be dialled now; the `alternative` of an outcome.
  bool other_ready(endpoint_index e, time_ms now) const noexcept;

  // When the first endpoint may be dialled again if every one of them asked to be left alone; 0: not every
  // one did.
  time_ms left_alone_until(time_ms now) const noexcept;

  std::size_t size() const noexcept { return endpoints_.size(); }
  const endpoint_record& record(endpoint_index e) const noexcept { return endpoints_[e].known; }
  experience experience_of(endpoint_index e) const noexcept;

 private:
  struct endpoint {
    endpoint_record known;
    std::uint32_t deaths = 0;           // in a row; the cool-down's exponent
    std::uint32_t failures_before = 0;  // in a row, before it opened last
    time_ms failed_at = 0;              // valid when failures_in_row > 0
    time_ms alone_until = 0;            // at its own wish; 0: it has none, or was dialled since
    bool probing = false;               // dialled while out
  };

  bool ready(const endpoint& e, time_ms now) const noexcept;
  bool suspect(const endpoint& e, time_ms now) const noexcept;
  void sort(std::vector<endpoint_index>& order) const;
  void count(endpoint& e, bool success) noexcept;
  void fail(endpoint& e, time_ms now, time_ms retry_after) noexcept;
  void leave_alone(endpoint& e, time_ms now, time_ms retry_after) noexcept;

  endpoint_settings settings_;
  std::vector<endpoint> endpoints_;
  endpoint_index turn_ = 0;  // round robin, and equals of least_busy
};

}  // namespace hawser::client
