// Ending a dial at each phase: by cancel() and by the destruction of its io_context.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "core/net/dial_fixture.hpp"
#include "core/net/dialer.hpp"

namespace hawser::net::dialer_lifetime_test {
namespace {

using boost::asio::io_context;
using testing::black_hole;
using testing::crowded_listener;
using testing::dead_port;
using testing::dial;
using testing::gated_pool;
using testing::listener;
using testing::lookup_gate;
using testing::pending_dial;
using testing::run_until;
using testing::scripted_proxy;
using testing::through_proxy;
using testing::to_loopback;
using testing::to_unix;

// ---- cancel

void cancel_and_expect_abort(pending_dial& pending) {
  pending.dial->cancel();
  pending.dial->cancel();
  EXPECT_EQ(pending.calls, 0) << "called inline";
  EXPECT_EQ(pending.wait().error.code, errc::aborted);
  EXPECT_FALSE(pending.result->socket.is_open());
  pending.dial->cancel();
  pending.dial.reset();
}

// Nothing of the dial keeps the loop running or calls the handler again.
void expect_at_rest(pending_dial& pending) {
  pending.io.restart();
  pending.io.run();
  EXPECT_EQ(pending.calls, 1);
}

TEST(DialerCancel, BeforeItBegan) {
  io_context io;
  listener server(io);
  pending_dial pending(io, to_loopback(server.port()));
  cancel_and_expect_abort(pending);
  expect_at_rest(pending);
}

TEST(DialerCancel, WhileResolving) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  auto settings = to_loopback(1);
  settings.host = "slow.example";
  settings.lookups = gated_pool(gate);
  pending_dial pending(io, settings);
  io.poll();
  gate->wait_entered(1);
  cancel_and_expect_abort(pending);
  expect_at_rest(pending);  // though the lookup still hangs
  gate->open();
}

TEST(DialerCancel, WhileConnecting) {
  io_context io;
  black_hole hole(io);
  pending_dial pending(io, to_loopback(hole.port()));
  io.poll();
  cancel_and_expect_abort(pending);
  expect_at_rest(pending);
}

TEST(DialerCancel, WhileWaitingForABacklog) {
  io_context io;
  crowded_listener server(io);
  pending_dial pending(io, to_unix(server.path.get()));
  for (int handlers = 0; handlers < 2; ++handlers) io.run_one();  // begin, attempt
  cancel_and_expect_abort(pending);
  expect_at_rest(pending);
}

TEST(DialerCancel, WhileProxying) {
  io_context io;
  scripted_proxy proxy(io, "HTTP/1.1 200 O");
  pending_dial pending(io, through_proxy(proxy.port()));
  run_until(io, [&] { return !proxy.request().empty(); });
  cancel_and_expect_abort(pending);
  expect_at_rest(pending);
}

TEST(DialerCancel, AfterTheResultDoesNothing) {
  io_context io;
  listener server(io);
  pending_dial pending(io, to_loopback(server.port()));
  EXPECT_FALSE(pending.wait().error);
  pending.dial->cancel();
  EXPECT_TRUE(pending.result->socket.is_open());
  pending.dial.reset();
  expect_at_rest(pending);
}

TEST(DialerCancel, FromTheHandlerDoesNothing) {
  io_context io;
  dead_port dead(io);
  std::shared_ptr<dialer> self;
  int calls = 0;
  self = dialer::start(io, to_loopback(dead.port()), [&](const dial_result&) {
    ++calls;
    self->cancel();
  });
  io.run();
  EXPECT_EQ(calls, 1);
}

// ---- lifetime

// Destroys the io_context at `reached` and expects the handler to be destroyed without a call.
void destroy_at(dial_settings settings, const std::function<bool(io_context&)>& reached,
                std::unique_ptr<io_context> io = std::make_unique<io_context>()) {
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = token;
  dialer::start(*io, std::move(settings), [token = std::move(token)](const dial_result&) { FAIL(); });
  EXPECT_TRUE(reached(*io));
  EXPECT_FALSE(watched.expired()) << "a dropped pointer does not stop the dial";
  io.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(DialerLifetime, TheContextMayEndBeforeTheDialBegan) {
  destroy_at(to_loopback(1), [](io_context&) { return true; });
}

TEST(DialerLifetime, TheContextMayEndWhileResolving) {
  const auto gate = std::make_shared<lookup_gate>();
  auto settings = to_loopback(1);
  settings.host = "slow.example";
  settings.lookups = gated_pool(gate);
  destroy_at(settings, [&](io_context& io) { return io.poll(), gate->wait_entered(1), true; });
  gate->open();
  // The one thread of the pool answers this after it dropped the late result.
  io_context io;
  dead_port dead(io);
  settings.port = dead.port();
  EXPECT_EQ(dial(io, settings).error.code, errc::connection_refused);
}

TEST(DialerLifetime, TheContextMayEndWhileConnecting) {
  io_context peers;
  black_hole hole(peers);
  destroy_at(to_loopback(hole.port()), [](io_context& io) { return io.poll() > 0; });
}

TEST(DialerLifetime, TheContextMayEndWhileProxying) {
  io_context peers;
  listener silent(peers);
  destroy_at(through_proxy(silent.port()), [](io_context& io) {
    for (int handlers = 0; handlers < 3; ++handlers) io.run_one();  // begin, connected, request written
    return true;
  });
}

}  // namespace
}  // namespace hawser::net::dialer_lifetime_test
