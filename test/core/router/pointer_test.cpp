// JSON pointers (RFC 6901).
#include "core/router/pointer.hpp"

#include <gtest/gtest.h>

namespace hawser::router::pointer_test {
namespace {

using tokens = std::vector<std::string>;

tokens tokens_of(std::string_view text) {
  const auto parsed = pointer::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << text_of(parsed.fault);
  EXPECT_EQ(parsed.value.text(), text);
  return parsed.value.tokens();
}

TEST(pointer, names) {
  EXPECT_EQ(tokens_of("/a"), tokens{"a"});
  EXPECT_EQ(tokens_of("/payload/symbol"), (tokens{"payload", "symbol"}));
  EXPECT_EQ(tokens_of("/data/0/p"), (tokens{"data", "0", "p"}));
  EXPECT_EQ(tokens_of("/"), tokens{""});
  EXPECT_EQ(tokens_of("/a//b/"), (tokens{"a", "", "b", ""}));
  EXPECT_EQ(tokens_of("/a~1b/m~0n/~01/~10"), (tokens{"a/b", "m~n", "~1", "/0"}));
  EXPECT_EQ(tokens_of("/\xC3\xA9 \"\\"), tokens{"\xC3\xA9 \"\\"});
  EXPECT_EQ(tokens_of("/" + std::string(pointer::max_bytes - 1, 'x'))[0].size(), pointer::max_bytes - 1);
  std::string deep;
  for (std::size_t i = 0; i < pointer::max_depth; ++i) deep += "/x";
  EXPECT_EQ(tokens_of(deep).size(), pointer::max_depth);
}

TEST(pointer, equality_is_that_of_names) {
  EXPECT_EQ(pointer::parse("/a~1b").value, pointer::parse("/a~1b").value);
  EXPECT_FALSE(pointer::parse("/a/b").value == pointer::parse("/a~1b").value);
  EXPECT_TRUE(pointer().tokens().empty());
  EXPECT_EQ(pointer().text(), "");
}

void expect_fault(std::string_view text, pointer_fault fault, std::size_t at) {
  const auto parsed = pointer::parse(text);
  EXPECT_EQ(parsed.fault, fault) << text;
  EXPECT_EQ(parsed.at, at) << text;
  EXPECT_TRUE(parsed.value.tokens().empty());
  EXPECT_STRNE(text_of(fault), "no fault");
}

TEST(pointer, faults) {
  expect_fault("", pointer_fault::empty, 0);
  expect_fault("a", pointer_fault::no_slash, 0);
  expect_fault("#/a", pointer_fault::no_slash, 0);
  expect_fault("~1a", pointer_fault::no_slash, 0);
  expect_fault("/a~", pointer_fault::bad_escape, 2);
  expect_fault("/a~/b", pointer_fault::bad_escape, 2);
  expect_fault("/a/~2", pointer_fault::bad_escape, 3);
  expect_fault("/" + std::string(pointer::max_bytes, 'x'), pointer_fault::too_long, pointer::max_bytes);
  std::string deep;
  for (std::size_t i = 0; i <= pointer::max_depth; ++i) deep += "/x";
  expect_fault(deep, pointer_fault::too_deep, 2 * pointer::max_depth);
}

TEST(pointer, indices) {
  EXPECT_EQ(pointer::index_of("0"), 0u);
  EXPECT_EQ(pointer::index_of("10"), 10u);
  EXPECT_EQ(pointer::index_of("4294967294"), 4294967294u);
  for (const char* text : {"", "-", "-1", "00", "01", "1.0", "1e3", " 1", "1 ", "+1", "4294967295",
                           "4294967296", "99999999999", "18446744073709551616", "x"}) {
    EXPECT_FALSE(pointer::index_of(text)) << text;
  }
}

}  // namespace
}  // namespace hawser::router::pointer_test
