// The Sec-WebSocket-Extensions header and the negotiation of permessage-deflate.
#include "core/protocol/deflate_extension.hpp"

#include <gtest/gtest.h>

namespace hawser::protocol::deflate_extension_test {
namespace {

TEST(parse_extensions, grammar) {
  const auto list = parse_extensions(" foo ; a ; b = 1;c=\"x\\y\" , bar,, baz;d=\"\\\"\"");
  EXPECT_FALSE(list) << "a quoted string must unquote to a token";

  const auto good = parse_extensions(" foo ; a ; b = 1;c=\"x\\y\" , bar,, baz");
  ASSERT_TRUE(good);
  ASSERT_EQ(good->size(), 3u);
  EXPECT_EQ((*good)[0].name, "foo");
  ASSERT_EQ((*good)[0].params.size(), 3u);
  EXPECT_EQ((*good)[0].params[0].first, "a");
  EXPECT_FALSE((*good)[0].params[0].second);
  EXPECT_EQ((*good)[0].params[1].second, "1");
  EXPECT_EQ((*good)[0].params[2].second, "xy");
  EXPECT_EQ((*good)[2].name, "baz");
}

TEST(parse_extensions, malformed) {
  for (const char* text :
       {"foo;", ";a", "foo;a=", "foo;a=\"", "foo;a=\"x", "foo;a=\"\"", "foo bar", "foo;a b", "a=b",
        "foo;a=\"x y\"", "foo;=1", "\"foo\"", "foo;a=\"x\\", "f\xC3\xB6o"}) {
    EXPECT_FALSE(parse_extensions(text)) << text;
  }
  EXPECT_TRUE(parse_extensions("")->empty());
  EXPECT_TRUE(parse_extensions(" , ,\t")->empty());
}

std::string answer(std::string_view header, const deflate_options& own = {}) {
  const auto agreed = negotiate_server(header, own);
  return agreed ? agreed->header : "declined";
}

TEST(negotiate_server, accepts_what_it_can_serve) {
  EXPECT_EQ(answer("permessage-deflate"), "permessage-deflate");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits"), "permessage-deflate");
  EXPECT_EQ(answer("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=10"),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=\"10\""),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits=8"),
            "permessage-deflate; client_max_window_bits=8");
  EXPECT_EQ(answer("x-webkit-deflate-frame, permessage-deflate"), "permessage-deflate");
}

TEST(negotiate_server, applies_its_own_limits) {
  const deflate_options own{.server_no_context_takeover = true,
                            .client_no_context_takeover = true,
                            .server_max_window_bits = 12,
                            .client_max_window_bits = 11};
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits; server_max_window_bits=14", own),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=12; "
            "client_max_window_bits=11");
  const auto unnamed = negotiate_server("permessage-deflate", own);
  ASSERT_TRUE(unnamed);
  EXPECT_EQ(unnamed->options.client_max_window_bits, 15) << "the client did not say that it can be limited";
  EXPECT_EQ(unnamed->header.find("client_max_window_bits"), std::string::npos);
  const auto smaller = negotiate_server("permessage-deflate; client_max_window_bits=9", own);
  EXPECT_EQ(smaller->options.client_max_window_bits, 9);
  EXPECT_EQ(smaller->options.inflate_bits(role::server), 9);
  EXPECT_EQ(smaller->options.deflate_bits(role::server), 12);
  EXPECT_FALSE(smaller->options.deflate_takeover(role::server));
  EXPECT_FALSE(smaller->options.inflate_takeover(role::server));
}

TEST(negotiate_server, declines_what_it_cannot_serve) {
  for (const char* header :
       {"", "permessage-deflate; server_max_window_bits=8", "permessage-deflate; unknown", "other",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; client_max_window_bits=x", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", "permessage-deflate;"}) {
    EXPECT_EQ(answer(header), "declined") << header;
  }
}

TEST(negotiate_server, takes_the_first_acceptable_offer) {
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=8, permessage-deflate; unknown, "
                   "permessage-deflate; server_no_context_takeover, permessage-deflate"),
            "permessage-deflate; server_no_context_takeover");
}

