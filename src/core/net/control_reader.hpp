// The messages of hubs' peers that need no JavaScript (docs/protocol.md): heartbeats are read and answered
// here, batches are counted, and who sends too much is told so.
// One for each reactor; used on its thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/router/field_reader.hpp"

namespace hawser::net {

class control_reader {
 public:
  // Behind the texts given here so many bytes must be readable.
  static constexpr std::size_t slack = router::field_reader::slack;
  // Longer messages are no heartbeats, and what they answer to is not looked for.
  static constexpr std::size_t longest = 4096;

  control_reader();

  // Cheap: whether it is worth a closer look.
  static bool may_be_heartbeat(std::span<const std::uint8_t> text) noexcept;
  static bool may_be_batch(std::span<const std::uint8_t> text) noexcept;

  // The answer to a heartbeat; empty: it is none, or has more to it than is answered here. `wall` in
  // milliseconds since the epoch. The view holds until the next call.
  std::string_view answer_heartbeat(std::span<const std::uint8_t> text, std::int64_t wall);

  // Messages in a batch, at least 1; 1 for whatever is no batch. More than any rate has where that cannot be
  // told.
  std::int64_t messages_in(std::span<const std::uint8_t> text);

  // What tells a peer that it sends too much. An empty text: nobody knows which message it answers.
  std::string_view refusal(std::span<const std::uint8_t> text, std::int64_t retry_after, std::int64_t wall);

 private:
  std::string_view correlation() const noexcept;
  void begin(std::string_view type, std::int64_t wall);
  void add_correlation(std::string_view id);

  router::field_reader reader_;
  std::uint32_t type_, id_, correlation_, timestamp_, room_, ack_, payload_;
  std::string out_;
};

}  // namespace hawser::net
