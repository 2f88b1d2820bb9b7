// A peer that reads and writes a few bytes at a time with the smallest buffers the kernel allows: large
// messages are complete and in order, in both roles and both directions at once.
#include "core/net/dial_fixture.hpp"
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::connection_throttled_test {
namespace {

using protocol::opcode;

const std::vector<std::size_t> sizes = {0, 1, 200'000, 125, 126, 65'536, 300'000, 5};

// With so many bytes a system call: odd numbers, so that frames are cut everywhere.
class throttled_test : public ::testing::TestWithParam<std::size_t> {
 protected:
  // Both sides say all they have to say at once; then the peer closes.
  void converse(raw_peer& peer, std::uint32_t slot, bool peer_masks) {
    peer.throttle(GetParam());
    std::uint32_t weight = 0;
    for (std::size_t i = 0; i < sizes.size(); i++) {
      e.send(slot, pattern(sizes[i], i), {.binary = true, .notify = true});
      weight += static_cast<std::uint32_t>(sizes[i]) + message_overhead;
    }
    std::thread writer([&] {
      for (std::size_t i = 0; i < sizes.size(); i++)
        peer.write(frame_text(opcode::binary, pattern(sizes[i], 100 + i), peer_masks));
    });
    for (std::size_t i = 0; i < sizes.size(); i++) {
      const raw_frame frame = peer.read_frame();
      EXPECT_EQ(frame.masked, !peer_masks);
      EXPECT_TRUE(frame.payload == pattern(sizes[i], i)) << i;
    }
    writer.join();
    peer.write(frame_text(opcode::close, close_payload_text(4000), peer_masks));
    EXPECT_EQ(peer.read_frame().op, opcode::close);
    peer.close();
    EXPECT_EQ(close_code(e.sink.wait_for(event_kind::close, slot)), 4000);
    std::size_t next = 0;
    for (const delivery& d : e.sink.log()) {
      if (!d.is_message_of(slot)) continue;
      ASSERT_LT(next, sizes.size());
      EXPECT_TRUE(d.payload == pattern(sizes[next], 100 + next)) << next;
      next++;
    }
    EXPECT_EQ(next, sizes.size());
    EXPECT_EQ(e.sink.sent_of(slot), sizes.size());
    EXPECT_EQ(e.sink.flushed_of(slot), (std::pair{weight, static_cast<std::uint32_t>(sizes.size())}));
    EXPECT_TRUE(e.sink.flushed_monotone());
  }
  test_engine e;
};

// Unix sockets: what a TCP socket does with so little room is a matter of the kernel's timers.

TEST_P(throttled_test, as_a_server) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  narrow(ends[0]);
  raw_peer peer(ends[1]);
  e.host(1);
  const std::uint32_t slot = e.adopt(adopted_settings(1, ends[0]));
  peer.read_head();
  converse(peer, slot, true);
}

TEST_P(throttled_test, as_a_client) {
  const testing::socket_path path;
  raw_listener listener(path.get());
  auto to = client_settings(0);
  to->unix_path = path.get();
  const std::uint32_t slot = e.connect(std::move(to));
  raw_peer peer = accept_upgraded(listener);
  e.sink.wait_for(event_kind::open, slot);
  converse(peer, slot, false);
}

INSTANTIATE_TEST_SUITE_P(connection, throttled_test, ::testing::Values(7, 61, 1021));

}  // namespace
}  // namespace hawser::net::test::connection_throttled_test
