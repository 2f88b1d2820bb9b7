// Partial messages of all connections share a bound: who goes beyond it is closed with 1013, the others are
// not.
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::connection_budget_test {
namespace {

using protocol::opcode;

constexpr std::size_t bound = 1 << 20;
// Memory is taken ahead of what comes: two small parts fit in any case, and a large one only by itself.
constexpr std::size_t small = 200'000, large = 900'000;

std::string first_part(std::size_t size) { return frame_text(opcode::binary, pattern(size), true, false); }
const std::string last_part = frame_text(opcode::continuation, "end");
std::string whole(std::size_t size) { return pattern(size) + "end"; }

class budget_test : public ::testing::Test {
 protected:
  std::uint32_t open() {
    if (port == 0) port = e.listen(1);
    peers.push_back(upgraded_peer(port));
    return e.accepted(peers.size() - 1);
  }
  // Writes, and returns when the engine has seen to it.
  void write(std::size_t peer, const std::string& bytes) {
    peers[peer].write(bytes);
    peers[peer].write(frame_text(opcode::ping, "seen"));
    EXPECT_EQ(peers[peer].read_frame().op, opcode::pong);
  }
  // The slot's connection was failed for the bound.
  void expect_refused(raw_peer& peer, std::uint32_t slot) {
    const raw_frame frame = peer.read_frame();
    EXPECT_EQ(frame.op, opcode::close);
    EXPECT_EQ(frame.payload.substr(0, 2), close_payload_text(1013));
    EXPECT_EQ(e.sink.wait_for(event_kind::error, slot).aux, static_cast<std::uint32_t>(errc::out_of_budget));
    peer.close();
    EXPECT_EQ(close_code(e.sink.wait_for(event_kind::close, slot)), 1006);
    EXPECT_EQ(e.sink.messages_of(slot), "");
  }
  void expect_message(std::uint32_t slot, const std::string& text) {
    const delivery got = e.sink.wait_for([=](const delivery& d) { return d.is_message_of(slot); });
    EXPECT_TRUE(got.payload == text);
  }
  test_engine e{64, bound};
  std::uint16_t port = 0;
  std::vector<raw_peer> peers;
};

TEST_F(budget_test, one_message_beyond_the_bound) {
  const std::uint32_t slot = open();
  write(0, first_part(small));
  EXPECT_GE(e.budget().used(), small);
  peers[0].write(frame_text(opcode::continuation, pattern(bound)));
  peers[0].shutdown();
  expect_refused(peers[0], slot);
  EXPECT_EQ(e.budget().used(), 0u);
}

TEST_F(budget_test, several_connections_together_and_only_the_last_is_closed) {
  const std::uint32_t slots[] = {open(), open(), open()};
  write(0, first_part(small));
  write(1, first_part(small));
  EXPECT_GE(e.budget().used(), 2 * small);
  peers[2].write(first_part(large));
  peers[2].shutdown();
  expect_refused(peers[2], slots[2]);
  for (const std::size_t i : {0u, 1u}) {
    peers[i].write(last_part);
    expect_message(slots[i], whole(small));
  }
  e.sink.wait_asleep();
  EXPECT_EQ(e.budget().used(), 0u);
}

TEST_F(budget_test, what_is_complete_or_gone_counts_no_more) {
  const std::uint32_t done = open();
  const std::uint32_t gone = open();
  write(0, first_part(small));
  write(1, first_part(small));
  peers[0].write(last_part);
  expect_message(done, whole(small));
  peers[1].reset();
  e.sink.wait_for(event_kind::close, gone);
  e.sink.wait_asleep();
  EXPECT_EQ(e.budget().used(), 0u);
  const std::uint32_t next = open();
  write(2, first_part(large));
  EXPECT_GE(e.budget().used(), large);
  peers[2].write(last_part);
  expect_message(next, whole(large));
}

TEST_F(budget_test, a_client_closes_too) {
  raw_listener listener;
  const std::uint32_t slot = e.connect(client_settings(listener.port()));
  raw_peer server = accept_upgraded(listener);
  e.sink.wait_for(event_kind::open, slot);
  server.write(frame_text(opcode::binary, pattern(small), false, false));
  server.write(frame_text(opcode::continuation, pattern(bound), false));
  server.shutdown();
  expect_refused(server, slot);
  EXPECT_EQ(e.budget().used(), 0u);
}

}  // namespace
}  // namespace hawser::net::test::connection_budget_test
