// Sampling under a virtual clock, alone and as the only stage of a route.
#include "core/router/sampler.hpp"

#include "shaper_fixture.hpp"

namespace hawser::router::sampler_test {
namespace {

using namespace test;
using verdict = sampler::verdict;

TEST(sampler, without_a_spec_passes_all) {
  sampler s{std::nullopt};
  EXPECT_FALSE(s.absorbs(0));
  EXPECT_EQ(s.take(0), verdict::pass);
  EXPECT_EQ(s.take(0), verdict::pass);
  EXPECT_EQ(s.due(), never);
}

TEST(sampler, throttle_passes_the_first_and_one_each_interval) {
  shaping s(sampled(sample_mode::throttle, 100));
  for (time_ms now = 50; now <= 350; now += 10) EXPECT_TRUE(s.take(now, std::to_string(now)));
  EXPECT_EQ(s.sent(), (sent_records{message_at(50, "50"), message_at(150, "150"), message_at(250, "250"),
                                    message_at(350, "350")}));
  EXPECT_EQ(s.it.counters().in, 31u);
  EXPECT_EQ(s.it.counters().out, 4u);
  EXPECT_EQ(s.it.counters().dropped, 27u);
  EXPECT_EQ(s.it.next_deadline(), 0);
}

TEST(sampler, throttle_starts_its_interval_with_the_message_that_passed) {
  shaping s(sampled(sample_mode::throttle, 100));
  for (const time_ms now : {0, 170, 200, 269, 270}) s.take(now, std::to_string(now));
  EXPECT_EQ(s.sent(), (sent_records{message_at(0, "0"), message_at(170, "170"), message_at(270, "270")}));
}

TEST(sampler, sample_sends_the_latest_at_the_end_of_each_interval) {
  shaping s(sampled(sample_mode::sample, 100));
  s.take(1000, "a");
  EXPECT_EQ(s.it.next_deadline(), 1100);
  s.take(1099, "b");
  s.run_to(1099);
  EXPECT_EQ(s.sent(), sent_records{});
  s.run_to(1100);
  EXPECT_EQ(s.sent(), (sent_records{message_at(1100, "b")}));
  EXPECT_EQ(s.it.next_deadline(), 0);  // nothing came in this interval
  s.take(1399, "c");                   // the intervals go on from 1000 in steps of 100
  s.run_to(2000);
  EXPECT_EQ(s.sent(), (sent_records{message_at(1400, "c")}));
  s.take(2000, "d");  // at an end: belongs to the interval that begins
  EXPECT_EQ(s.it.next_deadline(), 2100);
  EXPECT_EQ(s.it.counters().dropped, 1u);
}

TEST(sampler, sample_that_runs_late_keeps_the_intervals_apart) {
  shaping s(sampled(sample_mode::sample, 100));
  s.take(0, "a");
  s.take(130, "b");  // nobody called run() at 100
  EXPECT_EQ(s.sent(), (sent_records{message_at(130, "a")}));
  EXPECT_EQ(s.it.next_deadline(), 200);
  s.run(250);
  EXPECT_EQ(s.sent(), (sent_records{message_at(250, "b")}));
}

TEST(sampler, debounce_waits_for_silence) {
  shaping s(sampled(sample_mode::debounce, 100));
  for (time_ms now = 0; now <= 500; now += 99) {
    s.run_to(now);
    s.take(now, std::to_string(now));
  }
  EXPECT_EQ(s.sent(), sent_records{});
  EXPECT_EQ(s.it.next_deadline(), 595);
  s.run_to(595);
  EXPECT_EQ(s.sent(), (sent_records{message_at(595, "495")}));
  EXPECT_EQ(s.it.counters().dropped, 5u);
  s.take(700, "x");
  s.take(800, "y");  // exactly at the end of the silence
  EXPECT_EQ(s.sent(), (sent_records{message_at(800, "x")}));
}

TEST(sampler, sampled_routes_keep_the_latest_while_output_is_blocked) {
  for (const sample_mode mode : {sample_mode::sample, sample_mode::debounce}) {
    shaping s(sampled(mode, 100));
    s.take(0, "a");
    s.out.room = 0;
    s.run(100);
    EXPECT_TRUE(s.it.blocked());
    EXPECT_EQ(s.it.next_deadline(), 0);
    EXPECT_TRUE(s.take(150, "b"));
    EXPECT_TRUE(s.take(160, "c"));
    EXPECT_TRUE(s.it.ready(170));
    EXPECT_EQ(s.it.held(), 1u);
    EXPECT_EQ(s.it.counters().dropped, 2u);
    s.out.room = 1;
    s.run(300);
    EXPECT_FALSE(s.it.blocked());
    EXPECT_EQ(s.sent(), (sent_records{message_at(300, "c")}));
  }
}

TEST(sampler, throttle_holds_what_output_refused_and_takes_no_second) {
  shaping s(sampled(sample_mode::throttle, 100));
  s.out.room = 0;
  EXPECT_TRUE(s.take(0, "a"));
  EXPECT_EQ(s.it.held(), 1u);
  EXPECT_TRUE(s.it.ready(99));
  EXPECT_TRUE(s.take(99, "dropped"));
  EXPECT_FALSE(s.it.ready(100));
  EXPECT_FALSE(s.take(100, "b"));
  EXPECT_EQ(s.it.counters().in, 2u);
  s.out.room = 1;
  EXPECT_FALSE(s.take(101, "b"));  // output is not asked again before run()
  s.run(101);
  EXPECT_EQ(s.sent(), (sent_records{message_at(101, "a")}));
  EXPECT_TRUE(s.take(102, "b"));
  EXPECT_EQ(s.it.held(), 1u);
  EXPECT_EQ(s.it.counters().dropped, 1u);
}

TEST(sampler, flush_sends_what_waits) {
  shaping s(sampled(sample_mode::debounce, 100));
  s.take(0, "a");
  s.out.room = 0;
  EXPECT_FALSE(s.flush(10));
  EXPECT_EQ(s.it.held(), 1u);
  s.out.room = 1;
  EXPECT_TRUE(s.flush(20));
  EXPECT_EQ(s.sent(), (sent_records{message_at(20, "a")}));
  EXPECT_TRUE(s.flush(21));
  EXPECT_EQ(s.it.next_deadline(), 0);
}

}  // namespace
}  // namespace hawser::router::sampler_test
