// Servers: binding, accepting up to the last slot, ending.
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstdlib>
#include <filesystem>

#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::server_test {
namespace {

using protocol::opcode;

TEST(server, reports_where_it_listens) {
  test_engine e;
  const std::uint16_t port = e.listen(3);
  EXPECT_GT(port, 0);
  const delivery ready = e.sink.wait_for(event_kind::listening, 3);
  EXPECT_EQ(ready.field(0), "127.0.0.1");
  EXPECT_EQ(ready.field(2), "IPv4");
}

TEST(server, reports_an_address_in_use_and_that_it_has_ended) {
  test_engine e;
  auto settings = server_settings();
  settings->port = e.listen(1);
  e.host(2, std::move(settings));
  EXPECT_EQ(e.sink.wait_for(event_kind::server_error, 2).aux,
            static_cast<std::uint32_t>(errc::address_in_use));
  e.sink.wait_for(event_kind::server_closed, 2);
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::server_closed, 2); }), 1u);
}

TEST(server, reports_an_address_that_is_none) {
  test_engine e;
  auto settings = server_settings();
  settings->host = "not an address";
  e.host(1, std::move(settings));
  EXPECT_NE(e.sink.wait_for(event_kind::server_error, 1).aux, 0u);
  e.sink.wait_for(event_kind::server_closed, 1);
}

TEST(server, listens_on_a_path_and_removes_it_at_its_end) {
  std::string pattern_text = (std::filesystem::temp_directory_path() / "hawser-server-XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(pattern_text.data());
  const std::string path = (directory / "s").string();
  {
    test_engine e;
    auto settings = server_settings();
    settings->unix_path = path;
    e.host(1, std::move(settings));
    EXPECT_EQ(e.sink.wait_for(event_kind::listening, 1).field(0), path);
    auto to = client_settings(0);
    to->unix_path = path;
    const std::uint32_t client = e.connect(std::move(to));
    e.sink.wait_for(event_kind::open, client);
    e.send(client, "over a path");
    const std::uint32_t accepted = e.accepted();
    e.sink.wait_for(
        [=](const delivery& d) { return d.is_message_of(accepted) && d.payload == "over a path"; });
    e.run([](engine& core) { core.close_server(1, 5000); });
    e.sink.wait_for(event_kind::server_closed, 1);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  std::filesystem::remove_all(directory);
}

TEST(server, says_1001_to_all_and_ends_when_they_are_gone) {
  test_engine e;
  const std::uint16_t port = e.listen(1);
  raw_peer first = upgraded_peer(port);
  raw_peer second = upgraded_peer(port);
  e.accepted(1);
  e.run([](engine& core) { core.close_server(1, 60000); });
  for (raw_peer* peer : {&first, &second}) {
    const raw_frame frame = peer->read_frame();
    EXPECT_EQ(frame.op, opcode::close);
    EXPECT_EQ(frame.payload.substr(0, 2), close_payload_text(1001));
    peer->write(frame_text(opcode::close, close_payload_text(1001)));
    EXPECT_TRUE(peer->at_end());
    peer->close();
  }
  e.sink.wait_for(event_kind::server_closed, 1);
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::close) && close_code(d) == 1001; }),
            2u);
  EXPECT_EQ(e.sink.log().back().kind, event_kind::server_closed);
}

TEST(server, that_refuses_peers_keeps_those_it_has) {
  test_engine e;
  const std::uint16_t port = e.listen(1);
  raw_peer open = upgraded_peer(port);
  const std::uint32_t slot = e.accepted();
  raw_peer halfway = raw_peer::to(port);
  halfway.write("GET / HTTP/1.1\r\n");
  e.run([](engine& core) { core.refuse_peers(1, false); });
  raw_peer late = raw_peer::to(port);
  late.write(upgrade_text("/", ""));
  const std::string answer = late.read_rest();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_NE(answer.find("Retry-After: 5\r\n"), std::string::npos) << answer;
  open.write(frame_text(opcode::text, "still here"));
  e.sink.wait_for([=](const delivery& d) { return d.is_message_of(slot) && d.payload == "still here"; });

  e.run([](engine& core) { core.refuse_peers(1, true); });
  EXPECT_THROW(raw_peer::to(port), std::runtime_error);
  const std::string request = upgrade_text("/", "");
  halfway.write(request.substr(request.find("\r\n") + 2));
  EXPECT_TRUE(halfway.read_rest().starts_with("HTTP/1.1 503"));
  e.send(slot, "and here");
  EXPECT_EQ(open.read_frame().payload, "and here");
  e.run([](engine& core) {
    core.refuse_peers(1, true);
    core.close_server(1, 0);
  });
  e.sink.wait_for(event_kind::server_closed, 1);
}

TEST(server, drops_at_the_deadline_who_does_not_answer) {
  test_engine e;
  raw_peer silent = upgraded_peer(e.listen(1));
  const std::uint32_t slot = e.accepted();
  e.run([](engine& core) { core.close_server(1, 30); });
  const delivery closed = e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(close_code(closed), 1006);
  EXPECT_FALSE(was_clean(closed));
  e.sink.wait_for(event_kind::server_closed, 1);
}

