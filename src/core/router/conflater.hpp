// The second stage of a route: the latest message of each key, each key at most once in `every` ms. The first
// message of a key starts its interval; what came last goes out at the end of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/router/message_store.hpp"
#include "core/router/route_spec.hpp"
#include "core/router/sampler.hpp"

namespace hawser::router {

// Since all intervals are of one length, the order of coming is the order of going. Two bounds hold, on keys
// and on bytes. What exceeds them by one message is taken, and makes the keys that are due first go out
// early; while they cannot, the stage is full. Nothing is lost.
class conflater {
 public:
  conflater(const conflate_spec& spec, std::size_t max_bytes, std::uint64_t seed)
      : every_(spec.every), max_keys_(spec.max_keys), max_bytes_(max_bytes), store_(seed) {}

  // The next put() might be one too many: a key must go first.
  bool full() const noexcept { return store_.size() > max_keys_ || store_.bytes() > max_bytes_; }

  // True: an older message of this key is gone for it. Not while full.
  bool put(const message_key& key, const message_view& message, time_ms now) {
    const bool replaced = store_.put(key, message, now + every_);
    if (store_.bytes() > max_bytes_) store_.free_spare();
    return replaced;
  }

  bool empty() const noexcept { return store_.empty(); }
  std::size_t size() const noexcept { return store_.size(); }
  std::size_t bytes() const noexcept { return store_.bytes(); }

  // When front() is to go: `never` when there is none, `at_once` while full.
  time_ms due() const noexcept {
    if (store_.empty()) return never;
    return full() ? at_once : store_.front_due();
  }

  // The key that is due first; not when empty.
  message_view front() const noexcept { return store_.front(); }
  time_ms front_due() const noexcept { return store_.front_due(); }
  void pop() noexcept { store_.pop_front(store_.bytes() <= max_bytes_); }

 private:
  const time_ms every_;
  const std::size_t max_keys_;
  const std::size_t max_bytes_;
  message_store store_;
};

}  // namespace hawser::router
