// Patterns of message types.
#include "core/router/pattern.hpp"

#include <gtest/gtest.h>

namespace hawser::router::pattern_test {
namespace {

pattern make(std::string_view text) {
  const auto parsed = pattern::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << text_of(parsed.fault);
  EXPECT_EQ(parsed.value.text(), text);
  return parsed.value;
}

TEST(pattern, exact) {
  const pattern p = make("chat.message");
  EXPECT_EQ(p.what(), pattern::kind::exact);
  EXPECT_TRUE(p.matches("chat.message"));
  for (const char* other :
       {"", "chat", "chat.", "chat.messages", "chat.messag", "Chat.message", "chat.message."}) {
    EXPECT_FALSE(p.matches(other)) << other;
  }
  EXPECT_TRUE(make(std::string(pattern::max_bytes, 'x')).matches(std::string(pattern::max_bytes, 'x')));
}

TEST(pattern, everything_below_a_name) {
  const pattern p = make("chat.*");
  EXPECT_EQ(p.what(), pattern::kind::prefix);
  EXPECT_EQ(p.stem(), "chat.");
  for (const char* type : {"chat.a", "chat.a.b", "chat..", "chat.*"}) EXPECT_TRUE(p.matches(type)) << type;
  for (const char* type : {"", "chat", "chat.", "chats.a", "cha", "a.chat.b"})
    EXPECT_FALSE(p.matches(type)) << type;
  EXPECT_TRUE(make("a.b.*").matches("a.b.c.d"));
  EXPECT_FALSE(make("a.b.*").matches("a.c"));
}

TEST(pattern, everything) {
  const pattern p = make("*");
  EXPECT_EQ(p.what(), pattern::kind::all);
  EXPECT_TRUE(p.matches("a.b"));
  EXPECT_TRUE(p.matches(""));
  EXPECT_EQ(pattern(), p);
}

TEST(pattern, faults) {
  const auto expect_fault = [](std::string_view text, pattern_fault fault, std::size_t at) {
    const auto parsed = pattern::parse(text);
    EXPECT_EQ(parsed.fault, fault) << text;
    EXPECT_EQ(parsed.at, at) << text;
    EXPECT_STRNE(text_of(fault), "no fault");
  };
  expect_fault("", pattern_fault::empty, 0);
  expect_fault(std::string(pattern::max_bytes + 1, 'x'), pattern_fault::too_long, pattern::max_bytes);
  expect_fault("chat*", pattern_fault::misplaced_star, 4);
  expect_fault("*.chat", pattern_fault::misplaced_star, 0);
  expect_fault("chat.*.a", pattern_fault::misplaced_star, 5);
  expect_fault("a.*.*", pattern_fault::misplaced_star, 2);
  expect_fault("**", pattern_fault::misplaced_star, 0);
  expect_fault(".*", pattern_fault::misplaced_star, 1);
  expect_fault("chat.**", pattern_fault::misplaced_star, 5);
}

}  // namespace
}  // namespace hawser::router::pattern_test
