// Turns what users hand over (PEM, PKCS#12, CA bundles, revocation lists) into OpenSSL objects.
// Internal to the TLS files: everything else sees only tls_context.hpp and tls_session.hpp.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace hawser::net {

template <auto Free>
struct openssl_delete {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using bio_ptr = std::unique_ptr<BIO, openssl_delete<BIO_free>>;
using x509_ptr = std::unique_ptr<X509, openssl_delete<X509_free>>;
using pkey_ptr = std::unique_ptr<EVP_PKEY, openssl_delete<EVP_PKEY_free>>;
using store_ptr = std::unique_ptr<X509_STORE, openssl_delete<X509_STORE_free>>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, openssl_delete<SSL_CTX_free>>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, openssl_delete<SSL_SESSION_free>>;

// A certificate with its private key and the intermediates that are sent along.
struct tls_identity {
  pkey_ptr key;
  x509_ptr certificate;
  std::vector<x509_ptr> chain;
  bool empty() const noexcept { return certificate == nullptr; }
};

// Initialises OpenSSL without atexit handlers and without reading openssl.cnf. Thread-safe, cheap when
// repeated.
void tls_library_init();

// Every certificate of a PEM text, in order; blocks of other kinds are passed over. Returns false when a
// certificate block is damaged, having appended the ones before it.
bool read_certificates(std::string_view pem, std::vector<x509_ptr>& out);

// Fills `out` from a PEM certificate (chain) and key, or from a PKCS#12 archive when `pfx` is not empty. All
// empty: `out` stays empty and true is returned. An absent key is looked for in `cert_pem`. Certificates of
// an archive other than its own are sent as the chain; they are not trusted. Fails with tls_bad_material.
bool load_identity(const std::string& cert_pem, const std::string& key_pem, const std::string& pfx,
                   const std::string& passphrase, tls_identity& out, error_info& error);

// Installs the identity, after checking that key and certificate belong together. A certificate that comes
// without intermediates gets them from the context's trust store, if they are there. Fails with
// tls_bad_material.
bool use_identity(SSL_CTX* context, const tls_identity& identity, error_info& error);

// The trust store: `ca_pem`, or the default roots when it is empty (then shared by all callers unless there
// are revocation lists). Revocation lists switch on the check of the whole chain. nullptr with
// tls_bad_material.
store_ptr make_trust_store(const std::vector<std::string>& ca_pem, const std::vector<std::string>& crl_pem,
                           error_info& error);

}  // namespace hawser::net
