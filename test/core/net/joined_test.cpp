// A server whose connections are spread over joined engines: who gets a connection, who gets a message, what
// happens when one engine is full or busy, and the end.
#include <array>
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "core/net/engine_fixture.hpp"
#include "core/net/server_group.hpp"

namespace hawser::net::test {
namespace {

using protocol::opcode;

constexpr std::size_t parts = 3;

class joined_engines : public ::testing::Test {
 protected:
  joined_engines() {
    for (test_engine& one : e) one.stop();
    engine::join({&e[0].core(), &e[1].core(), &e[2].core()});
    for (test_engine& one : e) one.start();
  }
  void limit_commands(std::size_t n) {
    for (test_engine& one : e) {
      one.stop();
      one.sink.limit_commands(n);
      one.start();
    }
  }
  ~joined_engines() override {
    for (test_engine& one : e) one.stop();
  }

  // Prepares on engine 0, which listens, and starts the part of each; the port.
  std::uint16_t listen(std::unique_ptr<listen_settings> settings = server_settings()) {
    gauges = e[0].core().prepare_listen(1, std::move(settings));
    for (std::size_t i = parts; i-- > 0;) begin(i);
    std::uint16_t port = 0;
    for (std::size_t i = 0; i < parts; i++) {
      const delivery ready = e[i].sink.wait_for(event_kind::listening, 1);
      if (i == 0) port = static_cast<std::uint16_t>(std::stoi(ready.field(1)));
    }
    return port;
  }
  void begin(std::size_t i) {
    e[i].sink.post([](engine& core) { core.listen(1); });
  }
  std::size_t connections(std::size_t i) {
    return e[i].sink.count([](const delivery& d) { return d.is(event_kind::connection); });
  }
  // Connects one after the other and notes where each one is.
  void connect(std::uint16_t port, std::size_t count, const std::string& headers = "", int buffer = 0) {
    for (std::size_t n = 0; n < count; n++) {
      std::array<std::size_t, parts> before{};
      for (std::size_t i = 0; i < parts; i++) before[i] = connections(i);
      peers.push_back(upgraded_peer(port, headers, buffer));
      for (;;) {
        std::size_t at = 0;
        while (at < parts && connections(at) == before[at]) at++;
        if (at == parts) {
          std::this_thread::yield();
          continue;
        }
        homes.push_back({at, e[at].accepted(before[at])});
        break;
      }
    }
  }
  void subscribe(std::size_t peer, const std::string& topic) {
    const auto [at, slot] = homes[peer];
    e[at].run([&, slot = slot](engine& core) { core.subscribe(slot, topic); });
  }
  void publish(std::size_t from, std::string text, std::uint32_t except = no_slot, send_flags flags = {}) {
    e[from].sink.post([=](engine& core) { core.publish(1, "t", bytes_of(text), flags, except); });
  }
  static std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  void close(std::int64_t milliseconds = 60000) {
    for (std::size_t i = parts; i-- > 0;) close_part(i, milliseconds);
  }
  void close_part(std::size_t i, std::int64_t milliseconds = 60000) {
    e[i].sink.post([=](engine& core) { core.close_server(1, milliseconds); });
  }

