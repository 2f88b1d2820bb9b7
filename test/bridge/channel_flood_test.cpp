// Floods: a consumer that stops makes the peer stop, nothing is lost or reordered, memory stays bounded, and
// what must be said is said although the ring is full.
#include <sys/socket.h>

#include <algorithm>
#include <random>

#include "core/net/engine_raw_peer.hpp"
#include "js_side.hpp"
#include "loopback.hpp"

namespace hawser::bridge::test::channel_flood_test {
namespace {

using net::test::close_payload_text;
using net::test::frame_text;
using net::test::raw_peer;
using net::test::upgrade_text;
using net::test::upgraded_peer;
using protocol::opcode;

constexpr std::size_t credit = 16 << 20;  // bytes of large messages that JavaScript has not fetched

class flood_test : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  flood_test() : js({.start = GetParam()}) {}
  std::uint32_t first() { return js.server(1).connections.at(0); }
  void open() {
    port = js.listen(1, server_settings());
    peer.emplace_back(upgraded_peer(port));
    js.run_until([&] { return !js.server(1).connections.empty(); });
  }
  // Writes numbered messages until neither engine nor kernel take more; what was begun is in `rest`.
  std::size_t flood(std::size_t size) {
    std::size_t count = 0;
    while (true) {
      if (rest.empty()) rest = frame_text(opcode::text, std::to_string(count++) + ":" + filler(size));
      const std::size_t n = peer[0].write_some(rest);
      rest.erase(0, n);
      if (n == 0 && js.core().stats().messages_in > 0 && full()) return count;
      if (count * size > (256u << 20)) {
        ADD_FAILURE() << "Nothing pushes back.";
        return count;
      }
    }
  }
  // The engine refused and waits, and the kernel takes nothing more.
  bool full() {
    js.wait_full();
    return peer[0].write_some(rest.substr(0, 1)) == 0 || (rest.erase(0, 1), false);
  }
  void expect_numbered(std::size_t count) {
    const js_socket& socket = js.socket(first());
    ASSERT_EQ(socket.messages.size(), count);
    for (std::size_t i = 0; i < count; i++) {
      ASSERT_EQ(socket.messages[i].substr(0, socket.messages[i].find(':')), std::to_string(i));
    }
  }
  js_side js;
  std::uint16_t port = 0;
  std::vector<raw_peer> peer;
  std::string rest;
};

TEST_P(flood_test, a_stopped_consumer_stops_the_peer_and_then_gets_everything_in_order) {
  open();
  const std::size_t count = flood(3000);
  EXPECT_LE(js.inbound_used(), 1u << 21);
  EXPECT_LT(js.budget().used(), 1u << 20);
  EXPECT_EQ(js.native().inbound_buffers().held(), 0u);
  EXPECT_LT(js.bells(), 50u);
  std::thread far([&] { peer[0].write(rest); });
  js.run_until([&] { return js.socket(first()).messages.size() == count; });
  far.join();
  expect_numbered(count);
}

TEST_P(flood_test, small_messages_cost_few_bells) {
  open();
  const std::size_t count = 200'000;
  std::thread far([&] {
    std::string batch;
    for (std::size_t i = 0; i < count; i++) {
      batch += frame_text(opcode::text, std::to_string(i) + ":");
      if (batch.size() > 60'000 || i + 1 == count) peer[0].write(std::exchange(batch, {}));
    }
  });
  js.run_until([&] { return js.socket(first()).messages.size() == count; });
  far.join();
  expect_numbered(count);
  EXPECT_LT(js.bells(), count / 20);
}

TEST_P(flood_test, large_messages_wait_for_their_credit) {
  open();
  constexpr std::size_t size = 3 << 20;
  constexpr std::size_t count = 24;
  std::thread far([&] {
    for (std::size_t i = 0; i < count; i++) peer[0].write(frame_text(opcode::binary, filler(size, i)));
  });
  js.wait_full();
  EXPECT_GT(js.native().inbound_buffers().held(), credit - size);
  EXPECT_LE(js.native().inbound_buffers().held(), credit);
  js.run_until([&] { return js.socket(first()).messages.size() == count; });
  far.join();
  for (std::size_t i = 0; i < count; i++) ASSERT_TRUE(js.socket(first()).messages[i] == filler(size, i)) << i;
  EXPECT_EQ(js.socket(first()).large_messages, count);
  EXPECT_EQ(js.native().inbound_buffers().held(), 0u);
}

TEST_P(flood_test, one_message_above_the_credit_passes) {
  auto settings = server_settings();
  settings->socket.max_payload = 64 << 20;
  port = js.listen(1, std::move(settings));
  peer.emplace_back(upgraded_peer(port));
  std::thread far([&] {
    for (std::size_t i = 0; i < 3; i++) peer[0].write(frame_text(opcode::binary, filler(credit + 1000, i)));
  });
  js.run_until([&] { return !js.server(1).connections.empty() && js.socket(first()).messages.size() == 3; });
  far.join();
}

TEST_P(flood_test, ends_of_other_connections_are_reported_although_the_ring_was_full) {
  open();
  raw_peer resetting = upgraded_peer(port);
  raw_peer leaving = upgraded_peer(port);
  raw_peer breaking = upgraded_peer(port);
  js.run_until([&] { return js.server(1).connections.size() == 4; });
  // Their slots may be in use again when all is over.
  std::vector<std::uint32_t> ends;
  js.on_close = [&](std::uint32_t slot) { ends.push_back(js.socket(slot).close_aux); };
  const std::size_t count = flood(3000);
  resetting.reset();
  leaving.write(frame_text(opcode::close, close_payload_text(4001, "leaving")));
  leaving.shutdown();
  breaking.write(frame_text(opcode::text, "\xff\xff"));
  breaking.shutdown();
  // The answers show that the engine saw it all while the ring was full.
  EXPECT_EQ(leaving.read_frame().op, opcode::close);
  EXPECT_EQ(breaking.read_frame().payload.substr(0, 2), close_payload_text(1007));
  raw_peer late = raw_peer::to(port);
  late.write(upgrade_text());
  std::thread far([&] { peer[0].write(rest); });
  js.run_until(
      [&] { return js.socket(first()).messages.size() == count && js.server(1).connections.size() == 5; });
  far.join();
  js.run_until([&] { return ends.size() == 3; });
  EXPECT_EQ(std::count(ends.begin(), ends.end(), 4001u | 1u << 16), 1);
  EXPECT_EQ(std::count(ends.begin(), ends.end(), 1006u), 2);
  EXPECT_EQ(late.read_head().rfind("HTTP/1.1 101 ", 0), 0u);
  expect_numbered(count);
}

TEST_P(flood_test, drain_and_sent_records_come_although_the_ring_was_full) {
  open();
  auto settings = server_settings();
  settings->socket.high_water_mark = 64 * 1024;
  const std::uint16_t other_port = js.listen(2, std::move(settings));
  raw_peer slow = upgraded_peer(other_port, "", 4096);
  js.run_until([&] { return !js.server(2).connections.empty(); });
  const std::uint32_t slot = js.server(2).connections[0];
  js.send(slot, filler(net::test::plenty()), out_flag::arm_drain | out_flag::notify | out_flag::binary);
  const std::size_t count = flood(3000);
  EXPECT_EQ(slow.read_frame().payload.size(), net::test::plenty());
  std::thread far([&] { peer[0].write(rest); });
  js.run_until([&] {
    return js.socket(slot).drains == 1 && js.socket(slot).sent == 1 &&
           js.socket(first()).messages.size() == count;
  });
  far.join();
  EXPECT_EQ(js.pending_messages(slot), 0u);
}

TEST_P(flood_test, terminating_the_flooding_socket_ends_it_at_once) {
  open();
  flood(3000);
  const std::size_t seen = js.socket(first()).messages.size();
  EXPECT_EQ(seen, 0u);
  const std::uint32_t slot = first();
  js.command(out_kind::terminate, slot);
  // Nothing was drained meanwhile: the full ring does not hold the command up.
  EXPECT_TRUE(peer[0].at_end());
  js.run_until([&] { return js.socket(slot).closed; });
  EXPECT_EQ(js.socket(slot).close_aux, 1006u);
  // What was in the ring before is handed over; what the connection held is gone with it.
  EXPECT_LE(js.socket(slot).bytes, std::size_t{1} << 21);
}

TEST_P(flood_test, the_engine_stops_in_the_middle_of_a_flood) {
  open();
  flood(3000);
  js.stop();
  // js_side's end checks that the engine can be destroyed with connections that are blocked.
}

TEST_P(flood_test, the_engine_stops_in_the_middle_of_a_flood_that_flows) {
  // Where this side is slower than the flood, a drain without a budget would not end.
  js.set_budget(64);
  open();
  std::thread far([&] {
    const std::string batch =
        frame_text(opcode::text, filler(100)) + frame_text(opcode::binary, filler(300'000));
    while (::send(peer[0].descriptor(), batch.data(), batch.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  js.run_until([&] { return js.socket(first()).messages.size() > 100; });
  js.stop();
  ::shutdown(peer[0].descriptor(), SHUT_RDWR);
  far.join();
}

TEST_P(flood_test, commands_beyond_the_ring_wait_and_keep_their_order) {
  open();
  js.stop();
  constexpr std::size_t count = 3000;
  for (std::size_t i = 0; i < count; i++)
    ASSERT_TRUE(js.send(first(), std::to_string(i) + ":" + filler(2000)));
  EXPECT_GT(js.overflow_records(), 0u);
  js.command(out_kind::close, first(), 1000, "");
  js.start();
  std::thread far([&] {
    for (std::size_t i = 0; i < count; i++) {
      const std::string payload = peer[0].read_frame().payload;
      ASSERT_EQ(payload.substr(0, payload.find(':')), std::to_string(i));
    }
    EXPECT_EQ(peer[0].read_frame().op, opcode::close);
    peer[0].write(frame_text(opcode::close, close_payload_text(1000)));
    EXPECT_TRUE(peer[0].at_end());
    peer[0].close();
  });
  js.run_until([&] { return js.socket(first()).closed; });
  far.join();
  EXPECT_EQ(js.overflow_records(), 0u);
}

TEST_P(flood_test, both_ways_at_random_sizes_through_small_drains) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  js.set_budget(7);
  open();
  js.on_message = [&](std::uint32_t slot, const std::string& data, bool) {
    EXPECT_TRUE(js.send(slot, data, out_flag::binary));
  };
  constexpr std::size_t count = 1500;
  const auto size_at = [](std::mt19937& random) {
    const auto kind = random() % 100;
    return kind == 0 ? random() % 900'000 : kind < 10 ? random() % 60'000 : random() % 600;
  };
  std::thread writing([&] {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < count; i++)
      peer[0].write(frame_text(opcode::binary, filler(size_at(random), i)));
  });
  std::thread reading([&] {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < count; i++) {
      ASSERT_TRUE(peer[0].read_frame().payload == filler(size_at(random), i)) << i;
    }
  });
  js.run_until([&] { return js.socket(first()).messages.size() == count; });
  writing.join();
  reading.join();
}

INSTANTIATE_TEST_SUITE_P(channel, flood_test, ::testing::Values(0u, 0xfff00000u), [](const auto& start) {
  return start.param == 0 ? std::string("from_zero") : std::string("across_the_wrap");
});

}  // namespace
}  // namespace hawser::bridge::test::channel_flood_test
