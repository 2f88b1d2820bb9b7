// What a peer can do wrong on an open connection, and which close code and error code that becomes.
#pragma once

#include <cstdint>

#include "core/error.hpp"

namespace hawser::protocol {

enum class violation : std::uint8_t {
  none,
  reserved_bits,            // RSV2/RSV3, or RSV1 where no extension gives it a meaning
  reserved_opcode,          // 3-7, 11-15
  bad_mask,                 // unmasked frame to a server, masked frame to a client
  control_too_long,         // control frame above 125 bytes
  control_fragmented,       // control frame without FIN
  unexpected_continuation,  // continuation frame while no message is open
  expected_continuation,    // text or binary frame inside a fragmented message
  length_not_minimal,       // extended length where a shorter form fits
  length_too_big,           // bit 63 of the length
  message_too_big,          // above the configured maximum
  invalid_utf8,             // in a text message or a close reason
  bad_close_payload,        // one byte, or a code that must not be sent
  inflate_failed,           // compressed data that does not decompress
  out_of_budget,            // partial messages of all connections exceed the runtime's bound
};

// The close code that tells the peer: 1002, 1007, 1009 or 1013; 1000 for none.
std::uint16_t close_code_of(violation v) noexcept;

errc errc_of(violation v) noexcept;

// A short English text for the error message, never null.
const char* text_of(violation v) noexcept;

}  // namespace hawser::protocol
