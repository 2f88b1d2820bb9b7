// Application data: sizes, limits, close_notify, and peers that cut their records in odd places.
#include <gtest/gtest.h>
#include <openssl/bio.h>

#include <array>

#include "core/net/tls_material.hpp"
#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_data_test {
namespace {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

struct tls_data : ::testing::Test {
  tls_data() : pair(make_client(), make_server()) {
    pair.handshake();
    EXPECT_TRUE(pair.established());
  }
  tls_pair pair;
};

TEST_F(tls_data, large_both_ways) {
  const std::string text = pattern(3'000'000);
  EXPECT_EQ(pair.client.send(text), status::ok);
  EXPECT_EQ(pair.server.send(text), status::ok);
  // Records of 16 KiB: 5 bytes of header, 1 of type, 16 of tag.
  EXPECT_EQ(pair.client.out.size(), text.size() + (text.size() + 16383) / 16384 * 22);
  pair.pump(1447);
  EXPECT_EQ(pair.server.received, text);
  EXPECT_EQ(pair.client.received, text);
}

TEST_F(tls_data, many_small_records_through_a_small_buffer) {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    const std::string message = "message " + std::to_string(i) + ';';
    pair.client.send(message);
    text += message;
  }
  for (const std::size_t capacity : {7UL, 100UL, 65536UL}) {
    tls_pair fresh(make_client(), make_server());
    fresh.handshake();
    for (int i = 0; i < 2000; ++i) fresh.client.send("message " + std::to_string(i) + ';');
    fresh.server.feed(fresh.client.out, SIZE_MAX, capacity);
    EXPECT_EQ(fresh.server.received, text) << capacity;
  }
}

TEST_F(tls_data, capacity_stops_and_pending_tells) {
  const std::string text = pattern(10'000);
  pair.client.send(text);
  std::span<const std::uint8_t> input = pair.client.out;
  bytes plain(4000);
  std::string received;
  std::size_t size = 0;
  for (const std::size_t expected : {4000UL, 4000UL, 2000UL}) {
    EXPECT_EQ(pair.server.session.receive(input, plain.data(), plain.size(), size, pair.server.out),
              status::ok);
    EXPECT_EQ(size, expected);
    EXPECT_EQ(pair.server.session.pending(), expected == plain.size());
    received.append(reinterpret_cast<const char*>(plain.data()), size);
  }
  EXPECT_EQ(received, text);
  EXPECT_TRUE(input.empty());
}

TEST_F(tls_data, a_partial_record_is_not_pending_for_ever) {
  pair.client.send("first");
  pair.client.send("second");
  std::span<const std::uint8_t> input(pair.client.out.data(), pair.client.out.size() - 1);
  bytes plain(5);
  std::size_t size = 0;
  EXPECT_EQ(pair.server.session.receive(input, plain.data(), plain.size(), size, pair.server.out),
            status::ok);
  EXPECT_EQ(size, 5U);
  EXPECT_EQ(pair.server.session.receive(input, plain.data(), plain.size(), size, pair.server.out),
            status::ok);
  EXPECT_EQ(size, 0U);
  EXPECT_FALSE(pair.server.session.pending());
  EXPECT_TRUE(input.empty());
  pair.server.feed(std::span(pair.client.out).last(1));
  EXPECT_EQ(pair.server.received, "second");
}

TEST_F(tls_data, no_capacity_takes_nothing) {
  pair.client.send("text");
  std::span<const std::uint8_t> input = pair.client.out;
  std::size_t size = 1;
  EXPECT_EQ(pair.server.session.receive(input, nullptr, 0, size, pair.server.out), status::ok);
  EXPECT_EQ(size, 0U);
  EXPECT_EQ(input.size(), pair.client.out.size());
}

TEST_F(tls_data, nothing_to_send_is_no_record) {
  EXPECT_EQ(pair.client.send(""), status::ok);
  EXPECT_TRUE(pair.client.out.empty());
}

TEST_F(tls_data, send_before_the_handshake_takes_nothing) {
  tls_end client(make_client(), true, "localhost", "");
  EXPECT_EQ(client.send("too early"), status::handshaking);
  EXPECT_TRUE(client.out.empty());
  client.session.shutdown(client.out);
  EXPECT_TRUE(client.out.empty());
}

TEST_F(tls_data, close_notify_one_side_after_the_other) {
  pair.client.send("last words");
  pair.client.session.shutdown(pair.client.out);
  pair.client.session.shutdown(pair.client.out);
  pair.pump();
  EXPECT_EQ(pair.server.last, status::closed);
  EXPECT_EQ(pair.server.received, "last words");
  EXPECT_EQ(pair.server.session.end_of_stream(), status::closed);
  EXPECT_EQ(pair.server.send("still here"), status::ok);
  pair.server.session.shutdown(pair.server.out);
  pair.pump();
  EXPECT_EQ(pair.client.received, "still here");
  EXPECT_EQ(pair.client.last, status::closed);
  EXPECT_FALSE(pair.client.session.error());
}

TEST_F(tls_data, bytes_after_close_notify_are_ignored) {
  pair.client.session.shutdown(pair.client.out);
  pair.pump();
  EXPECT_EQ(pair.server.feed(as_bytes("anything")), status::closed);
  EXPECT_EQ(pair.server.received, "");
}

TEST_F(tls_data, plaintext_before_a_damaged_record_is_delivered) {
  pair.client.send("good");
  const std::size_t good = pair.client.out.size();
  pair.client.send("bad");
  pair.client.out[good + 7] ^= 1;
  EXPECT_EQ(pair.server.feed(pair.client.out), status::failed);
  EXPECT_EQ(pair.server.received, "good");
  EXPECT_EQ(pair.server.session.error().code, errc::connection_lost);
  EXPECT_NE(pair.server.session.error().detail, "");
  EXPECT_FALSE(pair.server.out.empty()) << "the alert";
  EXPECT_EQ(pair.server.send("more"), status::failed);
  EXPECT_EQ(pair.server.feed(as_bytes("more")), status::failed);
}

// A server of OpenSSL's own making, with records of 512 bytes and a ticket that fills several of them.
struct fragmenting_server {
  static constexpr std::size_t fragment = 512;

  fragmenting_server() : context(SSL_CTX_new(TLS_server_method())) {
    tls_identity identity;
    error_info error;
    EXPECT_TRUE(load_identity(localhost_certificate().cert_pem, localhost_certificate().key_pem, "", "",
                              identity, error));
    EXPECT_TRUE(use_identity(context.get(), identity, error)) << error.detail;
    SSL_CTX_set_max_send_fragment(context.get(), fragment);
    SSL_CTX_set_session_ticket_cb(context.get(), enlarge_ticket, nullptr, nullptr);
    ssl = SSL_new(context.get());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl);
  }
  ~fragmenting_server() { SSL_free(ssl); }

  static int enlarge_ticket(SSL* ssl, void*) {
    static constexpr std::array<char, 2000> filler{};
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), filler.data(), filler.size());
  }

  bytes exchange(const bytes& input) {
    BIO_write(SSL_get_rbio(ssl), input.data(), static_cast<int>(input.size()));
    if (SSL_is_init_finished(ssl) == 0) SSL_do_handshake(ssl);
    bytes output(BIO_ctrl_pending(SSL_get_wbio(ssl)));
    BIO_read(SSL_get_wbio(ssl), output.data(), static_cast<int>(output.size()));
    return output;
  }

  std::string received() {
    std::array<char, 4096> buffer;
    std::string text;
    std::size_t size = 0;
    while (SSL_read_ex(ssl, buffer.data(), buffer.size(), &size) == 1) text.append(buffer.data(), size);
    return text;
  }

  ssl_ctx_ptr context;
  SSL* ssl;
};

