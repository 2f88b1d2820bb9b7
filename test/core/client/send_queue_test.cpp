// The way of messages through the send queue: order, acks, time to live, cancelling, looking into it.
#include "core/client/send_queue.hpp"

#include <gtest/gtest.h>

#include "queue_fixture.hpp"

namespace hawser::client::send_queue_test {
namespace {

using priority = message_priority;

TEST(send_queue, a_plain_message_is_done_when_the_kernel_took_it) {
  queue_fixture f;
  EXPECT_EQ(f.push(f.plain("one")), push_result::accepted);
  EXPECT_EQ(f.queue.last_sequence(), 1u);
  const outgoing* const m = f.queue.next(f.now);
  ASSERT_NE(m, nullptr);
  EXPECT_EQ(f.text(*m), "one");
  EXPECT_EQ(m->sequence, 1u);
  EXPECT_FALSE(f.queue.empty());
  EXPECT_EQ(f.queue.next(f.now), nullptr);
  EXPECT_EQ(f.queue.flushed(1, f.now), 1u);
  EXPECT_TRUE(f.queue.empty());
  EXPECT_EQ(f.queue.counters().settled, 1u);
  EXPECT_EQ(f.events.take(), log{}) << "nobody waits for it";
  EXPECT_EQ(f.queue.flushed(1, f.now), 0u) << "more than is in flight";
}

TEST(send_queue, tells_those_who_wait_for_a_plain_message) {
  queue_fixture f;
  outgoing m = f.plain("one");
  m.token = 7;
  EXPECT_EQ(f.push(m), push_result::accepted);
  EXPECT_EQ(f.push(m), push_result::duplicate);
  m.token = 0;
  m.store_key = 9;
  EXPECT_EQ(f.push(m), push_result::accepted);
  f.next_all();
  EXPECT_EQ(f.queue.flushed(5, f.now), 2u);
  EXPECT_EQ(f.events.take(), (log{"settled #1", "settled #2"}));
}

TEST(send_queue, keeps_its_own_copy_of_payload_and_id) {
  queue_fixture f;
  for (const std::size_t size : {0u, 1u, 40u, 41u, 800u, 900u, 5000u, 1'000'000u}) {
    std::string payload(size, 'x');
    std::string id = "id" + std::to_string(size);
    outgoing m = f.plain(payload);
    m.id = id;
    m.acked = true;
    m.binary = true;
    ASSERT_EQ(f.push(m), push_result::accepted);
    payload.assign(size, 'y');
    id.assign(id.size(), 'y');
    const outgoing* const held = f.queue.next(f.now);
    ASSERT_NE(held, nullptr);
    EXPECT_EQ(f.text(*held), std::string(size, 'x'));
    EXPECT_EQ(held->id, "id" + std::to_string(size));
    EXPECT_TRUE(held->binary);
  }
}

TEST(send_queue, takes_a_buffer_over_without_a_copy) {
  queue_fixture f({.max_bytes = 3000, .overflow = overflow_policy::reject});
  std::vector<std::uint8_t> buffer(2000, 1);
  const std::uint8_t* const bytes = buffer.data();
  EXPECT_EQ(f.queue.push({}, std::move(buffer), f.now, true), push_result::accepted);
  EXPECT_EQ(f.queue.bytes(), 2000u);
  std::vector<std::uint8_t> other(2000, 2);
  EXPECT_EQ(f.queue.push({}, static_cast<std::vector<std::uint8_t>&&>(other), f.now, true),
            push_result::rejected);
  EXPECT_EQ(other.size(), 2000u) << "what is not accepted stays with the caller";
  const outgoing* const m = f.queue.next(f.now);
  ASSERT_NE(m, nullptr);
  EXPECT_EQ(m->payload.data(), bytes);
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.queue.bytes(), 0u);
}

TEST(send_queue, high_goes_before_normal_before_low_and_each_in_order) {
  queue_fixture f;
  f.push(f.plain("l1", priority::low));
  f.push(f.plain("n1"));
  f.push(f.acked("n2"));
  f.push(f.plain("h1", priority::high));
  f.push(f.durable("n3"));
  f.push(f.plain("n4"));
  f.push(f.acked("h2", priority::high));
  EXPECT_EQ(f.next(), "h1");
  f.push(f.plain("h3", priority::high));
  EXPECT_EQ(f.next_all(), (log{"h2", "h3", "n1", "n2", "n3", "n4", "l1"}));
}

TEST(send_queue, an_acked_message_waits_for_its_ack) {
  queue_fixture f;
  outgoing m = f.acked("a");
  m.token = 1;
  f.push(m);
  EXPECT_EQ(f.next(), "a");
  EXPECT_EQ(f.queue.next_deadline(f.now), 0) << "the clock starts when the kernel took it";
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.queue.next_deadline(f.now), f.now + 10'000);
  EXPECT_EQ(f.events.take(), log{});
  EXPECT_FALSE(f.queue.acknowledged("b"));
  EXPECT_TRUE(f.queue.acknowledged("a"));
  EXPECT_FALSE(f.queue.acknowledged("a"));
  EXPECT_EQ(f.events.take(), log{"settled a"});
  EXPECT_TRUE(f.queue.empty());
  EXPECT_EQ(f.queue.next_deadline(f.now), 0);
}

TEST(send_queue, a_refused_message_is_done_wherever_it_is_and_is_no_ack) {
  queue_fixture f;
  for (const char* id : {"a", "b", "c"}) f.push(f.acked(id));
  f.push(f.plain("d"));
  EXPECT_EQ(f.next(), "a");
  EXPECT_EQ(f.next(), "b");
  f.queue.flushed(1, f.now);
  for (const char* id : {"a", "b", "c"}) EXPECT_TRUE(f.queue.refused(id)) << id;
  for (const char* id : {"a", "d", "e"}) EXPECT_FALSE(f.queue.refused(id)) << id;
  EXPECT_EQ(f.events.take(), (log{"settled a", "settled b", "settled c"}));
  EXPECT_EQ(f.queue.counters().acked, 0u);
  EXPECT_EQ(f.queue.flushed(1, f.now), 1u) << "the link still counts it";
  EXPECT_EQ(f.next(), "d");
}

TEST(send_queue, an_ack_may_come_before_the_word_of_the_kernel) {
  queue_fixture f;
  f.push(f.acked("a"));
  f.push(f.plain("b"));
  f.next_all();
  EXPECT_TRUE(f.queue.acknowledged("a"));
  EXPECT_EQ(f.events.take(), log{"settled a"});
  EXPECT_FALSE(f.queue.empty());
  EXPECT_EQ(f.push(f.acked("a")), push_result::accepted) << "its id is free again";
  EXPECT_EQ(f.queue.flushed(1, f.now), 1u) << "the link still counts it";
  EXPECT_EQ(f.queue.counters().in_flight, 1u);
  EXPECT_EQ(f.queue.flushed(1, f.now), 1u);
  EXPECT_EQ(f.queue.bytes(), 1u);
}

TEST(send_queue, a_durable_message_without_ack_is_done_when_the_kernel_took_it) {
  queue_fixture f;
  f.push(f.durable("d"));
  f.next_all();
  EXPECT_FALSE(f.queue.acknowledged("d"));
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.events.take(), log{"settled d"});
  EXPECT_TRUE(f.queue.empty());
}

