// A server whose connections are spread over joined engines: who gets a message, what happens when one engine
// is busy.
#include <array>
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "core/net/joined_fixture.hpp"

namespace hawser::net::test::joined_publish_test {
namespace {

using protocol::opcode;

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

}  // namespace
}  // namespace hawser::net::test::joined_publish_test
