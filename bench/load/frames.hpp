// WebSocket frames: writing them, and a streaming reader that hands out payload where it lies in the read
// buffer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace hawser::load {

enum opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close_frame = 8, ping = 9, pong = 10 };

struct frame_header {
  std::uint64_t length = 0;
  std::uint8_t op = 0;
  bool final = false;
  bool compressed = false;
  bool masked = false;
  std::uint8_t mask[4] = {};
};

/// Appends a frame. `key` 0 leaves the payload bare (a server's frame); a client's frame has to have a key.
inline void append_frame(std::string& out, std::uint8_t op, bool compressed, std::string_view payload,
                         std::uint32_t key) {
  const std::uint8_t masked = key != 0 ? 0x80 : 0;
  out += static_cast<char>(0x80 | (compressed ? 0x40 : 0) | op);
  if (payload.size() < 126) {
    out += static_cast<char>(masked | payload.size());
  } else {
    const int width = payload.size() < 65536 ? 2 : 8;
    out += static_cast<char>(masked | (width == 2 ? 126 : 127));
    for (int i = width - 1; i >= 0; --i) out += static_cast<char>(payload.size() >> (8 * i));
  }
  if (key == 0) {
    out += payload;
    return;
  }
  char bytes[4];
  std::memcpy(bytes, &key, 4);
  out.append(bytes, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ bytes[i & 3]);
}

/// Cuts a byte stream into frames. The handler has:
///   void data(const frame_header&, std::uint64_t offset, const char* bytes, std::size_t size)   pieces, in
///   order void end(const frame_header&)                                                               the
///   frame is complete void control(std::uint8_t op, std::string_view payload) unmasked
class frame_reader {
 public:
  /// False when the bytes are not WebSocket frames.
  template <class handler>
  bool feed(const char* bytes, std::size_t size, handler&& handle) {
    const char* const end = bytes + size;
    while (bytes != end) {
      if (!in_payload_) {
        const std::size_t missing = read_header(bytes, end);
        if (missing != 0) return broken_ ? false : true;
        offset_ = 0;
        in_payload_ = true;
        control_.clear();
      }
      const std::size_t take = static_cast<std::size_t>(
          std::min(header_.length - offset_, static_cast<std::uint64_t>(end - bytes)));
      if (header_.op >= close_frame) {
        control_.append(bytes, take);
      } else if (take != 0) {
        handle.data(header_, offset_, bytes, take);
      }
      bytes += take;
      offset_ += take;
      if (offset_ != header_.length) break;
      in_payload_ = false;
      if (header_.op >= close_frame) {
        if (header_.masked) unmask(control_);
        handle.control(header_.op, control_);
      } else {
        handle.end(header_);
      }
    }
    return true;
  }

 private:
  // Takes header bytes from [bytes, end), across calls if need be; returns 0 when the header is complete.
  std::size_t read_header(const char*& bytes, const char* end) {
    while (true) {
      const std::size_t wanted = header_size();
      if (held_ == wanted) break;
      const std::size_t take = std::min<std::size_t>(wanted - held_, static_cast<std::size_t>(end - bytes));
      std::memcpy(raw_ + held_, bytes, take);
      held_ += take;
      bytes += take;
      if (held_ < wanted) return wanted - held_;
    }
    decode();
    held_ = 0;
    return broken_ ? 1 : 0;
  }

  std::size_t header_size() const {
    if (held_ < 2) return 2;
    const unsigned length = raw_[1] & 0x7f;
    return 2u + (length == 126 ? 2u : length == 127 ? 8u : 0u) + ((raw_[1] & 0x80) != 0 ? 4u : 0u);
  }

  void decode() {
    header_.op = raw_[0] & 0x0f;
    header_.final = (raw_[0] & 0x80) != 0;
    header_.compressed = (raw_[0] & 0x40) != 0;
    header_.masked = (raw_[1] & 0x80) != 0;
    const unsigned length = raw_[1] & 0x7f;
    const unsigned width = length == 126 ? 2 : length == 127 ? 8 : 0;
    header_.length = width == 0 ? length : 0;
    for (unsigned i = 0; i < width; ++i) header_.length = header_.length << 8 | raw_[2 + i];
    if (header_.masked) std::memcpy(header_.mask, raw_ + 2 + width, 4);
    const bool known = header_.op <= binary || (header_.op >= close_frame && header_.op <= pong);
    if (!known || (raw_[0] & 0x30) != 0 || (header_.op >= close_frame && header_.length > 125))
      broken_ = true;
  }

  void unmask(std::string& payload) const {
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<char>(payload[i] ^ header_.mask[i & 3]);
    }
  }

  frame_header header_;
  std::uint64_t offset_ = 0;
  std::uint8_t raw_[14] = {};
  std::size_t held_ = 0;
  bool in_payload_ = false;
  bool broken_ = false;
  std::string control_;
};

}  // namespace hawser::load