TEST(send_queue, a_link_without_acks_waits_for_none) {
  queue_fixture f;
  f.queue.link_opened(false);
  f.push(f.acked("a"));
  f.next_all();
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.events.take(), log{"settled a"});
  f.queue.link_lost(f.now);
  f.queue.link_opened(true);
  f.push(f.acked("b"));
  f.next_all();
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.events.take(), log{});
}

TEST(send_queue, expired_messages_are_told_in_time_and_never_sent) {
  queue_fixture f({.default_ttl = 500});
  outgoing m = f.plain("early");
  m.expires_at = f.now + 100;
  f.push(m);
  f.push(f.plain("default"));
  m = f.acked("late");
  m.expires_at = f.now + 100'000;
  f.push(m);
  m = f.plain("before its time");
  m.expires_at = f.now;
  EXPECT_EQ(f.push(m), push_result::expired);

  const time_ms first = f.queue.next_deadline(f.now);
  EXPECT_GE(first, f.now + 100);
  EXPECT_LE(first, f.now + 116);
  f.queue.on_timer(first);
  EXPECT_EQ(f.events.take(), log{"expired #1"});
  f.now += 500;
  EXPECT_EQ(f.next(), "late") << "by next() itself, without the timer";
  EXPECT_EQ(f.events.take(), log{"expired #2"});
  f.now += 200'000;
  f.queue.on_timer(f.now);
  EXPECT_EQ(f.events.take(), log{}) << "what is in flight does not expire";
  f.queue.link_lost(f.now);
  EXPECT_EQ(f.next(), "-");
  EXPECT_EQ(f.events.take(), log{"expired late"});
  EXPECT_TRUE(f.queue.empty());
}

TEST(send_queue, an_expired_message_that_comes_back_is_told_by_the_timer_too) {
  queue_fixture f;
  outgoing m = f.acked("a");
  m.expires_at = f.now + 50;
  f.push(m);
  f.next_all();
  f.queue.flushed(1, f.now);
  f.queue.link_lost(f.now += 100);
  const time_ms due = f.queue.next_deadline(f.now);
  EXPECT_GT(due, 0);
  EXPECT_LE(due, f.now + 16);
  f.queue.on_timer(f.now + 16);
  EXPECT_EQ(f.events.take(), log{"expired a"});
}

TEST(send_queue, cancel_works_at_each_place) {
  queue_fixture f;
  std::uint32_t token = 0;
  for (const char* id : {"unacknowledged", "in flight", "waiting"}) {
    outgoing m = f.acked(id);
    m.token = ++token;
    f.push(m);
  }
  f.next();
  f.next();
  f.queue.flushed(1, f.now);
  EXPECT_FALSE(f.queue.cancel(0));
  EXPECT_FALSE(f.queue.cancel(4));
  for (token = 1; token <= 3; ++token) {
    EXPECT_TRUE(f.queue.cancel(token));
    EXPECT_FALSE(f.queue.cancel(token));
  }
  EXPECT_EQ(f.events.take(), (log{"cancelled unacknowledged", "cancelled in flight", "cancelled waiting"}));
  EXPECT_TRUE(f.queue.empty());
  EXPECT_EQ(f.queue.next_deadline(f.now), 0);
  EXPECT_EQ(f.next(), "-");
  EXPECT_EQ(f.queue.flushed(2, f.now), 1u) << "one was in flight";
  EXPECT_EQ(f.queue.bytes(), 0u);
}

