// Routes that batch: counts, times, bytes, back-pressure.
#include "core/router/batcher.hpp"

#include "shaper_fixture.hpp"

namespace hawser::router::batcher_test {
namespace {

using namespace test;

TEST(batcher, goes_out_when_it_is_complete) {
  shaping s(batched(3, 100));
  for (const char* text : {"1", "{\"a\":[2]}", "\"three\""}) s.take(5, text);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(5, {"1", "{\"a\":[2]}", "\"three\""})}));
  EXPECT_EQ(s.it.next_deadline(), 0);
  EXPECT_EQ(s.it.counters().out, 3u);
  EXPECT_EQ(s.it.counters().early, 0u);
}

TEST(batcher, goes_out_in_time_after_its_first_message) {
  shaping s(batched(50, 100));
  s.take(5, "1");
  s.take(80, "2");
  EXPECT_EQ(s.it.next_deadline(), 105);
  s.run_to(104);
  EXPECT_EQ(s.sent(), sent_records{});
  s.take(105, "3");  // comes when the batch is due: belongs to the next
  EXPECT_EQ(s.sent(), (sent_records{batch_at(105, {"1", "2"})}));
  s.run_to(500);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(205, {"3"})}));
}

TEST(batcher, of_one_is_a_batch_at_once) {
  shaping s(batched(1, 100));
  s.take(0, "1");
  s.take(0, "");
  EXPECT_EQ(s.sent(), (sent_records{batch_at(0, {"1"}), batch_at(0, {""})}));
}

TEST(batcher, is_ascii_when_all_members_are) {
  shaping s(batched(2, 100));
  s.take(0, "1");
  s.it.take({bytes_of("\"\xC3\xA9\""), false, nullptr, {}}, 0, s.out);
  s.take(0, "1");
  s.take(0, "2");
  EXPECT_EQ(s.sent(), (sent_records{{0, 'b', {"1", "\"\xC3\xA9\""}, false}, batch_at(0, {"1", "2"})}));
}

TEST(batcher, goes_out_early_for_a_message_that_would_crowd_it) {
  shaping s(batched(50, 100), {.batch_bytes = 100});
  const std::string text(40, 'x');
  s.take(0, text);
  s.take(0, text);  // 1 + 2 * (40 + 1 + 4) = 91
  EXPECT_EQ(s.sent(), sent_records{});
  s.take(1, text);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(1, {text, text})}));
  EXPECT_EQ(s.it.next_deadline(), 101);
  EXPECT_EQ(s.it.counters().early, 1u);
  s.take(2, std::string(49, 'y'));  // reaches the bound exactly
  EXPECT_EQ(s.sent(), (sent_records{batch_at(2, {text, std::string(49, 'y')})}));
  EXPECT_EQ(s.it.counters().early, 2u);
}

TEST(batcher, a_message_larger_than_the_bound_goes_alone) {
  shaping s(batched(50, 100), {.batch_bytes = 100});
  const std::string large(1000, 'x');
  s.take(0, "1");
  s.take(1, large);
  s.take(2, "2");
  EXPECT_EQ(s.sent(), (sent_records{batch_at(1, {"1"}), batch_at(1, {large})}));
  EXPECT_EQ(s.it.held(), 1u);
}

TEST(batcher, grows_while_blocked_until_it_is_full_and_refuses_then) {
  shaping s(batched(3, 100));
  s.out.room = 0;
  s.take(0, "1");
  s.run(100);
  EXPECT_TRUE(s.it.blocked());
  EXPECT_EQ(s.it.next_deadline(), 0);
  EXPECT_TRUE(s.take(150, "2"));
  EXPECT_TRUE(s.take(151, "3"));
  EXPECT_FALSE(s.it.ready(152));
  EXPECT_FALSE(s.take(152, "4"));
  EXPECT_EQ(s.it.counters().in, 3u);
  s.out.room = 1;
  s.run(200);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(200, {"1", "2", "3"})}));
  EXPECT_TRUE(s.take(201, "4"));
  EXPECT_EQ(s.it.next_deadline(), 301);
}

TEST(batcher, takes_one_message_beyond_its_bytes_while_blocked) {
  shaping s(batched(50, 100), {.batch_bytes = 100});
  const std::string text(60, 'x');
  s.out.room = 0;
  EXPECT_TRUE(s.take(0, text));
  EXPECT_TRUE(s.it.ready(1));
  EXPECT_TRUE(s.take(1, text));
  EXPECT_FALSE(s.it.ready(1));
  s.out.room = 1;
  s.run(2);
  EXPECT_EQ(s.sent(), (sent_records{batch_at(2, {text, text})}));
}

TEST(batcher, flush_sends_what_it_holds) {
  shaping s(batched(50, 100));
  EXPECT_TRUE(s.flush(0));
  s.take(0, "1");
  s.out.room = 0;
  EXPECT_FALSE(s.flush(1));
  s.take(2, "2");
  s.out.room = 1;
  EXPECT_TRUE(s.flush(3));
  EXPECT_EQ(s.sent(), (sent_records{batch_at(3, {"1", "2"})}));
}

}  // namespace
}  // namespace hawser::router::batcher_test
