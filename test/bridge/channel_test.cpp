// A channel with an engine behind it and real sockets: what commands do and what records come back.
#include "bridge/channel.hpp"

#include "core/net/engine_raw_peer.hpp"
#include "js_side.hpp"
#include "loopback.hpp"

namespace hawser::bridge::test::channel_test {
namespace {

using net::test::close_payload_text;
using net::test::frame_text;
using net::test::raw_frame;
using net::test::raw_peer;
using net::test::upgraded_peer;
using protocol::opcode;

TEST(channel, a_server_echoes_every_size) {
  js_side js;
  js.on_message = [&js](std::uint32_t slot, const std::string& data, bool binary) {
    EXPECT_TRUE(js.send(slot, data, binary ? out_flag::binary : 0));
  };
  const std::uint16_t port = js.listen(1, server_settings());
  raw_peer peer = upgraded_peer(port);
  const std::vector<std::size_t> sizes = {0,     1,      125,    126,    127,     65535,
                                          65536, 262143, 262144, 262145, 1 << 20, 3 << 20};
  std::thread far([&] {
    for (const std::size_t size : sizes) {
      const std::string data = filler(size, size);
      peer.write(frame_text(size % 2 == 0 ? opcode::binary : opcode::text, data));
      const raw_frame frame = peer.read_frame();
      EXPECT_EQ(frame.op, size % 2 == 0 ? opcode::binary : opcode::text);
      EXPECT_FALSE(frame.masked);
      EXPECT_TRUE(frame.payload == data) << size;
    }
    peer.write(frame_text(opcode::close, close_payload_text(1000, "thanks")));
    EXPECT_EQ(peer.read_frame().op, opcode::close);
    EXPECT_TRUE(peer.at_end());
    peer.close();
  });
  js.run_until(
      [&] { return !js.server(1).connections.empty() && js.socket(js.server(1).connections[0]).closed; });
  far.join();
  const js_socket& socket = js.socket(js.server(1).connections[0]);
  EXPECT_EQ(socket.messages.size(), sizes.size());
  EXPECT_EQ(socket.large_messages, 3u) << "those above the threshold";
  EXPECT_EQ(socket.close_aux, 1000u | 1u << 16);
  EXPECT_EQ(socket.close_reason, "thanks");
  EXPECT_EQ(js.native().inbound_buffers().held(), 0u);
  EXPECT_EQ(js.native().outbound_buffers().held(), 0u);
}

TEST(channel, client_and_server_share_one_engine) {
  js_side js;
  const std::uint16_t port = js.listen(1, server_settings());
  constexpr std::size_t clients = 8;
  constexpr std::size_t messages = 200;
  std::vector<std::uint32_t> slots;
  js.on_message = [&](std::uint32_t slot, const std::string& data, bool) {
    if (js.socket(slot).server == 1) {
      js.send(slot, data + "!");
    } else if (js.socket(slot).messages.size() + 1 == messages) {
      js.command(out_kind::close, slot, 1000, "done");
    }
  };
  js.on_open = [&](std::uint32_t slot) {
    for (std::size_t i = 0; i < messages; i++) js.send(slot, std::to_string(i));
  };
  for (std::size_t i = 0; i < clients; i++) slots.push_back(js.connect(client_settings(port)));
  js.run_until([&] {
    for (const std::uint32_t slot : slots) {
      if (!js.socket(slot).closed) return false;
    }
    for (const std::uint32_t slot : js.server(1).connections) {
      if (!js.socket(slot).closed) return false;
    }
    return true;
  });
  for (const std::uint32_t slot : slots) {
    ASSERT_EQ(js.socket(slot).messages.size(), messages);
    for (std::size_t i = 0; i < messages; i++)
      EXPECT_EQ(js.socket(slot).messages[i], std::to_string(i) + "!");
    EXPECT_EQ(js.socket(slot).close_aux, 1000u | 1u << 16);
  }
}

TEST(channel, a_slot_comes_back_only_after_its_release) {
  js_side js({.slots = 3});  // the server has one of them
  const std::uint16_t port = js.listen(1, server_settings());
  const std::uint32_t client = js.connect(client_settings(port));
  js.run_until([&] { return js.socket(client).open && !js.server(1).connections.empty(); });
  EXPECT_EQ(js.connect(client_settings(port)), net::no_slot);
  const std::uint32_t accepted = js.server(1).connections[0];
  js.command(out_kind::terminate, client);
  js.run_until([&] { return js.socket(client).closed && js.socket(accepted).closed; });
  // Both slots again, now that their close records were consumed; js_side fails the test when one comes too
  // early.
  for (int i = 0; i < 20; i++) {
    const std::uint32_t next = connect_when_free(js, port);
    js.run_until([&] { return js.socket(next).open && js.server(1).connections.size() == 2u + i; });
    js.command(out_kind::terminate, next);
    js.run_until([&] { return js.socket(next).closed && js.socket(js.server(1).connections.back()).closed; });
  }
}

TEST(channel, commands_to_slots_and_servers_that_do_not_exist_are_harmless) {
  js_side js;
  const std::uint16_t port = js.listen(1, server_settings());
  for (const std::uint32_t slot : {5u, 63u, 64u, 100000u, no_slot}) {
    for (const auto kind :
         {out_kind::close, out_kind::terminate, out_kind::ping, out_kind::pong, out_kind::pause,
          out_kind::resume, out_kind::subscribe, out_kind::unsubscribe, out_kind::connect, out_kind::adopt,
          out_kind::accept, out_kind::reject, out_kind::listen, out_kind::server_close, out_kind::pipe_data,
          out_kind::pipe_ack, out_kind::pipe_end, out_kind::interest, out_kind::server_refuse}) {
      js.command(kind, slot, 1, "payload");
    }
    js.command(out_kind::send, slot, 0, "nobody");
    js.command(static_cast<out_kind>(200), slot, 0, "no such kind");
  }
  js.publish(77, "topic", "to no server");
  js.publish(1, "topic", "to no subscriber");
  js.publish(1, "topic", std::string(300'000, 'x'));
  const std::uint32_t client = js.connect(client_settings(port));
  js.run_until([&] { return js.socket(client).open; });
  js.command(out_kind::terminate, client);
  js.command(out_kind::close, client, 1000, "");
  js.send(client, "too late");
  js.send(client, std::string(300'000, 'x'));
  js.run_until([&] { return js.socket(client).closed; });
  const std::uint32_t again = js.connect(client_settings(port));
  js.run_until([&] { return js.socket(again).open; });
  EXPECT_EQ(js.native().outbound_buffers().held(), 0u);
}

TEST(channel, reports_what_was_sent_and_flushed) {
  js_side js;
  const std::uint16_t port = js.listen(1, server_settings());
  raw_peer peer = upgraded_peer(port);
  js.run_until([&] { return !js.server(1).connections.empty(); });
  const std::uint32_t slot = js.server(1).connections[0];
  for (int i = 0; i < 500; i++) js.send(slot, filler(static_cast<std::size_t>(i) * 10), out_flag::notify);
  js.send(slot, filler(1 << 20), out_flag::notify);
  std::thread far([&] {
    for (int i = 0; i < 501; i++) peer.read_frame();
  });
  js.run_until([&] { return js.socket(slot).sent == 501; });
  far.join();
  EXPECT_EQ(js.pending_weight(slot), 0u);
  EXPECT_EQ(js.pending_messages(slot), 0u);
}

TEST(channel, paused_sockets_hold_their_messages) {
  js_side js;
  const std::uint16_t port = js.listen(1, server_settings());
  js.on_connection = [&](std::uint32_t slot) { js.command(out_kind::pause, slot); };
  raw_peer paused = upgraded_peer(port);
  js.run_until([&] { return js.server(1).connections.size() == 1; });
  js.on_connection = nullptr;
  raw_peer other = upgraded_peer(port);
  for (int i = 0; i < 100; i++) paused.write(frame_text(opcode::text, std::to_string(i)));
  other.write(frame_text(opcode::text, "the other one"));
  js.run_until([&] {
    return js.server(1).connections.size() == 2 && !js.socket(js.server(1).connections[1]).messages.empty();
  });
  const std::uint32_t slot = js.server(1).connections[0];
  EXPECT_TRUE(js.socket(slot).messages.empty());
  js.command(out_kind::resume, slot);
  js.run_until([&] { return js.socket(slot).messages.size() == 100; });
  for (int i = 0; i < 100; i++)
    EXPECT_EQ(js.socket(slot).messages[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST(channel, a_server_that_closes_drops_who_does_not_answer) {
  js_side js;
  const std::uint16_t port = js.listen(1, server_settings());
  raw_peer polite = upgraded_peer(port);
  raw_peer silent = upgraded_peer(port);
  js.run_until([&] { return js.server(1).connections.size() == 2; });
  js.command(out_kind::server_close, 1, 50);
  EXPECT_EQ(polite.read_frame().payload.substr(0, 2), close_payload_text(1001));
  polite.write(frame_text(opcode::close, close_payload_text(1001)));
  EXPECT_TRUE(polite.at_end());
  polite.close();
  js.run_until([&] { return js.server(1).closed; });
  std::uint32_t clean = 0;
  for (const std::uint32_t slot : js.server(1).connections) {
    EXPECT_TRUE(js.socket(slot).closed);
    clean += js.socket(slot).close_aux >> 16;
  }
  EXPECT_EQ(clean, 1u);
}

TEST(channel, stops_and_runs_again_with_its_connections) {
  js_side js;
  js.on_message = [&](std::uint32_t slot, const std::string& data, bool) { js.send(slot, data); };
  raw_peer peer = upgraded_peer(js.listen(1, server_settings()));
  js.run_until([&] { return !js.server(1).connections.empty(); });
  const std::uint32_t slot = js.server(1).connections[0];
  for (int round = 0; round < 20; round++) {
    js.stop();
    peer.write(frame_text(opcode::text, std::to_string(round)));
    js.start();
    js.run_until([&] { return js.socket(slot).messages.size() == static_cast<std::size_t>(round) + 1; });
    EXPECT_EQ(peer.read_frame().payload, std::to_string(round));
  }
}

TEST(channel, stopping_before_the_thread_runs_is_not_lost) {
  for (int i = 0; i < 50; i++) {
    js_side js;
    js.stop();
    js.start();
  }
}

TEST(channel, two_engines_in_one_process_do_not_meet_but_on_the_wire) {
  js_side near({.start = 0xfff00000u});
  js_side far({.start = 0xffff0000u});
  far.on_message = [&](std::uint32_t slot, const std::string& data, bool) { far.send(slot, data); };
  const std::uint16_t port = far.listen(1, server_settings());
  const std::uint32_t slot = near.connect(client_settings(port));
  constexpr std::size_t count = 3000;
  std::atomic<bool> done{false};
  std::thread serving([&] { far.run_until([&] { return done.load(); }); });
  near.run_until([&] { return near.socket(slot).open; });
  for (std::size_t i = 0; i < count; i++) near.send(slot, filler(i % 5000, i), out_flag::binary);
  near.run_until([&] { return near.socket(slot).messages.size() == count; });
  for (std::size_t i = 0; i < count; i++)
    ASSERT_TRUE(near.socket(slot).messages[i] == filler(i % 5000, i)) << i;
  done = true;
  near.command(out_kind::terminate, slot);  // its end rings the other side
  near.run_until([&] { return near.socket(slot).closed; });
  serving.join();
}

TEST(channel, the_counts_of_a_slot_change_together) {
  js_side js;
  raw_peer peer = upgraded_peer(js.listen(1, server_settings()));
  js.run_until([&] { return !js.server(1).connections.empty(); });
  const std::uint32_t slot = js.server(1).connections[0];
  constexpr std::uint32_t count = 20000;
  std::thread far([&] {
    for (std::uint32_t i = 0; i < count; i++) peer.read_frame();
  });
  for (std::uint32_t i = 0; i < count; i++) js.send(slot, "");
  // Messages without payload weigh alike, so one count of before and the other of after would differ by whole
  // batches. While part of a write is under way each is rounded by itself.
  constexpr std::uint32_t rounding = 1024;
  for (std::uint32_t seen = 0; seen < count;) {
    const auto [weight, messages] = js.flushed(slot);
    ASSERT_LE(weight, messages * net::message_overhead + rounding);
    ASSERT_LE(messages * net::message_overhead, weight + rounding);
    ASSERT_GE(messages, seen);
    seen = messages;
    js.drain();
  }
  far.join();
  EXPECT_EQ(js.pending_weight(slot), 0u);
}

TEST(channel, flush_waits_until_the_kernel_has_everything) {
  js_side js;
  raw_peer peer = upgraded_peer(js.listen(1, server_settings()));
  js.run_until([&] { return !js.server(1).connections.empty(); });
  const std::uint32_t slot = js.server(1).connections[0];
  for (int i = 0; i < 1000; i++) js.send(slot, std::to_string(i));
  EXPECT_TRUE(js.core().flush(20000));
  EXPECT_EQ(js.pending_messages(slot), 0u);
  js.stop();
  for (int i = 0; i < 1000; i++) ASSERT_EQ(peer.read_frame().payload, std::to_string(i));
  EXPECT_TRUE(js.core().flush(20000)) << "nothing runs, nothing is waited for";
}

TEST(channel, flush_gives_up_at_its_deadline) {
  js_side js;
  raw_peer peer = upgraded_peer(js.listen(1, server_settings()), "", 4096);
  js.run_until([&] { return !js.server(1).connections.empty(); });
  const std::uint32_t slot = js.server(1).connections[0];
  js.send(slot, filler(net::test::plenty()));
  EXPECT_FALSE(js.core().flush(20));
  EXPECT_EQ(js.pending_messages(slot), 1u);
  EXPECT_EQ(peer.read_frame().payload.size(), net::test::plenty());
  EXPECT_TRUE(js.core().flush(20000));
}

}  // namespace
}  // namespace hawser::bridge::test::channel_test
