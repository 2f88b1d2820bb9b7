// What a durable store keeps, and the numbers it is known by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::store {

// Names a message for as long as the store is open; 0 is none. Keys grow in the order of the calls of put. A
// message that was loaded has another key at each opening, below `first_new_key`.
using message_key = std::uint64_t;

// put gives out keys before the file was read, so they start where no loaded message can be.
inline constexpr message_key first_new_key = std::uint64_t{1} << 47;

// A message to keep; the bytes belong to the caller.
struct message_view {
  std::string_view id;
  std::string_view payload;
  std::int64_t expires_at = 0;  // wall clock, ms since the epoch, since it must survive a restart; 0 is never
  std::uint32_t flags = 0;      // the caller's
  std::uint8_t priority = 0;    // the caller's
};

// A message as it was found in the file.
struct stored_message {
  message_key key = 0;
  std::string id;
  std::string payload;
  std::int64_t expires_at = 0;
  std::uint32_t flags = 0;
  std::uint8_t priority = 0;
};

}  // namespace hawser::store
