// A whole message as a server sends it: one frame, unmasked.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "core/net/byte_buffer.hpp"
#include "core/net/engine.hpp"
#include "core/protocol/frame.hpp"

namespace hawser::net {

// Goes behind what is there. `rsv1`: the body is compressed.
inline void append_message(byte_buffer& to, send_flags flags, bool rsv1, std::span<const std::uint8_t> body) {
  std::uint8_t* const at = to.prepare(protocol::max_frame_header + body.size());
  const protocol::opcode op = flags.binary ? protocol::opcode::binary : protocol::opcode::text;
  const std::size_t header = protocol::write_frame_header(at, op, true, rsv1, body.size(), nullptr);
  if (!body.empty()) std::memcpy(at + header, body.data(), body.size());
  to.commit(header + body.size());
}

}  // namespace hawser::net
