// A copy of one message with its key, in memory that the next message reuses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/router/byte_block.hpp"
#include "core/router/message_key.hpp"

namespace hawser::router {

// What travels through the stages: the text of a message or, on a route with columns, its row of doubles.
struct message_view {
  std::span<const std::uint8_t> bytes;
  bool ascii = true;
};

//   memory: | key | message | slack |
class message_slot {
 public:
  message_key key() const noexcept {
    return {kind_, {reinterpret_cast<const char*>(memory_.data()), key_size_}};
  }
  message_view message() const noexcept { return {{memory_.data() + key_size_, size_}, ascii_}; }

  // The memory this slot holds, used or not.
  std::size_t capacity() const noexcept { return memory_.capacity(); }

  // The message must not lie in this slot.
  void assign(const message_key& key, const message_view& message) {
    memory_.ensure(key.bytes.size() + message.bytes.size(), 0);
    if (!key.bytes.empty()) std::memcpy(memory_.data(), key.bytes.data(), key.bytes.size());
    key_size_ = static_cast<std::uint32_t>(key.bytes.size());
    kind_ = key.kind;
    copy(message);
  }

  // Another message of the same key.
  void replace(const message_view& message) {
    memory_.ensure(key_size_ + message.bytes.size(), key_size_);
    copy(message);
  }

  void release() noexcept { memory_.release(); }

 private:
  void copy(const message_view& message) noexcept {
    size_ = static_cast<std::uint32_t>(message.bytes.size());
    ascii_ = message.ascii;
    if (size_ > 0) std::memcpy(memory_.data() + key_size_, message.bytes.data(), size_);
  }

  byte_block memory_;
  std::uint32_t key_size_ = 0;
  std::uint32_t size_ = 0;
  key_kind kind_ = key_kind::missing;
  bool ascii_ = true;
};

}  // namespace hawser::router
