// A server whose connections are spread over joined engines: who gets a connection, also when one is full.
#include "core/net/joined_fixture.hpp"
#include "core/net/server_group.hpp"

namespace hawser::net::test::joined_connections_test {
namespace {

using protocol::opcode;

TEST_F(joined_engines, spread_connections_evenly_and_fill_up_where_some_have_left) {
  const std::uint16_t port = listen();
  connect(port, 6);
  for (std::size_t i = 0; i < parts; i++) {
    EXPECT_EQ(connections(i), 2u) << "engine " << i;
    EXPECT_EQ(e[i].core().stats().accepted, 2u);
  }
  for (std::size_t n = 0; n < 6; n++) {
    const auto [at, slot] = homes[n];
    peers[n].write(frame_text(opcode::text, "from " + std::to_string(n)));
    e[at].sink.wait_for([&, slot = slot](const delivery& d) {
      return d.is_message_of(slot) && d.payload == "from " + std::to_string(n);
    });
  }
  for (std::size_t n = 0; n < 6; n++) {
    if (homes[n].first != 1) continue;
    peers[n].reset();
    e[1].sink.wait_for(event_kind::close, homes[n].second);
  }
  e[1].sink.wait_asleep();
  connect(port, 2);
  EXPECT_EQ(connections(1), 4u);
}

TEST_F(joined_engines, count_the_limit_of_connections_together) {
  auto settings = server_settings();
  settings->max_connections = 4;
  const std::uint16_t port = listen(std::move(settings));
  connect(port, 4);
  raw_peer refused = raw_peer::to(port);
  refused.write(upgrade_text());
  EXPECT_EQ(refused.read_head().rfind("HTTP/1.1 503 ", 0), 0u);
  refused.close();
  peers[2].reset();
  e[homes[2].first].sink.wait_for(event_kind::close, homes[2].second);
  for (test_engine& one : e) one.sink.wait_asleep();
  connect(port, 1);
}

TEST_F(joined_engines, pass_over_one_whose_sink_is_full_and_accept_nobody_when_all_are) {
  const std::uint16_t port = listen();
  for (test_engine& one : e) one.sink.set_gate(memory_sink::gate::shut);
  constexpr std::size_t count = 3 * server_group::handed_limit;
  for (std::size_t n = 0; n < count; n++) {
    peers.push_back(raw_peer::to(port));
    peers.back().write(upgrade_text());
  }
  for (std::size_t round = 0; round < 2; round++) {
    for (test_engine& one : e) one.sink.wait_asleep();
  }
  for (test_engine& one : e) EXPECT_EQ(one.core().stats().accepted, 0u);
  // One gets room: it takes what it holds already, and what the backlog holds.
  e[2].sink.set_gate(memory_sink::gate::open);
  e[2].accepted(server_group::handed_limit + 1);
  EXPECT_EQ(connections(0) + connections(1), 0u);
  e[0].sink.set_gate(memory_sink::gate::open);
  e[1].sink.set_gate(memory_sink::gate::open);
  for (raw_peer& peer : peers) EXPECT_EQ(peer.read_head().rfind("HTTP/1.1 101 ", 0), 0u);
  for (;;) {
    if (connections(0) + connections(1) + connections(2) == count) break;
    std::this_thread::yield();
  }
  EXPECT_GE(connections(1), server_group::handed_limit / 2) << "it was handed some while it was full";
}

TEST_F(joined_engines, the_listener_takes_all_until_the_other_parts_begin) {
  e[0].core().prepare_listen(1, server_settings());
  begin(0);
  const auto port =
      static_cast<std::uint16_t>(std::stoi(e[0].sink.wait_for(event_kind::listening, 1).field(1)));
  connect(port, 3);
  EXPECT_EQ(connections(0), 3u);
  begin(1);
  begin(2);
  e[1].sink.wait_for(event_kind::listening, 1);
  e[2].sink.wait_for(event_kind::listening, 1);
  connect(port, 6);
  for (std::size_t i = 0; i < parts; i++) EXPECT_EQ(connections(i), 3u);
}

TEST_F(joined_engines, adopted_connections_count_and_hear_what_is_published) {
  auto settings = server_settings();
  settings->listen = false;
  listen(std::move(settings));
  std::vector<std::uint32_t> slots;
  for (std::size_t i = 0; i < parts; i++) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    peers.emplace_back(pair[0]);
    slots.push_back(e[i].adopt(adopted_settings(1, pair[1])));
    peers.back().read_head();
    e[i].sink.wait_for(event_kind::open, slots[i]);
    e[i].run([&](engine& core) { core.subscribe(slots[i], "t"); });
  }
  publish(2, "to all", slots[2]);
  for (std::size_t i = 0; i < 2; i++) EXPECT_EQ(peers[i].read_frame().payload, "to all");
  e[2].send(slots[2], "own");
  EXPECT_EQ(peers[2].read_frame().payload, "own");
}

}  // namespace
}  // namespace hawser::net::test::joined_connections_test
