// Who shares a bucket, how long it is remembered, and how many are.
#include "core/hub/bucket_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace hawser::hub::bucket_table_test {

namespace {

using protocol::bucket_rule;

constexpr std::int64_t ms = 1'000'000;
const bucket_rule rule = bucket_rule::of(1, 1000, 2);

TEST(bucket_table, holders_of_a_name_share_its_bucket) {
  bucket_table table;
  const auto a = table.acquire("ann", 0);
  const auto b = table.acquire("ann", 0);
  const auto other = table.acquire("bob", 0);
  EXPECT_EQ(a.bucket().take(rule, 0), 0);
  EXPECT_EQ(b.bucket().take(rule, 0), 0);
  EXPECT_GT(a.bucket().take(rule, 0), 0);
  EXPECT_EQ(other.bucket().take(rule, 0), 0);
}

TEST(bucket_table, a_bucket_is_remembered_until_it_is_full_again) {
  bucket_table table;
  auto a = table.acquire("ann", 0);
  a.bucket().take(rule, 0, 2);
  a.reset();
  EXPECT_FALSE(a);
  a = table.acquire("ann", 500 * ms);
  EXPECT_GT(a.bucket().take(rule, 500 * ms), 0) << "coming again is no new bucket";
  a.reset();
  EXPECT_EQ(table.size(), 1u);
  const auto b = table.acquire("bob", 2000 * ms);
  EXPECT_EQ(table.size(), 1u) << "the full one went";
}

TEST(bucket_table, beyond_the_bound_the_one_that_was_let_go_first_goes) {
  bucket_table table(2);
  for (const char* name : {"a", "b", "c"}) table.acquire(name, 0).bucket().take(rule, 0, 2);
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.acquire("a", 0).bucket().take(rule, 0), 0) << "forgotten";
  EXPECT_GT(table.acquire("c", 0).bucket().take(rule, 0), 0);
  // Held ones do not count.
  std::vector<bucket_table::hold> held;
  for (int i = 0; i < 10; i++) held.push_back(table.acquire("h" + std::to_string(i), 0));
  EXPECT_GE(table.size(), 10u);
}

TEST(bucket_table, no_more_holders_than_are_allowed) {
  bucket_table table;
  auto a = table.acquire("x", 0, 2);
  auto b = table.acquire("x", 0, 2);
  EXPECT_TRUE(a);
  EXPECT_TRUE(b);
  EXPECT_FALSE(table.acquire("x", 0, 2));
  EXPECT_FALSE(table.acquire("nobody", 0, 0));
  EXPECT_EQ(table.size(), 1u);
  const bucket_table::hold moved = std::move(a);
  EXPECT_FALSE(table.acquire("x", 0, 2)) << "a hold that moved is one still";
  b.reset();
  EXPECT_TRUE(table.acquire("x", 0, 2));
}

TEST(bucket_table, holds_come_and_go_on_several_threads) {
  bucket_table table(8);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; i++) {
        const auto one = table.acquire(std::to_string((i * 7 + t) % 16), i * ms, 3);
        if (one) one.bucket().take(rule, i * ms);
      }
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_LE(table.size(), 9u);
}

}  // namespace
}  // namespace hawser::hub::bucket_table_test