TEST(client_offer, text) {
  EXPECT_EQ(offer({}), "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(offer({.client_max_window_bits_offered = false}), "permessage-deflate");
  EXPECT_EQ(offer({.server_no_context_takeover = true,
                   .client_no_context_takeover = true,
                   .server_max_window_bits = 10,
                   .client_max_window_bits = 8}),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=10; "
            "client_max_window_bits=9");
}

TEST(check_response, agrees) {
  const deflate_options offered;
  EXPECT_FALSE(check_response("", &offered).agreed);
  EXPECT_FALSE(check_response("", nullptr).error);

  auto r = check_response("permessage-deflate", &offered);
  ASSERT_TRUE(r.agreed);
  EXPECT_EQ(r.agreed->server_max_window_bits, 15);

  r = check_response(
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
      "server_max_window_bits=8; client_max_window_bits=9",
      &offered);
  ASSERT_TRUE(r.agreed);
  EXPECT_FALSE(r.agreed->deflate_takeover(role::client));
  EXPECT_FALSE(r.agreed->inflate_takeover(role::client));
  EXPECT_EQ(r.agreed->inflate_bits(role::client), 8);
  EXPECT_EQ(r.agreed->deflate_bits(role::client), 9);
  EXPECT_TRUE(r.agreed->may_deflate(role::client));

  r = check_response("permessage-deflate; client_max_window_bits=8", &offered);
  ASSERT_TRUE(r.agreed);
  EXPECT_FALSE(r.agreed->may_deflate(role::client));
}

TEST(check_response, keeps_our_own_stricter_limits) {
  const deflate_options offered{.client_no_context_takeover = true, .client_max_window_bits = 10};
  const auto r = check_response("permessage-deflate", &offered);
  ASSERT_TRUE(r.agreed);
  EXPECT_TRUE(r.agreed->client_no_context_takeover);
  EXPECT_EQ(r.agreed->client_max_window_bits, 10);
}

TEST(check_response, refuses) {
  const deflate_options offered{.server_max_window_bits = 12, .client_max_window_bits_offered = false};
  for (const char* header :
       {"permessage-deflate;", "other", "permessage-deflate, permessage-deflate", "permessage-deflate, other",
        "permessage-deflate; unknown", "permessage-deflate; server_max_window_bits=13",
        "permessage-deflate; server_max_window_bits=\"1", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover"}) {
    const auto r = check_response(header, &offered);
    EXPECT_TRUE(r.error) << header;
    EXPECT_FALSE(r.agreed) << header;
  }
  EXPECT_TRUE(check_response("permessage-deflate", nullptr).error);
  EXPECT_TRUE(check_response("permessage-deflate; client_max_window_bits",
                             [] {
                               static const deflate_options named;
                               return &named;
                             }())
                  .error)
      << "a response must give a value";
}

// Every pair of settings leads to the same understanding on both sides.
TEST(negotiation, both_sides_agree) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    const deflate_options client{.server_no_context_takeover = (bits & 1) != 0,
                                 .client_no_context_takeover = (bits & 2) != 0,
                                 .server_max_window_bits = bits & 4 ? 10 : 15,
                                 .client_max_window_bits = bits & 8 ? 11 : 15,
                                 .client_max_window_bits_offered = (bits & 16) != 0};
    const deflate_options server{.server_no_context_takeover = (bits & 32) != 0,
                                 .client_no_context_takeover = (bits & 64) != 0,
                                 .server_max_window_bits = bits & 128 ? 9 : 15,
                                 .client_max_window_bits = bits & 128 ? 9 : 15};
    const auto s = negotiate_server(offer(client), server);
    ASSERT_TRUE(s);
    const auto c = check_response(s->header, &client);
    ASSERT_TRUE(c.agreed) << c.error;
    EXPECT_EQ(s->options.server_no_context_takeover, c.agreed->server_no_context_takeover);
    EXPECT_EQ(s->options.server_max_window_bits, c.agreed->server_max_window_bits);
    EXPECT_EQ(s->options.client_max_window_bits, c.agreed->client_max_window_bits);
    EXPECT_EQ(s->options.client_no_context_takeover, c.agreed->client_no_context_takeover);
  }
}

}  // namespace
}  // namespace hawser::protocol::deflate_extension_test
