// Messages that a program published to one topic one behind the other, until something else is to be done:
// the subscribers then get all of them at once, each in one pass, instead of each message going round all of
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/net/byte_buffer.hpp"
#include "core/net/engine.hpp"
#include "core/net/message_frame.hpp"
#include "core/protocol/frame.hpp"

namespace hawser::net {

class server;
class topic;

struct publish_batch {
  struct entry {
    std::size_t payload, end;  // in the frames
    send_flags flags;
  };
  // It grows no further than this; one message of any size fits.
  static constexpr std::size_t byte_limit = 64 * 1024;

  server* from = nullptr;
  topic* to = nullptr;  // null: there is none
  byte_buffer frames;
  std::vector<entry> messages;

  bool takes(std::size_t payload) const noexcept {
    return frames.size() + protocol::max_frame_header + payload <= byte_limit;
  }
  void add(std::span<const std::uint8_t> payload, send_flags flags) {
    append_message(frames, flags, false, payload);
    messages.push_back({frames.size() - payload.size(), frames.size(), flags});
  }
  std::span<const std::uint8_t> payload(const entry& one) noexcept {
    return frames.bytes().subspan(one.payload, one.end - one.payload);
  }
};

}  // namespace hawser::net
