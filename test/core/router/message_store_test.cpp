// Keys as JavaScript tells them apart, and the store against a plain list.
#include "core/router/message_store.hpp"

#include <deque>
#include <set>

#include "core/protocol/random.hpp"
#include "shaper_fixture.hpp"

namespace hawser::router::message_store_test {
namespace {

using namespace test;

TEST(message_key, is_typed) {
  const field_value one = number_field(1);
  const field_value text = text_field("1");
  const field_value yes = field_of(field_value::kind::boolean, true);
  const field_value no = field_of(field_value::kind::boolean, false);
  const field_value null = field_of(field_value::kind::null);
  const field_value none = field_of(field_value::kind::missing);
  const field_value empty = text_field("");
  const std::vector<message_key> keys = {key_of(one),  key_of(text), key_of(yes),  key_of(no),
                                         key_of(null), key_of(none), key_of(empty)};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < keys.size(); ++j) EXPECT_EQ(keys[i] == keys[j], i == j) << i << ' ' << j;
  }
  double bits;  // a string with the bytes of the number is still a string
  std::memcpy(&bits, "symbols!", sizeof bits);
  const field_value number = number_field(bits);
  const field_value same = text_field("symbols!");
  EXPECT_NE(key_of(number), key_of(same));
}

TEST(message_key, equals_where_javascript_sees_one_value) {
  const field_value plus = number_field(0.0);
  const field_value minus = number_field(-0.0);
  EXPECT_EQ(key_of(plus), key_of(minus));
  const field_value container = field_of(field_value::kind::container);
  EXPECT_EQ(key_of(container), key_of(field_value{}));
  const key_hasher hash(1);
  EXPECT_EQ(hash(key_of(plus)), hash(key_of(minus)));
}

// Every byte and the length count, whatever the length; else somebody's keys would all collide.
TEST(message_key, hash_depends_on_each_byte_and_the_seed) {
  const key_hasher hash(1);
  const key_hasher other(2);
  std::set<std::uint32_t> hashes;
  std::size_t keys = 0;
  for (std::size_t size = 0; size <= 70; ++size) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i <= size; ++i) {
      if (i > 0) text[i - 1] = 'y';
      const field_value field = text_field(text);
      hashes.insert(hash(key_of(field)));
      hashes.insert(other(key_of(field)));
      keys += 2;
      if (i > 0) text[i - 1] = 'x';
    }
  }
  EXPECT_GE(hashes.size() + 3, keys);  // 5112 of 2^32: a collision is rare, four are no accident
}

message_view view(std::string_view text) { return {bytes_of(text), true}; }

TEST(message_store, replaces_in_place_and_goes_in_order_of_coming) {
  message_store store(3);
  const field_value a = text_field("a");
  const field_value b = text_field("b");
  EXPECT_FALSE(store.put(key_of(a), view("a1"), 10));
  EXPECT_FALSE(store.put(key_of(b), view("b1"), 20));
  EXPECT_TRUE(store.put(key_of(a), {bytes_of("a2, longer than the first"), false}, 30));
  EXPECT_EQ(store.size(), 2u);
  EXPECT_EQ(store.front_due(), 10);
  EXPECT_EQ(text_of_bytes(store.front().bytes), "a2, longer than the first");
  EXPECT_FALSE(store.front().ascii);
  store.pop_front(true);
  EXPECT_EQ(text_of_bytes(store.front().bytes), "b1");
  store.pop_front(true);
  EXPECT_TRUE(store.empty());
  EXPECT_FALSE(store.put(key_of(a), view(""), 40));
  EXPECT_EQ(store.front().bytes.size(), 0u);
}

TEST(message_store, reuses_its_memory_and_gives_it_back) {
  message_store store(3);
  const std::string text(100, 'x');
  const field_value a = text_field("a");
  const field_value b = text_field("b");
  for (int i = 0; i < 1000; ++i) {
    store.put(key_of(i % 2 ? a : b), view(text), i);
    store.pop_front(true);
    ASSERT_EQ(store.bytes(), 128u);
  }
  store.free_spare();
  EXPECT_EQ(store.bytes(), 0u);
  store.put(key_of(a), view(text), 0);
  store.pop_front(false);
  EXPECT_EQ(store.bytes(), 0u);
  store.put(key_of(a), view(std::string(100'000, 'x')), 0);
  EXPECT_GT(store.bytes(), 100'000u);
  store.pop_front(true);  // larger than what is worth keeping
  EXPECT_EQ(store.bytes(), 0u);
}

TEST(message_store, equals_a_plain_list) {
  hawser::test::random_source random;
  for (int round = 0; round < 30; ++round) {
    struct line {
      std::string key, text;
      time_ms due;
    };
    std::deque<line> lines;
    message_store store(random.seed() + static_cast<std::uint64_t>(round));
    const std::size_t keys = 1 + random.below(round % 3 == 0 ? 3000 : 40);
    const std::size_t pops = 1 + random.below(4);  // of five steps
    for (int step = 0; step < 4000; ++step) {
      if (random.below(5) < pops && !lines.empty() && lines.size() > random.below(keys)) {
        ASSERT_EQ(text_of_bytes(store.front().bytes), lines.front().text) << "seed " << random.seed();
        ASSERT_EQ(store.front_due(), lines.front().due);
        store.pop_front(random.below(2) == 0);
        lines.pop_front();
      } else {
        const std::size_t number = random.below(keys);
        const std::string key = std::string(number % 40, 'k') + std::to_string(number);
        const std::string text = random.ascii(random.below(300));
        const field_value field = text_field(key);
        const bool replaced = store.put(key_of(field), view(text), step);
        auto at = std::find_if(lines.begin(), lines.end(), [&](const line& l) { return l.key == key; });
        ASSERT_EQ(replaced, at != lines.end()) << "seed " << random.seed();
        if (replaced) {
          at->text = text;
        } else {
          lines.push_back({key, text, step});
        }
      }
      if (random.below(100) == 0) store.free_spare();
      ASSERT_EQ(store.size(), lines.size());
    }
    while (!lines.empty()) {
      ASSERT_EQ(text_of_bytes(store.front().bytes), lines.front().text);
      store.pop_front(true);
      lines.pop_front();
    }
    store.free_spare();
    ASSERT_EQ(store.bytes(), 0u);
  }
}

}  // namespace
}  // namespace hawser::router::message_store_test
