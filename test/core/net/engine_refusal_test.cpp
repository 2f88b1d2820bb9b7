// Every delivery may be refused by a sink that has no room. Whichever is refused first, what is delivered in
// the end is the same: nothing is lost, nothing comes twice, nothing overtakes.
#include <atomic>
#include <thread>

#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::engine_refusal_test {
namespace {

using protocol::opcode;
// What was delivered, as one text for each side; the number of `sent` records may vary, their sum may not.
using outcome = std::map<std::string, std::string>;

outcome summary(const memory_sink& sink, std::uint32_t client) {
  outcome out;
  std::map<std::string, std::uint32_t> sent;
  std::map<std::uint32_t, std::string> servers;
  for (const delivery& d : sink.log()) {
    const bool of_server =
        !d.is_message && (d.kind == event_kind::listening || d.kind == event_kind::server_error ||
                          d.kind == event_kind::server_closed || d.kind == event_kind::dropped);
    const std::string who = of_server ? "listener" : d.connection == client ? "client" : "server";
    // Told only where there is room.
    if (d.is(event_kind::ping) || d.is(event_kind::pong)) continue;
    if (d.is(event_kind::sent)) {
      sent[who] += d.aux;
      continue;
    }
    std::string line;
    if (d.is_message) {
      line = std::string(d.binary ? "binary " : "text ") + (d.ascii ? "ascii " : "") +
             (d.owned ? "owned " : "") + std::to_string(std::hash<std::string>{}(d.payload));
    } else {
      line = "event " + std::to_string(static_cast<int>(d.kind));
      if (d.is(event_kind::close) || d.is(event_kind::error))
        line += " " + std::to_string(d.aux) + " " + d.payload;
      if (d.is(event_kind::response)) line += " " + std::to_string(d.aux);
    }
    out[who] += line + "\n";
  }
  for (const auto& [who, sum] : sent) out[who] += "sent " + std::to_string(sum) + "\n";
  return out;
}

// Runs `scenario` with an open sink, with one that refuses once at each delivery, and with each place of a
// longer refusal.
template <class Scenario>
void sweep(Scenario scenario) {
  const auto once = [&scenario](const std::function<void(memory_sink&)>& gate, bool& refused) {
    test_engine e;
    gate(e.sink);
    const outcome out = scenario(e);
    refused = e.sink.refused();
    return out;
  };
  bool refused = false;
  const outcome expected = once([](memory_sink&) {}, refused);
  ASSERT_FALSE(refused);
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(once([](memory_sink& sink) { sink.refuse_each(); }, refused), expected);
  EXPECT_TRUE(refused);
  for (std::size_t step = 0; !::testing::Test::HasFailure(); step++) {
    SCOPED_TRACE(step);
    EXPECT_EQ(once([step](memory_sink& sink) { sink.refuse_at(step); }, refused), expected);
    if (!refused) {
      EXPECT_GT(step, 3u);
      break;
    }
  }
}

struct conversation {
  bool decide = false, deflate = false, tls = false;
};

// Client and server in one engine: three messages there and back, a close from the client, the end of the
// server.
outcome converse(test_engine& e, const conversation& how) {
  struct state {
    std::atomic<std::uint32_t> client{no_slot};
    int echoes = 0;
  };
  auto shared = std::make_shared<state>();
  e.sink.react([&sink = e.sink, shared, &e](const delivery& d) {
    if (d.is(event_kind::open)) {
      shared->client = d.connection;
      for (const std::string& text : {std::string("one"), pattern(10000), std::string("zwei \xc3\xbc")}) {
        e.send(d.connection, text, {.binary = text.size() > 100, .compress = true, .notify = true});
      }
    } else if (d.is(event_kind::upgrade)) {
      sink.post([slot = d.connection](engine& core) { core.accept(slot, "chat"); });
    } else if (d.is_message && d.connection != shared->client) {
      e.send(d.connection, d.payload, {.binary = d.binary, .compress = true, .notify = true});
    } else if (d.is_message && ++shared->echoes == 3) {
      e.close(d.connection, 1000, "bye");
    } else if (d.is(event_kind::close) && d.connection == shared->client) {
      sink.post([](engine& core) { core.close_server(1, 10000); });
    }
  });
  auto server = server_settings();
  auto to = client_settings(0);
  server->decide = how.decide;
  if (how.decide) to->protocols = {"chat"};
  server->socket.deflate_enabled = to->socket.deflate_enabled = how.deflate;
  server->socket.deflate.threshold = to->socket.deflate.threshold = 0;
  if (how.tls) secure(*server, *to);
  to->port = e.listen(1, std::move(server));
  const std::uint32_t client = e.connect(std::move(to));
  e.sink.wait_for(event_kind::server_closed, 1);
  e.sink.wait_for(event_kind::close, client);
  EXPECT_EQ(e.sink.sent_of(client), 3u);
  return summary(e.sink, client);
}

TEST(engine_refusal, plain_conversation) {
  sweep([](test_engine& e) { return converse(e, {}); });
}
TEST(engine_refusal, conversation_that_the_program_accepts) {
  sweep([](test_engine& e) { return converse(e, {.decide = true}); });
}
TEST(engine_refusal, compressed_conversation) {
  sweep([](test_engine& e) { return converse(e, {.deflate = true}); });
}
TEST(engine_refusal, encrypted_conversation) {
  sweep([](test_engine& e) { return converse(e, {.tls = true}); });
}
TEST(engine_refusal, encrypted_compressed_conversation_that_the_program_accepts) {
  sweep([](test_engine& e) { return converse(e, {.decide = true, .deflate = true, .tls = true}); });
}

// A raw peer writes all it has to say at once; then the server is asked to end.
outcome listen_to(test_engine& e, const std::string& bytes) {
  e.sink.react([&sink = e.sink](const delivery& d) {
    if (d.is(event_kind::close)) sink.post([](engine& core) { core.close_server(1, 10000); });
  });
  raw_peer peer = raw_peer::to(e.listen(1));
  peer.write(upgrade_text() + bytes);
  peer.shutdown();
  e.sink.wait_for(event_kind::server_closed, 1);
  return summary(e.sink, no_slot);
}

TEST(engine_refusal, messages_then_a_broken_rule) {
  sweep([](test_engine& e) {
    return listen_to(e, frame_text(opcode::text, "a") + frame_text(opcode::binary, pattern(9000)) +
                            frame_text(opcode::text, "b") + frame_text(opcode::text, "\xff"));
  });
}
TEST(engine_refusal, messages_then_the_end_of_the_stream) {
  sweep([](test_engine& e) {
    return listen_to(e, frame_text(opcode::text, "a") + frame_text(opcode::ping, "p") +
                            frame_text(opcode::text, "b", true, false) +
                            frame_text(opcode::continuation, "c"));
  });
}
TEST(engine_refusal, messages_then_a_close_frame) {
  sweep([](test_engine& e) {
    return listen_to(e, frame_text(opcode::text, "a") + frame_text(opcode::text, "b") +
                            frame_text(opcode::close, close_payload_text(4001, "enough")));
  });
}

TEST(engine_refusal, an_answer_other_than_101) {
  sweep([](test_engine& e) {
    raw_listener listener;
    const std::uint32_t client = e.connect(client_settings(listener.port()));
    raw_peer peer = listener.accept();
    peer.read_head();
    peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: because\r\n\r\nno!\n");
    const delivery closed = e.sink.wait_for(event_kind::close, client);
    EXPECT_EQ(close_code(closed), 1006);
    const delivery answer = e.sink.wait_for(event_kind::response, client);
    EXPECT_EQ(answer.aux, 403u);
    EXPECT_NE(answer.payload.find("X-Why\nbecause\n"), std::string::npos);
    EXPECT_EQ(answer.payload.substr(answer.payload.size() - 4), "no!\n");
    const delivery error = e.sink.wait_for(event_kind::error, client);
    EXPECT_EQ(error.aux, static_cast<std::uint32_t>(errc::unexpected_response));
    // The listener has to be seen as well, so that each run has more than three deliveries.
    e.listen(1);
    e.sink.post([](engine& core) { core.close_server(1, 0); });
    e.sink.wait_for(event_kind::server_closed, 1);
    return summary(e.sink, client);
  });
}

TEST(engine_refusal, room_is_given_in_the_order_in_which_it_was_missed) {
  test_engine e;
  const std::uint16_t port = e.listen(1);
  std::vector<raw_peer> peers;
  for (int i = 0; i < 8; i++) {
    peers.push_back(upgraded_peer(port));
    e.accepted(peers.size() - 1);
  }
  e.sink.set_gate(memory_sink::gate::shut);
  for (std::size_t i = 0; i < peers.size(); i++) {
    const std::uint64_t reads = e.core().stats().reads;
    peers[i].write(frame_text(opcode::text, std::to_string(i)) + frame_text(opcode::text, "again"));
    // Each peer is refused before the next one writes. A turn that only was woken reads nothing.
    while (e.core().stats().reads == reads) std::this_thread::yield();
    e.sink.wait_asleep();
  }
  e.sink.set_gate(memory_sink::gate::open);
  e.sink.wait([](const delivery_log& log) {
    return std::count_if(log.begin(), log.end(), [](const delivery& d) { return d.is_message; }) == 16;
  });
  std::string order;
  for (const delivery& d : e.sink.log()) {
    if (d.is_message && d.payload != "again") order += d.payload;
  }
  EXPECT_EQ(order, "01234567");
}

}  // namespace
}  // namespace hawser::net::test::engine_refusal_test
