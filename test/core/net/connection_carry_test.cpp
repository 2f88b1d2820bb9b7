// HTTP requests that are no upgrade, whose bytes the program reads and answers through the sink: once as it
// should be, then with a failure at each step.
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::connection_carry_test {
namespace {

constexpr std::size_t window = 256 * 1024;  // bytes on their way up before the program acknowledges

std::string post(const std::string& body, const std::string& path = "/") {
  return "POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

class carry_test : public ::testing::Test {
 protected:
  raw_peer ask(const std::string& request, std::unique_ptr<listen_settings> settings = server_settings(),
               int receive_buffer = 0) {
    settings->carry = true;
    raw_peer peer = raw_peer::to(e.listen(1, std::move(settings)), receive_buffer);
    peer.write(request);
    return peer;
  }
  // The request was handed over: its slot.
  std::uint32_t asked() {
    return e.sink.wait_for([](const delivery& d) { return d.is(event_kind::upgrade); }).connection;
  }
  std::uint32_t carried() {
    const std::uint32_t slot = asked();
    e.run([=](engine& core) { core.carry(slot); });
    return slot;
  }
  std::string up(std::uint32_t slot) {
    std::string out;
    for (const delivery& d : e.sink.log()) {
      if (d.is(event_kind::pipe_write, slot)) out += d.payload;
    }
    return out;
  }
  bool wait_up(std::uint32_t slot, std::size_t bytes) {
    return e.sink.wait([=](const delivery_log& log) {
      std::size_t sum = 0;
      for (const delivery& d : log) sum += d.is(event_kind::pipe_write, slot) ? d.payload.size() : 0;
      return sum >= bytes;
    });
  }
  std::size_t taken(std::uint32_t slot) {
    std::size_t sum = 0;
    for (const delivery& d : e.sink.log()) sum += d.is(event_kind::pipe_ack, slot) ? d.aux : 0;
    return sum;
  }
  void acknowledge(std::uint32_t slot, std::size_t bytes) {
    e.run([=](engine& core) { core.pipe_ack(slot, static_cast<std::uint32_t>(bytes)); });
  }
  void answer(std::uint32_t slot, std::string bytes) {
    e.run([&](engine& core) {
      core.pipe_data(slot, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    });
  }
  void end(std::uint32_t slot, bool broken) {
    e.run([=](engine& core) { core.pipe_end(slot, broken); });
  }
  std::size_t ends() {
    return e.sink.count([](const delivery& d) { return d.is(event_kind::close); });
  }
  test_engine e;
};

TEST_F(carry_test, carries_a_request_up_and_its_answer_down_and_the_next_one_behind_it) {
  const std::string first = post("one"), second = post("two");
  raw_peer peer = ask(first);
  const std::uint32_t slot = carried();
  wait_up(slot, first.size());
  EXPECT_EQ(up(slot), first);
  answer(slot, "the answer");
  EXPECT_EQ(peer.read_bytes(10), "the answer");
  e.sink.wait_for(event_kind::pipe_ack, slot);
  EXPECT_EQ(taken(slot), 10u);
  peer.write(second);
  wait_up(slot, first.size() + second.size());
  EXPECT_EQ(up(slot), first + second);
  answer(slot, "last");
  end(slot, false);
  EXPECT_EQ(peer.read_rest(), "last");
  peer.close();
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(ends(), 1u);
}

TEST_F(carry_test, bytes_that_came_before_the_decision_go_up_in_order) {
  const std::string requests = post("early") + post("birds");
  raw_peer peer = ask(requests);
  const std::uint32_t slot = asked();
  e.sink.wait_asleep();
  EXPECT_EQ(up(slot), "");
  e.run([=](engine& core) { core.carry(slot); });
  wait_up(slot, requests.size());
  EXPECT_EQ(up(slot), requests);
}

TEST_F(carry_test, other_methods_and_paths_are_not_carried) {
  auto settings = server_settings();
  settings->path = "/here";
  raw_peer elsewhere = ask(post("x", "/there"), std::move(settings));
  EXPECT_EQ(elsewhere.read_head().rfind("HTTP/1.1 4", 0), 0u);
  const auto port = static_cast<std::uint16_t>(std::stoi(e.sink.wait_for(event_kind::listening, 1).field(1)));
  raw_peer put = raw_peer::to(port);
  put.write("PUT /here HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(put.read_head().rfind("HTTP/1.1 4", 0), 0u);
  EXPECT_EQ(e.sink.count([](const delivery& d) { return d.is(event_kind::upgrade); }), 0u);
}

TEST_F(carry_test, carrying_what_was_no_such_request_does_nothing) {
  auto settings = server_settings();
  settings->carry = true;
  raw_peer peer = upgraded_peer(e.listen(1, std::move(settings)));
  const std::uint32_t slot = e.accepted();
  e.run([=](engine& core) { core.carry(slot); });
  peer.write(frame_text(protocol::opcode::text, "still a WebSocket"));
  EXPECT_EQ(e.sink.wait_for([=](const delivery& d) { return d.is_message_of(slot); }).payload,
            "still a WebSocket");
}

TEST_F(carry_test, a_second_decision_does_nothing) {
  raw_peer peer = ask(post("once"));
  const std::uint32_t slot = carried();
  e.run([=](engine& core) {
    core.carry(slot);
    core.accept(slot, "");
    core.reject(slot, "HTTP/1.1 400 No\r\n\r\n");
  });
  answer(slot, "ours");
  end(slot, false);
  EXPECT_EQ(peer.read_rest(), "ours");
  EXPECT_EQ(up(slot), post("once"));
}

TEST_F(carry_test, no_more_than_the_window_goes_up_before_it_is_acknowledged) {
  const std::string request = post(pattern(1 << 20));
  raw_peer peer = ask("");
  std::thread writer([&] { peer.write(request); });
  const std::uint32_t slot = carried();
  wait_up(slot, window);
  std::size_t given = 0;
  while (given < request.size()) {
    e.sink.wait_asleep();
    const std::size_t now = up(slot).size();
    EXPECT_LE(now - given, window);
    const std::size_t more = std::min<std::size_t>(now - given, 100'000);
    acknowledge(slot, more);
    given += more;
    if (more == 0) wait_up(slot, now + 1);
  }
  writer.join();
  EXPECT_EQ(up(slot), request);
}

TEST_F(carry_test, an_acknowledgement_beyond_what_is_under_way_is_harmless) {
  const std::string request = post("x");
  raw_peer peer = ask(request);
  const std::uint32_t slot = carried();
  wait_up(slot, request.size());
  acknowledge(slot, 0xffffffffu);
  peer.write(request);
  wait_up(slot, 2 * request.size());
  EXPECT_EQ(up(slot), request + request);
}

TEST_F(carry_test, what_the_sink_has_no_room_for_comes_later_and_once) {
  const std::string request = post(pattern(100'000));
  e.sink.refuse_each();
  raw_peer peer = ask(request);
  const std::uint32_t slot = carried();
  wait_up(slot, request.size());
  answer(slot, "done");
  end(slot, false);
  EXPECT_EQ(peer.read_rest(), "done");
  peer.close();
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(up(slot), request);
  EXPECT_EQ(taken(slot), 4u);
}

TEST_F(carry_test, what_goes_out_behind_the_end_is_said_to_be_taken) {
  const std::string request = post("last words?");
  raw_peer peer = ask(request);
  const std::uint32_t slot = carried();
  wait_up(slot, request.size());
  // In one turn, as a stream's end("done") comes.
  e.run([=](engine& core) {
    std::string bytes = "done";
    core.pipe_data(slot, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    core.pipe_end(slot, false);
  });
  EXPECT_EQ(peer.read_rest(), "done");
  peer.close();
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(taken(slot), 4u);
}

TEST_F(carry_test, what_a_peer_does_not_read_is_not_said_to_be_taken) {
  raw_peer peer = ask(post("much, please"), server_settings(), 4096);
  const std::uint32_t slot = carried();
  const std::string much = pattern(plenty());
  answer(slot, much);
  e.sink.wait_asleep();
  const std::size_t first = taken(slot);
  EXPECT_LT(first, much.size());
  answer(slot, "!");
  e.sink.wait_asleep();
  EXPECT_LT(taken(slot), much.size());
  EXPECT_EQ(peer.read_bytes(much.size() + 1), much + "!");
  e.sink.wait_asleep();
  EXPECT_EQ(taken(slot), much.size() + 1);
}

TEST_F(carry_test, a_peer_that_sends_no_more_still_gets_its_answer) {
  const std::string request = post("and gone");
  raw_peer peer = ask(request);
  const std::uint32_t slot = asked();
  peer.shutdown();
  e.run([=](engine& core) { core.carry(slot); });
  e.sink.wait_for(event_kind::pipe_end, slot);
  EXPECT_EQ(up(slot), request);
  EXPECT_EQ(ends(), 0u);
  answer(slot, "done");
  end(slot, false);
  EXPECT_EQ(peer.read_rest(), "done");
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(taken(slot), 4u);
  EXPECT_EQ(ends(), 1u);
}

TEST_F(carry_test, a_reset_ends_it) {
  raw_peer peer = ask(post("x"));
  const std::uint32_t slot = carried();
  peer.reset();
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_EQ(ends(), 1u);
}

TEST_F(carry_test, breaking_it_drops_what_waits) {
  raw_peer peer = ask(post("much, please"), server_settings(), 4096);
  const std::uint32_t slot = carried();
  const std::string much = pattern(plenty());
  answer(slot, much);
  end(slot, true);
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_LT(peer.read_rest().size(), much.size());
}

TEST_F(carry_test, an_end_behind_what_nobody_reads_has_a_limit) {
  auto settings = server_settings();
  settings->socket.close_timeout = 50;
  raw_peer peer = ask(post("much, please"), std::move(settings), 4096);
  const std::uint32_t slot = carried();
  const std::string much = pattern(plenty());
  answer(slot, much);
  end(slot, false);
  e.sink.wait_for(event_kind::close, slot);
  EXPECT_LT(peer.read_rest().size(), much.size());
}

TEST_F(carry_test, words_to_one_that_has_ended_are_ignored) {
  raw_peer peer = ask(post("x"));
  const std::uint32_t slot = carried();
  end(slot, false);
  EXPECT_TRUE(peer.at_end());
  answer(slot, "late");
  acknowledge(slot, 10);
  end(slot, true);
  peer.close();
  e.sink.wait_for(event_kind::close, slot);
  answer(slot, "later");
  EXPECT_EQ(ends(), 1u);
}

TEST_F(carry_test, a_server_that_closes_leaves_the_end_to_the_program) {
  raw_peer peer = ask(post("x"));
  const std::uint32_t slot = carried();
  e.run([](engine& core) { core.close_server(1, 60'000); });
  e.sink.wait_asleep();
  EXPECT_EQ(ends(), 0u);
  answer(slot, "goodbye");
  end(slot, false);
  EXPECT_EQ(peer.read_rest(), "goodbye");
  peer.close();
  e.sink.wait_for(event_kind::server_closed, 1);
}

}  // namespace
}  // namespace hawser::net::test::connection_carry_test
