// The two ways to step over plain text agree, with each other and with a look at each byte; so do those to
// step over numbers.
#include "core/router/json_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/protocol/random.hpp"
#include "core/router/json_number.hpp"

namespace hawser::router::json::json_scan_test {
namespace {

std::vector<std::uint8_t> text_of(hawser::test::random_source& random, std::size_t size) {
  static const char telling[] = "\"\\\x1F\x20\x21\x23!\x00\x7F\x80\xA2\xDC\xFF/09:;";
  std::vector<std::uint8_t> text(size);
  for (auto& byte : text) {
    const bool plain = !random.one_in(8);
    byte = plain ? static_cast<std::uint8_t>(random.one_in(2) ? 'a' : '0' + random.below(10))
                 : static_cast<std::uint8_t>(random.one_in(3) ? random.byte()
                                                              : telling[random.below(sizeof telling)]);
  }
  return text;
}

bool stops(std::uint8_t byte) { return byte == '"' || byte == '\\' || byte < 0x20; }

TEST(json_scan, string_stops) {
  hawser::test::random_source random;
  for (int i = 0; i < 20'000; ++i) {
    const auto text = text_of(random, 64);
    std::uint64_t expected = 0;
    for (std::size_t k = 0; k < 64; ++k) expected |= std::uint64_t{stops(text[k])} << k;
    ASSERT_EQ(words::string_stops(text.data()), expected);
    ASSERT_EQ(string_stops(text.data()), expected);
  }
}

TEST(json_scan, every_byte_at_every_place) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t k = 0; k < 64; ++k) {
      std::vector<std::uint8_t> text(64, 'x');
      text[k] = static_cast<std::uint8_t>(byte);
      const std::uint64_t expected = std::uint64_t{stops(text[k])} << k;
      ASSERT_EQ(words::string_stops(text.data()), expected) << byte;
      ASSERT_EQ(string_stops(text.data()), expected) << byte;
    }
    for (std::size_t k = 0; k < 40; ++k) {
      std::vector<std::uint8_t> text(k + slack, '5');
      text[k] = static_cast<std::uint8_t>(byte);
      const bool digit = byte >= '0' && byte <= '9';
      if (k < words::digit_step) {
        ASSERT_EQ(words::non_digits(text.data()), digit ? 0U : 1U << k) << byte;
      }
      if (k < digit_step) {
        ASSERT_EQ(non_digits(text.data()), digit ? 0U : 1U << k) << byte;
      }
      if (!digit) {
        ASSERT_EQ(digit_run(text.data(), text.data() + k + 1), text.data() + k) << byte;
      }
    }
  }
}

TEST(json_scan, a_window_finds_each_stop_in_turn) {
  hawser::test::random_source random;
  for (int i = 0; i < 5'000; ++i) {
    const std::size_t size = 1 + random.below(random.one_in(4) ? 400 : 100);
    auto text = text_of(random, size);
    text.resize(size + slack, static_cast<std::uint8_t>(random.one_in(2) ? '"' : 'x'));
    const std::uint8_t* const end = text.data() + size;
    string_window window(text.data(), end);
    for (const std::uint8_t* p = text.data(); p < end;) {
      const std::uint8_t* expected = p;
      while (expected < end && !stops(*expected)) ++expected;
      ASSERT_EQ(window.run(p, end), expected);
      p = expected + 1 + (random.one_in(4) ? random.below(150) : 0);
    }
    const std::uint8_t* const beyond = end + random.below(32);
    ASSERT_EQ(string_window(text.data(), end).run(beyond, end), beyond);
  }
}

TEST(json_scan, a_window_gives_its_stops_one_by_one) {
  hawser::test::random_source random;
  for (int i = 0; i < 5'000; ++i) {
    const std::size_t size = random.one_in(4) ? 64 * (1 + random.below(4)) : 1 + random.below(300);
    auto text = text_of(random, size);
    if (random.one_in(4)) std::fill(text.begin() + static_cast<std::ptrdiff_t>(size / 8), text.end(), 'x');
    text.resize(size + slack, static_cast<std::uint8_t>(random.one_in(2) ? '"' : 'x'));
    const std::uint8_t* const end = text.data() + size;
    string_window window(text.data(), end);
    for (const std::uint8_t* p = text.data(); p <= end; ++p) {
      if (random.one_in(8)) window.seek(p += random.below(random.one_in(3) ? 200 : 8), end);
      while (p < end && !stops(*p)) ++p;
      const std::uint8_t* found = nullptr;
      ASSERT_EQ(window.take(found, end), p <= end);
      if (p <= end) {
        ASSERT_EQ(found, p);
      }
    }
    const std::uint8_t* none = nullptr;
    ASSERT_FALSE(window.take(none, end));
    ASSERT_FALSE(window.take(none, end));
  }
}

// Short numbers are told by one look at their bytes, any number by several.
TEST(json_scan, both_ways_to_scan_a_number_agree) {
  hawser::test::random_source random;
  std::size_t whole = 0, broken = 0;
  const auto digits = [&](std::string& to) {
    for (std::size_t n = random.below(random.one_in(3) ? 20 : 7); n > 0; --n)
      to += static_cast<char>('0' + random.below(random.one_in(3) ? 2 : 10));
  };
  for (int i = 0; i < 100'000; ++i) {
    std::string text(1, "-0123456789"[random.below(11)]);
    digits(text);
    if (random.one_in(2)) digits(text += '.');
    if (random.one_in(4)) {
      text += "eE"[random.below(2)];
      if (random.one_in(2)) text += "+-"[random.below(2)];
      digits(text);
    }
    text += ",}] .e-+x"[random.below(9)];
    const std::size_t size = text.size();
    text.resize(size + slack, "9,.e"[random.below(4)]);
    const auto* const first = reinterpret_cast<const std::uint8_t*>(text.data());
    const number_text expected = scan_any_number(first, first + size),
                      found = scan_number(first, first + size);
    ASSERT_EQ(found.end, expected.end) << text;
    if (expected.end != nullptr) {
      ASSERT_EQ(found.integer, expected.integer) << text;
      ASSERT_EQ(found.fraction, expected.fraction) << text;
    }
    ++(expected.end != nullptr ? whole : broken);
  }
  EXPECT_GT(whole, 10'000u);
  EXPECT_GT(broken, 10'000u);
}

}  // namespace
}  // namespace hawser::router::json::json_scan_test
