// TLS 1.3 between two sessions of the core in memory; what both ends do is counted.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <memory>

#include "core/net/tls_session.hpp"
#include "micro.hpp"

namespace hawser::micro {

namespace {

constexpr std::size_t echo_batch = 16;
constexpr std::size_t frame_size = 26;  // of a client's text of 20 bytes
constexpr std::size_t plain_capacity = 64 * 1024;

template <class Write>
std::string pem(Write write) {
  BIO* const memory = BIO_new(BIO_s_mem());
  write(memory);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string out(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  return out;
}

net::tls_server_settings self_signed() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  net::tls_server_settings settings;
  settings.cert_pem = pem([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
  settings.key_pem =
      pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return settings;
}

struct pair {
  pair() : pair(self_signed()) {}
  explicit pair(const net::tls_server_settings& settings) {
    error_info error;
    net::tls_client_settings trusting;
    trusting.ca_pem = {settings.cert_pem};
    trusting.reject_unauthorized = false;
    client = std::make_unique<net::tls_session>(net::tls_context::make_client(trusting, error), true,
                                                "localhost", "");
    server =
        std::make_unique<net::tls_session>(net::tls_context::make_server(settings, error), false, "", "");
    client->start(to_server);
    while (!to_server.empty() || !to_client.empty()) carry();
    if (!client->handshake_done() || !server->handshake_done()) std::abort();
  }

  void carry() {
    take(*server, to_server, to_client);
    take(*client, to_client, to_server);
  }

  void take(net::tls_session& session, bytes& from, bytes& answer) {
    std::span<const std::uint8_t> input = from;
    std::size_t size = 0;
    keep(session.receive(input, plain.data(), plain.size(), size, answer));
    from.clear();
  }

  std::unique_ptr<net::tls_session> client, server;
  bytes to_server, to_client, plain = bytes(plain_capacity);
};

// `records` of a client's frames, all answered in one record as a turn of the reactor does.
void add_echo(const char* name, std::size_t records) {
  add(name, echo_batch, [records] {
    return [records, message = bytes(frame_size * echo_batch / records, 'x'),
            answer = bytes((frame_size - 4) * echo_batch, 'x'), ends = std::make_shared<pair>()] {
      for (std::size_t i = 0; i < records; ++i) ends->client->send(message, ends->to_server);
      ends->take(*ends->server, ends->to_server, ends->to_client);
      ends->server->send(answer, ends->to_client);
      ends->take(*ends->client, ends->to_client, ends->to_server);
    };
  });
}

}  // namespace

void add_tls() {
  add_echo("TLS: echo 20 B, 16 in a record, both ends", 1);
  add_echo("TLS: echo 20 B, a record each, both ends", echo_batch);
}

}  // namespace hawser::micro
