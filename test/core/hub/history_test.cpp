// What topics keep: the bounds of each, the bound of all, and a random run against a plain list.
#include "core/hub/history.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <map>
#include <random>

namespace hawser::hub::history_test {
namespace {

using log = history<int>;
constexpr kept_bounds wide{.count = 1000, .bytes = 1 << 20, .age = 0};

std::string offsets(const log::topic* topic, std::int64_t above = -1, std::size_t most = SIZE_MAX) {
  std::string out;
  for (const log::entry& one : topic->above(above, most)) out += std::to_string(one.offset) + " ";
  return out;
}
void fill(log& to, std::string_view name, int from, int upto, std::size_t bytes = 10, std::int64_t now = 0) {
  for (int i = from; i <= upto; i++) EXPECT_TRUE(to.add(name, i, bytes, std::make_shared<int>(i), now));
}

TEST(history, keeps_only_what_was_asked_for_and_finds_what_lies_above_an_offset) {
  log h(1 << 20);
  EXPECT_FALSE(h.add("a", 1, 1, nullptr, 0));
  EXPECT_EQ(h.find("a", 0), nullptr);
  h.keep("a", wide, 0, 0);
  fill(h, "a", 1, 5);
  EXPECT_EQ(offsets(h.find("a", 0)), "1 2 3 4 5 ");
  EXPECT_EQ(offsets(h.find("a", 0), 3), "4 5 ");
  EXPECT_EQ(offsets(h.find("a", 0), 0, 2), "4 5 ");
  EXPECT_EQ(offsets(h.find("a", 0), 5), "");
  EXPECT_EQ(offsets(h.find("a", 0), 99), "");
  h.forget("a");
  EXPECT_EQ(h.bytes(), 0u);
  EXPECT_EQ(h.find("a", 0), nullptr);
}

TEST(history, count_bytes_and_age_let_the_oldest_go_and_say_up_to_where) {
  log h(1 << 20);
  h.keep("a", {.count = 3, .bytes = 100, .age = 50}, 10, 0);
  EXPECT_EQ(h.find("a", 0)->lost(), 10);
  fill(h, "a", 11, 15);
  EXPECT_EQ(offsets(h.find("a", 0)), "13 14 15 ");
  EXPECT_EQ(h.find("a", 0)->lost(), 12);
  EXPECT_TRUE(h.add("a", 16, 85, nullptr, 30));
  EXPECT_EQ(offsets(h.find("a", 30)), "15 16 ");
  EXPECT_EQ(offsets(h.find("a", 51)), "16 ");
  EXPECT_EQ(offsets(h.find("a", 81)), "");
  EXPECT_EQ(h.find("a", 81)->lost(), 16);
  EXPECT_TRUE(h.add("a", 17, 101, nullptr, 90)) << "too large to stay";
  EXPECT_EQ(h.find("a", 90)->lost(), 17);
  EXPECT_EQ(h.bytes(), 0u);
}

TEST(history, offsets_that_do_not_go_up_are_no_news_and_a_gap_ends_what_was_kept) {
  log h(1 << 20);
  h.keep("a", wide, 5, 0);
  EXPECT_FALSE(h.add("a", 5, 1, nullptr, 0));
  fill(h, "a", 6, 7);
  EXPECT_FALSE(h.add("a", 7, 1, nullptr, 0));
  EXPECT_TRUE(h.add("a", 10, 1, nullptr, 0));
  EXPECT_EQ(offsets(h.find("a", 0)), "10 ");
  EXPECT_EQ(h.find("a", 0)->lost(), 9);
}

TEST(history, where_all_hold_too_much_the_loud_topic_pays) {
  log h(1000);
  h.keep("loud", wide, 0, 0);
  h.keep("quiet", wide, 0, 0);
  fill(h, "quiet", 1, 5);
  fill(h, "loud", 1, 500);
  EXPECT_LE(h.bytes(), 1000u);
  EXPECT_EQ(offsets(h.find("quiet", 0)), "1 2 3 4 5 ");
  EXPECT_EQ(h.find("loud", 0)->last(), 500);
}

TEST(history, a_sweep_reaches_topics_that_nothing_is_published_to) {
  log h(1 << 20);
  for (int i = 0; i < 20; i++) {
    h.keep(std::to_string(i), {.count = 9, .bytes = 999, .age = 10}, 0, 0);
    fill(h, std::to_string(i), 1, 3);
  }
  h.sweep(11, 20);
  EXPECT_EQ(h.messages(), 0u);
  EXPECT_EQ(h.bytes(), 0u);
}

TEST(history, shows_what_it_keeps) {
  log h(1 << 20);
  const auto gauge = std::make_shared<kept_gauge>();
  h.keep("a", {.count = 2, .bytes = 999, .age = 0}, 7, 0, gauge);
  EXPECT_EQ(gauge->lost, 7);
  fill(h, "a", 8, 10);
  EXPECT_EQ(gauge->lost, 8);
  EXPECT_EQ(gauge->last, 10);
  EXPECT_EQ(gauge->count, 2u);
  EXPECT_EQ(gauge->bytes, 20u);
}

TEST(history, random_run_equals_a_plain_list) {
  const char* given = std::getenv("HAWSER_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  struct plain {
    kept_bounds bounds;
    std::int64_t last = 0, lost = 0;
    std::deque<log::entry> entries;
  };
  log h(SIZE_MAX);
  std::map<std::string, plain> model;
  std::int64_t now = 0;
  const auto trim = [&](plain& one) {
    for (;;) {
      std::size_t bytes = 0;
      for (const auto& entry : one.entries) bytes += entry.bytes;
      if (one.entries.empty() || (one.entries.size() <= one.bounds.count && bytes <= one.bounds.bytes &&
                                  (one.bounds.age == 0 || now - one.entries.front().at <= one.bounds.age))) {
        return;
      }
      one.lost = one.entries.front().offset;
      one.entries.pop_front();
    }
  };
  for (int step = 0; step < 20000; step++) {
    now += random() % 3;
    const std::string name = std::to_string(random() % 8);
    switch (random() % 20) {
      case 0: {
        const kept_bounds bounds{.count = random() % 50,
                                 .bytes = random() % 2000,
                                 .age = static_cast<std::int64_t>(random() % 100)};
        plain& one = model[name];
        one.bounds = bounds;
        h.keep(name, bounds, 0, now);
        break;
      }
      case 1:
        model.erase(name);
        h.forget(name);
        break;
      default: {
        const std::size_t bytes = random() % 100;
        const auto found = model.find(name);
        const std::int64_t offset = found == model.end() ? 1 : found->second.last + 1;
        EXPECT_EQ(h.add(name, offset, bytes, std::make_shared<int>(1), now), found != model.end());
        if (found == model.end()) break;
        found->second.entries.push_back({offset, now, bytes, nullptr});
        found->second.last = offset;
      }
    }
    for (auto& [topic, one] : model) {
      trim(one);
      const log::topic* real = h.find(topic, now);
      ASSERT_NE(real, nullptr);
      ASSERT_EQ(real->entries().size(), one.entries.size());
      ASSERT_EQ(real->last(), one.last);
      ASSERT_EQ(real->lost(), one.lost);
      if (!one.entries.empty()) {
        ASSERT_EQ(real->entries().front().offset, one.entries.front().offset);
      }
    }
    std::size_t bytes = 0;
    for (auto& [topic, one] : model) {
      for (const auto& entry : one.entries) bytes += entry.bytes;
    }
    ASSERT_EQ(h.bytes(), bytes);
  }
}

}  // namespace
}  // namespace hawser::hub::history_test
