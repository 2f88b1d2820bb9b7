// What waits on a connection: order, what gives way, and the sums; also against a plain model.
#include "core/net/replay_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <random>
#include <string>

namespace hawser::net::replay_queue_test {
namespace {

replay_queue::kept message(const std::string& text) {
  return std::make_shared<const published>(
      "t", std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), send_flags{});
}
replay_queue::sent sent(const std::string& text) { return {{text.begin(), text.end()}, {}}; }

std::string text_of(const replay_queue::entry& one) {
  const auto text = [](auto bytes) { return std::string(bytes.begin(), bytes.end()); };
  if (const auto* what = std::get_if<replay_queue::sent>(&one)) return text(what->payload);
  if (const auto* live = std::get_if<replay_queue::live>(&one)) return text(live->message->payload());
  return text(std::get<replay_queue::kept>(one)->payload());
}
std::string drain(replay_queue& queue) {
  std::string all;
  while (!queue.empty()) all += text_of(queue.take()) + ' ';
  return all;
}

TEST(replay_queue, all_kinds_in_the_order_of_coming) {
  replay_queue queue;
  queue.add(message("kept"));
  queue.add_live(message("live"), "");
  queue.add(sent("sent"));
  EXPECT_EQ(queue.sends(), 1u);
  EXPECT_GT(queue.live_bytes(), 4u);
  EXPECT_EQ(drain(queue), "kept live sent ");
  EXPECT_EQ(queue.sends() + queue.live_bytes(), 0u);
}

TEST(replay_queue, a_later_message_of_a_key_takes_the_older_ones_part_at_the_end) {
  replay_queue queue;
  EXPECT_FALSE(queue.add_live(message("a1"), "a"));
  EXPECT_FALSE(queue.add_live(message("b1"), "b"));
  EXPECT_TRUE(queue.add_live(message("a2"), "a"));
  EXPECT_FALSE(queue.add_live(message("x"), ""));
  EXPECT_FALSE(queue.add_live(message("y"), ""));
  EXPECT_EQ(drain(queue), "b1 a2 x y ");
  EXPECT_FALSE(queue.add_live(message("a3"), "a")) << "what was sent is not replaced";
  EXPECT_EQ(drain(queue), "a3 ");
}

TEST(replay_queue, only_what_was_published_is_dropped_the_oldest_first) {
  replay_queue queue;
  EXPECT_FALSE(queue.drop_oldest());
  queue.add(message("k1"));
  queue.add(sent("s1"));
  EXPECT_FALSE(queue.drop_oldest());
  for (const char* text : {"1", "2", "3"}) queue.add_live(message(text), text);
  queue.add(sent("s2"));
  EXPECT_TRUE(queue.drop_oldest());
  EXPECT_TRUE(queue.add_live(message("3'"), "3"));
  EXPECT_EQ(drain(queue), "k1 s1 2 s2 3' ");
  queue.add_live(message("4"), "4");
  EXPECT_TRUE(queue.drop_oldest());
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.live_bytes(), 0u);
}

TEST(replay_queue, does_what_a_plain_list_does) {
  const char* given = std::getenv("HAWSER_SEED");
  const auto seed = given != nullptr ? std::stoul(given) : std::random_device{}();
  SCOPED_TRACE("HAWSER_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  struct row {
    char kind;
    std::string text, key;
  };
  std::deque<row> model;
  replay_queue queue;
  for (int i = 0; i < 20'000; i++) {
    const std::string text = std::to_string(i);
    switch (random() % 8) {
      case 0:
        queue.add(message(text));
        model.push_back({'k', text, ""});
        break;
      case 1:
        queue.add(sent(text));
        model.push_back({'s', text, ""});
        break;
      case 2:
      case 3:
      case 4: {
        const std::string key = random() % 4 == 0 ? "" : std::to_string(random() % 10);
        const bool replaced =
            !key.empty() && std::erase_if(model, [&](const row& r) { return r.key == key; }) > 0;
        EXPECT_EQ(queue.add_live(message(text), key), replaced);
        model.push_back({'l', text, key});
        break;
      }
      case 5: {
        const auto oldest = std::ranges::find(model, 'l', &row::kind);
        EXPECT_EQ(queue.drop_oldest(), oldest != model.end());
        if (oldest != model.end()) model.erase(oldest);
        break;
      }
      default:
        ASSERT_EQ(queue.empty(), model.empty());
        if (model.empty()) break;
        ASSERT_EQ(text_of(queue.take()), model.front().text);
        model.pop_front();
    }
    std::size_t bytes = 0;
    for (const row& r : model) bytes += r.kind == 'l' ? r.text.size() + 2 : 0;
    ASSERT_EQ(queue.live_bytes(), bytes);
    ASSERT_EQ(queue.sends(), static_cast<std::size_t>(std::ranges::count(model, 's', &row::kind)));
  }
}

}  // namespace
}  // namespace hawser::net::replay_queue_test
