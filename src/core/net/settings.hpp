// What the engine is told about sockets and servers. Plain values; shared settings are immutable once in use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/net/tls_context.hpp"
#include "core/protocol/deflate.hpp"
#include "core/protocol/handshake.hpp"
#include "core/protocol/message_decoder.hpp"

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

  adopt_settings() = default;
  adopt_settings(const adopt_settings&) = delete;
  adopt_settings& operator=(const adopt_settings&) = delete;
  ~adopt_settings();
};

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
  std::uint32_t max_connections = 0;
  std::size_t max_backpressure = 64 << 20;
  bool disconnect_slow = false;
};

}  // namespace hawser::net
