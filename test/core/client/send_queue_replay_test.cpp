// What the send queue sends again: after an ack timeout, after the loss of a link, after a restart.
#include <gtest/gtest.h>

#include "queue_fixture.hpp"

namespace hawser::client::send_queue_replay_test {
namespace {

using priority = message_priority;

TEST(send_queue, goes_back_to_the_message_that_was_not_acknowledged) {
  queue_fixture f({.ack_timeout = 100, .max_retries = 1});
  f.push(f.acked("a"));
  f.push(f.acked("b", priority::high));
  f.push(f.plain("p"));
  f.push(f.acked("c"));
  EXPECT_EQ(f.next_all(), (log{"b", "a", "p", "c"}));
  f.queue.flushed(3, f.now);
  f.queue.acknowledged("b");
  f.queue.flushed(1, f.now + 10);
  f.push(f.acked("d"));
  f.queue.on_timer(f.now += 99);
  EXPECT_EQ(f.next_all(), (log{"d"}));
  f.queue.on_timer(f.now += 1);
  f.push(f.acked("e"));
  EXPECT_EQ(f.next_all(), (log{"a", "c", "e"})) << "p is done, d is still on its way to the kernel";
  EXPECT_EQ(f.queue.counters().retried, 2u);
  EXPECT_EQ(f.queue.flushed(4, f.now), 4u);
  EXPECT_TRUE(f.queue.acknowledged("c")) << "late, of the first copy";
  EXPECT_EQ(f.events.take(), (log{"settled b", "settled c"}));
  f.queue.on_timer(f.now += 100);
  EXPECT_EQ(f.events.take(), log{"failed a"});
  EXPECT_EQ(f.next_all(), (log{"d", "e"}));
  f.queue.flushed(2, f.now);
  f.queue.on_timer(f.now += 100);
  EXPECT_EQ(f.events.take(), (log{"failed d", "failed e"}));
  EXPECT_TRUE(f.queue.empty());
}

TEST(send_queue, an_ack_between_timeout_and_second_copy_ends_it) {
  queue_fixture f({.ack_timeout = 100});
  f.push(f.acked("a"));
  f.push(f.acked("b"));
  f.next_all();
  f.queue.flushed(2, f.now);
  f.queue.on_timer(f.now += 100);
  EXPECT_EQ(f.queue.waiting(), 2u);
  EXPECT_TRUE(f.queue.acknowledged("a"));
  EXPECT_EQ(f.next_all(), log{"b"});
}

TEST(send_queue, retries_are_bounded_for_each_of_many) {
  queue_fixture f({.ack_timeout = 1000, .max_retries = 3});
  // Spread over more than one timeout, so that the later ones are companions of the earlier.
  const time_ms start = f.now;
  for (int i = 0; i < 30; ++i) {
    f.push(f.acked("m" + std::to_string(i)));
    f.next_all();
    f.queue.flushed(100, f.now);
    f.queue.on_timer(f.now += 50);
  }
  while (!f.queue.empty()) {
    f.next_all();
    f.queue.flushed(100, f.now);
    const time_ms next = f.queue.next_deadline(f.now);
    ASSERT_GT(next, f.now);
    f.queue.on_timer(f.now = next);
  }
  EXPECT_EQ(f.events.take().size(), 30u);
  // Not one after the other: each has 4 waits of its own, and at most one more as a companion.
  EXPECT_LE(f.now - start, 1500 + 5 * 1000);
  EXPECT_LE(f.queue.counters().retried, 30u * 4);
}

TEST(send_queue, no_ack_timeout_waits_for_ever) {
  queue_fixture f({.ack_timeout = 0});
  f.push(f.acked("a"));
  f.next_all();
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.queue.next_deadline(f.now), 0);
  f.queue.on_timer(f.now += 1'000'000'000);
  EXPECT_TRUE(f.queue.acknowledged("a"));
}

TEST(send_queue, a_lost_link_gives_back_what_was_not_done) {
  queue_fixture f;
  f.push(f.plain("p1"));
  f.push(f.acked("a1"));
  f.push(f.plain("p2"));
  f.push(f.plain("h1", priority::high));
  f.push(f.acked("a2"));
  f.push(f.acked("a3"));
  EXPECT_EQ(f.next(), "h1");
  EXPECT_EQ(f.next(), "p1");
  EXPECT_EQ(f.next(), "a1");
  EXPECT_EQ(f.next(), "p2");
  EXPECT_EQ(f.next(), "a2");
  f.queue.flushed(3, f.now);
  f.queue.acknowledged("a2");
  f.queue.link_lost(f.now);
  EXPECT_EQ(f.queue.flushed(9, f.now), 0u);
  f.push(f.plain("p3"));
  EXPECT_EQ(f.next_all(), (log{"a1", "p2", "a3", "p3"})) << "h1 and p1 are done, a2 is acknowledged";
  EXPECT_EQ(f.queue.counters().replayed, 2u);
}

TEST(send_queue, order_survives_a_retry_and_then_a_loss) {
  queue_fixture f({.ack_timeout = 100});
  for (const char* id : {"a", "b", "c", "d", "e"}) f.push(f.acked(id));
  f.next_all();
  f.queue.flushed(2, f.now);
  f.queue.on_timer(f.now += 100);
  EXPECT_EQ(f.next_all(), (log{"a", "b"}));
  f.queue.flushed(4, f.now);
  f.queue.link_lost(f.now);
  EXPECT_EQ(f.next_all(), (log{"a", "b", "c", "d", "e"}));
}

TEST(send_queue, loss_of_links_uses_no_retries) {
  queue_fixture f({.max_retries = 1});
  f.push(f.acked("a"));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(f.next(), "a");
    f.queue.flushed(1, f.now);
    f.queue.link_lost(f.now);
  }
  EXPECT_EQ(f.queue.snapshot(f.now, 10).at(0).attempts, 50u);
  EXPECT_EQ(f.events.take(), log{});
}

TEST(send_queue, restored_messages_go_before_new_ones_in_their_old_order) {
  queue_fixture f({.max_bytes = 100});
  f.push(f.durable("new", priority::normal));
  const auto restore = [&](const char* id, std::uint64_t sequence, priority p = priority::normal) {
    outgoing m = f.durable(id, p);
    m.sequence = sequence;
    return f.queue.restore(m, f.now);
  };
  EXPECT_EQ(restore("r5", 5), push_result::accepted);
  EXPECT_EQ(restore("r9", 9), push_result::accepted);
  EXPECT_EQ(restore("r7", 7), push_result::accepted);
  EXPECT_EQ(restore("low", 2, priority::low), push_result::accepted);
  EXPECT_EQ(restore("r7", 7), push_result::duplicate);
  EXPECT_EQ(restore("none", 0), push_result::invalid);
  EXPECT_EQ(f.queue.restore(f.plain("plain"), f.now), push_result::invalid);
  EXPECT_EQ(restore(std::string(101, 'x').c_str(), 11), push_result::rejected);
  f.push(f.durable("newer"));
  EXPECT_GT(f.queue.last_sequence(), 9u);
  EXPECT_EQ(f.next(), "r5");
  EXPECT_EQ(f.next(), "r7");
  f.queue.link_lost(f.now);
  EXPECT_EQ(f.next_all(), (log{"r5", "r7", "r9", "new", "newer", "low"}));
  EXPECT_EQ(f.queue.counters().restored, 4u);
}

}  // namespace
}  // namespace hawser::client::send_queue_replay_test
