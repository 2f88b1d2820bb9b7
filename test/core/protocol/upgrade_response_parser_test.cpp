// The client's half of the opening handshake: a sound answer, then faults and answers of other kinds.
#include <gtest/gtest.h>

#include <string>

#include "core/protocol/handshake.hpp"

namespace hawser::protocol::upgrade_response_parser_test {
namespace {

using result = upgrade_response_parser::result;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

upgrade_response_parser new_parser(std::vector<std::string> protocols = {"chat", "superchat"}) {
  return upgrade_response_parser("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", std::move(protocols), 1000);
}

const std::string sound =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: WebSocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    "Sec-WebSocket-Protocol: superchat\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    "\r\n";

std::string with(std::string_view from, std::string_view to) {
  std::string text = sound;
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(upgrade_response_parser, accepts_in_one_piece_with_frames_behind) {
  auto parser = new_parser();
  EXPECT_EQ(parser.feed(as_bytes(sound + "frames")), result::ok);
  EXPECT_EQ(parser.leftover(), 6u);
  EXPECT_EQ(parser.status(), 101);
  EXPECT_EQ(parser.protocol(), "superchat");
  EXPECT_EQ(parser.extensions(), "permessage-deflate");
  EXPECT_EQ(parser.headers().size(), 5u);
}

TEST(upgrade_response_parser, accepts_cut_at_every_byte) {
  for (std::size_t cut = 0; cut < sound.size(); ++cut) {
    auto parser = new_parser();
    ASSERT_EQ(parser.feed(as_bytes(sound.substr(0, cut))), result::need_more) << cut;
    ASSERT_EQ(parser.feed(as_bytes(sound.substr(cut) + "xyz")), result::ok) << cut;
    EXPECT_EQ(parser.leftover(), 3u);
    EXPECT_EQ(parser.protocol(), "superchat");
  }
}

TEST(upgrade_response_parser, protocol_may_be_absent) {
  auto parser = new_parser();
  EXPECT_EQ(parser.feed(as_bytes(with("Sec-WebSocket-Protocol: superchat\r\n", ""))), result::ok);
  EXPECT_EQ(parser.protocol(), "");
}

TEST(upgrade_response_parser, skips_interim_answers) {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  auto parser = new_parser();
  EXPECT_EQ(parser.feed(as_bytes(interim + sound + "xy")), result::ok);
  EXPECT_EQ(parser.leftover(), 2u);
  EXPECT_EQ(parser.headers().size(), 5u);
  auto slow = new_parser();
  for (const char c : interim + sound.substr(0, sound.size() - 1)) {
    ASSERT_EQ(slow.feed(as_bytes({&c, 1})), result::need_more);
  }
  EXPECT_EQ(slow.feed(as_bytes("\n")), result::ok);
}

TEST(upgrade_response_parser, faults_of_a_101) {
  for (const auto& text :
       {with("Upgrade: WebSocket\r\n", ""), with("Upgrade: WebSocket", "Upgrade: h2c"),
        with("Connection: Upgrade\r\n", ""), with("Connection: Upgrade", "Connection: close"),
        with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", ""), with("s3pPLM", "S3pPLM"),
        with("superchat", "other"), with("superchat", "chat, superchat"), with("superchat", ""),
        with("Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat"),
        with("HTTP/1.1", "HTTP/1.0")}) {
    auto parser = new_parser();
    EXPECT_EQ(parser.feed(as_bytes(text)), result::error) << text;
    EXPECT_EQ(parser.error().code, errc::invalid_handshake);
    EXPECT_FALSE(parser.error().message.empty());
    EXPECT_EQ(parser.feed(as_bytes(sound)), result::error);
  }
  auto nothing_offered = new_parser({});
  EXPECT_EQ(nothing_offered.feed(as_bytes(sound)), result::error);
}

TEST(upgrade_response_parser, bytes_that_are_no_http_fail_at_once) {
  for (const char* text : {"SSH-2.0", "\x15\x03\x01", "HTTQ", "\r\n", "HTTP/1.1 xyz\r\n\r\n"}) {
    auto parser = new_parser();
    EXPECT_EQ(parser.feed(as_bytes(text)), result::error) << text;
    EXPECT_EQ(parser.error().code, errc::invalid_handshake);
  }
}

TEST(upgrade_response_parser, limit) {
  auto parser = new_parser();
  EXPECT_EQ(parser.feed(as_bytes("HTTP/1.1 200 OK\r\nX: " + std::string(1000, 'x'))), result::error);
  EXPECT_EQ(parser.error().code, errc::handshake_too_large);
}

TEST(upgrade_response_parser, end_of_stream_before_an_answer) {
  auto parser = new_parser();
  EXPECT_EQ(parser.feed(as_bytes("HTTP/1.1 101")), result::need_more);
  EXPECT_EQ(parser.on_eof(), result::error);
  EXPECT_EQ(parser.error().code, errc::connection_reset);
  auto done = new_parser();
  EXPECT_EQ(done.feed(as_bytes(sound)), result::ok);
  EXPECT_EQ(done.on_eof(), result::ok);
}

struct answer_case {
  const char* name;
  std::string text;
  std::string body;
  bool needs_eof;
};

class unexpected : public ::testing::TestWithParam<answer_case> {};

TEST_P(unexpected, collected_cut_at_every_byte) {
  const auto& [name, text, body, needs_eof] = GetParam();
  const std::size_t step = text.size() > 2000 ? 97 : 1;
  for (std::size_t cut = 0; cut <= text.size(); cut += step) {
    auto parser = new_parser();
    result r = parser.feed(as_bytes(text.substr(0, cut)));
    if (r == result::need_more) r = parser.feed(as_bytes(text.substr(cut)));
    if (needs_eof) {
      ASSERT_EQ(r, result::need_more) << cut;
      r = parser.on_eof();
    }
    ASSERT_EQ(r, result::unexpected_response) << cut;
    ASSERT_EQ(parser.body(), body) << cut;
    EXPECT_EQ(parser.status(), std::stoi(text.substr(9, 3)));
    EXPECT_EQ(parser.error().code, errc::none);
  }
}

INSTANTIATE_TEST_SUITE_P(
    answers, unexpected,
    ::testing::Values(
        answer_case{"length", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nwhat?", "what?", false},
        answer_case{"empty", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "", false},
        answer_case{"no_content", "HTTP/1.1 204 No Content\r\n\r\n", "", false},
        answer_case{"chunked",
                    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                    "abcde", false},
        answer_case{"chunked_empty", "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "", false},
        answer_case{"chunked_trailers",
                    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: v\r\n\r\n",
                    "a", false},
        answer_case{"until_eof", "HTTP/1.0 500 Oops\r\nServer: x\r\n\r\nall of it", "all of it", true},
        answer_case{"cut_short", "HTTP/1.1 500 Oops\r\nContent-Length: 50\r\n\r\npart", "part", true},
        answer_case{"bad_chunk", "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
                    "abc", false},
        answer_case{"long_body", "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + std::string(9000, 'b'),
                    std::string(upgrade_response_parser::max_body, 'b'), false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(upgrade_response_parser, exposes_reason_and_headers_of_an_unexpected_answer) {
  auto parser = new_parser();
  EXPECT_EQ(parser.feed(as_bytes("HTTP/1.1 301 Moved\r\nLocation: ws://b/\r\nContent-Length: 0\r\n\r\n")),
            result::unexpected_response);
  EXPECT_EQ(parser.reason(), "Moved");
  EXPECT_EQ(joined_values(parser.headers(), "location"), "ws://b/");
}

TEST(upgrade_response_parser, endless_chunk_header_is_not_collected) {
  auto parser = new_parser();
  EXPECT_EQ(parser.feed(as_bytes("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3;" +
                                 std::string(20'000, 'x'))),
            result::unexpected_response);
}

}  // namespace
}  // namespace hawser::protocol::upgrade_response_parser_test
