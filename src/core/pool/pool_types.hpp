// The words of the connection pool: numbers, settings, what it asks of its shell, and what it shows of
// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/endpoint_set.hpp"
#include "core/protocol/time.hpp"

namespace hawser::pool {

using protocol::time_ms;

// Numbers begin with 1, grow, and are never used twice.
using target_id = std::uint64_t;
using endpoint_id = std::uint64_t;
using connection_id = std::uint64_t;
using user_id = std::uint64_t;  // a waiter, then the holder of a lease
using request_id = std::uint64_t;

struct pool_settings {
  std::uint32_t max_per_host = 5;           // connections, at least 1
  std::uint32_t per_endpoint = 1;           // connections to one endpoint, at least 1
  std::uint32_t max_in_flight = 100;        // requests on one connection; 0: no limit
  std::size_t max_waiters = 1000;           // users that wait, in the whole pool; at least 1
  std::size_t max_waiting_requests = 1000;  // on one connection
  time_ms idle_time = 60'000;               // a connection without users is kept so long; 0: not at all
  client::endpoint_settings endpoint;       // its order is that of each target
};

struct endpoint_name {
  std::string key;   // what makes two endpoints the same: URL and whatever else the shell dials with
  std::string host;  // what the limit counts: host and port
};

// Why a waiter, a holder or a request is turned away.
enum class refusal : std::uint8_t {
  timeout,  // its deadline passed
  removed,  // cancelled, or what it waited for or held was removed
  pool_closed,
  queue_full,         // too many wait already
  connection_failed,  // every endpoint of the target was tried; or the connection in use ended
  unknown,            // no such target or lease
};

struct pool_action {
  enum class kind : std::uint8_t {
    open,            // connection, endpoint: opened() or failed() follows, or closed() after a close
    close,           // connection: closed() follows, in whatever state it is
    grant,           // user has connection until release()
    refuse,          // user gets none: why
    revoke,          // user has connection no longer: why
    grant_request,   // request may go out on connection; end_request() when it is over
    refuse_request,  // request may not: why
  } what;
  connection_id connection = 0;
  endpoint_id endpoint = 0;
  user_id user = 0;
  request_id request = 0;
  refusal why{};
};

using pool_actions = std::vector<pool_action>;

enum class connection_state : std::uint8_t { opening, open, lost, closing };

struct connection_info {
  connection_id id = 0;
  endpoint_id endpoint = 0;
  std::string key;
  std::string host;
  connection_state state = connection_state::opening;
  std::size_t users = 0;    // holders
  std::size_t waiters = 0;  // will hold it when it is open
  std::size_t active_requests = 0;
  std::size_t waiting_requests = 0;
  time_ms since = 0;       // of the state
  time_ms idle_since = 0;  // 0: in use
};

struct pool_snapshot {
  std::vector<connection_info> connections;  // by number
  std::size_t holders = 0;
  std::size_t waiters = 0;  // of a place or of a connection that opens
  std::uint64_t opened = 0;
  std::uint64_t failed = 0;   // opening, or later
  std::uint64_t evicted = 0;  // idle ones closed for a waiter or a lower limit
  std::uint64_t granted = 0;
  std::uint64_t refused = 0;
};

}  // namespace hawser::pool
