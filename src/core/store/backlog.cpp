#include "core/store/backlog.hpp"

#include <algorithm>
#include <type_traits>

namespace hawser::store {

void backlog::put(message_key key, const message_view& message) {
  const std::size_t offset = bytes_.size();
  puts_.push_back({key, offset, message.id.size(), message.payload.size(), message.expires_at, message.flags,
                   message.priority, false});
  try {
    const std::size_t end = offset + message.id.size() + message.payload.size();
    if (end > bytes_.capacity()) bytes_.reserve(std::max(end, 2 * bytes_.capacity()));
  } catch (...) {
    puts_.pop_back();
    throw;
  }
  bytes_.insert(bytes_.end(), message.id.begin(), message.id.end());
  bytes_.insert(bytes_.end(), message.payload.begin(), message.payload.end());
}

void backlog::clear(message_key key) {
  const std::size_t size = settled_.size() + puts_.size() + 1;
  if (size > settled_.capacity()) settled_.reserve(std::max(size, 2 * settled_.capacity()));
  for (const auto& put : puts_) settled_.push_back(put.key);
  settled_.push_back(key);
  puts_.clear();
  bytes_.clear();
  removals_.clear();
  clears_ = true;
}

void backlog::remove(message_key key) {
  if (!puts_.empty() && key >= puts_.front().key) {
    const auto put = std::lower_bound(puts_.begin(), puts_.end(), key,
                                      [](const waiting_put& p, message_key k) { return p.key < k; });
    if (put != puts_.end() && put->key == key) put->dropped = true;
    return;
  }
  removals_.push_back(key);
  if (removals_.size() >= compact_at_) compact();
}

void backlog::remove_again(const std::vector<message_key>& keys) {
  removals_.insert(removals_.end(), keys.begin(), keys.end());
}

void backlog::compact() {
  std::sort(removals_.begin(), removals_.end());
  removals_.erase(std::unique(removals_.begin(), removals_.end()), removals_.end());
  compact_at_ = std::max(kept_puts, 2 * removals_.size());
}

const std::vector<message_key>& backlog::sorted_removals() {
  compact();
  return removals_;
}

void backlog::reset() noexcept {
  const auto empty = [](auto& list, std::size_t kept) {
    list.clear();
    if (list.capacity() > kept) {
      std::remove_reference_t<decltype(list)> fresh;
      list.swap(fresh);
    }
  };
  empty(bytes_, kept_bytes);
  empty(puts_, kept_puts);
  empty(settled_, kept_puts);
  empty(removals_, kept_puts);
  compact_at_ = kept_puts;
  clears_ = false;
}

message_view backlog::message(const waiting_put& put) const noexcept {
  const char* const id = bytes_.data() + put.offset;
  return {std::string_view(id, put.id_size), std::string_view(id + put.id_size, put.payload_size),
          put.expires_at, put.flags, put.priority};
}

}  // namespace hawser::store
