// The opening handshake: request and answer, as parsed and as written.
#include "core/protocol/handshake.hpp"
#include "micro.hpp"

namespace hawser::micro {

namespace {

constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";

// As browsers send it.
const bytes& request() {
  static const bytes text = as_bytes(
      "GET /feed?room=7 HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
      "Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
      "Upgrade: websocket\r\nOrigin: https://example.com\r\nSec-WebSocket-Version: 13\r\n"
      "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n"
      "Cookie: session=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n");
  return text;
}

}  // namespace

void add_handshakes() {
  add("handshake: read a request", 1, [] {
    return [] {
      protocol::upgrade_request_parser parser;
      keep(parser.feed(request()));
    };
  });
  add("handshake: answer it", 1, [] {
    return [] {
      std::string out;
      keep(protocol::format_upgrade_response(protocol::accept_key(key), "", "", {}, out));
    };
  });
  add("handshake: read the answer", 1, [] {
    std::string answer;
    const std::string accept = protocol::accept_key(key);
    protocol::format_upgrade_response(accept, "", "", {}, answer);
    return [accept, answer = as_bytes(answer)] {
      protocol::upgrade_response_parser parser(accept, {});
      keep(parser.feed(answer));
    };
  });
}

}  // namespace hawser::micro