struct tls_fragments : ::testing::Test {
  tls_fragments() : client(make_client(), true, "localhost", "key") {
    client.session.start(client.out);
    while (tickets.empty()) {
      const bytes flight = server.exchange(std::exchange(client.out, {}));
      if (client.session.handshake_done()) {
        tickets = flight;
      } else {
        client.feed(flight);
      }
    }
    EXPECT_GT(tickets.size(), 2 * fragmenting_server::fragment);
    // The first record: a ticket of which the rest is missing.
    first = 5 + (std::size_t{tickets[3]} << 8 | tickets[4]);
    EXPECT_EQ(client.feed(std::span(tickets).first(first)), status::ok);
  }
  fragmenting_server server;
  tls_end client;
  bytes tickets;
  std::size_t first = 0;
};

TEST_F(tls_fragments, data_sent_within_a_ticket_follows_it) {
  EXPECT_EQ(client.send("one "), status::ok);
  EXPECT_EQ(client.send("two"), status::ok);
  EXPECT_TRUE(client.out.empty());
  client.session.shutdown(client.out);
  EXPECT_TRUE(client.out.empty());
  EXPECT_EQ(client.feed(std::span(tickets).subspan(first)), status::ok);
  server.exchange(client.out);
  EXPECT_EQ(server.received(), "one two");
}

TEST_F(tls_fragments, a_ticket_that_never_ends_fails_at_a_bound) {
  const std::string text(100'000, 'x');
  int sent = 0;
  while (sent < 100 && client.send(text) == status::ok) ++sent;
  EXPECT_EQ(sent, 10);
  EXPECT_EQ(client.session.error().code, errc::connection_lost);
  EXPECT_NE(client.session.error().detail.find("unfinished"), std::string::npos);
}

}  // namespace
}  // namespace hawser::net::test::tls_data_test
