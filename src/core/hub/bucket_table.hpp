// What connections share by name, a user or an address: a token bucket, and the count of its holders. An
// entry stays while somebody holds it, and then until its bucket is full again, so that a new connection is
// no new bucket. Of entries that nobody holds there are at most so many: the one that was let go longest ago
// is forgotten, and begins with a full bucket.
//
//   by name ─► entry ◄─ held by connections           spare: entries that nobody holds, oldest first
//
// Used by all reactors of a server, under the mutex, when connections come and go; buckets are drawn from
// without it. Outlives its holders. Pure; times in nanoseconds.
#pragma once

#include <cstdint>
#include <limits>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/protocol/token_bucket.hpp"

namespace hawser::hub {

using protocol::token_bucket;

class bucket_table {
 public:
  class hold;
  static constexpr std::uint32_t any = std::numeric_limits<std::uint32_t>::max();

  explicit bucket_table(std::size_t most_spare = std::size_t{64} * 1024) : most_spare_(most_spare) {}

  // Empty: so many hold it already.
  hold acquire(std::string_view name, std::int64_t now, std::uint32_t most = any);

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  struct entry {
    token_bucket bucket;
    std::uint32_t holders = 0;
    std::list<const std::string*>::iterator spare;  // where holders == 0
  };
  using map = std::unordered_map<std::string, entry>;
  using node = map::value_type;
  // Spare entries that are looked at when another comes.
  static constexpr int swept = 8;

  void release(node& from) {
    const std::lock_guard lock(mutex_);
    if (--from.second.holders > 0) return;
    from.second.spare = spare_.insert(spare_.end(), &from.first);
    if (spare_.size() > most_spare_) drop_first();
  }
  void sweep(std::int64_t now) {
    for (int i = 0; i < swept && !spare_.empty(); i++) {
      if (!entries_.find(*spare_.front())->second.bucket.full(now)) return;
      drop_first();
    }
  }
  void drop_first() {
    const auto first = entries_.find(*spare_.front());
    spare_.pop_front();
    entries_.erase(first);
  }

  const std::size_t most_spare_;
  mutable std::mutex mutex_;
  map entries_;
  std::list<const std::string*> spare_;
};

// Counts as a holder until it goes.
class bucket_table::hold {
 public:
  hold() = default;
  hold(hold&& from) noexcept : table_(from.table_), node_(std::exchange(from.node_, nullptr)) {}
  hold& operator=(hold&& from) noexcept {
    if (this != &from) {
      reset();
      table_ = from.table_;
      node_ = std::exchange(from.node_, nullptr);
    }
    return *this;
  }
  ~hold() { reset(); }

  explicit operator bool() const noexcept { return node_ != nullptr; }
  token_bucket& bucket() const noexcept { return node_->second.bucket; }
  void reset() noexcept {
    if (node_ != nullptr) table_->release(*std::exchange(node_, nullptr));
  }

 private:
  friend class bucket_table;
  hold(bucket_table& table, node& held) noexcept : table_(&table), node_(&held) {}
  bucket_table* table_ = nullptr;
  node* node_ = nullptr;
};

inline bucket_table::hold bucket_table::acquire(std::string_view name, std::int64_t now, std::uint32_t most) {
  const std::lock_guard lock(mutex_);
  const auto [at, made] = entries_.try_emplace(std::string(name));
  entry& found = at->second;
  if (found.holders >= most) {
    if (made) entries_.erase(at);
    return {};
  }
  if (!made && found.holders == 0) spare_.erase(found.spare);
  found.holders++;
  sweep(now);
  return {*this, *at};
}

}  // namespace hawser::hub
