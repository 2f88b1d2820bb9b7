// Requests on pooled connections, and targets of several endpoints.
#include <gtest/gtest.h>

#include "core/pool/pool_core.hpp"
#include "core/pool/pool_driver.hpp"

namespace hawser::pool::pool_balance_test {
namespace {

using client::strategy;
using test::pool_driver;

// ----------------------------------------------------------------------------------------------------
// requests

TEST(pool_requests, go_out_first_come_first_served) {
  pool_driver d({.max_in_flight = 2});
  d.acquire("a/1");
  d.opened(1);
  d.acquire("a/1");
  EXPECT_EQ(d.begin(1), "r1:c1");
  EXPECT_EQ(d.begin(2), "r2:c1");
  EXPECT_EQ(d.begin(2), "");
  EXPECT_EQ(d.begin(1), "");
  EXPECT_EQ(d.end(2), "r3:c1");
  EXPECT_EQ(d.end(2), "no");
  EXPECT_EQ(d.end(1), "r4:c1");
}

TEST(pool_requests, without_a_limit_none_waits) {
  pool_driver d({.max_in_flight = 0});
  d.acquire("a/1");
  d.opened(1);
  for (int i = 1; i <= 500; ++i) EXPECT_EQ(d.begin(1), "r" + std::to_string(i) + ":c1");
}

TEST(pool_requests, wait_no_longer_than_their_deadline) {
  pool_driver d({.max_in_flight = 1});
  d.acquire("a/1");
  d.opened(1);
  d.begin(1, 10);
  d.begin(1, 30);
  d.begin(1, 20);
  EXPECT_EQ(d.pool.next_deadline(), d.now + 20) << "what is in flight has none here";
  EXPECT_EQ(d.after(20), "r3:timeout");
  EXPECT_EQ(d.end(1), "r2:c1");
  EXPECT_EQ(d.after(100), "");
}

TEST(pool_requests, may_be_given_up) {
  pool_driver d({.max_in_flight = 1});
  d.acquire("a/1");
  d.opened(1);
  d.begin(1);
  d.begin(1);
  EXPECT_EQ(d.end(2), "r2:removed");
  EXPECT_EQ(d.end(1), "");
}

TEST(pool_requests, the_queue_is_bounded) {
  pool_driver d({.max_in_flight = 1, .max_waiting_requests = 2});
  d.acquire("a/1");
  d.opened(1);
  d.begin(1);
  d.begin(1);
  d.begin(1);
  EXPECT_EQ(d.begin(1), "r4:queue_full");
  EXPECT_EQ(d.end(1), "r2:c1");
  EXPECT_EQ(d.begin(1), "");
}

TEST(pool_requests, need_a_holder) {
  pool_driver d;
  d.acquire("a/1");
  EXPECT_EQ(d.begin(1), "r1:unknown") << "a waiter has no connection yet";
  d.opened(1);
  d.release(1);
  EXPECT_EQ(d.begin(1), "r2:unknown");
}

TEST(pool_requests, of_a_holder_that_leaves) {
  pool_driver d({.max_in_flight = 1, .idle_time = 0});
  d.acquire("a/1");
  d.opened(1);
  d.acquire("a/1");
  d.begin(1);
  d.begin(1);
  d.begin(2);
  EXPECT_EQ(d.release(1), "r2:removed") << "what is in flight runs on";
  EXPECT_EQ(d.release(2), "r3:removed");
  EXPECT_EQ(d.end(1), "close c1") << "the connection was in use until then";
}

TEST(pool_requests, wait_while_the_connection_is_lost) {
  pool_driver d({.max_in_flight = 1});
  d.acquire("a/1");
  d.opened(1);
  d.begin(1);
  d.begin(1);
  d.lost(1);
  EXPECT_EQ(d.end(1), "");
  EXPECT_EQ(d.begin(1), "");
  EXPECT_EQ(d.healed(1), "r2:c1");
  EXPECT_EQ(d.failed(1), "r3:connection_failed u1-c1:connection_failed");
  EXPECT_EQ(d.end(2), "no");
}

// --------------------------------------------------------------------------------------------- several
// endpoints

TEST(pool_balance, round_robin) {
  pool_driver d;
  const target_id t = d.target({"a/1", "b/1", "c/1"}, strategy::round_robin);
  EXPECT_EQ(d.acquire(t), "open c1=a/1");
  EXPECT_EQ(d.acquire(t), "open c2=b/1");
  EXPECT_EQ(d.acquire(t), "open c3=c/1");
  d.opened(1);
  EXPECT_EQ(d.acquire(t), "u4:c1");
}

TEST(pool_balance, least_busy_counts_users_of_every_target) {
  pool_driver d;
  const target_id both = d.target({"a/1", "b/1"}, strategy::least_busy);
  d.acquire("a/1");
  d.opened(1);
  d.acquire("a/1");
  EXPECT_EQ(d.acquire(both), "open c2=b/1");
  d.opened(2);
  EXPECT_EQ(d.acquire(both), "u4:c2") << "2 and 1";
  d.release(1);
  d.release(2);
  EXPECT_EQ(d.acquire(both), "u5:c1");
}

TEST(pool_balance, latency) {
  pool_driver d;
  const target_id t = d.target({"a/1", "b/1"}, strategy::latency);
  d.acquire(t);
  d.opened(1, 80);
  EXPECT_EQ(d.acquire(t), "open c2=b/1") << "unknown yet";
  d.opened(2, 20);
  EXPECT_EQ(d.acquire(t), "u3:c2");
  d.lost(2);
  d.pool.healed(d.now, d.connection(2), 1000, d.out);
  d.text();
  EXPECT_EQ(d.acquire(t), "u4:c1");
  const target_id race = d.target({"a/1", "b/1"}, strategy::race);
  EXPECT_EQ(d.acquire(race), "u5:c1") << "of a race one is opened at a time";
}

TEST(pool_balance, failover_when_an_endpoint_does_not_open) {
  pool_driver d;
  const target_id t = d.target({"a/1", "b/1", "c/1"});
  d.acquire(t);
  EXPECT_EQ(d.failed(1), "open c2=b/1");
  EXPECT_EQ(d.failed(2), "open c3=c/1");
  EXPECT_EQ(d.failed(3), "u1:connection_failed") << "all were tried";
  EXPECT_EQ(d.acquire(t), "open c4=a/1") << "all failed lately: in the given order";
}

TEST(pool_balance, a_full_host_is_passed_by) {
  pool_driver d({.max_per_host = 1});
  d.acquire("a/9");
  d.opened(1);
  const target_id t = d.target({"a/1", "b/1"});
  EXPECT_EQ(d.acquire(t), "open c2=b/1");
}

TEST(pool_balance, whoever_waits_at_two_hosts_takes_the_first_place) {
  pool_driver d({.max_per_host = 1, .idle_time = 0});
  d.acquire("a/9");
  d.acquire("b/9");
  d.opened(1);
  d.opened(2);
  const target_id t = d.target({"a/1", "b/1"});
  EXPECT_EQ(d.acquire(t), "");
  EXPECT_EQ(d.acquire("b/2"), "");
  EXPECT_EQ(d.acquire("a/2"), "");
  d.release(2);
  EXPECT_EQ(d.closed(2), "open c3=b/1");
  d.release(1);
  EXPECT_EQ(d.closed(1), "open c4=a/2") << "it has left the other queue";
}

TEST(pool_balance, whoever_failed_elsewhere_keeps_its_place_in_time) {
  pool_driver d({.max_per_host = 1});
  const target_id t = d.target({"a/1", "b/1"});
  d.acquire("b/9");  // u1 c1
  d.acquire(t);      // u2 c2 = a/1
  d.acquire("b/2");  // u3 waits
  EXPECT_EQ(d.failed(2), "") << "where it failed it does not try again";
  EXPECT_EQ(d.failed(1), "u1:connection_failed open c3=b/1") << "u2 asked before u3";
}

TEST(pool_balance, a_dead_endpoint_is_left_out_and_probed) {
  pool_driver d({.idle_time = 0, .endpoint = {.dead_after = 1, .cool_down = 1000}});
  const target_id t = d.target({"a/1", "b/1"});
  d.acquire(t);
  EXPECT_EQ(d.failed(1), "open c2=b/1");
  d.opened(2);
  EXPECT_EQ(d.acquire(t), "u2:c2");
  d.now += 1000;
  EXPECT_EQ(d.acquire(t), "open c3=a/1") << "the probe";
  EXPECT_EQ(d.acquire(t), "u4:c2") << "only one user takes part in it";
  EXPECT_EQ(d.opened(3), "u3:c3");
  EXPECT_EQ(d.acquire(t), "u5:c3");
}

}  // namespace
}  // namespace hawser::pool::pool_balance_test
