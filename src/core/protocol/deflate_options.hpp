// Parameters of permessage-deflate (RFC 7692 §7.1): what one side wants, or what both agreed on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/protocol/frame.hpp"

namespace hawser::protocol {

// As a side's own settings, the window bits are upper bounds. As an agreement, they are what each side
// deflates with.
struct deflate_options {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;  // 8 to 15
  int client_max_window_bits = 15;  // 8 to 15
  bool client_max_window_bits_offered =
      true;                      // client: whether the offer names it, so that the server may lower it
  int level = 6;                 // zlib level of our own deflater, 1 to 9
  int mem_level = 8;             // zlib memLevel of our own deflater, 1 to 9
  std::size_t threshold = 1024;  // bytes below which a message is sent uncompressed

  // The window and context rules of an agreement as `self` deflates or inflates under them.
  int deflate_bits(role self) const noexcept {
    return self == role::server ? server_max_window_bits : client_max_window_bits;
  }
  int inflate_bits(role self) const noexcept {
    return self == role::server ? client_max_window_bits : server_max_window_bits;
  }
  bool deflate_takeover(role self) const noexcept {
    return self == role::server ? !server_no_context_takeover : !client_no_context_takeover;
  }
  bool inflate_takeover(role self) const noexcept {
    return self == role::server ? !client_no_context_takeover : !server_no_context_takeover;
  }
  // False when the peer holds us to a 256-byte window, which zlib cannot produce: then all is sent
  // uncompressed, as the extension lets a sender choose for each message.
  bool may_deflate(role self) const noexcept { return deflate_bits(self) >= 9; }
};

}  // namespace hawser::protocol
