#include "core/client/send_batch.hpp"

#include <algorithm>

namespace hawser::client {

std::optional<message_priority> batch_gate::due(const std::array<line_state, priorities>& lines,
                                                time_ms now) noexcept {
  std::optional<message_priority> lowest;
  for (std::size_t p = 0; p < priorities; p++) {
    if (lines[p].waiting == 0) {
      hurried_[p] = false;
      continue;
    }
    const auto priority = static_cast<message_priority>(p);
    if (priority == message_priority::high || hurried_[p] || lines[p].waiting >= settings_.max ||
        now >= lines[p].since + settings_.every)
      lowest = priority;
  }
  return lowest;
}

time_ms batch_gate::next_deadline(const std::array<line_state, priorities>& lines) const noexcept {
  time_ms soonest = 0;
  for (const line_state& line : lines) {
    if (line.waiting == 0) continue;
    const time_ms due = std::max<time_ms>(line.since + settings_.every, 1);
    if (soonest == 0 || due < soonest) soonest = due;
  }
  return soonest;
}

void batch_text::begin(std::span<const std::uint8_t> first) {
  text_ = R"({"type":"batch","payload":[)";
  append(first);
}

void batch_text::add(std::span<const std::uint8_t> envelope) {
  text_ += ',';
  append(envelope);
}

std::span<const std::uint8_t> batch_text::finish() {
  text_ += "]}";
  return {reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()};
}

void batch_text::append(std::span<const std::uint8_t> envelope) {
  text_.append(reinterpret_cast<const char*>(envelope.data()), envelope.size());
}

}  // namespace hawser::client
