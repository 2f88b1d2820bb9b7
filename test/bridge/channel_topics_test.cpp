// Publishing through the channel: who gets it, who is left out, what becomes of subscribers that do not read.
#include "core/net/engine_raw_peer.hpp"
#include "js_side.hpp"
#include "loopback.hpp"

namespace hawser::bridge::test::channel_topics_test {
namespace {

using net::test::raw_frame;
using net::test::raw_peer;
using net::test::upgraded_peer;
using protocol::opcode;

class topics_test : public ::testing::Test {
 protected:
  // Connects so many peers; the n-th connection of the server is the n-th peer.
  void open(std::size_t count, std::unique_ptr<net::listen_settings> settings, int receive_buffer = 0,
            const std::string& headers = "") {
    const std::uint16_t port = js.listen(1, std::move(settings));
    for (std::size_t i = 0; i < count; i++) {
      peers.push_back(upgraded_peer(port, headers, receive_buffer));
      js.run_until([&] { return js.server(1).connections.size() == i + 1; });
    }
  }
  std::uint32_t slot(std::size_t n) { return js.server(1).connections.at(n); }
  void subscribe(std::size_t n, const std::string& topic) {
    js.command(out_kind::subscribe, slot(n), 0, topic);
  }
  void unsubscribe(std::size_t n, const std::string& topic) {
    js.command(out_kind::unsubscribe, slot(n), 0, topic);
  }
  // A message to each alone, behind which nothing published before can come.
  void fence() {
    for (std::size_t i = 0; i < peers.size(); i++) js.send(slot(i), "fence");
  }
  std::string until_fence(std::size_t n) {
    std::string out;
    for (;;) {
      const raw_frame frame = peers[n].read_frame();
      if (frame.payload == "fence") return out;
      out += frame.payload + ";";
    }
  }
  js_side js;
  std::vector<raw_peer> peers;
};

TEST_F(topics_test, subscribers_get_what_is_published_and_others_do_not) {
  open(3, server_settings());
  subscribe(0, "a");
  subscribe(1, "a");
  subscribe(1, "b");
  subscribe(1, "b");
  js.publish(1, "a", "to a");
  js.publish(1, "b", "to b");
  js.publish(1, "c", "to nobody");
  js.publish(1, "a", "but not 0", 0, slot(0));
  unsubscribe(1, "a");
  unsubscribe(1, "never");
  js.publish(1, "a", "again");
  fence();
  EXPECT_EQ(until_fence(0), "to a;again;");
  EXPECT_EQ(until_fence(1), "to a;to b;but not 0;");
  EXPECT_EQ(until_fence(2), "");
}

TEST_F(topics_test, large_messages_are_published_by_their_buffer) {
  open(2, server_settings());
  subscribe(0, "t");
  subscribe(1, "t");
  js.publish(1, "t", filler(700'000), out_flag::binary);
  for (raw_peer& peer : peers) {
    const raw_frame frame = peer.read_frame();
    EXPECT_EQ(frame.op, opcode::binary);
    EXPECT_TRUE(frame.payload == filler(700'000));
  }
}

TEST_F(topics_test, who_leaves_in_any_order_leaves_no_trace) {
  open(6, server_settings());
  for (std::size_t i = 0; i < 6; i++) {
    subscribe(i, "x");
    subscribe(i, "y");
  }
  for (const std::size_t gone : {0u, 5u, 2u}) peers[gone].reset();
  js.run_until(
      [&] { return js.socket(slot(0)).closed && js.socket(slot(5)).closed && js.socket(slot(2)).closed; });
  unsubscribe(3, "x");
  js.publish(1, "x", "x");
  js.publish(1, "y", "y");
  for (const std::size_t left : {1u, 3u, 4u}) {
    js.send(slot(left), "fence");
    EXPECT_EQ(until_fence(left), left == 3 ? "y;" : "x;y;");
  }
}

class compressed_topics_test : public topics_test, public ::testing::WithParamInterface<bool> {};

TEST_P(compressed_topics_test, reach_those_who_share_a_window_and_those_with_contexts_of_their_own) {
  const bool takeover = GetParam();
  auto settings = server_settings();
  settings->socket.deflate_enabled = true;
  settings->socket.deflate.threshold = 0;
  settings->socket.deflate.server_no_context_takeover = !takeover;
  open(2, std::move(settings), 0, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const std::string text(2000, 'q');
  subscribe(0, "t");
  subscribe(1, "t");
  js.publish(1, "t", text, out_flag::compress);
  js.publish(1, "t", text, out_flag::compress);
  js.publish(1, "t", text);
  for (raw_peer& peer : peers) {
    const raw_frame first = peer.read_frame();
    const raw_frame second = peer.read_frame();
    EXPECT_TRUE(first.rsv1 && second.rsv1);
    EXPECT_LT(first.payload.size(), 60u);
    EXPECT_EQ(second.payload.size() < first.payload.size(), takeover) << "the context goes on";
    EXPECT_EQ(peer.read_frame().payload, text) << "sent as it is when compression is not asked for";
  }
}
INSTANTIATE_TEST_SUITE_P(channel, compressed_topics_test, ::testing::Bool());

TEST_F(topics_test, a_slow_subscriber_is_left_out_and_counted) {
  auto settings = server_settings();
  settings->max_backpressure = 1 << 20;
  open(2, std::move(settings), 4096);
  subscribe(0, "t");
  subscribe(1, "t");
  const std::string payload = filler(100'000);
  const std::size_t count = 2 * net::test::plenty() / payload.size();
  std::thread reading([&] {
    for (std::size_t i = 0; i < count; i++) ASSERT_EQ(peers[0].read_frame().payload.size(), payload.size());
  });
  // One at a time for the reader, so that only the other falls behind.
  for (std::size_t i = 0; i < count; i++) {
    js.send(slot(0), payload, out_flag::binary | out_flag::notify);
    js.publish(1, "t", payload, out_flag::binary, slot(0));
    js.run_until([&] { return js.socket(slot(0)).sent == i + 1; });
  }
  reading.join();
  js.run_until([&] { return js.server(1).dropped > 0; });
  js.send(slot(1), "fence");
  std::size_t got = 0;
  while (peers[1].read_frame().payload != "fence") got++;
  js.run_until([&] { return got + js.server(1).dropped == count; });
  EXPECT_EQ(js.core().stats().dropped, js.server(1).dropped);
  EXPECT_TRUE(js.socket(slot(1)).open);
}

TEST_F(topics_test, a_slow_subscriber_is_disconnected_where_that_is_the_policy) {
  auto settings = server_settings();
  settings->max_backpressure = 1 << 20;
  settings->slow = net::slow_policy::disconnect;
  open(2, std::move(settings), 4096);
  subscribe(0, "t");
  subscribe(1, "t");
  const std::string payload = filler(100'000);
  std::size_t published = 0;
  while (!js.socket(slot(1)).closed && published < 1000) {
    js.publish(1, "t", payload, out_flag::binary, slot(0));
    published++;
    js.send(slot(0), "step", out_flag::notify);
    js.run_until([&] { return js.socket(slot(0)).sent == published; });
    EXPECT_EQ(peers[0].read_frame().payload, "step");
  }
  EXPECT_EQ(js.socket(slot(1)).errors,
            (std::vector<std::uint32_t>{static_cast<std::uint32_t>(errc::slow_consumer)}));
  EXPECT_EQ(js.server(1).dropped, 1u);
  js.publish(1, "t", "only for 0");
  EXPECT_EQ(peers[0].read_frame().payload, "only for 0");
}

TEST_F(topics_test, the_gauge_counts_who_is_above_the_mark_and_the_server_says_when_nobody_is) {
  auto settings = server_settings();
  settings->socket.high_water_mark = 100'000;
  open(2, std::move(settings), 4096);
  subscribe(0, "t");
  subscribe(1, "t");
  EXPECT_EQ(js.above_mark(1), 0u);
  const std::string payload = filler(net::test::plenty());
  js.publish(1, "t", payload, out_flag::binary);
  js.send(slot(0), "behind it", out_flag::notify);
  EXPECT_EQ(peers[0].read_frame().payload.size(), payload.size());
  // The peer has it before the engine has heard that the kernel took it.
  js.run_until([&] { return js.socket(slot(0)).sent == 1; });
  EXPECT_EQ(js.above_mark(1), 1u) << "one has read, the other has not";
  EXPECT_EQ(js.server(1).drains, 0u);
  peers[1].reset();
  js.run_until([&] { return js.server(1).drains == 1; });
  EXPECT_EQ(js.above_mark(1), 0u);
}

TEST_F(topics_test, a_server_without_a_slot_for_its_gauge_works_all_the_same) {
  js_side small({.slots = 1});
  small.listen(1, server_settings());
  small.listen(2, server_settings());
  EXPECT_EQ(small.server(2).gauge, no_slot);
  EXPECT_TRUE(small.server(2).listening);
  small.command(out_kind::server_close, 2, 0);
  small.run_until([&] { return small.server(2).closed; });
  EXPECT_EQ(small.connect(client_settings(1)), no_slot);
}

TEST_F(topics_test, a_published_message_never_lands_within_a_fragmented_one) {
  open(1, server_settings());
  subscribe(0, "t");
  js.send(slot(0), "a", out_flag::more);
  js.publish(1, "t", "published");
  js.send(slot(0), "b", out_flag::more);
  js.publish(1, "t", "too");
  js.send(slot(0), "c");
  fence();
  std::string seen;
  for (std::string payload; payload != "fence"; seen += payload + ";")
    payload = peers[0].read_frame().payload;
  EXPECT_EQ(seen, "a;b;c;published;too;fence;");
}

}  // namespace
}  // namespace hawser::bridge::test::channel_topics_test
