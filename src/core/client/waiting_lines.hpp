// The messages that wait to be sent, in the order in which they will be: by priority, and in order within.
// Three lists a priority, each sorted: restored ones first, then those that are kept and those that may be
// evicted, merged by their order. So the next to send and the next to evict are found without a search.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/client/message.hpp"

namespace hawser::client {

class waiting_lines {
 public:
  // Where put_back() put the previous message of each list: returning n messages in reverse takes n steps.
  using hints = std::array<message*, 4 * priorities>;

  std::size_t size() const noexcept { return size_; }
  std::size_t size(message_priority p) const noexcept {
    const std::size_t first = index(p, restored);
    return lists_[first].size() + lists_[first + 1].size() + lists_[first + 2].size();
  }

  // Null: nothing waits.
  message* front() const noexcept { return filled_ != 0 ? lists_[first_list()].front() : nullptr; }
  // Of one priority; null: none of it waits.
  const message* front(message_priority p) const noexcept {
    const std::size_t first = index(p, restored);
    if (const message* const m = lists_[first].front()) return m;
    const message* const a = lists_[first + kept].front();
    const message* const b = lists_[first + plain].front();
    if (a == nullptr || b == nullptr) return a != nullptr ? a : b;
    return a->order < b->order ? a : b;
  }
  message* pop_front() noexcept {
    if (filled_ == 0) return nullptr;
    const std::size_t list = first_list();
    message* const m = lists_[list].pop_front();
    removed(list, *m);
    return m;
  }

  // A new message: its order is above all of its list.
  void push_back(message& m) noexcept {
    const std::size_t list = list_of(m);
    lists_[list].push_back(m);
    added(list, m);
  }
  // The same for one that is neither restored nor kept.
  void push_back_plain(message& m) noexcept {
    const std::size_t list = index(m.data.priority, plain);
    lists_[list].push_back(m);
    added(list, m);
  }
  // A restored one: usually in order, any order is right.
  void insert(message& m) noexcept;
  // One that was in flight. The hints are null at first; nothing else changes between calls that share them.
  void put_back(message& m, hints& near) noexcept;
  void remove(message& m) noexcept {
    const std::size_t list = list_of(m);
    lists_[list].remove(m);
    removed(list, m);
  }

  // What may be evicted of one priority.
  std::size_t evictable_count(message_priority p) const noexcept { return lists_[index(p, plain)].size(); }
  std::size_t evictable_bytes(message_priority p) const noexcept { return list_bytes_[index(p, plain)]; }
  // Who goes first: the oldest of all, or the oldest of the lowest priority. Null: none may go.
  message* victim(bool by_priority) const noexcept;

  // In the order of sending, until fn returns false.
  template <class Fn>
  void for_each(Fn&& fn) const {
    for (std::size_t p = 0; p < priorities; ++p) {
      const message_list& first = lists_[4 * p + restored];
      for (const message* m = first.front(); m != nullptr; m = first.after(*m)) {
        if (!fn(*m)) return;
      }
      const message_list& a = lists_[4 * p + kept];
      const message_list& b = lists_[4 * p + plain];
      const message* x = a.front();
      const message* y = b.front();
      while (x != nullptr || y != nullptr) {
        const bool take_x = y == nullptr || (x != nullptr && x->order < y->order);
        if (!fn(take_x ? *x : *y)) return;
        (take_x ? x : y) = take_x ? a.after(*x) : b.after(*y);
      }
    }
  }

 private:
  enum kind : std::size_t { restored, kept, plain };

  static constexpr std::size_t index(message_priority p, kind k) noexcept {
    return 4 * static_cast<std::size_t>(p) + k;
  }
  static std::size_t list_of(const message& m) noexcept {
    return index(m.data.priority, m.restored() ? restored : m.kept() ? kept : plain);
  }
  // Where the next message to send is. Not empty.
  std::size_t first_list() const noexcept {
    const auto first = static_cast<std::size_t>(std::countr_zero(filled_));
    if ((first & 3) != kept || (filled_ >> first & 2) == 0) return first;
    return lists_[first + 1].front()->order < lists_[first].front()->order ? first + 1 : first;
  }
  void added(std::size_t list, const message& m) noexcept {
    filled_ |= 1u << list;
    ++size_;
    list_bytes_[list] += m.data.payload.size();
  }
  void removed(std::size_t list, const message& m) noexcept {
    if (lists_[list].empty()) filled_ ^= 1u << list;
    --size_;
    list_bytes_[list] -= m.data.payload.size();
  }

  std::array<message_list, 4 * priorities> lists_;  // every fourth is unused: indices are cheaper so
  std::array<std::size_t, 4 * priorities> list_bytes_{};
  std::size_t size_ = 0;
  std::uint32_t filled_ = 0;  // a bit a list
};

}  // namespace hawser::client
