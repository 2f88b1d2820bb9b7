// Builds the SSL_CTX of clients and servers and answers OpenSSL's questions about host names and ALPN.
#include "core/net/tls_context.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <mutex>

#include "core/net/tls_context_state.hpp"
#include "core/net/tls_error.hpp"

namespace hawser::net {
namespace {

// TLS 1.2: forward secrecy and AEAD. AES-128 first: as safe against everything known, and faster.
constexpr const char* client_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!DSS:!PSK";
constexpr const char* server_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* default_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* groups = "X25519:P-256:P-384:P-521";
constexpr int security_level = 2;  // 112 bits: RSA from 2048, no SHA-1 signatures
constexpr std::size_t max_alpn_name = 255;
constexpr unsigned char session_id_context[] = {'h', 'a', 'w', 's', 'e', 'r'};

struct cipher_choice {
  std::string ciphers;
  std::string suites;
};

// TLS 1.3 suites may stand in the same list as TLS 1.2 ciphers, as in Node's `ciphers`.
cipher_choice split_ciphers(const std::string& ciphers, const std::string& suites) {
  cipher_choice choice{{}, suites};
  std::string_view rest = ciphers;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string_view name = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    if (name.empty()) continue;
    std::string& list = name.starts_with("TLS_") ? choice.suites : choice.ciphers;
    if (!list.empty()) list += ':';
    list += name;
  }
  return choice;
}

bool set_versions_and_ciphers(SSL_CTX* context, int min_version, int max_version, const std::string& ciphers,
                              const std::string& suites, const char* default_ciphers, error_info& error) {
  const cipher_choice choice = split_ciphers(ciphers, suites);
  // A list with the ciphers of one version only means that version, where both were allowed.
  if (!ciphers.empty() && min_version <= TLS1_2_VERSION && max_version >= TLS1_3_VERSION) {
    if (choice.ciphers.empty()) min_version = TLS1_3_VERSION;
    if (choice.suites.empty()) max_version = TLS1_2_VERSION;
  }
  if (min_version > max_version || SSL_CTX_set_min_proto_version(context, min_version) != 1 ||
      SSL_CTX_set_max_proto_version(context, max_version) != 1) {
    error = bad_material("The TLS versions allowed are none: check \"minVersion\" and \"maxVersion\".");
    return false;
  }
  if (SSL_CTX_set_cipher_list(context, choice.ciphers.empty() ? default_ciphers : choice.ciphers.c_str()) !=
          1 ||
      SSL_CTX_set_ciphersuites(context, choice.suites.empty() ? default_suites : choice.suites.c_str()) !=
          1) {
    error = bad_material("The TLS option \"ciphers\" names no cipher that OpenSSL knows.");
    return false;
  }
  return true;
}

bool encode_alpn(const std::vector<std::string>& names, std::string& out, error_info& error) {
  for (const std::string& name : names) {
    if (name.empty() || name.size() > max_alpn_name) {
      error = bad_material("An ALPN protocol name has 1 to 255 bytes.");
      return false;
    }
    out += static_cast<char>(name.size());
    out += name;
  }
  return true;
}

ssl_ctx_ptr make_base(bool client) {
  tls_library_init();
  ERR_clear_error();
  ssl_ctx_ptr context(SSL_CTX_new(client ? TLS_client_method() : TLS_server_method()));
  if (!context) return nullptr;
  SSL_CTX_set_security_level(context.get(), security_level);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection holds no record buffers; with read-ahead, one call takes many small records from the
  // input.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(context.get(), 1);
  if (SSL_CTX_set1_groups_list(context.get(), groups) != 1) return nullptr;
  return context;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool valid_host(std::string_view host) {
  if (host.starts_with("*.")) host.remove_prefix(2);
  return !host.empty() && host.find('*') == std::string_view::npos &&
         host.find('\0') == std::string_view::npos;
}

}  // namespace

// The SSL_CTX of a server or of one of its hosts. OpenSSL takes trust, callbacks and CA names from the
// context that the server name selected, so each carries them all.
struct tls_server_builder {
  static ssl_ctx_ptr make(tls_context::state* state, const tls_identity& identity, error_info& error) {
    const tls_server_settings& settings = state->settings;
    ssl_ctx_ptr context = make_base(false);
    if (!context) {
      error = bad_material("OpenSSL cannot make a server context: " + take_error_text() + ".");
      return nullptr;
    }
    if (!set_versions_and_ciphers(context.get(), settings.min_version, settings.max_version, settings.ciphers,
                                  settings.ciphersuites, server_ciphers, error)) {
      return nullptr;
    }
    SSL_CTX_set_session_id_context(context.get(), session_id_context, sizeof session_id_context);
    // Sessions live in tickets that clients keep; nothing is stored here. One ticket serves one reconnect.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_tlsext_servername_callback(context.get(), tls_callbacks::select_host);
    SSL_CTX_set_tlsext_servername_arg(context.get(), state);
    if (!state->alpn.empty()) SSL_CTX_set_alpn_select_cb(context.get(), tls_callbacks::select_alpn, state);
    if (state->trust) SSL_CTX_set1_cert_store(context.get(), state->trust.get());
    if (settings.request_cert) {
      int mode = SSL_VERIFY_PEER;
      if (settings.reject_unauthorized) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
      SSL_CTX_set_verify(context.get(), mode, nullptr);
      SSL_CTX_set_cert_verify_callback(context.get(), tls_callbacks::verify, state);
      if (!add_client_ca_names(context.get(), settings.ca_pem, error)) return nullptr;
    }
    if (!identity.empty() && !use_identity(context.get(), identity, error)) return nullptr;
    return context;
  }

