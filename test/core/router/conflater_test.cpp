// Routes that conflate, and conflate into batches: times, keys, bounds, back-pressure.
#include "core/router/conflater.hpp"

#include "shaper_fixture.hpp"

namespace hawser::router::conflater_test {
namespace {

using namespace test;

const field_value a = text_field("A");
const field_value b = text_field("B");
const field_value c = text_field("C");

TEST(conflater, sends_the_latest_of_each_key_when_its_interval_ends) {
  shaping s(conflated(50));
  s.take(0, "a1", a);
  s.take(10, "b1", b);
  s.take(20, "a2", a);
  s.take(49, "a3", a);
  EXPECT_EQ(s.it.next_deadline(), 50);
  s.run_to(49);
  EXPECT_EQ(s.sent(), sent_records{});
  s.run_to(100);
  EXPECT_EQ(s.sent(), (sent_records{message_at(50, "a3"), message_at(60, "b1")}));
  EXPECT_EQ(s.it.next_deadline(), 0);
  EXPECT_EQ(s.it.counters().in, 4u);
  EXPECT_EQ(s.it.counters().out, 2u);
  EXPECT_EQ(s.it.counters().conflated, 2u);
  EXPECT_EQ(s.it.counters().early, 0u);
}

TEST(conflater, each_key_goes_at_most_once_in_its_interval) {
  shaping s(conflated(50));
  for (time_ms now = 0; now < 1000; ++now) {
    s.run_to(now);
    s.take(now, std::to_string(now), a);
  }
  s.run_to(2000);
  const sent_records sent = s.sent();
  ASSERT_EQ(sent.size(), 20u);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const time_ms at = 50 * static_cast<time_ms>(i + 1);
    EXPECT_EQ(sent[i], message_at(at, std::to_string(at - 1)));
  }
}

TEST(conflater, a_message_at_the_end_of_an_interval_begins_the_next) {
  shaping s(conflated(50));
  s.take(0, "a1", a);
  s.take(50, "a2", a);
  EXPECT_EQ(s.sent(), (sent_records{message_at(50, "a1")}));
  EXPECT_EQ(s.it.next_deadline(), 100);
}

TEST(conflater, keys_are_typed_and_containers_counted_as_missing) {
  shaping s(conflated(50));
  s.take(0, "text", text_field("1"));
  s.take(0, "number", number_field(1));
  s.take(0, "yes", field_of(field_value::kind::boolean, true));
  s.take(0, "null", field_of(field_value::kind::null));
  s.take(0, "none", {});
  s.take(0, "number again", number_field(1.0));
  s.take(0, "object", field_of(field_value::kind::container));
  s.run_to(50);
  EXPECT_EQ(s.out.members(), (std::vector<std::string>{"text", "number again", "yes", "null", "object"}));
  EXPECT_EQ(s.it.counters().bad_keys, 1u);
}

TEST(conflater, carries_the_ascii_flag_of_the_latest) {
  shaping s(conflated(50));
  s.take(0, "plain", a);
  s.it.take({bytes_of("\xC3\xA9"), false, &a, {}}, 1, s.out);
  s.run(50);
  EXPECT_EQ(s.sent(), (sent_records{{50, 'm', {"\xC3\xA9"}, false}}));
}

TEST(conflater, a_key_too_many_makes_the_one_due_first_go_early) {
  shaping s(conflated(50, 2));
  s.take(0, "a", a);
  s.take(1, "b", b);
  s.take(2, "a2", a);
  EXPECT_EQ(s.sent(), sent_records{});
  s.take(3, "c", c);
  EXPECT_EQ(s.sent(), (sent_records{message_at(3, "a2")}));
  EXPECT_EQ(s.it.counters().early, 1u);
  EXPECT_EQ(s.it.held(), 2u);
  s.run_to(60);
  EXPECT_EQ(s.sent(), (sent_records{message_at(51, "b"), message_at(53, "c")}));
  EXPECT_EQ(s.it.counters().early, 1u);
}

TEST(conflater, bytes_too_many_make_keys_go_early) {
  shaping s(conflated(50), {.conflate_bytes = 1000});
  s.take(0, std::string(300, 'a'), a);
  s.take(1, std::string(300, 'b'), b);
  EXPECT_EQ(s.sent(), sent_records{});
  s.take(2, std::string(500, 'c'), c);
  EXPECT_EQ(s.out.members(), (std::vector<std::string>{std::string(300, 'a')}));
  EXPECT_EQ(s.it.counters().early, 1u);
  s.sent();
  s.take(3, std::string(5000, 'c'), c);  // larger than the bound: nothing stays
  EXPECT_EQ(s.out.members(), (std::vector<std::string>{std::string(300, 'b'), std::string(5000, 'c')}));
  EXPECT_EQ(s.it.held(), 0u);
  EXPECT_EQ(s.it.counters().early, 3u);
  EXPECT_EQ(s.it.next_deadline(), 0);
}

TEST(conflater, spare_memory_goes_before_keys_do) {
  conflater it({{}, 50, 100}, 1000, 9);
  const std::string text(180, 'x');
  const message_view message{bytes_of(text), true};
  for (const field_value& key : {a, b, c}) it.put(key_of(key), message, 0);
  const std::size_t bytes = it.bytes();
  while (!it.empty()) it.pop();
  EXPECT_EQ(it.bytes(), bytes);  // kept for the next keys
  const std::string large(900, 'x');
  it.put(key_of(a), {bytes_of(large), true}, 1);
  EXPECT_FALSE(it.full());
  EXPECT_EQ(it.size(), 1u);
}

TEST(conflater, keeps_conflating_while_output_is_blocked) {
  shaping s(conflated(50, 2));
  s.out.room = 0;
  s.take(0, "a1", a);
  s.take(1, "b1", b);
  s.run(50);
  EXPECT_TRUE(s.it.blocked());
  EXPECT_EQ(s.it.next_deadline(), 0);
  const std::size_t asked = s.out.refused;
  for (time_ms now = 60; now < 500; ++now) {
    ASSERT_TRUE(s.it.ready(now));
    ASSERT_TRUE(s.take(now, std::to_string(now), now % 2 ? a : b));
  }
  EXPECT_EQ(s.out.refused, asked);  // nobody said that there is room
  s.out.room = SIZE_MAX;
  s.run(500);
  EXPECT_EQ(s.sent(), (sent_records{message_at(500, "499"), message_at(500, "498")}));
  EXPECT_EQ(s.it.counters().early, 0u);
}

TEST(conflater, refuses_only_when_a_bound_is_exceeded_and_output_blocked) {
  shaping s(conflated(50, 2));
  s.out.room = 0;
  s.take(0, "a", a);
  s.take(1, "b", b);
  EXPECT_TRUE(s.it.ready(2));
  EXPECT_TRUE(s.take(2, "c", c));  // one more than the bound
  EXPECT_TRUE(s.it.blocked());
  EXPECT_FALSE(s.it.ready(3));
  EXPECT_FALSE(s.take(3, "a2", a));
  EXPECT_EQ(s.it.counters().in, 3u);
  EXPECT_EQ(s.it.held(), 3u);
  s.out.room = 1;
  s.run(10);
  EXPECT_EQ(s.sent(), (sent_records{message_at(10, "a")}));
  EXPECT_TRUE(s.it.ready(10));
  EXPECT_EQ(s.it.counters().early, 1u);
  EXPECT_TRUE(s.take(11, "a2", a));  // again one more, refused, and not ready
  EXPECT_FALSE(s.it.ready(11));
}

TEST(conflater, a_key_whose_time_has_come_is_not_early) {
  shaping s(conflated(50, 1));
  s.out.room = 0;
  s.take(0, "a", a);
  s.take(1, "b", b);
  s.out.room = SIZE_MAX;
  s.run(50);
  EXPECT_EQ(s.sent(), (sent_records{message_at(50, "a")}));
  EXPECT_EQ(s.it.counters().early, 0u);
}

TEST(conflater, an_interval_that_follows_a_blockade_is_a_whole_one) {
  route_spec spec = conflated(50);
  spec.batch = batch_spec{2, 100};
  shaping s(spec);
  s.out.room = 0;
  s.take(0, "a", a);
  s.take(0, "b", b);
  s.take(0, "c", c);
  s.run_to(50);  // a and b are a batch that output refuses, c stays
  EXPECT_TRUE(s.it.blocked());
  EXPECT_EQ(s.it.held(), 3u);
  s.out.room = SIZE_MAX;
  s.run(1000);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(1000, {"a", "b"})}));
  EXPECT_EQ(s.it.next_deadline(), 1100);  // c came into its batch at 1000
  s.run_to(1100);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(1100, {"c"})}));
}

