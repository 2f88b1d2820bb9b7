// What stops and what goes on: pause and resume, heartbeat, idle time, flushed counts, callbacks, drain.
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::connection_flow_test {
namespace {

using protocol::opcode;

class flow_test : public ::testing::Test {
 protected:
  raw_peer open(std::unique_ptr<listen_settings> settings = nullptr, int receive_buffer = 0) {
    raw_peer peer = upgraded_peer(e.listen(1, std::move(settings)), "", receive_buffer);
    slot = e.accepted();
    return peer;
  }
  // The connection is paused in the turn in which it opens, before any time can pass for it.
  raw_peer open_paused(std::unique_ptr<listen_settings> settings) {
    e.sink.react([this](const delivery& d) {
      if (!d.is(event_kind::connection)) return;
      e.sink.post([slot = d.connection](engine& core) { core.pause(slot); });
    });
    return open(std::move(settings));
  }
  bool wait_messages(std::size_t n) {
    return e.sink.wait([=, this](const delivery_log& log) {
      return std::count_if(log.begin(), log.end(), [this](const delivery& d) {
               return d.is_message_of(slot);
             }) == static_cast<std::ptrdiff_t>(n);
    });
  }
  // Reads until so many payload bytes of data frames came; gives them.
  static std::string read_payloads(raw_peer& peer, std::size_t n) {
    std::string out;
    while (out.size() < n) out += peer.read_data().payload;
    return out;
  }
  test_engine e;
  std::uint32_t slot = no_slot;
};

TEST_F(flow_test, a_paused_connection_holds_its_messages) {
  raw_peer peer = open();
  e.run([this](engine& core) { core.pause(slot); });
  for (int i = 0; i < 10; i++) peer.write(frame_text(opcode::text, std::to_string(i)));
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.messages_of(slot), "");
  e.run([this](engine& core) { core.resume(slot); });
  wait_messages(10);
  EXPECT_EQ(e.sink.messages_of(slot), "0123456789");
}

TEST_F(flow_test, a_paused_connection_pushes_back_on_its_peer) {
  raw_peer peer = open();
  e.run([this](engine& core) { core.pause(slot); });
  const std::string frame = frame_text(opcode::binary, pattern(60000));
  std::size_t written = 0;
  // A read that was armed before may take one batch; after it nobody reads.
  for (int quiet = 0; quiet < 3;) {
    const std::size_t n = peer.write_some(std::string_view(frame).substr(written % frame.size()));
    written += n;
    if (n > 0) {
      quiet = 0;
      continue;
    }
    quiet++;
    e.sink.wait_asleep();
  }
  EXPECT_LT(written, 32u << 20);
  EXPECT_EQ(e.sink.messages_of(slot), "");
  e.run([this](engine& core) { core.resume(slot); });
  peer.write(std::string_view(frame).substr(written % frame.size()));
  wait_messages(written / frame.size() + 1);
  EXPECT_LT(e.budget().used(), 1u << 20);
}

TEST_F(flow_test, nothing_is_delivered_while_paused_even_when_the_sink_was_full) {
  raw_peer peer = open();
  e.sink.set_gate(memory_sink::gate::shut);
  peer.write(frame_text(opcode::text, "a") + frame_text(opcode::text, "b"));
  e.sink.wait_asleep();
  e.run([this](engine& core) { core.pause(slot); });
  e.sink.set_gate(memory_sink::gate::open);
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.messages_of(slot), "");
  e.run([this](engine& core) { core.resume(slot); });
  wait_messages(2);
}

TEST_F(flow_test, the_end_waits_for_messages_that_are_held) {
  raw_peer peer = open();
  e.sink.set_gate(memory_sink::gate::shut);
  peer.write(frame_text(opcode::text, "a"));
  e.sink.wait_asleep();
  e.run([this](engine& core) { core.pause(slot); });
  peer.write(frame_text(opcode::text, "b") + frame_text(opcode::close, close_payload_text(1000)));
  peer.close();
  e.sink.set_gate(memory_sink::gate::open);
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::close); }), 0u);
  e.run([this](engine& core) { core.resume(slot); });
  const delivery closed = e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(close_code(closed), 1000);
  EXPECT_EQ(e.sink.messages_of(slot), "ab");
  EXPECT_TRUE(e.sink.log().back().is(event_kind::close));
}

