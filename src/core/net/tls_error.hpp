// Turns OpenSSL's error queue and verification results into coded errors whose text says what to do.
// Internal to the TLS files.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace hawser::net {

// What a session knows when OpenSSL reports a failure.
struct tls_failure_facts {
  bool client = false;
  bool handshake_done = false;
  bool certificate_requested =
      false;                // client: the server asked for a certificate and there was none to send
  bool plain_http = false;  // the peer's first bytes were HTTP
  std::string_view host;    // client: the name that was asked for
};

// The code for an X509_V_ERR_*; none for X509_V_OK.
errc verify_code(int x509_error) noexcept;

// Describes a failed verification; `system` is the X509_V_ERR_*. `host` is the name a client asked for.
error_info describe_verify_failure(X509_STORE_CTX* store, bool client, std::string_view host);

// The same when only the result is left, as after a resumed handshake.
error_info describe_verify_result(int x509_error);

// Describes what the error queue of this thread holds, and empties it.
error_info describe_tls_failure(const tls_failure_facts& facts);

// The newest reason in OpenSSL's words ("unknown error" when there is none); empties the queue.
std::string take_error_text();

// A tls_bad_material error; empties the queue.
error_info bad_material(std::string detail);

// The names a certificate is valid for: "a, b and 3 more", or "no names". Control characters are replaced.
std::string certificate_names(X509* certificate);

}  // namespace hawser::net
