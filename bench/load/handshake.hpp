// The HTTP upgrade, both sides, as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::load {

struct upgrade_request {
  std::uint16_t port = 0;
  std::string path = "/";
  std::string extensions;     // value of Sec-WebSocket-Extensions; empty: the header is left out
  std::string protocol = {};  // the same of Sec-WebSocket-Protocol
};

/// The request text; every client uses the same key, which is fine between programs of one benchmark.
std::string request_text(const upgrade_request& request);
/// Checks the answer's head (up to and with the empty line); gives the extensions it accepts. Throws
/// `failure`.
std::string accepted_extensions(std::string_view head);
/// The 101 answer to a client's head. Throws `failure` when it is not an upgrade.
std::string answer_text(std::string_view head);
/// Value of a header, without surrounding blanks; empty when absent.
std::string header_value(std::string_view head, std::string_view name);

}  // namespace hawser::load
