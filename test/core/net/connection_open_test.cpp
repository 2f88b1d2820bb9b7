// How connections open, or do not: answers to requests of every kind, the program's decision, TLS,
// compression.
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::connection_open_test {
namespace {

using protocol::opcode;

// The status line of the answer to `request`, and that nothing is told of the connection.
std::string refusal(std::unique_ptr<listen_settings> settings, const std::string& request) {
  test_engine e;
  raw_peer peer = raw_peer::to(e.listen(1, std::move(settings)));
  peer.write(request);
  const std::string head = peer.read_head();
  peer.shutdown();
  peer.read_rest();
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.log().size(), 1u) << "only listening";
  return head.substr(9, 3);
}

TEST(connection_open, refuses_what_the_settings_do_not_allow) {
  const auto with_path = [] {
    auto settings = server_settings();
    settings->path = "/ws";
    return settings;
  };
  const auto with_origin = [] {
    auto settings = server_settings();
    settings->origins = {"https://good.example"};
    return settings;
  };
  EXPECT_EQ(refusal(with_path(), upgrade_text("/other")), "404");
  EXPECT_EQ(refusal(with_path(), upgrade_text("/ws/deeper")), "404");
  EXPECT_EQ(refusal(with_origin(), upgrade_text("/", "Origin: https://bad.example\r\n")), "403");
  EXPECT_EQ(refusal(server_settings(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "426");
  EXPECT_EQ(refusal(server_settings(), "nonsense\r\n\r\n"), "400");
  EXPECT_EQ(refusal(server_settings(), upgrade_text("/", "X: " + std::string(20000, 'x') + "\r\n")), "431");
}

TEST(connection_open, takes_what_the_settings_allow) {
  auto settings = server_settings();
  settings->path = "/ws";
  settings->origins = {"https://good.example"};
  settings->protocols = {"v2", "v1"};
  test_engine e;
  raw_peer peer = raw_peer::to(e.listen(1, std::move(settings)));
  peer.write(
      upgrade_text("/ws?token=1", "Origin: https://GOOD.example\r\nSec-WebSocket-Protocol: v1, v2\r\n"));
  const std::string head = peer.read_head();
  EXPECT_EQ(head.substr(9, 3), "101");
  EXPECT_NE(head.find(sample_accept), std::string::npos);
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: v2\r\n"), std::string::npos);
  const delivery opened = e.sink.wait_for([](const delivery& d) { return d.is(event_kind::connection); });
  EXPECT_EQ(opened.field(0), "127.0.0.1");
  EXPECT_EQ(opened.field(4), "/ws?token=1");
  EXPECT_EQ(opened.field(5), "v2");
}

TEST(connection_open, who_names_no_origin_is_no_page) {
  auto settings = server_settings();
  settings->origins = {"https://good.example"};
  test_engine e;
  raw_peer peer = raw_peer::to(e.listen(1, std::move(settings)));
  peer.write(upgrade_text());
  EXPECT_EQ(peer.read_head().substr(9, 3), "101");
}

TEST(connection_open, a_request_that_does_not_come_in_time_is_answered_408) {
  auto settings = server_settings();
  settings->socket.handshake_timeout = 30;
  EXPECT_EQ(refusal(std::move(settings), "GET / HTTP/1.1\r\n"), "408");
}

TEST(connection_open, a_request_may_come_byte_by_byte_with_frames_behind) {
  test_engine e;
  raw_peer peer = raw_peer::to(e.listen(1));
  for (const char c : upgrade_text() + frame_text(opcode::text, "early")) peer.write({&c, 1});
  EXPECT_EQ(peer.read_head().substr(9, 3), "101");
  e.sink.wait_for([](const delivery& d) { return d.is_message && d.payload == "early"; });
}

// ------------------------------------------------------------------------------------------------------ the
// program's decision

class decision_test : public ::testing::Test {
 protected:
  raw_peer ask(const std::string& more = "") {
    auto settings = server_settings();
    settings->decide = true;
    raw_peer peer = raw_peer::to(e.listen(1, std::move(settings)));
    peer.write(upgrade_text("/", "Sec-WebSocket-Protocol: a, b\r\n") + more);
    const delivery asked = e.sink.wait_for([](const delivery& d) { return d.is(event_kind::upgrade); });
    slot = asked.connection;
    EXPECT_EQ(asked.field(5), "a, b");
    return peer;
  }
  test_engine e;
  std::uint32_t slot = no_slot;
};

TEST_F(decision_test, accepts_with_a_protocol_and_headers) {
  raw_peer peer = ask(frame_text(opcode::text, "before the answer"));
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.messages_of(slot), "");
  e.run([this](engine& core) { core.accept(slot, "b\nX-One\n1\nX-Two\n2"); });
  const std::string head = peer.read_head();
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: b\r\n"), std::string::npos);
  EXPECT_NE(head.find("X-One: 1\r\nX-Two: 2\r\n"), std::string::npos);
  e.sink.wait_for([this](const delivery& d) { return d.is_message_of(slot); });
  EXPECT_EQ(e.sink.messages_of(slot), "before the answer");
}

TEST_F(decision_test, rejects_with_an_answer_of_its_own) {
  raw_peer peer = ask();
  e.run(
      [this](engine& core) { core.reject(slot, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"); });
  EXPECT_EQ(peer.read_head().substr(9, 3), "401");
  EXPECT_TRUE(peer.at_end());
  peer.close();
  e.sink.wait_for(event_kind::close, slot);
}

TEST_F(decision_test, a_header_that_is_not_valid_becomes_500) {
  raw_peer peer = ask();
  e.run([this](engine& core) { core.accept(slot, "b\nbad name\n1"); });
  EXPECT_EQ(peer.read_head().substr(9, 3), "500");
  peer.close();
  e.sink.wait_for(event_kind::close, slot);
}

TEST_F(decision_test, the_peer_may_leave_before_the_answer) {
  ask().reset();
  e.run([this](engine& core) {
    core.accept(slot, "b");
    core.accept(slot, "b");
    core.reject(slot, "HTTP/1.1 401 Unauthorized\r\n\r\n");
  });
  e.sink.wait_for(event_kind::close, slot);
}

TEST_F(decision_test, an_answer_may_never_come) {
  raw_peer peer = ask();
  e.run([this](engine& core) { core.terminate(slot); });
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_TRUE(peer.at_end());
}

// ------------------------------------------------------------------------------------------------------- as
// a client

class client_test : public ::testing::Test {
 protected:
  // The answer of the server, with a place for the key's digest: "@".
  void answer(std::string text) {
    raw_listener listener;
    auto to = client_settings(listener.port());
    to->protocols = {"chat"};
    to->headers = {{"X-Mine", "yes"}};
    to->socket.handshake_timeout = 60000;
    slot = e.connect(std::move(to));
    peer.emplace_back(listener.accept());
    const std::string head = peer[0].read_head();
    EXPECT_NE(head.find("X-Mine: yes\r\n"), std::string::npos);
    if (const std::size_t at = text.find('@'); at != std::string::npos) text.replace(at, 1, digest_for(head));
    peer[0].write(text);
  }
  errc error() { return static_cast<errc>(e.sink.wait_for(event_kind::error, slot).aux); }
  static constexpr const char* switching = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  test_engine e;
  std::uint32_t slot = no_slot;
  std::vector<raw_peer> peer;
};

TEST_F(client_test, opens_and_masks_what_it_sends) {
  answer(std::string(switching) + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: @\r\n\r\n" +
         frame_text(opcode::text, "early", false));
  EXPECT_EQ(e.sink.wait_for(event_kind::open, slot).field(0), "chat");
  e.sink.wait_for([this](const delivery& d) { return d.is_message_of(slot) && d.payload == "early"; });
  for (const std::size_t size : {0u, 5u, 20000u}) {
    e.send(slot, pattern(size));
    const raw_frame frame = peer[0].read_frame();
    EXPECT_TRUE(frame.masked);
    EXPECT_EQ(frame.payload, pattern(size));
  }
}

TEST_F(client_test, a_wrong_digest_fails_it) {
  answer(std::string(switching) + "Sec-WebSocket-Accept: " + sample_accept + "\r\n\r\n");
  EXPECT_EQ(error(), errc::invalid_handshake);
}
TEST_F(client_test, a_protocol_that_was_not_offered_fails_it) {
  answer(std::string(switching) + "Sec-WebSocket-Protocol: other\r\nSec-WebSocket-Accept: @\r\n\r\n");
  EXPECT_EQ(error(), errc::invalid_handshake);
}
TEST_F(client_test, an_extension_that_was_not_offered_fails_it) {
  answer(std::string(switching) +
         "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: @\r\n\r\n");
  EXPECT_EQ(error(), errc::invalid_handshake);
}
TEST_F(client_test, a_stream_that_ends_during_the_handshake_fails_it) {
  answer("HTTP/1.1 101");
  peer.clear();
  EXPECT_EQ(error(), errc::connection_reset);
}
TEST_F(client_test, an_answer_that_does_not_come_fails_it) {
  raw_listener listener;
  auto to = client_settings(listener.port());
  to->socket.handshake_timeout = 30;
  slot = e.connect(std::move(to));
  raw_peer silent = listener.accept();
  EXPECT_EQ(error(), errc::handshake_timeout);
  EXPECT_EQ(close_code(e.sink.wait_for(event_kind::close, slot)), 1006);
}
TEST_F(client_test, closing_before_it_is_open_ends_it) {
  raw_listener listener;
  slot = e.connect(client_settings(listener.port()));
  raw_peer server = listener.accept();
  server.read_head();
  e.close(slot);
  EXPECT_EQ(error(), errc::aborted);
  EXPECT_TRUE(server.at_end());
}
TEST_F(client_test, nobody_listens) {
  std::uint16_t port = 0;
  {
    raw_listener gone;
    port = gone.port();
  }
  slot = e.connect(client_settings(port));
  EXPECT_EQ(error(), errc::connection_refused);
  e.sink.wait_for(event_kind::close, slot);
}

// ---------------------------------------------------------------------------------------------- compression
// and TLS

struct round_trip {
  bool server_keeps, client_keeps;
  int bits;
  bool tls;
};
class round_trip_test : public ::testing::TestWithParam<round_trip> {};

TEST_P(round_trip_test, every_size_there_and_back) {
  const round_trip how = GetParam();
  test_engine e(64, 64 << 20, 256 << 10);
  auto server = server_settings();
  auto to = client_settings(0);
  for (socket_settings* side : {&server->socket, &to->socket}) {
    side->deflate_enabled = how.bits > 0;
    side->deflate.threshold = 100;
    side->deflate.server_no_context_takeover = !how.server_keeps;
    side->deflate.client_no_context_takeover = !how.client_keeps;
    if (how.bits > 0) side->deflate.server_max_window_bits = side->deflate.client_max_window_bits = how.bits;
  }
  if (how.tls) secure(*server, *to);
  auto client = std::make_shared<std::atomic<std::uint32_t>>(no_slot);
  e.sink.react([&e, client](const delivery& d) {
    if (d.is(event_kind::open)) *client = d.connection;
    if (d.is_message && d.connection != *client)
      e.send(d.connection, d.payload, {.binary = d.binary, .compress = true});
  });
  to->port = e.listen(1, std::move(server));
  const std::uint32_t slot = e.connect(std::move(to));
  const delivery opened = e.sink.wait_for(event_kind::open, slot);
  EXPECT_EQ(opened.field(1).find("permessage-deflate") != std::string::npos, how.bits > 0);
  std::string all;
  std::size_t count = 0;
  for (const std::size_t size : {0u, 1u, 99u, 100u, 5000u, 5000u, 70000u, 1'500'000u}) {
    all += pattern(size, size);
    e.send(slot, pattern(size, size), {.binary = size % 2 == 1, .compress = true});
    count++;
  }
  e.sink.wait([&](const delivery_log& log) {
    return std::count_if(log.begin(), log.end(), [&](const delivery& d) { return d.is_message_of(slot); }) ==
           static_cast<std::ptrdiff_t>(count);
  });
  EXPECT_TRUE(e.sink.messages_of(slot) == all);
  e.sink.wait_flushed(slot, static_cast<std::uint32_t>(all.size() + count * message_overhead),
                      static_cast<std::uint32_t>(count));
  e.close(slot);
  EXPECT_TRUE(was_clean(e.sink.wait_for(event_kind::close, slot)));
}

INSTANTIATE_TEST_SUITE_P(
    connection, round_trip_test,
    ::testing::Values(round_trip{true, true, 0, false}, round_trip{true, true, 15, false},
                      round_trip{false, true, 15, false}, round_trip{true, false, 12, false},
                      round_trip{false, false, 9, false}, round_trip{true, true, 0, true},
                      round_trip{true, true, 15, true}));

}  // namespace
}  // namespace hawser::net::test::connection_open_test
