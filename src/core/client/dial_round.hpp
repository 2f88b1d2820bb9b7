// One round of dials over several endpoints, as Happy Eyeballs is one over several addresses: the first to
// open wins. Pure; the caller dials what next() names and reports how each dial ended.
//
//   dial 0 ──step──► dial 1 beside it ──step──► dial 2 …        a failure of the newest begins the next at
//   once
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/client/endpoint_set.hpp"

namespace hawser::client {

class dial_round {
 public:
  // Forgets what was. Dials of a round that still runs are the caller's to drop, see running().
  void begin(const dial_plan& plan, time_ms now);

  // An endpoint to dial now; call until there is none, after begin(), on_failed() and at next_deadline().
  std::optional<endpoint_index> next(time_ms now);

  // Ignored for an endpoint that is not being dialled. The time is when next() has to be asked again.
  void on_failed(endpoint_index e, const outcome& how, const reconnect_settings& settings);

  // The winner, once; the caller drops what is left of running(), and the round is over. False: e is not
  // being dialled.
  bool on_opened(endpoint_index e);

  // Ends the round without a winner.
  void cancel();

  // All dials failed and nothing is left to try; result() says how.
  bool failed() const noexcept { return active_ && running_.empty() && next_ == order_.size(); }
  // The outcome that gives the most hope: one that a new token may help, else one that recovers, soonest
  // first, else the first.
  const outcome& result() const noexcept { return result_; }

  std::span<const endpoint_index> running() const noexcept { return running_; }
  time_ms next_deadline() const noexcept;  // 0: none

 private:
  bool active_ = false;
  time_ms step_ = 0;
  time_ms next_at_ = 0;
  std::size_t next_ = 0;  // into order_
  std::vector<endpoint_index> order_;
  std::vector<endpoint_index> running_;
  bool has_result_ = false;
  outcome result_;
  judgement judged_;  // of result_
};

}  // namespace hawser::client
