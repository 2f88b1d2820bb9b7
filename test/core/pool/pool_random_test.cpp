// The pool under random calls against a model of a shell: limits, reference counts, order, and that everybody
// is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/pool/pool_core.hpp"
#include "core/pool/pool_world.hpp"
#include "core/protocol/random.hpp"

namespace hawser::pool::pool_random_test {
namespace {

using test::ask;
using test::asker;
using test::socket;
using test::world;

constexpr std::size_t hosts = 3;
constexpr std::size_t paths = 4;

// A random element of a map that `fits`, or its end.
template <class Map, class Fits>
typename Map::iterator pick(Map& map, ::hawser::test::random_source& random, Fits&& fits) {
  std::vector<typename Map::iterator> fitting;
  for (auto it = map.begin(); it != map.end(); ++it) {
    if (fits(it->second)) fitting.push_back(it);
  }
  return fitting.empty() ? map.end() : fitting[random.below(fitting.size())];
}

struct run {
  run(::hawser::test::random_source& source, bool several)
      : random(source), settings(make(source)), w(settings, source.seed()) {
    w.general_limit = settings.max_per_host;
    for (std::size_t h = 0; h < hosts; ++h) {
      for (std::size_t p = 0; p < paths; ++p) add({key(h, p)}, client::strategy::failover);
    }
    if (!several) return;
    for (int i = 0; i < 5; ++i) {
      std::set<std::string> keys;
      for (std::size_t n = 2 + random.below(3); n > 0; --n)
        keys.insert(key(random.below(hosts), random.below(paths)));
      add({keys.begin(), keys.end()}, static_cast<client::strategy>(random.below(5)));
    }
  }

  static pool_settings make(::hawser::test::random_source& random) {
    pool_settings s;
    s.max_per_host = static_cast<std::uint32_t>(1 + random.below(3));
    s.per_endpoint = static_cast<std::uint32_t>(1 + random.below(2));
    s.max_in_flight = static_cast<std::uint32_t>(1 + random.below(4));
    s.max_waiters = 3 + random.below(20);
    s.max_waiting_requests = 1 + random.below(6);
    s.idle_time = static_cast<time_ms>(random.one_in(4) ? 0 : 1 + random.below(2000));
    s.endpoint.cool_down = 500;
    return s;
  }

  static std::string key(std::size_t h, std::size_t p) {
    return std::string(1, static_cast<char>('a' + h)) + "/" + std::to_string(p);
  }

  void add(const std::vector<std::string>& keys, client::strategy how) {
    std::vector<endpoint_name> names;
    for (const std::string& k : keys) names.push_back({k, world::host_of(k)});
    targets.emplace_back(w.pool.add_target(names, how), keys);
  }

  void acquire() {
    const auto& [id, keys] = targets[random.below(targets.size())];
    const time_ms deadline = random.one_in(3) ? 0 : w.now + static_cast<time_ms>(1 + random.below(1500));
    const user_id user = w.pool.acquire(w.now, id, deadline, w.out);
    w.askers[user] = {keys, deadline, 0};
  }

