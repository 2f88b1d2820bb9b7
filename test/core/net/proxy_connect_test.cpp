// The CONNECT exchange: what is sent, and what each answer of a proxy means, in one piece and byte by byte.
#include "core/net/proxy_connect.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string_view>

namespace hawser::net::proxy_connect_test {
namespace {

using state = proxy_connect::state;

proxy_connect open_tunnel() { return proxy_connect({"example.com", 443, "", {}}); }

state feed(proxy_connect& proxy, std::string_view bytes) {
  return proxy.on_bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

state trickle(proxy_connect& proxy, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) feed(proxy, bytes.substr(i, 1));
  return proxy.current();
}

std::string early(proxy_connect& proxy) {
  const auto bytes = proxy.take_early_bytes();
  return {bytes.begin(), bytes.end()};
}

std::string request_to(std::string host, std::uint16_t port) {
  return proxy_connect({std::move(host), port, "", {}}).request();
}

// ---- the request

TEST(ProxyRequest, NamesTheTargetTwice) {
  EXPECT_EQ(request_to("example.com", 443),
            "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
}

TEST(ProxyRequest, PutsIpv6InBracketsWithoutItsZone) {
  EXPECT_EQ(request_to("fe80::1%eth0", 80), "CONNECT [fe80::1]:80 HTTP/1.1\r\nHost: [fe80::1]:80\r\n\r\n");
}

TEST(ProxyRequest, CarriesCredentialsAndHeaders) {
  const proxy_connect proxy({"h", 1, "Basic dTpw", {{"User-Agent", "x"}, {"X-Empty", ""}}});
  EXPECT_EQ(proxy.request(),
            "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nUser-Agent: x\r\nX-Empty: \r\nProxy-Authorization: Basic "
            "dTpw\r\n\r\n");
}

TEST(ProxyRequest, AnExplicitAuthorizationHeaderIsNotDoubled) {
  const proxy_connect proxy({"h", 1, "Basic a", {{"proxy-authorization", "Bearer b"}}});
  EXPECT_EQ(proxy.request(), "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nproxy-authorization: Bearer b\r\n\r\n");
}

class ForbiddenProxyRequest : public ::testing::TestWithParam<proxy_request> {};

TEST_P(ForbiddenProxyRequest, FailsFromTheStart) {
  const proxy_connect proxy(GetParam());
  EXPECT_EQ(proxy.current(), state::failed);
  EXPECT_EQ(proxy.error().code, errc::proxy_failed);
  EXPECT_FALSE(proxy.error().detail.empty());
  EXPECT_TRUE(proxy.request().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Injection, ForbiddenProxyRequest,
    ::testing::Values(proxy_request{"", 1, "", {}}, proxy_request{"a\r\nX: y", 1, "", {}},
                      proxy_request{"a b", 1, "", {}}, proxy_request{"user@a", 1, "", {}},
                      proxy_request{"a", 1, "x\r\ny: z", {}}, proxy_request{"a", 1, "", {{"", "v"}}},
                      proxy_request{"a", 1, "", {{"n ", "v"}}}, proxy_request{"a", 1, "", {{"n:", "v"}}},
                      proxy_request{"a", 1, "", {{"n", "v\n"}}},
                      proxy_request{"a", 1, "", {{"n", std::string("v\0", 2)}}},
                      proxy_request{"a", 1, "", {{"HOST", "v"}}},
                      proxy_request{"a", 1, "", {{"content-length", "5"}}},
                      proxy_request{"a", 1, "", {{"Transfer-Encoding", "chunked"}}}));

// ---- acceptance

class AcceptingAnswer : public ::testing::TestWithParam<const char*> {};

TEST_P(AcceptingAnswer, InOnePieceKeepsWhatFollows) {
  auto proxy = open_tunnel();
  EXPECT_EQ(feed(proxy, std::string(GetParam()) + "early bytes"), state::connected);
  EXPECT_EQ(early(proxy), "early bytes");
  EXPECT_EQ(proxy.status() / 100, 2);
  EXPECT_FALSE(proxy.error());
}

TEST_P(AcceptingAnswer, ByteByByteEndsWithItsHeader) {
  auto proxy = open_tunnel();
  const std::string_view answer = GetParam();
  EXPECT_EQ(trickle(proxy, answer.substr(0, answer.size() - 1)), state::need_more);
  EXPECT_EQ(feed(proxy, answer.substr(answer.size() - 1)), state::connected);
  EXPECT_TRUE(early(proxy).empty());
}

INSTANTIATE_TEST_SUITE_P(Status2xx, AcceptingAnswer,
                         ::testing::Values("HTTP/1.1 200 Connection established\r\n\r\n",
                                           "HTTP/1.0 200 OK\r\nVia: 1.1 p\r\n\r\n", "HTTP/1.1 200 \r\n\r\n",
                                           "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
                                           // RFC 9110 §9.3.6: both are to be ignored in a 2xx to CONNECT.
                                           "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
                                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
                                           "</a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"));

TEST(ProxyAnswer, HeadersOfTheFinalAnswerAreKept) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 200 OK\r\nB: 1\r\na: 2\r\nB: 3\r\n\r\n");
  const std::vector<std::pair<std::string, std::string>> expected{{"B", "1"}, {"B", "3"}, {"a", "2"}};
  EXPECT_EQ(proxy.headers(), expected);
}

TEST(ProxyAnswer, NothingChangesAfterTheEnd) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(feed(proxy, "more"), state::connected);
  EXPECT_EQ(proxy.on_end(), state::connected);
  EXPECT_TRUE(early(proxy).empty());
}

// ---- refusal

TEST(ProxyRefusal, WithALengthEndsWithItsBody) {
  for (const bool whole : {true, false}) {
    auto proxy = open_tunnel();
    const std::string_view answer =
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: "
        "5\r\n\r\nlogin";
    EXPECT_EQ(whole ? feed(proxy, answer) : trickle(proxy, answer), state::failed);
    EXPECT_EQ(proxy.status(), 407);
    EXPECT_EQ(proxy.body(), "login");
    EXPECT_EQ(proxy.headers().at(0).second, "Basic");
    EXPECT_EQ(proxy.error().code, errc::proxy_failed);
    EXPECT_EQ(proxy.error().detail,
              "the proxy refused CONNECT example.com:443 with status 407 Proxy Authentication Required");
  }
}

TEST(ProxyRefusal, InChunksIsDecoded) {
  for (const bool whole : {true, false}) {
    auto proxy = open_tunnel();
    const std::string_view answer =
        "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nbus\r\n1\r\ny\r\n0\r\nT: 1\r\n\r\n";
    EXPECT_EQ(whole ? feed(proxy, answer) : trickle(proxy, answer), state::failed);
    EXPECT_EQ(proxy.body(), "busy");
  }
}

TEST(ProxyRefusal, UntilTheEndOfTheStream) {
  auto proxy = open_tunnel();
  EXPECT_EQ(feed(proxy, "HTTP/1.1 502 Bad Gateway\r\n\r\nsorry"), state::need_more);
  EXPECT_TRUE(proxy.refused());
  EXPECT_EQ(proxy.on_end(), state::failed);
  EXPECT_EQ(proxy.body(), "sorry");
  EXPECT_EQ(proxy.status(), 502);
}

TEST(ProxyRefusal, TheRestOfABodyNeedNotBeWaitedFor) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 10\r\n\r\nsor");
  EXPECT_EQ(proxy.on_body_timeout(), state::failed);
  EXPECT_FALSE(proxy.refused());
  EXPECT_EQ(proxy.body(), "sor");
}

TEST(ProxyRefusal, TheBodyTimeoutEndsNothingElse) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 5");
  EXPECT_EQ(proxy.on_body_timeout(), state::need_more);
}

