// The hash table from strings to numbers, against the standard library's.
#include "core/router/string_index.hpp"

#include <gtest/gtest.h>

#include <unordered_map>

#include "core/protocol/random.hpp"

namespace hawser::router::string_index_test {
namespace {

TEST(string_index, finds_what_was_inserted) {
  string_index index;
  EXPECT_TRUE(index.empty());
  EXPECT_EQ(index.find("a"), string_index::absent);
  EXPECT_FALSE(index.erase("a"));
  index.insert("a", 1);
  index.insert("", 2);
  index.insert(std::string("a\0", 2), 3);
  EXPECT_EQ(index.find("a"), 1u);
  EXPECT_EQ(index.find(""), 2u);
  EXPECT_EQ(index.find(std::string_view("a\0", 2)), 3u);
  EXPECT_EQ(index.find("b"), string_index::absent);
  EXPECT_TRUE(index.erase("a"));
  EXPECT_FALSE(index.erase("a"));
  EXPECT_EQ(index.find("a"), string_index::absent);
  EXPECT_EQ(index.size(), 2u);
}

TEST(string_index, behaves_as_a_map) {
  hawser::test::random_source random;
  string_index index;
  std::unordered_map<std::string, std::uint32_t> map;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    // Few enough names to meet each often, long enough to use every branch of the hash.
    const std::string key =
        std::string(random.below(20), 'k') + std::to_string(random.below(random.one_in(2) ? 20 : 200));
    const auto it = map.find(key);
    ASSERT_EQ(index.find(key), it == map.end() ? string_index::absent : it->second) << key;
    if (it == map.end()) {
      if (random.one_in(3)) continue;
      index.insert(key, i);
      map.emplace(key, i);
    } else if (random.one_in(2)) {
      ASSERT_TRUE(index.erase(key));
      map.erase(it);
    }
    ASSERT_EQ(index.size(), map.size());
  }
  for (const auto& [key, value] : map) EXPECT_EQ(index.find(key), value);
}

}  // namespace
}  // namespace hawser::router::string_index_test