 private:
  static bool add_client_ca_names(SSL_CTX* context, const std::vector<std::string>& ca_pem,
                                  error_info& error) {
    std::vector<x509_ptr> certificates;
    for (const std::string& pem : ca_pem) read_certificates(pem, certificates);
    for (const x509_ptr& certificate : certificates) {
      if (SSL_CTX_add_client_CA(context, certificate.get()) != 1) {
        error = bad_material("The TLS option \"ca\" cannot be used: " + take_error_text() + ".");
        return false;
      }
    }
    return true;
  }
};

tls_context::tls_context(std::unique_ptr<state> made) noexcept : state_(std::move(made)) {}

tls_context::~tls_context() = default;

std::shared_ptr<tls_context> tls_context::make_client(const tls_client_settings& settings,
                                                      error_info& error) {
  error = {};
  auto made = std::make_unique<state>();
  made->client = true;
  made->reject_unauthorized = settings.reject_unauthorized;
  made->caching = settings.session_cache;
  made->context = make_base(true);
  SSL_CTX* const context = made->context.get();
  if (context == nullptr) {
    error = bad_material("OpenSSL cannot make a client context: " + take_error_text() + ".");
    return nullptr;
  }
  if (!set_versions_and_ciphers(context, settings.min_version, settings.max_version, settings.ciphers,
                                settings.ciphersuites, client_ciphers, error)) {
    return nullptr;
  }
  const store_ptr trust = make_trust_store(settings.ca_pem, settings.crl_pem, error);
  if (!trust) return nullptr;
  SSL_CTX_set1_cert_store(context, trust.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, tls_callbacks::verify, made.get());

  tls_identity identity;
  if (!load_identity(settings.cert_pem, settings.key_pem, settings.pfx, settings.passphrase, identity,
                     error)) {
    return nullptr;
  }
  if (!identity.empty() && !use_identity(context, identity, error)) return nullptr;
  SSL_CTX_set_client_cert_cb(context, tls_callbacks::no_client_certificate);

  if (!encode_alpn(settings.alpn, made->alpn, error)) return nullptr;
  if (!made->alpn.empty() &&
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(made->alpn.data()),
                              static_cast<unsigned>(made->alpn.size())) != 0) {
    error = bad_material("The ALPN protocols cannot be used: " + take_error_text() + ".");
    return nullptr;
  }
  SSL_CTX_set_session_cache_mode(context, settings.session_cache
                                              ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
                                              : SSL_SESS_CACHE_OFF);
  if (settings.session_cache) SSL_CTX_sess_set_new_cb(context, tls_callbacks::new_session);
  return std::shared_ptr<tls_context>(new tls_context(std::move(made)));
}

