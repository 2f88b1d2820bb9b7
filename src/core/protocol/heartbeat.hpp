// Liveness of one connection: when to ping, when to call the peer dead. Pure; the shell owns timer and
// frames.
#pragma once

#include <cstdint>

#include "core/protocol/time.hpp"

namespace hawser::protocol {

// Shared by all connections of a server or client.
struct heartbeat_settings {
  time_ms interval = 30'000;  // silence after which a ping goes out; 0: no heartbeat at all
  time_ms timeout = 5'000;    // after an unanswered ping the peer is dead; 0: pings go out, nothing is judged
};

// Any byte from the peer counts as life. While we do not read, the clock stands still: silence is our own
// doing then, and an unsolicited pong each interval (RFC 6455 §5.5.3) tells the peer that we live.
class heartbeat {
 public:
  enum class action : std::uint8_t { nothing, send_ping, send_unsolicited_pong, dead };

  explicit heartbeat(time_ms now) noexcept : since_(now), paused_at_(0), paused_(0), pinged_(0) {}

  // Bytes came in. The shell may call it once a read, or once a timer tick with the time of the last read.
  void on_traffic(time_ms now) noexcept;

  // We stop, or go on, reading. Optional: without them a change takes effect at the next on_timer(). Repeated
  // calls are harmless.
  void on_pause(time_ms now) noexcept;
  void on_resume(time_ms now) noexcept;

  // Called at or after next_deadline(); earlier calls return `nothing`. `paused`: we are not reading now.
  // After `dead` the result stays `dead` until traffic comes.
  action on_timer(const heartbeat_settings& settings, time_ms now, bool paused) noexcept;

  // When on_timer() will have something to do; `never` when interval is 0. Moves with every other call.
  time_ms next_deadline(const heartbeat_settings& settings) const noexcept;

 private:
  time_ms since_;                // when the silence began, or when the unanswered ping went out
  std::int64_t paused_at_ : 62;  // pause accounted for up to here, with paused_
  std::uint64_t paused_ : 1;
  std::uint64_t pinged_ : 1;
};

static_assert(sizeof(heartbeat) <= 16);

}  // namespace hawser::protocol
