// A published message on its way to the subscribers of other reactors: topic, plain frame, and what the
// publisher compressed for its own subscribers.
// Written by the publisher's reactor until it is handed over, by nobody afterwards; read by all reactors that
// hold a counted reference. The last of them frees it.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/net/engine.hpp"
#include "core/protocol/frame.hpp"

namespace hawser::net {

class published {
 public:
  published(std::string_view topic, std::span<const std::uint8_t> payload, send_flags flags)
      : flags_(flags), topic_(topic.size()) {
    std::uint8_t header[protocol::max_frame_header];
    const protocol::opcode op = flags.binary ? protocol::opcode::binary : protocol::opcode::text;
    header_ = protocol::write_frame_header(header, op, true, false, payload.size(), nullptr);
    bytes_.reserve(topic.size() + header_ + payload.size());
    bytes_.insert(bytes_.end(), topic.begin(), topic.end());
    bytes_.insert(bytes_.end(), header, header + header_);
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  }

  send_flags flags() const noexcept { return flags_; }
  std::string_view topic() const noexcept { return {reinterpret_cast<const char*>(bytes_.data()), topic_}; }
  std::span<const std::uint8_t> plain() const noexcept { return std::span(bytes_).subspan(topic_); }
  std::span<const std::uint8_t> payload() const noexcept { return plain().subspan(header_); }

  // Frames by the window size they were compressed with. A reactor that needs another makes its own.
  void add_compressed(int window_bits, std::span<const std::uint8_t> frame) {
    compressed_.emplace_back(window_bits, std::vector<std::uint8_t>(frame.begin(), frame.end()));
  }
  const std::vector<std::pair<int, std::vector<std::uint8_t>>>& compressed() const noexcept {
    return compressed_;
  }

  // Bytes it holds, for the bounds of what waits.
  std::size_t weight() const noexcept {
    std::size_t sum = bytes_.size();
    for (const auto& [bits, frame] : compressed_) sum += frame.size();
    return sum;
  }

 private:
  const send_flags flags_;
  const std::size_t topic_;
  std::size_t header_ = 0;
  std::vector<std::uint8_t> bytes_;  // topic | frame header | payload
  std::vector<std::pair<int, std::vector<std::uint8_t>>> compressed_;
};

}  // namespace hawser::net
