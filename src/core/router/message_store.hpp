// The latest message of each key, in the order in which the keys came. Finding, replacing, adding at the end
// and removing at the front are O(1); in a steady state nothing is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/protocol/time.hpp"
#include "core/router/message_slot.hpp"

namespace hawser::router {

using protocol::time_ms;

//   table:   | hash, entry | - | hash, entry | …    open addressing, at most half full
//   entries: | slot, due, next | …                  in use: a list from front_ to back_
//                                                   spare: a stack whose buffers are used again
// Besides bytes() it holds at most 128 bytes for each key of its fullest moment.
class message_store {
 public:
  explicit message_store(std::uint64_t seed);

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  // Memory for keys and messages, with its slack and what spare entries keep for later.
  std::size_t bytes() const noexcept { return bytes_; }

  // True: replaced the message of this key, whose time and place stay. False: added it at the end.
  bool put(const message_key& key, const message_view& message, time_ms due);

  // Of the key that came first; there must be one. Valid until the next change.
  message_view front() const noexcept { return entries_[front_].slot.message(); }
  time_ms front_due() const noexcept { return entries_[front_].due; }

  // `keep`: its memory waits for the next key, unless it is larger than usual; else it is given back.
  void pop_front(bool keep) noexcept;

  // Gives back the memory that waits for keys to come. Costs no more than the calls that left it there.
  void free_spare() noexcept;

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t kept_capacity = 2048;

  struct entry {
    message_slot slot;
    time_ms due = 0;
    std::uint32_t hash = 0;
    std::uint32_t next = none;
  };
  struct place {
    std::uint32_t hash = 0;
    std::uint32_t entry = none;
  };

  std::size_t free_place(std::uint32_t hash) const noexcept;
  void erase_place(std::uint32_t hash, std::uint32_t entry) noexcept;
  void grow_table();
  std::uint32_t take_entry();

  key_hasher hasher_;
  std::vector<place> table_;
  std::size_t mask_;
  std::vector<entry> entries_;
  std::uint32_t front_ = none;
  std::uint32_t back_ = none;
  std::uint32_t spare_ = none;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t spare_bytes_ = 0;  // part of bytes_
};

}  // namespace hawser::router
