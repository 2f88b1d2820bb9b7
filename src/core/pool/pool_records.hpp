// What the pool keeps of hosts, endpoints, targets, connections and users. All lie in the maps of pool_core,
// whose nodes do not move, and refer to each other by pointer:
//
//   host ◄── endpoint ◄── connection ◄── user (attached or holder)
//    ▲ queue    ▲ queue       └── requests: running, waiting
//    └──────────┴── user (waits for a place)          target ──► endpoints, with their record in an
//    endpoint_set
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/pool/pool_types.hpp"

namespace hawser::pool {

struct target;

struct host {
  std::string name;
  std::optional<std::uint32_t> limit;  // of its own
  std::uint32_t endpoints = 0;
  std::uint32_t count = 0;                           // connections in every state
  std::uint32_t closing = 0;                         // of them
  std::uint32_t wanted = 0;                          // endpoints that a user in the queue waits for
  std::set<user_id> queue;                           // users that wait for a place, first come first
  std::set<std::pair<time_ms, connection_id>> idle;  // longest first
};

struct connection;

struct endpoint {
  endpoint_id id = 0;
  std::string key;
  struct host* host = nullptr;
  std::vector<connection*> connections;  // that are not closing
  std::uint32_t sockets = 0;             // with those that are
  std::uint32_t users = 0;               // of its connections
  std::set<user_id> queue;               // part of the host's
  std::vector<std::pair<target*, client::endpoint_index>> members;
};

struct target {
  target_id id = 0;
  std::vector<endpoint*> endpoints;
  client::endpoint_set records;
};

struct connection {
  connection_id id = 0;
  struct endpoint* endpoint = nullptr;
  connection_state state = connection_state::opening;
  time_ms since = 0;
  time_ms idle_since = 0;  // valid while idle
  bool idle = false;
  std::set<user_id> attached;  // will be granted when it is open
  std::set<user_id> holders;
  std::unordered_set<request_id> running;
  std::set<request_id> waiting;  // first come first

  std::size_t users() const noexcept { return attached.size() + holders.size(); }
  bool used() const noexcept { return users() + running.size() > 0; }
};

struct user {
  user_id id = 0;
  struct target* target = nullptr;          // of a waiter
  struct connection* connection = nullptr;  // null: waits for a place
  bool holder = false;
  time_ms deadline = 0;
  std::vector<endpoint*> tried;   // endpoints that failed it
  std::vector<endpoint*> queued;  // in whose queues it is
};

struct request {
  user_id holder = 0;
  struct connection* connection = nullptr;
  time_ms deadline = 0;
  bool running = false;
};

}  // namespace hawser::pool
