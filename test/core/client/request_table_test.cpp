// The table of requests: rules one by one, then random operations against a map.
#include "core/client/request_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/protocol/random.hpp"

namespace hawser::client::request_table_test {
namespace {

using tokens = std::vector<std::uint32_t>;

tokens expired(request_table& table, time_ms now) {
  tokens result;
  table.expire(now, [&](std::uint32_t token) { result.push_back(token); });
  return result;
}

tokens lost(request_table& table) {
  tokens result;
  table.link_lost([&](std::uint32_t token) { result.push_back(token); });
  return result;
}

TEST(request_table, a_reply_finds_its_request_once) {
  request_table table({}, 0);
  EXPECT_EQ(table.add(7, "a", 0), request_result::added);
  EXPECT_EQ(table.add(0, "b", 0), request_result::added);
  EXPECT_EQ(table.take("a"), 7u);
  EXPECT_EQ(table.take("a"), std::nullopt);
  EXPECT_EQ(table.take("b"), 0u);
  EXPECT_EQ(table.take(""), std::nullopt);
  EXPECT_EQ(table.pending(), 0u);
  EXPECT_EQ(table.counters().answered, 2u);
  EXPECT_EQ(table.counters().unknown, 2u);
  EXPECT_EQ(table.counters().high_water, 2u);
}

TEST(request_table, refuses_duplicates_bad_ids_and_too_many) {
  request_table table({.max_pending = 2}, 0);
  EXPECT_EQ(table.add(1, "", 0), request_result::invalid);
  EXPECT_EQ(table.add(1, std::string(257, 'x'), 0), request_result::invalid);
  EXPECT_EQ(table.add(1, "a", 0), request_result::added);
  EXPECT_EQ(table.add(2, "a", 0), request_result::duplicate);
  EXPECT_EQ(table.add(1, "b", 0), request_result::duplicate);
  EXPECT_EQ(table.add(2, std::string(256, 'x'), 0), request_result::added);
  EXPECT_EQ(table.add(3, "c", 0), request_result::full);
  EXPECT_TRUE(table.cancel(1));
  EXPECT_EQ(table.add(3, "c", 0), request_result::added);
  EXPECT_EQ(table.take(std::string(256, 'x')), 2u);
}

TEST(request_table, ids_of_every_length) {
  request_table table({}, 0);
  for (std::uint32_t size = 1; size <= 256; ++size)
    ASSERT_EQ(table.add(size, std::string(size, 'i'), 0), request_result::added);
  for (std::uint32_t size = 256; size >= 1; --size) ASSERT_EQ(table.take(std::string(size, 'i')), size);
}

TEST(request_table, a_cancelled_request_has_no_reply) {
  request_table table({}, 0);
  table.add(1, "a", 100);
  EXPECT_TRUE(table.cancel(1));
  EXPECT_FALSE(table.cancel(1));
  EXPECT_EQ(table.take("a"), std::nullopt);
  EXPECT_EQ(table.next_deadline(0), 0);
  EXPECT_EQ(expired(table, 1000), tokens{});
  EXPECT_EQ(table.counters().cancelled, 1u);
}

TEST(request_table, expires_in_time_and_never_early) {
  request_table table({}, 1000);
  EXPECT_EQ(table.next_deadline(1000), 0);
  table.add(1, "a", 1100);
  table.add(2, "b", 0);
  table.add(3, "c", 11'000);
  const time_ms due = table.next_deadline(1000);
  EXPECT_GE(due, 1100);
  EXPECT_LE(due, 1116);
  EXPECT_EQ(expired(table, 1099), tokens{});
  EXPECT_EQ(expired(table, due), tokens{1});
  EXPECT_EQ(table.take("a"), std::nullopt) << "late";
  EXPECT_EQ(expired(table, 11'016), tokens{3});
  EXPECT_EQ(expired(table, 1'000'000), tokens{});
  EXPECT_EQ(table.take("b"), 2u);
  EXPECT_EQ(table.counters().expired, 2u);
}

TEST(request_table, what_was_sent_goes_with_the_link_in_order) {
  request_table table({}, 0);
  for (std::uint32_t i = 1; i <= 6; ++i) table.add(i, std::to_string(i), 0);
  EXPECT_FALSE(table.mark_sent(9));
  for (const std::uint32_t token : {5u, 2u, 1u, 6u, 2u}) EXPECT_TRUE(table.mark_sent(token));
  EXPECT_EQ(table.take("2"), 2u);
  EXPECT_TRUE(table.cancel(5));
  EXPECT_EQ(lost(table), (tokens{1, 6}));
  EXPECT_EQ(lost(table), tokens{});
  EXPECT_EQ(table.pending(), 2u);
  EXPECT_EQ(table.take("3"), 3u) << "was not sent: waits for the next link";
  EXPECT_EQ(table.counters().lost, 2u);
}

TEST(request_table, callbacks_may_use_the_table) {
  request_table table({}, 0);
  for (std::uint32_t i = 1; i <= 4; ++i) {
    table.add(i, std::to_string(i), 50);
    table.mark_sent(i);
  }
  tokens seen;
  table.link_lost([&](std::uint32_t token) {
    seen.push_back(token);
    if (token == 1) {
      table.cancel(2);
      EXPECT_EQ(table.add(1, "1", 60), request_result::added);
      table.mark_sent(1);
    }
  });
  EXPECT_EQ(seen, (tokens{1, 3, 4, 1})) << "bounded by what was sent at first";
  table.add(8, "8", 70);
  table.add(9, "9", 70);
  seen.clear();
  table.expire(1000, [&](std::uint32_t token) {
    seen.push_back(token);
    table.cancel(17 - token);
    table.add(token, "again", 1001);
  });
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen.size(), 2u) << "1, and that of 8 and 9 which came first";
  EXPECT_EQ(seen.front(), 1u);
  table.add(5, "5", 0);
  seen.clear();
  table.clear([&](std::uint32_t token) {
    seen.push_back(token);
    table.cancel(5);
  });
  EXPECT_EQ(table.pending(), 0u);
  EXPECT_LE(seen.size(), 2u);
}

TEST(request_table, a_hundred_thousand_at_once_in_bounded_memory) {
  request_table table({}, 0);
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 100'000; ++i)
      ASSERT_EQ(table.add(i, "request-" + std::to_string(i), 10'000), request_result::added);
    EXPECT_LE(table.memory(), 100'000u * 112);
    for (std::uint32_t i = 0; i < 100'000; ++i) ASSERT_EQ(table.take("request-" + std::to_string(i)), i);
    EXPECT_LE(table.memory(), 512u * 1024) << "given back";
  }
}

TEST(request_table, equals_a_map_under_random_operations) {
  hawser::test::random_source random;
  struct entry {
    std::string id;
    time_ms deadline;
    std::uint64_t sent;
  };
  for (int round = 0; round < 30; ++round) {
    time_ms now = 16 * static_cast<time_ms>(random.below(1000));
    const std::size_t limit = 1 + random.below(400);
    request_table table({.max_pending = limit, .hash_seed = random.seed()}, now);
    std::map<std::uint32_t, entry> model;
    std::uint64_t sends = 0;
    const auto by_id = [&](const std::string& id) {
      return std::find_if(model.begin(), model.end(), [&](const auto& e) { return e.second.id == id; });
    };
    for (int step = 0; step < 2000; ++step) {
      const auto token = static_cast<std::uint32_t>(random.below(500));
      const std::string id =
          (token % 3 == 0 ? "an-id-that-is-longer-than-in-place-" : "i") + std::to_string(random.below(500));
      const std::size_t what = random.below(100);
      if (what < 50) {
        const time_ms deadline =
            random.one_in(5) ? 0 : now + 16 * static_cast<time_ms>(1 + random.below(1500));
        request_result expected = request_result::added;
        if (model.size() >= limit) {
          expected = request_result::full;
        } else if (model.contains(token) || by_id(id) != model.end()) {
          expected = request_result::duplicate;
        } else {
          model[token] = {id, deadline, 0};
        }
        ASSERT_EQ(table.add(token, id, deadline), expected) << random.seed();
      } else if (what < 70) {
        const auto found = by_id(id);
        const auto taken = table.take(id);
        ASSERT_EQ(taken.has_value(), found != model.end()) << random.seed();
        if (!taken) continue;
        ASSERT_EQ(*taken, found->first);
        model.erase(found);
      } else if (what < 78) {
        ASSERT_EQ(table.cancel(token), model.erase(token) == 1) << random.seed();
      } else if (what < 95) {
        ASSERT_EQ(table.mark_sent(token), model.contains(token));
        if (model.contains(token) && model[token].sent == 0) model[token].sent = ++sends;
      } else if (what < 98) {
        now += 16 * static_cast<time_ms>(1 + random.below(200));
        tokens expected, got = expired(table, now);
        for (const auto& [t, e] : model) {
          if (e.deadline != 0 && e.deadline <= now) expected.push_back(t);
        }
        std::sort(got.begin(), got.end());
        ASSERT_EQ(got, expected) << random.seed();
        for (const std::uint32_t t : got) model.erase(t);
      } else if (what < 99) {
        std::map<std::uint64_t, std::uint32_t> order;
        for (const auto& [t, e] : model) {
          if (e.sent != 0) order[e.sent] = t;
        }
        tokens expected;
        for (const auto& [when, t] : order) expected.push_back(t);
        ASSERT_EQ(lost(table), expected) << random.seed();
        for (const std::uint32_t t : expected) model.erase(t);
      } else if (random.one_in(5)) {
        std::size_t count = 0;
        table.clear([&](std::uint32_t t) { count += model.erase(t); });
        ASSERT_TRUE(model.empty());
        ASSERT_EQ(table.pending(), 0u);
      }
      ASSERT_EQ(table.pending(), model.size());
      const time_ms due = table.next_deadline(now);
      for (const auto& [t, e] : model) {
        if (e.deadline != 0) {
          ASSERT_TRUE(due > 0 && due <= std::max(e.deadline, now)) << "told too late";
        }
      }
    }
  }
}

}  // namespace
}  // namespace hawser::client::request_table_test
