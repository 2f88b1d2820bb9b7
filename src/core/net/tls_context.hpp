// What all TLS connections of one client or server have in common: identity, trust, versions, ciphers, the
// host names of a server and the session cache of a client. No Asio and no sockets; the bytes travel through
// tls_session.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace hawser::net {

// PEM texts hold the file's contents. A PKCS#12 archive (`pfx`, raw bytes) takes the place of `cert_pem` and
// `key_pem`; the CA certificates in it are sent along, not trusted. Versions are TLS version numbers (0x0303
// = TLS 1.2). `ciphers` is OpenSSL's TLS 1.2 list, in which TLS 1.3 suites (TLS_...) may stand as well;
// `ciphersuites` is the TLS 1.3 list. Empty means our default: forward secrecy and AEAD only.
struct tls_client_settings {
  std::vector<std::string> ca_pem;   // empty: the default roots
  std::vector<std::string> crl_pem;  // revocation lists; when given, every CA of a chain needs one
  std::string cert_pem, key_pem, pfx, passphrase;
  bool reject_unauthorized = true;  // false: an unverified server is accepted, see tls_session::authorized
  std::vector<std::string> alpn;    // offered, most wanted first
  int min_version = 0x0303, max_version = 0x0304;
  std::string ciphers, ciphersuites;
  bool session_cache = true;
};

struct tls_server_settings {
  // The certificate of one virtual host. `host` is a name or a wildcard for one label ("*.example.com").
  struct sni {
    std::string host;
    std::string cert_pem, key_pem, pfx, passphrase;
  };

  std::string cert_pem, key_pem, pfx, passphrase;
  std::vector<std::string> ca_pem;   // trusted issuers of client certificates; empty: the default roots
  std::vector<std::string> crl_pem;  // revocation lists for client certificates
  bool request_cert = false;
  bool reject_unauthorized = true;  // with request_cert: no or no valid certificate fails the handshake
  std::vector<std::string> alpn = {
      "http/1.1"};  // chosen from, most wanted first; none in common: none is used
  int min_version = 0x0303, max_version = 0x0304;
  std::string ciphers, ciphersuites;
  std::vector<sni> hosts;
};

class tls_session_cache;

// Who writes: nobody after make, but for the host table and the session cache, each under its own mutex.
// Who reads: sessions on any thread. Lifetime: shared; every session holds a reference.
class tls_context {
 public:
  // nullptr with tls_bad_material when the settings cannot be used.
  static std::shared_ptr<tls_context> make_client(const tls_client_settings& settings, error_info& error);
  static std::shared_ptr<tls_context> make_server(const tls_server_settings& settings, error_info& error);

  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  // Adds a virtual host, or replaces the one of the same name; connections already open keep theirs.
  // Thread-safe. false with tls_bad_material.
  bool add_host(const tls_server_settings::sni& host, error_info& error);

 private:
  friend class tls_session;
  friend struct tls_callbacks;
  friend struct tls_server_builder;
  struct state;
  explicit tls_context(std::unique_ptr<state> made) noexcept;

  std::unique_ptr<state> state_;
};

// The PEM bundle that clients trust when no `ca` is given. Parsed once, on first use, into a store which all
// contexts share; damaged entries end the bundle. Call before make_client; calling again with the same bundle
// costs a hash.
void set_default_roots(std::string pem_bundle);

}  // namespace hawser::net
