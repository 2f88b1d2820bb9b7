// How open connections end: close handshakes from either side, streams that end or break, rules that are
// broken.
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::connection_close_test {
namespace {

using protocol::opcode;

class close_test : public ::testing::Test {
 protected:
  raw_peer open(std::unique_ptr<listen_settings> settings = nullptr) {
    raw_peer peer = upgraded_peer(e.listen(1, std::move(settings)));
    slot = e.accepted();
    return peer;
  }
  static std::unique_ptr<listen_settings> impatient() {
    auto settings = server_settings();
    settings->socket.close_timeout = 30;
    return settings;
  }
  delivery closed() { return e.sink.wait_for(event_kind::close, slot); }
  // Of the error, or none when there was none before the close.
  errc error() {
    closed();
    for (const delivery& d : e.sink.log()) {
      if (d.is(event_kind::error, slot)) return static_cast<errc>(d.aux);
    }
    return errc::none;
  }
  test_engine e;
  std::uint32_t slot = no_slot;
};

TEST_F(close_test, we_close_and_the_peer_answers) {
  raw_peer peer = open();
  e.close(slot, 4000, "enough");
  EXPECT_EQ(peer.read_frame().payload, close_payload_text(4000, "enough"));
  peer.write(frame_text(opcode::close, close_payload_text(4000)));
  EXPECT_TRUE(peer.at_end()) << "the server ends the stream first";
  peer.close();
  EXPECT_EQ(close_code(closed()), 4000);
  EXPECT_TRUE(was_clean(closed()));
  EXPECT_EQ(error(), errc::none);
}

TEST_F(close_test, messages_still_come_until_the_peer_has_answered) {
  raw_peer peer = open();
  e.close(slot);
  peer.read_frame();
  peer.write(frame_text(opcode::text, "late") + frame_text(opcode::close, close_payload_text(1000)) +
             frame_text(opcode::text, "too late"));
  peer.close();
  closed();
  EXPECT_EQ(e.sink.messages_of(slot), "late");
}

TEST_F(close_test, the_peer_closes_without_a_code) {
  raw_peer peer = open();
  peer.write(frame_text(opcode::close, ""));
  EXPECT_EQ(peer.read_frame().payload, "");
  EXPECT_TRUE(peer.at_end());
  peer.close();
  EXPECT_EQ(close_code(closed()), 1005);
  EXPECT_TRUE(was_clean(closed()));
}

TEST_F(close_test, a_peer_that_does_not_answer_our_close_is_dropped) {
  raw_peer peer = open(impatient());
  e.close(slot, 1000);
  EXPECT_EQ(peer.read_frame().op, opcode::close);
  EXPECT_EQ(close_code(closed()), 1006);
  EXPECT_FALSE(was_clean(closed()));
  EXPECT_EQ(error(), errc::close_timeout);
}

TEST_F(close_test, a_peer_that_does_not_end_its_stream_is_dropped_and_the_close_was_clean) {
  raw_peer peer = open(impatient());
  peer.write(frame_text(opcode::close, close_payload_text(1000)));
  EXPECT_EQ(peer.read_frame().op, opcode::close);
  EXPECT_EQ(close_code(closed()), 1000);
  EXPECT_TRUE(was_clean(closed()));
  EXPECT_EQ(error(), errc::none);
}

TEST_F(close_test, both_sides_close_at_once) {
  raw_peer peer = open();
  e.sink.set_gate(memory_sink::gate::shut);
  e.close(slot, 4001);
  peer.write(frame_text(opcode::close, close_payload_text(4002)));
  EXPECT_EQ(peer.read_frame().op, opcode::close);
  EXPECT_TRUE(peer.at_end());
  peer.close();
  e.sink.set_gate(memory_sink::gate::open);
  EXPECT_EQ(close_code(closed()), 4002);
}

TEST_F(close_test, a_stream_that_ends_without_a_close_frame) {
  raw_peer peer = open();
  peer.write(frame_text(opcode::text, "last"));
  peer.shutdown();
  EXPECT_EQ(close_code(closed()), 1006);
  EXPECT_EQ(error(), errc::connection_lost);
  EXPECT_EQ(e.sink.messages_of(slot), "last");
  EXPECT_EQ(peer.read_rest(), "");
}

TEST_F(close_test, a_stream_that_breaks) {
  raw_peer peer = open();
  peer.reset();
  EXPECT_EQ(close_code(closed()), 1006);
  EXPECT_EQ(error(), errc::connection_reset);
}

TEST_F(close_test, messages_before_a_reset_are_delivered) {
  raw_peer peer = open();
  e.sink.set_gate(memory_sink::gate::shut);
  peer.write(frame_text(opcode::text, "held;"));
  e.sink.wait_asleep();
  // In one piece: a reset takes back what the sender's kernel has not sent yet.
  peer.write(frame_text(opcode::text, "in the kernel;") + frame_text(opcode::text, "this too;"));
  e.sink.wait_asleep();
  peer.reset();
  for (int i = 0; i < 20; i++) e.send(slot, "into the void");
  e.sink.wait_asleep();
  e.sink.set_gate(memory_sink::gate::open);
  closed();
  EXPECT_EQ(e.sink.messages_of(slot), "held;in the kernel;this too;");
}

TEST_F(close_test, terminating_tells_nobody) {
  raw_peer peer = open();
  e.run([this](engine& core) { core.terminate(slot); });
  EXPECT_EQ(close_code(closed()), 1006);
  EXPECT_EQ(peer.read_rest(), "");
  EXPECT_EQ(error(), errc::none);
}

TEST_F(close_test, a_close_is_reported_once) {
  raw_peer peer = open();
  e.run([this](engine& core) {
    core.close(slot, 1000, "");
    core.close(slot, 1001, "");
    core.terminate(slot);
    core.terminate(slot);
    core.close(slot, 1002, "");
  });
  closed();
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::close); }), 1u);
}

struct broken_rule {
  std::string bytes;
  std::uint16_t code;
  errc error;
};
class broken_rule_test : public close_test, public ::testing::WithParamInterface<broken_rule> {};

TEST_P(broken_rule_test, ends_with_its_code) {
  raw_peer peer = open();
  peer.write(frame_text(opcode::text, "before") + GetParam().bytes);
  peer.shutdown();
  EXPECT_EQ(peer.read_frame().payload.substr(0, 2), close_payload_text(GetParam().code));
  EXPECT_EQ(close_code(closed()), 1006);
  EXPECT_EQ(error(), GetParam().error);
  EXPECT_EQ(e.sink.messages_of(slot), "before");
}

INSTANTIATE_TEST_SUITE_P(
    connection, broken_rule_test,
    ::testing::Values(
        broken_rule{frame_text(opcode::text, "x", false), 1002, errc::protocol_error},
        broken_rule{frame_text(opcode::continuation, "x"), 1002, errc::protocol_error},
        broken_rule{frame_text(opcode::text, "x", true, true, true), 1002, errc::protocol_error},
        broken_rule{frame_text(opcode::text, "\xc3\x28"), 1007, errc::invalid_utf8},
        broken_rule{frame_text(opcode::close, "x"), 1002, errc::protocol_error},
        broken_rule{frame_text(opcode::close, close_payload_text(1006)), 1002, errc::protocol_error},
        broken_rule{frame_text(opcode::binary, std::string((16 << 20) + 1, 'x')).substr(0, 100), 1009,
                    errc::message_too_big}));

}  // namespace
}  // namespace hawser::net::test::connection_close_test
