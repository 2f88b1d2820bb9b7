// Violations as close codes (RFC 6455 §7.4.1), error codes and text.
#include "core/protocol/violation.hpp"

namespace hawser::protocol {

std::uint16_t close_code_of(violation v) noexcept {
  switch (v) {
    case violation::none:
      return 1000;
    case violation::invalid_utf8:
    case violation::inflate_failed:
      return 1007;
    case violation::message_too_big:
      return 1009;
    case violation::out_of_budget:
      return 1013;
    default:
      return 1002;
  }
}

errc errc_of(violation v) noexcept {
  switch (v) {
    case violation::none:
      return errc::none;
    case violation::invalid_utf8:
      return errc::invalid_utf8;
    case violation::inflate_failed:
      return errc::inflate_failed;
    case violation::message_too_big:
      return errc::message_too_big;
    case violation::out_of_budget:
      return errc::out_of_budget;
    default:
      return errc::protocol_error;
  }
}

const char* text_of(violation v) noexcept {
  switch (v) {
    case violation::none:
      return "no violation";
    case violation::reserved_bits:
      return "a reserved bit is set that no extension defines";
    case violation::reserved_opcode:
      return "reserved opcode";
    case violation::bad_mask:
      return "the mask bit does not fit the sender's role";
    case violation::control_too_long:
      return "control frame longer than 125 bytes";
    case violation::control_fragmented:
      return "fragmented control frame";
    case violation::unexpected_continuation:
      return "continuation frame without a message to continue";
    case violation::expected_continuation:
      return "new message inside a fragmented message";
    case violation::length_not_minimal:
      return "payload length not in its shortest form";
    case violation::length_too_big:
      return "payload length of 2^63 or more";
    case violation::message_too_big:
      return "message exceeds the maximum payload";
    case violation::invalid_utf8:
      return "text is not valid UTF-8";
    case violation::bad_close_payload:
      return "malformed close frame";
    case violation::inflate_failed:
      return "compressed message cannot be decompressed";
    case violation::out_of_budget:
      return "partial messages exceed the memory bound";
  }
  return "unknown violation";
}

}  // namespace hawser::protocol