TEST(ProxyRefusal, OnlyTheStartOfALongBodyIsKept) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(feed(proxy, std::string(proxy_connect::body_limit - 1, 'x')), state::need_more);
  EXPECT_EQ(feed(proxy, "yz"), state::failed);
  EXPECT_EQ(proxy.body(), std::string(proxy_connect::body_limit - 1, 'x') + "y");
}

TEST(ProxyRefusal, ABrokenChunkEndsTheBody) {
  auto proxy = open_tunnel();
  EXPECT_EQ(feed(proxy, "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nnonsense\r\n"),
            state::failed);
  EXPECT_EQ(proxy.body(), "ok");
  EXPECT_EQ(proxy.status(), 403);
}

TEST(ProxyRefusal, AnEndlessChunkExtensionEndsTheBody) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2;");
  EXPECT_EQ(feed(proxy, std::string(proxy_connect::body_limit + 1, 'x')), state::failed);
  EXPECT_TRUE(proxy.body().empty());
}

TEST(ProxyRefusal, WithoutABodyEndsAtOnce) {
  for (const char* answer :
       {"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
    auto proxy = open_tunnel();
    EXPECT_EQ(feed(proxy, answer), state::failed) << answer;
    EXPECT_TRUE(proxy.body().empty());
    EXPECT_GT(proxy.status(), 0);
  }
}

TEST(ProxyRefusal, TheReasonIsMadePrintable) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 403 N\xfc\xfct\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(proxy.error().detail, "the proxy refused CONNECT example.com:443 with status 403 N??t");
}

