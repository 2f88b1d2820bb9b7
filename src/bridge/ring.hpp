// A single-producer single-consumer ring of records in memory that JavaScript and C++ share.
//
//   byte 0        64          128              192             256                      256 + capacity
//   | tail u32 …  | head u32 … | sleeping u32 … | waiting u32 … | records, 16-byte units | 64 slack |
//
//   tail      written by the producer, read by both: bytes produced, modulo 2^32
//   head      written by the consumer, read by both: bytes consumed, modulo 2^32
//   sleeping  set by the consumer before it sleeps, cleared by whoever rings its bell   ("data wanted")
//   waiting   set by a producer that found no room, cleared by the consumer that rings   ("space wanted");
//             the consumer rings when half of the ring is free, so that a full ring costs few bells
//
// Both flags follow store-then-check: the sleeper stores its flag, then looks at the index once more; the
// other side stores its index, then looks at the flag. All four accesses are sequentially consistent, so one
// of the two sees the other and no wake-up is lost. A record never wraps: where the rest is too short, a pad
// record fills it; so it does when the ring is empty, the consumer sleeps and the producer goes back to the
// start. The slack behind the last record lets SIMD parsers read past a payload.
//
// Who outlives whom: the SharedArrayBuffer belongs to JavaScript and is held by a reference of the runtime
// until the reactor thread has been joined; producer and consumer objects live on one thread each.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace hawser::bridge {

struct record_header {
  std::uint32_t length;
  std::uint32_t connection;
  std::uint32_t kind_flags;
  std::uint32_t aux;
};
static_assert(sizeof(record_header) == 16);

inline constexpr std::size_t ring_control_bytes = 256;
inline constexpr std::size_t ring_slack_bytes = 64;
// Beyond this offset a producer that finds the ring empty, and the consumer asleep, goes back to its start.
inline constexpr std::uint32_t ring_rewind = 1024 * 1024;
// So many bytes are made visible without waiting for the end of a batch.
inline constexpr std::uint32_t ring_batch = 256 * 1024;

constexpr std::uint32_t record_size(std::size_t payload) noexcept {
  return static_cast<std::uint32_t>((sizeof(record_header) + payload + 15) & ~std::size_t{15});
}

class ring_memory {
 public:
  ring_memory() = default;
  // `memory` holds ring_control_bytes + capacity + ring_slack_bytes; capacity is a power of two.
  ring_memory(std::uint8_t* memory, std::uint32_t capacity) noexcept : memory_(memory), capacity_(capacity) {}

  std::atomic_ref<std::uint32_t> tail() const noexcept { return word(0); }
  std::atomic_ref<std::uint32_t> head() const noexcept { return word(64); }
  std::atomic_ref<std::uint32_t> sleeping() const noexcept { return word(128); }
  std::atomic_ref<std::uint32_t> waiting() const noexcept { return word(192); }
  std::uint8_t* at(std::uint32_t position) const noexcept {
    return memory_ + ring_control_bytes + (position & (capacity_ - 1));
  }
  std::uint32_t capacity() const noexcept { return capacity_; }
  std::uint32_t until_end(std::uint32_t position) const noexcept {
    return capacity_ - (position & (capacity_ - 1));
  }

 private:
  std::atomic_ref<std::uint32_t> word(std::size_t offset) const noexcept {
    return std::atomic_ref<std::uint32_t>(*reinterpret_cast<std::uint32_t*>(memory_ + offset));
  }
  std::uint8_t* memory_ = nullptr;
  std::uint32_t capacity_ = 0;
};

// The writing side. Records become visible to the consumer at publish().
class ring_producer {
 public:
  ring_producer() = default;
  explicit ring_producer(ring_memory memory) noexcept
      : ring_(memory), tail_(memory.tail().load()), head_seen_(memory.head().load()) {}

