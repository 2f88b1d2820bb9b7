// The states of a managed client, without any I/O: what the program asks and what happens to dials and links
// goes in, what to do comes out. Times are passed in; random numbers come from the seed it was given.
//
//   idle ──► connecting ──► connected ──► disconnecting ──► disconnected
//                │             ▲   │                             ▲
//       recovers ▼             │   ▼ lost                        │ disconnect()
//             reconnecting: delay, token, dial, delay … ─────────┘
//                │ final, exhausted                  connect() leaves idle, disconnected and failed,
//                ▼                                   reconnect() any state
//             failed ◄── a final end of a first dial or of a link
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/client/reconnect_policy.hpp"

namespace hawser::client {

// The numbers cross to JavaScript.
enum class client_state : std::uint8_t {
  idle = 0,        // never asked to connect
  connecting = 1,  // connect() or reconnect() without a link; its first attempt
  connected = 2,
  reconnecting = 3,   // an attempt failed or the link was lost: waits, or tries again
  disconnecting = 4,  // disconnect() closes the link
  disconnected = 5,   // by disconnect(), or by a peer that closed normally
  failed = 6,         // gave up; connect() begins anew
};

// The numbers cross to JavaScript.
enum class token_reason : std::uint8_t {
  first = 0,     // there is none
  rejected = 1,  // the server did not accept it
  expired = 2,   // its time is over
};

// Why a client stopped.
enum class stop_reason : std::uint8_t {
  none,
  requested,  // disconnect()
  peer,       // the peer closed with 1000
  refused,    // an outcome that is final, or reconnecting is off
  exhausted,  // max_attempts failures in a row
  token,      // the source of tokens gave none, for good
};

struct client_action {
  enum class kind : std::uint8_t {
    state_changed,     // from, to, attempt, delay; with reconnecting, disconnected, failed: stop, how
    attempt,           // reconnecting goes on: attempt, delay, how
    ask_token,         // why; answer with token_ready() or token_failed()
    dial,              // begin a round of dials under the number `link`, attempt
    drop_dials,        // of the round `link`; timed_out: they count as failures of their endpoints
    close_link,        // `link` with code and reason; link_closed() is due
    drop_link,         // `link` is to go, with 1000 if it can; nobody waits for it and it is not to report
    connect_resolved,  // all calls of connect() and reconnect() so far
    connect_rejected,  // the same: stop, how
  } what;
  client_state from{}, to{};
  std::uint32_t link = 0;
  std::uint32_t attempt = 0;  // 0: the first one; n: the nth in a row since the last lasting connection
  time_ms delay = 0;          // until that attempt
  std::uint16_t code = 0;
  std::string_view reason{};  // the argument of disconnect()
  token_reason why{};
  stop_reason stop{};
  bool timed_out = false;
  outcome how{};
};

// At most eight actions, to be performed in this order before the machine is told anything else.
class client_actions {
 public:
  static constexpr std::size_t capacity = 8;

  void add(const client_action& action) noexcept {
    assert(size_ < capacity);
    list_[size_++] = action;
  }
  const client_action* begin() const noexcept { return list_.data(); }
  const client_action* end() const noexcept { return list_.data() + size_; }
  std::size_t size() const noexcept { return size_; }
  const client_action& operator[](std::size_t i) const noexcept { return list_[i]; }

 private:
  std::array<client_action, capacity> list_{};
  std::size_t size_ = 0;
};

struct machine_settings {
  reconnect_settings reconnect;
  bool uses_tokens = false;        // there is a source: no dial without a token that is not known to be bad
  time_ms token_timeout = 10'000;  // 0: none
  time_ms close_timeout = 15'000;  // a link has its own; this one is for a shell that loses a close. 0: none
};

// What arrives under a number that is not current came too late and changes nothing.
class client_machine {
 public:
  client_machine(machine_settings settings, std::uint64_t seed);

