// A non-blocking byte stream: TCP, or TLS over it. Bytes that the kernel does not take at once wait in the
// stream.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace hawser::load {

/// A client context for TLS 1.3 that trusts everyone: the peer is a server that the harness started on
/// loopback.
SSL_CTX* shared_tls_client();

class stream {
 public:
  enum class outcome { done, again, failed };

  /// Owns `fd`; with `context` the stream speaks TLS as a client after `handshake`.
  explicit stream(int fd, SSL_CTX* context = nullptr);
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  int fd() const { return fd_; }
  bool tls() const { return ssl_ != nullptr; }
  /// Goes on with the TLS handshake.
  outcome handshake();
  /// With TLS: busy connections need not give their buffers back after each message, as idle ones do.
  void keep_buffers();
  /// Bytes read; 0 when none are there yet, -1 at the end of the stream. A return equal to `size` may mean
  /// more is there, and with TLS it has to be fetched: epoll does not see what OpenSSL holds.
  ssize_t read(char* into, std::size_t size);
  /// Sends now what the kernel takes, keeps the rest. With TLS: as few records as hold the bytes.
  bool send(std::string_view bytes);
  /// With TLS: makes one record of the bytes, which leaves with the next `flush`. Without: like `keep`.
  void add_record(std::string_view bytes);
  /// False when the stream is broken.
  bool flush();
  bool waiting_to_write() const { return !pending_.empty(); }

 private:
  bool write_out(std::string_view bytes);
  bool flush_records();

  int fd_;
  SSL* ssl_ = nullptr;
  std::string pending_;
};

}  // namespace hawser::load
