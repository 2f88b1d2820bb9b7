// Resumption of TLS sessions and the client's cache of them.
#include <gtest/gtest.h>

#include "core/net/tls_session_cache.hpp"
#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_resumption_test {
namespace {

struct resumption : ::testing::TestWithParam<int> {
  tls_client_settings client() const {
    tls_client_settings settings = client_tls();
    settings.min_version = settings.max_version = GetParam();
    return settings;
  }
};
INSTANTIATE_TEST_SUITE_P(tls, resumption, ::testing::Values(0x0303, 0x0304),
                         [](const auto& tested) { return tested.param == 0x0304 ? "v13" : "v12"; });

// Whether a connection resumed; both ends must agree.
bool connects_resumed(const std::shared_ptr<tls_context>& client, const std::shared_ptr<tls_context>& server,
                      const std::string& host = "localhost", const std::string& key = "localhost:443") {
  tls_pair pair(client, server, host, key);
  pair.handshake();
  pair.expect_talk();
  EXPECT_EQ(pair.client.session.resumed(), pair.server.session.resumed());
  EXPECT_TRUE(pair.client.session.authorized());
  EXPECT_FALSE(pair.client.session.peer_certificate_der().empty());
  const bool named = host.find(':') == std::string::npos && host != "127.0.0.1";
  EXPECT_EQ(pair.server.session.server_name(), named ? host : "");
  return pair.client.session.resumed();
}

TEST_P(resumption, every_further_connection_resumes) {
  const auto client_context = make_client(client());
  const auto server_context = make_server();
  EXPECT_FALSE(connects_resumed(client_context, server_context));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(connects_resumed(client_context, server_context)) << i;
}

TEST_P(resumption, survives_connections_that_were_cut_off) {
  const auto client_context = make_client(client());
  const auto server_context = make_server();
  for (int i = 0; i < 3; ++i) {
    tls_pair pair(client_context, server_context, "localhost", "localhost:443");
    pair.handshake();
    pair.expect_talk();
    EXPECT_EQ(pair.client.session.resumed(), i > 0);
    EXPECT_EQ(pair.client.session.end_of_stream(), status::failed);
  }
}

TEST_P(resumption, needs_the_same_key_the_same_name_and_the_cache) {
  const auto client_context = make_client(client());
  const auto server_context = make_server();
  EXPECT_FALSE(connects_resumed(client_context, server_context));
  EXPECT_FALSE(connects_resumed(client_context, server_context, "localhost", "localhost:444"));
  EXPECT_FALSE(connects_resumed(client_context, server_context, "a.wild.test"));
  EXPECT_FALSE(connects_resumed(client_context, server_context, "127.0.0.1"));
  EXPECT_FALSE(connects_resumed(client_context, server_context, "localhost", ""));
  EXPECT_TRUE(connects_resumed(client_context, server_context));

  tls_client_settings uncached = client();
  uncached.session_cache = false;
  const auto forgetful = make_client(uncached);
  EXPECT_FALSE(connects_resumed(forgetful, server_context));
  EXPECT_FALSE(connects_resumed(forgetful, server_context));
}

TEST_P(resumption, a_session_does_not_carry_over_to_an_unverified_name) {
  const auto client_context = make_client(client());
  const auto server_context = make_server();
  EXPECT_FALSE(connects_resumed(client_context, server_context));
  tls_pair pair(client_context, server_context, "other.test", "localhost:443");
  pair.handshake();
  EXPECT_EQ(pair.client.session.error().code, errc::tls_hostname_mismatch);
}

TEST_P(resumption, another_server_answers_with_a_full_handshake) {
  const auto client_context = make_client(client());
  EXPECT_FALSE(connects_resumed(client_context, make_server()));
  EXPECT_FALSE(connects_resumed(client_context, make_server()));
}

TEST_P(resumption, an_unauthorized_peer_stays_unauthorized) {
  tls_client_settings lenient = client();
  lenient.reject_unauthorized = false;
  const auto client_context = make_client(lenient);
  const auto server_context = make_server(server_tls(self_signed()));
  for (const bool resumed : {false, true}) {
    tls_pair pair(client_context, server_context, "localhost", "localhost:443");
    pair.handshake();
    pair.expect_talk();
    EXPECT_EQ(pair.client.session.resumed(), resumed);
    EXPECT_FALSE(pair.client.session.authorized());
    EXPECT_EQ(pair.client.session.authorization_code(), errc::tls_cert_self_signed);
    EXPECT_NE(pair.client.session.authorization_error(), "");
  }
}

TEST_P(resumption, keeps_the_client_certificate) {
  const issued_certificate identity = test_ca().issue_client("alice");
  tls_client_settings with_cert = client();
  with_cert.cert_pem = identity.cert_pem;
  with_cert.key_pem = identity.key_pem;
  tls_server_settings asking = server_tls();
  asking.request_cert = true;
  asking.ca_pem = {test_ca().pem()};
  const auto client_context = make_client(with_cert);
  const auto server_context = make_server(asking);
  for (const bool resumed : {false, true}) {
    tls_pair pair(client_context, server_context, "localhost", "localhost:443");
    pair.handshake();
    pair.expect_talk();
    EXPECT_EQ(pair.server.session.resumed(), resumed);
    EXPECT_TRUE(pair.server.session.authorized());
    EXPECT_FALSE(pair.server.session.peer_certificate_der().empty());
  }
}

TEST_P(resumption, works_for_a_virtual_host) {
  certificate_wish wish;
  wish.names = {"DNS:host.test"};
  const issued_certificate certificate = test_ca().issue(wish);
  tls_server_settings settings = server_tls();
  settings.hosts.push_back({"host.test", certificate.cert_pem, certificate.key_pem, "", ""});
  const auto client_context = make_client(client());
  const auto server_context = make_server(settings);
  EXPECT_FALSE(connects_resumed(client_context, server_context, "host.test"));
  EXPECT_TRUE(connects_resumed(client_context, server_context, "host.test"));
}

ssl_session_ptr session_of(int version) {
  ssl_session_ptr session(SSL_SESSION_new());
  const unsigned char id[] = {1, 2, 3, 4};
  SSL_SESSION_set_protocol_version(session.get(), version);
  SSL_SESSION_set1_id(session.get(), id, sizeof id);
  return session;
}

TEST(tls_session_cache, hands_a_tls13_session_out_once_newest_first) {
  tls_library_init();
  tls_session_cache cache;
  std::vector<SSL_SESSION*> put;
  for (int i = 0; i < 3; ++i) {
    ssl_session_ptr session = session_of(TLS1_3_VERSION);
    put.push_back(session.get());
    cache.put("a", std::move(session));
  }
  const ssl_session_ptr first = cache.take("a");
  const ssl_session_ptr second = cache.take("a");
  EXPECT_EQ(first.get(), put[2]);
  EXPECT_EQ(second.get(), put[1]);
  EXPECT_FALSE(cache.take("a"));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(tls_session_cache, hands_a_tls12_session_out_again_and_again) {
  tls_library_init();
  tls_session_cache cache;
  cache.put("a", session_of(TLS1_2_VERSION));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(cache.take("a"));
  cache.remove("a");
  cache.remove("a");
  EXPECT_FALSE(cache.take("a"));
}

TEST(tls_session_cache, forgets_the_least_recently_used) {
  tls_library_init();
  tls_session_cache cache;
  for (std::size_t i = 0; i < tls_session_cache::max_keys; ++i)
    cache.put(std::to_string(i), session_of(TLS1_2_VERSION));
  EXPECT_TRUE(cache.take("0"));
  cache.put("one more", session_of(TLS1_2_VERSION));
  EXPECT_EQ(cache.size(), tls_session_cache::max_keys);
  EXPECT_TRUE(cache.take("0"));
  EXPECT_FALSE(cache.take("1"));
  EXPECT_TRUE(cache.take("2"));
}

TEST(tls_session_cache, drops_what_expired_or_cannot_be_resumed) {
  tls_library_init();
  tls_session_cache cache;
  ssl_session_ptr old = session_of(TLS1_2_VERSION);
  SSL_SESSION_set_time(old.get(), 1000);
  cache.put("old", std::move(old));
  EXPECT_FALSE(cache.take("old"));
  cache.put("empty", ssl_session_ptr(SSL_SESSION_new()));
  EXPECT_FALSE(cache.take("empty"));
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace hawser::net::test::tls_resumption_test
