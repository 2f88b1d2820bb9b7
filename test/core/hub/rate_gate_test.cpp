// Several rates at once, who is told, and when it ends: on a virtual clock.
#include "core/hub/rate_gate.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

namespace hawser::hub::rate_gate_test {

namespace {

using protocol::bucket_rule;

constexpr std::int64_t ms = 1'000'000;

int passed(rate_gate& gate, const rate_rules& rules, std::int64_t now, int messages) {
  int count = 0;
  for (int i = 0; i < messages; i++) count += gate.take(rules, now).wait == 0 ? 1 : 0;
  return count;
}

TEST(rate_gate, passes_the_burst_then_the_rate) {
  rate_gate gate;
  const rate_rules rules{.connection = bucket_rule::of(10, 1000, 10)};
  EXPECT_EQ(passed(gate, rules, 1, 50), 10);
  EXPECT_EQ(gate.take(rules, 1 + 40 * ms).wait, 60 * ms);
  EXPECT_EQ(passed(gate, rules, 1 + 200 * ms, 50), 2);
  EXPECT_EQ(passed(gate, rules, 1 + 100'000 * ms, 50), 10);
}

TEST(rate_gate, without_rules_everything_passes) {
  rate_gate gate;
  const rate_rules none;
  EXPECT_FALSE(none);
  EXPECT_EQ(passed(gate, none, 0, 1000), 1000);
  EXPECT_FALSE(gate.shut(none, 0));
}

TEST(rate_gate, a_refusal_costs_no_bucket_anything_and_names_the_longest_wait) {
  bucket_table users, addresses;
  rate_gate gate;
  gate.user = users.acquire("u", 0);
  gate.address = addresses.acquire("a", 0);
  const rate_rules rules{.connection = bucket_rule::of(1, 100, 1),
                         .spacing = bucket_rule::of(1, 10, 1),
                         .user = bucket_rule::of(3, 3000, 3),
                         .address = bucket_rule::of(1, 5000, 2)};
  EXPECT_EQ(gate.take(rules, 0).wait, 0);
  for (int i = 0; i < 20; i++) EXPECT_EQ(gate.take(rules, 0).wait, 100 * ms) << "of the connection";
  EXPECT_EQ(gate.take(rules, 200 * ms).wait, 0);
  EXPECT_EQ(gate.take(rules, 400 * ms).wait, 4600 * ms) << "of the address: a token each 5 s";
  EXPECT_TRUE(gate.shut(rules, 400 * ms));
  EXPECT_EQ(gate.user.bucket().wait(rules.user, 400 * ms), 0) << "one of three is left";
  EXPECT_FALSE(gate.shut(rules, 5000 * ms));
}

TEST(rate_gate, connections_of_a_user_share_its_rate) {
  bucket_table users;
  const rate_rules rules{.user = bucket_rule::of(4, 1000, 4)};
  rate_gate first, second, stranger;
  first.user = users.acquire("u", 0);
  second.user = users.acquire("u", 0);
  EXPECT_EQ(passed(first, rules, 0, 3) + passed(second, rules, 0, 3), 4);
  EXPECT_EQ(passed(stranger, rules, 0, 100), 100) << "whose user nobody knows";
}

TEST(rate_gate, what_counts_as_many_takes_as_many_at_most_a_full_bucket) {
  rate_gate gate;
  const rate_rules rules{.connection = bucket_rule::of(10, 1000, 10)};
  EXPECT_EQ(gate.take(rules, 0, 6).wait, 0);
  EXPECT_EQ(gate.take(rules, 0, 6).wait, 200 * ms);
  EXPECT_EQ(gate.take(rules, 0, 4).wait, 0);
  EXPECT_EQ(gate.take(rules, 1000 * ms, 1'000'000'000).wait, 0);
  EXPECT_EQ(gate.take(rules, 1000 * ms, 1'000'000'000).wait, 1000 * ms);
}

TEST(rate_gate, answers_once_until_the_time_it_names_is_over) {
  rate_gate gate;
  const rate_rules rules{.connection = bucket_rule::of(1, 1000, 1)};
  gate.take(rules, 0);
  EXPECT_FALSE(gate.take(rules, 100 * ms, 1, false).answer);
  EXPECT_TRUE(gate.take(rules, 200 * ms).answer);
  for (std::int64_t at = 200; at < 1000; at += 7) EXPECT_FALSE(gate.take(rules, at * ms).answer);
  EXPECT_EQ(gate.take(rules, 1000 * ms).wait, 0);
  EXPECT_TRUE(gate.take(rules, 1001 * ms).answer);
  rate_rules quiet = rules;
  quiet.answer = false;
  EXPECT_FALSE(gate.take(quiet, 1999 * ms).answer);
}

TEST(rate_gate, a_flood_above_a_fast_rate_is_not_answered_by_a_flood) {
  rate_gate gate;
  const rate_rules rules{.connection = bucket_rule::of(1000, 1000, 1)};
  int answers = 0;
  for (std::int64_t now = 0; now < 1000 * ms; now += ms / 10) answers += gate.take(rules, now).answer ? 1 : 0;
  EXPECT_LE(answers, 10);
  EXPECT_GE(answers, 8);
}

TEST(rate_gate, ends_after_so_many_refusals_without_a_pause) {
  rate_gate gate;
  const rate_rules rules{.connection = bucket_rule::of(1, 1000, 1), .memory = 1000 * ms, .close_after = 3};
  gate.take(rules, 0);
  EXPECT_FALSE(gate.take(rules, 1 * ms).close);
  EXPECT_FALSE(gate.take(rules, 2 * ms).close);
  // A pause longer than the memory, in which nothing was refused.
  EXPECT_EQ(gate.take(rules, 1500 * ms).wait, 0);
  EXPECT_FALSE(gate.take(rules, 1501 * ms).close);
  EXPECT_FALSE(gate.take(rules, 2000 * ms).close);
  EXPECT_EQ(gate.take(rules, 2500 * ms).wait, 0) << "what passes between does not make it forget";
  EXPECT_TRUE(gate.take(rules, 2600 * ms).close);
}

// In no stretch of time do more messages pass than the burst and the rate allow, and one that waits as long
// as it was told passes.
TEST(rate_gate, holds_any_rate_over_any_stretch) {
  const char* given = std::getenv("HAWSER_SEED");
  const auto seed = given != nullptr ? std::stoul(given) : std::random_device{}();
  SCOPED_TRACE("HAWSER_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; round++) {
    const auto below = [&](std::int64_t n) {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    const std::int64_t messages = 1 + below(50), per = 1 + below(5000), burst = 1 + below(50);
    const rate_rules rules{.connection =
                               bucket_rule::of(static_cast<double>(messages), static_cast<double>(per),
                                               static_cast<double>(burst))};
    rate_gate gate;
    std::int64_t now = 1 + below(1'000'000'000), start = now, count = 0;
    for (int i = 0; i < 500; i++) {
      const std::int64_t wait = gate.take(rules, now).wait;
      if (wait == 0) {
        count++;
        ASSERT_LE(count, burst + (now - start) / rules.connection.interval);
      } else if (below(4) == 0) {
        now += wait;
        ASSERT_EQ(gate.take(rules, now).wait, 0);
        count++;
        continue;
      }
      now += below(2 * per * ms / messages);
    }
  }
}

}  // namespace
}  // namespace hawser::hub::rate_gate_test
