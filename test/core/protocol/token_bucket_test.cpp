// The arithmetic of a token bucket on a virtual clock.
#include "core/protocol/token_bucket.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace hawser::protocol::token_bucket_test {
namespace {

constexpr std::int64_t ms = 1'000'000;

TEST(token_bucket, a_full_one_gives_its_burst_then_one_each_interval) {
  const bucket_rule rule = bucket_rule::of(100, 60'000, 5);  // a token each 600 ms
  token_bucket bucket;
  std::int64_t now = 1000 * ms;
  for (int i = 0; i < 5; i++) EXPECT_EQ(bucket.take(rule, now), 0);
  EXPECT_EQ(bucket.take(rule, now), 600 * ms);
  EXPECT_EQ(bucket.take(rule, now + 250 * ms), 350 * ms);
  EXPECT_EQ(bucket.take(rule, now + 600 * ms), 0);
  EXPECT_EQ(bucket.take(rule, now + 600 * ms), 600 * ms);
  EXPECT_FALSE(bucket.full(now + 3599 * ms));
  EXPECT_TRUE(bucket.full(now + 3600 * ms));
  now += 100'000 * ms;
  for (int i = 0; i < 5; i++) EXPECT_EQ(bucket.take(rule, now), 0) << "no more than the burst is saved";
  EXPECT_GT(bucket.take(rule, now), 0);
}

TEST(token_bucket, a_least_interval_is_a_bucket_of_one) {
  const bucket_rule rule = bucket_rule::of(1, 100, 1);
  token_bucket bucket;
  EXPECT_EQ(bucket.take(rule, 500 * ms), 0);
  EXPECT_EQ(bucket.take(rule, 599 * ms), 1 * ms);
  EXPECT_EQ(bucket.take(rule, 600 * ms), 0);
}

TEST(token_bucket, gives_back_what_was_taken_for_nothing) {
  const bucket_rule rule = bucket_rule::of(1, 100, 1);
  token_bucket bucket;
  EXPECT_EQ(bucket.take(rule, 500 * ms), 0);
  bucket.give_back(rule);
  EXPECT_EQ(bucket.take(rule, 500 * ms), 0);
}

TEST(token_bucket, extreme_rules_stay_in_range) {
  const bucket_rule fast = bucket_rule::of(1e12, 1, 1e12);
  EXPECT_GE(fast.interval, 1);
  token_bucket bucket;
  EXPECT_EQ(bucket.take(fast, 1), 0);
  const bucket_rule slow = bucket_rule::of(1, 86'400'000, 1e12);
  EXPECT_GE(slow.burst, 1);
  token_bucket other;
  EXPECT_EQ(other.take(slow, 1), 0);
}

TEST(token_bucket, threads_together_get_no_more_than_one_would) {
  const bucket_rule rule = bucket_rule::of(1, 1000, 1000);
  token_bucket bucket;
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; n++) taken += bucket.take(rule, 5 * ms) == 0 ? 1 : 0;
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(taken, 1000);
}

}  // namespace
}  // namespace hawser::protocol::token_bucket_test