  // Room for a record of `payload` bytes: a pointer to its payload, or null when the ring is full. The record
  // takes effect at commit(), which may shrink it.
  std::uint8_t* reserve(std::size_t payload) noexcept {
    const std::uint32_t need = record_size(payload);
    if (tail_ == published_ && ring_.capacity() - ring_.until_end(tail_) >= ring_rewind) rewind();
    const std::uint32_t rest = ring_.until_end(tail_);
    const std::uint32_t total = need <= rest ? need : need + rest;
    if (free_space() < total) {
      head_seen_ = ring_.head().load(std::memory_order_acquire);
      if (free_space() < total) return nullptr;
    }
    if (need > rest) pad(rest);
    return ring_.at(tail_) + sizeof(record_header);
  }
  void commit(std::uint32_t length, std::uint32_t connection, std::uint32_t kind_flags,
              std::uint32_t aux) noexcept {
    write_header(tail_, {length, connection, kind_flags, aux});
    tail_ += record_size(length);
  }
  bool push(std::uint32_t connection, std::uint32_t kind_flags, std::uint32_t aux,
            std::span<const std::uint8_t> payload) noexcept {
    std::uint8_t* out = reserve(payload.size());
    if (out == nullptr) return false;
    if (!payload.empty()) std::memcpy(out, payload.data(), payload.size());
    commit(static_cast<std::uint32_t>(payload.size()), connection, kind_flags, aux);
    return true;
  }
  std::uint32_t unpublished() const noexcept { return tail_ - published_; }
  // Wakes the consumer before there is anything: true as for publish(). It looks, and sleeps again if it is
  // too early.
  bool wake_early() noexcept {
    return ring_.sleeping().load(std::memory_order_relaxed) != 0 && ring_.sleeping().exchange(0) != 0;
  }
  // True: the consumer sleeps and this call took its flag, so the caller must ring the bell.
  bool publish() noexcept {
    if (published_ == tail_) return false;
    published_ = tail_;
    ring_.tail().store(tail_, std::memory_order_seq_cst);
    return ring_.sleeping().load(std::memory_order_seq_cst) != 0 && ring_.sleeping().exchange(0) != 0;
  }
  // Is half of the ring free? If not, a bell is asked for when it is.
  bool want_half() noexcept {
    if (used() <= capacity() / 2) return true;
    ring_.waiting().store(1, std::memory_order_seq_cst);
    head_seen_ = ring_.head().load(std::memory_order_seq_cst);
    if (tail_ - head_seen_ > capacity() / 2) return false;
    ring_.waiting().store(0, std::memory_order_relaxed);
    return true;
  }
  // Asks for a bell at the consumer's next release, unless `satisfied` is true by then. True: a bell will
  // come.
  template <class Condition>
  bool want_bell(Condition satisfied) noexcept {
    ring_.waiting().store(1, std::memory_order_seq_cst);
    if (!satisfied()) return true;
    ring_.waiting().store(0, std::memory_order_relaxed);
    return false;
  }
  std::uint32_t used() const noexcept { return tail_ - ring_.head().load(std::memory_order_acquire); }
  std::uint32_t capacity() const noexcept { return ring_.capacity(); }

 private:
  std::uint32_t free_space() const noexcept { return ring_.capacity() - (tail_ - head_seen_); }
  // A consumer that keeps up finds its records at the start of the ring again and again: in the cache, and in
  // few pages. Only while it sleeps: the pad takes the rest of the ring until the consumer has passed it,
  // which it does at once then.
  void rewind() noexcept {
    if (ring_.sleeping().load(std::memory_order_relaxed) == 0) return;
    head_seen_ = ring_.head().load(std::memory_order_acquire);
    if (head_seen_ == tail_) pad(ring_.until_end(tail_));
  }
  void pad(std::uint32_t rest) noexcept {
    write_header(tail_, {rest - static_cast<std::uint32_t>(sizeof(record_header)), 0, 0, 0});
    tail_ += rest;
  }
  void write_header(std::uint32_t position, record_header header) noexcept {
    std::memcpy(ring_.at(position), &header, sizeof(header));
  }
  ring_memory ring_;
  std::uint32_t tail_ = 0;
  std::uint32_t published_ = tail_;
  std::uint32_t head_seen_ = 0;
};

// The reading side. Records stay valid, and may be changed in place, until release().
class ring_consumer {
 public:
  struct record {
    record_header header;
    std::uint8_t* payload;
  };
  ring_consumer() = default;
  explicit ring_consumer(ring_memory memory) noexcept
      : ring_(memory), head_(memory.head().load()), tail_seen_(memory.tail().load()) {}

  // The next record; false when there is none.
  bool next(record& out) noexcept {
    for (;;) {
      if (head_ == tail_seen_) {
        tail_seen_ = ring_.tail().load(std::memory_order_acquire);
        if (head_ == tail_seen_) return false;
      }
      std::uint8_t* at = ring_.at(head_);
      std::memcpy(&out.header, at, sizeof(record_header));
      out.payload = at + sizeof(record_header);
      head_ += record_size(out.header.length);
      if ((out.header.kind_flags & 0xff) != 0) return true;
    }
  }
  // Has the producer published something that was not taken yet?
  bool waiting() noexcept {
    if (head_ != tail_seen_) return true;
    tail_seen_ = ring_.tail().load(std::memory_order_acquire);
    return head_ != tail_seen_;
  }
  // A position behind all records that the producer has published, and whether those before it were taken.
  std::uint32_t arrived() const noexcept { return ring_.tail().load(std::memory_order_acquire); }
  bool past(std::uint32_t position) const noexcept {
    return static_cast<std::int32_t>(head_ - position) >= 0;
  }
  // Gives the space of all records taken so far back. True: the producer waits for space, ring its bell.
  bool release() noexcept {
    if (released_ == head_) return false;
    released_ = head_;
    ring_.head().store(head_, std::memory_order_seq_cst);
    return ring_.waiting().load(std::memory_order_seq_cst) != 0 && ring_.waiting().exchange(0) != 0;
  }
  // Announces sleep. False: records have arrived meanwhile, do not sleep.
  bool prepare_sleep() noexcept {
    ring_.sleeping().store(1, std::memory_order_seq_cst);
    tail_seen_ = ring_.tail().load(std::memory_order_seq_cst);
    if (tail_seen_ == head_) return true;
    awake();
    return false;
  }
  void awake() noexcept { ring_.sleeping().store(0, std::memory_order_relaxed); }

 private:
  ring_memory ring_;
  std::uint32_t head_ = 0;
  std::uint32_t released_ = head_;
  std::uint32_t tail_seen_ = 0;
};

}  // namespace hawser::bridge
