// A TLS client and a TLS server that are joined by two byte vectors instead of a network.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/tls_session.hpp"
#include "tls_test_certs.hpp"

namespace hawser::net::test {

using status = tls_session::status;
using bytes = std::vector<std::uint8_t>;

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline tls_client_settings client_tls() {
  tls_client_settings settings;
  settings.ca_pem = {test_ca().pem()};
  return settings;
}

inline tls_server_settings server_tls(const issued_certificate& certificate = localhost_certificate()) {
  tls_server_settings settings;
  settings.cert_pem = certificate.cert_pem;
  settings.key_pem = certificate.key_pem;
  return settings;
}

inline std::shared_ptr<tls_context> make_client(const tls_client_settings& settings = client_tls()) {
  error_info error;
  auto context = tls_context::make_client(settings, error);
  EXPECT_TRUE(context) << error.detail;
  return context;
}

inline std::shared_ptr<tls_context> make_server(const tls_server_settings& settings = server_tls()) {
  error_info error;
  auto context = tls_context::make_server(settings, error);
  EXPECT_TRUE(context) << error.detail;
  return context;
}

// One end: what it received and what it wants sent.
struct tls_end {
  tls_end(std::shared_ptr<tls_context> context, bool client, const std::string& host, const std::string& key)
      : session(std::move(context), client, host, key) {}

  // Feeds everything in pieces of at most `chunk` bytes through a plaintext buffer of `capacity` bytes.
  status feed(std::span<const std::uint8_t> input, std::size_t chunk = SIZE_MAX,
              std::size_t capacity = 65536) {
    bytes plain(capacity);
    while (!input.empty()) {
      std::span<const std::uint8_t> piece = input.first(std::min(chunk, input.size()));
      input = input.subspan(piece.size());
      do {
        std::size_t size = 0;
        last = session.receive(piece, plain.data(), plain.size(), size, out);
        received.append(reinterpret_cast<const char*>(plain.data()), size);
        EXPECT_LE(size, capacity);
      } while (last != status::failed && (!piece.empty() || session.pending()));
    }
    return last;
  }

  status send(std::string_view text) { return session.send(as_bytes(text), out); }

  tls_session session;
  bytes out;
  std::string received;
  status last = status::handshaking;
};

struct tls_pair {
  tls_pair(std::shared_ptr<tls_context> client_context, std::shared_ptr<tls_context> server_context,
           const std::string& host = "localhost", const std::string& key = "")
      : client(std::move(client_context), true, host, key),
        server(std::move(server_context), false, "", "") {}

  // Carries bytes both ways until both ends are silent.
  void pump(std::size_t chunk = SIZE_MAX) {
    while (!client.out.empty() || !server.out.empty()) {
      bytes flight;
      flight.swap(client.out);
      server.feed(flight, chunk);
      flight.clear();
      flight.swap(server.out);
      client.feed(flight, chunk);
    }
  }

  void handshake(std::size_t chunk = SIZE_MAX) {
    client.last = client.session.start(client.out);
    pump(chunk);
  }

  bool established() const {
    return client.last == status::ok && server.last == status::ok && client.session.handshake_done() &&
           server.session.handshake_done();
  }

  // Says hello both ways and compares.
  void expect_talk() {
    ASSERT_TRUE(established()) << client.session.error().detail << " / " << server.session.error().detail;
    const std::size_t at_server = server.received.size();
    const std::size_t at_client = client.received.size();
    EXPECT_EQ(client.send("from client"), status::ok);
    EXPECT_EQ(server.send("from server"), status::ok);
    pump();
    EXPECT_EQ(server.received.substr(at_server), "from client");
    EXPECT_EQ(client.received.substr(at_client), "from server");
  }

  tls_end client;
  tls_end server;
};

}  // namespace hawser::net::test
