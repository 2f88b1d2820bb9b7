// The health score: what the formula says, its bounds, and that it is monotone in each argument.
#include "core/metrics/health_score.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/protocol/random.hpp"

namespace hawser::metrics::health_score_test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(health_score, is_100_when_all_is_well) {
  EXPECT_DOUBLE_EQ(health_score({}), 100);
  EXPECT_DOUBLE_EQ(health_score({.latency_ms = 100, .reference_ms = 100, .queued = 0, .capacity = 10}), 100);
}

TEST(health_score, follows_its_formula) {
  EXPECT_DOUBLE_EQ(health_score({.latency_ms = 200, .reference_ms = 100}), 80);
  EXPECT_DOUBLE_EQ(health_score({.success_rate = 0.5}), 50);
  EXPECT_DOUBLE_EQ(health_score({.uptime = 0.9}), 90);
  EXPECT_DOUBLE_EQ(health_score({.reconnects = 3}), 85);
  EXPECT_DOUBLE_EQ(health_score({.queued = 500, .capacity = 1000}), 85);
  EXPECT_DOUBLE_EQ(health_score({.latency_ms = 200,
                                 .reference_ms = 100,
                                 .success_rate = 0.5,
                                 .uptime = 0.5,
                                 .reconnects = 3,
                                 .queued = 2000,
                                 .capacity = 1000}),
                   100 * 0.25 * (1 - 0.2 - 0.15 - 0.3));
}

TEST(health_score, total_failure_is_0) {
  EXPECT_DOUBLE_EQ(health_score({.success_rate = 0}), 0);
  EXPECT_DOUBLE_EQ(health_score({.uptime = 0}), 0);
  EXPECT_NEAR(health_score({.latency_ms = infinity, .reconnects = infinity, .queued = 9, .capacity = 9}), 0,
              1e-9);
}

TEST(health_score, unknown_values_do_not_count) {
  EXPECT_DOUBLE_EQ(health_score({.latency_ms = -1}), 100);
  EXPECT_DOUBLE_EQ(health_score({.latency_ms = std::nan("")}), 100);
  EXPECT_DOUBLE_EQ(health_score({.latency_ms = 1000, .reference_ms = 0}), 100);
  EXPECT_DOUBLE_EQ(health_score({.queued = 1000, .capacity = 0}), 100);
}

TEST(health_score, values_out_of_range_are_bounded) {
  EXPECT_DOUBLE_EQ(health_score({.success_rate = 7, .uptime = infinity, .reconnects = -3}), 100);
  EXPECT_DOUBLE_EQ(health_score({.success_rate = -7}), 0);
  EXPECT_DOUBLE_EQ(health_score({.success_rate = std::nan("")}), 0);
  EXPECT_DOUBLE_EQ(health_score({.uptime = std::nan("")}), 0);
  EXPECT_DOUBLE_EQ(health_score({.reconnects = std::nan("")}), 70);
  EXPECT_DOUBLE_EQ(health_score({.reconnects = -infinity}), 100);
  EXPECT_DOUBLE_EQ(health_score({.queued = UINT64_MAX, .capacity = 1}), 70);
}

TEST(health_score, is_monotone_in_each_argument) {
  hawser::test::random_source random;
  const auto number = [&](double most) { return most * static_cast<double>(random.below(10'001)) / 10'000; };
  for (int round = 0; round < 20'000; ++round) {
    const health_input base{.latency_ms = number(2000),
                            .reference_ms = number(500),
                            .success_rate = number(1),
                            .uptime = number(1),
                            .reconnects = number(20),
                            .queued = random.below(2000),
                            .capacity = random.below(1500)};
    const double score = health_score(base);
    ASSERT_GE(score, 0);
    ASSERT_LE(score, 100);
    // A rounding error is no fall.
    constexpr double slack = 1e-9;
    health_input worse = base;
    worse.latency_ms += number(1000);
    ASSERT_LE(health_score(worse), score + slack) << "latency, seed " << random.seed();
    worse = base;
    worse.success_rate -= number(1);
    ASSERT_LE(health_score(worse), score + slack) << "success, seed " << random.seed();
    worse = base;
    worse.uptime -= number(1);
    ASSERT_LE(health_score(worse), score + slack) << "uptime, seed " << random.seed();
    worse = base;
    worse.reconnects += number(20);
    ASSERT_LE(health_score(worse), score + slack) << "reconnects, seed " << random.seed();
    worse = base;
    worse.queued += random.below(1000);
    ASSERT_LE(health_score(worse), score + slack) << "queue, seed " << random.seed();
    health_input better = base;
    if (base.reference_ms > 0) better.reference_ms += number(500);
    if (base.capacity > 0) better.capacity += random.below(1000);
    ASSERT_GE(health_score(better), score - slack) << "reference and capacity, seed " << random.seed();
  }
}

}  // namespace
}  // namespace hawser::metrics::health_score_test
