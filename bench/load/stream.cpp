// Plain reads and writes, and OpenSSL between a socket (inbound) and memory (outbound, so that many records
// leave in one system call).
#include "stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "args.hpp"

namespace hawser::load {

namespace {
constexpr std::size_t tls_read_buffer = 128 * 1024;
}

SSL_CTX* shared_tls_client() {
  static SSL_CTX* context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    if (made == nullptr) throw failure("OpenSSL gives no client context");
    SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
    SSL_CTX_set_verify(made, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(made, 1);
    SSL_CTX_set_default_read_buffer_len(made, tls_read_buffer);
    return made;
  }();
  return context;
}

stream::stream(int fd, SSL_CTX* context) : fd_(fd) {
  if (context == nullptr) return;
  ssl_ = SSL_new(context);
  SSL_set0_rbio(ssl_, BIO_new_socket(fd, BIO_NOCLOSE));
  SSL_set0_wbio(ssl_, BIO_new(BIO_s_mem()));
  SSL_set_tlsext_host_name(ssl_, "localhost");
  SSL_set_connect_state(ssl_);
}

stream::~stream() {
  SSL_free(ssl_);
  ::close(fd_);
}

stream::outcome stream::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (!flush()) return outcome::failed;
  if (result == 1) return outcome::done;
  return SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ ? outcome::again : outcome::failed;
}

void stream::keep_buffers() {
  if (ssl_ != nullptr) SSL_clear_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
}

ssize_t stream::read(char* into, std::size_t size) {
  if (ssl_ == nullptr) {
    const ssize_t got = ::recv(fd_, into, size, 0);
    if (got > 0) return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
  }
  std::size_t total = 0;
  ERR_clear_error();
  while (total < size) {
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, into + total, size - total, &got);
    if (result == 1) {
      total += got;
      // What the socket still has, epoll will tell; asking it here would be a system call more for each read.
      if (SSL_has_pending(ssl_) == 0) break;
      continue;
    }
    if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ && total == 0) return -1;
    break;
  }
  return static_cast<ssize_t>(total);
}

bool stream::send(std::string_view bytes) {
  if (ssl_ == nullptr) return write_out(bytes);
  add_record(bytes);
  return flush();
}

void stream::add_record(std::string_view bytes) {
  if (ssl_ == nullptr) {
    pending_.append(bytes);
    return;
  }
  std::size_t written = 0;
  // Outbound is memory, so this takes everything at once.
  SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written);
}

bool stream::flush() {
  if (!pending_.empty()) {
    std::string held;
    held.swap(pending_);
    if (!write_out(held)) return false;
  }
  return ssl_ == nullptr || flush_records();
}

bool stream::flush_records() {
  BIO* records = SSL_get_wbio(ssl_);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(records, &bytes);
  if (size <= 0) return true;
  const bool alive = write_out({bytes, static_cast<std::size_t>(size)});
  BIO_reset(records);
  return alive;
}

bool stream::write_out(std::string_view bytes) {
  if (pending_.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  pending_.append(bytes);
  return true;
}

}  // namespace hawser::load
