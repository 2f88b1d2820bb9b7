// Frame headers and masking.
#include "core/protocol/frame.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "random.hpp"

namespace hawser::protocol::frame_test {
namespace {

using bytes = std::vector<std::uint8_t>;

bytes header(opcode op, bool fin, bool rsv1, std::uint64_t payload, const std::uint8_t* mask) {
  std::array<std::uint8_t, max_frame_header> out;
  const std::size_t n = write_frame_header(out.data(), op, fin, rsv1, payload, mask);
  EXPECT_EQ(n, frame_header_size(payload, mask != nullptr));
  return bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
}

TEST(frame_header, short_length) {
  EXPECT_EQ(header(opcode::text, true, false, 0, nullptr), (bytes{0x81, 0}));
  EXPECT_EQ(header(opcode::binary, true, false, 125, nullptr), (bytes{0x82, 125}));
  EXPECT_EQ(header(opcode::continuation, false, false, 5, nullptr), (bytes{0x00, 5}));
  EXPECT_EQ(header(opcode::text, false, true, 5, nullptr), (bytes{0x41, 5}));
}

TEST(frame_header, sixteen_bit_length) {
  EXPECT_EQ(header(opcode::text, true, false, 126, nullptr), (bytes{0x81, 126, 0, 126}));
  EXPECT_EQ(header(opcode::text, true, false, 65535, nullptr), (bytes{0x81, 126, 0xFF, 0xFF}));
}

TEST(frame_header, sixty_four_bit_length) {
  EXPECT_EQ(header(opcode::text, true, false, 65536, nullptr), (bytes{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(header(opcode::text, true, false, 1ULL << 32, nullptr),
            (bytes{0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(header(opcode::text, true, false, 0x7FFFFFFFFFFFFFFF, nullptr),
            (bytes{0x81, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
}

TEST(frame_header, masked) {
  const std::uint8_t mask[4] = {1, 2, 3, 4};
  EXPECT_EQ(header(opcode::ping, true, false, 3, mask), (bytes{0x89, 0x83, 1, 2, 3, 4}));
  EXPECT_EQ(header(opcode::text, true, false, 300, mask), (bytes{0x81, 0xFE, 1, 44, 1, 2, 3, 4}));
  EXPECT_EQ(header(opcode::text, true, false, 65536, mask).size(), max_frame_header);
}

// All lengths around the vector widths, all alignments, all phases, against the definition.
TEST(masking, equals_definition) {
  hawser::test::random_source random;
  const std::uint8_t mask[4] = {0x8F, 0x01, 0x7A, 0xC3};
  for (std::size_t n = 0; n < 200; ++n) {
    for (std::size_t offset = 0; offset < 17; offset += 4) {
      for (std::size_t phase = 0; phase < 5; ++phase) {
        bytes data = random.bytes(n + offset + 8);
        bytes expected = data;
        bool ascii = true;
        for (std::size_t i = 0; i < n; ++i) {
          expected[offset + i] ^= mask[(phase + i) % 4];
          ascii = ascii && expected[offset + i] < 0x80;
        }
        bytes copy(n, 0);
        copy_masked(copy.data(), data.data() + offset, n, mask, phase);
        ASSERT_TRUE(
            std::equal(copy.begin(), copy.end(), expected.begin() + static_cast<std::ptrdiff_t>(offset)));
        bytes checked = data;
        apply_mask(data.data() + offset, n, mask, phase);
        ASSERT_EQ(data, expected) << n << " " << offset << " " << phase;
        ASSERT_EQ(apply_mask_ascii(checked.data() + offset, n, mask, phase), ascii);
        ASSERT_EQ(checked, expected);
      }
    }
  }
}

// One byte above 0x7F at each place of an ASCII text is seen, by both functions.
TEST(masking, ascii_sees_every_place) {
  const std::uint8_t mask[4] = {0x11, 0xA2, 0x33, 0xC4};
  for (std::size_t n = 0; n < 400; n += n < 100 ? 1 : 37) {
    bytes text(n, 'a');
    EXPECT_TRUE(is_ascii(text.data(), n));
    bytes masked = text;
    apply_mask(masked.data(), n, mask, 0);
    bytes again = masked;
    EXPECT_TRUE(apply_mask_ascii(again.data(), n, mask, 0));
    EXPECT_EQ(again, text);
    for (std::size_t at = 0; at < n; ++at) {
      text[at] = 0x80;
      ASSERT_FALSE(is_ascii(text.data(), n)) << n << " " << at;
      text[at] = 'a';
      again = masked;
      again[at] ^= 0x80;
      ASSERT_FALSE(apply_mask_ascii(again.data(), n, mask, 0)) << n << " " << at;
    }
  }
}

}  // namespace
}  // namespace hawser::protocol::frame_test
