// A published message that is shared: on its way to the subscribers of other reactors, kept for those who
// come late, or waiting behind what a connection is sent again. Topics, plain frame, and what the publisher
// compressed for its own subscribers.
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
      : published(publish_target{.topics = {&topic, 1}}, payload, flags) {}
  published(const publish_target& to, std::span<const std::uint8_t> payload, send_flags flags)
      : flags_(flags), offset_(to.offset), except_part_(to.except_part), except_(to.except) {
    for (const std::string_view topic : to.topics) names_ += topic.size();
    std::uint8_t header[protocol::max_frame_header];
    const protocol::opcode op = flags.binary ? protocol::opcode::binary : protocol::opcode::text;
    header_ = protocol::write_frame_header(header, op, true, false, payload.size(), nullptr);
    bytes_.reserve(names_ + header_ + payload.size());
    for (const std::string_view topic : to.topics) {
      bytes_.insert(bytes_.end(), topic.begin(), topic.end());
      if (to.topics.size() > 1) ends_.push_back(bytes_.size());
    }
    bytes_.insert(bytes_.end(), header, header + header_);
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  }

  send_flags flags() const noexcept { return flags_; }
  // -1: it has none, and is not kept.
  std::int64_t offset() const noexcept { return offset_; }
  // The connection that is left out, or no_slot: its reactor and slot.
  std::uint32_t except_part() const noexcept { return except_part_; }
  std::uint32_t except() const noexcept { return except_; }

  std::size_t topics() const noexcept { return ends_.empty() ? 1 : ends_.size(); }
  std::string_view topic(std::size_t n = 0) const noexcept {
    const std::size_t from = n == 0 ? 0 : ends_[n - 1];
    const std::size_t to = ends_.empty() ? names_ : ends_[n];
    return {reinterpret_cast<const char*>(bytes_.data()) + from, to - from};
  }
  bool same_topics(const published& other) const noexcept {
    return names_ == other.names_ && ends_ == other.ends_ &&
           std::memcmp(bytes_.data(), other.bytes_.data(), names_) == 0;
  }
  std::span<const std::uint8_t> plain() const noexcept { return std::span(bytes_).subspan(names_); }
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
    std::size_t sum = bytes_.size() + ends_.size() * sizeof(std::size_t);
    for (const auto& [bits, frame] : compressed_) sum += frame.size();
    return sum;
  }

 private:
  const send_flags flags_;
  const std::int64_t offset_;
  const std::uint32_t except_part_, except_;
  std::size_t names_ = 0;
  std::size_t header_ = 0;
  std::vector<std::size_t> ends_;    // of the names, where there are several
  std::vector<std::uint8_t> bytes_;  // topics | frame header | payload
  std::vector<std::pair<int, std::vector<std::uint8_t>>> compressed_;
};

}  // namespace hawser::net
