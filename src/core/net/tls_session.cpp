// One TLS connection over OpenSSL, fed and drained through a BIO that borrows the caller's buffers.
#include "core/net/tls_session.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/net/tls_context_state.hpp"
#include "core/net/tls_error.hpp"

namespace hawser::net {
namespace {

constexpr std::size_t max_record_plain = 16384;
constexpr std::size_t max_record_overhead = 64;  // header, nonce, tag, content type; more than any AEAD needs
constexpr std::size_t max_held = std::size_t{1} << 20;
constexpr std::string_view http_answer = "HTTP/";

// "[fe80::1%eth0]" → "fe80::1", "example.com." → "example.com".
std::string_view bare_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.find(':') != std::string_view::npos) host = host.substr(0, host.find('%'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

tls_session* tls_callbacks::session_of(const SSL* ssl) {
  return static_cast<tls_session*>(BIO_get_data(SSL_get_rbio(ssl)));
}

BIO_METHOD* tls_callbacks::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hawser");
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

int tls_callbacks::bio_read(BIO* bio, char* data, std::size_t size, std::size_t* done) {
  BIO_clear_retry_flags(bio);
  auto* const input = static_cast<tls_session*>(BIO_get_data(bio))->input_;
  if (input == nullptr || input->empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *done = std::min(size, input->size());
  std::memcpy(data, input->data(), *done);
  *input = input->subspan(*done);
  return 1;
}

int tls_callbacks::bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* done) {
  BIO_clear_retry_flags(bio);
  auto* const output = static_cast<tls_session*>(BIO_get_data(bio))->cipher_out_;
  if (output == nullptr) return 0;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data);
  output->insert(output->end(), bytes, bytes + size);
  *done = size;
  return 1;
}

long tls_callbacks::bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int tls_callbacks::verify(X509_STORE_CTX* store, void* argument) {
  const auto* const state = static_cast<const tls_context::state*>(argument);
  if (X509_verify_cert(store) == 1) return 1;
  if (X509_STORE_CTX_get_error(store) == X509_V_OK) X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  tls_session* const session = session_of(ssl);
  tls_session::details& details = session->make_details();
  details.verification = describe_verify_failure(store, session->client_, details.host);
  ERR_clear_error();
  return state->reject_unauthorized ? 0 : 1;
}

int tls_callbacks::no_client_certificate(SSL* ssl, X509**, EVP_PKEY**) {
  session_of(ssl)->certificate_requested_ = true;
  return 0;
}

int tls_callbacks::new_session(SSL* ssl, SSL_SESSION* session) {
  const tls_session* const owner = session_of(ssl);
  if (!owner->details_ || owner->details_->cache_key.empty()) return 0;
  // A copy: a connection that ends without close_notify marks its own session as not resumable.
  ssl_session_ptr copy(SSL_SESSION_dup(session));
  if (copy) owner->context_->state_->cache.put(owner->details_->cache_key, std::move(copy));
  return 0;
}

// SSL_get_error() wants the queue empty before a call. Looking is a tenth of the price of emptying it.
void tls_callbacks::forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

// Lends the caller's buffers to the BIO for the length of one call.
struct tls_session::borrow {
  borrow(tls_session& session, std::span<const std::uint8_t>* input, std::vector<std::uint8_t>* output)
      : owner(session) {
    owner.input_ = input;
    owner.cipher_out_ = output;
    tls_callbacks::forget_errors();
  }
  ~borrow() {
    owner.input_ = nullptr;
    owner.cipher_out_ = nullptr;
  }
  borrow(const borrow&) = delete;
  borrow& operator=(const borrow&) = delete;

  tls_session& owner;
};

tls_session::tls_session(std::shared_ptr<tls_context> context, bool client, const std::string& host,
                         const std::string& session_key)
    : context_(std::move(context)), client_(client) {
  ERR_clear_error();
  if (!context_ || context_->state_->client != client) {
    fail_with({errc::tls_handshake_failed, 0, "The TLS context is not for this side of a connection."});
    return;
  }
  ssl_ = SSL_new(context_->state_->context.get());
  BIO* const bio = ssl_ != nullptr ? BIO_new(tls_callbacks::bio_method()) : nullptr;
  if (bio == nullptr) {
    fail_with({errc::tls_handshake_failed, 0,
               "OpenSSL has no memory for a connection: " + take_error_text() + "."});
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  if (client) {
    SSL_set_connect_state(ssl_);
    prepare_client(host, session_key);
  } else {
    SSL_set_accept_state(ssl_);
  }
}

tls_session::~tls_session() { SSL_free(ssl_); }

void tls_session::prepare_client(const std::string& host, const std::string& session_key) {
  details& client = make_details();
  client.host = bare_host(host);
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl_);
  const bool address = X509_VERIFY_PARAM_set1_ip_asc(param, client.host.c_str()) == 1;
  ERR_clear_error();
  if (!address) {
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // An empty name would switch the check off.
    if (client.host.empty() || client.host.find('\0') != std::string::npos ||
        X509_VERIFY_PARAM_set1_host(param, client.host.data(), client.host.size()) != 1 ||
        SSL_set_tlsext_host_name(ssl_, client.host.c_str()) != 1) {
      ERR_clear_error();
      fail_with(
          {errc::tls_handshake_failed, 0, "A TLS connection needs a host name of 1 to 255 bytes to verify."});
      return;
    }
  }
  if (!context_->state_->caching || session_key.empty()) return;
  // The name is part of the key: a session vouches only for the name it was verified for.
  client.cache_key = client.host + '\n' + session_key;
  const ssl_session_ptr cached = context_->state_->cache.take(client.cache_key);
  if (cached) SSL_set_session(ssl_, cached.get());
}

tls_session::details& tls_session::make_details() {
  if (!details_) details_ = std::make_unique<details>();
  return *details_;
}

tls_session::status tls_session::start(std::vector<std::uint8_t>& cipher_out) {
  if (failed_) return status::failed;
  if (!client_) return status::handshaking;
  const borrow lent(*this, nullptr, &cipher_out);
  return advance_handshake();
}

tls_session::status tls_session::receive(std::span<const std::uint8_t>& input, std::uint8_t* plain,
                                         std::size_t plain_capacity, std::size_t& plain_size,
                                         std::vector<std::uint8_t>& cipher_out) {
  plain_size = 0;
  pending_ = false;
  if (failed_ || peer_closed_) {
    input = {};
    return failed_ ? status::failed : status::closed;
  }
  for (std::size_t i = 0; i < input.size() && first_count_ < first_bytes_.size(); ++i) {
    first_bytes_[first_count_++] = static_cast<char>(input[i]);
  }
  const borrow lent(*this, &input, &cipher_out);
  if (!handshake_done_) {
    const status state = advance_handshake();
    if (state == status::failed) input = {};
    if (state != status::ok) return state;
  }
  while (plain_size < plain_capacity) {
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, plain + plain_size, plain_capacity - plain_size, &count);
    plain_size += count;
    if (result == 1) {
      // To be told that there is no more costs as much as to read a record.
      if (input.empty() && SSL_has_pending(ssl_) == 0) return flush_held();
      continue;
    }
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return flush_held();
      case SSL_ERROR_ZERO_RETURN:
        peer_closed_ = true;
        input = {};
        return flush_held() == status::failed ? status::failed : status::closed;
      default:
        input = {};
        return fail();
    }
  }
  // May be true for a record that is not complete yet; the next call then finds nothing and clears it.
  pending_ = SSL_has_pending(ssl_) == 1;
  return flush_held();
}

