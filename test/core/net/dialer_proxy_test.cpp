// Dials through an HTTP proxy: the tunnel, each kind of refusal, and a proxy that is none.
#include <gtest/gtest.h>

#include <cerrno>

#include "core/net/dial_fixture.hpp"
#include "core/net/dialer.hpp"

namespace hawser::net::dialer_proxy_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::io_context;
using boost::asio::ip::make_address;
using testing::dead_port;
using testing::dial;
using testing::mentions;
using testing::scripted_proxy;
using testing::through_proxy;

TEST(DialerProxy, OpensATunnelAndKeepsEarlyBytes) {
  io_context io;
  scripted_proxy proxy(io, "HTTP/1.1 200 Connection established\r\nVia: 1.1 p\r\n\r\nhello");
  auto settings = through_proxy(proxy.port());
  settings.proxy_authorization = "Basic dTpw";
  settings.proxy_headers = {{"User-Agent", "test"}};
  const auto result = dial(io, settings);
  ASSERT_FALSE(result.error) << result.error.detail;
  EXPECT_EQ(proxy.request(),
            "CONNECT target.example:443 HTTP/1.1\r\nHost: target.example:443\r\nUser-Agent: test\r\n"
            "Proxy-Authorization: Basic dTpw\r\n\r\n");
  EXPECT_EQ(std::string(result.early_bytes.begin(), result.early_bytes.end()), "hello");
  EXPECT_EQ(result.proxy_status, 200);
  EXPECT_EQ(result.proxy_headers.at(0).first, "Via");
  EXPECT_EQ(result.remote_address, "127.0.0.1");
  EXPECT_EQ(result.remote_port, proxy.port());
}

TEST(DialerProxy, OnlyTheProxysNameIsResolved) {
  io_context io;
  scripted_proxy proxy(io, "HTTP/1.1 200 OK\r\n\r\n");
  auto settings = through_proxy(proxy.port());
  settings.proxy_host = "proxy.example";
  settings.lookups = lookup_pool::create([](const std::string& host, int) {
    if (host != "proxy.example") return resolve_result{{errc::dns_failed, 0, host}, {}};
    return resolve_result{{}, {make_address("127.0.0.1")}};
  });
  const auto result = dial(io, settings);
  EXPECT_FALSE(result.error) << result.error.detail;
}

TEST(DialerProxy, ARefusalCarriesStatusHeadersAndBody) {
  io_context io;
  scripted_proxy proxy(
      io,
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
      "Content-Length: 6\r\n\r\nlog in");
  const auto result = dial(io, through_proxy(proxy.port()));
  EXPECT_EQ(result.error.code, errc::proxy_failed);
  EXPECT_TRUE(mentions(result, "status 407"));
  EXPECT_EQ(result.proxy_status, 407);
  EXPECT_EQ(result.proxy_body_start, "log in");
  EXPECT_EQ(result.proxy_headers.at(0).second, "Basic realm=\"x\"");
}

TEST(DialerProxy, ARefusalThatClosesAtOnceIsRead) {
  io_context io;
  scripted_proxy proxy(io, "HTTP/1.0 403 Forbidden\r\n\r\nno", scripted_proxy::end::close);
  const auto result = dial(io, through_proxy(proxy.port()));
  EXPECT_EQ(result.proxy_status, 403);
  EXPECT_EQ(result.proxy_body_start, "no");
}

TEST(DialerProxy, ARefusalIsNotHeldUpByItsBody) {
  io_context io;
  for (const auto timeout : {0ms, 60000ms}) {
    scripted_proxy proxy(io, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\npart");
    auto settings = through_proxy(proxy.port());
    settings.timeout = timeout;
    const auto result = dial(io, settings);
    EXPECT_EQ(result.error.code, errc::proxy_failed);
    EXPECT_EQ(result.proxy_status, 502);
    EXPECT_EQ(result.proxy_body_start, "part");
  }
}

TEST(DialerProxy, GarbageIsNoAnswer) {
  io_context io;
  scripted_proxy proxy(io, "SSH-2.0-OpenSSH_9.2\r\n");
  const auto result = dial(io, through_proxy(proxy.port()));
  EXPECT_EQ(result.error.code, errc::proxy_failed);
  EXPECT_TRUE(mentions(result, "is not HTTP/1"));
  EXPECT_EQ(result.proxy_status, 0);
}

TEST(DialerProxy, AHugeHeaderIsRefused) {
  io_context io;
  scripted_proxy proxy(io, "HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  const auto result = dial(io, through_proxy(proxy.port()));
  EXPECT_EQ(result.error.code, errc::proxy_failed);
  EXPECT_TRUE(mentions(result, "bytes of headers")) << result.error.detail;
}

TEST(DialerProxy, AnEndOfStreamIsReported) {
  io_context io;
  scripted_proxy proxy(io, "", scripted_proxy::end::close);
  const auto result = dial(io, through_proxy(proxy.port()));
  EXPECT_EQ(result.error.code, errc::proxy_failed);
  EXPECT_EQ(result.error.system, 0);
  EXPECT_TRUE(mentions(result, "without answering CONNECT target.example:443")) << result.error.detail;
}

TEST(DialerProxy, AResetIsReported) {
  io_context io;
  scripted_proxy proxy(io, "", scripted_proxy::end::reset);
  const auto result = dial(io, through_proxy(proxy.port()));
  EXPECT_EQ(result.error.code, errc::proxy_failed);
  EXPECT_EQ(result.error.system, ECONNRESET);
}

TEST(DialerProxy, AProxyThatRefusesTheConnectionIsNamed) {
  io_context io;
  dead_port dead(io);
  const auto result = dial(io, through_proxy(dead.port()));
  EXPECT_EQ(result.error.code, errc::connection_refused);
  EXPECT_TRUE(mentions(result, "cannot connect to proxy 127.0.0.1:")) << result.error.detail;
}

TEST(DialerProxy, AForbiddenHeaderIsNeverSent) {
  io_context io;
  scripted_proxy proxy(io, "HTTP/1.1 200 OK\r\n\r\n");
  auto settings = through_proxy(proxy.port());
  settings.proxy_headers = {{"X", "a\r\nInjected: b"}};
  EXPECT_EQ(dial(io, settings).error.code, errc::proxy_failed);
  EXPECT_TRUE(proxy.request().empty());
}

}  // namespace
}  // namespace hawser::net::dialer_proxy_test
