// The table, the list and the stack of the store.
#include "core/router/message_store.hpp"

namespace hawser::router {

message_store::message_store(std::uint64_t seed) : hasher_(seed), table_(16), mask_(table_.size() - 1) {}

bool message_store::put(const message_key& key, const message_view& message, time_ms due) {
  const std::uint32_t hash = hasher_(key);
  std::size_t at = hash & mask_;
  for (; table_[at].entry != none; at = (at + 1) & mask_) {
    if (table_[at].hash != hash) continue;
    message_slot& slot = entries_[table_[at].entry].slot;
    if (slot.key() != key) continue;
    const std::size_t before = slot.capacity();
    slot.replace(message);
    bytes_ += slot.capacity() - before;
    return true;
  }

  const std::uint32_t index = take_entry();
  entry& added = entries_[index];
  const std::size_t before = added.slot.capacity();
  added.slot.assign(key, message);
  bytes_ += added.slot.capacity() - before;
  added.due = due;
  added.hash = hash;
  added.next = none;
  (empty() ? front_ : entries_[back_].next) = index;
  back_ = index;
  if (++size_ * 2 > table_.size()) {
    grow_table();
  } else {
    table_[at] = {hash, index};
  }
  return false;
}

void message_store::pop_front(bool keep) noexcept {
  const std::uint32_t index = front_;
  entry& removed = entries_[index];
  erase_place(removed.hash, index);
  front_ = removed.next;
  --size_;
  if (!keep || removed.slot.capacity() > kept_capacity) {
    bytes_ -= removed.slot.capacity();
    removed.slot.release();
  }
  spare_bytes_ += removed.slot.capacity();
  removed.next = spare_;
  spare_ = index;
}

void message_store::free_spare() noexcept {
  for (std::uint32_t index = spare_; spare_bytes_ > 0; index = entries_[index].next) {
    message_slot& slot = entries_[index].slot;
    bytes_ -= slot.capacity();
    spare_bytes_ -= slot.capacity();
    slot.release();
  }
}

std::size_t message_store::free_place(std::uint32_t hash) const noexcept {
  std::size_t at = hash & mask_;
  while (table_[at].entry != none) at = (at + 1) & mask_;
  return at;
}

// Closes the gap: what stands behind it moves up, unless it would come before the place that its hash names.
void message_store::erase_place(std::uint32_t hash, std::uint32_t entry) noexcept {
  std::size_t gap = hash & mask_;
  while (table_[gap].entry != entry) gap = (gap + 1) & mask_;
  for (std::size_t at = (gap + 1) & mask_; table_[at].entry != none; at = (at + 1) & mask_) {
    const std::size_t distance = (at - table_[at].hash) & mask_;
    if (distance < ((at - gap) & mask_)) continue;
    table_[gap] = table_[at];
    gap = at;
  }
  table_[gap] = {};
}

// Twice the places, for all entries of the list.
void message_store::grow_table() {
  table_.assign(table_.size() * 2, {});
  mask_ = table_.size() - 1;
  for (std::uint32_t index = front_; index != none; index = entries_[index].next) {
    table_[free_place(entries_[index].hash)] = {entries_[index].hash, index};
  }
}

std::uint32_t message_store::take_entry() {
  if (spare_ != none) {
    const std::uint32_t index = spare_;
    spare_ = entries_[index].next;
    spare_bytes_ -= entries_[index].slot.capacity();
    return index;
  }
  entries_.emplace_back();
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

}  // namespace hawser::router