tls_session::status tls_session::send(std::span<const std::uint8_t> plain,
                                      std::vector<std::uint8_t>& cipher_out) {
  if (failed_) return status::failed;
  if (!handshake_done_) return status::handshaking;
  if (plain.empty()) return status::ok;
  const borrow lent(*this, nullptr, &cipher_out);
  const std::size_t size = plain.size();
  const std::size_t needed = cipher_out.size() + size + (size / max_record_plain + 1) * max_record_overhead;
  if (needed > cipher_out.capacity()) cipher_out.reserve(std::max(needed, cipher_out.capacity() * 2));
  return write(plain);
}

tls_session::status tls_session::write(std::span<const std::uint8_t> plain) {
  const bool waiting = details_ && !details_->held.empty();
  if (!waiting) {
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_, plain.data(), plain.size(), &written);
    if (result == 1) return status::ok;
    if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) return fail();
  }
  // OpenSSL writes nothing while a post-handshake message of the peer (a ticket, say) has come only in part.
  std::vector<std::uint8_t>& held = make_details().held;
  if (plain.size() > max_held - held.size()) {
    return fail_with(
        {errc::connection_lost, 0, "The peer left a TLS message unfinished, so nothing can be sent."});
  }
  held.insert(held.end(), plain.begin(), plain.end());
  return status::ok;
}

tls_session::status tls_session::flush_held() {
  if (!details_ || details_->held.empty()) return status::ok;
  const std::vector<std::uint8_t> held = std::exchange(details_->held, {});
  return write(held);
}

