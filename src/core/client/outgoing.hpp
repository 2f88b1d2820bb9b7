// What a managed client sends, and the words in which its send queue speaks about it: settings, results,
// events and numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/protocol/time.hpp"

namespace hawser::client {

using protocol::time_ms;

enum class message_priority : std::uint8_t { high, normal, low };
inline constexpr std::size_t priorities = 3;

// One message, described by views. push() copies what they show; in what the queue hands out they show its
// own memory. The payload of a message in flight may be needed again: nobody masks it in place.
struct outgoing {
  std::uint64_t sequence = 0;   // given by the queue; restore() takes it from the caller
  std::uint64_t store_key = 0;  // of the durable store; 0: not stored
  time_ms expires_at = 0;       // 0: never
  std::span<const std::uint8_t> payload;
  std::string_view id;      // at most max_id_bytes; not empty when acked or durable
  std::uint32_t token = 0;  // JavaScript's promise; 0: nobody waits
  message_priority priority = message_priority::normal;
  bool binary = false;
  bool compress = true;   // where the link agreed to that
  bool acked = false;     // done when the peer has acknowledged the id
  bool durable = false;   // lies in the store until it is done
  bool joinable = false;  // an envelope: it may travel in a batch
};

// How a message is thinned out before the queue, by its key.
enum class send_shape : std::uint8_t {
  none,
  throttle,  // the first at once, then at most one each interval: the latest
  debounce,  // the latest, when none came for the interval
};

// What is sent; views are read during the call.
struct core_message {
  outgoing data;
  time_ms ttl = 0;      // 0: the queue's default
  time_ms timeout = 0;  // above 0: a request, whose reply has to come by then; its id is the correlation id
  send_shape shape = send_shape::none;  // not of what is acked, durable or a request: nobody may wait for it
  time_ms every = 0;                    // of the shape
  std::string_view key;                 // the same
  std::uint32_t link = 0;               // not 0: at once on this link, past the queue and whatever holds it
};

// 64 characters of at most four bytes.
inline constexpr std::size_t max_id_bytes = 256;

enum class overflow_policy : std::uint8_t { drop_oldest, drop_newest, drop_lowest_priority, reject };

struct queue_settings {
  std::size_t max_count = 1000;       // messages that wait while there is no link
  std::size_t max_bytes = 16u << 20;  // payload bytes, waiting and in flight, at any time
  std::size_t max_messages =
      256u * 1024;  // messages, waiting and in flight, at any time: bounds the overhead
  overflow_policy overflow = overflow_policy::drop_oldest;
  time_ms ack_timeout = 10'000;  // from the moment the kernel took the message; 0: no limit
  std::uint32_t max_retries = 3;
  time_ms default_ttl = 0;  // for messages that bring no expires_at; 0: they never expire
  std::uint64_t first_sequence = 1;
  std::uint64_t hash_seed = 0;  // secret, for the index of ids
};

enum class push_result : std::uint8_t {
  accepted,
  rejected,     // no room, and nothing that may be evicted for it (QUEUE_FULL)
  dropped_new,  // no room, and the policy drops the newcomer
  duplicate,    // an acked or durable message of this id, or a message of this token, is in the queue
  expired,      // its time was over before it came
  invalid,      // acked or durable without an id; an id that is too long; no such priority
};

enum class drop_reason : std::uint8_t {
  overflow,   // evicted for a newer one
  expired,    // waited longer than it may
  failed,     // not acknowledged, and all retries are used
  cancelled,  // by cancel()
  cleared,    // by clear()
};
inline constexpr std::size_t drop_reasons = 5;

// What becomes of messages that push() accepted. Called from within the queue's methods; must not call back
// into the queue. The message and what it shows are gone after the call.
class queue_events {
 public:
  virtual ~queue_events() = default;
  // Done: the kernel took it, or the peer acknowledged it. Told for messages that are acked, durable, stored
  // or have a token; the others are only counted.
  virtual void settled(const outgoing& message) = 0;
  // Told for every message that the queue gives up.
  virtual void dropped(const outgoing& message, drop_reason reason) = 0;
};

// Totals since the start and the present depth. accepted + restored = settled + dropped + what is inside.
struct queue_counters {
  std::array<std::size_t, priorities> waiting{};  // by priority
  std::size_t in_flight = 0;                      // handed to the link, not taken by the kernel
  std::size_t unacknowledged = 0;                 // taken by the kernel, waiting for the ack
  std::size_t bytes = 0;                          // payload bytes of all of them
  std::size_t high_water_bytes = 0;
  std::size_t high_water_messages = 0;
  std::uint64_t accepted = 0;
  std::uint64_t restored = 0;
  std::uint64_t settled = 0;
  std::uint64_t acked = 0;     // of settled, by an ack
  std::uint64_t retried = 0;   // due again on the same link
  std::uint64_t replayed = 0;  // due again after the loss of a link
  std::uint64_t rejected = 0;
  std::uint64_t dropped_new = 0;
  std::array<std::uint64_t, drop_reasons> dropped{};  // by reason
};

enum class message_state : std::uint8_t { waiting, in_flight, unacknowledged };

// A line of the inspection.
struct queued_message {
  std::uint64_t sequence = 0;
  std::string id;
  message_priority priority = message_priority::normal;
  message_state state = message_state::waiting;
  bool acked = false;
  bool durable = false;
  std::size_t bytes = 0;
  time_ms age = 0;
  std::uint32_t attempts = 0;  // how often it was handed to a link
};

}  // namespace hawser::client
