// Messages that travel together: when a line of the send queue lets go of what it holds, and the one text
// that they become.
//
//   {"type":"batch","payload":[ envelope , envelope … ]}
//
// A message of normal or low priority waits for company, until `max` of its priority are there or the first
// has waited `every`. Those of high priority wait for nobody. When one priority goes, all above it go first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/client/outgoing.hpp"

namespace hawser::client {

struct batch_settings {
  std::size_t max = 0;  // messages; below 2: no batches
  time_ms every = 100;
  bool always = false;                 // to servers too that do not speak our protocol
  std::size_t max_bytes = 64u * 1024;  // of their envelopes; a longer message goes alone
};

// What waits of one priority.
struct line_state {
  std::size_t waiting = 0;
  time_ms since = 0;  // of the first
};

// When.
class batch_gate {
 public:
  explicit batch_gate(const batch_settings& settings) noexcept : settings_(settings) {}

  // A message of this priority cannot wait: it takes the others along.
  void hurry(message_priority p) noexcept { hurried_[static_cast<std::size_t>(p)] = true; }

  // The lowest priority that is to go now; none: all wait.
  std::optional<message_priority> due(const std::array<line_state, priorities>& lines, time_ms now) noexcept;

  // When due() has to be asked again, if nothing comes until then; 0: no need.
  time_ms next_deadline(const std::array<line_state, priorities>& lines) const noexcept;

 private:
  const batch_settings settings_;
  std::array<bool, priorities> hurried_{};
};

// The text. Its memory is used again.
class batch_text {
 public:
  void begin(std::span<const std::uint8_t> first);
  void add(std::span<const std::uint8_t> envelope);
  // Valid until begin().
  std::span<const std::uint8_t> finish();

 private:
  void append(std::span<const std::uint8_t> envelope);

  std::string text_;
};

}  // namespace hawser::client
