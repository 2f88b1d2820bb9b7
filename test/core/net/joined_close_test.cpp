// A server whose parts lie on joined engines: how they begin one after the other, and how they end.
#include "core/net/joined_fixture.hpp"

namespace hawser::net::test::joined_close_test {
namespace {

using protocol::opcode;

TEST_F(joined_engines, close_says_1001_to_all_behind_what_was_published_and_each_part_ends_once) {
  connect(listen(), 6);
  for (std::size_t n = 0; n < 6; n++) subscribe(n, "t");
  publish(0, "last words");
  close();
  for (raw_peer& peer : peers) {
    EXPECT_EQ(peer.read_frame().payload, "last words");
    const raw_frame frame = peer.read_frame();
    EXPECT_EQ(frame.op, opcode::close);
    EXPECT_EQ(frame.payload.substr(0, 2), close_payload_text(1001));
    peer.write(frame_text(opcode::close, close_payload_text(1001)));
    peer.close();
  }
  for (test_engine& one : e) {
    one.sink.wait_for(event_kind::server_closed, 1);
    one.sink.wait_asleep();
    EXPECT_EQ(one.sink.count([](const delivery& d) { return d.is(event_kind::server_closed); }), 1u);
    EXPECT_EQ(one.sink.count([](const delivery& d) { return d.is(event_kind::close); }), 2u);
    EXPECT_EQ(one.sink.log().back().kind, event_kind::server_closed);
  }
}

TEST_F(joined_engines, drop_at_the_deadline_who_does_not_answer) {
  connect(listen(), 3);
  close(30);
  for (std::size_t n = 0; n < 3; n++) {
    const delivery closed = e[homes[n].first].sink.wait_for(event_kind::close, homes[n].second);
    EXPECT_EQ(close_code(closed), 1006);
  }
  for (test_engine& one : e) one.sink.wait_for(event_kind::server_closed, 1);
}

TEST_F(joined_engines, a_part_closes_when_it_was_told_and_the_listener_has_closed) {
  connect(listen(), 3);
  for (std::size_t n = 0; n < 3; n++) subscribe(n, "t");
  close_part(1);
  e[1].sink.wait_asleep();
  EXPECT_EQ(e[1].sink.count([](const delivery& d) { return d.is(event_kind::server_closed, 1); }), 0u);
  publish(0, "last words");
  close_part(0);
  for (std::size_t n = 0; n < 3; n++) EXPECT_EQ(peers[n].read_frame().payload, "last words");
  for (std::size_t n = 0; n < 3; n++) {
    if (homes[n].first == 2) e[2].send(homes[n].second, "still sent");
  }
  close_part(2);
  for (std::size_t n = 0; n < 3; n++) {
    if (homes[n].first == 2) {
      EXPECT_EQ(peers[n].read_frame().payload, "still sent");
    }
    EXPECT_EQ(peers[n].read_frame().payload.substr(0, 2), close_payload_text(1001));
    peers[n].reset();
  }
  for (test_engine& one : e) one.sink.wait_for(event_kind::server_closed, 1);
}

TEST_F(joined_engines, a_part_that_begins_after_the_close_ends_as_the_others_did) {
  e[0].core().prepare_listen(1, server_settings());
  begin(0);
  begin(1);
  e[0].sink.wait_for(event_kind::listening, 1);
  close_part(0);
  close_part(1);
  e[0].sink.wait_for(event_kind::server_closed, 1);
  e[1].sink.wait_for(event_kind::server_closed, 1);
  for (std::size_t i = 0; i < parts; i++) e[i].sink.wait_asleep();
  begin(2);
  close_part(2);
  e[2].sink.wait_for(event_kind::server_closed, 1);
}

TEST_F(joined_engines, a_part_that_begins_after_the_listener_failed_ends_at_once) {
  auto settings = server_settings();
  settings->host = "not an address";
  e[0].core().prepare_listen(1, std::move(settings));
  begin(0);
  begin(1);
  e[0].sink.wait_for(event_kind::server_error, 1);
  e[0].sink.wait_for(event_kind::server_closed, 1);
  e[1].sink.wait_for(event_kind::server_closed, 1);
  for (std::size_t i = 0; i < parts; i++) e[i].sink.wait_asleep();
  begin(2);
  e[2].sink.wait_for(event_kind::server_closed, 1);
}

TEST_F(joined_engines, report_one_error_when_the_port_is_taken_and_all_end) {
  const std::uint16_t port = listen();
  auto settings = server_settings();
  settings->port = port;
  e[1].core().prepare_listen(2, std::move(settings));
  for (test_engine& one : e) one.sink.post([](engine& core) { core.listen(2); });
  EXPECT_EQ(e[1].sink.wait_for(event_kind::server_error, 2).aux,
            static_cast<std::uint32_t>(errc::address_in_use));
  for (std::size_t i = 0; i < parts; i++) {
    e[i].sink.wait_for(event_kind::server_closed, 2);
    EXPECT_EQ(e[i].sink.count([](const delivery& d) { return d.is(event_kind::server_error, 2); }),
              i == 1 ? 1u : 0u);
  }
  connect(port, 1);
}

TEST_F(joined_engines, take_back_a_server_that_was_only_prepared) {
  const std::vector<std::uint32_t> gauges_before = e[0].core().prepare_listen(1, server_settings());
  e[0].core().abandon_listen(1);
  EXPECT_EQ(e[0].core().prepare_listen(2, server_settings()), gauges_before) << "the slots are free again";
}

TEST_F(joined_engines, publish_to_a_server_that_is_gone_elsewhere_is_harmless) {
  connect(listen(), 1);
  const auto [at, slot] = homes[0];
  subscribe(0, "t");
  close(0);
  e[at].sink.wait_for(event_kind::server_closed, 1);
  for (std::size_t i = 0; i < parts; i++) publish(i, "to nobody");
  for (test_engine& one : e) EXPECT_TRUE(one.core().flush(30000));
}

}  // namespace
}  // namespace hawser::net::test::joined_close_test
