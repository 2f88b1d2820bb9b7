// Stages together: their order, times that meet, and what the shell relies on.
#include "core/router/shaper.hpp"

#include "shaper_fixture.hpp"

namespace hawser::router::shaper_test {
namespace {

using namespace test;

const field_value a = text_field("A");
const field_value b = text_field("B");

route_spec all_stages(sample_mode mode) {
  route_spec spec = batched(3, 100);
  spec.sample = sample_spec{mode, 20};
  spec.conflate = conflate_spec{{}, 50, 100};
  return spec;
}

TEST(shaper, samples_then_conflates_then_batches) {
  shaping s(all_stages(sample_mode::sample));
  s.take(0, "a1", a);
  EXPECT_EQ(s.it.next_deadline(), 20);
  s.take(10, "b1", b);  // in the same interval, so a1 is gone
  s.run_to(20);
  EXPECT_EQ(s.it.next_deadline(), 70);  // b1 is in its key's interval
  s.take(30, "b2", b);
  s.run_to(70);
  EXPECT_EQ(s.it.next_deadline(), 170);  // b2, of 40, came out at 70 and is in a batch
  EXPECT_EQ(s.sent(), sent_records{});
  s.run_to(170);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(170, {"b2"})}));
  EXPECT_EQ(s.it.counters().dropped, 1u);
  EXPECT_EQ(s.it.counters().conflated, 1u);
  EXPECT_EQ(s.it.counters().out, 1u);
}

TEST(shaper, at_one_time_the_first_stage_goes_first) {
  route_spec spec = batched(9, 30);
  spec.sample = sample_spec{sample_mode::sample, 10};
  spec.conflate = conflate_spec{{}, 30, 100};
  shaping s(spec);
  s.take(0, "a1", a);   // at 10 into the conflater, due at 40
  s.take(35, "a2", a);  // leaves the sampler at 40: replaces a1, which was due then
  s.run_to(1000);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(70, {"a2"})}));
}

TEST(shaper, a_sampled_message_waits_while_the_batch_behind_is_full) {
  route_spec spec = batched(1, 100);
  spec.sample = sample_spec{sample_mode::sample, 20};
  shaping s(spec);
  s.out.room = 0;
  s.take(0, "1");
  s.run(20);
  s.take(30, "2");
  s.run_to(100);
  EXPECT_EQ(s.it.held(), 2u);
  EXPECT_TRUE(s.take(100, "3"));
  EXPECT_EQ(s.it.counters().dropped, 1u);
  s.out.room = SIZE_MAX;
  s.run(110);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(110, {"1"}), batch_at(110, {"3"})}));
}

TEST(shaper, a_sampled_message_joins_a_batch_that_is_blocked_but_not_full) {
  route_spec spec = batched(3, 10);
  spec.sample = sample_spec{sample_mode::sample, 20};
  shaping s(spec);
  s.out.room = 0;
  s.take(0, "1");
  s.run_to(30);
  EXPECT_TRUE(s.it.blocked());
  EXPECT_EQ(s.it.next_deadline(), 0);
  s.take(30, "2");
  EXPECT_EQ(s.it.next_deadline(), 40);
  s.run_to(40);
  EXPECT_EQ(s.it.held(), 2u);
  s.take(45, "3");
  EXPECT_EQ(s.it.counters().dropped, 0u);
}

TEST(shaper, throttle_is_ready_as_far_as_the_batch_behind_is) {
  route_spec spec = batched(1, 100);
  spec.sample = sample_spec{sample_mode::throttle, 20};
  shaping s(spec);
  s.out.room = 0;
  EXPECT_TRUE(s.take(0, "1"));
  EXPECT_TRUE(s.it.ready(19));
  EXPECT_FALSE(s.it.ready(20));
  s.out.room = 1;
  s.run(21);
  EXPECT_TRUE(s.take(21, "2"));
  EXPECT_EQ(s.it.held(), 1u);
}

TEST(shaper, flush_takes_every_stage_along) {
  shaping s(all_stages(sample_mode::debounce));
  for (const auto& [at, text, key] :
       {std::tuple{0, "a1", &a}, {30, "b1", &b}, {95, "b2", &b}, {99, "a2", &a}}) {
    s.run_to(at);
    s.take(at, text, *key);
  }
  EXPECT_EQ(s.it.held(),
            3u);  // a1 in the batch since 70, b1 in the conflater since 50, a2 waits; b2 is dropped
  EXPECT_TRUE(s.flush(99));
  EXPECT_EQ(s.sent(), (sent_records{batch_at(99, {"a1", "b1", "a2"})}));
  EXPECT_EQ(s.it.next_deadline(), 0);
}

TEST(shaper, flush_that_is_blocked_in_the_middle_loses_nothing) {
  route_spec spec = batched(2, 100);
  spec.conflate = conflate_spec{{}, 50, 100};
  shaping s(spec);
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    expected.push_back(std::to_string(i));
    s.take(0, expected.back(), number_field(i));
  }
  s.out.room = 0;
  int calls = 1;
  for (; !s.flush(calls); ++calls) s.out.room = 1;
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(s.out.members(), expected);
  EXPECT_EQ(s.it.counters().early, 0u);
}

TEST(shaper, a_run_too_early_changes_nothing) {
  shaping s(all_stages(sample_mode::sample));
  s.run(0);
  EXPECT_EQ(s.it.next_deadline(), 0);
  s.take(0, "1", a);
  s.run(19);
  s.run(19);
  EXPECT_EQ(s.it.next_deadline(), 20);
  EXPECT_EQ(s.sent(), sent_records{});
}

}  // namespace
}  // namespace hawser::router::shaper_test