std::shared_ptr<tls_context> tls_context::make_server(const tls_server_settings& settings,
                                                      error_info& error) {
  error = {};
  tls_library_init();
  auto made = std::make_unique<state>();
  made->reject_unauthorized = settings.reject_unauthorized;
  // No copy of the keys: they live on inside OpenSSL only.
  made->settings.ca_pem = settings.ca_pem;
  made->settings.request_cert = settings.request_cert;
  made->settings.reject_unauthorized = settings.reject_unauthorized;
  made->settings.min_version = settings.min_version;
  made->settings.max_version = settings.max_version;
  made->settings.ciphers = settings.ciphers;
  made->settings.ciphersuites = settings.ciphersuites;
  if (!encode_alpn(settings.alpn, made->alpn, error)) return nullptr;
  if (settings.request_cert || !settings.ca_pem.empty()) {
    made->trust = make_trust_store(settings.ca_pem, settings.crl_pem, error);
    if (!made->trust) return nullptr;
  }
  tls_identity identity;
  if (!load_identity(settings.cert_pem, settings.key_pem, settings.pfx, settings.passphrase, identity,
                     error)) {
    return nullptr;
  }
  if (identity.empty() && settings.hosts.empty()) {
    error = bad_material("A TLS server needs \"cert\" and \"key\", or \"pfx\".");
    return nullptr;
  }
  made->context = tls_server_builder::make(made.get(), identity, error);
  if (!made->context) return nullptr;
  std::shared_ptr<tls_context> context(new tls_context(std::move(made)));
  for (const tls_server_settings::sni& host : settings.hosts) {
    if (!context->add_host(host, error)) return nullptr;
  }
  return context;
}

bool tls_context::add_host(const tls_server_settings::sni& host, error_info& error) {
  error = {};
  if (state_->client || !valid_host(host.host)) {
    error = bad_material("A TLS host is a name or a wildcard such as \"*.example.com\", on a server.");
    return false;
  }
  tls_identity identity;
  if (!load_identity(host.cert_pem, host.key_pem, host.pfx, host.passphrase, identity, error)) return false;
  if (identity.empty()) {
    error = bad_material("The TLS host \"" + host.host + "\" needs \"cert\" and \"key\", or \"pfx\".");
    return false;
  }
  ssl_ctx_ptr context = tls_server_builder::make(state_.get(), identity, error);
  if (!context) return false;
  const std::unique_lock lock(state_->hosts_mutex);
  state_->hosts.insert_or_assign(lower(host.host), std::move(context));
  return true;
}

ssl_ctx_ptr tls_context::state::find_host(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::string exact = lower(name);
  const std::size_t dot = exact.find('.');
  const std::shared_lock lock(hosts_mutex);
  auto found = hosts.find(exact);
  if (found == hosts.end() && dot != std::string::npos && dot > 0)
    found = hosts.find("*" + exact.substr(dot));
  if (found == hosts.end()) return nullptr;
  SSL_CTX_up_ref(found->second.get());
  return ssl_ctx_ptr(found->second.get());
}

int tls_callbacks::select_host(SSL* ssl, int* alert, void* argument) {
  auto* const state = static_cast<tls_context::state*>(argument);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const ssl_ctx_ptr host = name != nullptr ? state->find_host(name) : nullptr;
  if (host) {
    return SSL_set_SSL_CTX(ssl, host.get()) != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (SSL_CTX_get0_certificate(state->context.get()) != nullptr) {
    return name != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
  }
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// RFC 7301 section 3.2, except that nothing in common means no ALPN instead of an alert.
int tls_callbacks::select_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                               const unsigned char* in, unsigned in_size, void* argument) {
  const auto* const state = static_cast<const tls_context::state*>(argument);
  const std::string_view offered(reinterpret_cast<const char*>(in), in_size);
  const std::string_view wanted = state->alpn;
  for (std::size_t i = 0; i < wanted.size(); i += static_cast<unsigned char>(wanted[i]) + 1U) {
    const std::string_view name = wanted.substr(i + 1, static_cast<unsigned char>(wanted[i]));
    for (std::size_t j = 0; j < offered.size(); j += static_cast<unsigned char>(offered[j]) + 1U) {
      if (offered.substr(j + 1, static_cast<unsigned char>(offered[j])) != name) continue;
      *out = in + j + 1;
      *out_size = static_cast<unsigned char>(name.size());
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace hawser::net