TEST(conflater, flush_sends_all_in_order_and_goes_on_where_it_was_blocked) {
  shaping s(conflated(50));
  s.take(0, "a", a);
  s.take(1, "b", b);
  s.take(2, "c", c);
  s.out.room = 1;
  EXPECT_FALSE(s.flush(10));
  EXPECT_TRUE(s.it.blocked());
  EXPECT_EQ(s.it.held(), 2u);
  s.out.room = SIZE_MAX;
  EXPECT_TRUE(s.flush(20));
  EXPECT_EQ(s.out.members(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(s.it.counters().early, 0u);
  s.take(30, "a2", a);  // a flushed route goes on
  EXPECT_EQ(s.it.next_deadline(), 80);
}

TEST(conflater, late_runs_send_what_punctual_ones_do) {
  route_spec spec = conflated(50);
  spec.batch = batch_spec{10, 100};
  shaping punctual(spec);
  shaping late(spec);
  for (shaping* s : {&punctual, &late}) {
    s->take(0, "a", a);
    s->take(120, "b", b);
    if (s == &punctual) s->run_to(1000);
    s->run(1000);
  }
  EXPECT_EQ(punctual.sent(), (sent_records{batch_at(150, {"a"}), batch_at(270, {"b"})}));
  EXPECT_EQ(late.sent(), (sent_records{batch_at(1000, {"a"}), batch_at(1000, {"b"})}));
}

}  // namespace
}  // namespace hawser::router::conflater_test
