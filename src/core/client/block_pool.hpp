// Memory of messages: blocks of a few sizes out of slabs, so that a message costs no call of the allocator.
// A slab serves one size at a time and any size after it emptied; so drifting message sizes keep no memory.
//
//   slab, 16 KiB, aligned to its size   | header | block | block | … |      block → slab: clear the low bits
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "core/client/poison.hpp"

namespace hawser::client {

class block_pool {
 public:
  // A block of more bytes than this comes from the allocator itself.
  static constexpr std::size_t largest = 1024;
  static constexpr std::size_t slab_size = 16 * 1024;
  // Empty slabs that are kept for reuse; further ones go back to the allocator at once.
  static constexpr std::size_t max_spare = 8;

  block_pool() = default;
  // Every block was released before.
  ~block_pool();
  block_pool(const block_pool&) = delete;
  block_pool& operator=(const block_pool&) = delete;

  // At least `size` bytes, aligned to 16. release() wants the same size.
  void* allocate(std::size_t size) {
    if (size > largest) return ::operator new(size);
    const std::size_t which = classes_by_size[(size + 63) / 64];
    slab* s = classes_[which].current;
    if (s == nullptr || s->full()) s = refill(which);
    ++s->live;
    void* block = s->free;
    if (block != nullptr) {
      s->free = s->free->next;
    } else {
      block = reinterpret_cast<std::byte*>(s) + s->fresh;
      s->fresh += s->block_size;
    }
    unpoison(block, s->block_size);
    return block;
  }
  void release(void* block, std::size_t size) noexcept {
    if (size > largest) {
      ::operator delete(block);
      return;
    }
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(block) & (slab_size - 1);
    auto* const s = reinterpret_cast<slab*>(static_cast<std::byte*>(block) - offset);
    free_block* const others = s->free;
    const bool was_full = others == nullptr && s->full();
    s->free = new (block) free_block{others};
    poison(s->free + 1, s->block_size - sizeof(free_block));
    --s->live;
    // The current slab stays even when empty, or one message after the other would move it to and fro.
    if (s != classes_[s->which].current && (was_full || s->live == 0)) relist(s, was_full);
  }

  // Bytes of slabs, used or spare; blocks above `largest` are not counted.
  std::size_t reserved() const noexcept { return slabs_ * slab_size; }

 private:
  struct free_block {
    free_block* next;
  };
  struct alignas(64) slab {
    slab* prev;
    slab* next;
    free_block* free;
    std::uint32_t live;
    std::uint32_t fresh;  // offset of the first byte that was never given out
    std::uint32_t block_size;
    std::uint32_t which;

    bool full() const noexcept { return free == nullptr && fresh + block_size > slab_size; }
  };
  static constexpr std::array<std::uint32_t, 6> sizes{192, 256, 384, 512, 768, 1024};
  // From the size in units of 64 bytes, rounded up.
  static constexpr std::array<std::uint8_t, 17> classes_by_size{0, 0, 0, 0, 1, 2, 2, 3, 3,
                                                                4, 4, 4, 4, 5, 5, 5, 5};
  struct size_class {
    slab* current = nullptr;  // blocks come from here
    slab* partial = nullptr;  // others with room; full ones are in no list
  };

  slab* refill(std::size_t which);
  void relist(slab* s, bool was_full) noexcept;
  void retire(slab* empty) noexcept;

  std::array<size_class, sizes.size()> classes_;
  slab* spare_ = nullptr;
  std::size_t spares_ = 0;
  std::size_t slabs_ = 0;
};

}  // namespace hawser::client
