// What is published in one go reaches each subscriber as if it had been published message by message: in the
// order of all commands, to those who were subscribed, within each one's bound.
#include "core/net/publish_batch.hpp"

#include "core/net/engine_fixture.hpp"

namespace hawser::net::test::publish_batch_test {
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
  // To topics named by single letters.
  static void publish_to(engine& core, std::string_view letters, std::string_view text,
                         std::int64_t offset = -1, std::uint32_t except = no_slot) {
    std::vector<std::string_view> topics;
    for (std::size_t i = 0; i < letters.size(); i++) topics.push_back(letters.substr(i, 1));
    core.publish(1, {.topics = topics, .offset = offset, .except_part = 0, .except = except}, bytes_of(text),
                 {});
  }
  static void keep(engine& core) { core.keep(1, "t", {.count = 100, .bytes = 1 << 20, .age = 0}, 0); }
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

TEST_F(publish_batch_test, leaves_out_of_each_message_whom_it_names) {
  listen();
  raw_peer a = subscriber();
  raw_peer b = subscriber();
  raw_peer c = subscriber();
  e.run([this](engine& core) {
    publish(core, "1", slots[0]);
    publish(core, "2");
    publish(core, "3", slots[1]);
    publish_to(core, "t", "4", -1, slots[0]);
    publish_to(core, "t", "5", -1, slots[1]);
    publish_to(core, "t", "6");
  });
  EXPECT_EQ(next(a, 4), "2\n3\n5\n6\n");
  EXPECT_EQ(next(b, 4), "1\n2\n4\n6\n");
  EXPECT_EQ(next(c, 6), "1\n2\n3\n4\n5\n6\n");
}

TEST_F(publish_batch_test, may_leave_out_more_connections_than_it_remembers) {
  listen();
  raw_peer peer = subscriber();
  std::string expected;
  for (std::uint32_t i = 0; i < 3 * publish_batch::most_excepted; i++) expected += std::to_string(i) + '\n';
  e.run([](engine& core) {
    for (std::uint32_t i = 0; i < 3 * publish_batch::most_excepted; i++)
      publish(core, std::to_string(i), 1000 + i);
  });
  EXPECT_EQ(next(peer, 3 * publish_batch::most_excepted), expected);
}

TEST_F(publish_batch_test, comes_once_to_subscribers_of_several_of_its_topics) {
  listen();
  raw_peer both = subscriber();
  raw_peer one = open();
  e.run([this](engine& core) {
    core.subscribe(slots[0], "u");
    core.subscribe(slots[1], "u");
    publish_to(core, "tu", "1");
    publish_to(core, "tu", "2", -1, slots[0]);
    publish_to(core, "tu", "3");
    publish_to(core, "tx", "4");
    publish_to(core, "x", "5");
    publish_to(core, "ut", "6");
    send(core, slots[0], "end");
    send(core, slots[1], "end");
  });
  EXPECT_EQ(next(both, 5), "1\n3\n4\n6\nend\n");
  EXPECT_EQ(next(one, 5), "1\n2\n3\n6\nend\n");
}

TEST_F(publish_batch_test, is_kept_and_meets_those_who_come_in_between) {
  listen();
  raw_peer early = subscriber();
  raw_peer late = open();
  raw_peer ahead = open();
  e.run([this](engine& core) {
    keep(core);
    for (int i = 1; i <= 3; i++) publish_to(core, "t", std::to_string(i), i);
    core.subscribe_from(slots[1], {.topic = "t", .above = 1, .head = 3});
    // Has read what is published only now.
    core.subscribe_from(slots[2], {.topic = "t", .above = 5, .head = 3});
    for (int i = 4; i <= 7; i++) publish_to(core, "t", std::to_string(i), i);
    publish(core, "end");
  });
  EXPECT_EQ(next(early, 8), "1\n2\n3\n4\n5\n6\n7\nend\n");
  EXPECT_EQ(next(late, 7), "2\n3\n4\n5\n6\n7\nend\n");
  EXPECT_EQ(next(ahead, 3), "6\n7\nend\n");
}

TEST_F(publish_batch_test, to_several_topics_ends_the_connections_of_who_is_too_slow) {
  auto settings = server_settings();
  settings->max_backpressure = 10000;
  settings->slow = slow_policy::disconnect;
  listen(std::move(settings));
  raw_peer slow = subscriber();
  raw_peer other = open();
  e.run([this](engine& core) {
    core.subscribe(slots[0], "u");
    core.subscribe(slots[1], "u");
    for (int i = 0; i < 8; i++) publish_to(core, "tu", pattern(6000), -1, slots[1]);
    send(core, slots[1], "end");
  });
  e.sink.wait_for(event_kind::close, slots[0]);
  EXPECT_EQ(refused(), 1u);
  EXPECT_EQ(next(other, 1), "end\n");
}

}  // namespace
}  // namespace hawser::net::test::publish_batch_test
