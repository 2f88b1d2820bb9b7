// Messages that a program published to the same topics one behind the other, until something else is to be
// done: the subscribers then get all of them at once, each in one pass, instead of each message going round
// all of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/net/byte_buffer.hpp"
#include "core/net/engine.hpp"
#include "core/net/message_frame.hpp"
#include "core/net/published.hpp"
#include "core/protocol/frame.hpp"

namespace hawser::net {

class server;
class topic;

struct publish_batch {
  struct entry {
    std::size_t payload, end;  // in the frames
    send_flags flags;
    std::uint32_t except = no_slot;
    // Of a message to a publish_target: all of a batch have one, or none.
    std::shared_ptr<const published> message;
  };
  // It grows no further than this; one message of any size fits.
  static constexpr std::size_t byte_limit = 64 * 1024;
  // Subscribers that are left out of one message or more: they are dealt with by themselves.
  static constexpr std::size_t most_excepted = 16;

  server* from = nullptr;  // null: there is none
  std::vector<topic*> to;  // those that have subscribers
  byte_buffer frames;
  std::vector<entry> messages;
  std::vector<std::uint32_t> excepted;

  bool takes(std::size_t payload, std::uint32_t except) const noexcept {
    return frames.size() + protocol::max_frame_header + payload <= byte_limit &&
           (except == no_slot || excepted.size() < most_excepted || excepts(except));
  }
  bool shared() const noexcept { return messages.front().message != nullptr; }
  void add(std::span<const std::uint8_t> payload, send_flags flags, std::uint32_t except) {
    append_message(frames, flags, false, payload);
    messages.push_back({frames.size() - payload.size(), frames.size(), flags, except, nullptr});
    note(except);
  }
  void add(std::shared_ptr<const published> message, std::uint32_t except) {
    frames.append(message->plain());
    const std::size_t payload = frames.size() - message->payload().size();
    messages.push_back({payload, frames.size(), message->flags(), except, std::move(message)});
    note(except);
  }
  bool excepts(std::uint32_t slot) const noexcept {
    return std::ranges::find(excepted, slot) != excepted.end();
  }
  void clear() noexcept {
    from = nullptr;
    to.clear();
    messages.clear();
    excepted.clear();
    frames.clear();
    if (frames.capacity() > 2 * byte_limit) frames.free();
  }
  std::span<const std::uint8_t> payload(const entry& one) noexcept {
    return frames.bytes().subspan(one.payload, one.end - one.payload);
  }

 private:
  void note(std::uint32_t except) {
    if (except != no_slot && !excepts(except)) excepted.push_back(except);
  }
};

}  // namespace hawser::net
