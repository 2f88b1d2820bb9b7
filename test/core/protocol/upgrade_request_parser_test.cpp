// The server's half of the opening handshake: a sound request, then one fault after the other.
#include <gtest/gtest.h>

#include <string>

#include "core/protocol/handshake.hpp"

namespace hawser::protocol::upgrade_request_parser_test {
namespace {

using result = upgrade_request_parser::result;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

const std::string sound =
    "GET /chat?room=1 HTTP/1.1\r\n"
    "Host: server.example.com\r\n"
    "Upgrade: websocket\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: chat, superchat\r\n"
    "X-Twice: 1\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "x-twice: 2\r\n"
    "Sec-WebSocket-Extensions: foo\r\n"
    "\r\n";

// The sound request with `from` replaced.
std::string with(std::string_view from, std::string_view to) {
  std::string text = sound;
  text.replace(text.find(from), from.size(), to);
  return text;
}

handshake_error error_of(std::string_view request) {
  upgrade_request_parser parser;
  EXPECT_EQ(parser.feed(as_bytes(request)), result::error) << request;
  EXPECT_NE(parser.error().code, errc::none);
  EXPECT_FALSE(parser.error().message.empty());
  return parser.error();
}

void expect_sound(const upgrade_request_parser& parser) {
  EXPECT_EQ(parser.method(), "GET");
  EXPECT_EQ(parser.target(), "/chat?room=1");
  EXPECT_EQ(parser.key(), "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(parser.protocols(), "chat, superchat");
  EXPECT_EQ(parser.extensions(), "permessage-deflate; client_max_window_bits, foo");
  ASSERT_EQ(parser.headers().size(), 10u);
  EXPECT_EQ(parser.headers()[5].name, "X-Twice");
  EXPECT_EQ(parser.headers()[8].name, "x-twice");
  EXPECT_EQ(parser.headers()[8].value, "2");
}

TEST(upgrade_request_parser, accepts_in_one_piece_with_frames_behind) {
  upgrade_request_parser parser;
  EXPECT_EQ(parser.feed(as_bytes(sound + "frames")), result::ok);
  EXPECT_EQ(parser.leftover(), 6u);
  expect_sound(parser);
  EXPECT_EQ(parser.feed(as_bytes("more")), result::ok);
  EXPECT_EQ(parser.leftover(), 4u);
}

TEST(upgrade_request_parser, accepts_cut_at_every_byte) {
  const std::string stream = sound + "xyz";
  for (std::size_t cut = 0; cut < sound.size(); ++cut) {
    upgrade_request_parser parser;
    ASSERT_EQ(parser.feed(as_bytes(stream.substr(0, cut))), result::need_more) << cut;
    EXPECT_EQ(parser.leftover(), 0u);
    ASSERT_EQ(parser.feed(as_bytes(stream.substr(cut))), result::ok) << cut;
    EXPECT_EQ(parser.leftover(), 3u);
    expect_sound(parser);
  }
  upgrade_request_parser parser;
  for (std::size_t i = 0; i + 1 < sound.size(); ++i) {
    ASSERT_EQ(parser.feed(as_bytes(sound.substr(i, 1))), result::need_more);
  }
  EXPECT_EQ(parser.feed(as_bytes("\n")), result::ok);
  expect_sound(parser);
}

TEST(upgrade_request_parser, optional_headers_may_be_absent) {
  upgrade_request_parser parser;
  EXPECT_EQ(
      parser.feed(as_bytes("GET / HTTP/1.1\r\nhost:\r\nUPGRADE: h2c, WebSocket\r\nconnection: upgrade\r\n"
                           "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n"
                           "content-length: 0\r\n\r\n")),
      result::ok);
  EXPECT_EQ(parser.protocols(), "");
  EXPECT_EQ(parser.extensions(), "");
}

TEST(upgrade_request_parser, bytes_that_are_no_http_fail_at_once) {
  for (const std::string& text : {std::string("\x16\x03\x01\x02"), std::string("\0", 1), std::string("\r\n"),
                                  std::string(" GET / HTTP/1.1"), std::string(40, 'A')}) {
    EXPECT_EQ(error_of(text).status, 400);
  }
}

TEST(upgrade_request_parser, malformed_http) {
  EXPECT_EQ(error_of("GET /\r\n\r\n").status, 400);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nno colon\r\n\r\n").status, 400);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\n: empty name\r\n\r\n").status, 400);
  EXPECT_EQ(error_of(with("X-Twice: 1", std::string("X-Twice: \0", 10))).status, 400);
  EXPECT_EQ(error_of(with("X-Twice: 1", "Content-Length: x")).status, 400);
}

TEST(upgrade_request_parser, version_of_http) {
  EXPECT_EQ(error_of(with("HTTP/1.1", "HTTP/1.0")).status, 505);
  EXPECT_EQ(error_of(with("HTTP/1.1", "HTTP/2.0")).status, 505);
}

TEST(upgrade_request_parser, head_of_what_is_no_upgrade) {
  const std::string post = "POST /live HTTP/1.0\r\nContent-Length: 2\r\n\r\n";
  upgrade_request_parser parser;
  EXPECT_EQ(parser.feed(as_bytes(post.substr(0, 9))), result::need_more);
  EXPECT_EQ(parser.feed(as_bytes(post.substr(9) + "{}")), result::error);
  EXPECT_EQ(parser.head(), post);
  EXPECT_EQ(parser.leftover(), 2u);
  EXPECT_EQ(parser.target(), "/live");

  upgrade_request_parser upgrade;
  EXPECT_EQ(upgrade.feed(as_bytes(sound)), result::ok);
  EXPECT_EQ(upgrade.head(), "");
}

TEST(upgrade_request_parser, method) {
  const auto error = error_of(with("GET", "POST"));
  EXPECT_EQ(error.status, 405);
  EXPECT_EQ(joined_values(error.headers, "Allow"), "GET");
}

TEST(upgrade_request_parser, host) {
  EXPECT_EQ(error_of(with("Host: server.example.com\r\n", "")).status, 400);
  EXPECT_EQ(error_of(with("X-Twice", "Host")).status, 400);
}

TEST(upgrade_request_parser, body) {
  EXPECT_EQ(error_of(with("X-Twice: 1", "Content-Length: 5")).status, 400);
  EXPECT_EQ(error_of(with("X-Twice: 1", "Transfer-Encoding: chunked")).status, 400);
}

TEST(upgrade_request_parser, upgrade_and_connection) {
  for (const auto& request :
       {with("Upgrade: websocket\r\n", ""), with("Upgrade: websocket", "Upgrade: websockets")}) {
    const auto error = error_of(request);
    EXPECT_EQ(error.status, 426);
    EXPECT_EQ(joined_values(error.headers, "Upgrade"), "websocket");
  }
  EXPECT_EQ(error_of(with("Connection: keep-alive, Upgrade\r\n", "")).status, 400);
  EXPECT_EQ(error_of(with("keep-alive, Upgrade", "keep-alive")).status, 400);
}

TEST(upgrade_request_parser, version_of_the_protocol) {
  for (const auto& request : {with("Version: 13", "Version: 8"), with("Sec-WebSocket-Version: 13\r\n", ""),
                              with("X-Twice: 1", "Sec-WebSocket-Version: 13")}) {
    const auto error = error_of(request);
    EXPECT_EQ(error.status, 426);
    EXPECT_EQ(joined_values(error.headers, "Sec-WebSocket-Version"), "13");
  }
}

TEST(upgrade_request_parser, key) {
  for (const char* key : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
                          "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25j*Q=="}) {
    EXPECT_EQ(error_of(with("dGhlIHNhbXBsZSBub25jZQ==", key)).status, 400) << key;
  }
  EXPECT_EQ(error_of(with("X-Twice: 1", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")).status, 400);
  EXPECT_EQ(error_of(with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "")).status, 400);
}

TEST(upgrade_request_parser, protocols_and_extensions) {
  EXPECT_EQ(error_of(with("chat, superchat", "chat, chat")).status, 400);
  EXPECT_EQ(error_of(with("chat, superchat", "chat room")).status, 400);
  EXPECT_EQ(error_of(with("client_max_window_bits", "client_max_window_bits=")).status, 400);
}

TEST(upgrade_request_parser, limit) {
  const auto padded = [](std::size_t size) {
    const std::string start = sound.substr(0, sound.size() - 2) + "X-Pad: ";
    return start + std::string(size - start.size() - 4, 'p') + "\r\n\r\n";
  };
  upgrade_request_parser fits(1000);
  EXPECT_EQ(fits.feed(as_bytes(padded(1000) + "frames")), result::ok);
  EXPECT_EQ(fits.leftover(), 6u);

  upgrade_request_parser whole(1000);
  EXPECT_EQ(whole.feed(as_bytes(padded(1001))), result::error);
  EXPECT_EQ(whole.error().status, 431);
  EXPECT_EQ(whole.error().code, errc::handshake_too_large);

  upgrade_request_parser endless(1000);
  EXPECT_EQ(endless.feed(as_bytes(padded(2000).substr(0, 1000))), result::need_more);
  EXPECT_EQ(endless.feed(as_bytes("p")), result::error);
  EXPECT_EQ(endless.error().status, 431);
  EXPECT_EQ(endless.feed(as_bytes(sound)), result::error);
}

}  // namespace
}  // namespace hawser::protocol::upgrade_request_parser_test
