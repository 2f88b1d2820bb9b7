// Happy Eyeballs version 2 (RFC 8305): in which order, and when, to try the addresses of a name. Decisions
// only; the dialer performs them and passes the time in.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace hawser::net {

// RFC 8305 §4: families alternate, beginning with that of the first address; the order within a family is
// kept. Duplicates are left out.
std::vector<boost::asio::ip::address> interleave_families(
    const std::vector<boost::asio::ip::address>& addresses);

// How much an error tells about why a target cannot be reached; of several errors the highest is reported.
// A peer that answered (refused, reset) says more than a network that did not.
int telling_rank(errc code) noexcept;

// One race of connection attempts to candidates 0 … n-1, in that order.
//
//   start ─► connect 0 ──delay──► connect 1 ──delay──► connect 2 …      (RFC 8305 §5)
//                 └─ failed ────────► connect 1 at once
//   first success ─► won (the caller closes the others);  last failure with nothing left to try ─► failed
class happy_eyeballs {
 public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  // RFC 8305 §5: the delay must not be below 10 ms and should not be above 2 s.
  static constexpr std::chrono::milliseconds min_delay{10};
  static constexpr std::chrono::milliseconds max_delay{2000};
  // A name with more addresses than this is tried on its first ones only, which bounds the open sockets.
  static constexpr std::size_t max_candidates = 32;

  struct event {
    enum class type { start, timer, attempt_succeeded, attempt_failed } what;
    std::size_t candidate = 0;  // of attempt_*
    error_info error{};         // of attempt_failed
  };

  struct action {
    enum class type {
      connect,  // begin an attempt to `candidate`, send `timer` at `wake_at`
      wait,     // nothing to begin; send `timer` at `wake_at` if there is one
      won,      // `candidate` is the connection, close every other attempt
      failed,   // see verdict()
    } what;
    std::size_t candidate = 0;
    std::optional<time_point> wake_at{};
  };

  // `candidates`: how many there are (cut to max_candidates). `delay` is clamped to [min_delay, max_delay].
  happy_eyeballs(std::size_t candidates, std::chrono::milliseconds delay);

  // One step. After `won` or `failed` every further event returns that same action.
  action on(const event& e, time_point now);

  // The error of a lost race: the code of the most telling failure (the earliest among equals), and a detail
  // that lists every candidate tried: "<target>: <label 0>: <text>; <label 1>: <text>".
  error_info verdict(std::string_view target, const std::vector<std::string>& labels) const;

  // What became of the attempts so far, "<label>: <text or 'no answer'>; …"; for the detail of a timeout.
  std::string summary(const std::vector<std::string>& labels) const;

 private:
  struct attempt {
    bool failed = false;
    error_info error;
  };

  action connect_next(time_point now);
  action wait() const;
  bool exhausted() const { return attempts_.size() == candidates_; }

  std::size_t candidates_;
  std::chrono::milliseconds delay_;
  std::vector<attempt> attempts_;  // one per candidate begun, by its index
  std::size_t pending_ = 0;        // attempts begun and not yet failed
  time_point next_at_{};           // when the next attempt is due
  std::optional<action> outcome_;
};

}  // namespace hawser::net
