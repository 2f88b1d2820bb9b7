// When a reactor stops to wait for events in place, and when it begins again.
#include "core/net/wait_review.hpp"

#include <gtest/gtest.h>

namespace hawser::net::wait_review_test {
namespace {

// What a second brings: messages, and the share of a processor that they take.
struct load {
  double messages, processor;
};
struct loads {
  load waiting, sleeping;
};
// Figures as measured. Each side waits for the other:
constexpr loads round_trips = {{26'000, 0.93}, {15'000, 0.57}};
// Peers send at their own pace, quickly enough that waits succeed:
constexpr loads paced = {{100'000, 0.94}, {100'000, 0.52}};
constexpr loads many_at_once = {{410'000, 0.62}, {385'000, 0.6}};
// Hardly a wait is tried:
constexpr loads rare = {{1'000, 0.07}, {1'000, 0.07}};

class wait_review_test : public ::testing::Test {
 protected:
  // A turn a millisecond.
  void live(const loads& of, std::int64_t milliseconds) {
    for (const std::int64_t until = now + milliseconds; now < until;) turn(of, 1);
  }
  void turn(const loads& of, std::int64_t milliseconds) {
    const load& mine = review.waits() ? of.waiting : of.sleeping;
    now += milliseconds;
    wall += milliseconds * 1'000'000;
    processor += mine.processor * 1e6 * static_cast<double>(milliseconds);
    messages += mine.messages * 1e-3 * static_cast<double>(milliseconds);
    if (review.waits()) waited += milliseconds;
    if (review.due(now)) {
      review.take(now, {wall, static_cast<std::int64_t>(processor), static_cast<std::uint64_t>(messages)});
    }
  }
  // Milliseconds of the next ten seconds in which it waits.
  std::int64_t waits_of_ten_seconds(const loads& of) {
    waited = 0;
    live(of, 10'000);
    return waited;
  }
  static constexpr std::int64_t round = wait_review::rest + 2 * wait_review::sample;
  wait_review review;
  std::int64_t now = 123'456, wall = 0, waited = 0;
  double processor = 0, messages = 0;
};

TEST_F(wait_review_test, waits_at_first) {
  EXPECT_TRUE(review.waits());
  turn(paced, 1);
  EXPECT_TRUE(review.waits());
}

TEST_F(wait_review_test, goes_on_where_more_messages_pass) {
  live(round_trips, 3 * round);
  EXPECT_GT(waits_of_ten_seconds(round_trips), 9'600);
}

TEST_F(wait_review_test, goes_on_where_it_costs_little) {
  live(many_at_once, 3 * round);
  EXPECT_GT(waits_of_ten_seconds(many_at_once), 9'600);
}

TEST_F(wait_review_test, ends_where_the_same_messages_cost_more) {
  live(paced, wait_review::sample * 2 + 3);
  EXPECT_FALSE(review.waits());
  live(paced, 3 * round);
  EXPECT_LT(waits_of_ten_seconds(paced), 400);
}

TEST_F(wait_review_test, changes_its_mind_with_the_load) {
  for (int i = 0; i < 3; i++) {
    live(paced, 3 * round);
    EXPECT_LT(waits_of_ten_seconds(paced), 400);
    live(round_trips, 3 * round);
    EXPECT_GT(waits_of_ten_seconds(round_trips), 9'600);
  }
}

TEST_F(wait_review_test, draws_the_line_at_a_fifth) {
  constexpr load sleeping = {100'000, 0.5};
  const auto goes_on = [&](const load& waiting) {
    live({waiting, sleeping}, 4 * round);
    return waits_of_ten_seconds({waiting, sleeping}) > 5'000;
  };
  EXPECT_FALSE(goes_on({100'000, 0.61}));
  EXPECT_TRUE(goes_on({100'000, 0.59}));
  EXPECT_FALSE(goes_on({124'000, 0.99}));
  EXPECT_TRUE(goes_on({126'000, 0.99}));
}

TEST_F(wait_review_test, has_no_objection_where_little_comes) {
  EXPECT_GT(waits_of_ten_seconds(rare), 9'600);
  live(paced, 3 * round);
  ASSERT_FALSE(review.waits());
  live(rare, 10 * round);
  EXPECT_GT(waits_of_ten_seconds(rare), 9'600);
}

TEST_F(wait_review_test, compares_nothing_with_a_time_that_was_slept_through) {
  live(paced, 3 * round);
  ASSERT_FALSE(review.waits());
  for (int i = 0; i < 200; i++) {
    turn(round_trips, 100);
    ASSERT_FALSE(review.waits()) << i;
  }
}

// Another process took the processor while it waited.
TEST_F(wait_review_test, is_not_led_astray_by_one_sample) {
  live(round_trips, 10 * round);
  live({{15'000, 0.95}, round_trips.sleeping}, round);
  EXPECT_GT(waits_of_ten_seconds(round_trips), 9'600);
}

}  // namespace
}  // namespace hawser::net::wait_review_test
