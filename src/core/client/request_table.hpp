// The requests of a managed client that wait for their reply: found by correlation id when the reply comes,
// by token when JavaScript cancels, by a timer when nobody answers; never by a search.
//
//   id ─► index ─┐      ┌ chunk of 256 ┐
//                ├─► n ─► request 64 B │   timer, id up to 27 bytes, token, links of the sent ones
//   token ► index┘      └──────────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/client/flat_index.hpp"
#include "core/client/inline_id.hpp"
#include "core/protocol/timer_wheel.hpp"

namespace hawser::client {

using protocol::time_ms;

struct request_settings {
  std::size_t max_pending = 128u * 1024;
  std::uint64_t hash_seed = 0;  // secret, for the index of ids
};

enum class request_result : std::uint8_t {
  added,
  duplicate,  // the id or the token waits already
  full,       // max_pending
  invalid,    // no id, or one above 256 bytes
};

struct request_counters {
  std::size_t pending = 0;
  std::size_t high_water = 0;
  std::uint64_t added = 0;
  std::uint64_t answered = 0;
  std::uint64_t expired = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t lost = 0;     // with their link, or by clear()
  std::uint64_t unknown = 0;  // replies to nothing that waits: late, doubled or wrong
};

// Callbacks get a token, whose request is gone already; they may call every method, and must not throw.
class request_table {
 public:
  explicit request_table(const request_settings& settings, time_ms now);
  request_table(const request_table&) = delete;
  request_table& operator=(const request_table&) = delete;

  // `deadline` 0: waits for ever.
  request_result add(std::uint32_t token, std::string_view id, time_ms deadline);

  // The reply came: whom it is for. None: unknown.
  std::optional<std::uint32_t> take(std::string_view id);

  // JavaScript does not want it any more; the reply will be unknown. False: not there.
  bool cancel(std::uint32_t token);

  // The kernel took the request, so the peer may act on it; with this link its reply is lost. False: not
  // there.
  bool mark_sent(std::uint32_t token);

  // Requests that were sent go with the link, in the order of sending; fn(token). The others wait on, as they
  // will be sent on the next link.
  template <class Fn>
  void link_lost(Fn&& fn) {
    for (std::size_t left = sent_count_; left > 0 && sent_first_ != none; --left) {
      const std::uint32_t token = at(sent_first_).token;
      remove(sent_first_);
      ++counters_.lost;
      fn(token);
    }
  }

  // Whose deadline is over, up to 16 ms late and never early; fn(token).
  template <class Fn>
  void expire(time_ms now, Fn&& fn) {
    if (!deadlines_) {
      looked_ = now;
      return;
    }
    deadlines_->advance(now, [&](protocol::timer_node& node) {
      const std::uint32_t token = static_cast<request&>(node).token;
      remove(*find_token(token));
      ++counters_.expired;
      fn(token);
    });
  }
  // When expire() has to be called; 0: no need.
  time_ms next_deadline(time_ms now) noexcept {
    return deadlines_ ? deadlines_->next_deadline(now).value_or(0) : 0;
  }

  // All that wait, in no particular order; fn(token). The client is at its end.
  template <class Fn>
  void clear(Fn&& fn) {
    std::vector<std::uint32_t> tokens;
    tokens.reserve(pending());
    by_token_.for_each([&](std::uint32_t n) { tokens.push_back(at(n).token); });
    for (const std::uint32_t token : tokens) {
      const std::uint32_t* const n = find_token(token);
      if (n == nullptr) continue;  // an earlier callback took it
      remove(*n);
      ++counters_.lost;
      fn(token);
    }
  }

  std::size_t pending() const noexcept { return by_id_.size(); }
  request_counters counters() const noexcept {
    request_counters result = counters_;
    result.pending = pending();
    return result;
  }
  // Bytes of the table; ids above 27 bytes are not counted.
  std::size_t memory() const noexcept;

 private:
  static constexpr std::uint32_t none = 0xffffffffu;
  static constexpr std::uint32_t not_sent = 0xfffffffeu;
  static constexpr std::size_t chunk_size = 256;
  // What an empty table keeps for the next request.
  static constexpr std::size_t keep_chunks = 16;

  struct request : protocol::timer_node {
    inline_id id;
    std::uint32_t token = 0;
    std::uint32_t prev = not_sent;  // among the sent ones
    std::uint32_t next = none;      // among the sent ones, or among the free ones
  };
  static_assert(sizeof(request) == 64);

  request& at(std::uint32_t n) const noexcept { return chunks_[n / chunk_size][n % chunk_size]; }
  std::uint32_t* find_token(std::uint32_t token) noexcept {
    return by_token_.find(hash_number(token, 0), [&](std::uint32_t n) { return at(n).token == token; });
  }
  std::uint32_t acquire();
  void remove(std::uint32_t n) noexcept;
  void remove_rest(std::uint32_t n) noexcept;
  void give_back_memory() noexcept;

  const request_settings settings_;
  time_ms looked_;  // when the wheel begins
  // Made for the first deadline: many clients never ask. Before the requests: it outlives their timers.
  std::optional<protocol::timer_wheel> deadlines_;
  std::vector<std::unique_ptr<request[]>> chunks_;
  std::uint32_t free_ = none;
  flat_index<std::uint32_t> by_id_;
  flat_index<std::uint32_t> by_token_;
  std::uint32_t sent_first_ = none;
  std::uint32_t sent_last_ = none;
  std::size_t sent_count_ = 0;
  request_counters counters_;
};

}  // namespace hawser::client
