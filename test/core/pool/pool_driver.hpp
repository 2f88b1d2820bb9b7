// Drives a pool in tests: a virtual clock, targets by short names, and the actions of each call in a line of
// text.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/pool/pool_core.hpp"

namespace hawser::pool::test {

inline std::string_view name(refusal why) {
  constexpr std::string_view names[] = {"timeout",    "removed",           "pool_closed",
                                        "queue_full", "connection_failed", "unknown"};
  return names[static_cast<std::size_t>(why)];
}

// Users, requests and connections get names in the order in which they appear: u1, r1, c1 … so that lines can
// be compared.
struct pool_driver {
  explicit pool_driver(pool_settings settings = {}) : pool(settings) {}

  // "host/path" makes an endpoint of that host.
  target_id target(std::vector<std::string> keys, client::strategy order = client::strategy::failover) {
    std::vector<endpoint_name> names;
    for (const std::string& key : keys) names.push_back({key, key.substr(0, key.find('/'))});
    return pool.add_target(names, order);
  }
  target_id of(const std::string& key) {
    auto& id = targets[key];
    if (id == 0) id = target({key});
    return id;
  }

  std::string acquire(const std::string& key, time_ms wait = 0) { return acquire(of(key), wait); }
  std::string acquire(target_id id, time_ms wait = 0) {
    users.push_back(pool.acquire(now, id, wait == 0 ? 0 : now + wait, out));
    return text();
  }
  std::string release(int u) { return told(pool.release(now, user(u), out)); }
  std::string cancel(int u) { return told(pool.cancel(now, user(u), out)); }
  std::string begin(int u, time_ms wait = 0) {
    requests.push_back(pool.begin_request(user(u), wait == 0 ? 0 : now + wait, out));
    return text();
  }
  std::string end(int r) {
    return told(pool.end_request(now, requests.at(static_cast<std::size_t>(r - 1)), out));
  }
  std::string opened(int c, time_ms latency = 10) {
    return pool.opened(now, connection(c), latency, out), text();
  }
  std::string lost(int c) { return pool.lost(now, connection(c), out), text(); }
  std::string healed(int c) { return pool.healed(now, connection(c), 10, out), text(); }
  std::string failed(int c) { return pool.failed(now, connection(c), out), text(); }
  std::string closed(int c) { return pool.closed(now, connection(c), out), text(); }
  std::string remove(int c) { return told(pool.remove_connection(now, connection(c), out)); }
  std::string remove_target(target_id id) { return pool.remove_target(now, id, out), text(); }
  std::string limit(std::uint32_t n) { return pool.set_limit(now, n, out), text(); }
  std::string limit(std::string_view host, std::uint32_t n) {
    return pool.set_limit(now, host, n, out), text();
  }
  std::string cleanup() { return pool.cleanup(now, out), text(); }
  std::string close() { return pool.close(now, out), text(); }
  std::string after(time_ms span) {
    now += span;
    return pool.timer(now, out), text();
  }

  user_id user(int u) const { return users.at(static_cast<std::size_t>(u - 1)); }
  connection_id connection(int c) const { return connections.at(static_cast<std::size_t>(c - 1)); }

  template <class Id>
  static std::string number(const std::vector<Id>& known, Id id) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (known[i] == id) return std::to_string(i + 1);
    }
    return std::to_string(known.size() + 1);  // just being made
  }

  std::string told(bool done) {
    const std::string line = text();
    return done ? line : line + "no";
  }

  std::string text() {
    using kind = pool_action::kind;
    std::string line;
    for (const pool_action& a : out) {
      if (!line.empty()) line += ' ';
      if (a.what == kind::open) connections.push_back(a.connection);
      const std::string c = "c" + number(connections, a.connection);
      const std::string u = "u" + number(users, a.user);
      const std::string r = "r" + number(requests, a.request);
      const std::string why(name(a.why));
      switch (a.what) {
        case kind::open:
          line += "open " + c + "=" + std::string(pool.key_of(a.endpoint));
          break;
        case kind::close:
          line += "close " + c;
          break;
        case kind::grant:
          line += u + ":" + c;
          break;
        case kind::refuse:
          line += u + ":" + why;
          break;
        case kind::revoke:
          line += u + "-" + c + ":" + why;
          break;
        case kind::grant_request:
          line += r + ":" + c;
          break;
        case kind::refuse_request:
          line += r + ":" + why;
          break;
      }
    }
    out.clear();
    return line;
  }

  pool_core pool;
  time_ms now = 1'000'000;
  pool_actions out;
  std::map<std::string, target_id> targets;
  std::vector<user_id> users;
  std::vector<request_id> requests;
  std::vector<connection_id> connections;
};

}  // namespace hawser::pool::test
