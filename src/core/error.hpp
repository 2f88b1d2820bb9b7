// The numeric error codes that cross from the core to TypeScript, which owns their string form and their
// text. Append only: lib/core/error-codes.ts mirrors the order, and a test compares the two.
#pragma once

#include <cstdint>
#include <string>

namespace hawser {

enum class errc : std::uint16_t {
  none = 0,
  // Establishing a connection.
  connection_refused = 1,    // ECONNREFUSED from every address tried
  connection_reset = 2,      // ECONNRESET / EPIPE
  connection_failed = 3,     // any other socket error; detail carries the system's text
  dns_failed = 4,            // the name does not resolve; detail carries EAI_* text
  connect_timeout = 5,       // resolve + TCP + proxy + TLS took longer than connectTimeout
  handshake_timeout = 6,     // the upgrade answer (or request, on a server) did not come in time
  host_unreachable = 7,      // EHOSTUNREACH / ENETUNREACH
  proxy_failed = 8,          // the CONNECT request was answered by something other than 2xx
  unexpected_response = 9,   // a complete HTTP answer other than 101
  invalid_handshake = 10,    // 101 with a wrong Accept, protocol or extension; or bytes that are no HTTP
  handshake_too_large = 11,  // header section above the limit
  // TLS. `detail` carries OpenSSL's reason.
  tls_handshake_failed = 20,
  tls_cert_expired = 21,
  tls_cert_not_yet_valid = 22,
  tls_cert_untrusted = 23,  // unknown issuer, incomplete chain
  tls_cert_self_signed = 24,
  tls_hostname_mismatch = 25,
  tls_cert_revoked = 26,
  tls_cert_invalid = 27,  // any other verification failure
  tls_bad_material = 28,  // cert/key/ca/pfx given to us cannot be used
  tls_client_cert_required = 29,
  // An open connection.
  protocol_error = 40,       // close 1002
  invalid_utf8 = 41,         // close 1007
  message_too_big = 42,      // close 1009
  policy_violation = 43,     // close 1008
  inflate_failed = 44,       // close 1007
  out_of_budget = 45,        // close 1013: partial messages exceed the runtime's bound
  heartbeat_timeout = 46,    // close 1006
  idle_timeout = 47,         // close 1000 to the peer; 1006 when it does not answer
  close_timeout = 48,        // the peer did not answer our close in time
  connection_lost = 49,      // end of stream without a close frame
  slow_consumer = 50,        // close 1008: policy `disconnect` for a peer above its bound
  rate_limit_exceeded = 51,  // close 1008: the peer sends too much, and goes on
  // Listening.
  address_in_use = 60,
  address_not_available = 61,
  access_denied = 62,
  listen_failed = 63,
  // Runtime.
  too_many_connections = 70,  // no slot left
  aborted = 71,               // terminated by us before it opened
};

// A coded error with the underlying library's own words, for the message and the `cause`.
struct error_info {
  errc code = errc::none;
  int system = 0;      // errno, EAI_* or X509_V_ERR_*, 0 when none applies
  std::string detail;  // may be empty
  explicit operator bool() const noexcept { return code != errc::none; }
};

}  // namespace hawser
