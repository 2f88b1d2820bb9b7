// What is published in one go reaches each subscriber as if it had been published message by message: in the
// order of all commands, to those who were subscribed, within each one's bound.
#include "core/net/engine_fixture.hpp"

namespace hawser::net::test {
namespace {

using protocol::opcode;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class publish_batch_test : public ::testing::Test {
 protected:
  void listen(std::unique_ptr<listen_settings> settings = nullptr) {
    port = e.listen(1, std::move(settings));
  }
  raw_peer open(int receive_buffer = 0) {
    raw_peer peer = upgraded_peer(port, "", receive_buffer);
    slots.push_back(e.accepted(slots.size()));
    return peer;
  }
  raw_peer subscriber(int receive_buffer = 0) {
    raw_peer peer = open(receive_buffer);
    e.run([slot = slots.back()](engine& core) { core.subscribe(slot, "t"); });
    return peer;
  }
  static void publish(engine& core, std::string_view text, std::uint32_t except = no_slot) {
    core.publish(1, "t", bytes_of(text), {}, except);
  }
  static void send(engine& core, std::uint32_t slot, std::string text, send_flags flags = {}) {
    core.send(slot, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, flags);
  }
  // The payloads of the next `n` data frames, one line each.
  static std::string next(raw_peer& peer, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; i++) out += peer.read_data().payload + '\n';
    return out;
  }
  std::uint32_t refused() const {
    std::uint32_t sum = 0;
    for (const delivery& d : e.sink.log()) {
      if (d.is(event_kind::dropped, 1)) sum += d.aux;
    }
    return sum;
  }
  test_engine e;
  std::uint16_t port = 0;
  std::vector<std::uint32_t> slots;
};

TEST_F(publish_batch_test, keeps_its_place_among_what_is_sent) {
  listen();
  raw_peer a = subscriber();
  raw_peer b = subscriber();
  e.run([this](engine& core) {
    publish(core, "1");
    publish(core, "2");
    send(core, slots[0], "to a");
    publish(core, "3");
    core.ping(slots[1], bytes_of("ping"));
    publish(core, "4");
    publish(core, "not to b", slots[1]);
    publish(core, "5");
  });
  EXPECT_EQ(next(a, 7), "1\n2\nto a\n3\n4\nnot to b\n5\n");
  EXPECT_EQ(next(b, 3), "1\n2\n3\n");
  EXPECT_EQ(b.read_frame().op, opcode::ping);
  EXPECT_EQ(next(b, 2), "4\n5\n");
}

TEST_F(publish_batch_test, reaches_those_who_were_subscribed_when_it_was_published) {
  listen();
  raw_peer first = subscriber();
  raw_peer late = open();
  raw_peer other = open();
  e.run([this](engine& core) {
    core.subscribe(slots[2], "u");
    publish(core, "1");
    core.subscribe(slots[1], "t");
    publish(core, "2");
    core.publish(1, "u", bytes_of("u"), {}, no_slot);
    core.unsubscribe(slots[0], "t");
    publish(core, "3");
    core.close(slots[1], 1000, "");
    publish(core, "4");
    send(core, slots[0], "end");
  });
  EXPECT_EQ(next(first, 3), "1\n2\nend\n");
  EXPECT_EQ(next(late, 2), "2\n3\n");
  EXPECT_EQ(late.read_data().op, opcode::close);
  EXPECT_EQ(next(other, 1), "u\n");
}

TEST_F(publish_batch_test, waits_for_the_end_of_a_message_in_fragments) {
  listen();
  raw_peer peer = subscriber();
  e.run([this](engine& core) {
    send(core, slots[0], "half", {.more = true});
    publish(core, "1");
    publish(core, "2");
    send(core, slots[0], " and half");
    publish(core, "3");
  });
  EXPECT_EQ(next(peer, 5), "half\n and half\n1\n2\n3\n");
}

TEST_F(publish_batch_test, may_be_larger_than_what_the_kernel_takes) {
  listen();
  raw_peer peer = subscriber(4096);
  constexpr std::size_t count = 40;
  const std::string large = pattern(plenty() / count);
  e.run([&](engine& core) {
    for (std::size_t i = 0; i < count; i++) publish(core, std::to_string(i) + large);
    publish(core, "last");
  });
  for (std::size_t i = 0; i < count; i++)
    ASSERT_TRUE(peer.read_data().payload == std::to_string(i) + large) << i;
  EXPECT_EQ(next(peer, 1), "last\n");
  EXPECT_EQ(e.core().stats().dropped, 0u);
}

TEST_F(publish_batch_test, goes_to_whom_it_fits_and_is_offered_piece_by_piece_to_others) {
  auto settings = server_settings();
  settings->max_backpressure = 10000;
  listen(std::move(settings));
  raw_peer quick = subscriber();
  e.run([](engine& core) {
    publish(core, pattern(6000));
    publish(core, pattern(5000));  // above the bound together with the first
    publish(core, pattern(3000));
  });
  EXPECT_EQ(quick.read_data().payload.size(), 6000u);
  EXPECT_EQ(quick.read_data().payload.size(), 3000u);
  e.sink.wait_for(event_kind::dropped, 1);
  EXPECT_EQ(refused(), 1u);
  EXPECT_EQ(e.core().stats().dropped, 1u);
}

TEST_F(publish_batch_test, ends_the_connection_of_who_is_too_slow_once_with_all_its_subscribers_gone) {
  auto settings = server_settings();
  settings->max_backpressure = 10000;
  settings->slow = slow_policy::disconnect;
  listen(std::move(settings));
  raw_peer peer = subscriber();
  e.run([](engine& core) {
    for (int i = 0; i < 8; i++) publish(core, pattern(6000));
  });
  e.sink.wait_for(event_kind::close, slots[0]);
  EXPECT_EQ(e.sink.wait_for(event_kind::error, slots[0]).aux,
            static_cast<std::uint32_t>(errc::slow_consumer));
  EXPECT_EQ(refused(), 1u);
  e.run([](engine& core) { publish(core, "to nobody"); });
}

TEST_F(publish_batch_test, counts_each_message_for_each_subscriber) {
  listen();
  raw_peer a = subscriber();
  raw_peer b = subscriber();
  const std::uint64_t before = e.core().stats().messages_out;
  e.run([](engine& core) {
    for (int i = 0; i < 5; i++) publish(core, std::to_string(i));
  });
  EXPECT_EQ(next(a, 5), "0\n1\n2\n3\n4\n");
  EXPECT_EQ(next(b, 5), "0\n1\n2\n3\n4\n");
  EXPECT_EQ(e.core().stats().messages_out - before, 10u);
  EXPECT_EQ(e.sink.flushed_of(slots[0]), (std::pair<std::uint32_t, std::uint32_t>(0, 0)));
}

}  // namespace
}  // namespace hawser::net::test
