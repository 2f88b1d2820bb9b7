// The socket below a connection tells of input only when there is new input: nothing that came together with
// something else, or while nobody wanted it, may be forgotten.
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::transport_test {
namespace {

using protocol::opcode;

class transport_test : public ::testing::Test {
 protected:
  raw_peer open() {
    raw_peer peer = upgraded_peer(port);
    slots.push_back(e.accepted(slots.size()));
    return peer;
  }
  bool wait_bytes(std::uint32_t slot, std::size_t n) {
    return e.sink.wait([=](const delivery_log& log) {
      std::size_t sum = 0;
      for (const delivery& d : log) {
        if (d.is_message_of(slot)) sum += d.payload.size();
      }
      return sum == n;
    });
  }
  test_engine e{1024};
  std::uint16_t port = e.listen(1);
  std::vector<std::uint32_t> slots;
};

TEST_F(transport_test, reads_the_end_that_came_together_with_the_last_message) {
  raw_peer peer = open();
  // The engine is busy meanwhile, so that both are there when it looks.
  e.run([&](engine&) {
    peer.write(frame_text(opcode::text, "last"));
    peer.shutdown();
  });
  const delivery end = e.sink.wait_for(event_kind::close, slots[0]);
  EXPECT_EQ(close_code(end), 1006);
  EXPECT_EQ(e.sink.messages_of(slots[0]), "last");
}

TEST_F(transport_test, reads_the_end_that_comes_while_a_message_is_delivered) {
  std::unique_ptr<raw_peer> peer;
  e.sink.react([&](const delivery& d) {
    if (d.is_message && d.payload == "last") peer->shutdown();
  });
  peer = std::make_unique<raw_peer>(open());
  peer->write(frame_text(opcode::text, "last"));
  e.sink.wait_for(event_kind::close, slots[0]);
}

TEST_F(transport_test, reads_what_comes_while_a_message_is_delivered) {
  std::unique_ptr<raw_peer> peer;
  int left = 100;
  e.sink.react([&](const delivery& d) {
    if (d.is_message && left-- > 0) peer->write(frame_text(opcode::text, "."));
  });
  peer = std::make_unique<raw_peer>(open());
  peer->write(frame_text(opcode::text, "."));
  wait_bytes(slots[0], 101);
}

TEST_F(transport_test, reads_more_than_fits_into_one_read) {
  raw_peer peer = open();
  constexpr std::size_t count = 5;
  const std::string frame = frame_text(opcode::binary, pattern(1 << 20));
  std::string all;
  for (std::size_t i = 0; i < count; i++) all += frame;
  peer.write(all);
  wait_bytes(slots[0], count << 20);
}

// A read stops before an urgent byte, which is no part of the stream.
TEST_F(transport_test, reads_on_behind_urgent_data) {
  raw_peer peer = open();
  e.run([&](engine&) {
    peer.write(frame_text(opcode::text, "before"));
    ASSERT_EQ(::send(peer.descriptor(), "!", 1, MSG_OOB | MSG_NOSIGNAL), 1);
    peer.write(frame_text(opcode::text, "behind"));
  });
  wait_bytes(slots[0], 12);
  EXPECT_EQ(e.sink.messages_of(slots[0]), "beforebehind");
}

#ifdef HAWSER_READINESS
TEST_F(transport_test, reads_behind_what_the_program_has_called_by_then) {
  std::unique_ptr<raw_peer> peer;
  std::string order;
  e.sink.react([&](const delivery& d) {
    if (!d.is_message) return;
    if (d.payload == "read") order += "read ";
    if (d.payload != "go") return;
    // Runs at the end of this turn: both wait for the next one, the message first.
    e.sink.post([&](engine&) {
      peer->write(frame_text(opcode::text, "read"));
      e.sink.post([&](engine&) { order += "called "; });
    });
  });
  peer = std::make_unique<raw_peer>(open());
  for (std::size_t round = 1; round <= 3; round++) {
    peer->write(frame_text(opcode::text, "go"));
    wait_bytes(slots[0], round * 6);
    e.run([&](engine&) { EXPECT_EQ(std::exchange(order, ""), "called read "); });
  }
}
#endif

TEST_F(transport_test, remembers_what_came_while_it_was_paused) {
  raw_peer peer = open();
  for (int round = 0; round < 3; round++) {
    const auto before = e.sink.messages_of(slots[0]).size();
    e.run([&](engine& core) { core.pause(slots[0]); });
    peer.write(frame_text(opcode::text, "paused"));
    e.sink.wait_asleep();
    peer.write(frame_text(opcode::text, "twice"));
    e.sink.wait_asleep();
    EXPECT_EQ(e.sink.messages_of(slots[0]).size(), before);
    e.run([&](engine& core) { core.resume(slots[0]); });
    wait_bytes(slots[0], before + 11);
  }
}

TEST_F(transport_test, serves_more_connections_at_once_than_it_asks_for) {
  constexpr std::size_t count = 400;
  std::vector<raw_peer> peers;
  for (std::size_t i = 0; i < count; i++) peers.push_back(open());
  e.run([&](engine&) {
    for (raw_peer& peer : peers) peer.write(frame_text(opcode::text, "x"));
  });
  for (const std::uint32_t slot : slots) ASSERT_TRUE(wait_bytes(slot, 1));
}

TEST_F(transport_test, forgets_a_connection_that_ends_among_others_with_input) {
  std::vector<raw_peer> peers;
  for (int i = 0; i < 20; i++) peers.push_back(open());
  // The first message ends all other connections in the turn in which theirs are read, or lie unread.
  bool ended = false;
  e.sink.react([&](const delivery& d) {
    if (!d.is_message || std::exchange(ended, true)) return;
    e.sink.post([this, first = d.connection](engine& core) {
      for (const std::uint32_t slot : slots) {
        if (slot != first) core.terminate(slot);
      }
    });
  });
  e.run([&](engine&) {
    for (raw_peer& peer : peers) peer.write(frame_text(opcode::text, "x"));
  });
  e.sink.wait([](const delivery_log& log) {
    return std::ranges::count_if(log, [](const delivery& d) { return d.is(event_kind::close); }) == 19;
  });
  raw_peer next = upgraded_peer(port);
  e.accepted(20);
}

}  // namespace
}  // namespace hawser::net::test::transport_test
