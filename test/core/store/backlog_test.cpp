// What waits for a transaction: order, voids, bounds.
#include "core/store/backlog.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hawser::store::backlog_test {
namespace {

using keys = std::vector<message_key>;

TEST(Backlog, HoldsCopiesInOrder) {
  backlog list;
  for (int i = 0; i < 100; ++i) {
    const std::string id = "id-" + std::to_string(i);
    const std::string payload(static_cast<std::size_t>(i) * 7, static_cast<char>('a' + i % 26));
    list.put(first_new_key + static_cast<message_key>(i),
             {id, payload, i * 1000, static_cast<std::uint32_t>(i), 2});
  }
  ASSERT_EQ(list.puts().size(), 100u);
  for (int i = 0; i < 100; ++i) {
    const auto& put = list.puts()[static_cast<std::size_t>(i)];
    const message_view message = list.message(put);
    EXPECT_EQ(put.key, first_new_key + static_cast<message_key>(i));
    EXPECT_EQ(message.id, "id-" + std::to_string(i));
    EXPECT_EQ(message.payload, std::string(static_cast<std::size_t>(i) * 7, static_cast<char>('a' + i % 26)));
    EXPECT_EQ(message.expires_at, i * 1000);
    EXPECT_EQ(message.flags, static_cast<std::uint32_t>(i));
    EXPECT_EQ(message.priority, 2);
  }
}

TEST(Backlog, EmptyTextsAreTexts) {
  backlog list;
  list.put(first_new_key, {});
  EXPECT_EQ(list.message(list.puts()[0]).id, "");
  EXPECT_EQ(list.message(list.puts()[0]).payload, "");
}

TEST(Backlog, RemovalsAreSortedAndUnique) {
  backlog list;
  for (const message_key key : {9u, 3u, 7u, 3u, 9u, 1u}) list.remove(key);
  EXPECT_TRUE(list.has_removals());
  EXPECT_EQ(list.sorted_removals(), (keys{1, 3, 7, 9}));
  list.remove_again({7, 8});
  EXPECT_EQ(list.sorted_removals(), (keys{1, 3, 7, 8, 9}));
}

TEST(Backlog, RemovingTheSameForeverTakesNoMemory) {
  backlog list;
  for (int i = 0; i < 1'000'000; ++i) list.remove(static_cast<message_key>(1 + i % 10));
  EXPECT_EQ(list.sorted_removals().size(), 10u);
  EXPECT_LE(list.sorted_removals().capacity(), 65536u);
}

TEST(Backlog, ARemovalOfWhatWaitsOnlyMarksIt) {
  backlog list;
  list.put(first_new_key + 1, {"a", "1"});
  list.put(first_new_key + 5, {"b", "2"});
  list.remove(first_new_key + 5);
  list.remove(first_new_key + 3);  // between the two, so never stored
  list.remove(first_new_key);      // before them: it may be stored
  EXPECT_FALSE(list.puts()[0].dropped);
  EXPECT_TRUE(list.puts()[1].dropped);
  EXPECT_EQ(list.sorted_removals(), (keys{first_new_key}));
  EXPECT_EQ(list.count(), 2u) << "a dropped put still has an outcome";
}

TEST(Backlog, ClearMakesAllBeforeItVoid) {
  backlog list;
  list.remove(4);
  list.put(first_new_key, {"a", "1"});
  list.clear(first_new_key + 1);
  list.put(first_new_key + 2, {"b", "2"});
  list.clear(first_new_key + 3);
  list.put(first_new_key + 4, {"c", "3"});
  list.remove(first_new_key + 2);
  EXPECT_TRUE(list.clears());
  EXPECT_EQ(list.settled(), (keys{first_new_key, first_new_key + 1, first_new_key + 2, first_new_key + 3}));
  ASSERT_EQ(list.puts().size(), 1u);
  EXPECT_EQ(list.message(list.puts()[0]).id, "c");
  EXPECT_EQ(list.count(), 5u);
}

TEST(Backlog, ResetEmptiesIt) {
  backlog list;
  list.put(first_new_key, {"a", std::string(3 << 20, 'x')});
  list.clear(first_new_key + 1);
  list.put(first_new_key + 2, {"a", "b"});
  list.remove(1);
  EXPECT_GT(list.bytes(), 2u);
  list.reset();
  EXPECT_EQ(list.count(), 0u);
  EXPECT_EQ(list.bytes(), 0u);
  EXPECT_FALSE(list.clears());
  EXPECT_FALSE(list.has_removals());
  EXPECT_TRUE(list.puts().empty() && list.settled().empty());
}

}  // namespace
}  // namespace hawser::store::backlog_test
