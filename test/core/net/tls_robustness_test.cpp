// Damaged, cut and senseless input at every point of a connection: an error at worst, never harm.
#include <gtest/gtest.h>

#include <random>

#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_robustness_test {
namespace {

void expect_sound(const tls_end& end) {
  if (end.last != status::failed) return;
  EXPECT_NE(end.session.error().code, errc::none);
  EXPECT_NE(end.session.error().detail, "");
  EXPECT_EQ(end.received, "");
}

struct tampering : ::testing::TestWithParam<int> {
  tampering() {
    tls_client_settings settings = client_tls();
    settings.min_version = settings.max_version = GetParam();
    client_context = make_client(settings);
    server_context = make_server();
  }

  // Runs handshakes; in each, `tamper(flight, position)` changes one of the flights, at another position each
  // time. `flight_index` counts client and server flights in turn.
  template <typename Tamper>
  void every_position(std::size_t flight_index, std::size_t stride, Tamper tamper) {
    std::size_t length = 1;
    for (std::size_t position = 0; position < length; position += stride) {
      tls_pair pair(client_context, server_context);
      pair.client.session.start(pair.client.out);
      std::size_t index = 0;
      while (!pair.client.out.empty() || !pair.server.out.empty()) {
        for (const auto& [from, to] :
             {std::pair(&pair.client, &pair.server), std::pair(&pair.server, &pair.client)}) {
          bytes flight = std::exchange(from->out, {});
          if (index++ == flight_index) {
            ASSERT_FALSE(flight.empty());
            length = flight.size();
            tamper(flight, std::min(position, length - 1));
          }
          if (!flight.empty()) to->feed(flight);
        }
      }
      expect_sound(pair.client);
      expect_sound(pair.server);
      if (pair.client.last != status::failed && pair.client.session.end_of_stream() != status::closed) {
        EXPECT_NE(pair.client.session.error().code, errc::none);
      }
    }
  }

  std::shared_ptr<tls_context> client_context;
  std::shared_ptr<tls_context> server_context;
};
INSTANTIATE_TEST_SUITE_P(tls, tampering, ::testing::Values(0x0303, 0x0304),
                         [](const auto& tested) { return tested.param == 0x0304 ? "v13" : "v12"; });

TEST_P(tampering, a_changed_byte) {
  for (const std::size_t flight : {0, 1, 2}) {
    every_position(flight, 3, [](bytes& data, std::size_t position) { data[position] ^= 0x55; });
  }
}

TEST_P(tampering, a_cut_flight) {
  for (const std::size_t flight : {0, 1, 2}) {
    every_position(flight, 11, [](bytes& data, std::size_t position) { data.resize(position); });
  }
}

TEST_P(tampering, garbage_in_the_middle) {
  std::minstd_rand random(7);
  for (const std::size_t flight : {0, 1, 2}) {
    every_position(flight, 17, [&](bytes& data, std::size_t position) {
      data.resize(position);
      for (int i = 0; i < 700; ++i) data.push_back(static_cast<std::uint8_t>(random()));
    });
  }
}

TEST_P(tampering, records_after_the_handshake) {
  for (std::size_t position = 0; position < 40; ++position) {
    tls_pair pair(client_context, server_context);
    pair.handshake();
    ASSERT_TRUE(pair.established());
    pair.client.send("a short message of forty bytes, or so...");
    pair.client.out[position] ^= 0x80;
    pair.pump();
    EXPECT_EQ(pair.server.received, "");
    EXPECT_NE(pair.server.last, status::closed);
    // A longer length only makes the server wait for more.
    if (pair.server.last != status::failed) {
      EXPECT_TRUE(position == 3 || position == 4) << position;
    }
  }
}

TEST(tls_robustness, garbage_from_the_start) {
  std::minstd_rand random(1);
  for (int round = 0; round < 300; ++round) {
    bytes garbage(1 + random() % 600);
    for (std::uint8_t& byte : garbage) byte = static_cast<std::uint8_t>(random());
    // Half of them with the header of a handshake record, to get further in.
    if (round % 2 == 0 && garbage.size() > 5) {
      garbage[0] = 22;
      garbage[1] = 3;
      garbage[2] = 3;
      garbage[3] = 0;
      garbage[4] = static_cast<std::uint8_t>(std::min<std::size_t>(garbage.size() - 5, 255));
    }
    tls_end server(make_server(), false, "", "");
    server.feed(garbage, 1 + random() % 100);
    expect_sound(server);
    tls_end client(make_client(), true, "localhost", "");
    client.session.start(client.out);
    client.feed(garbage, 1 + random() % 100);
    expect_sound(client);
    EXPECT_FALSE(server.session.handshake_done());
    EXPECT_FALSE(client.session.handshake_done());
  }
}

TEST(tls_robustness, a_failed_session_says_goodbye_and_stays_failed) {
  tls_pair pair(make_client(), make_server(server_tls(self_signed())));
  pair.handshake();
  EXPECT_EQ(pair.client.last, status::failed);
  EXPECT_EQ(pair.server.last, status::failed) << "the alert arrived";
  const error_info before = pair.client.session.error();
  EXPECT_EQ(pair.client.session.start(pair.client.out), status::failed);
  EXPECT_EQ(pair.client.feed(as_bytes("x")), status::failed);
  EXPECT_EQ(pair.client.send("x"), status::failed);
  EXPECT_EQ(pair.client.session.end_of_stream(), status::failed);
  pair.client.session.shutdown(pair.client.out);
  EXPECT_TRUE(pair.client.out.empty());
  EXPECT_EQ(pair.client.session.error().code, before.code);
  EXPECT_FALSE(pair.client.session.authorized());
}

// Every session must cope with what another left in the thread's error queue, and leave none behind.
TEST(tls_robustness, sessions_of_one_thread_do_not_see_each_others_errors) {
  tls_pair good(make_client(), make_server());
  good.handshake();
  tls_end bad(make_server(), false, "", "");
  good.client.send("a");
  bytes record = std::exchange(good.client.out, {});
  bad.feed(as_bytes("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(good.server.feed(record), status::ok);
  EXPECT_EQ(good.server.received, "a");
  good.expect_talk();
}

}  // namespace
}  // namespace hawser::net::test::tls_robustness_test
