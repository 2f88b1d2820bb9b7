// Two channels whose engines are joined: JavaScript publishes through both at full speed.
#include <array>
#include <chrono>

#include "core/net/engine_raw_peer.hpp"
#include "js_side.hpp"
#include "loopback.hpp"

namespace hawser::bridge::test::channel_joined_test {
namespace {

using net::test::raw_peer;
using net::test::upgraded_peer;

class joined_channels : public ::testing::Test {
 protected:
  joined_channels() {
    for (js_side& one : js) one.stop();
    net::engine::join({&js[0].core(), &js[1].core()});
    for (js_side& one : js) one.start();
  }
  ~joined_channels() override {
    for (js_side& one : js) one.stop();
  }

  // One subscriber of "t" on each.
  void open() {
    const std::vector<std::uint32_t> gauges = js[0].core().prepare_listen(1, server_settings());
    for (std::size_t i : {1u, 0u}) {
      js[i].server(1).gauge = gauges[i];
      js[i].command(out_kind::listen, 1);
      js[i].run_until([&] { return js[i].server(1).listening; });
    }
    for (std::size_t n = 0; n < 2; n++) {
      peers.push_back(upgraded_peer(js[0].server(1).port));
      run_until([&] { return connections() == n + 1; });
    }
    for (js_side& one : js) {
      ASSERT_EQ(one.server(1).connections.size(), 1u);
      one.command(out_kind::subscribe, one.server(1).connections[0], 0, "t");
    }
  }
  std::size_t connections() {
    return js[0].server(1).connections.size() + js[1].server(1).connections.size();
  }
  // Drains both, as the bell of a runtime does.
  void run_until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      for (js_side& one : js) one.drain();
      std::this_thread::yield();
    }
  }

  // Small rings, so that commands wait in JavaScript early.
  std::array<js_side, 2> js{js_side({.inbound = 1 << 20, .outbound = 1 << 20}),
                            js_side({.inbound = 1 << 20, .outbound = 1 << 20})};
  std::vector<raw_peer> peers;
};

// How much waits by then is a matter of luck; core/net/joined_publish_test.cpp leaves nothing to it.
TEST_F(joined_channels, a_subscription_that_came_before_is_heard_though_it_waits_behind_much) {
  open();
  for (std::size_t round = 0; round < 50; round++) {
    const std::size_t to = round % 2;
    const std::uint32_t slot = js[to].server(1).connections[0];
    const std::string topic = "topic " + std::to_string(round);
    // More commands than one turn executes.
    for (std::size_t i = 0; i < 5000; i++) js[to].command(out_kind::interest, slot, 0);
    js[to].command(out_kind::subscribe, slot, 0, topic);
    js[to].drain();
    ASSERT_EQ(js[to].overflow_records(), 0u);
    js[1 - to].publish(1, topic, topic);
    js[1 - to].drain();
    // The peers are dealt out in turn, from the engine that listens on.
    ASSERT_EQ(peers[to].read_frame().payload, topic);
  }
}

TEST_F(joined_channels, two_that_publish_to_each_other_at_full_speed_lose_nothing) {
  open();
  constexpr std::size_t count = 1500;
  std::vector<std::thread> readers;
  for (raw_peer& peer : peers) {
    readers.emplace_back([&peer] {
      std::size_t next[2] = {};
      for (std::size_t i = 0; i < 2 * count; i++) {
        const std::string text = peer.read_frame().payload;
        const auto from = static_cast<std::size_t>(text[0] - '0');
        ASSERT_EQ(text, std::to_string(from) + filler(20'000 + next[from] % 7, next[from]));
        next[from]++;
      }
    });
  }
  for (std::size_t i = 0; i < count; i++) {
    for (std::size_t from = 0; from < 2; from++) {
      ASSERT_TRUE(js[from].publish(1, "t", std::to_string(from) + filler(20'000 + i % 7, i)));
    }
    for (js_side& one : js) one.drain();
  }
  run_until([&] { return js[0].overflow_records() + js[1].overflow_records() == 0; });
  for (std::thread& one : readers) one.join();
  for (js_side& one : js) {
    EXPECT_EQ(one.core().stats().handed, count);
    EXPECT_EQ(one.core().stats().dropped, 0u);
  }
}

TEST_F(joined_channels, large_messages_reach_both) {
  open();
  js[1].publish(1, "t", filler(900'000), out_flag::binary);
  js[1].drain();
  for (raw_peer& peer : peers) EXPECT_TRUE(peer.read_frame().payload == filler(900'000));
}

TEST_F(joined_channels, the_end_of_the_server_is_the_last_record_of_each) {
  open();
  for (js_side& one : js) one.command(out_kind::server_close, 1, 50);
  run_until([&] { return js[0].server(1).closed && js[1].server(1).closed; });
  for (js_side& one : js) EXPECT_TRUE(one.socket(one.server(1).connections[0]).closed);
}

}  // namespace
}  // namespace hawser::bridge::test::channel_joined_test
