// The slabs of the block pool, and the lists that they are in.
#include "core/client/block_pool.hpp"

#include <utility>

namespace hawser::client {

block_pool::~block_pool() {
  for (size_class& c : classes_) {
    if (c.current != nullptr) retire(std::exchange(c.current, nullptr));
  }
  while (spare_ != nullptr) {
    slab* const next = spare_->next;
    ::operator delete(spare_, std::align_val_t(slab_size));
    spare_ = next;
  }
}

// The current slab is full or there is none: a partly free one takes its place, a spare one, or a new one.
block_pool::slab* block_pool::refill(std::size_t which) {
  size_class& c = classes_[which];
  slab* s = c.partial;
  if (s != nullptr) {
    c.partial = s->next;
    if (s->next != nullptr) s->next->prev = nullptr;
  } else {
    if (spare_ != nullptr) {
      s = spare_;
      spare_ = s->next;
      --spares_;
    } else {
      s = static_cast<slab*>(::operator new(slab_size, std::align_val_t(slab_size)));
      ++slabs_;
    }
    s = new (s) slab{.prev = nullptr,
                     .next = nullptr,
                     .free = nullptr,
                     .live = 0,
                     .fresh = sizeof(slab),
                     .block_size = sizes[which],
                     .which = static_cast<std::uint32_t>(which)};
    poison(s + 1, slab_size - sizeof(slab));
  }
  c.current = s;
  return s;
}

// A slab that is not the current one has a free block for the first time, or is empty.
void block_pool::relist(slab* s, bool was_full) noexcept {
  size_class& c = classes_[s->which];
  if (s->live == 0) {
    if (!was_full) {
      (s->prev != nullptr ? s->prev->next : c.partial) = s->next;
      if (s->next != nullptr) s->next->prev = s->prev;
    }
    retire(s);
    return;
  }
  s->prev = nullptr;
  s->next = c.partial;
  if (c.partial != nullptr) c.partial->prev = s;
  c.partial = s;
}

void block_pool::retire(slab* empty) noexcept {
  unpoison(empty, slab_size);
  if (spares_ >= max_spare) {
    ::operator delete(empty, std::align_val_t(slab_size));
    --slabs_;
    return;
  }
  empty->next = spare_;
  spare_ = empty;
  ++spares_;
}

}  // namespace hawser::client
