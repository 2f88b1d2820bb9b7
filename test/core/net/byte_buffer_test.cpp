// The growing byte queue against a plain string.
#include "core/net/byte_buffer.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace hawser::net::byte_buffer_test {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(byte_buffer& buffer) {
  const auto bytes = buffer.bytes();
  return {bytes.begin(), bytes.end()};
}

TEST(byte_buffer, is_empty_and_owns_nothing_at_first) {
  byte_buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.capacity(), 0u);
  buffer.append({});
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(byte_buffer, gives_bytes_back_in_order) {
  byte_buffer buffer;
  buffer.append(bytes_of("first "));
  buffer.append(bytes_of("second"));
  EXPECT_EQ(text_of(buffer), "first second");
  buffer.consume(6);
  EXPECT_EQ(text_of(buffer), "second");
  buffer.consume(6);
  EXPECT_TRUE(buffer.empty());
}

TEST(byte_buffer, commits_less_than_was_prepared) {
  byte_buffer buffer;
  std::memcpy(buffer.prepare(1000), "abc", 3);
  buffer.commit(3);
  EXPECT_EQ(text_of(buffer), "abc");
}

TEST(byte_buffer, reuses_consumed_room_instead_of_growing) {
  byte_buffer buffer;
  buffer.append(bytes_of(std::string(512, 'x')));
  ASSERT_EQ(buffer.capacity(), 512u);
  for (int i = 0; i < 100; i++) {
    buffer.consume(300);
    buffer.append(bytes_of(std::string(300, 'y')));
  }
  EXPECT_EQ(buffer.capacity(), 512u);
  EXPECT_EQ(buffer.size(), 512u);
}

TEST(byte_buffer, moving_leaves_the_source_empty) {
  byte_buffer from;
  from.append(bytes_of("moved"));
  byte_buffer to(std::move(from));
  EXPECT_EQ(text_of(to), "moved");
  EXPECT_EQ(from.capacity(), 0u);
  byte_buffer third;
  third.append(bytes_of("other"));
  third = std::move(to);
  EXPECT_EQ(text_of(third), "moved");
}

TEST(byte_buffer, free_gives_the_memory_back_and_it_may_be_used_again) {
  byte_buffer buffer;
  buffer.append(bytes_of("x"));
  buffer.free();
  EXPECT_EQ(buffer.capacity(), 0u);
  buffer.append(bytes_of("again"));
  EXPECT_EQ(text_of(buffer), "again");
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
}

TEST(byte_buffer, behaves_as_a_string_under_random_use) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  byte_buffer buffer;
  std::string model;
  for (int i = 0; i < 5000; i++) {
    if (random() % 2 == 0) {
      const std::string piece(random() % 3000, static_cast<char>('a' + i % 26));
      buffer.append(bytes_of(piece));
      model += piece;
    } else if (!model.empty()) {
      const std::size_t n = random() % (model.size() + 1);
      buffer.consume(n);
      model.erase(0, n);
    }
    ASSERT_EQ(buffer.size(), model.size());
    ASSERT_EQ(text_of(buffer), model);
  }
}

}  // namespace
}  // namespace hawser::net::byte_buffer_test
