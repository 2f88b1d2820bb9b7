// The pool: sharing, limits, waiters, idleness, and what goes wrong at each step.
#include "core/pool/pool_core.hpp"

#include <gtest/gtest.h>

#include "core/pool/pool_driver.hpp"

namespace hawser::pool::pool_core_test {
namespace {

using test::pool_driver;

TEST(pool, opens_shares_idles_and_closes) {
  pool_driver d({.idle_time = 1000});
  EXPECT_EQ(d.acquire("a/x"), "open c1=a/x");
  EXPECT_EQ(d.acquire("a/x"), "") << "waits for the same one";
  EXPECT_EQ(d.opened(1), "u1:c1 u2:c1");
  EXPECT_EQ(d.acquire("a/x"), "u3:c1") << "and at once from now on";
  EXPECT_EQ(d.release(1), "");
  EXPECT_EQ(d.release(2), "");
  EXPECT_EQ(d.pool.next_deadline(), 0) << "still in use";
  EXPECT_EQ(d.release(3), "");
  EXPECT_EQ(d.pool.next_deadline(), d.now + 1000);
  EXPECT_EQ(d.after(999), "");
  EXPECT_EQ(d.acquire("a/x"), "u4:c1");
  EXPECT_EQ(d.pool.next_deadline(), 0);
  d.release(4);
  EXPECT_EQ(d.after(1000), "close c1");
  EXPECT_EQ(d.acquire("a/x"), "open c2=a/x") << "what closes is not shared";
  EXPECT_EQ(d.closed(1), "");
  EXPECT_EQ(d.opened(2), "u5:c2");
}

TEST(pool, endpoints_with_equal_keys_are_one) {
  pool_driver d;
  const target_id one = d.target({"a/x"}), two = d.target({"a/x", "a/x"});
  EXPECT_EQ(d.acquire(one), "open c1=a/x");
  EXPECT_EQ(d.acquire(two), "");
  EXPECT_EQ(d.opened(1), "u1:c1 u2:c1");
}

TEST(pool, no_target) {
  pool_driver d;
  EXPECT_EQ(d.target({}), 0u);
  EXPECT_EQ(d.acquire(target_id{77}), "u1:unknown");
  EXPECT_EQ(d.release(1), "no");
  EXPECT_EQ(d.cancel(1), "no");
}

TEST(pool, spreads_users_over_several_connections_of_an_endpoint) {
  pool_driver d({.max_per_host = 10, .per_endpoint = 2});
  EXPECT_EQ(d.acquire("a/x"), "open c1=a/x");
  EXPECT_EQ(d.acquire("a/x"), "open c2=a/x");
  EXPECT_EQ(d.opened(1), "u1:c1");
  EXPECT_EQ(d.opened(2), "u2:c2");
  d.begin(1);
  EXPECT_EQ(d.acquire("a/x"), "u3:c2") << "the least active requests";
  d.begin(2);
  d.begin(3);
  EXPECT_EQ(d.acquire("a/x"), "u4:c1");
  d.end(1);
  d.end(2);
  d.end(3);
  EXPECT_EQ(d.acquire("a/x"), "u5:c1") << "equals: the older one";
  EXPECT_EQ(d.acquire("a/x"), "u6:c2") << "the fewest users";
  d.release(2);
  d.release(3);
  d.release(6);
  EXPECT_EQ(d.acquire("a/x"), "u7:c2") << "one without users";
}

TEST(pool, an_open_connection_before_one_that_opens_or_is_lost) {
  pool_driver d({.per_endpoint = 2});
  d.acquire("a/x");
  d.opened(1);
  d.acquire("a/x");
  EXPECT_EQ(d.acquire("a/x"), "u3:c1");
  d.opened(2);
  d.lost(1);
  d.begin(2);
  EXPECT_EQ(d.acquire("a/x"), "u4:c2");
}

TEST(pool, the_limit_of_a_host_makes_users_wait_in_order) {
  pool_driver d({.max_per_host = 2, .idle_time = 0});
  d.acquire("a/1");
  d.acquire("a/2");
  EXPECT_EQ(d.acquire("b/1"), "open c3=b/1") << "another host";
  EXPECT_EQ(d.acquire("a/3"), "");
  EXPECT_EQ(d.acquire("a/4"), "");
  EXPECT_EQ(d.acquire("a/1"), "") << "shares what opens";
  EXPECT_EQ(d.opened(1), "u1:c1 u6:c1") << "past those who need a place";
  d.opened(2);
  EXPECT_EQ(d.release(2), "close c2");
  EXPECT_EQ(d.acquire("a/2"), "") << "who lets go goes to the end";
  EXPECT_EQ(d.closed(2), "open c4=a/3");
  EXPECT_EQ(d.acquire("a/3"), "");
  EXPECT_EQ(d.opened(4), "u4:c4 u8:c4");
  EXPECT_EQ(d.release(1), "");
  EXPECT_EQ(d.release(6), "close c1");
  EXPECT_EQ(d.closed(1), "open c5=a/4");
  d.release(4);
  EXPECT_EQ(d.release(8), "close c4");
  EXPECT_EQ(d.closed(4), "open c6=a/2");
}

TEST(pool, those_who_wait_for_the_same_endpoint_are_served_together) {
  pool_driver d({.max_per_host = 1, .idle_time = 0});
  d.acquire("a/1");
  d.opened(1);
  d.acquire("a/2");
  d.acquire("a/3");
  d.acquire("a/2");
  d.release(1);
  EXPECT_EQ(d.closed(1), "open c2=a/2");
  EXPECT_EQ(d.opened(2), "u2:c2 u4:c2");
}

TEST(pool, an_idle_connection_makes_room) {
  pool_driver d({.max_per_host = 2});
  for (const int i : {1, 2}) {
    d.acquire("a/" + std::to_string(i));
    d.opened(i);
    d.now += 10;
    d.release(i);
  }
  EXPECT_EQ(d.acquire("a/3"), "close c1") << "the one idle longest";
  EXPECT_EQ(d.acquire("a/3"), "") << "one place is enough for both";
  EXPECT_EQ(d.acquire("a/2"), "u5:c2");
  EXPECT_EQ(d.acquire("a/1"), "") << "its own is closing";
  EXPECT_EQ(d.closed(1), "open c3=a/3");
  EXPECT_EQ(d.release(5), "close c2");
  EXPECT_EQ(d.closed(2), "open c4=a/1");
  EXPECT_EQ(d.pool.snapshot().evicted, 2u);
}

TEST(pool, the_limit_counts_a_connection_until_its_socket_is_gone) {
  pool_driver d({.max_per_host = 1, .idle_time = 0});
  d.acquire("a/1");
  d.opened(1);
  d.release(1);
  EXPECT_EQ(d.acquire("a/1"), "") << "c1 still closes";
  EXPECT_EQ(d.failed(1), "open c2=a/1") << "in whatever way it ends";
}

TEST(pool, raising_the_limit_serves_waiters) {
  pool_driver d({.max_per_host = 1});
  d.acquire("a/1");
  d.acquire("a/2");
  d.acquire("a/3");
  EXPECT_EQ(d.limit(2), "open c2=a/2");
  EXPECT_EQ(d.limit("a", 3), "open c3=a/3");
  EXPECT_EQ(d.acquire("a/4"), "");
  EXPECT_EQ(d.limit("a", 0), "") << "two again";
  EXPECT_EQ(d.limit(4), "open c4=a/4");
}

TEST(pool, lowering_the_limit_closes_idle_connections_only) {
  pool_driver d({.max_per_host = 4});
  for (int i = 1; i <= 4; ++i) {
    d.acquire("a/" + std::to_string(i));
    d.opened(i);
  }
  d.release(3);
  EXPECT_EQ(d.limit(1), "close c3");
  EXPECT_EQ(d.release(1), "close c1") << "as soon as it is idle";
  EXPECT_EQ(d.closed(1), "");
  EXPECT_EQ(d.closed(3), "");
  EXPECT_EQ(d.acquire("a/2"), "u5:c2") << "sharing needs no place";
  EXPECT_EQ(d.acquire("a/9"), "");
  EXPECT_EQ(d.release(4), "close c4");
  EXPECT_EQ(d.closed(4), "") << "one is left, which is the limit";
  d.release(2);
  EXPECT_EQ(d.release(5), "close c2");
  EXPECT_EQ(d.closed(2), "open c5=a/9");
  EXPECT_EQ(d.limit(0), "") << "one is the least";
}

TEST(pool, a_limit_may_be_set_before_the_host_is_known) {
  pool_driver d;
  d.limit("a", 1);
  d.acquire("a/1");
  EXPECT_EQ(d.acquire("a/2"), "");
  EXPECT_EQ(d.limit("b", 0), "");
}

TEST(pool, every_waiter_has_its_deadline) {
  pool_driver d({.max_per_host = 1, .idle_time = 5000});
  d.acquire("a/1", 100);
  d.acquire("a/2", 50);
  EXPECT_EQ(d.pool.next_deadline(), d.now + 50);
  EXPECT_EQ(d.after(50), "u2:timeout");
  EXPECT_EQ(d.after(50), "u1:timeout") << "also while its connection opens";
  EXPECT_EQ(d.opened(1), "");
  EXPECT_EQ(d.acquire("a/1", 1), "u3:c1") << "the connection is kept for the next";
  EXPECT_EQ(d.after(1), "") << "a holder has no deadline";
  EXPECT_EQ(d.pool.next_deadline(), 0);
}

TEST(pool, a_waiter_may_go) {
  pool_driver d({.max_per_host = 1});
  d.acquire("a/1");
  d.acquire("a/2");
  EXPECT_EQ(d.cancel(2), "u2:removed");
  EXPECT_EQ(d.cancel(2), "no");
  EXPECT_EQ(d.cancel(1), "u1:removed");
  EXPECT_EQ(d.acquire("a/2"), "close c1") << "an opening one that nobody waits for makes room";
  EXPECT_EQ(d.closed(1), "open c2=a/2");
  EXPECT_EQ(d.opened(2), "u3:c2");
  EXPECT_EQ(d.cancel(3), "no") << "a holder releases";
}

TEST(pool, the_queue_is_bounded) {
  pool_driver d({.max_per_host = 1, .max_waiters = 2});
  d.acquire("a/1");
  d.acquire("a/2");
  EXPECT_EQ(d.acquire("a/3"), "u3:queue_full");
  EXPECT_EQ(d.acquire("a/1"), "u4:queue_full") << "waiting for what opens is waiting";
  d.opened(1);
  d.acquire("a/3");
  EXPECT_EQ(d.acquire("a/4"), "u6:queue_full");
  EXPECT_EQ(d.acquire("a/1"), "u7:c1") << "who need not wait is served";
}

// ------------------------------------------------------------------------------------------ what goes wrong

TEST(pool, a_connection_that_does_not_open) {
  pool_driver d({.max_per_host = 1});
  d.acquire("a/1");
  d.acquire("a/1");
  d.acquire("a/2");
  EXPECT_EQ(d.failed(1), "u1:connection_failed u2:connection_failed open c2=a/2");
  EXPECT_EQ(d.opened(1), "");
  EXPECT_EQ(d.opened(2), "u3:c2");
}

TEST(pool, an_extra_connection_that_does_not_open_refuses_nobody_who_can_share) {
  pool_driver d({.per_endpoint = 2});
  d.acquire("a/1");
  d.opened(1);
  EXPECT_EQ(d.acquire("a/1"), "open c2=a/1");
  EXPECT_EQ(d.failed(2), "u2:c1");
}

TEST(pool, a_lost_connection_heals) {
  pool_driver d;
  d.acquire("a/1");
  d.opened(1);
  EXPECT_EQ(d.lost(1), "") << "its holder keeps it";
  EXPECT_EQ(d.acquire("a/1"), "") << "a new user waits";
  EXPECT_EQ(d.opened(1), "") << "it is not opening";
  EXPECT_EQ(d.healed(1), "u2:c1");
  EXPECT_EQ(d.healed(1), "");
}

TEST(pool, a_lost_connection_fails_for_good) {
  pool_driver d;
  d.acquire("a/1");
  d.opened(1);
  d.begin(1);
  d.lost(1);
  d.acquire("a/1");
  EXPECT_EQ(d.failed(1), "u1-c1:connection_failed u2:connection_failed");
  EXPECT_EQ(d.release(1), "no");
  EXPECT_EQ(d.end(1), "no");
  EXPECT_EQ(d.failed(1), "");
  EXPECT_EQ(d.acquire("a/1"), "open c2=a/1");
}

TEST(pool, a_connection_closed_by_the_peer_is_revoked) {
  pool_driver d;
  d.acquire("a/1");
  d.opened(1);
  EXPECT_EQ(d.closed(1), "u1-c1:connection_failed");
  EXPECT_EQ(d.pool.snapshot().failed, 0u);
}

TEST(pool, a_lost_connection_without_users_is_closed) {
  pool_driver d;
  d.acquire("a/1");
  d.opened(1);
  d.lost(1);
  EXPECT_EQ(d.release(1), "close c1");
  d.closed(1);
  d.acquire("a/1");
  d.opened(2);
  d.release(2);
  EXPECT_EQ(d.lost(2), "close c2");
}

TEST(pool, removing_a_connection_tells_everyone) {
  pool_driver d({.max_per_host = 1, .max_in_flight = 1});
  d.acquire("a/1");
  d.opened(1);
  d.begin(1);
  d.begin(1);
  d.lost(1);
  d.acquire("a/1");
  d.acquire("a/2");
  EXPECT_EQ(d.remove(1), "u2:removed r2:removed u1-c1:removed close c1");
  EXPECT_EQ(d.remove(1), "no");
  EXPECT_EQ(d.healed(1), "") << "it closes";
  EXPECT_EQ(d.closed(1), "open c2=a/2");
}

TEST(pool, removing_a_target_refuses_its_waiters_only) {
  pool_driver d({.max_per_host = 1});
  const target_id x = d.target({"a/1"}), y = d.target({"a/1"}), z = d.target({"a/2"});
  d.acquire(x);
  d.opened(1);
  d.acquire(z);
  d.lost(1);
  d.acquire(x);
  d.acquire(y);
  EXPECT_EQ(d.remove_target(x), "u3:removed");
  EXPECT_EQ(d.acquire(x), "u5:unknown");
  EXPECT_EQ(d.healed(1), "u4:c1") << "the endpoint is another target's too";
  EXPECT_EQ(d.remove_target(z), "u2:removed");
  EXPECT_EQ(d.remove_target(z), "");
  EXPECT_EQ(d.release(1), "");
  EXPECT_EQ(d.release(4), "");
  EXPECT_EQ(d.remove_target(y), "");
  EXPECT_EQ(d.cleanup(), "close c1") << "it idled on";
  EXPECT_EQ(d.closed(1), "");
  EXPECT_EQ(d.acquire("a/1"), "open c2=a/1");
}

TEST(pool, cleanup_closes_what_is_idle_now) {
  pool_driver d;
  for (int i = 1; i <= 3; ++i) {
    d.acquire("a/" + std::to_string(i));
    d.opened(i);
  }
  d.release(1);
  d.release(3);
  EXPECT_EQ(d.cleanup(), "close c1 close c3");
  EXPECT_EQ(d.cleanup(), "");
}

TEST(pool, closing_tells_everyone) {
  pool_driver d({.max_per_host = 2, .max_in_flight = 1});
  d.acquire("a/1");
  d.opened(1);
  d.begin(1);
  d.begin(1);
  d.acquire("a/2");
  d.acquire("a/3");
  EXPECT_EQ(d.close(), "u2:pool_closed u3:pool_closed r2:pool_closed u1-c1:pool_closed close c1 close c2");
  EXPECT_EQ(d.acquire("a/1"), "u4:pool_closed");
  EXPECT_EQ(d.begin(1), "r3:unknown");
  EXPECT_EQ(d.opened(2), "");
  EXPECT_EQ(d.closed(1), "");
  EXPECT_EQ(d.closed(2), "");
  EXPECT_EQ(d.close(), "");
  EXPECT_TRUE(d.pool.snapshot().connections.empty());
  EXPECT_EQ(d.pool.next_deadline(), 0);
}

// ----------------------------------------------------------------------------------------------
// introspection

TEST(pool, shows_itself) {
  pool_driver d;
  d.acquire("a/1");
  d.opened(1);
  d.acquire("a/1");
  d.begin(1);
  d.acquire("b/1");
  const pool_snapshot s = d.pool.snapshot();
  ASSERT_EQ(s.connections.size(), 2u);
  const connection_info& a = s.connections[0];
  EXPECT_EQ(a.id, d.connection(1));
  EXPECT_EQ(a.key, "a/1");
  EXPECT_EQ(a.host, "a");
  EXPECT_EQ(a.state, connection_state::open);
  EXPECT_EQ(a.users, 2u);
  EXPECT_EQ(a.active_requests, 1u);
  EXPECT_EQ(a.waiting_requests, 0u);
  EXPECT_EQ(a.since, d.now);
  EXPECT_EQ(a.idle_since, 0);
  EXPECT_EQ(s.connections[1].state, connection_state::opening);
  EXPECT_EQ(s.connections[1].waiters, 1u);
  EXPECT_EQ(s.holders, 2u);
  EXPECT_EQ(s.waiters, 1u);
  EXPECT_EQ(s.opened, 1u);
  EXPECT_EQ(s.granted, 2u);
  EXPECT_EQ(d.pool.key_of(999), "");
}

}  // namespace
}  // namespace hawser::pool::pool_core_test
