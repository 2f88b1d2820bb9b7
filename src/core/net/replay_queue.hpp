// What waits on a connection that is sent kept messages, more of them than it takes at once: the rest of
// them, then all that was published to it or sent to it meanwhile, in the order of coming. Owned by the
// connection. Kept messages are references, which their topic bounds; what was published meanwhile counts
// against the connection's maxBackpressure, and sends against that of JavaScript.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <variant>
#include <vector>

#include "core/net/engine.hpp"
#include "core/net/published.hpp"

namespace hawser::net {

struct replay_queue {
  struct sent {
    std::vector<std::uint8_t> payload;
    send_flags flags;
  };
  struct live {
    std::shared_ptr<const published> message;
  };
  std::deque<std::variant<std::shared_ptr<const published>, live, sent>> entries;
  std::size_t live_bytes = 0;
  std::size_t sends = 0;
};

}  // namespace hawser::net