// ---- no answer

class Garbage : public ::testing::TestWithParam<const char*> {};

TEST_P(Garbage, IsNotHttpInOnePieceAndByteByByte) {
  for (const bool whole : {true, false}) {
    auto proxy = open_tunnel();
    EXPECT_EQ(whole ? feed(proxy, GetParam()) : trickle(proxy, GetParam()), state::failed);
    EXPECT_EQ(proxy.error().code, errc::proxy_failed);
    EXPECT_NE(proxy.error().detail.find("is not HTTP/1"), std::string::npos) << proxy.error().detail;
    EXPECT_EQ(proxy.status(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Bytes, Garbage,
                         ::testing::Values("SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01\x00\x02\x02\x46", "\r\n",
                                           "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.7 200 OK\r\n\r\n",
                                           "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                                           "HTTP/1.1 403 No\r\nContent-Length: x\r\n\r\n"));

TEST(ProxyAnswer, NoHttpIsKnownByItsFirstByte) {
  auto proxy = open_tunnel();
  EXPECT_EQ(feed(proxy, "S"), state::failed);
}

TEST(ProxyAnswer, AnEndWithoutAByteSaysSo) {
  auto proxy = open_tunnel();
  EXPECT_EQ(proxy.on_end(), state::failed);
  EXPECT_EQ(proxy.error().detail,
            "the proxy closed the connection without answering CONNECT example.com:443");
}

TEST(ProxyAnswer, AnEndInTheHeaderSaysSo) {
  auto proxy = open_tunnel();
  feed(proxy, "HTTP/1.1 200 OK\r\nVia");
  EXPECT_EQ(proxy.on_end("Connection reset by peer", ECONNRESET), state::failed);
  EXPECT_EQ(proxy.error().detail,
            "the proxy closed the connection in the middle of its answer to CONNECT example.com:443: "
            "Connection reset by peer");
  EXPECT_EQ(proxy.error().system, ECONNRESET);
}

TEST(ProxyAnswer, AHugeHeaderIsRefused) {
  const std::string field = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  std::string answer = "HTTP/1.1 200 OK\r\n";
  while (answer.size() <= proxy_connect::header_limit) answer += field;
  for (const std::size_t piece : {answer.size() + 4, std::size_t{1}, std::size_t{700}}) {
    auto proxy = open_tunnel();
    const auto whole = answer + "\r\n\r\n";
    for (std::size_t at = 0; at < whole.size(); at += piece)
      feed(proxy, std::string_view(whole).substr(at, piece));
    EXPECT_EQ(proxy.current(), state::failed);
    EXPECT_NE(proxy.error().detail.find("more than 16384 bytes of headers"), std::string::npos);
  }
}

TEST(ProxyAnswer, EndlessInterimAnswersAreRefused) {
  auto proxy = open_tunnel();
  std::size_t sent = 0;
  const std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  while (proxy.current() == state::need_more) {
    feed(proxy, interim);
    sent += interim.size();
    ASSERT_LT(sent, 2 * proxy_connect::header_limit);
  }
  EXPECT_EQ(proxy.error().code, errc::proxy_failed);
}

TEST(ProxyAnswer, AHeaderUpToTheLimitIsTaken) {
  const std::string head = "HTTP/1.1 200 OK\r\nX: ";
  const std::string tail = "\r\n\r\n";
  auto proxy = open_tunnel();
  EXPECT_EQ(feed(proxy, head + std::string(proxy_connect::header_limit - 200, 'x') + tail), state::connected);
}

}  // namespace
}  // namespace hawser::net::proxy_connect_test
