// The two ways to step over plain text agree, with each other and with a look at each byte.
#include "core/router/json_scan.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/protocol/random.hpp"

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
    for (std::size_t k = 0; k < 16; ++k) {
      std::vector<std::uint8_t> text(k + slack, '5');
      text[k] = static_cast<std::uint8_t>(byte);
      if (byte >= '0' && byte <= '9') continue;
      ASSERT_EQ(words::digit_run(text.data(), text.data() + k + 1), text.data() + k) << byte;
      ASSERT_EQ(digit_run(text.data(), text.data() + k + 1), text.data() + k) << byte;
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

}  // namespace
}  // namespace hawser::router::json::json_scan_test
