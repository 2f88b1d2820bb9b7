// One TLS connection without I/O: ciphertext goes in and out as bytes, so it may travel over TCP or over a
// JavaScript stream. No Asio and no OpenSSL type in this header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/net/tls_context.hpp"

struct ssl_st;

namespace hawser::net {

// Belongs to one thread at a time. Ciphertext that a call appended to `cipher_out` has to be sent even when
// the call failed: it holds the alert that tells the peer why.
class tls_session {
 public:
  enum class status : std::uint8_t {
    ok,           // the handshake is done, application data flows
    handshaking,  // more input is needed before application data can flow
    closed,       // the peer sent close_notify
    failed,       // error() says why; every later call returns failed
  };

  // `client`: must agree with the context's kind. `host`: SNI and the name that is verified; an IP literal
  // (brackets and zone allowed) sends no SNI and is compared with the addresses of the certificate.
  // `session_key`: where sessions are cached, "" = no resumption. Both are unused on a server.
  tls_session(std::shared_ptr<tls_context> context, bool client, const std::string& host,
              const std::string& session_key);
  ~tls_session();
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  // Appends a client's first flight; on a server does nothing. Returns handshaking or failed.
  status start(std::vector<std::uint8_t>& cipher_out);

  // Feeds `input`, whose consumed front is cut off, and writes at most `plain_capacity` bytes of application
  // data; `plain_size` tells how many (also when closed or failed is returned: they came first). When the
  // capacity stopped it, the rest is in `input` or inside: while pending() is true, call again, with empty
  // input if need be.
  status receive(std::span<const std::uint8_t>& input, std::uint8_t* plain, std::size_t plain_capacity,
                 std::size_t& plain_size, std::vector<std::uint8_t>& cipher_out);

  // Encrypts all of `plain` into records of up to 16 KiB. Takes nothing and returns handshaking before the
  // handshake is done. Still allowed after receive() returned closed.
  status send(std::span<const std::uint8_t> plain, std::vector<std::uint8_t>& cipher_out);

  // Says that the stream below ended. Returns closed after close_notify, else failed: with connection_lost
  // (the data may have been cut short), or tls_handshake_failed when that answers a missing client
  // certificate.
  status end_of_stream();

  // Appends close_notify, once, if the handshake is done and nothing failed.
  void shutdown(std::vector<std::uint8_t>& cipher_out);

  bool handshake_done() const noexcept { return handshake_done_; }
  bool pending() const noexcept { return pending_; }
  bool resumed() const;

  const error_info& error() const noexcept;

  // Valid once the handshake is done; empty where there is nothing to tell.
  std::string alpn() const;
  std::string protocol() const;     // "TLSv1.2", "TLSv1.3"
  std::string cipher() const;       // OpenSSL's name, as "TLS_AES_128_GCM_SHA256"
  std::string server_name() const;  // server: the SNI that the client sent
  std::vector<std::uint8_t> peer_certificate_der() const;

  // Whether the peer presented a certificate that verified. Can be false only on servers, and on clients with
  // reject_unauthorized off.
  bool authorized() const;
  std::string authorization_error() const;  // why not, in words; "" when authorized
  errc authorization_code() const;  // the same as a code; none when authorized or nothing was asked for

 private:
  friend struct tls_callbacks;
  // What only clients and failures need, so that an idle server connection does not carry it.
  struct details {
    std::string host;
    std::string cache_key;
    error_info error;
    error_info verification;  // the last failed verification
    // Plaintext that had to wait because the peer is in the middle of a post-handshake message.
    std::vector<std::uint8_t> held;
  };

  struct borrow;

  details& make_details();
  void prepare_client(const std::string& host, const std::string& session_key);
  status advance_handshake();
  status write(std::span<const std::uint8_t> plain);
  status flush_held();
  status fail();
  status fail_with(error_info error);

  std::shared_ptr<tls_context> context_;
  ssl_st* ssl_ = nullptr;
  std::unique_ptr<details> details_;
  std::span<const std::uint8_t>* input_ = nullptr;   // set during a call
  std::vector<std::uint8_t>* cipher_out_ = nullptr;  // set during a call
  std::array<char, 5> first_bytes_{};
  std::uint8_t first_count_ = 0;
  bool client_;
  bool handshake_done_ = false;
  bool pending_ = false;
  bool peer_closed_ = false;
  bool shut_down_ = false;
  bool failed_ = false;
  bool certificate_requested_ = false;  // client: there was none to send
};

}  // namespace hawser::net
