// Contexts and their session cache used by several threads at a time.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_threads_test {
namespace {

TEST(tls_threads, share_contexts) {
  constexpr int thread_count = 4;
  constexpr int rounds = 25;
  tls_client_settings older = client_tls();
  older.max_version = 0x0303;
  const std::vector<std::shared_ptr<tls_context>> clients = {make_client(), make_client(older)};
  const auto server = make_server();
  std::atomic<int> talked{0};
  std::atomic<int> resumed{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < thread_count; ++number) {
    threads.emplace_back([&, number] {
      for (int round = 0; round < rounds; ++round) {
        tls_pair pair(clients[static_cast<std::size_t>(round % 2)], server, "localhost", "localhost:443");
        pair.handshake();
        pair.expect_talk();
        if (pair.established()) ++talked;
        if (pair.client.session.resumed()) ++resumed;
        // Some end properly, some are cut off.
        if (round % 3 == 0) {
          pair.client.session.shutdown(pair.client.out);
          pair.pump();
        }
        error_info error;
        const issued_certificate& certificate = localhost_certificate();
        EXPECT_TRUE(server->add_host(
            {"host" + std::to_string(number) + ".test", certificate.cert_pem, certificate.key_pem, "", ""},
            error));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(talked, thread_count * rounds);
  EXPECT_GT(resumed, 0);
}

}  // namespace
}  // namespace hawser::net::test::tls_threads_test