  void step() {
    w.timer_ran = false;
    auto& pool = w.pool;
    const auto state_is = [](connection_state s) { return [s](const socket& it) { return it.state == s; }; };
    switch (random.below(20)) {
      case 0:
      case 1:
      case 2:
        acquire();
        break;
      case 3:
      case 4:
      case 5: {
        const auto it = pick(w.askers, random, [](const asker& u) { return u.connection != 0; });
        if (it == w.askers.end()) break;
        const user_id user = it->first;
        w.sockets.at(it->second.connection).holders.erase(user);
        w.askers.erase(it);
        ASSERT_TRUE(pool.release(w.now, user, w.out));
        break;
      }
      case 6: {
        const auto it = pick(w.askers, random, [](const asker& u) { return u.connection == 0; });
        if (it == w.askers.end()) break;
        ASSERT_TRUE(pool.cancel(w.now, it->first, w.out));
        break;
      }
      case 7:
      case 8:
      case 9: {
        const auto it = pick(w.askers, random, [](const asker& u) { return u.connection != 0; });
        if (it == w.askers.end()) break;
        const time_ms deadline = random.one_in(2) ? 0 : w.now + static_cast<time_ms>(1 + random.below(300));
        const request_id r = pool.begin_request(it->first, deadline, w.out);
        w.asks[r] = {it->first, it->second.connection, deadline, false};
        break;
      }
      case 10:
      case 11: {
        const auto it = pick(w.asks, random, [](const ask&) { return true; });
        if (it == w.asks.end()) break;
        const request_id r = it->first;
        if (it->second.running) {
          w.sockets.at(it->second.connection).running.erase(r);
          w.asks.erase(it);
        }
        ASSERT_TRUE(pool.end_request(w.now, r, w.out));
        break;
      }
      case 12:
      case 13: {
        const auto it = pick(w.sockets, random, state_is(connection_state::opening));
        if (it == w.sockets.end()) break;
        if (random.one_in(4)) {
          const connection_id id = it->first;
          w.gone(id);
          pool.failed(w.now, id, w.out);
        } else {
          it->second.state = connection_state::open;
          pool.opened(w.now, it->first, static_cast<time_ms>(random.below(100)), w.out);
        }
        break;
      }
      case 14: {
        const auto it = pick(w.sockets, random, state_is(connection_state::open));
        if (it == w.sockets.end()) break;
        it->second.state = connection_state::lost;
        pool.lost(w.now, it->first, w.out);
        break;
      }
      case 15: {
        const auto it = pick(w.sockets, random, state_is(connection_state::lost));
        if (it == w.sockets.end()) break;
        if (random.one_in(3)) {
          const connection_id id = it->first;
          w.gone(id);
          pool.failed(w.now, id, w.out);
        } else {
          it->second.state = connection_state::open;
          pool.healed(w.now, it->first, 10, w.out);
        }
        break;
      }
      case 16:
      case 17: {
        const auto it = pick(w.sockets, random, state_is(connection_state::closing));
        if (it == w.sockets.end()) break;
        const connection_id id = it->first;
        w.gone(id);
        random.one_in(3) ? pool.failed(w.now, id, w.out) : pool.closed(w.now, id, w.out);
        break;
      }
      case 18:
        if (random.one_in(2)) {
          const auto it = pick(w.sockets, random, [](const socket&) { return true; });
          if (it == w.sockets.end() || !random.one_in(5)) break;
          for (const request_id r : it->second.running) w.asks.erase(r);
          it->second.running.clear();
          const bool closing = it->second.state == connection_state::closing;
          ASSERT_EQ(pool.remove_connection(w.now, it->first, w.out), !closing);
        } else if (random.one_in(3)) {
          pool.cleanup(w.now, w.out);
        } else {
          set_limit();
        }
        break;
      default:
        w.now += static_cast<time_ms>(random.below(random.one_in(10) ? 1500 : 60));
        w.timer_ran = true;
        pool.timer(w.now, w.out);
    }
  }

  void set_limit() {
    const auto limit = static_cast<std::uint32_t>(1 + random.below(5));
    if (random.one_in(2)) {
      w.general_limit = limit;
      w.pool.set_limit(w.now, limit, w.out);
      return;
    }
    const std::string host = world::host_of(key(random.below(hosts), 0));
    if (random.one_in(2)) {
      w.limits.erase(host);
      w.pool.set_limit(w.now, host, 0, w.out);
    } else {
      w.limits[host] = limit;
      w.pool.set_limit(w.now, host, limit, w.out);
    }
  }