  // No effect while it connects, waits to or is connected, except that its promise is answered.
  client_actions connect(time_ms now);
  // Drops what there is, forgets the attempts and dials at once, in every state.
  client_actions reconnect(time_ms now);
  // Code and reason go to the peer; the caller has checked them. No effect in idle, disconnected and failed.
  client_actions disconnect(time_ms now, std::uint16_t code, std::string_view reason);

  // A token, asked for or not. expires_at on this clock, 0: unknown.
  client_actions token_ready(time_ms now, time_ms expires_at = 0);
  // The source gave none; `final`: it will not.
  client_actions token_failed(time_ms now, bool final);
  // The server, or the program, calls the present token bad; the next dial waits for another.
  void token_expired() noexcept { token_held_ = false; }

  // A dial of the round opened, and the peer has accepted it in every way that is asked for.
  client_actions dial_opened(time_ms now, std::uint32_t link);
  // All dials of the round failed.
  client_actions dial_failed(time_ms now, std::uint32_t link, const outcome& how);
  client_actions link_closed(time_ms now, std::uint32_t link, const outcome& how);

  client_actions timer(time_ms now);
  time_ms next_deadline() const noexcept { return deadline_; }  // 0: none

  // No attempt that follows a failure begins earlier: every peer asked to be left alone until then. 0: none.
  void leave_alone_until(time_ms when) noexcept { alone_until_ = when; }

  // From the next decision on; a delay that runs is not changed.
  void set_policy(reconnect_settings settings);
  const reconnect_settings& policy() const noexcept { return settings_.reconnect; }

  client_state state() const noexcept { return state_; }
  std::uint32_t attempt() const noexcept { return attempts_; }
  std::uint32_t link() const noexcept { return link_; }                // the present or the latest one
  time_ms last_connected() const noexcept { return last_connected_; }  // 0: never

 private:
  enum class waiting : std::uint8_t { nothing, delay, token, dial };
  // A token that is refused so soon again waits for its turn like any other failure.
  static constexpr time_ms hasty_refusal = 1'000;

  void enter(client_actions& out, client_state to, time_ms delay = 0, stop_reason stop = stop_reason::none,
             const outcome& how = {});
  void drop_attempt(client_actions& out, bool timed_out);
  void begin_attempt(client_actions& out, time_ms now);
  void ask_token(client_actions& out, time_ms now, token_reason why);
  void dial(client_actions& out, time_ms now);
  // `counts`: it is a failure in a row; the loss of a link that had lasted is none.
  void attempt_failed(client_actions& out, time_ms now, const outcome& how, stop_reason what,
                      bool counts = true);
  void try_later(client_actions& out, time_ms now, const outcome& how, stop_reason what, time_ms not_before,
                 bool counts = true);
  void reject_token() noexcept {
    token_held_ = false;
    token_rejected_ = true;
  }
  bool refresh_token(client_actions& out, time_ms now, const outcome& how);
  void retry(client_actions& out, time_ms delay, const outcome& how);
  void stop(client_actions& out, client_state to, stop_reason why, const outcome& how);
  void start(client_actions& out, time_ms now);
  void wait_until(waiting what, time_ms now, time_ms span) noexcept;

  machine_settings settings_;
  jitter_source random_;
  client_state state_ = client_state::idle;
  waiting waiting_ = waiting::nothing;
  bool pending_ = false;  // connect() or reconnect() waits for an answer
  bool token_held_ = false;
  bool token_seen_ = false;
  bool token_rejected_ = false;  // the reason to ask for the next one
  bool refreshed_ = false;       // the server rejected a token since the last lasting connection
  std::uint32_t attempts_ = 0;
  std::uint32_t failures_ = 0;  // attempts that failed, and links that did not last, in a row
  std::uint32_t link_ = 0;
  time_ms token_expires_ = 0;
  time_ms alone_until_ = 0;
  time_ms last_connected_ = 0;
  time_ms deadline_ = 0;
};

}  // namespace hawser::client
