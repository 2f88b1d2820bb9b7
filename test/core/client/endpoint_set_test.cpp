// Endpoints: orders of the strategies, death and healing, then random events against the rules.
#include "core/client/endpoint_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "core/protocol/random.hpp"

namespace hawser::client::endpoint_set_test {
namespace {

using order = std::vector<endpoint_index>;

order choose(endpoint_set& set, time_ms now) {
  dial_plan plan;
  set.choose(now, plan);
  return plan.order;
}

void fail(endpoint_set& set, endpoint_index e, time_ms now, time_ms retry_after = 0) {
  set.on_dial(e);
  set.on_failed(e, now, retry_after);
}

void succeed(endpoint_set& set, endpoint_index e, time_ms latency = 10) {
  set.on_dial(e);
  set.on_opened(e, latency);
}

TEST(endpoint_set, failover_keeps_the_given_order) {
  endpoint_set set(3, {});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(choose(set, i), (order{0, 1, 2}));
  dial_plan plan;
  set.choose(0, plan);
  EXPECT_EQ(plan.step, 3000);
}

TEST(endpoint_set, failover_returns_to_the_preferred_one_at_a_later_choice) {
  endpoint_set set(3, {});
  fail(set, 0, 1000);
  EXPECT_EQ(choose(set, 1001), (order{1, 2, 0}));
  succeed(set, 1);
  EXPECT_EQ(choose(set, 10'999), (order{1, 2, 0}));
  EXPECT_EQ(choose(set, 11'000), (order{0, 1, 2}));
}

TEST(endpoint_set, race_takes_all_a_little_apart) {
  endpoint_set set(3, {.order = strategy::race});
  dial_plan plan;
  set.choose(0, plan);
  EXPECT_EQ(plan.order, (order{0, 1, 2}));
  EXPECT_EQ(plan.step, 250);
}

TEST(endpoint_set, round_robin_takes_turns) {
  endpoint_set set(3, {.order = strategy::round_robin, .dead_after = 1});
  EXPECT_EQ(choose(set, 0), (order{0, 1, 2}));
  EXPECT_EQ(choose(set, 0), (order{1, 2, 0}));
  fail(set, 2, 0);
  EXPECT_EQ(choose(set, 1), (order{0, 1})) << "2 is out";
  EXPECT_EQ(choose(set, 2), (order{1, 0}));
  EXPECT_EQ(choose(set, 10'000), (order{2, 0, 1})) << "2 is due for its probe";
}

TEST(endpoint_set, least_busy_first_and_equals_in_turn) {
  endpoint_set set(3, {.order = strategy::least_busy});
  EXPECT_EQ(choose(set, 0).front(), 0u);
  EXPECT_EQ(choose(set, 0).front(), 1u);
  EXPECT_EQ(choose(set, 0).front(), 2u);
  set.set_busy(0, 5);
  set.set_busy(1, 1);
  set.set_busy(2, 3);
  EXPECT_EQ(choose(set, 0), (order{1, 2, 0}));
  EXPECT_EQ(choose(set, 0), (order{1, 2, 0}));
}

TEST(endpoint_set, latency_takes_the_fastest_after_it_knows_all) {
  endpoint_set set(3, {.order = strategy::latency});
  succeed(set, 0, 50);
  EXPECT_EQ(choose(set, 0), (order{1, 2, 0}));
  succeed(set, 1, 20);
  succeed(set, 2, 90);
  EXPECT_EQ(choose(set, 0), (order{1, 0, 2}));
  for (int i = 0; i < 20; ++i) set.on_latency(1, 200);
  EXPECT_EQ(choose(set, 0), (order{0, 2, 1})) << "pings count as well";
}

TEST(endpoint_set, latency_is_smoothed) {
  endpoint_set set(1, {});
  succeed(set, 0, 100);
  EXPECT_EQ(set.record(0).latency, 100);
  set.on_latency(0, 200);
  EXPECT_EQ(set.record(0).latency, 130);
  set.on_latency(0, 0);
  EXPECT_GT(set.record(0).latency, 0) << "0 is unknown";
}

TEST(endpoint_set, dies_after_failures_in_a_row_and_heals_by_one_probe) {
  endpoint_set set(2, {});
  fail(set, 0, 100);
  fail(set, 0, 200);
  EXPECT_EQ(set.record(0).out_until, 0);
  fail(set, 0, 300);
  EXPECT_TRUE(set.record(0).dead);
  EXPECT_EQ(set.record(0).out_until, 10'300);
  EXPECT_EQ(choose(set, 10'299), (order{1}));
  EXPECT_EQ(choose(set, 10'300), (order{0, 1}));
  set.on_dial(0);
  EXPECT_EQ(choose(set, 10'301), (order{1})) << "one probe at a time";
  set.on_opened(0, 5);
  EXPECT_FALSE(set.record(0).dead);
  EXPECT_EQ(choose(set, 10'302), (order{0, 1}));
}

TEST(endpoint_set, success_in_between_starts_the_row_anew) {
  endpoint_set set(2, {});
  for (int i = 0; i < 10; ++i) {
    fail(set, 0, i);
    fail(set, 0, i);
    succeed(set, 0);
    set.on_left(0, 60'000);
  }
  EXPECT_FALSE(set.record(0).dead);
}

TEST(endpoint_set, the_cool_down_grows_and_is_bounded) {
  endpoint_set set(2, {.cool_down = 1000, .max_cool_down = 5000});
  time_ms now = 0;
  for (int i = 0; i < 3; ++i) fail(set, 0, now);
  for (const time_ms span : {1000, 2000, 4000, 5000, 5000}) {
    EXPECT_EQ(set.record(0).out_until, now + span);
    now = set.record(0).out_until;
    fail(set, 0, now);  // the probe
  }
  succeed(set, 0);
  set.on_lost(0, now, 60'000);
  for (int i = 0; i < 3; ++i) fail(set, 0, now);
  EXPECT_EQ(set.record(0).out_until, now + 1000) << "a lasting link has forgotten it";
}

TEST(endpoint_set, dials_that_began_before_it_died_do_not_add_up) {
  endpoint_set set(2, {});
  for (int i = 0; i < 6; ++i) set.on_dial(0);
  for (int i = 0; i < 6; ++i) set.on_failed(0, 100);
  EXPECT_EQ(set.record(0).out_until, 10'100);
  EXPECT_EQ(set.record(0).failures_in_row, 6u);
}

TEST(endpoint_set, an_abandoned_probe_says_nothing) {
  endpoint_set set(2, {.dead_after = 1});
  fail(set, 0, 0);
  set.on_dial(0);
  set.on_abandoned(0);
  EXPECT_TRUE(set.record(0).dead);
  EXPECT_EQ(set.record(0).out_until, 10'000);
  EXPECT_EQ(choose(set, 10'000), (order{0, 1}));
}

TEST(endpoint_set, opening_and_breaking_at_once_is_failing) {
  endpoint_set set(2, {});
  for (int i = 0; i < 3; ++i) {
    succeed(set, 0);
    set.on_lost(0, 100 * i, 50);
  }
  EXPECT_TRUE(set.record(0).dead);
  endpoint_set well(2, {});
  for (int i = 0; i < 30; ++i) {
    succeed(well, 0);
    well.on_lost(0, 100 * i, 5000);
  }
  EXPECT_EQ(well.record(0).failures, 0u);
}

TEST(endpoint_set, if_all_are_out_the_one_due_first_is_used) {
  endpoint_set set(3, {.dead_after = 1});
  fail(set, 1, 100);
  fail(set, 0, 200);
  fail(set, 2, 300);
  EXPECT_EQ(choose(set, 400), (order{1}));
  fail(set, 1, 500);
  EXPECT_EQ(choose(set, 600), (order{0})) << "the forced probe failed: now another";
  fail(set, 0, 700);
  EXPECT_EQ(choose(set, 800), (order{2}));
}

TEST(endpoint_set, is_left_alone_when_it_asks_for_that) {
  endpoint_set set(2, {.max_retry_after = 60'000});
  fail(set, 0, 1000, 20'000);
  EXPECT_FALSE(set.record(0).dead);
  EXPECT_TRUE(set.other_ready(0, 1001));
  EXPECT_FALSE(set.other_ready(1, 1001));
  EXPECT_EQ(choose(set, 20'999), (order{1}));
  EXPECT_EQ(choose(set, 21'000), (order{0, 1}));
  succeed(set, 1);
  set.on_lost(1, 30'000, 10'000, INT64_MAX / 2);
  EXPECT_EQ(set.record(1).out_until, 90'000) << "bounded";
}

TEST(endpoint_set, experience_weighs_recent_outcomes_more) {
  endpoint_set set(1, {.dead_after = 1000});
  EXPECT_EQ(set.experience_of(0).samples, 0u);
  for (int i = 0; i < 5; ++i) succeed(set, 0, 40);
  for (int i = 0; i < 5; ++i) fail(set, 0, i);
  EXPECT_NEAR(set.experience_of(0).success_rate, 0.5, 1e-9);
  for (int i = 0; i < 40; ++i) fail(set, 0, i);
  EXPECT_LT(set.experience_of(0).success_rate, 0.01);
  EXPECT_EQ(set.experience_of(0).samples, 50u);
  EXPECT_EQ(set.experience_of(0).latency, 40);
}

TEST(endpoint_set, goes_on_with_what_another_has_learned) {
  endpoint_set first(2, {.order = strategy::latency});
  for (int i = 0; i < 9; ++i) {
    first.on_dial(1);
    first.on_opened(1, 20);
    first.on_dial(0);
    first.on_failed(0, 1);
  }
  endpoint_set second(2, {.order = strategy::latency});
  for (const endpoint_index e : {0u, 1u}) second.restore(e, first.record(e));
  EXPECT_EQ(second.experience_of(0).samples, 9u);
  EXPECT_EQ(second.experience_of(0).success_rate, first.experience_of(0).success_rate);
  EXPECT_EQ(second.experience_of(1).latency, 20);
  dial_plan plan;
  second.choose(1, plan);
  EXPECT_EQ(plan.order.size(), 2u) << "who is out of rotation is not remembered: that was a matter of time";
  second.restore(0, {.success_rate = 7, .latency = -3});
  EXPECT_EQ(second.experience_of(0).success_rate, 1);
  EXPECT_EQ(second.experience_of(0).latency, 0);
}

TEST(endpoint_set, none_at_all) {
  endpoint_set set(0, {});
  EXPECT_TRUE(choose(set, 0).empty());
  EXPECT_FALSE(set.other_ready(0, 0));
}

TEST(endpoint_set, random_events_keep_the_rules) {
  hawser::test::random_source random;
  for (int round = 0; round < 60; ++round) {
    const std::size_t n = 1 + random.below(5);
    const auto how = static_cast<strategy>(random.below(5));
    const endpoint_settings settings{.order = how,
                                     .dead_after = static_cast<std::uint32_t>(1 + random.below(4)),
                                     .cool_down = 1000,
                                     .max_cool_down = 8000};
    endpoint_set set(n, settings);
    std::vector<std::uint32_t> dials(n), busy(n);
    std::vector<std::uint64_t> successes(n), failures(n);
    time_ms now = static_cast<time_ms>(random.below(1000));
    for (int step = 0; step < 3000; ++step) {
      now += static_cast<time_ms>(random.below(random.one_in(20) ? 5000 : 60));
      const auto e = static_cast<endpoint_index>(random.below(n));
      const bool was_dead = set.record(e).dead;
      switch (random.below(8)) {
        case 0:
        case 1: {
          const order chosen = choose(set, now);
          ASSERT_FALSE(chosen.empty()) << random.seed();
          const std::set<endpoint_index> unique(chosen.begin(), chosen.end());
          ASSERT_EQ(unique.size(), chosen.size()) << random.seed();
          const bool forced = set.record(chosen.front()).out_until > now || dials[chosen.front()] > 0;
          for (endpoint_index i = 0; i < n; ++i) {
            const auto& r = set.record(i);
            const bool may = r.out_until == 0 || (r.out_until <= now && dials[i] == 0);
            ASSERT_TRUE(may == unique.contains(i) || (chosen.size() == 1 && forced)) << random.seed();
            if (chosen.size() == 1 && set.record(chosen.front()).out_until > now) {
              ASSERT_GE(r.out_until, set.record(chosen.front()).out_until) << random.seed();
            }
          }
          set.on_dial(chosen.front());
          ++dials[chosen.front()];
          break;
        }
        case 2:
        case 3:
          if (dials[e] == 0) break;
          --dials[e];
          ++successes[e];
          set.on_opened(e, static_cast<time_ms>(random.below(500)));
          ASSERT_FALSE(set.record(e).dead);
          ASSERT_EQ(set.record(e).out_until, 0);
          break;
        case 4:
        case 5: {
          if (dials[e] == 0) break;
          --dials[e];
          ++failures[e];
          const std::uint32_t row = set.record(e).failures_in_row + 1;
          set.on_failed(e, now);
          ASSERT_EQ(set.record(e).failures_in_row, row);
          ASSERT_EQ(set.record(e).dead, was_dead || row >= settings.dead_after) << random.seed();
          ASSERT_LE(set.record(e).out_until, now + settings.max_cool_down) << random.seed();
          break;
        }
        case 6:
          if (dials[e] == 0) break;
          --dials[e];
          set.on_abandoned(e);
          ASSERT_EQ(set.record(e).dead, was_dead);
          break;
        default:
          busy[e] = static_cast<std::uint32_t>(random.below(50));
          set.set_busy(e, busy[e]);
      }
      ASSERT_EQ(set.record(e).dials, dials[e]) << random.seed();
      ASSERT_EQ(set.record(e).successes, successes[e]);
      ASSERT_EQ(set.record(e).failures, failures[e]);
      ASSERT_EQ(set.record(e).busy, busy[e]);
      ASSERT_GE(set.record(e).success_rate, 0);
      ASSERT_LE(set.record(e).success_rate, 1);
    }
  }
}

}  // namespace
}  // namespace hawser::client::endpoint_set_test