  // Everything open, free and closed until nobody waits: a waiter that is forgotten would be left.
  void drain() {
    std::size_t turns = 0;
    while ((!w.askers.empty() || !w.asks.empty()) && ++turns < 10'000) {
      for (auto& [id, u] : std::map(w.askers)) {
        if (u.connection == 0 || !w.askers.contains(id)) continue;
        w.sockets.at(u.connection).holders.erase(id);
        w.askers.erase(id);
        w.pool.release(w.now, id, w.out);
        w.perform();
      }
      for (auto& [id, r] : std::map(w.asks)) {
        if (!r.running || !w.asks.contains(id)) continue;
        w.sockets.at(r.connection).running.erase(id);
        w.asks.erase(id);
        w.pool.end_request(w.now, id, w.out);
        w.perform();
      }
      for (auto& [id, s] : std::map(w.sockets)) {
        if (s.state == connection_state::closing) {
          w.gone(id);
          w.pool.closed(w.now, id, w.out);
        } else if (s.state == connection_state::opening) {
          w.sockets.at(id).state = connection_state::open;
          w.pool.opened(w.now, id, 5, w.out);
        } else if (s.state == connection_state::lost) {
          w.sockets.at(id).state = connection_state::open;
          w.pool.healed(w.now, id, 5, w.out);
        }
        w.perform();
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
    ASSERT_TRUE(w.askers.empty()) << w.askers.size() << " users were forgotten";
    ASSERT_TRUE(w.asks.empty());
    w.now += settings.idle_time;
    w.pool.timer(w.now, w.out);
    w.perform();
    for (auto& [id, s] : std::map(w.sockets)) {
      ASSERT_EQ(s.state, connection_state::closing) << "a connection that nobody needs";
      w.gone(id);
      w.pool.closed(w.now, id, w.out);
    }
    ASSERT_TRUE(w.pool.snapshot().connections.empty());
    ASSERT_EQ(w.pool.next_deadline(), 0);
  }

  ::hawser::test::random_source& random;
  pool_settings settings;
  world w;
  std::vector<std::pair<target_id, std::vector<std::string>>> targets;
};

void keep_rules(bool several) {
  ::hawser::test::random_source random;
  std::size_t opens = 0, grants = 0, revokes = 0, refused_requests = 0;
  std::map<refusal, std::size_t> refusals;
  for (int round = 0; round < 40; ++round) {
    run r(random, several);
    for (int step = 0; step < 2500; ++step) {
      r.step();
      r.w.perform();
      if (!::testing::Test::HasFatalFailure()) r.w.check();
      if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << random.seed() << ", step " << step;
    }
    if (random.one_in(2)) {
      r.drain();
    } else {
      for (auto& [id, s] : r.w.sockets) {
        for (const request_id running : s.running) r.w.asks.erase(running);
        s.running.clear();
      }
      r.w.pool.close(r.w.now, r.w.out);
      r.w.perform();
      ASSERT_TRUE(r.w.askers.empty()) << "not told that the pool closed";
      ASSERT_TRUE(r.w.asks.empty());
    }
    if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << random.seed() << ", at the end";
    opens += r.w.opens;
    grants += r.w.grants;
    revokes += r.w.revokes;
    refused_requests += r.w.refused_requests;
    for (const auto& [why, n] : r.w.refusals) refusals[why] += n;
  }
  // The test saw what it is about.
  EXPECT_GT(opens, 1000u);
  EXPECT_GT(grants, 1000u);
  EXPECT_GT(revokes, 100u);
  EXPECT_GT(refused_requests, 100u);
  for (const refusal why :
       {refusal::timeout, refusal::removed, refusal::queue_full, refusal::connection_failed})
    EXPECT_GT(refusals[why], 20u) << static_cast<int>(why);
}

TEST(pool_random, keeps_its_rules_with_single_endpoints) { keep_rules(false); }
TEST(pool_random, keeps_its_rules_with_several_endpoints) { keep_rules(true); }

}  // namespace
}  // namespace hawser::pool::pool_random_test
