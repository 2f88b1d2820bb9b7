// The block pool: rules one by one, then random use with every byte checked.
#include "core/client/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/protocol/random.hpp"

namespace hawser::client::block_pool_test {
namespace {

TEST(block_pool, gives_aligned_blocks_and_takes_them_back) {
  block_pool pool;
  EXPECT_EQ(pool.reserved(), 0u);
  for (const std::size_t size : {1u, 64u, 191u, 192u, 193u, 768u, 1024u, 1025u, 100'000u}) {
    void* const block = pool.allocate(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
    std::memset(block, 0xAB, size);
    pool.release(block, size);
  }
  EXPECT_EQ(pool.reserved(), 4 * block_pool::slab_size) << "192, 256, 768 and 1024";
}

TEST(block_pool, one_message_after_the_other_uses_one_slab) {
  block_pool pool;
  for (int i = 0; i < 100'000; ++i) pool.release(pool.allocate(180), 180);
  EXPECT_EQ(pool.reserved(), block_pool::slab_size);
}

TEST(block_pool, a_burst_gives_its_memory_back) {
  block_pool pool;
  std::vector<void*> blocks(10'000);
  for (void*& block : blocks) block = pool.allocate(300);
  EXPECT_GE(pool.reserved(), blocks.size() * 384);
  for (void* block : blocks) pool.release(block, 300);
  EXPECT_LE(pool.reserved(), (block_pool::max_spare + 1) * block_pool::slab_size);
}

TEST(block_pool, slabs_go_from_one_size_to_another) {
  block_pool pool;
  std::size_t most = 0;
  for (const std::size_t size : {100u, 200u, 300u, 500u, 700u, 1000u}) {
    std::vector<void*> blocks(block_pool::slab_size * 6 / size);
    for (void*& block : blocks) block = pool.allocate(size);
    most = std::max(most, pool.reserved());
    for (void* block : blocks) pool.release(block, size);
  }
  EXPECT_LE(most, 20 * block_pool::slab_size) << "not six times as much";
}

TEST(block_pool, blocks_never_overlap) {
  hawser::test::random_source random;
  struct held {
    unsigned char* bytes;
    std::size_t size;
    unsigned char mark;
  };
  block_pool pool;
  std::vector<held> all;
  for (int round = 0; round < 40'000; ++round) {
    // Grows to a few hundred and falls back to none, again and again.
    const bool grow = all.empty() || (random.below(1000) < (round / 1000 % 2 == 0 ? 700u : 300u));
    if (grow) {
      const std::size_t size = 1 + random.below(random.one_in(10) ? 3000 : 1024);
      auto* const bytes = static_cast<unsigned char*>(pool.allocate(size));
      const auto mark = random.byte();
      std::memset(bytes, mark, size);
      all.push_back({bytes, size, mark});
    } else {
      std::swap(all[random.below(all.size())], all.back());
      const held last = all.back();
      all.pop_back();
      for (std::size_t i = 0; i < last.size; ++i) ASSERT_EQ(last.bytes[i], last.mark) << random.seed();
      pool.release(last.bytes, last.size);
    }
  }
  for (const held& h : all) pool.release(h.bytes, h.size);
  EXPECT_LE(pool.reserved(), (block_pool::max_spare + 6) * block_pool::slab_size);
}

}  // namespace
}  // namespace hawser::client::block_pool_test
