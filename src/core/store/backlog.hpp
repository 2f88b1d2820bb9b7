// What waits for the next transaction. Puts are copied one behind the other into one buffer; a removal of
// what still waits only marks it, so what was delivered before the disk came round never reaches it.
//
//   settled | puts                                  bytes
//   keys    | key, offset, sizes, fields, dropped → | id payload | id payload | …
//
// No thread of its own: the store guards the one that fills, its thread owns the one that is being written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/store/stored_message.hpp"

namespace hawser::store {

class backlog {
 public:
  struct waiting_put {
    message_key key;
    std::size_t offset;
    std::size_t id_size;
    std::size_t payload_size;
    std::int64_t expires_at;
    std::uint32_t flags;
    std::uint8_t priority;
    bool dropped;  // removed while it waited
  };

  // `key` is larger than every key given to put and clear before. May throw std::bad_alloc, changing nothing.
  void put(message_key key, const message_view& message);
  // Forgets every put and removal so far and has the transaction begin with an empty line.
  void clear(message_key key);
  void remove(message_key key);
  // Takes back the removals of a transaction that failed.
  void remove_again(const std::vector<message_key>& keys);
  // Empties it and keeps the memory up to a bound.
  void reset() noexcept;

  // What reset() would lose: calls that have an outcome, and the memory they take.
  std::size_t count() const noexcept { return settled_.size() + puts_.size(); }
  std::size_t bytes() const noexcept { return bytes_.size() + count() * sizeof(waiting_put); }

  bool clears() const noexcept { return clears_; }
  // Keys of clear, and of puts it made void, in the order of the calls; before all of puts().
  const std::vector<message_key>& settled() const noexcept { return settled_; }
  const std::vector<waiting_put>& puts() const noexcept { return puts_; }
  // Sorted, each once.
  const std::vector<message_key>& sorted_removals();
  bool has_removals() const noexcept { return !removals_.empty(); }
  message_view message(const waiting_put& put) const noexcept;

 private:
  static constexpr std::size_t kept_bytes = std::size_t{1} << 20;
  static constexpr std::size_t kept_puts = 16384;

  void compact();

  std::vector<char> bytes_;
  std::vector<waiting_put> puts_;
  std::vector<message_key> settled_;
  std::vector<message_key> removals_;
  std::size_t compact_at_ = kept_puts;  // size of removals_ from which duplicates are taken out
  bool clears_ = false;
};

}  // namespace hawser::store