tls_session::status tls_session::advance_handshake() {
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    handshake_done_ = true;
    return status::ok;
  }
  return SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ ? status::handshaking : fail();
}

tls_session::status tls_session::end_of_stream() {
  if (failed_) return status::failed;
  if (peer_closed_) return status::closed;
  if (handshake_done_) {
    return fail_with(
        {errc::connection_lost, 0, "The stream ended without close_notify; data may be missing."});
  }
  std::string detail = first_count_ == 0 ? "The peer closed the connection without a word of TLS."
                                         : "The peer closed the connection during the TLS handshake.";
  // A peer that dies says as little as one that does not like us: only what points at us is final.
  if (!certificate_requested_) return fail_with({errc::connection_lost, 0, std::move(detail)});
  detail += " It had asked for a client certificate; pass \"cert\" and \"key\".";
  return fail_with({errc::tls_handshake_failed, 0, std::move(detail)});
}

void tls_session::shutdown(std::vector<std::uint8_t>& cipher_out) {
  if (failed_ || shut_down_ || !handshake_done_ || SSL_in_init(ssl_) == 1) return;
  shut_down_ = true;
  const borrow lent(*this, nullptr, &cipher_out);
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

tls_session::status tls_session::fail() {
  const error_info* const verification = details_ ? &details_->verification : nullptr;
  if (!handshake_done_ && verification != nullptr && verification->code != errc::none &&
      ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    ERR_clear_error();
    return fail_with(*verification);
  }
  tls_failure_facts facts;
  facts.client = client_;
  facts.handshake_done = handshake_done_;
  facts.certificate_requested = certificate_requested_;
  facts.plain_http = client_ && std::string_view(first_bytes_.data(), first_count_) == http_answer;
  if (details_) facts.host = details_->host;
  return fail_with(describe_tls_failure(facts));
}

tls_session::status tls_session::fail_with(error_info error) {
  failed_ = true;
  pending_ = false;
  details& known = make_details();
  known.error = std::move(error);
  known.held = {};
  // Whatever the cached session had to do with it, the next attempt starts afresh.
  if (!handshake_done_ && !known.cache_key.empty()) context_->state_->cache.remove(known.cache_key);
  return status::failed;
}

const error_info& tls_session::error() const noexcept {
  static const auto* const none = new error_info;
  return details_ ? details_->error : *none;
}

bool tls_session::resumed() const {
  return ssl_ != nullptr && handshake_done_ && SSL_session_reused(ssl_) == 1;
}

std::string tls_session::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_ != nullptr) SSL_get0_alpn_selected(ssl_, &name, &size);
  return name != nullptr ? std::string(reinterpret_cast<const char*>(name), size) : std::string();
}

std::string tls_session::protocol() const { return handshake_done_ ? SSL_get_version(ssl_) : ""; }

std::string tls_session::cipher() const { return handshake_done_ ? SSL_get_cipher_name(ssl_) : ""; }

std::string tls_session::server_name() const {
  const char* name = ssl_ != nullptr ? SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name) : nullptr;
  return name != nullptr ? name : "";
}

std::vector<std::uint8_t> tls_session::peer_certificate_der() const {
  X509* const certificate = ssl_ != nullptr ? SSL_get0_peer_certificate(ssl_) : nullptr;
  const int size = certificate != nullptr ? i2d_X509(certificate, nullptr) : 0;
  std::vector<std::uint8_t> der(size > 0 ? static_cast<std::size_t>(size) : 0);
  unsigned char* end = der.data();
  if (size > 0) i2d_X509(certificate, &end);
  return der;
}

bool tls_session::authorized() const {
  return handshake_done_ && SSL_get0_peer_certificate(ssl_) != nullptr &&
         SSL_get_verify_result(ssl_) == X509_V_OK;
}

errc tls_session::authorization_code() const {
  if (!handshake_done_ || authorized()) return errc::none;
  if (SSL_get0_peer_certificate(ssl_) != nullptr)
    return verify_code(static_cast<int>(SSL_get_verify_result(ssl_)));
  return context_->state_->settings.request_cert ? errc::tls_client_cert_required : errc::none;
}

std::string tls_session::authorization_error() const {
  switch (authorization_code()) {
    case errc::none:
      return {};
    case errc::tls_client_cert_required:
      return "The client sent no certificate.";
    default:
      if (details_ && details_->verification.code != errc::none) return details_->verification.detail;
      return describe_verify_result(static_cast<int>(SSL_get_verify_result(ssl_))).detail;
  }
}

}  // namespace hawser::net
