// A round of dials step by step, then random rounds.
#include "core/client/dial_round.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/protocol/random.hpp"

namespace hawser::client::dial_round_test {
namespace {

const reconnect_settings settings;
const outcome refused{.error = errc::connection_refused};
const outcome untrusted{.error = errc::tls_cert_untrusted};
const outcome unauthorized{.error = errc::unexpected_response, .http_status = 401};

std::vector<endpoint_index> due(dial_round& round, time_ms now) {
  std::vector<endpoint_index> result;
  while (const auto e = round.next(now)) result.push_back(*e);
  return result;
}

using list = std::vector<endpoint_index>;

TEST(dial_round, the_first_to_open_wins) {
  dial_round round;
  EXPECT_FALSE(round.next(0));
  EXPECT_FALSE(round.failed());
  round.begin({{2, 0, 1}, 250}, 1000);
  EXPECT_EQ(due(round, 1000), (list{2}));
  EXPECT_EQ(round.next_deadline(), 1250);
  EXPECT_EQ(due(round, 1249), list{});
  EXPECT_EQ(due(round, 1250), (list{0}));
  EXPECT_EQ(round.next_deadline(), 1500);
  EXPECT_TRUE(round.on_opened(2));
  EXPECT_EQ(list(round.running().begin(), round.running().end()), (list{0})) << "the loser, to be dropped";
  EXPECT_EQ(round.next_deadline(), 0);
  EXPECT_FALSE(round.next(9999));
  EXPECT_FALSE(round.failed());
}

TEST(dial_round, a_failure_of_the_newest_begins_the_next_at_once) {
  dial_round round;
  round.begin({{0, 1, 2}, 250}, 0);
  EXPECT_EQ(due(round, 0), (list{0}));
  round.on_failed(0, refused, settings);
  EXPECT_EQ(due(round, 10), (list{1}));
  EXPECT_EQ(round.next_deadline(), 260) << "the step begins anew";
}

TEST(dial_round, a_failure_of_the_newest_counts_also_beside_an_older_one) {
  dial_round round;
  round.begin({{0, 1, 2, 3}, 250}, 0);
  due(round, 0);
  due(round, 250);
  round.on_failed(1, refused, settings);
  EXPECT_EQ(due(round, 260), (list{2}));
  round.on_failed(0, refused, settings);
  EXPECT_EQ(due(round, 270), list{});
  round.on_failed(2, refused, settings);
  EXPECT_EQ(due(round, 280), (list{3}));
}

TEST(dial_round, a_failure_of_an_older_one_leaves_the_newest_its_time) {
  dial_round round;
  round.begin({{0, 1, 2}, 250}, 0);
  due(round, 0);
  due(round, 250);
  round.on_failed(0, refused, settings);
  EXPECT_EQ(due(round, 300), list{});
  EXPECT_EQ(round.next_deadline(), 500);
  EXPECT_EQ(due(round, 500), (list{2}));
  EXPECT_EQ(round.next_deadline(), 0);
}

TEST(dial_round, fails_when_all_did) {
  dial_round round;
  round.begin({{0, 1}, 250}, 0);
  due(round, 0);
  round.on_failed(0, refused, settings);
  EXPECT_FALSE(round.failed()) << "one is left";
  due(round, 0);
  round.on_failed(0, untrusted, settings);
  EXPECT_FALSE(round.failed()) << "told twice";
  round.on_failed(1, refused, settings);
  EXPECT_TRUE(round.failed());
  EXPECT_EQ(round.result().error, errc::connection_refused);
}

TEST(dial_round, an_empty_plan_fails_at_once) {
  dial_round round;
  round.begin({{}, 250}, 0);
  EXPECT_TRUE(round.failed());
}

TEST(dial_round, reports_the_outcome_that_gives_the_most_hope) {
  const outcome slow{.error = errc::unexpected_response, .http_status = 503, .retry_after = 9000};
  struct row {
    std::vector<outcome> outcomes;
    std::size_t expected;
  };
  for (const row& r :
       {row{{untrusted, refused}, 1}, row{{refused, untrusted}, 0}, row{{refused, unauthorized}, 1},
        row{{untrusted, unauthorized, refused}, 1}, row{{slow, refused}, 1}, row{{refused, slow}, 0},
        row{{untrusted, {.error = errc::tls_cert_expired}}, 0}}) {
    dial_round round;
    dial_plan plan{list(r.outcomes.size()), 100};
    std::iota(plan.order.begin(), plan.order.end(), 0u);
    round.begin(plan, 0);
    for (endpoint_index i = 0; i < r.outcomes.size(); ++i) {
      due(round, 0);
      round.on_failed(i, r.outcomes[i], settings);
    }
    ASSERT_TRUE(round.failed());
    EXPECT_EQ(round.result().error, r.outcomes[r.expected].error);
    EXPECT_EQ(round.result().http_status, r.outcomes[r.expected].http_status);
  }
}

TEST(dial_round, cancel_and_begin_forget) {
  dial_round round;
  round.begin({{0, 1}, 250}, 0);
  due(round, 0);
  round.cancel();
  EXPECT_TRUE(round.running().empty());
  EXPECT_FALSE(round.failed());
  EXPECT_FALSE(round.on_opened(0));
  EXPECT_FALSE(round.next(9999));
  round.begin({{1}, 250}, 5000);
  EXPECT_EQ(due(round, 5000), (list{1}));
  round.on_failed(1, untrusted, settings);
  EXPECT_TRUE(round.failed());
  EXPECT_EQ(round.result().error, errc::tls_cert_untrusted);
}

TEST(dial_round, random_rounds_dial_each_once_and_end_once) {
  hawser::test::random_source random;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t n = 1 + random.below(6);
    dial_plan plan{list(n), static_cast<time_ms>(random.below(300))};
    std::iota(plan.order.begin(), plan.order.end(), 0u);
    dial_round round;
    time_ms now = static_cast<time_ms>(random.below(100));
    round.begin(plan, now);
    list dialled, running;
    time_ms last = -1000;
    bool won = false;
    for (int step = 0; step < 1000 && !won && !round.failed(); ++step) {
      for (const endpoint_index e : due(round, now)) {
        ASSERT_TRUE(running.empty() || now >= last + plan.step || last < 0) << random.seed();
        dialled.push_back(e);
        running.push_back(e);
        last = now;
      }
      ASSERT_EQ(list(round.running().begin(), round.running().end()), running) << random.seed();
      if (!running.empty() && random.one_in(2)) {
        const std::size_t at = random.below(running.size());
        const endpoint_index e = running[at];
        const bool newest = at + 1 == running.size();
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
        if (random.one_in(5)) {
          won = round.on_opened(e);
          ASSERT_TRUE(won);
        } else {
          round.on_failed(e, refused, settings);
          if (newest) last = -1000;
        }
      } else if (const time_ms next = round.next_deadline(); next != 0 && random.one_in(2)) {
        now = std::max(now, next);
      } else {
        now += static_cast<time_ms>(random.below(50));
      }
    }
    ASSERT_TRUE(won || round.failed()) << random.seed();
    ASSERT_TRUE(std::is_sorted(dialled.begin(), dialled.end()));
    if (round.failed()) {
      ASSERT_EQ(dialled.size(), n) << random.seed();
    }
  }
}

}  // namespace
}  // namespace hawser::client::dial_round_test
