// How a client judges the certificate of a server.
#include <gtest/gtest.h>

#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_verify_test {
namespace {

constexpr long day = 86400;

struct verdict {
  status client;
  errc code;
  std::string detail;
  errc authorization;
  bool authorized;
  std::string server_detail;
};

verdict judge(const issued_certificate& certificate, tls_client_settings settings = client_tls(),
              const std::string& host = "localhost") {
  tls_pair pair(make_client(settings), make_server(server_tls(certificate)), host);
  pair.handshake();
  const tls_session& client = pair.client.session;
  return {pair.client.last,
          client.error().code,
          client.error().detail + client.authorization_error(),
          client.authorization_code(),
          client.authorized(),
          pair.server.session.error().detail};
}

// Rejected by default, and let through but told when rejection is off.
void expect_refusal(const issued_certificate& certificate, errc code, const std::string& words,
                    tls_client_settings settings = client_tls(), const std::string& host = "localhost") {
  const verdict strict = judge(certificate, settings, host);
  EXPECT_EQ(strict.client, status::failed);
  EXPECT_EQ(strict.code, code);
  EXPECT_NE(strict.detail.find(words), std::string::npos) << strict.detail;
  EXPECT_NE(strict.server_detail, "");

  settings.reject_unauthorized = false;
  const verdict lenient = judge(certificate, settings, host);
  EXPECT_EQ(lenient.client, status::ok) << lenient.detail;
  EXPECT_EQ(lenient.authorization, code);
  EXPECT_FALSE(lenient.authorized);
  EXPECT_NE(lenient.detail.find(words), std::string::npos) << lenient.detail;
}

void expect_accepted(const issued_certificate& certificate, const std::string& host,
                     const tls_client_settings& settings = client_tls()) {
  const verdict verdict = judge(certificate, settings, host);
  EXPECT_EQ(verdict.client, status::ok) << host << ": " << verdict.detail;
  EXPECT_TRUE(verdict.authorized);
}

TEST(tls_verify, names_and_addresses) {
  for (const char* host :
       {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1", "[::1]", "[::1%lo]", "a.wild.test"}) {
    expect_accepted(localhost_certificate(), host);
  }
}

TEST(tls_verify, wrong_host) {
  expect_refusal(localhost_certificate(), errc::tls_hostname_mismatch,
                 "localhost, 127.0.0.1, 0:0:0:0:0:0:0:1, *.wild.test", client_tls(), "other.test");
  for (const char* host : {"wild.test", "a.b.wild.test", "127.0.0.2", "::2", "localhost.test"}) {
    expect_refusal(localhost_certificate(), errc::tls_hostname_mismatch, host, client_tls(), host);
  }
}

TEST(tls_verify, partial_wildcards_do_not_count) {
  certificate_wish wish;
  wish.names = {"DNS:f*.wild.test"};
  expect_refusal(test_ca().issue(wish), errc::tls_hostname_mismatch, "f*.wild.test", client_tls(),
                 "foo.wild.test");
}

TEST(tls_verify, many_names_are_shortened) {
  certificate_wish wish;
  wish.names.clear();
  for (int i = 0; i < 20; ++i) wish.names.push_back("DNS:h" + std::to_string(i) + ".test");
  expect_refusal(test_ca().issue(wish), errc::tls_hostname_mismatch, "h7.test and 12 more");
}

TEST(tls_verify, expired) {
  certificate_wish wish;
  wish.from_seconds = -10 * day;
  wish.until_seconds = -5 * day;
  expect_refusal(test_ca().issue(wish), errc::tls_cert_expired, "expired on");
}

TEST(tls_verify, not_yet_valid) {
  certificate_wish wish;
  wish.from_seconds = 5 * day;
  wish.until_seconds = 10 * day;
  expect_refusal(test_ca().issue(wish), errc::tls_cert_not_yet_valid, "valid only from");
}

TEST(tls_verify, unknown_issuer) {
  const certificate_authority stranger("Stranger CA");
  expect_refusal(stranger.issue(), errc::tls_cert_untrusted, "Stranger CA");
  issued_certificate with_root = stranger.issue();
  with_root.cert_pem += stranger.pem();
  expect_refusal(with_root, errc::tls_cert_untrusted, "Stranger CA");
}

TEST(tls_verify, intermediates) {
  const certificate_authority middle("Middle CA", test_ca());
  issued_certificate leaf = middle.issue();
  expect_refusal(leaf, errc::tls_cert_untrusted, "intermediate");

  tls_server_settings as_ca = server_tls(leaf);
  as_ca.ca_pem = {middle.pem() + test_ca().pem()};
  tls_pair completed(make_client(), make_server(as_ca));
  completed.handshake();
  completed.expect_talk();

  leaf.cert_pem += middle.pem();
  expect_accepted(leaf, "localhost");
}

TEST(tls_verify, self_signed) {
  const issued_certificate certificate = self_signed();
  expect_refusal(certificate, errc::tls_cert_self_signed, "self-signed");
  tls_client_settings trusting = client_tls();
  trusting.ca_pem.push_back(certificate.cert_pem);
  expect_accepted(certificate, "localhost", trusting);
}

TEST(tls_verify, wrong_purpose) {
  certificate_wish wish;
  wish.extended_usage = "clientAuth";
  expect_refusal(test_ca().issue(wish), errc::tls_cert_invalid, "not accepted");
}

TEST(tls_verify, forged_signature) {
  expect_refusal(forged(test_ca().issue()), errc::tls_cert_invalid, "signature failure");
}

TEST(tls_verify, revoked) {
  const issued_certificate good = test_ca().issue();
  const issued_certificate bad = test_ca().issue();
  tls_client_settings settings = client_tls();
  settings.crl_pem = {test_ca().revocation_list({bad.cert_pem})};
  expect_accepted(good, "localhost", settings);
  expect_refusal(bad, errc::tls_cert_revoked, "revoked", settings);
}

TEST(tls_verify, control_characters_of_a_certificate_do_not_reach_the_text) {
  certificate_wish wish;
  wish.common_name = "evil\x1b[2J\nname";
  wish.names = {"DNS:other.test"};
  const verdict verdict = judge(test_ca().issue(wish));
  EXPECT_EQ(verdict.code, errc::tls_hostname_mismatch);
  for (const char c : verdict.detail) EXPECT_GE(c, ' ') << verdict.detail;
}

TEST(tls_verify, default_roots) {
  tls_client_settings settings;
  set_default_roots("");
  expect_refusal(localhost_certificate(), errc::tls_cert_untrusted, "Test CA", settings);
  set_default_roots(certificate_authority("Another CA").pem() + test_ca().pem());
  expect_accepted(localhost_certificate(), "localhost", settings);
  expect_refusal(self_signed(), errc::tls_cert_self_signed, "self-signed", settings);

  tls_client_settings with_list = settings;
  with_list.crl_pem = {test_ca().revocation_list({localhost_certificate().cert_pem})};
  expect_refusal(localhost_certificate(), errc::tls_cert_revoked, "revoked", with_list);
  // The list of one context must not reach another that shares the roots.
  expect_accepted(localhost_certificate(), "localhost", settings);
}

}  // namespace
}  // namespace hawser::net::test::tls_verify_test
