// Keys and texts of the opening handshake.
#include "core/protocol/handshake.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/protocol/http_syntax.hpp"

namespace hawser::protocol::handshake_test {
namespace {

TEST(http_syntax, lists_and_tokens) {
  EXPECT_TRUE(is_token("a-b.c!#$%&'*+^_`|~0Z"));
  for (const char* text : {"", "a b", "a,b", "a\x7F", "\xC3\xA9", "a\"", "a/b", "(a)"})
    EXPECT_FALSE(is_token(text));
  EXPECT_FALSE(is_token(std::string_view("a\0b", 3)));
  EXPECT_TRUE(list_contains("keep-alive,  UPGRADE\t", "upgrade"));
  EXPECT_TRUE(list_contains(",,upgrade,", "upgrade"));
  EXPECT_FALSE(list_contains("upgraded", "upgrade"));
  EXPECT_FALSE(list_contains("", "upgrade"));
  EXPECT_TRUE(iequals("WebSocket", "websocket"));
  EXPECT_FALSE(iequals("websocket", "websockets"));
}

TEST(accept_key, example_of_the_rfc) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(random_key, sixteen_bytes_and_never_the_same) {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    const std::string key = random_key();
    EXPECT_EQ(key.size(), 24u);
    EXPECT_EQ(key.substr(22), "==");
    keys.insert(key);
  }
  EXPECT_EQ(keys.size(), 100u);
}

TEST(joined_values, keeps_order_and_ignores_case) {
  const header_list headers{{"A", "1"}, {"b", "x"}, {"a", "2"}, {"A", ""}};
  EXPECT_EQ(joined_values(headers, "a"), "1, 2, ");
  EXPECT_EQ(joined_values(headers, "B"), "x");
  EXPECT_EQ(joined_values(headers, "c"), "");
}

TEST(valid_header, refuses_what_could_split_a_message) {
  EXPECT_TRUE(valid_header({"X-Name", "any \t value \xC3\xA9"}));
  EXPECT_TRUE(valid_header({"X-Name", ""}));
  EXPECT_FALSE(valid_header({"", "x"}));
  EXPECT_FALSE(valid_header({"X Name", "x"}));
  EXPECT_FALSE(valid_header({"X:", "x"}));
  EXPECT_FALSE(valid_header({"X\r\nY", "x"}));
  for (const char c : {'\r', '\n', '\0'}) EXPECT_FALSE(valid_header({"X", std::string("a") + c + "b"}));
}

TEST(format_upgrade_request, plain) {
  std::string out;
  ASSERT_TRUE(format_upgrade_request({.target = "/chat?x=1", .host = "example.com:8080", .key = "KEY"}, out));
  EXPECT_EQ(out,
            "GET /chat?x=1 HTTP/1.1\r\n"
            "Host: example.com:8080\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Key: KEY\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "\r\n");
}

TEST(format_upgrade_request, everything) {
  const std::vector<std::string> protocols{"a", "b.v1"};
  const header_list headers{{"Host", "other"},       {"Authorization", "Bearer x"},
                            {"connection", "close"}, {"Sec-WebSocket-Key", "mine"},
                            {"Content-Length", "5"}, {"Cookie", "k=v"}};
  std::string out;
  ASSERT_TRUE(format_upgrade_request({.host = "example.com",
                                      .key = "KEY",
                                      .protocols = protocols,
                                      .extensions = "permessage-deflate",
                                      .headers = headers},
                                     out));
  EXPECT_EQ(out,
            "GET / HTTP/1.1\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Key: KEY\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: a, b.v1\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n"
            "Host: other\r\n"
            "Authorization: Bearer x\r\n"
            "Cookie: k=v\r\n"
            "\r\n");
}

TEST(format_upgrade_request, refuses_injection) {
  std::string out;
  const auto refused = [&](const upgrade_request& request) {
    return !format_upgrade_request(request, out) && out.empty();
  };
  EXPECT_TRUE(refused({.target = "/a b", .host = "h", .key = "k"}));
  EXPECT_TRUE(refused({.target = "/a\r\nX: y", .host = "h", .key = "k"}));
  EXPECT_TRUE(refused({.target = "", .host = "h", .key = "k"}));
  EXPECT_TRUE(refused({.host = "h\r\n", .key = "k"}));
  EXPECT_TRUE(refused({.host = "", .key = "k"}));
  const header_list injection{{"X", "a\r\nY: b"}};
  EXPECT_TRUE(refused({.host = "h", .key = "k", .headers = injection}));
  for (const std::vector<std::string>& protocols :
       {std::vector<std::string>{"a", "a"}, {""}, {"a b"}, {"a,b"}, {"a\r\nX: y"}}) {
    EXPECT_TRUE(refused({.host = "h", .key = "k", .protocols = protocols}));
  }
}

TEST(format_upgrade_response, text) {
  std::string out;
  const header_list headers{{"Set-Cookie", "a=b"}, {"Set-Cookie", "c=d"}, {"Sec-WebSocket-Accept", "mine"}};
  ASSERT_TRUE(format_upgrade_response("ACCEPT", "chat", "permessage-deflate", headers, out));
  EXPECT_EQ(out,
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: ACCEPT\r\n"
            "Sec-WebSocket-Protocol: chat\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n"
            "Set-Cookie: a=b\r\n"
            "Set-Cookie: c=d\r\n"
            "\r\n");
  std::string plain;
  ASSERT_TRUE(format_upgrade_response("ACCEPT", "", "", {}, plain));
  EXPECT_EQ(plain.find("Protocol:"), std::string::npos);
  EXPECT_EQ(plain.find("Extensions:"), std::string::npos);

  std::string none;
  const header_list bad{{"X", "a\nb"}};
  EXPECT_FALSE(format_upgrade_response("ACCEPT", "", "", bad, none));
  EXPECT_FALSE(format_upgrade_response("ACCEPT", "a\r\nX: y", "", {}, none));
  EXPECT_TRUE(none.empty());
}

TEST(http_response_text, text) {
  EXPECT_EQ(http_response_text(401, {}, "no"),
            "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: "
            "2\r\n\r\nno");
  const header_list headers{
      {"Connection", "keep-alive"}, {"Content-Type", "text/html"}, {"Content-Length", "99"}, {"X", "y"}};
  EXPECT_EQ(http_response_text(200, headers, "<p>"),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\nContent-Type: text/html\r\nX: "
            "y\r\n\r\n<p>");
  EXPECT_EQ(http_response_text(503, {}, ""),
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  const header_list bad{{"X", "a\nb"}};
  EXPECT_EQ(http_response_text(200, bad, ""), "");
}

}  // namespace
}  // namespace hawser::protocol::handshake_test
