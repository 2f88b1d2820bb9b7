// UTF-8 validation against a reference that knows only the table of RFC 3629 §4.
#include "core/protocol/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "random.hpp"

namespace hawser::protocol::utf8_test {
namespace {

using namespace std::string_literals;

const std::uint8_t* raw(std::string_view s) { return reinterpret_cast<const std::uint8_t*>(s.data()); }

// Length of the longest prefix of `s` that some valid text begins with.
std::size_t possible_prefix(std::string_view s) {
  std::size_t i = 0;
  while (i < s.size()) {
    const auto at = [&](std::size_t k) { return static_cast<std::uint8_t>(s[k]); };
    const std::uint8_t lead = at(i);
    std::size_t length = 0;
    if (lead <= 0x7F) length = 1;
    if (lead >= 0xC2 && lead <= 0xDF) length = 2;
    if (lead >= 0xE0 && lead <= 0xEF) length = 3;
    if (lead >= 0xF0 && lead <= 0xF4) length = 4;
    if (length == 0) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if (i + k == s.size()) return s.size();
      std::uint8_t low = 0x80, high = 0xBF;
      if (k == 1 && lead == 0xE0) low = 0xA0;
      if (k == 1 && lead == 0xED) high = 0x9F;
      if (k == 1 && lead == 0xF0) low = 0x90;
      if (k == 1 && lead == 0xF4) high = 0x8F;
      if (at(i + k) < low || at(i + k) > high) return i + k;
    }
    i += length;
  }
  return i;
}

bool ends_inside_character(std::string_view valid_prefix) {
  for (std::size_t back = 1; back <= 3 && back <= valid_prefix.size(); ++back) {
    const auto byte = static_cast<std::uint8_t>(valid_prefix[valid_prefix.size() - back]);
    if (byte >= 0xC0) return (byte >= 0xF0 ? 4u : byte >= 0xE0 ? 3u : 2u) > back;
    if (byte < 0x80) return false;
  }
  return false;
}

bool reference(std::string_view s) { return possible_prefix(s) == s.size() && !ends_inside_character(s); }

const std::vector<std::string> valid = {
    "",
    "plain",
    "\xC2\x80",
    "\xDF\xBF",
    "\xE0\xA0\x80",
    "\xED\x9F\xBF",
    "\xEE\x80\x80",
    "\xEF\xBF\xBF",
    "\xF0\x90\x80\x80",
    "\xF4\x8F\xBF\xBF",
    "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
    "\0"s,
};

const std::vector<std::string> invalid = {
    "\x80",
    "\xBF",
    "\xC0\x80",
    "\xC1\xBF",
    "\xC2\x41",
    "\xC2\xC2",
    "\xE0\x80\x80",
    "\xE0\x9F\xBF",
    "\xED\xA0\x80",
    "\xED\xBF\xBF",
    "\xE2\x82\x41",
    "\xF0\x80\x80\x80",
    "\xF0\x8F\xBF\xBF",
    "\xF4\x90\x80\x80",
    "\xF5\x80\x80\x80",
    "\xFE",
    "\xFF",
    "\xF0\x9F\x98\x41",
};

// The same bytes with long ASCII around them take the vector paths.
std::vector<std::string> in_contexts(const std::string& s) {
  std::vector<std::string> result;
  for (const std::size_t before : {0u, 1u, 30u, 63u, 100u}) {
    for (const std::size_t after : {0u, 1u, 40u, 100u}) {
      result.push_back(std::string(before, 'x') + s + std::string(after, 'y'));
    }
  }
  return result;
}

TEST(valid_utf8, known_texts) {
  for (const auto& s : valid) {
    for (const auto& text : in_contexts(s)) EXPECT_TRUE(valid_utf8(raw(text), text.size())) << text;
  }
  for (const auto& s : invalid) {
    for (const auto& text : in_contexts(s)) EXPECT_FALSE(valid_utf8(raw(text), text.size())) << text;
  }
  for (const std::string s : {"\xC2", "\xE2\x82", "\xF0\x9F\x98"}) {
    const std::string text = std::string(50, 'x') + s;
    EXPECT_FALSE(valid_utf8(raw(s), s.size()));
    EXPECT_FALSE(valid_utf8(raw(text), text.size()));
  }
}

TEST(utf8_stream, every_split_of_known_texts) {
  for (const auto* texts : {&valid, &invalid}) {
    for (const auto& s : *texts) {
      for (const auto& text : in_contexts(s)) {
        const std::size_t good = possible_prefix(text);
        for (std::size_t split = 0; split <= text.size(); ++split) {
          utf8_stream stream;
          ASSERT_EQ(stream.feed(raw(text), split), split <= good) << split;
          ASSERT_EQ(stream.feed(raw(text) + split, text.size() - split), good == text.size()) << split;
          ASSERT_EQ(stream.complete(), reference(text));
        }
      }
    }
  }
}

TEST(utf8_stream, fails_at_the_first_impossible_byte) {
  for (const std::string s : {"\xE0\x80", "\xED\xA0", "\xF4\x90", "\xC0", "\xF5", "\xF0\x8F", "\x80"}) {
    utf8_stream stream;
    for (std::size_t i = 0; i + 1 < s.size(); ++i) ASSERT_TRUE(stream.feed(raw(s) + i, 1));
    EXPECT_FALSE(stream.feed(raw(s) + s.size() - 1, 1));
  }
}

TEST(utf8_stream, stays_failed_until_reset) {
  utf8_stream stream;
  EXPECT_FALSE(stream.feed(raw("\xFF"), 1));
  EXPECT_FALSE(stream.feed(raw("ok"), 2));
  EXPECT_FALSE(stream.feed(raw(""), 0));
  EXPECT_FALSE(stream.complete());
  stream.reset();
  EXPECT_TRUE(stream.feed(raw("ok"), 2));
  EXPECT_TRUE(stream.complete());
}

TEST(utf8_stream, random_texts_in_random_pieces) {
  hawser::test::random_source random;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const std::size_t length = random.below(300);
    while (text.size() < length) {
      if (random.one_in(4)) {
        text += valid[random.below(valid.size())];
      } else if (random.one_in(200)) {
        text += invalid[random.below(invalid.size())];
      } else {
        text += random.ascii(random.below(40));
      }
    }
    if (random.one_in(4) && !text.empty()) text[random.below(text.size())] = static_cast<char>(random.byte());
    ASSERT_EQ(valid_utf8(raw(text), text.size()), reference(text)) << random.seed();

    const std::size_t good = possible_prefix(text);
    utf8_stream stream;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t n = std::min(text.size() - at, 1 + random.below(random.one_in(2) ? 5 : 120));
      ASSERT_EQ(stream.feed(raw(text) + at, n), at + n <= good) << random.seed();
      at += n;
    }
    ASSERT_EQ(stream.complete(), reference(text)) << random.seed();
  }
}

}  // namespace
}  // namespace hawser::protocol::utf8_test
