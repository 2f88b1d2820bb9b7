// Which routes a type has, and their order.
#include "core/router/route_table.hpp"

#include <gtest/gtest.h>

#include "core/protocol/random.hpp"

namespace hawser::router::route_table_test {
namespace {

using routes = std::vector<std::uint32_t>;

pattern wanted(std::string_view text) { return pattern::parse(text).value; }

routes match(route_table& table, std::string_view type) {
  routes out{99};
  table.match(type, out);
  return out;
}

TEST(route_table, exact_prefix_and_all_in_the_order_of_adding) {
  route_table table;
  EXPECT_TRUE(table.add(5, wanted("chat.*")));
  EXPECT_TRUE(table.add(4, wanted("chat.message")));
  EXPECT_TRUE(table.add(3, wanted("*")));
  EXPECT_TRUE(table.add(2, wanted("chat.message")));
  EXPECT_TRUE(table.add(1, wanted("chat.message.*")));
  EXPECT_EQ(match(table, "chat.message"), (routes{5, 4, 3, 2}));
  EXPECT_EQ(match(table, "chat.message.new"), (routes{5, 3, 1}));
  EXPECT_EQ(match(table, "chat.x"), (routes{5, 3}));
  EXPECT_EQ(match(table, "chat."), (routes{3}));
  EXPECT_EQ(match(table, "chat"), (routes{3}));
  EXPECT_EQ(match(table, ""), (routes{3}));
  EXPECT_EQ(table.size(), 5u);
}

TEST(route_table, removal) {
  route_table table;
  EXPECT_EQ(match(table, "a"), routes{});
  EXPECT_FALSE(table.remove(1));
  table.add(1, wanted("a.*"));
  table.add(2, wanted("a.*"));
  table.add(3, wanted("a.b"));
  EXPECT_FALSE(table.add(3, wanted("*"))) << "the number is taken";
  EXPECT_TRUE(table.remove(1));
  EXPECT_EQ(match(table, "a.b"), (routes{2, 3}));
  EXPECT_TRUE(table.add(1, wanted("a.*"))) << "it is the youngest now";
  EXPECT_EQ(match(table, "a.b"), (routes{2, 3, 1}));
  EXPECT_TRUE(table.remove(2));
  EXPECT_TRUE(table.remove(1));
  EXPECT_FALSE(table.remove(1));
  EXPECT_EQ(match(table, "a.b"), routes{3});
  EXPECT_TRUE(table.remove(3));
  EXPECT_EQ(match(table, "a.b"), routes{});
  EXPECT_EQ(table.size(), 0u);
}

TEST(route_table, ten_thousand_routes) {
  route_table table;
  for (std::uint32_t i = 0; i < 10'000; ++i) table.add(i, wanted("type." + std::to_string(i)));
  EXPECT_EQ(match(table, "type.1234"), routes{1234});
  EXPECT_EQ(match(table, "type.10000"), routes{});
  for (std::uint32_t i = 0; i < 10'000; i += 2) EXPECT_TRUE(table.remove(i));
  EXPECT_EQ(match(table, "type.1234"), routes{});
  EXPECT_EQ(match(table, "type.1235"), routes{1235});
}

TEST(route_table, matches_what_the_patterns_match) {
  hawser::test::random_source random;
  const auto name = [&](std::size_t most) {
    std::string text(1, static_cast<char>('a' + random.below(3)));
    for (std::size_t n = random.below(most); n > 0; --n)
      text += std::string(".") + static_cast<char>('a' + random.below(3));
    return text;
  };
  route_table table;
  std::vector<std::pair<std::uint32_t, pattern>> known;  // in the order of adding
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    if (known.size() < 40 && random.one_in(2)) {
      const pattern p = wanted(random.one_in(10) ? "*" : random.one_in(2) ? name(3) + ".*" : name(4));
      ASSERT_TRUE(table.add(i, p));
      known.emplace_back(i, p);
    } else if (!known.empty() && random.one_in(3)) {
      const auto gone = known.begin() + static_cast<std::ptrdiff_t>(random.below(known.size()));
      ASSERT_TRUE(table.remove(gone->first));
      known.erase(gone);
    }
    const std::string type = random.one_in(20) ? name(3) + "." : name(5);
    routes expected;
    for (const auto& [route, p] : known) {
      if (p.matches(type)) expected.push_back(route);
    }
    ASSERT_EQ(match(table, type), expected) << type;
  }
}

}  // namespace
}  // namespace hawser::router::route_table_test
