// A model of the pool's shell for random tests. Every action is checked when it comes, the whole after every
// call: limits, reference counts, order, and that everybody is told.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/pool/pool_core.hpp"

namespace hawser::pool::test {

struct socket {
  std::string key;
  connection_state state = connection_state::opening;
  std::set<user_id> holders;
  std::set<request_id> running;
};

struct asker {
  std::vector<std::string> keys;
  time_ms deadline = 0;
  connection_id connection = 0;  // 0: waits
};

struct ask {
  user_id holder = 0;
  connection_id connection = 0;
  time_ms deadline = 0;
  bool running = false;
};

// What a shell would know.
struct world {
  world(const pool_settings& s, std::uint64_t number) : settings(s), pool(s), seed(number) {}

  static std::string host_of(const std::string& key) { return key.substr(0, key.find('/')); }
  std::size_t sockets_of(const std::string& host) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(sockets, [&](const auto& entry) { return host_of(entry.second.key) == host; }));
  }
  std::size_t live_of(const std::string& key) const {
    return static_cast<std::size_t>(std::ranges::count_if(sockets, [&](const auto& entry) {
      return entry.second.key == key && entry.second.state != connection_state::closing;
    }));
  }
  std::uint32_t limit_of(const std::string& host) const {
    const auto own = limits.find(host);
    return own == limits.end() ? general_limit : own->second;
  }

  void perform() {
    for (const pool_action& a : out) {
      perform(a);
      if (::testing::Test::HasFatalFailure()) return;
    }
    out.clear();
  }

  void perform(const pool_action& a) {
    using kind = pool_action::kind;
    switch (a.what) {
      case kind::open: {
        const std::string key(pool.key_of(a.endpoint));
        ASSERT_FALSE(sockets.contains(a.connection));
        ASSERT_LT(sockets_of(host_of(key)), limit_of(host_of(key))) << "above the limit of the host";
        ASSERT_LT(live_of(key), settings.per_endpoint);
        ASSERT_FALSE(overtakes(key)) << "a place went to a later user";
        sockets[a.connection].key = key;
        ++opens;
        break;
      }
      case kind::close: {
        socket& s = sockets.at(a.connection);
        ASSERT_NE(s.state, connection_state::closing) << "closed twice";
        ASSERT_TRUE(s.holders.empty()) << "in use";
        s.state = connection_state::closing;
        s.running.clear();
        break;
      }
      case kind::grant: {
        socket& s = sockets.at(a.connection);
        ASSERT_EQ(s.state, connection_state::open);
        asker& u = askers.at(a.user);
        ASSERT_EQ(u.connection, 0u) << "granted twice";
        ASSERT_TRUE(std::ranges::find(u.keys, s.key) != u.keys.end()) << "not what was asked for";
        u.connection = a.connection;
        s.holders.insert(a.user);
        ++grants;
        break;
      }
      case kind::refuse: {
        const auto found = askers.find(a.user);
        ASSERT_TRUE(found != askers.end()) << "told twice";
        ASSERT_EQ(found->second.connection, 0u);
        ASSERT_TRUE(a.why != refusal::timeout ||
                    (found->second.deadline != 0 && found->second.deadline <= now));
        ++refusals[a.why];
        askers.erase(found);
        break;
      }
      case kind::revoke:
        ASSERT_EQ(askers.at(a.user).connection, a.connection);
        ASSERT_EQ(sockets_held(a.connection).erase(a.user), 1u);
        askers.erase(a.user);
        ++revokes;
        break;
      case kind::grant_request: {
        ask& r = asks.at(a.request);
        ASSERT_FALSE(r.running);
        ASSERT_EQ(r.connection, a.connection);
        for (const auto& [id, other] : asks) {
          if (id >= a.request) break;
          ASSERT_TRUE(other.running || other.connection != r.connection) << "a request was overtaken";
        }
        socket& s = sockets.at(a.connection);
        ASSERT_EQ(s.state, connection_state::open);
        r.running = true;
        s.running.insert(a.request);
        ASSERT_TRUE(settings.max_in_flight == 0 || s.running.size() <= settings.max_in_flight);
        break;
      }
      case kind::refuse_request:
        ASSERT_FALSE(asks.at(a.request).running);
        asks.erase(a.request);
        ++refused_requests;
        break;
    }
  }

  // The holders of a connection, also of one that has just gone.
  std::set<user_id>& sockets_held(connection_id id) {
    const auto found = sockets.find(id);
    return found != sockets.end() ? found->second.holders : ghosts[id];
  }

  // Whether a place given to this endpoint passes by a user who waits for another one of the host.
  bool overtakes(const std::string& key) const {
    for (const auto& [id, u] : askers) {
      // Whoever asks for the endpoint may be the one that is served. A newcomer is not among them: it is the
      // last.
      if (u.connection == 0 && std::ranges::find(u.keys, key) != u.keys.end()) return false;
      // One with several endpoints may have been turned away by that of this host.
      if (u.keys.size() == 1 && waits_at(u, host_of(key))) return true;
    }
    return false;
  }

  // Without a connection of any kind, as far as can be seen from outside.
  bool waits_at(const asker& u, const std::string& host) const {
    if (u.connection != 0) return false;
    bool here = false;
    for (const std::string& key : u.keys) {
      here = here || host_of(key) == host;
      for (const auto& [id, s] : sockets) {
        if (s.key == key && s.state != connection_state::closing) return false;
      }
    }
    return here;
  }

  void gone(connection_id id) {
    socket s = std::move(sockets.at(id));
    sockets.erase(id);
    for (const request_id r : s.running) asks.erase(r);
    ghosts[id] = std::move(s.holders);
  }

  void check() {
    const pool_snapshot seen = pool.snapshot();
    ASSERT_EQ(seen.connections.size(), sockets.size());
    std::size_t attached = 0;
    for (const connection_info& c : seen.connections) {
      const socket& s = sockets.at(c.id);
      ASSERT_EQ(c.state, s.state);
      ASSERT_EQ(c.users, s.holders.size()) << "reference count";
      ASSERT_EQ(c.active_requests, s.running.size());
      const auto waiting = std::ranges::count_if(
          asks, [&](const auto& entry) { return entry.second.connection == c.id && !entry.second.running; });
      ASSERT_EQ(c.waiting_requests, static_cast<std::size_t>(waiting));
      ASSERT_LE(c.waiting_requests, settings.max_waiting_requests);
      ASSERT_TRUE(s.state != connection_state::open || c.waiting_requests == 0 ||
                  c.active_requests == settings.max_in_flight)
          << "a request waits for nothing";
      const bool unused = c.users + c.waiters + c.active_requests == 0;
      ASSERT_EQ(c.idle_since != 0, unused && s.state != connection_state::closing);
      ASSERT_FALSE(unused && s.state == connection_state::lost);
      ASSERT_TRUE(c.waiters == 0 || s.state == connection_state::opening ||
                  s.state == connection_state::lost);
      ASSERT_TRUE(!timer_ran || c.idle_since == 0 || now < c.idle_since + settings.idle_time)
          << "kept too long";
      attached += c.waiters;
    }
    for (const auto& [id, s] : ghosts) ASSERT_TRUE(s.empty()) << "holders that were not told";
    const auto holding =
        std::ranges::count_if(askers, [](const auto& entry) { return entry.second.connection != 0; });
    ASSERT_EQ(seen.holders, static_cast<std::size_t>(holding));
    ASSERT_EQ(seen.waiters, askers.size() - seen.holders);
    ASSERT_LE(seen.waiters, settings.max_waiters);
    ASSERT_GE(seen.waiters, attached);
    check_waiting(seen.waiters - attached);
    ASSERT_TRUE(pool.next_deadline() == 0 || pool.next_deadline() > now || !timer_ran);
  }

  // Nobody waits for a place where there is one, or beside a connection that could be shared.
  void check_waiting(std::size_t queued) {
    std::size_t found = 0;
    for (const auto& [id, u] : askers) {
      if (u.connection != 0) continue;
      ASSERT_TRUE(u.deadline == 0 || u.deadline > now || !timer_ran) << "not told in time";
      bool nowhere = true;
      for (const std::string& key : u.keys) nowhere = nowhere && live_of(key) == 0;
      if (!nowhere) continue;
      ++found;
      if (u.keys.size() > 1) continue;  // may have been turned away from one of them
      const std::string host = host_of(u.keys.front());
      ASSERT_GE(sockets_of(host), limit_of(host)) << "user " << id << " waits at a host that has room";
      const auto closing = std::ranges::count_if(sockets, [&](const auto& entry) {
        return host_of(entry.second.key) == host && entry.second.state == connection_state::closing;
      });
      const auto idle = std::ranges::any_of(pool.snapshot().connections, [&](const connection_info& c) {
        return c.host == host && c.idle_since != 0;
      });
      ASSERT_TRUE(closing > 0 || !idle) << "an idle connection is kept from user " << id;
    }
    ASSERT_LE(found, queued);
  }

  pool_settings settings;
  pool_core pool;
  std::uint64_t seed;
  time_ms now = 1000;
  bool timer_ran = false;
  std::uint32_t general_limit = 5;
  std::map<std::string, std::uint32_t> limits;
  pool_actions out;
  std::map<connection_id, socket> sockets;
  std::map<connection_id, std::set<user_id>> ghosts;
  std::map<user_id, asker> askers;
  std::map<request_id, ask> asks;
  std::map<refusal, std::size_t> refusals;
  std::size_t opens = 0, grants = 0, revokes = 0, refused_requests = 0;
};

}  // namespace hawser::pool::test
