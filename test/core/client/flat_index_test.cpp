// The hash index against a map, with good hashes and with very bad ones; and the hash itself.
#include "core/client/flat_index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/protocol/random.hpp"

namespace hawser::client::flat_index_test {
namespace {

TEST(flat_index, equals_a_map_under_random_operations) {
  hawser::test::random_source random;
  for (int round = 0; round < 60; ++round) {
    flat_index<std::uint32_t> index;
    std::map<std::uint32_t, std::uint32_t> model;
    const std::uint32_t spread = round % 3 == 0 ? 4 : round % 3 == 1 ? 100 : 0xffffffffu;
    const std::uint32_t offset = round % 2 == 0 ? 0 : 0xfffffff0u;  // runs that wrap around the end
    const auto hash_of = [&](std::uint32_t key) {
      const std::uint32_t hash = static_cast<std::uint32_t>(hash_number(key, 7) % spread) + offset;
      return hash != 0 ? hash : 1;
    };
    for (int step = 0; step < 3000; ++step) {
      const auto key = static_cast<std::uint32_t>(random.below(step < 1500 ? 300 : 40));
      const auto same = [key](std::uint32_t value) { return value / 10 == key; };
      const std::uint32_t* const found = index.find(hash_of(key), same);
      ASSERT_EQ(found != nullptr, model.contains(key)) << random.seed();
      if (found != nullptr) {
        ASSERT_EQ(*found, model[key]);
      }
      if (random.one_in(2)) {
        if (found == nullptr) {
          model[key] = key * 10 + 3;
          index.insert(hash_of(key), key * 10 + 3);
        }
      } else {
        ASSERT_EQ(index.erase(hash_of(key), same), model.erase(key) == 1) << random.seed();
      }
      ASSERT_EQ(index.size(), model.size());
    }
    std::set<std::uint32_t> values;
    index.for_each([&](std::uint32_t value) { EXPECT_TRUE(values.insert(value).second); });
    EXPECT_EQ(values.size(), model.size());
  }
}

TEST(flat_index, an_emptied_large_index_gives_its_memory_back) {
  flat_index<std::uint32_t> index;
  EXPECT_EQ(index.memory(), 0u);
  for (std::uint32_t i = 0; i < 100'000; ++i) index.insert(hash_number(i, 0), i);
  EXPECT_GE(index.memory(), 100'000u * 8);
  for (std::uint32_t i = 0; i < 100'000; ++i)
    ASSERT_TRUE(index.erase(hash_number(i, 0), [i](std::uint32_t v) { return v == i; }));
  EXPECT_EQ(index.memory(), 0u);
  index.insert(1, 5);
  EXPECT_NE(index.find(1, [](std::uint32_t v) { return v == 5; }), nullptr);
}

TEST(hash_id, sees_every_byte_the_length_and_the_seed) {
  hawser::test::random_source random;
  for (std::size_t size = 1; size <= 40; ++size) {
    const std::string id = random.ascii(size);
    const std::uint32_t hash = hash_id(id, 1);
    EXPECT_NE(hash, 0u);
    EXPECT_EQ(hash, hash_id(std::string(id), 1));
    EXPECT_NE(hash, hash_id(id, 2)) << id;
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = id;
      other[i] = static_cast<char>(other[i] ^ 1);
      EXPECT_NE(hash_id(other, 1), hash) << id << " at " << i;
    }
    EXPECT_NE(hash_id(id + '\0', 1), hash);
  }
  EXPECT_NE(hash_id("", 0), 0u);
}

TEST(hash_id, spreads_numbered_ids) {
  for (const char* prefix : {"", "m", "request-", "a-very-long-prefix-of-ids-"}) {
    std::map<std::uint32_t, int> low;
    for (int i = 0; i < 65'536; ++i) ++low[hash_id(prefix + std::to_string(i), 0) & 0xffff];
    int most = 0;
    for (const auto& [bits, count] : low) most = std::max(most, count);
    // 65536 balls in as many bins: about 41400 bins are hit, and about 8 balls fall into the fullest.
    EXPECT_GT(low.size(), 40'000u) << prefix;
    EXPECT_LT(most, 16) << prefix;
  }
}

}  // namespace
}  // namespace hawser::client::flat_index_test