TEST(send_queue, clear_gives_up_everything_once) {
  queue_fixture f;
  for (const char* id : {"a", "b", "c"}) f.push(f.acked(id));
  f.push(f.plain("p"));
  f.next();
  f.next();
  f.queue.flushed(1, f.now);
  EXPECT_EQ(f.queue.clear(), 4u);
  EXPECT_EQ(f.events.take().size(), 4u);
  EXPECT_EQ(f.queue.clear(), 0u);
  EXPECT_EQ(f.events.take(), log{});
  f.queue.link_lost(f.now);
  EXPECT_EQ(f.next(), "-");
  EXPECT_EQ(f.queue.bytes(), 0u);
}

TEST(send_queue, bad_messages_are_refused) {
  queue_fixture f;
  outgoing m = f.plain("x");
  m.acked = true;
  EXPECT_EQ(f.push(m), push_result::invalid);
  m.id = "a";
  EXPECT_EQ(f.push(m), push_result::accepted);
  EXPECT_EQ(f.push(m), push_result::duplicate);
  m.acked = false;
  EXPECT_EQ(f.push(m), push_result::accepted) << "ids of plain messages are only carried";
  m.durable = true;
  EXPECT_EQ(f.push(m), push_result::duplicate);
  const std::string longest(max_id_bytes, 'i');
  m.id = longest;
  EXPECT_EQ(f.push(m), push_result::accepted);
  const std::string too_long(max_id_bytes + 1, 'i');
  m.id = too_long;
  EXPECT_EQ(f.push(m), push_result::invalid);
  m = f.plain("x", static_cast<priority>(3));
  EXPECT_EQ(f.push(m), push_result::invalid);
  EXPECT_EQ(f.queue.waiting(), 3u);
}

TEST(send_queue, can_be_looked_into) {
  queue_fixture f;
  f.push(f.acked("a"));
  f.push(f.plain("bb", priority::low));
  f.push(f.durable("ccc", priority::high));
  EXPECT_EQ(f.next(), "ccc");
  EXPECT_EQ(f.next(), "a");
  f.queue.flushed(1, f.now);  // ccc is done
  f.queue.flushed(1, f.now);
  f.push(f.acked("dddd"));
  f.push(f.acked("e"));
  f.next();
  const auto seen = f.queue.snapshot(f.now + 30, 10);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].id, "a");
  EXPECT_EQ(seen[0].state, message_state::unacknowledged);
  EXPECT_EQ(seen[0].attempts, 1u);
  EXPECT_EQ(seen[0].age, 30);
  EXPECT_EQ(seen[1].id, "dddd");
  EXPECT_EQ(seen[1].state, message_state::in_flight);
  EXPECT_EQ(seen[1].bytes, 4u);
  EXPECT_EQ(seen[2].id, "e");
  EXPECT_EQ(seen[2].state, message_state::waiting);
  EXPECT_TRUE(seen[2].acked);
  EXPECT_EQ(seen[3].priority, priority::low);
  EXPECT_EQ(f.queue.snapshot(f.now, 2).size(), 2u);

  const queue_counters c = f.queue.counters();
  EXPECT_EQ(c.waiting, (std::array<std::size_t, priorities>{0, 1, 1}));
  EXPECT_EQ(c.in_flight, 1u);
  EXPECT_EQ(c.unacknowledged, 1u);
  EXPECT_EQ(c.bytes, 1u + 4 + 1 + 2);
  EXPECT_EQ(c.high_water_bytes, 8u);
  EXPECT_EQ(c.high_water_messages, 4u);
  EXPECT_EQ(c.accepted, 5u);
}

TEST(send_queue, needs_no_new_memory_in_steady_state) {
  queue_fixture f;
  const std::string payload(20, 'x');
  const auto round = [&] {
    for (int i = 0; i < 50; ++i) f.push(f.plain(payload));
    while (f.queue.next(f.now) != nullptr) {
    }
    f.queue.flushed(50, f.now);
  };
  round();
  const std::size_t reserved = f.queue.reserved();
  for (int i = 0; i < 1000; ++i) round();
  EXPECT_EQ(f.queue.reserved(), reserved);
  for (int i = 0; i < 20'000; ++i) f.push(f.plain(payload));
  EXPECT_GT(f.queue.reserved(), 20'000u * 192);
  f.next_all();
  f.queue.flushed(20'000, f.now);
  EXPECT_LE(f.queue.reserved(), (block_pool::max_spare + 6) * block_pool::slab_size)
      << "a burst gives it back";
}

}  // namespace
}  // namespace hawser::client::send_queue_test
