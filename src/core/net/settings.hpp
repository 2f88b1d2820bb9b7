// What the engine is told about sockets and servers. Plain values; shared settings are immutable once in use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/client/client_gauges.hpp"
#include "core/client/endpoint_set.hpp"
#include "core/hub/rate_gate.hpp"
#include "core/net/tls_context.hpp"
#include "core/protocol/deflate.hpp"
#include "core/protocol/handshake.hpp"
#include "core/protocol/message_decoder.hpp"
#include "core/router/pointer.hpp"

namespace hawser::net {

using protocol::header_list;

// Times in milliseconds, 0 turns one off; sizes in bytes.
struct socket_settings {
  std::int64_t handshake_timeout = 10000;
  std::int64_t close_timeout = 10000;
  std::int64_t idle_timeout = 0;
  std::int64_t heartbeat_interval = 30000;
  std::int64_t heartbeat_timeout = 5000;
  std::size_t max_payload = 16 << 20;
  std::size_t high_water_mark = 1 << 20;
  std::size_t max_header_size = 16 << 10;
  bool deflate_enabled = false;
  protocol::deflate_options deflate;
};

struct connect_settings {
  socket_settings socket;
  std::string host;
  std::uint16_t port = 0;
  std::string unix_path;
  std::vector<std::string> addresses;  // literals; not empty: no name is resolved
  int family = 0;
  std::string local_address;
  std::int64_t connect_timeout = 10000;
  std::int64_t attempt_delay = 250;
  std::shared_ptr<tls_context> tls;  // null: plain
  std::string server_name;
  std::string target;
  std::string host_header;
  std::vector<std::string> protocols;
  header_list headers;
  std::string proxy_host;
  std::uint16_t proxy_port = 0;
  std::string proxy_authorization;
  std::vector<std::pair<std::string, std::string>> proxy_headers;
};

struct adopt_settings {
  std::uint32_t server = 0;
  int descriptor =
      -1;  // owned by this struct until a connection takes it; -1: bytes come through pipe_data()
  std::string key;
  std::string extensions;
  std::string protocol;
  header_list headers;
  std::vector<std::uint8_t> head;
  std::string address;  // of the peer; empty: nobody knows
  std::string user;     // the same

  adopt_settings() = default;
  adopt_settings(const adopt_settings&) = delete;
  adopt_settings& operator=(const adopt_settings&) = delete;
  ~adopt_settings();
};

// What is done about a subscriber that is behind. The first two: above maxBackpressure. The others: above the
// high-water mark published messages wait as references, up to maxBackpressure.
enum class slow_policy : std::uint8_t { drop_newest, disconnect, drop_oldest, conflate };

struct listen_settings {
  socket_settings socket;
  bool listen = true;
  std::string host;
  std::uint16_t port = 0;
  std::string unix_path;
  int backlog = 511;
  bool reuse_port = false;
  bool ipv6_only = false;
  std::shared_ptr<tls_context> tls;
  std::string path;
  std::vector<std::string> origins;
  std::vector<std::string> protocols;
  bool decide = false;
  bool carry = false;  // POST and OPTIONS requests are JavaScript's, whole
  std::uint32_t max_connections = 0;
  std::size_t max_backpressure = 64 << 20;
  std::uint32_t max_per_address = 0;  // connections; 0: no limit
  slow_policy slow = slow_policy::drop_newest;
  std::vector<router::pointer> conflate_by;  // what tells keys apart beside the topic
  hub::rate_rules rate;
  bool hub = false;                               // peers speak docs/protocol.md
  std::size_t max_kept = std::size_t{256} << 20;  // of all topics that keep messages
};

// A managed client. Times in milliseconds; 0 means what it says beside each.
struct client_settings {
  std::vector<connect_settings> endpoints;
  int strategy = 0;  // of client::strategy
  // What an earlier client learned: of each endpoint, or of none.
  std::vector<client::endpoint_record> learned;
  struct {
    bool enabled = true;
    std::int64_t min_delay = 1000, max_delay = 30000;
    double factor = 2;
    double jitter = 0.5;
    std::uint32_t max_attempts = 0;  // no limit
    std::int64_t min_uptime = 5000;
    bool adaptive = true;  // to what is known of an endpoint
    std::vector<std::uint16_t> recoverable_codes, final_codes;
  } reconnect;
  struct {
    std::uint32_t max_messages = 1000;
    std::size_t max_bytes = 16 << 20;
    int overflow = 0;      // of client::overflow_policy
    std::int64_t ttl = 0;  // none
    std::int64_t ack_timeout = 10000;
    std::uint32_t max_retries = 3;
    std::uint32_t max_requests = 100000;
    std::string store;  // file; empty: none
    std::string line;
    bool fsync = false;
  } queue;
  struct {
    std::string type_at, room_at, correlation_at;  // JSON pointers
    std::string payload_at, error_at;              // of replies; both empty: those are handed up whole
    std::string reply_type;                        // empty: whatever carries a request's correlation id
  } routing;
  struct {
    std::uint32_t max = 0;  // messages in a batch; below 2: none
    std::int64_t every = 100;
    bool always = false;
  } batch;
  bool gated = false;                 // JavaScript admits each link, see client_port::admit
  std::int64_t message_interval = 0;  // heartbeat envelopes; 0: none
  std::int64_t message_timeout = 0;
  bool auth = false;  // each dial waits for a token
  enum class acks : std::uint8_t { by_protocol, always, never } acked = acks::by_protocol;
  std::uint64_t seed = 0;
  std::size_t high_water_mark = 1 << 20;
  std::shared_ptr<client::client_gauges> gauges;
};

}  // namespace hawser::net
