// The histogram against sorted values: error, merging, extremes.
#include "core/metrics/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/protocol/random.hpp"

namespace hawser::metrics::histogram_test {
namespace {

TEST(histogram, is_empty_at_first_and_after_a_reset) {
  histogram h;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(h.count(), 0u);
    EXPECT_EQ(h.min(), 0);
    EXPECT_EQ(h.max(), 0);
    EXPECT_EQ(h.mean(), 0);
    EXPECT_EQ(h.percentile(50), 0);
    h.record(5);
    h.record(7, 0);
    EXPECT_EQ(h.count(), 1u);
    EXPECT_EQ(h.percentile(50), 5);
    h.reset();
  }
}

TEST(histogram, small_values_are_exact) {
  histogram h;
  for (int i = 1; i <= 60; ++i) h.record(i);
  EXPECT_EQ(h.percentile(50), 30);
  EXPECT_EQ(h.percentile(95), 57);
  EXPECT_EQ(h.percentile(0), 1);
  EXPECT_EQ(h.percentile(100), 60);
  EXPECT_EQ(h.percentile(-5), 1);
  EXPECT_EQ(h.percentile(1000), 60);
  EXPECT_EQ(h.percentile(std::nan("")), 60);
  EXPECT_DOUBLE_EQ(h.mean(), 30.5);
}

TEST(histogram, every_value_is_within_its_error) {
  hawser::test::random_source random;
  std::vector<std::int64_t> values{0, 1, 63, 64, 65, 127, 128, 129};
  for (int shift = 7; shift < 35; ++shift) {
    const std::int64_t power = std::int64_t{1} << shift;
    values.insert(values.end(), {power - 1, power, power + 1});
    for (int i = 0; i < 50; ++i)
      values.push_back(power + static_cast<std::int64_t>(random.below(static_cast<std::size_t>(power))));
  }
  for (const std::int64_t value : values) {
    histogram h;
    // Neighbours on both sides, so that neither minimum nor maximum corrects the bucket.
    h.record(0);
    h.record(value, 3);
    h.record((std::int64_t{1} << 35) - 1);
    const std::int64_t got = h.percentile(50);
    EXPECT_LE(std::abs(got - value), value * 16 / 1000 + (value < 64 ? 0 : 1))
        << value << " seed " << random.seed();
  }
}

TEST(histogram, equals_sorted_values_within_its_error) {
  hawser::test::random_source random;
  for (int round = 0; round < 200; ++round) {
    histogram h;
    std::vector<std::int64_t> values(1 + random.below(2000));
    const std::size_t magnitude = 1 + random.below(30);
    double sum = 0;
    for (std::int64_t& value : values) {
      value = static_cast<std::int64_t>(random.below(std::size_t{1} << (1 + random.below(magnitude))));
      h.record(value);
      sum += static_cast<double>(value);
    }
    std::sort(values.begin(), values.end());
    EXPECT_EQ(h.min(), values.front());
    EXPECT_EQ(h.max(), values.back());
    EXPECT_EQ(h.count(), values.size());
    EXPECT_NEAR(h.mean(), sum / static_cast<double>(values.size()), 1e-6 * h.mean() + 1e-9);
    std::int64_t before = 0;
    for (const double percent : {0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9}) {
      const auto rank =
          static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
      const std::int64_t exact = values[rank - 1];
      const std::int64_t got = h.percentile(percent);
      EXPECT_LE(std::abs(got - exact), exact / 64 + (exact < 64 ? 0 : 1))
          << percent << " seed " << random.seed();
      EXPECT_GE(got, before);
      before = got;
    }
  }
}

TEST(histogram, extremes_do_not_break_it) {
  histogram h;
  h.record(-5);
  EXPECT_EQ(h.max(), 0);
  h.record(std::numeric_limits<std::int64_t>::min());
  h.record(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(h.percentile(99), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(h.percentile(50), 0);
}

TEST(histogram, merging_equals_recording_into_one) {
  hawser::test::random_source random;
  histogram a, b, both;
  for (int i = 0; i < 5000; ++i) {
    const auto value = static_cast<std::int64_t>(random.below(1'000'000));
    (random.one_in(3) ? a : b).record(value);
    both.record(value);
  }
  histogram empty;
  a.merge(empty);
  a.merge(b);
  empty.merge(a);
  for (const histogram* h : {&a, &empty}) {
    EXPECT_EQ(h->count(), both.count());
    EXPECT_EQ(h->min(), both.min());
    EXPECT_EQ(h->max(), both.max());
    EXPECT_DOUBLE_EQ(h->mean(), both.mean());
    for (double percent = 0; percent <= 100; percent += 0.5)
      EXPECT_EQ(h->percentile(percent), both.percentile(percent)) << random.seed();
  }
  a.merge(a);
  EXPECT_EQ(a.count(), 2 * both.count());
  EXPECT_EQ(a.percentile(50), both.percentile(50));
}

TEST(histogram, full_buckets_keep_the_shape) {
  histogram h;
  for (int i = 0; i < 10'000; ++i) {
    h.record(10, 3'000'000);
    h.record(20, 1'500'000);
    h.record(30, 100'000);
  }
  EXPECT_EQ(h.count(), 46'000'000'000u);
  EXPECT_EQ(h.percentile(50), 10);
  EXPECT_EQ(h.percentile(90), 20);
  EXPECT_EQ(h.percentile(99.5), 30);
  histogram other = h;
  other.merge(h);
  other.merge(h);
  EXPECT_EQ(other.count(), 3 * h.count());
  EXPECT_EQ(other.percentile(50), 10);
  EXPECT_EQ(other.percentile(90), 20);
  EXPECT_EQ(other.percentile(99.5), 30);
  h.record(40, std::numeric_limits<std::uint64_t>::max() / 2);
  EXPECT_EQ(h.percentile(60), 40);
  EXPECT_EQ(h.percentile(1e-9), 10) << "what is there stays there";
}

}  // namespace
}  // namespace hawser::metrics::histogram_test
