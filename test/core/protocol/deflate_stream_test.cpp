// Message compression: the examples of RFC 7692 §7.2.3, round trips, damage and bombs.
#include "core/protocol/deflate_stream.hpp"

#include <gtest/gtest.h>

#include <string>

#include "random.hpp"

namespace hawser::protocol::deflate_stream_test {
namespace {

using bytes = std::vector<std::uint8_t>;

constexpr std::size_t no_limit = SIZE_MAX;

std::string inflate_text(inflater& in, const bytes& data, std::size_t max_out = no_limit) {
  bytes out;
  violation why = violation::none;
  if (!in.inflate_message(data, out, max_out, why)) return std::string("error: ") + text_of(why);
  EXPECT_EQ(why, violation::none);
  return {out.begin(), out.end()};
}

bytes deflate_text(deflater& out, std::string_view text) {
  bytes data;
  EXPECT_TRUE(out.deflate_message({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, data));
  return data;
}

violation failure_of(const bytes& data, std::size_t max_out = no_limit) {
  inflater in(15, false);
  bytes out;
  violation why = violation::none;
  EXPECT_FALSE(in.inflate_message(data, out, max_out, why));
  return why;
}

TEST(inflater, examples_of_the_rfc) {
  inflater in(15, true);
  EXPECT_EQ(inflate_text(in, {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), "Hello");
  EXPECT_EQ(inflate_text(in, {0xf2, 0x00, 0x11, 0x00, 0x00}), "Hello") << "refers to the message before";
  EXPECT_EQ(inflate_text(in, {0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}), "Hello");
  EXPECT_EQ(inflate_text(in, {0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), "Hello") << "a final block";
  EXPECT_EQ(inflate_text(in, {0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00}),
            "Hello");
}

TEST(inflater, final_block_keeps_the_window) {
  inflater in(15, true);
  const bytes final_block{0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
  bytes twice = final_block;
  twice.insert(twice.end(), final_block.begin(), final_block.end());
  EXPECT_EQ(inflate_text(in, twice), "HelloHello") << "ends with the final block itself";
  EXPECT_EQ(inflate_text(in, {0xf2, 0x00, 0x11, 0x00, 0x00}), "Hello") << "refers across final blocks";
}

TEST(inflater, empty_messages) {
  for (const bool takeover : {true, false}) {
    inflater in(15, takeover);
    EXPECT_EQ(inflate_text(in, {0x00}), "");
    EXPECT_EQ(inflate_text(in, {}), "");
    EXPECT_EQ(inflate_text(in, {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), "Hello");
    EXPECT_EQ(inflate_text(in, {}), "");
    EXPECT_EQ(inflate_text(in, {0x02, 0x00}), "");
  }
}

TEST(inflater, damage) {
  const bytes hello{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
  for (std::size_t n = 1; n + 1 < hello.size(); ++n) {
    EXPECT_EQ(failure_of(bytes(hello.begin(), hello.begin() + static_cast<std::ptrdiff_t>(n))),
              violation::inflate_failed)
        << n;
  }
  bytes junk = hello;
  junk.insert(junk.end(), {0x07, 0xAA, 0x55});
  EXPECT_EQ(failure_of(junk), violation::inflate_failed);
  EXPECT_EQ(failure_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x42}), violation::inflate_failed)
      << "behind a final block";
  EXPECT_EQ(failure_of({0xFF, 0xFF, 0xFF}), violation::inflate_failed);
  EXPECT_EQ(failure_of({0xf2, 0x00, 0x11, 0x00, 0x00}), violation::inflate_failed) << "refers to nothing";
}

TEST(inflater, failure_is_final_only_with_context) {
  inflater with(15, true), without(15, false);
  const bytes hello{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
  EXPECT_EQ(inflate_text(with, {0xFF}), "error: compressed message cannot be decompressed");
  EXPECT_EQ(inflate_text(with, hello), "error: compressed message cannot be decompressed");
  EXPECT_EQ(inflate_text(without, {0xFF}), "error: compressed message cannot be decompressed");
  EXPECT_EQ(inflate_text(without, hello), "Hello");
  EXPECT_EQ(inflate_text(without, {0xf2, 0x00, 0x11, 0x00, 0x00}),
            "error: compressed message cannot be decompressed");
}

TEST(inflater, limit_is_exact) {
  deflater out(15, 6, 8, false);
  for (const std::size_t n : {1u, 255u, 256u, 257u, 5000u, 65536u, 300000u}) {
    const bytes data = deflate_text(out, std::string(n, 'x'));
    inflater in(15, false);
    EXPECT_EQ(inflate_text(in, data, n).size(), n);
    EXPECT_EQ(failure_of(data, n - 1), violation::message_too_big) << n;
  }
  inflater in(15, false);
  EXPECT_EQ(inflate_text(in, {0x00}, 0), "");
}

TEST(inflater, bomb_costs_the_limit_and_no_more) {
  deflater out(15, 9, 9, false);
  const bytes bomb = deflate_text(out, std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000u);
  inflater in(15, false);
  bytes text;
  violation why = violation::none;
  EXPECT_FALSE(in.inflate_message(bomb, text, 100'000, why));
  EXPECT_EQ(why, violation::message_too_big);
  EXPECT_LE(text.capacity(), 2 * 100'000u + 64 * 1024);
}

TEST(inflater, window_smaller_than_the_senders_fails) {
  hawser::test::random_source random;
  const std::string block = random.ascii(1000);
  const std::string first = block + random.ascii(1000);
  deflater out(15, 9, 8, true);
  inflater narrow(9, true), wide(15, true);
  const bytes first_data = deflate_text(out, first);
  const bytes second_data = deflate_text(out, block);
  EXPECT_EQ(inflate_text(wide, first_data), first);
  EXPECT_EQ(inflate_text(wide, second_data), block);
  EXPECT_EQ(inflate_text(narrow, first_data), first);
  EXPECT_EQ(inflate_text(narrow, second_data), "error: compressed message cannot be decompressed");
}

TEST(inflater, window_of_eight_bits) {
  inflater in(8, true);
  EXPECT_EQ(inflate_text(in, {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), "Hello");
  EXPECT_EQ(inflate_text(in, {0xf2, 0x00, 0x11, 0x00, 0x00}), "Hello");
}

TEST(deflater, takes_the_tail_off) {
  deflater out(15, 6, 8, true);
  EXPECT_EQ(deflate_text(out, "Hello"), (bytes{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}));
  EXPECT_EQ(deflate_text(out, "Hello"), (bytes{0xf2, 0x00, 0x11, 0x00, 0x00}));
  EXPECT_EQ(deflate_text(out, ""), (bytes{0x00}));
  EXPECT_EQ(deflate_text(out, ""), (bytes{0x00}));
  deflater single(15, 6, 8, false);
  EXPECT_EQ(deflate_text(single, "Hello"), deflate_text(single, "Hello"));
}

TEST(deflate, random_messages_round_trip) {
  hawser::test::random_source random;
  for (int round = 0; round < 60; ++round) {
    const int bits = 9 + static_cast<int>(random.below(7));
    const bool takeover = random.one_in(2);
    deflater out(bits, 1 + static_cast<int>(random.below(9)), 1 + static_cast<int>(random.below(9)),
                 takeover);
    inflater in(bits, takeover);
    std::string last;
    for (int i = 0; i < 12; ++i) {
      std::string text = random.ascii(random.below(random.one_in(6) ? 200'000 : 500));
      if (random.one_in(3)) text.insert(0, last);
      if (random.one_in(3)) text.append(random.below(100'000), 'z');
      if (random.one_in(5)) text.clear();
      const bytes data = deflate_text(out, text);
      ASSERT_EQ(inflate_text(in, data, text.size()), text) << random.seed();
      last = text.substr(0, 5000);
    }
  }
}

// Sizes around those at which the output buffer is exactly full.
TEST(deflate, incompressible_messages_of_all_sizes_round_trip) {
  hawser::test::random_source random;
  deflater out(15, 1, 8, false);
  inflater in(15, false);
  for (std::size_t n = 65'300; n < 65'700; n += 3) {
    const bytes raw = random.bytes(n);
    const std::string text(raw.begin(), raw.end());
    ASSERT_EQ(inflate_text(in, deflate_text(out, text)), text) << n << " " << random.seed();
  }
}

}  // namespace
}  // namespace hawser::protocol::deflate_stream_test
