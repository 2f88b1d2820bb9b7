// Frames for decoder tests: building them, decoding them in pieces, and a reference decoder to compare with.
#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "core/protocol/message_decoder.hpp"

namespace hawser::test {

using bytes = std::vector<std::uint8_t>;

bytes to_bytes(std::string_view text);

// One frame as its sender writes it. `masked` frames use a mask without zero bytes.
bytes frame(protocol::opcode op, std::string_view payload, bool masked = true, bool fin = true,
            bool rsv1 = false);

bytes joined(std::initializer_list<bytes> parts);

// One result of a decoder other than need_more.
struct event {
  protocol::decoded::kind what = protocol::decoded::kind::message;
  protocol::opcode op = protocol::opcode::text;  // of a message
  std::string payload;
  bool ascii = false;
  bool compressed = false;
  protocol::violation why = protocol::violation::none;

  bool operator==(const event&) const = default;
};
std::ostream& operator<<(std::ostream& out, const event& e);

event message(protocol::opcode op, std::string_view payload, bool compressed = false);
event control(protocol::decoded::kind what, std::string_view payload);
event failure(protocol::violation why);

// Feeds `stream` in pieces of the given sizes, the rest as one piece, until its end or a failure.
std::vector<event> decode(protocol::message_decoder& decoder, const protocol::decoder_settings& settings,
                          const bytes& stream, std::span<const std::size_t> pieces = {});

// The same by following RFC 6455 §5 to the letter over the whole stream.
std::vector<event> reference_decode(const protocol::decoder_settings& settings, const bytes& stream);

}  // namespace hawser::test