TEST(server, ends_once_even_when_its_last_connection_is_still_in_the_handshake) {
  test_engine e;
  const std::uint16_t port = e.listen(1);
  raw_peer halfway = raw_peer::to(port);
  halfway.write("GET / HTTP/1.1\r\n");
  raw_peer open =
      upgraded_peer(port);  // the kernel hands connections out in order: halfway was accepted before
  open.write(frame_text(opcode::close, close_payload_text(1000)));
  e.accepted();
  open.read_frame();
  open.close();
  e.sink.wait_for([](const delivery& d) { return d.is(event_kind::close); });
  e.run([](engine& core) { core.close_server(1, 5000); });
  e.sink.wait_for(event_kind::server_closed, 1);
  EXPECT_EQ(halfway.read_rest(), "");
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::server_closed, 1); }), 1u);
}

TEST(server, an_id_may_be_used_again_after_its_end) {
  test_engine e;
  e.listen(1);
  e.run([](engine& core) { core.close_server(1, 0); });
  e.sink.wait_for(event_kind::server_closed, 1);
  e.sink.wait_asleep();
  const std::size_t seen = e.sink.log().size();
  e.core().prepare_listen(1, server_settings());
  e.sink.post([](engine& core) { core.listen(1); });
  const delivery ready =
      e.sink.wait_for([](const delivery& d) { return d.is(event_kind::listening, 1); }, seen);
  upgraded_peer(static_cast<std::uint16_t>(std::stoi(ready.field(1))));
}

TEST(server, refuses_with_503_above_its_limit) {
  test_engine e;
  auto settings = server_settings();
  settings->max_connections = 1;
  const std::uint16_t port = e.listen(1, std::move(settings));
  raw_peer first = upgraded_peer(port);
  raw_peer second = raw_peer::to(port);
  second.write(upgrade_text());
  const std::string head = second.read_head();
  EXPECT_EQ(head.rfind("HTTP/1.1 503 ", 0), 0u);
  EXPECT_NE(head.find("Retry-After:"), std::string::npos);
  second.close();
  first.reset();
  e.sink.wait_for([](const delivery& d) { return d.is(event_kind::close); });
  e.sink.wait_asleep();
  upgraded_peer(port);
}

TEST(server, reports_that_slots_ran_out_and_recovers) {
  test_engine e(5);  // the server has one of them
  const std::uint16_t port = e.listen(1);
  std::vector<raw_peer> peers;
  for (std::size_t i = 0; i < 4; i++) {
    peers.push_back(upgraded_peer(port));
    e.accepted(i);
  }
  raw_peer unlucky = raw_peer::to(port);
  const delivery error = e.sink.wait_for(event_kind::server_error, 1);
  EXPECT_EQ(error.aux, static_cast<std::uint32_t>(errc::too_many_connections));
  EXPECT_EQ(unlucky.read_rest(), "");
  EXPECT_EQ(e.core().prepare_connect(client_settings(port)), no_slot);
  peers.pop_back();
  e.sink.wait_for([](const delivery& d) { return d.is(event_kind::close); });
  e.sink.wait_asleep();
  upgraded_peer(port);
  e.accepted(4);
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::server_error); }), 1u);
}

TEST(server, accepts_nobody_while_the_sink_is_full) {
  test_engine e;
  const std::uint16_t port = e.listen(1);
  e.sink.set_gate(memory_sink::gate::shut);
  raw_peer peer = raw_peer::to(port);
  peer.write(upgrade_text());
  e.sink.wait_asleep();
  EXPECT_EQ(e.core().stats().accepted, 0u);
  e.sink.set_gate(memory_sink::gate::open);
  EXPECT_EQ(peer.read_head().rfind("HTTP/1.1 101 ", 0), 0u);
  e.accepted();
}

TEST(server, a_slot_is_reused_only_after_its_release) {
  test_engine e(2);  // the server has one of them
  e.sink.release_by_hand();
  const std::uint16_t port = e.listen(1);
  upgraded_peer(port).reset();
  const delivery closed = e.sink.wait_for([](const delivery& d) { return d.is(event_kind::close); });
  raw_peer refused = raw_peer::to(port);
  e.sink.wait_for(event_kind::server_error, 1);
  EXPECT_EQ(refused.read_rest(), "");
  e.run([&](engine& core) { core.release(closed.connection); });
  raw_peer next = upgraded_peer(port);
  EXPECT_EQ(e.accepted(1), closed.connection);
  EXPECT_EQ(e.sink.flushed_of(closed.connection), (std::pair<std::uint32_t, std::uint32_t>{0, 0}));
}

TEST(server, counts_what_passes) {
  test_engine e;
  const std::uint16_t port = e.listen(1);
  raw_peer peer = upgraded_peer(port);
  const std::uint32_t slot = e.accepted();
  peer.write(frame_text(opcode::text, "in"));
  e.sink.wait_for([=](const delivery& d) { return d.is_message_of(slot); });
  e.send(slot, "out");
  peer.read_frame();
  e.sink.wait_flushed(slot, 3 + message_overhead, 1);
  const engine_stats stats = e.core().stats();
  EXPECT_EQ(stats.connections, 1u);
  EXPECT_EQ(stats.accepted, 1u);
  EXPECT_EQ(stats.messages_in, 1u);
  EXPECT_EQ(stats.messages_out, 1u);
  EXPECT_EQ(stats.bytes_in, upgrade_text().size() + frame_text(opcode::text, "in").size());
  EXPECT_GT(stats.bytes_out, frame_text(opcode::text, "out", false).size());
}

}  // namespace
}  // namespace hawser::net::test::server_test
