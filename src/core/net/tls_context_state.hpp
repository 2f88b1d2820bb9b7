// The inside of tls_context, shared with tls_session. Internal to the TLS files.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "core/net/tls_context.hpp"
#include "core/net/tls_material.hpp"
#include "core/net/tls_session_cache.hpp"

namespace hawser::net {

class tls_session;

// The functions that OpenSSL calls. They find their session through the BIO of the connection.
struct tls_callbacks {
  static tls_session* session_of(const SSL* ssl);
  static BIO_METHOD* bio_method();
  static void forget_errors();

  static int verify(X509_STORE_CTX* store, void* state);
  static int no_client_certificate(SSL* ssl, X509** certificate, EVP_PKEY** key);
  static int new_session(SSL* ssl, SSL_SESSION* session);
  static int select_host(SSL* ssl, int* alert, void* state);
  static int select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* in, unsigned in_size, void* state);

 private:
  static int bio_read(BIO* bio, char* data, std::size_t size, std::size_t* done);
  static int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* done);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
};

struct tls_context::state {
  bool client = false;
  bool reject_unauthorized = true;
  bool caching = false;
  ssl_ctx_ptr context;
  std::string alpn;  // wire format: length octet and name, repeated
  tls_session_cache cache;

  // Server only: what the context of a further host is made of; no keys.
  tls_server_settings settings;
  store_ptr trust;
  std::shared_mutex hosts_mutex;
  std::map<std::string, ssl_ctx_ptr, std::less<>> hosts;  // by lower-case name; wildcards as "*.name"

  // The context for a server name, with a reference for the caller; nullptr when no host matches.
  ssl_ctx_ptr find_host(std::string_view name);
};

}  // namespace hawser::net
