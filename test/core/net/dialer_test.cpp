// Direct dials over loopback and unix sockets: each way to succeed, each way to fail, and what a timeout
// names.
#include "core/net/dialer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>

#include "core/net/dial_fixture.hpp"

namespace hawser::net::dialer_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::io_context;
using boost::asio::ip::make_address;
using unix_acceptor = boost::asio::local::stream_protocol::acceptor;
using testing::black_hole;
using testing::crowded_listener;
using testing::dead_port;
using testing::dial;
using testing::gated_pool;
using testing::listener;
using testing::lookup_gate;
using testing::mentions;
using testing::pending_dial;
using testing::scripted_proxy;
using testing::socket_path;
using testing::through_proxy;
using testing::to_addresses;
using testing::to_loopback;
using testing::to_unix;

// ---- direct connections

TEST(Dialer, ConnectsToALiteral) {
  io_context io;
  listener server(io);
  const auto result = dial(io, to_loopback(server.port()));
  ASSERT_FALSE(result.error) << result.error.detail;
  EXPECT_EQ(result.remote_address, "127.0.0.1");
  EXPECT_EQ(result.remote_port, server.port());
  EXPECT_EQ(result.proxy_status, 0);
  EXPECT_TRUE(result.early_bytes.empty());
}

TEST(Dialer, TheSocketIsNonBlockingCloseOnExecAndWithoutDelay) {
  io_context io;
  listener server(io);
  auto result = dial(io, to_loopback(server.port()));
  const int fd = result.socket.native_handle();
  EXPECT_TRUE(::fcntl(fd, F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(result.socket.non_blocking());
  EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_EQ(no_delay, 1);
}

TEST(Dialer, ConnectsOverIpv6) {
  io_context io;
  listener server(io, "::1");
  auto settings = to_loopback(server.port());
  settings.host = "::1";
  const auto result = dial(io, settings);
  ASSERT_FALSE(result.error) << result.error.detail;
  EXPECT_EQ(result.remote_address, "::1");
}

TEST(Dialer, ResolvesANameOfTheSystem) {
  io_context io;
  listener server(io);
  auto settings = to_loopback(server.port());
  settings.host = "localhost";
  settings.family = 4;
  const auto result = dial(io, settings);
  ASSERT_FALSE(result.error) << result.error.detail;
  EXPECT_EQ(result.remote_address, "127.0.0.1");
}

TEST(Dialer, AnUnknownNameIsADnsError) {
  io_context io;
  auto settings = to_loopback(1);
  settings.host = "no-such-host.invalid";
  const auto result = dial(io, settings);
  EXPECT_EQ(result.error.code, errc::dns_failed);
  EXPECT_TRUE(mentions(result, "no-such-host.invalid"));
}

TEST(Dialer, ANameIsNotCutAtANulByte) {
  io_context io;
  auto settings = to_loopback(1);
  settings.host = std::string("127.0.0.1\0.evil", 15);
  EXPECT_EQ(dial(io, settings).error.code, errc::dns_failed);
}

TEST(Dialer, GivenAddressesSkipTheLookup) {
  io_context io;
  listener server(io);
  auto settings = to_addresses({"127.0.0.1"}, server.port());
  settings.lookups =
      lookup_pool::create([](const std::string&, int) { return std::terminate(), resolve_result{}; });
  EXPECT_FALSE(dial(io, settings).error);
}

TEST(Dialer, AFamilyLeavesTheOtherOut) {
  io_context io;
  listener server(io);
  auto settings = to_addresses({"::1", "127.0.0.1"}, server.port());
  settings.family = 4;
  EXPECT_EQ(dial(io, settings).remote_address, "127.0.0.1");
  settings.addresses = {make_address("127.0.0.1")};
  settings.family = 6;
  const auto result = dial(io, settings);
  EXPECT_EQ(result.error.code, errc::dns_failed);
  EXPECT_EQ(result.error.detail, "several.example: no address of IPv6");
}

TEST(Dialer, BindsToTheLocalAddress) {
  io_context io;
  listener server(io);
  auto settings = to_loopback(server.port());
  settings.local_address = "127.0.0.77";
  const auto result = dial(io, settings);
  ASSERT_FALSE(result.error) << result.error.detail;
  EXPECT_EQ(to_tcp(result.socket.local_endpoint()).address(), make_address("127.0.0.77"));
}

TEST(Dialer, ALocalAddressThatIsNotOursFails) {
  io_context io;
  listener server(io);
  auto settings = to_loopback(server.port());
  settings.local_address = "192.0.2.1";
  EXPECT_EQ(dial(io, settings).error.code, errc::address_not_available);
  settings.local_address = "::1";
  EXPECT_EQ(dial(io, settings).error.system, EAFNOSUPPORT);
  settings.local_address = "eth0";
  EXPECT_EQ(dial(io, settings).error.code, errc::connection_failed);
}

// ---- several addresses

TEST(DialerRace, ABlackHoleIsOvertakenByTheNextAddress) {
  io_context io;
  black_hole hole(io);
  listener server(io, "127.0.0.2", hole.port());
  const auto result = dial(io, to_addresses({"127.0.0.1", "127.0.0.2"}, hole.port()));
  ASSERT_FALSE(result.error) << result.error.detail;
  EXPECT_EQ(result.remote_address, "127.0.0.2");
}

TEST(DialerRace, ARefusalBringsTheNextAddressForward) {
  io_context io;
  dead_port dead(io);
  listener server(io, "127.0.0.2", dead.port());
  auto settings = to_addresses({"127.0.0.1", "127.0.0.2"}, dead.port());
  settings.attempt_delay = happy_eyeballs::max_delay;
  EXPECT_EQ(dial(io, settings).remote_address, "127.0.0.2");
}

TEST(DialerRace, TheLosersAreClosed) {
  io_context io;
  black_hole hole(io);
  listener server(io, "127.0.0.2", hole.port());
  pending_dial pending(io, to_addresses({"127.0.0.1", "127.0.0.2"}, hole.port()));
  pending.wait();
  pending.dial.reset();
  io.restart();
  io.run();  // nothing is left to wait for: no attempt, no timer
  EXPECT_EQ(pending.calls, 1);
}

TEST(DialerRace, RefusedIsReportedOverUnreachable) {
  io_context io;
  dead_port dead(io);
  // TCP to a multicast group is ENETUNREACH, whatever the routes.
  const auto result = dial(io, to_addresses({"224.0.0.1", "127.0.0.1", "ff02::1"}, dead.port()));
  EXPECT_EQ(result.error.code, errc::connection_refused);
  EXPECT_EQ(result.error.system, ECONNREFUSED);
  const auto port = std::to_string(dead.port());
  EXPECT_TRUE(mentions(result, "cannot connect to several.example:" + port + ": 224.0.0.1:" + port + ": "));
  EXPECT_TRUE(mentions(result, "127.0.0.1:" + port + ": Connection refused"));
  EXPECT_TRUE(mentions(result, "[ff02::1]:" + port + ": "));
}

TEST(DialerRace, UnreachableEverywhere) {
  io_context io;
  EXPECT_EQ(dial(io, to_addresses({"224.0.0.1", "ff02::1"}, 9)).error.code, errc::host_unreachable);
}

TEST(DialerRace, ARefusedLiteralIsNamedOnce) {
  io_context io;
  dead_port dead(io);
  EXPECT_EQ(dial(io, to_loopback(dead.port())).error.detail,
            "cannot connect to 127.0.0.1:" + std::to_string(dead.port()) + ": Connection refused");
}

// ---- unix sockets

TEST(DialerUnix, Connects) {
  io_context io;
  const socket_path path;
  unix_acceptor server(io, path.get());
  const auto result = dial(io, to_unix(path.get()));
  ASSERT_FALSE(result.error) << result.error.detail;
  EXPECT_EQ(result.remote_address, path.get());
  EXPECT_EQ(result.remote_port, 0);
}

TEST(DialerUnix, ConnectsToAnAbstractName) {
  io_context io;
  const std::string name = std::string("\0hawser-dialer-test-", 20) + std::to_string(::getpid());
  unix_acceptor server(io, name);
  EXPECT_FALSE(dial(io, to_unix(name)).error);
}

TEST(DialerUnix, NeedsNoProxy) {
  io_context io;
  const socket_path path;
  unix_acceptor server(io, path.get());
  auto settings = to_unix(path.get());
  settings.proxy_host = "no-such-host.invalid";
  EXPECT_FALSE(dial(io, settings).error);
}

TEST(DialerUnix, AMissingSocketCarriesTheErrno) {
  io_context io;
  const socket_path path;
  const auto result = dial(io, to_unix(path.get()));
  EXPECT_EQ(result.error.code, errc::connection_failed);
  EXPECT_EQ(result.error.system, ENOENT);
  EXPECT_TRUE(mentions(result, path.get()));
}

TEST(DialerUnix, ASocketNobodyListensOnIsRefused) {
  io_context io;
  const socket_path path;
  { unix_acceptor gone(io, path.get()); }
  EXPECT_EQ(dial(io, to_unix(path.get())).error.code, errc::connection_refused);
}

TEST(DialerUnix, ATooLongPathIsAnError) {
  io_context io;
  const auto result = dial(io, to_unix("/" + std::string(200, 'x')));
  EXPECT_EQ(result.error.code, errc::connection_failed);
  EXPECT_EQ(result.error.system, ENAMETOOLONG);
}

TEST(DialerUnix, AFullBacklogIsTriedAgain) {
  io_context io;
  crowded_listener server(io);
  pending_dial pending(io, to_unix(server.path.get()));
  for (int handlers = 0; handlers < 4; ++handlers) io.run_one();  // begin, attempt, pause, attempt
  ASSERT_FALSE(pending.result) << pending.result->error.detail;
  const auto first = server.acceptor.accept();
  EXPECT_FALSE(pending.wait().error);
}

TEST(DialerUnix, AFullBacklogIsNamedByTheTimeout) {
  io_context io;
  crowded_listener server(io);
  auto settings = to_unix(server.path.get());
  settings.timeout = 50ms;
  const auto result = dial(io, settings);
  EXPECT_EQ(result.error.code, errc::connect_timeout);
  EXPECT_TRUE(mentions(result, "the listener's backlog is full")) << result.error.detail;
}

// ---- timeouts

TEST(DialerTimeout, NamesTheLookup) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  auto settings = to_loopback(1);
  settings.host = "slow.example";
  settings.lookups = gated_pool(gate);
  settings.timeout = 20ms;
  const auto result = dial(io, settings);
  EXPECT_EQ(result.error.code, errc::connect_timeout);
  EXPECT_EQ(result.error.detail, "not connected within 20 ms: timed out while resolving slow.example");
  gate->open();
}

TEST(DialerTimeout, NamesTheAddresses) {
  io_context io;
  black_hole hole(io);
  auto settings = to_addresses({"127.0.0.1"}, hole.port());
  settings.timeout = 50ms;
  const auto result = dial(io, settings);
  EXPECT_EQ(result.error.code, errc::connect_timeout);
  EXPECT_TRUE(mentions(result, "while connecting to several.example:")) << result.error.detail;
  EXPECT_TRUE(mentions(result, "127.0.0.1:" + std::to_string(hole.port()) + ": no answer"))
      << result.error.detail;
}

TEST(DialerTimeout, NamesTheProxy) {
  io_context io;
  scripted_proxy proxy(io, "");
  auto settings = through_proxy(proxy.port());
  settings.timeout = 50ms;
  const auto result = dial(io, settings);
  EXPECT_EQ(result.error.code, errc::connect_timeout);
  EXPECT_TRUE(mentions(result, "while waiting for the answer of proxy 127.0.0.1:")) << result.error.detail;
}

TEST(DialerTimeout, ZeroIsNone) {
  io_context io;
  listener server(io);
  auto settings = to_loopback(server.port());
  settings.timeout = 0ms;
  EXPECT_FALSE(dial(io, settings).error);
}

}  // namespace
}  // namespace hawser::net::dialer_test
