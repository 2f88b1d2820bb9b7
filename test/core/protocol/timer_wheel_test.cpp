// The timer wheel: rules one by one, then random operations against a multimap.
#include "core/protocol/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "random.hpp"

namespace hawser::protocol::timer_wheel_test {
namespace {

std::vector<timer_node*> fired(timer_wheel& wheel, time_ms now) {
  std::vector<timer_node*> result;
  wheel.advance(now, [&](timer_node& node) { result.push_back(&node); });
  return result;
}

TEST(timer_wheel, fires_once_and_never_early) {
  timer_wheel wheel(1000);
  timer_node node;
  EXPECT_FALSE(wheel.next_deadline(1000));
  wheel.schedule(node, 1100);
  EXPECT_TRUE(node.scheduled());
  EXPECT_EQ(node.deadline(), 1100);
  EXPECT_TRUE(fired(wheel, 1099).empty());
  EXPECT_EQ(fired(wheel, 1116), std::vector<timer_node*>{&node});
  EXPECT_FALSE(node.scheduled());
  EXPECT_TRUE(fired(wheel, 5000).empty());
  EXPECT_FALSE(wheel.next_deadline(5000));
}

TEST(timer_wheel, rescheduling_moves_and_cancelling_removes) {
  timer_wheel wheel(0);
  timer_node a, b;
  wheel.schedule(a, 100);
  wheel.schedule(a, 500);
  wheel.schedule(b, 100);
  wheel.cancel(b);
  wheel.cancel(b);
  EXPECT_TRUE(fired(wheel, 400).empty());
  EXPECT_EQ(fired(wheel, 512), std::vector<timer_node*>{&a});
}

TEST(timer_wheel, past_deadline_fires_with_the_next_tick) {
  timer_wheel wheel(1000);
  timer_node node;
  wheel.schedule(node, 3);
  EXPECT_EQ(wheel.next_deadline(1000), 1008);
  EXPECT_EQ(fired(wheel, 1008), std::vector<timer_node*>{&node});
}

TEST(timer_wheel, deadline_beyond_a_revolution) {
  timer_wheel wheel(0, 10, 64);
  timer_node node;
  wheel.schedule(node, 5000);
  time_ms now = 0;
  int wakeups = 0;
  while (node.scheduled()) {
    const auto next = wheel.next_deadline(now);
    ASSERT_TRUE(next);
    ASSERT_GT(*next, now);
    now = *next;
    EXPECT_EQ(fired(wheel, now).size(), now >= 5000 ? 1u : 0u);
    ++wakeups;
  }
  EXPECT_EQ(now, 5000);
  EXPECT_LE(wakeups, 5000 / 640 + 1);
}

TEST(timer_wheel, long_jump_finds_everything) {
  timer_wheel wheel(0, 16, 64);
  std::deque<timer_node> nodes(300);
  for (std::size_t i = 0; i < nodes.size(); ++i) wheel.schedule(nodes[i], static_cast<time_ms>(i * 37));
  EXPECT_EQ(fired(wheel, 1'000'000).size(), nodes.size());
}

TEST(timer_wheel, callbacks_may_do_anything) {
  timer_wheel wheel(0);
  timer_node again, victim, later;
  auto doomed = std::make_unique<timer_node>();
  wheel.schedule(again, 16);
  wheel.schedule(victim, 16);
  wheel.schedule(*doomed, 16);
  wheel.schedule(later, 64);
  int calls = 0;
  wheel.advance(100, [&](timer_node& node) {
    ++calls;
    if (&node != &again) return;
    wheel.schedule(again, 50);
    wheel.cancel(victim);
    doomed.reset();
    wheel.schedule(later, 1000);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(fired(wheel, 112), std::vector<timer_node*>{&again});
  EXPECT_EQ(fired(wheel, 1008), std::vector<timer_node*>{&later});
}

TEST(timer_wheel, nodes_and_wheel_may_die_in_any_order) {
  timer_node outliving;
  {
    timer_wheel wheel(0);
    wheel.schedule(outliving, 100);
    {
      timer_node dying;
      wheel.schedule(dying, 100);
    }
    EXPECT_EQ(fired(wheel, 50).size(), 0u);
  }
  EXPECT_FALSE(outliving.scheduled());
}

TEST(timer_wheel, never_is_a_valid_deadline) {
  timer_wheel wheel(0);
  timer_node node;
  wheel.schedule(node, never);
  EXPECT_TRUE(fired(wheel, 1'000'000'000'000).empty());
  EXPECT_TRUE(node.scheduled());
}

TEST(timer_wheel, equals_a_multimap_under_random_operations) {
  hawser::test::random_source random;
  for (int round = 0; round < 20; ++round) {
    const time_ms granularity = static_cast<time_ms>(1 + random.below(20));
    time_ms now = static_cast<time_ms>(random.below(100'000));
    timer_wheel wheel(now, granularity, 64);
    std::deque<timer_node> nodes(50);
    std::multimap<time_ms, timer_node*> model;
    std::map<timer_node*, std::multimap<time_ms, timer_node*>::iterator> where;
    time_ms seen_tick = now / granularity * granularity;
    for (int step = 0; step < 2000; ++step) {
      timer_node& node = nodes[random.below(nodes.size())];
      const std::size_t what = random.below(4);
      if (what <= 1) {
        const time_ms deadline = now - 50 + static_cast<time_ms>(random.below(random.one_in(4) ? 5000 : 300));
        if (where.contains(&node)) model.erase(where[&node]);
        where[&node] = model.emplace(deadline, &node);
        wheel.schedule(node, deadline);
      } else if (what == 2) {
        if (where.contains(&node)) model.erase(where[&node]);
        where.erase(&node);
        wheel.cancel(node);
      } else {
        const auto bound = wheel.next_deadline(now);
        ASSERT_EQ(bound.has_value(), !model.empty()) << random.seed();
        now += static_cast<time_ms>(random.below(random.one_in(10) ? 3000 : 40));
        const time_ms tick = now / granularity * granularity;
        std::set<timer_node*> expected;
        if (tick > seen_tick) {
          for (const auto& [deadline, due] : model) {
            if (deadline <= tick) expected.insert(due);
          }
        }
        seen_tick = tick;
        const auto got = fired(wheel, now);
        ASSERT_EQ(std::set<timer_node*>(got.begin(), got.end()), expected) << random.seed();
        ASSERT_EQ(got.size(), expected.size());
        if (!got.empty()) {
          ASSERT_LE(*bound, now) << random.seed();
        }
        for (timer_node* done : got) {
          model.erase(where[done]);
          where.erase(done);
        }
      }
      ASSERT_EQ(node.scheduled(), where.contains(&node)) << random.seed();
    }
  }
}

}  // namespace
}  // namespace hawser::protocol::timer_wheel_test
