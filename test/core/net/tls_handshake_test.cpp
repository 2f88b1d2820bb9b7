// Handshakes that succeed or fail for other reasons than the server's certificate.
#include <gtest/gtest.h>

#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_handshake_test {
namespace {

struct versions : ::testing::TestWithParam<int> {
  tls_client_settings client() const {
    tls_client_settings settings = client_tls();
    settings.min_version = settings.max_version = GetParam();
    return settings;
  }
  const char* name() const { return GetParam() == 0x0304 ? "TLSv1.3" : "TLSv1.2"; }
};
INSTANTIATE_TEST_SUITE_P(tls, versions, ::testing::Values(0x0303, 0x0304),
                         [](const auto& tested) { return tested.param == 0x0304 ? "v13" : "v12"; });

TEST_P(versions, whole_flights) {
  tls_pair pair(make_client(client()), make_server());
  pair.handshake();
  pair.expect_talk();
  for (const tls_session* session : {&pair.client.session, &pair.server.session}) {
    EXPECT_EQ(session->protocol(), name());
    EXPECT_EQ(session->cipher(),
              GetParam() == 0x0304 ? "TLS_AES_128_GCM_SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256");
    EXPECT_FALSE(session->resumed());
    EXPECT_FALSE(session->error());
  }
  EXPECT_EQ(pair.server.session.server_name(), "localhost");
  EXPECT_TRUE(pair.client.session.authorized());
  EXPECT_EQ(pair.client.session.authorization_error(), "");
  EXPECT_FALSE(pair.client.session.peer_certificate_der().empty());
  EXPECT_FALSE(pair.server.session.authorized());
  EXPECT_EQ(pair.server.session.authorization_code(), errc::none);
  EXPECT_TRUE(pair.server.session.peer_certificate_der().empty());
}

TEST_P(versions, one_byte_at_a_time) {
  tls_pair pair(make_client(client()), make_server());
  pair.handshake(1);
  pair.expect_talk();
}

TEST_P(versions, rsa_certificate) {
  certificate_wish wish;
  wish.rsa = true;
  tls_pair pair(make_client(client()), make_server(server_tls(test_ca().issue(wish))));
  pair.handshake();
  pair.expect_talk();
}

TEST_P(versions, data_in_the_same_flight_as_the_finished_message) {
  tls_pair pair(make_client(client()), make_server());
  pair.client.session.start(pair.client.out);
  while (!pair.client.session.handshake_done()) {
    bytes flight;
    flight.swap(pair.client.out);
    pair.server.feed(flight);
    flight.clear();
    flight.swap(pair.server.out);
    pair.client.feed(flight);
  }
  EXPECT_EQ(pair.client.send("early bird"), status::ok);
  pair.pump();
  EXPECT_EQ(pair.server.received, "early bird");
}

TEST_P(versions, client_certificate) {
  const issued_certificate identity = test_ca().issue_client("alice");
  tls_client_settings with_cert = client();
  with_cert.cert_pem = identity.cert_pem;
  with_cert.key_pem = identity.key_pem;
  tls_server_settings asking = server_tls();
  asking.request_cert = true;
  asking.ca_pem = {test_ca().pem()};
  tls_pair pair(make_client(with_cert), make_server(asking));
  pair.handshake();
  pair.expect_talk();
  EXPECT_TRUE(pair.server.session.authorized());
  EXPECT_FALSE(pair.server.session.peer_certificate_der().empty());
}

TEST_P(versions, missing_client_certificate) {
  tls_server_settings asking = server_tls();
  asking.request_cert = true;
  asking.ca_pem = {test_ca().pem()};
  tls_pair pair(make_client(client()), make_server(asking));
  pair.handshake();
  EXPECT_EQ(pair.server.last, status::failed);
  EXPECT_EQ(pair.server.session.error().code, errc::tls_client_cert_required);
  EXPECT_EQ(pair.client.last, status::failed);
  EXPECT_EQ(pair.client.session.error().code, errc::tls_client_cert_required);
  EXPECT_NE(pair.client.session.error().detail.find("pass \"cert\""), std::string::npos);
}

TEST_P(versions, missing_client_certificate_is_told_when_not_rejected) {
  tls_server_settings asking = server_tls();
  asking.request_cert = true;
  asking.reject_unauthorized = false;
  asking.ca_pem = {test_ca().pem()};
  tls_pair pair(make_client(client()), make_server(asking));
  pair.handshake();
  pair.expect_talk();
  EXPECT_FALSE(pair.server.session.authorized());
  EXPECT_EQ(pair.server.session.authorization_code(), errc::tls_client_cert_required);
  EXPECT_EQ(pair.server.session.authorization_error(), "The client sent no certificate.");
}

TEST_P(versions, client_certificate_of_an_unknown_issuer) {
  const certificate_authority stranger("Stranger CA");
  const issued_certificate identity = stranger.issue_client();
  tls_client_settings with_cert = client();
  with_cert.cert_pem = identity.cert_pem;
  with_cert.key_pem = identity.key_pem;
  tls_server_settings asking = server_tls();
  asking.request_cert = true;
  asking.ca_pem = {test_ca().pem()};
  {
    tls_pair pair(make_client(with_cert), make_server(asking));
    pair.handshake();
    EXPECT_EQ(pair.server.session.error().code, errc::tls_cert_untrusted);
    EXPECT_EQ(pair.client.last, status::failed);
    EXPECT_EQ(pair.client.session.error().code, errc::tls_handshake_failed);
    EXPECT_NE(pair.client.session.error().detail.find("unknown CA"), std::string::npos)
        << pair.client.session.error().detail;
  }
  asking.reject_unauthorized = false;
  tls_pair pair(make_client(with_cert), make_server(asking));
  pair.handshake();
  pair.expect_talk();
  EXPECT_FALSE(pair.server.session.authorized());
  EXPECT_EQ(pair.server.session.authorization_code(), errc::tls_cert_untrusted);
  EXPECT_NE(pair.server.session.authorization_error().find("Stranger CA"), std::string::npos);
}

TEST(tls_handshake, no_common_version) {
  tls_client_settings only_12 = client_tls();
  only_12.max_version = 0x0303;
  tls_server_settings only_13 = server_tls();
  only_13.min_version = 0x0304;
  tls_pair pair(make_client(only_12), make_server(only_13));
  pair.handshake();
  for (const tls_session* session : {&pair.client.session, &pair.server.session}) {
    EXPECT_EQ(session->error().code, errc::tls_handshake_failed);
    EXPECT_NE(session->error().detail.find("no TLS version in common"), std::string::npos)
        << session->error().detail;
  }
}

TEST(tls_handshake, no_common_cipher) {
  tls_client_settings client = client_tls();
  client.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  tls_server_settings server = server_tls();
  server.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  tls_pair pair(make_client(client), make_server(server));
  pair.handshake();
  EXPECT_EQ(pair.server.session.error().code, errc::tls_handshake_failed);
  EXPECT_NE(pair.server.session.error().detail.find("no cipher in common"), std::string::npos);
  EXPECT_EQ(pair.client.session.error().code, errc::tls_handshake_failed);
  EXPECT_NE(pair.client.session.error().detail.find("common cipher"), std::string::npos);
}

TEST(tls_handshake, plain_http_request_to_a_tls_server) {
  tls_end server(make_server(), false, "", "");
  EXPECT_EQ(server.feed(as_bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")), status::failed);
  EXPECT_EQ(server.session.error().code, errc::tls_handshake_failed);
  EXPECT_NE(server.session.error().detail.find("plain HTTP"), std::string::npos);
}

TEST(tls_handshake, plain_http_answer_to_a_tls_client) {
  tls_end client(make_client(), true, "localhost", "");
  EXPECT_EQ(client.session.start(client.out), status::handshaking);
  EXPECT_EQ(client.feed(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"), 3), status::failed);
  EXPECT_EQ(client.session.error().code, errc::tls_handshake_failed);
  EXPECT_NE(client.session.error().detail.find("plain HTTP"), std::string::npos);
}

TEST(tls_handshake, end_of_stream) {
  tls_end silent(make_client(), true, "localhost", "");
  silent.session.start(silent.out);
  EXPECT_EQ(silent.session.end_of_stream(), status::failed);
  EXPECT_EQ(silent.session.error().code, errc::connection_lost);
  EXPECT_NE(silent.session.error().detail.find("without a word"), std::string::npos);

  tls_pair pair(make_client(), make_server());
  pair.handshake();
  EXPECT_EQ(pair.client.session.end_of_stream(), status::failed);
  EXPECT_EQ(pair.client.session.error().code, errc::connection_lost);
}

TEST(tls_handshake, sides_must_match_the_context) {
  tls_end server(make_client(), false, "", "");
  EXPECT_EQ(server.session.start(server.out), status::failed);
  EXPECT_EQ(server.session.error().code, errc::tls_handshake_failed);
  tls_end client(nullptr, true, "localhost", "");
  EXPECT_EQ(client.session.start(client.out), status::failed);
}

TEST(tls_handshake, a_client_needs_a_name_to_verify) {
  for (const std::string& host : {std::string(), std::string("a\0b", 3), std::string(300, 'a')}) {
    tls_end client(make_client(), true, host, "");
    EXPECT_EQ(client.session.start(client.out), status::failed);
    EXPECT_EQ(client.session.error().code, errc::tls_handshake_failed);
    EXPECT_TRUE(client.out.empty());
  }
}

}  // namespace
}  // namespace hawser::net::test::tls_handshake_test