TEST_F(flow_test, terminating_a_paused_connection_drops_what_it_held) {
  raw_peer peer = open();
  e.sink.set_gate(memory_sink::gate::shut);
  peer.write(frame_text(opcode::text, "a") + frame_text(opcode::text, "b"));
  e.sink.wait_asleep();
  e.run([this](engine& core) {
    core.pause(slot);
    core.terminate(slot);
  });
  e.sink.set_gate(memory_sink::gate::open);
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(e.sink.messages_of(slot), "");
  EXPECT_TRUE(peer.at_end());
}

// ------------------------------------------------------------------------------------------------ heartbeat

TEST_F(flow_test, a_peer_that_answers_pings_stays) {
  auto settings = server_settings();
  settings->socket.heartbeat_interval = 20;
  settings->socket.heartbeat_timeout = 20000;
  raw_peer peer = open(std::move(settings));
  for (int i = 0; i < 3; i++) {
    const raw_frame ping = peer.read_frame();
    EXPECT_EQ(ping.op, opcode::ping);
    peer.write(frame_text(opcode::pong, ping.payload));
  }
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::close); }), 0u);
}

TEST_F(flow_test, a_peer_that_does_not_answer_pings_is_dropped) {
  auto settings = server_settings();
  settings->socket.heartbeat_interval = 20;
  settings->socket.heartbeat_timeout = 20;
  raw_peer peer = open(std::move(settings));
  EXPECT_EQ(peer.read_frame().op, opcode::ping);
  const delivery closed = e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(close_code(closed), 1006);
  EXPECT_EQ(e.sink.wait_for(event_kind::error, slot).aux,
            static_cast<std::uint32_t>(errc::heartbeat_timeout));
  peer.read_rest();
}

TEST_F(flow_test, a_paused_connection_is_not_called_dead) {
  auto settings = server_settings();
  settings->socket.heartbeat_interval = 20;
  settings->socket.heartbeat_timeout = 20;
  raw_peer peer = open_paused(std::move(settings));
  // Unsolicited pongs say that we live.
  for (int pongs = 0; pongs < 3; pongs++) EXPECT_EQ(peer.read_frame().op, opcode::pong);
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::close); }), 0u);
}

TEST_F(flow_test, pings_and_pongs_are_told_until_nobody_wants_them) {
  raw_peer peer = open();
  peer.write(frame_text(opcode::ping, "early"));
  EXPECT_EQ(e.sink.wait_for(event_kind::ping, slot).payload, "early");
  EXPECT_EQ(peer.read_frame().payload, "early");
  e.run([this](engine& core) { core.interest(slot, false, false); });
  peer.write(frame_text(opcode::ping, "unasked"));
  EXPECT_EQ(peer.read_frame().payload, "unasked");
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::ping); }), 1u);
  e.run([this](engine& core) {
    core.interest(slot, true, true);
    const std::string data = "to you";
    core.ping(slot, {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()});
  });
  const raw_frame ping = peer.read_frame();
  EXPECT_EQ(ping.op, opcode::ping);
  peer.write(frame_text(opcode::pong, ping.payload) + frame_text(opcode::ping, "asked"));
  EXPECT_EQ(e.sink.wait_for(event_kind::pong, slot).payload, "to you");
  e.sink.wait_for([this](const delivery& d) { return d.is(event_kind::ping, slot) && d.payload == "asked"; });
  EXPECT_EQ(peer.read_frame().payload, "asked");
}

TEST_F(flow_test, a_peer_that_pings_and_never_reads_gets_the_latest_answer) {
  auto settings = server_settings();
  settings->socket.high_water_mark = 64 * 1024;
  raw_peer peer = open(std::move(settings), 4096);
  e.send(slot, pattern(plenty()), {.binary = true});
  e.sink.wait_asleep();
  for (int i = 0; i < 2000; i++) peer.write(frame_text(opcode::ping, std::to_string(i)));
  peer.write(frame_text(opcode::text, "end"));
  wait_messages(1);
  EXPECT_EQ(peer.read_data().payload.size(), plenty());
  EXPECT_EQ(peer.read_frame().payload, "1999");
}

