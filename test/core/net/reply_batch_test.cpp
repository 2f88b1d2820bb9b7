#include "core/net/reply_batch.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace hawser::net::test::reply_batch_test {
namespace {

std::vector<std::uint32_t> tokens_of(const client_record& record) {
  std::vector<std::uint32_t> out(record.head.size() / sizeof(std::uint32_t));
  std::memcpy(out.data(), record.head.data(), record.head.size());
  return out;
}

TEST(ReplyBatch, IsAnArrayOfPayloads) {
  reply_batch batch;
  EXPECT_TRUE(batch.empty());
  batch.add(7, bytes_of("{\"price\":3}"), true);
  batch.add(9, bytes_of("\"done\""), true);
  EXPECT_FALSE(batch.empty());
  const client_record record = batch.finish(5);
  EXPECT_EQ(record.kind, event_kind::client_answers);
  EXPECT_EQ(record.client, 5u);
  EXPECT_EQ(record.aux, 2u);
  EXPECT_TRUE(record.flags.ascii);
  EXPECT_EQ(tokens_of(record), (std::vector<std::uint32_t>{7, 9}));
  EXPECT_EQ(text_of(record.body), R"([{"price":3},"done"])");
}

TEST(ReplyBatch, IsAsciiAsLongAsAllAre) {
  reply_batch batch;
  batch.add(1, bytes_of("1"), true);
  batch.add(2, bytes_of("\"\xc3\xbc\""), false);
  batch.add(3, bytes_of("3"), true);
  EXPECT_FALSE(batch.finish(0).flags.ascii);
  batch.clear();
  EXPECT_TRUE(batch.empty());
  batch.add(4, bytes_of("4"), true);
  const client_record record = batch.finish(0);
  EXPECT_TRUE(record.flags.ascii);
  EXPECT_EQ(tokens_of(record), (std::vector<std::uint32_t>{4}));
  EXPECT_EQ(text_of(record.body), "[4]");
}

TEST(ReplyBatch, IsFullOfManyOrOfLongOnes) {
  reply_batch batch;
  std::uint32_t count = 0;
  while (!batch.full()) batch.add(++count, bytes_of("1"), true);
  EXPECT_EQ(count, 64u);
  batch.clear();
  const std::string longer(20'000, '1');
  batch.add(1, bytes_of(longer), true);
  EXPECT_TRUE(batch.full());
  EXPECT_EQ(text_of(batch.finish(0).body), '[' + longer + ']');
  batch.clear();
  EXPECT_FALSE(batch.full());
}

}  // namespace
}  // namespace hawser::net::test::reply_batch_test
