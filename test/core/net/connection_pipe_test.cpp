// Connections that are adopted after somebody else's HTTP server took the request: with a descriptor, or as a
// pipe whose bytes travel through the sink.
#include <sys/socket.h>

#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::connection_pipe_test {
namespace {

using protocol::opcode;
constexpr std::size_t window = 256 * 1024;  // bytes under way to the program's stream before it acknowledges

std::string written(const memory_sink& sink, std::uint32_t slot) {
  std::string out;
  for (const delivery& d : sink.log()) {
    if (d.is(event_kind::pipe_write, slot)) out += d.payload;
  }
  return out;
}
// Frames behind the head of the upgrade's answer.
std::string frames_written(const memory_sink& sink, std::uint32_t slot) {
  const std::string all = written(sink, slot);
  const std::size_t end = all.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : all.substr(end + 4);
}
std::size_t acknowledged(const delivery_log& log, std::uint32_t slot) {
  std::size_t sum = 0;
  for (const delivery& d : log) {
    if (d.is(event_kind::pipe_ack, slot)) sum += d.aux;
  }
  return sum;
}

class pipe_test : public ::testing::Test {
 protected:
  // The program's stream takes all bytes at once and says so.
  void acknowledge_all() {
    e.sink.react([this](const delivery& d) {
      if (!d.is(event_kind::pipe_write)) return;
      e.sink.post([slot = d.connection, n = static_cast<std::uint32_t>(d.payload.size())](engine& core) {
        core.pipe_ack(slot, n);
      });
    });
  }
  std::uint32_t open(std::unique_ptr<listen_settings> settings = nullptr, std::string head = "") {
    if (settings) settings->listen = false;
    e.host(1, std::move(settings));
    auto how = adopted_settings(1, -1);
    how->head.assign(head.begin(), head.end());
    const std::uint32_t slot = e.adopt(std::move(how));
    e.sink.wait_for(event_kind::open, slot);
    return slot;
  }
  void feed(std::uint32_t slot, std::string bytes) {
    auto data = std::make_shared<std::string>(std::move(bytes));
    e.sink.post([=](engine& core) {
      core.pipe_data(slot, {reinterpret_cast<std::uint8_t*>(data->data()), data->size()});
    });
  }
  void end(std::uint32_t slot, bool broken) {
    e.sink.post([=](engine& core) { core.pipe_end(slot, broken); });
  }
  bool wait_acknowledged(std::uint32_t slot, std::size_t bytes) {
    return e.sink.wait([=](const delivery_log& log) { return acknowledged(log, slot) >= bytes; });
  }
  bool wait_written(std::uint32_t slot, std::size_t bytes) {
    return e.sink.wait([=](const delivery_log& log) {
      std::size_t sum = 0;
      for (const delivery& d : log) sum += d.is(event_kind::pipe_write, slot) ? d.payload.size() : 0;
      return sum >= bytes;
    });
  }
  test_engine e;
};

TEST_F(pipe_test, answers_the_upgrade_and_carries_messages_both_ways) {
  acknowledge_all();
  const std::uint32_t slot = open();
  const std::string hello = frame_text(opcode::text, "hello");
  feed(slot, hello.substr(0, 3));
  feed(slot, hello.substr(3));
  const delivery got = e.sink.wait_for([=](const delivery& d) { return d.is_message_of(slot); });
  EXPECT_EQ(got.payload, "hello");
  e.send(slot, "back");
  const std::string back = frame_text(opcode::text, "back", false);
  e.sink.wait_flushed(slot, 4 + message_overhead, 1);
  EXPECT_EQ(frames_written(e.sink, slot), back);
  const std::string head = written(e.sink, slot);
  EXPECT_EQ(head.rfind("HTTP/1.1 101 ", 0), 0u);
  EXPECT_NE(head.find(sample_accept), std::string::npos);
  EXPECT_TRUE(wait_acknowledged(slot, hello.size()));
}

TEST_F(pipe_test, takes_frames_that_came_behind_the_request) {
  acknowledge_all();
  const std::uint32_t slot =
      open(nullptr, frame_text(opcode::text, "early") + frame_text(opcode::text, "birds"));
  e.sink.wait([=](const delivery_log& log) { return log.size() >= 5; });
  EXPECT_EQ(e.sink.messages_of(slot), "earlybirds");
}

TEST_F(pipe_test, writes_no_more_than_the_window_before_it_is_acknowledged) {
  const std::uint32_t slot = open();
  const std::string data = pattern(1 << 20);
  e.send(slot, data, {.binary = true, .notify = true});
  wait_written(slot, window);
  e.sink.wait_asleep();
  EXPECT_EQ(written(e.sink, slot).size(), window);
  EXPECT_EQ(e.sink.sent_of(slot), 0u);
  std::size_t given = 0;
  const std::size_t head = written(e.sink, slot).size() - frames_written(e.sink, slot).size();
  const std::size_t all = head + frame_text(opcode::binary, data, false).size();
  while (given < all) {
    const std::size_t now = written(e.sink, slot).size();
    EXPECT_LE(now - given, window);
    const auto more = static_cast<std::uint32_t>(std::min<std::size_t>(now - given, 100'000));
    e.run([&](engine& core) { core.pipe_ack(slot, more); });
    given += more;
    e.sink.wait_asleep();
  }
  EXPECT_EQ(frames_written(e.sink, slot), frame_text(opcode::binary, data, false));
  e.sink.wait_flushed(slot, static_cast<std::uint32_t>(data.size()) + message_overhead, 1);
  EXPECT_TRUE(e.sink.flushed_monotone());
  EXPECT_EQ(e.sink.sent_of(slot), 1u);
}

TEST_F(pipe_test, an_acknowledgement_beyond_what_is_under_way_is_harmless) {
  const std::uint32_t slot = open();
  e.run([=](engine& core) { core.pipe_ack(slot, 0xffffffffu); });
  e.send(slot, "still here");
  wait_written(slot, written(e.sink, slot).size());
  e.sink.wait_flushed(slot, 10 + message_overhead, 1);
}

TEST_F(pipe_test, acknowledges_input_only_once_it_is_delivered) {
  acknowledge_all();
  const std::uint32_t slot = open();
  e.run([=](engine& core) { core.pause(slot); });
  const std::string bytes = frame_text(opcode::text, "held") + frame_text(opcode::text, "back");
  feed(slot, bytes);
  e.sink.wait_asleep();
  EXPECT_EQ(acknowledged(e.sink.log(), slot), 0u);
  EXPECT_EQ(e.sink.messages_of(slot), "");
  feed(slot, bytes);
  e.run([=](engine& core) { core.resume(slot); });
  EXPECT_TRUE(wait_acknowledged(slot, 2 * bytes.size()));
  EXPECT_EQ(e.sink.messages_of(slot), "heldbackheldback");
}

TEST_F(pipe_test, keeps_input_while_the_sink_is_full) {
  acknowledge_all();
  const std::uint32_t slot = open();
  e.sink.set_gate(memory_sink::gate::shut);
  std::string sent;
  for (int i = 0; i < 50; i++) {
    feed(slot, frame_text(opcode::text, "message " + std::to_string(i) + ";"));
    sent += "message " + std::to_string(i) + ";";
  }
  e.sink.wait_asleep();
  EXPECT_EQ(e.sink.messages_of(slot), "");
  e.sink.set_gate(memory_sink::gate::open);
  e.sink.wait([=](const delivery_log& log) {
    return std::count_if(log.begin(), log.end(), [=](const delivery& d) { return d.is_message_of(slot); }) ==
           50;
  });
  EXPECT_EQ(e.sink.messages_of(slot), sent);
}

TEST_F(pipe_test, goes_on_writing_after_the_sink_refused) {
  acknowledge_all();
  const std::uint32_t slot = open();
  const std::string data = pattern(700'000);
  e.sink.refuse_each();
  e.send(slot, data, {.binary = true});
  e.sink.wait_flushed(slot, static_cast<std::uint32_t>(data.size()) + message_overhead, 1);
  EXPECT_EQ(frames_written(e.sink, slot), frame_text(opcode::binary, data, false));
}

TEST_F(pipe_test, goes_on_writing_wherever_the_sink_refuses) {
  const std::string data = pattern(700'000);
  for (std::size_t step = 0; !HasFailure(); step++) {
    SCOPED_TRACE(step);
    test_engine one;
    one.sink.react([&one](const delivery& d) {
      if (d.is(event_kind::pipe_write)) {
        one.sink.post([slot = d.connection, n = static_cast<std::uint32_t>(d.payload.size())](engine& core) {
          core.pipe_ack(slot, n);
        });
      } else if (d.is(event_kind::open)) {
        one.send(d.connection, pattern(700'000), {.binary = true, .notify = true});
      }
    });
    one.host(1);
    one.sink.refuse_at(step);
    const std::uint32_t slot = one.adopt(adopted_settings(1, -1));
    one.sink.wait_flushed(slot, static_cast<std::uint32_t>(data.size()) + message_overhead, 1);
    one.sink.wait([=](const delivery_log& log) {
      return std::any_of(log.begin(), log.end(),
                         [=](const delivery& d) { return d.is(event_kind::sent, slot); });
    });
    EXPECT_EQ(frames_written(one.sink, slot), frame_text(opcode::binary, data, false));
    if (!one.sink.refused()) break;
  }
}

TEST_F(pipe_test, closes_cleanly_when_the_peer_asks) {
  acknowledge_all();
  const std::uint32_t slot = open();
  feed(slot, frame_text(opcode::close, close_payload_text(1000, "done")));
  const delivery ended = e.sink.wait_for(event_kind::pipe_end, slot);
  EXPECT_EQ(ended.aux, 0u);
  EXPECT_EQ(frames_written(e.sink, slot), frame_text(opcode::close, close_payload_text(1000), false));
  end(slot, false);
  const delivery closed = e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(close_code(closed), 1000);
  EXPECT_TRUE(was_clean(closed));
  EXPECT_EQ(closed.payload, "done");
}

TEST_F(pipe_test, reports_a_stream_that_fails) {
  acknowledge_all();
  const std::uint32_t slot = open();
  end(slot, true);
  const delivery closed = e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(close_code(closed), 1006);
  const delivery error = e.sink.wait_for(event_kind::error, slot);
  EXPECT_EQ(error.aux, static_cast<std::uint32_t>(errc::connection_reset));
}

TEST_F(pipe_test, terminating_destroys_the_stream) {
  acknowledge_all();
  const std::uint32_t slot = open();
  e.run([=](engine& core) { core.terminate(slot); });
  const delivery ended = e.sink.wait_for(event_kind::pipe_end, slot);
  EXPECT_EQ(ended.aux, 1u);
  EXPECT_EQ(close_code(e.sink.wait_for(event_kind::close, slot)), 1006);
}

TEST_F(pipe_test, answers_that_it_has_ended_when_its_server_does_not_exist) {
  for (const auto gate : {memory_sink::gate::open, memory_sink::gate::stutter}) {
    e.sink.set_gate(gate);
    const std::size_t before = e.sink.log().size();
    const std::uint32_t slot = e.adopt(adopted_settings(99, -1));
    const delivery closed =
        e.sink.wait_for([=](const delivery& d) { return d.is(event_kind::close, slot); }, before);
    EXPECT_EQ(close_code(closed), 1006);
    e.sink.wait_asleep();
  }
}

// ---------------------------------------------------------------------------------------------- descriptors

class descriptor_test : public ::testing::Test {
 protected:
  raw_peer open(std::string head = "", std::unique_ptr<listen_settings> settings = nullptr,
                std::string extensions = "") {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    if (settings) settings->listen = false;
    e.host(1, std::move(settings));
    auto how = adopted_settings(1, ends[0]);
    how->protocol = "chat";
    how->headers = {{"X-Extra", "yes"}};
    how->extensions = std::move(extensions);
    how->head.assign(head.begin(), head.end());
    slot = e.adopt(std::move(how));
    return raw_peer(ends[1]);
  }
  test_engine e;
  std::uint32_t slot = no_slot;
};

TEST_F(descriptor_test, answers_and_echoes) {
  raw_peer peer = open(frame_text(opcode::text, "early"));
  const std::string head = peer.read_head();
  EXPECT_EQ(head.rfind("HTTP/1.1 101 ", 0), 0u);
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: chat\r\n"), std::string::npos);
  EXPECT_NE(head.find("X-Extra: yes\r\n"), std::string::npos);
  e.sink.wait_for([this](const delivery& d) { return d.is_message_of(slot) && d.payload == "early"; });
  peer.write(frame_text(opcode::binary, "later"));
  e.sink.wait_for(
      [this](const delivery& d) { return d.is_message_of(slot) && d.binary && d.payload == "later"; });
  e.send(slot, "answer");
  EXPECT_EQ(peer.read_frame().payload, "answer");
  peer.write(frame_text(opcode::close, close_payload_text(1001)));
  EXPECT_EQ(peer.read_frame().op, opcode::close);
  EXPECT_TRUE(peer.at_end());
  peer.close();
  EXPECT_EQ(close_code(e.sink.wait_for(event_kind::close, slot)), 1001);
}

TEST_F(descriptor_test, negotiates_compression_from_the_request) {
  auto settings = server_settings();
  settings->socket.deflate_enabled = true;
  raw_peer peer = open("", std::move(settings), "permessage-deflate");
  EXPECT_NE(peer.read_head().find("Sec-WebSocket-Extensions: permessage-deflate"), std::string::npos);
  EXPECT_NE(e.sink.wait_for(event_kind::open, slot).field(0).find("permessage-deflate"), std::string::npos);
  e.send(slot, std::string(5000, 'z'), {.compress = true});
  const raw_frame frame = peer.read_frame();
  EXPECT_TRUE(frame.rsv1);
  EXPECT_LT(frame.payload.size(), 200u);
}

TEST_F(descriptor_test, a_header_that_is_not_valid_ends_it) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  raw_peer peer(ends[1]);
  e.host(1);
  auto how = adopted_settings(1, ends[0]);
  how->headers = {{"X-Bad", "a\r\nb"}};
  slot = e.adopt(std::move(how));
  EXPECT_EQ(e.sink.wait_for(event_kind::error, slot).aux,
            static_cast<std::uint32_t>(errc::invalid_handshake));
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_TRUE(peer.at_end());
}

TEST_F(descriptor_test, the_descriptor_is_closed_when_it_is_never_begun) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  raw_peer peer(ends[1]);
  {
    test_engine other;
    other.core().prepare_adopt(adopted_settings(1, ends[0]));
  }
  EXPECT_TRUE(peer.at_end());
}

}  // namespace
}  // namespace hawser::net::test::connection_pipe_test