TEST_F(flow_test, an_idle_connection_is_closed) {
  auto settings = server_settings();
  settings->socket.idle_timeout = 30;
  raw_peer peer = open(std::move(settings));
  EXPECT_EQ(peer.read_frame().op, opcode::close);
  peer.write(frame_text(opcode::close, close_payload_text(1000)));
  peer.close();
  EXPECT_EQ(e.sink.wait_for(event_kind::error, slot).aux, static_cast<std::uint32_t>(errc::idle_timeout));
}

TEST_F(flow_test, a_paused_connection_is_not_idle_and_costs_no_turns) {
  auto settings = server_settings();
  settings->socket.idle_timeout = 20;
  settings->socket.heartbeat_interval = 200;  // an event to wait for, well behind the idle time
  settings->socket.heartbeat_timeout = 0;
  raw_peer peer = open_paused(std::move(settings));
  const std::uint64_t turns = e.core().stats().turns;
  EXPECT_EQ(peer.read_frame().op, opcode::pong);
  EXPECT_LT(e.core().stats().turns - turns, 8u);
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::error); }), 0u);
  e.run([this](engine& core) { core.resume(slot); });
  EXPECT_EQ(peer.read_data().op, opcode::close);
}

// ------------------------------------------------------------------------------------------------ counts of
// the sender

TEST_F(flow_test, counts_of_flushed_sends_are_exact_in_the_end_and_never_fall) {
  raw_peer peer = open(nullptr, 4096);
  std::string all;
  std::uint32_t weight = 0;
  const std::uint32_t count = 300;
  for (std::uint32_t i = 0; i < count; i++) {
    const std::string data = pattern(i % 7 == 0 ? plenty() / 40 : 10 + i, i);
    all += data;
    weight += static_cast<std::uint32_t>(data.size()) + message_overhead;
    e.send(slot, data, {.binary = true, .notify = i % 3 == 0});
  }
  e.sink.wait_asleep();
  EXPECT_LT(e.sink.flushed_of(slot).first, weight);
  EXPECT_LT(e.sink.sent_of(slot), count / 3);
  EXPECT_TRUE(read_payloads(peer, all.size()) == all);
  e.sink.wait_flushed(slot, weight, count);
  EXPECT_TRUE(e.sink.flushed_monotone());
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.sent_of(slot), count / 3);
}

TEST_F(flow_test, says_when_a_full_queue_has_drained) {
  auto settings = server_settings();
  settings->socket.high_water_mark = 100'000;
  raw_peer peer = open(std::move(settings), 4096);
  const std::string data = pattern(plenty());
  e.send(slot, data, {.binary = true, .arm_drain = true});
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::drain); }), 0u);
  EXPECT_TRUE(read_payloads(peer, data.size()) == data);
  e.sink.wait_for(event_kind::drain, slot);
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::drain); }), 1u);
}

TEST_F(flow_test, sends_behind_a_close_are_not_written) {
  raw_peer peer = open();
  e.run([this](engine& core) {
    std::string before = "before";
    std::string after = "after";
    core.send(slot, {reinterpret_cast<std::uint8_t*>(before.data()), before.size()}, {.notify = true});
    core.close(slot, 1000, "");
    core.send(slot, {reinterpret_cast<std::uint8_t*>(after.data()), after.size()}, {.notify = true});
  });
  EXPECT_EQ(peer.read_frame().payload, "before");
  EXPECT_EQ(peer.read_frame().op, opcode::close);
  peer.write(frame_text(opcode::close, close_payload_text(1000)));
  EXPECT_TRUE(peer.at_end());
  peer.close();
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(e.sink.sent_of(slot), 1u);
}

TEST_F(flow_test, fragments_arrive_as_one_message_with_control_frames_between) {
  raw_peer peer = open();
  e.send(slot, "a", {.more = true});
  e.run([this](engine& core) { core.ping(slot, {}); });
  e.send(slot, "b", {.more = true});
  e.send(slot, "c", {});
  e.send(slot, "next", {.binary = true});
  const auto expect = [&](opcode op, bool fin, const std::string& payload) {
    const raw_frame frame = peer.read_frame();
    EXPECT_EQ(frame.op, op);
    EXPECT_EQ(frame.fin, fin);
    EXPECT_EQ(frame.payload, payload);
  };
  expect(opcode::text, false, "a");
  expect(opcode::ping, true, "");
  expect(opcode::continuation, false, "b");
  expect(opcode::continuation, true, "c");
  expect(opcode::binary, true, "next");
}

}  // namespace
}  // namespace hawser::net::test::connection_flow_test