  std::array<test_engine, parts> e{test_engine(512), test_engine(512), test_engine(512)};
  std::vector<std::uint32_t> gauges;
  std::vector<raw_peer> peers;
  std::vector<std::pair<std::size_t, std::uint32_t>> homes;  // of peers: engine and slot
};

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

TEST_F(joined_engines, publish_to_the_subscribers_of_all_but_the_sender) {
  connect(listen(), 6);
  for (std::size_t n = 0; n < 5; n++) subscribe(n, "t");
  subscribe(5, "other");
  publish(0, "from the server");
  const auto [at, sender] = homes[1];
  publish(at, "from 1", sender);
  e[at].run([](engine&) {});
  for (std::size_t n = 0; n < 6; n++) e[homes[n].first].send(homes[n].second, "own");
  for (std::size_t n = 0; n < 6; n++) {
    std::multiset<std::string> got;
    const std::multiset<std::string> wanted =
        n == 5   ? std::multiset<std::string>{"own"}
        : n == 1 ? std::multiset<std::string>{"from the server", "own"}
                 : std::multiset<std::string>{"from 1", "from the server", "own"};
    while (got.size() < wanted.size()) got.insert(peers[n].read_frame().payload);
    EXPECT_EQ(got, wanted) << "peer " << n;
  }
  std::uint64_t handed = 0;
  for (test_engine& one : e) handed += one.core().stats().handed;
  EXPECT_EQ(handed, 2u * (parts - 1));
  // Nothing is on its way any more: who was left out got nothing.
  for (test_engine& one : e) EXPECT_TRUE(one.core().flush(30000));
  peers[1].write(frame_text(opcode::ping, "last"));
  EXPECT_EQ(peers[1].read_frame().payload, "last");
}

TEST_F(joined_engines, keep_the_order_of_each_publisher_at_each_receiver) {
  connect(listen(), 6);
  for (std::size_t n = 0; n < 6; n++) subscribe(n, "t");
  constexpr std::size_t count = 2000;
  for (std::size_t i = 0; i < count; i++) {
    for (std::size_t from = 0; from < parts; from++) {
      publish(from, std::to_string(from) + " " + std::to_string(i));
    }
  }
  for (raw_peer& peer : peers) {
    std::array<std::size_t, parts> next{};
    for (std::size_t i = 0; i < count * parts; i++) {
      const std::string text = peer.read_frame().payload;
      ASSERT_EQ(text.substr(2), std::to_string(next[static_cast<std::size_t>(text[0] - '0')]++));
    }
  }
}

// What the program did before it published, it did before on every engine: here, commands that wait in front.
TEST_F(joined_engines, commands_that_came_before_a_message_are_executed_before_it_is_delivered) {
  connect(listen(), 3);
  limit_commands(2);
  for (std::size_t n = 0; n < 3; n++) {
    const auto [at, slot] = homes[n];
    std::promise<void> held;
    std::shared_future<void> released = held.get_future().share();
    e[at].sink.post([released](engine&) { released.wait(); });
    for (int i = 0; i < 50; i++) e[at].sink.post([](engine&) {});
    e[at].sink.post([slot = slot](engine& core) { core.subscribe(slot, "t"); });
    const std::size_t from = (at + 1) % parts;
    publish(from, "for " + std::to_string(n));
    // Handed over at the end of the turn; the next command is in a later one.
    for (int i = 0; i < 3; i++) e[from].run([](engine&) {});
    held.set_value();
    ASSERT_EQ(peers[n].read_frame().payload, "for " + std::to_string(n));
    e[at].run([slot = slot](engine& core) { core.unsubscribe(slot, "t"); });
    // The third engine may have it before it still, and would deliver it to the subscriber of the next round.
    for (test_engine& one : e) EXPECT_TRUE(one.core().flush(30000));
  }
}

// Each turn brings more than one delivers, in both directions.
TEST_F(joined_engines, that_publish_more_than_they_can_take_hold_each_other_up_and_never_for_good) {
  auto settings = server_settings();
  settings->max_backpressure = std::size_t{1} << 30;
  connect(listen(std::move(settings)), 3);
  limit_commands(1);
  for (std::size_t n = 0; n < 3; n++) subscribe(n, "t");
  constexpr std::size_t turns = 12;
  constexpr std::size_t each = 3;
  const std::string payload = pattern(700'000);
  for (std::size_t i = 0; i < turns; i++) {
    for (std::size_t from = 0; from < parts; from++) {
      e[from].sink.post([&, from, i](engine& core) {
        for (std::size_t m = 0; m < each; m++) {
          std::string text = payload;
          text.replace(0, 8, std::to_string(from) + " " + std::to_string(100000 + i * each + m));
          core.publish(1, "t", bytes_of(text), {}, no_slot);
        }
      });
    }
  }
  std::vector<std::thread> readers;
  for (raw_peer& peer : peers) {
    readers.emplace_back([&peer] {
      std::array<std::size_t, parts> next{};
      for (std::size_t i = 0; i < parts * turns * each; i++) {
        const std::string text = peer.read_frame().payload;
        ASSERT_EQ(text.size(), 700'000u);
        const std::size_t number = next[static_cast<std::size_t>(text[0] - '0')]++;
        ASSERT_EQ(text.substr(2, 6), std::to_string(100000 + number));
      }
    });
  }
  for (std::thread& one : readers) one.join();
  std::uint64_t stalls = 0;
  for (test_engine& one : e) {
    EXPECT_EQ(one.core().stats().handed, turns * each * (parts - 1));
    EXPECT_EQ(one.core().stats().dropped, 0u);
    stalls += one.core().stats().stalls;
  }
  EXPECT_GT(stalls, 0u);
}

class joined_compressed : public joined_engines, public ::testing::WithParamInterface<bool> {};

TEST_P(joined_compressed, publish_to_those_who_share_a_window_and_those_with_contexts_of_their_own) {
  const bool takeover = GetParam();
  auto settings = server_settings();
  settings->socket.deflate_enabled = true;
  settings->socket.deflate.threshold = 100;
  settings->socket.deflate.server_no_context_takeover = !takeover;
  const std::uint16_t port = listen(std::move(settings));
  connect(port, 3, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  connect(port, 3, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n");
  connect(port, 3);
  for (std::size_t n = 0; n < 9; n++) subscribe(n, "t");
  const std::string text(2000, 'q');
  publish(1, text, no_slot, {.compress = true});
  publish(1, "short", no_slot, {.compress = true});
  publish(1, text);
  std::array<std::string, parts> first;
  for (std::size_t n = 0; n < 9; n++) {
    const raw_frame frame = peers[n].read_frame();
    EXPECT_EQ(frame.rsv1, n < 6);
    if (n < 6) {
      EXPECT_LT(frame.payload.size(), 60u);
    } else {
      EXPECT_EQ(frame.payload, text);
    }
    std::string& same = first[n / 3];
    if (n % 3 == 0) same = frame.payload;
    EXPECT_EQ(frame.payload, same) << "the same bytes on every engine";
    EXPECT_EQ(peers[n].read_frame().payload, "short");
    EXPECT_EQ(peers[n].read_frame().payload, text);
  }
}
INSTANTIATE_TEST_SUITE_P(server, joined_compressed, ::testing::Bool());

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

TEST_F(joined_engines, a_full_inbox_holds_up_the_commands_of_the_publisher_and_nothing_is_lost) {
  connect(listen(), 3);
  for (std::size_t n = 0; n < 3; n++) subscribe(n, "t");
  const std::size_t busy = homes[1].first;
  const std::size_t from = homes[2].first;
  std::promise<void> held;
  std::atomic<bool> released = false;
  std::promise<void> blocked;
  e[busy].sink.post([&, wait = held.get_future().share()](engine&) {
    blocked.set_value();
    wait.wait();
  });
  blocked.get_future().wait();
  constexpr std::size_t count = 160;
  constexpr std::size_t size = 64 * 1024;
  std::thread reader([&] {
    for (std::size_t n : {std::size_t{0}, std::size_t{2}}) {
      for (std::size_t i = 0; i < count; i++) ASSERT_EQ(peers[n].read_frame().payload, pattern(size, i));
    }
  });
  for (std::size_t i = 0; i < count; i++) {
    const bool last = i + 1 == count;
    e[from].sink.post([=, &released](engine& core) {
      EXPECT_TRUE(!last || released) << "what is behind a held publish has to wait";
      const std::string text = pattern(size, i);
      core.publish(1, "t", bytes_of(text), {}, no_slot);
    });
    // One a turn, so that the commands behind the stall are still in front of the engine.
    while (!last && e[from].sink.commands_waiting() && e[from].core().stats().stalls == 0)
      std::this_thread::yield();
  }
  while (e[from].core().stats().stalls == 0) std::this_thread::yield();
  // It still turns: its sockets are served.
  peers[2].write(frame_text(opcode::text, "served"));
  e[from].sink.wait_for([&](const delivery& d) { return d.is_message && d.payload == "served"; });
  released = true;
  held.set_value();
  for (std::size_t i = 0; i < count; i++) ASSERT_EQ(peers[1].read_frame().payload, pattern(size, i));
  reader.join();
  EXPECT_EQ(e[from].core().stats().stalls, 1u);
  EXPECT_EQ(e[from].core().stats().dropped + e[busy].core().stats().dropped, 0u);
}

TEST_F(joined_engines, say_once_that_no_subscriber_is_above_the_mark) {
  auto settings = server_settings();
  settings->socket.high_water_mark = 100'000;
  connect(listen(std::move(settings)), 3, "", 4096);
  for (std::size_t n = 0; n < 3; n++) subscribe(n, "t");
  publish(0, pattern(8 << 20));
  for (std::size_t i = 0; i < parts; i++) e[i].sink.wait_flushed(gauges[i], 1, 0);
  for (std::size_t n = 0; n < 3; n++) {
    const std::size_t at = homes[n].first;
    ASSERT_EQ(peers[n].read_frame().payload.size(), std::size_t{8} << 20);
    e[at].sink.wait_flushed(gauges[at], 0, 0);
    std::size_t drains = 0;
    for (test_engine& one : e) {
      one.sink.wait_asleep();
      drains += one.sink.count([](const delivery& d) { return d.is(event_kind::server_drain); });
    }
    EXPECT_EQ(drains, n == 2 ? 1u : 0u);
  }
}

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

// A socket that was left out of a kept message has gone, and its slot is another's, when the message arrives.
TEST_F(joined_engines, what_was_kept_before_a_subscription_is_due_to_it_whoever_had_its_slot) {
  connect(listen(), 3);
  std::size_t peer = 0;
  while (homes[peer].first != 1) peer++;
  const std::uint32_t slot = homes[peer].second;
  const std::string_view topic = "t";
  const auto kept = [&](std::int64_t offset, const std::string& text) {
    e[0].run([&](engine& core) {
      core.publish(1, {.topics = {&topic, 1}, .offset = offset, .except_part = 1, .except = slot},
                   bytes_of(text), {});
    });
  };
  for (test_engine& one : e)
    one.run([&](engine& core) { core.keep(1, topic, {.count = 10, .bytes = 1000, .age = 0}, 0); });
  // While this runs engine 1 does not look at what is handed to it.
  e[1].run([&](engine& core) {
    kept(1, "one");
    kept(2, "two");
    core.subscribe_from(slot, {.topic = topic, .above = 0, .head = 2});
  });
  EXPECT_EQ(peers[peer].read_frame().payload, "one");
  EXPECT_EQ(peers[peer].read_frame().payload, "two");
  kept(3, "three");
  e[0].run([](engine&) {});
  publish(0, "to all");
  EXPECT_EQ(peers[peer].read_frame().payload, "to all") << "from then on it is left out";
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
}  // namespace hawser::net::test
