// The Sec-WebSocket-Extensions header (RFC 6455 §9.1) and the negotiation of permessage-deflate in it (RFC
// 7692 §5, §7.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/protocol/deflate_options.hpp"

namespace hawser::protocol {

struct extension {
  std::string name;
  std::vector<std::pair<std::string, std::optional<std::string>>> params;  // value none: a name alone
};

// Splits a header's text (several header lines joined with ", "); quoted strings are unquoted. None:
// malformed. Empty text is an empty list.
std::optional<std::vector<extension>> parse_extensions(std::string_view header);

struct deflate_agreement {
  deflate_options options;  // level, mem_level and threshold are the server's own
  std::string header;       // for our response
};

// Accepts the first offer that we can serve; others are declined: unknown, repeated or ill-valued parameters,
// and server_max_window_bits=8, which zlib cannot deflate with. None: no acceptable offer, or a malformed
// header.
std::optional<deflate_agreement> negotiate_server(std::string_view header, const deflate_options& own);

// The client's offer as header text.
std::string offer(const deflate_options& own);

struct deflate_response {
  std::optional<deflate_options> agreed;  // none: permessage-deflate is not used
  const char* error = nullptr;            // not null: fail the handshake, with this reason
};

// Judges the extensions of a server's response, "" when it has none. `offered` is what offer() was made of,
// null when nothing was offered.
deflate_response check_response(std::string_view header, const deflate_options* offered);

}  // namespace hawser::protocol
