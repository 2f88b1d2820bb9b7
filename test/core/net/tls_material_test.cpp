// Certificates, keys, archives and options in every state that users hand them over.
#include "core/net/tls_material.hpp"

#include <gtest/gtest.h>

#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_material_test {
namespace {

void expect_bad_server(const tls_server_settings& settings, const std::string& words) {
  error_info error;
  EXPECT_FALSE(tls_context::make_server(settings, error));
  EXPECT_EQ(error.code, errc::tls_bad_material);
  EXPECT_NE(error.detail.find(words), std::string::npos) << error.detail;
}

void expect_bad_client(const tls_client_settings& settings, const std::string& words) {
  error_info error;
  EXPECT_FALSE(tls_context::make_client(settings, error));
  EXPECT_EQ(error.code, errc::tls_bad_material);
  EXPECT_NE(error.detail.find(words), std::string::npos) << error.detail;
}

void expect_serves(const tls_server_settings& settings) {
  tls_pair pair(make_client(), make_server(settings));
  pair.handshake();
  pair.expect_talk();
}

std::string der_of(const std::string& pem) {
  std::vector<x509_ptr> certificates;
  EXPECT_TRUE(read_certificates(pem, certificates));
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificates.at(0).get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

TEST(tls_material, key_inside_cert) {
  tls_server_settings settings;
  settings.cert_pem = localhost_certificate().key_pem + localhost_certificate().cert_pem;
  expect_serves(settings);
}

TEST(tls_material, text_around_pem_blocks) {
  tls_server_settings settings = server_tls();
  settings.cert_pem = "Subject: somebody\r\n\r\n" + settings.cert_pem + "\ntrailing words";
  expect_serves(settings);
}

TEST(tls_material, encrypted_key) {
  tls_server_settings settings = server_tls();
  settings.key_pem = encrypted_key(settings.key_pem, "open sesame");
  expect_bad_server(settings, "pass \"passphrase\"");
  settings.passphrase = "wrong";
  expect_bad_server(settings, "does not open the key");
  settings.passphrase = std::string(5000, 'x');
  expect_bad_server(settings, "does not open the key");
  settings.passphrase = "open sesame";
  expect_serves(settings);
}

TEST(tls_material, pkcs12_archive) {
  tls_server_settings settings;
  settings.pfx = pkcs12(localhost_certificate(), test_ca().pem(), "open sesame");
  expect_bad_server(settings, "needs a \"passphrase\"");
  settings.passphrase = "wrong";
  expect_bad_server(settings, "does not open the pfx");
  settings.passphrase = "open sesame";
  expect_serves(settings);
  settings.pfx = pkcs12(localhost_certificate(), "", "");
  settings.passphrase = "";
  expect_serves(settings);
  settings.pfx = "not an archive";
  expect_bad_server(settings, "not a PKCS#12 archive");
}

TEST(tls_material, pkcs12_archive_sends_its_intermediates) {
  const certificate_authority middle("Middle CA", test_ca());
  tls_server_settings settings;
  settings.pfx = pkcs12(middle.issue(), middle.pem(), "p");
  settings.passphrase = "p";
  expect_serves(settings);
}

TEST(tls_material, truncated_archives_do_no_harm) {
  const std::string whole = pkcs12(localhost_certificate(), "", "p");
  tls_server_settings settings;
  settings.passphrase = "p";
  for (std::size_t size = 1; size < whole.size(); size += 13) {
    settings.pfx = whole.substr(0, size);
    expect_bad_server(settings, "not a PKCS#12 archive");
  }
}

TEST(tls_material, missing_halves) {
  expect_bad_server({}, "needs \"cert\" and \"key\"");
  tls_server_settings settings = server_tls();
  settings.key_pem = "";
  expect_bad_server(settings, "without \"key\"");
  settings = server_tls();
  settings.cert_pem = "";
  expect_bad_server(settings, "without \"cert\"");
}

TEST(tls_material, key_of_another_certificate) {
  tls_server_settings settings = server_tls();
  settings.key_pem = self_signed().key_pem;
  expect_bad_server(settings, "does not belong");
}

TEST(tls_material, what_is_not_pem) {
  tls_server_settings settings = server_tls();
  settings.cert_pem = "/etc/ssl/cert.pem";
  expect_bad_server(settings, "not its path");
  settings.cert_pem = der_of(localhost_certificate().cert_pem);
  expect_bad_server(settings, "DER");
  settings = server_tls();
  settings.key_pem = "/etc/ssl/key.pem";
  expect_bad_server(settings, "not its path");
  settings = server_tls();
  settings.cert_pem.resize(settings.cert_pem.size() / 2);
  expect_bad_server(settings, "\"cert\"");

  tls_client_settings client;
  client.ca_pem = {test_ca().pem(), ""};
  expect_bad_client(client, "\"ca\" is empty");
  client.ca_pem = {"ca.pem"};
  expect_bad_client(client, "not its path");
  client = client_tls();
  client.crl_pem = {"crl.pem"};
  expect_bad_client(client, "not its path");
}

TEST(tls_material, options_that_leave_nothing) {
  tls_client_settings client = client_tls();
  client.ciphers = "NO-SUCH-CIPHER";
  expect_bad_client(client, "ciphers");
  client = client_tls();
  client.ciphersuites = "TLS_NO_SUCH_SUITE";
  expect_bad_client(client, "ciphers");
  client = client_tls();
  client.min_version = 0x0304;
  client.max_version = 0x0303;
  expect_bad_client(client, "minVersion");
  client = client_tls();
  client.alpn = {""};
  expect_bad_client(client, "1 to 255");
  client.alpn = {std::string(256, 'x')};
  expect_bad_client(client, "1 to 255");
}

TEST(tls_material, a_cipher_list_may_name_both_generations) {
  struct {
    const char* ciphers;
    const char* protocol;
    const char* cipher;
  } const cases[] = {
      {"TLS_AES_256_GCM_SHA384", "TLSv1.3", "TLS_AES_256_GCM_SHA384"},
      {"ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {"ECDHE-ECDSA-AES256-GCM-SHA384:TLS_CHACHA20_POLY1305_SHA256", "TLSv1.3",
       "TLS_CHACHA20_POLY1305_SHA256"},
  };
  for (const auto& [ciphers, protocol, cipher] : cases) {
    tls_client_settings settings = client_tls();
    settings.ciphers = ciphers;
    tls_pair pair(make_client(settings), make_server());
    pair.handshake();
    EXPECT_EQ(pair.client.session.protocol(), protocol);
    EXPECT_EQ(pair.client.session.cipher(), cipher);
  }
}

}  // namespace
}  // namespace hawser::net::test::tls_material_test
