// The bounds of the send queue and who gives way, policy by policy.
#include <gtest/gtest.h>

#include "queue_fixture.hpp"

namespace hawser::client::send_queue_room_test {
namespace {

using priority = message_priority;

struct offline_queue : queue_fixture {
  explicit offline_queue(overflow_policy policy, std::size_t max_count = 3, std::size_t max_bytes = 100)
      : queue_fixture({.max_count = max_count, .max_bytes = max_bytes, .overflow = policy}) {
    connected = false;
  }
  void fill(std::initializer_list<const char*> names) {
    for (const char* name : names) ASSERT_EQ(push(plain(name)), push_result::accepted);
  }
};

TEST(send_queue_room, count_holds_only_without_a_link) {
  offline_queue f(overflow_policy::reject);
  f.fill({"a", "b", "c"});
  EXPECT_EQ(f.push(f.plain("d")), push_result::rejected);
  f.connected = true;
  f.fill({"d", "e"});
  f.connected = false;
  EXPECT_EQ(f.push(f.plain("f")), push_result::rejected);
  EXPECT_EQ(f.next_all(), (log{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(f.push(f.plain("f")), push_result::accepted) << "only what waits is counted";
  EXPECT_EQ(f.queue.counters().rejected, 2u);
}

TEST(send_queue_room, bytes_hold_always_and_count_what_is_in_flight) {
  offline_queue f(overflow_policy::drop_oldest, 100, 10);
  f.connected = true;
  f.fill({"aaaa", "bbbb", "cc"});
  EXPECT_EQ(f.next(), "aaaa");
  EXPECT_EQ(f.push(f.plain("0123456")), push_result::rejected) << "what is in flight is not evicted";
  EXPECT_EQ(f.events.take(), log{});
  EXPECT_EQ(f.push(f.plain("ddd")), push_result::accepted);
  EXPECT_EQ(f.events.take(), log{"overflow #2"});
  EXPECT_EQ(f.queue.bytes(), 9u);
  EXPECT_EQ(f.push(f.plain("01234567890")), push_result::rejected) << "larger than the bound";
  EXPECT_EQ(f.next_all(), (log{"cc", "ddd"}));
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.push(f.plain("eeeee")), push_result::accepted);
  EXPECT_EQ(f.queue.bytes(), 10u);
}

TEST(send_queue_room, the_number_of_messages_holds_always) {
  queue_fixture f({.max_messages = 2, .overflow = overflow_policy::drop_oldest});
  f.push(f.plain(""));
  f.push(f.plain(""));
  EXPECT_EQ(f.push(f.plain("")), push_result::accepted);
  EXPECT_EQ(f.events.take(), log{"overflow #1"});
  f.next_all();
  EXPECT_EQ(f.push(f.plain("")), push_result::rejected);
  f.queue.clear();
  EXPECT_EQ(f.push(f.plain("")), push_result::rejected) << "what the link still holds is memory too";
  f.queue.flushed(2, f.now);
  EXPECT_EQ(f.push(f.plain("")), push_result::accepted);
}

TEST(send_queue_room, reject) {
  offline_queue f(overflow_policy::reject);
  f.fill({"a", "b", "c"});
  EXPECT_EQ(f.push(f.plain("d", priority::high)), push_result::rejected);
  EXPECT_EQ(f.push(f.acked("e")), push_result::rejected);
  EXPECT_EQ(f.next_all(), (log{"a", "b", "c"}));
  EXPECT_EQ(f.events.take(), log{});
}

TEST(send_queue_room, drop_newest_drops_the_newcomer_but_not_a_promised_one) {
  offline_queue f(overflow_policy::drop_newest);
  f.fill({"a", "b", "c"});
  EXPECT_EQ(f.push(f.plain("d")), push_result::dropped_new);
  EXPECT_EQ(f.push(f.acked("e")), push_result::rejected);
  EXPECT_EQ(f.push(f.durable("f")), push_result::rejected);
  EXPECT_EQ(f.next_all(), (log{"a", "b", "c"}));
  EXPECT_EQ(f.queue.counters().dropped_new, 1u);
  EXPECT_EQ(f.queue.counters().rejected, 2u);
}

TEST(send_queue_room, drop_oldest_takes_the_oldest_that_may_go) {
  offline_queue f(overflow_policy::drop_oldest, 4);
  EXPECT_EQ(f.push(f.acked("a")), push_result::accepted);
  EXPECT_EQ(f.push(f.plain("h", priority::high)), push_result::accepted);
  EXPECT_EQ(f.push(f.plain("l", priority::low)), push_result::accepted);
  EXPECT_EQ(f.push(f.durable("d")), push_result::accepted);
  EXPECT_EQ(f.push(f.acked("b")), push_result::accepted);
  EXPECT_EQ(f.events.take(), log{"overflow #2"}) << "the oldest whatever its priority; never an acked one";
  EXPECT_EQ(f.push(f.plain("n")), push_result::accepted);
  EXPECT_EQ(f.events.take(), log{"overflow #3"});
  EXPECT_EQ(f.push(f.acked("c")), push_result::accepted);
  EXPECT_EQ(f.events.take(), log{"overflow #6"});
  EXPECT_EQ(f.push(f.plain("m")), push_result::rejected) << "only acked and durable ones wait";
  EXPECT_EQ(f.push(f.durable("e")), push_result::rejected);
  EXPECT_EQ(f.next_all(), (log{"a", "d", "b", "c"}));
}

TEST(send_queue_room, drop_lowest_priority_never_drops_a_higher_one_for_a_lower) {
  offline_queue f(overflow_policy::drop_lowest_priority, 4);
  f.push(f.plain("n1"));
  f.push(f.plain("l1", priority::low));
  f.push(f.plain("l2", priority::low));
  f.push(f.plain("h1", priority::high));
  EXPECT_EQ(f.push(f.plain("l3", priority::low)), push_result::accepted);
  EXPECT_EQ(f.events.take(), log{"overflow #2"}) << "of the lowest priority the oldest";
  EXPECT_EQ(f.push(f.plain("n2")), push_result::accepted);
  EXPECT_EQ(f.push(f.plain("h2", priority::high)), push_result::accepted);
  EXPECT_EQ(f.events.take(), (log{"overflow #3", "overflow #5"}));
  EXPECT_EQ(f.push(f.plain("l4", priority::low)), push_result::dropped_new);
  EXPECT_EQ(f.push(f.acked("l5", priority::low)), push_result::rejected);
  EXPECT_EQ(f.push(f.acked("n3")), push_result::accepted);
  EXPECT_EQ(f.push(f.acked("n4")), push_result::accepted);
  EXPECT_EQ(f.events.take(), (log{"overflow #1", "overflow #6"}));
  EXPECT_EQ(f.push(f.plain("n5")), push_result::dropped_new);
  EXPECT_EQ(f.push(f.plain("h3", priority::high)), push_result::accepted);
  EXPECT_EQ(f.push(f.acked("h4", priority::high)), push_result::accepted);
  EXPECT_EQ(f.push(f.acked("h5", priority::high)), push_result::accepted);
  EXPECT_EQ(f.push(f.plain("h6", priority::high)), push_result::rejected) << "only acked ones are left";
}

TEST(send_queue_room, evicts_as_many_as_the_bytes_need_or_none) {
  offline_queue f(overflow_policy::drop_oldest, 100, 10);
  f.fill({"aaa", "bbb"});
  EXPECT_EQ(f.push(f.acked("kkk")), push_result::accepted);
  EXPECT_EQ(f.push(f.plain("12345678")), push_result::rejected) << "both would not be enough";
  EXPECT_EQ(f.events.take(), log{});
  EXPECT_EQ(f.push(f.plain("1234567")), push_result::accepted);
  EXPECT_EQ(f.events.take(), (log{"overflow #1", "overflow #2"}));
  EXPECT_EQ(f.next_all(), (log{"kkk", "1234567"}));
}

TEST(send_queue_room, after_the_loss_of_a_link_the_next_message_restores_the_bound) {
  offline_queue f(overflow_policy::drop_oldest);
  f.connected = true;
  f.fill({"1", "2", "3", "4", "5", "6"});
  f.next_all();
  f.queue.link_lost(f.now);
  f.connected = false;
  EXPECT_EQ(f.queue.waiting(), 6u);
  EXPECT_EQ(f.push(f.plain("7")), push_result::accepted);
  EXPECT_EQ(f.queue.waiting(), 3u);
  EXPECT_EQ(f.next_all(), (log{"5", "6", "7"}));
}

TEST(send_queue_room, the_expired_go_before_anybody_else) {
  offline_queue f(overflow_policy::drop_oldest);
  f.fill({"a"});
  outgoing m = f.acked("b");
  m.expires_at = f.now + 10;
  f.push(m);
  f.fill({"c"});
  f.now += 32;
  EXPECT_EQ(f.push(f.plain("d")), push_result::accepted);
  EXPECT_EQ(f.events.take(), log{"expired b"});
  EXPECT_EQ(f.next_all(), (log{"a", "c", "d"}));
}

TEST(send_queue_room, no_room_at_all) {
  offline_queue f(overflow_policy::drop_oldest, 0);
  EXPECT_EQ(f.push(f.plain("a")), push_result::rejected);
  f.connected = true;
  EXPECT_EQ(f.push(f.plain("a")), push_result::accepted);
}

}  // namespace
}  // namespace hawser::client::send_queue_room_test
