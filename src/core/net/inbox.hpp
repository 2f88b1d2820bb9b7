// What other reactors hand to one: published messages, accepted sockets, the word that a server closes.
//
// Written by all joined reactors, emptied by its owner, under the mutex, in batches. It belongs to the owner,
// which is destroyed only after all of them have stopped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "core/net/published.hpp"
#include "core/net/socket_handle.hpp"

namespace hawser::net {

struct handed_socket {
  socket_handle socket;
  std::uint32_t slot;  // of the receiver's table
};
// The part that listens closes, or could not listen.
struct listener_ended {
  bool failed;
};
// The receiver's listener may hand over sockets again.
struct accept_credit {};

struct parcel {
  std::uint32_t server;
  std::variant<std::shared_ptr<const published>, handed_socket, listener_ended, accept_credit> what;
  std::size_t weight() const noexcept {
    const auto* message = std::get_if<std::shared_ptr<const published>>(&what);
    return sizeof(parcel) + (message != nullptr ? (*message)->weight() : 0);
  }
};

class inbox {
 public:
  // Batches are taken while less than this lies here, in bytes and in parcels.
  static constexpr std::size_t byte_limit = std::size_t{4} * 1024 * 1024;
  static constexpr std::size_t parcel_limit = 8192;

  enum class answer : std::uint8_t { taken, taken_wake_owner, full };

  // Takes the batch and leaves it empty. `full`: took nothing; the reactor with the number `from` is woken
  // when there is room.
  answer put(std::vector<parcel>& batch, std::size_t weight, std::uint32_t from) {
    const std::lock_guard lock(mutex_);
    if (weight_ >= byte_limit || parcels_.size() >= parcel_limit) {
      waiters_ |= std::uint64_t{1} << from;
      return answer::full;
    }
    weight_ += weight;
    if (parcels_.empty()) {
      parcels_.swap(batch);
    } else {
      for (parcel& one : batch) parcels_.push_back(std::move(one));
      batch.clear();
    }
    return woken();
  }
  // For what has a bound of its own: sockets, and the credit for them.
  answer put(parcel one) {
    const std::lock_guard lock(mutex_);
    weight_ += one.weight();
    parcels_.push_back(std::move(one));
    return woken();
  }

  // Cheap, by the owner; prepare_sleep() is what counts.
  bool empty() const noexcept { return !filled_.load(std::memory_order_relaxed); }
  // Moves all into an empty vector. Bits of the reactors that wait for room.
  std::uint64_t take(std::vector<parcel>& into) {
    const std::lock_guard lock(mutex_);
    into.swap(parcels_);
    weight_ = 0;
    filled_.store(false, std::memory_order_relaxed);
    return std::exchange(waiters_, 0);
  }
  // False: there are parcels, do not sleep. True: the next put() answers that the owner is to be woken.
  bool prepare_sleep() {
    const std::lock_guard lock(mutex_);
    asleep_.store(parcels_.empty(), std::memory_order_relaxed);
    return parcels_.empty();
  }
  void awake() noexcept { asleep_.store(false, std::memory_order_relaxed); }

 private:
  answer woken() noexcept {
    filled_.store(true, std::memory_order_relaxed);
    return asleep_.exchange(false, std::memory_order_relaxed) ? answer::taken_wake_owner : answer::taken;
  }

  std::mutex mutex_;
  std::vector<parcel> parcels_;
  std::size_t weight_ = 0;
  std::uint64_t waiters_ = 0;
  std::atomic<bool> filled_{false};
  std::atomic<bool> asleep_{false};
};

}  // namespace hawser::net
