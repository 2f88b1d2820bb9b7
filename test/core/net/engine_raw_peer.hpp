// The other end of an engine's connections as plain blocking sockets: sends whatever bytes a test wants,
// reads HTTP heads and frames. Every wait has a deadline; passing it throws.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "core/protocol/frame.hpp"

namespace hawser::net::test {

inline constexpr const char* sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr const char* sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

inline std::string upgrade_text(std::string_view path = "/", std::string_view more_headers = "") {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " +
         sample_key + "\r\nSec-WebSocket-Version: 13\r\n" + std::string(more_headers) + "\r\n";
}

inline std::string frame_text(protocol::opcode op, std::string_view payload, bool masked = true,
                              bool fin = true, bool rsv1 = false) {
  const std::uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  std::uint8_t header[protocol::max_frame_header];
  const std::size_t size =
      protocol::write_frame_header(header, op, fin, rsv1, payload.size(), masked ? mask : nullptr);
  std::string out(reinterpret_cast<const char*>(header), size);
  const std::size_t at = out.size();
  out.append(payload);
  if (masked) {
    protocol::apply_mask(reinterpret_cast<std::uint8_t*>(out.data()) + at, payload.size(), mask, 0);
  }
  return out;
}

inline std::string close_payload_text(std::uint16_t code, std::string_view reason = "") {
  std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return out.append(reason);
}

// More bytes than the kernel takes for a peer with a small receive buffer that does not read: what the
// sender's buffer may grow to, and some more.
inline std::size_t plenty() {
  std::ifstream settings("/proc/sys/net/ipv4/tcp_wmem");
  std::size_t least = 0, usual = 0, most = 0;
  settings >> least >> usual >> most;
  return std::max<std::size_t>(most, 4 << 20) + (4 << 20);
}

struct raw_frame {
  protocol::opcode op = protocol::opcode::continuation;
  bool fin = false;
  bool rsv1 = false;
  bool masked = false;
  std::string payload;
};

// The kernel holds as little for the other side as it can.
inline void narrow(int descriptor) {
  const int least = 1;  // it makes of it what it needs
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
}

class raw_peer {
 public:
  explicit raw_peer(int descriptor) : fd_(descriptor) { set_deadlines(); }
  // `receive_buffer` in bytes, 0: the system's. A small one lets back-pressure set in early.
  explicit raw_peer(std::uint16_t port, int receive_buffer)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    set_deadlines();
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) fail("connect");
  }
  static raw_peer to(std::uint16_t port, int receive_buffer = 0) { return raw_peer(port, receive_buffer); }
  ~raw_peer() { close(); }
  raw_peer(raw_peer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), rest_(std::move(other.rest_)), step_(other.step_) {}
  raw_peer& operator=(raw_peer&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(rest_, other.rest_);
    std::swap(step_, other.step_);
    return *this;
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), std::min(step_, bytes.size()), MSG_NOSIGNAL);
      if (n <= 0) fail("send");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // As much as the kernel takes at once.
  std::size_t write_some(std::string_view bytes) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  // Takes and gives only a few bytes a system call from now on, and lets the kernel hold few.
  void throttle(std::size_t bytes) {
    step_ = bytes;
    narrow(fd_);
  }
  // Writes what the other side may no longer want.
  void write_or_not(std::string_view bytes) { (void)::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  std::string read_head() {
    std::size_t end = 0;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) throw std::runtime_error("the stream ended within a head: " + rest_);
    }
    return take(end + 4);
  }
  raw_frame read_frame() {
    need(2);
    raw_frame out;
    const auto first = static_cast<std::uint8_t>(rest_[0]);
    const auto second = static_cast<std::uint8_t>(rest_[1]);
    out.op = static_cast<protocol::opcode>(first & 0x0f);
    out.fin = (first & 0x80) != 0;
    out.rsv1 = (first & 0x40) != 0;
    out.masked = (second & 0x80) != 0;
    std::size_t header = 2;
    std::uint64_t size = second & 0x7f;
    if (size >= 126) {
      const std::size_t wide = size == 126 ? 2 : 8;
      need(header + wide);
      size = 0;
      for (std::size_t i = 0; i < wide; i++) size = size << 8 | static_cast<std::uint8_t>(rest_[header + i]);
      header += wide;
    }
    std::uint8_t mask[4] = {};
    if (out.masked) {
      need(header + 4);
      std::memcpy(mask, rest_.data() + header, 4);
      header += 4;
    }
    need(header + size);
    take(header);
    out.payload = take(size);
    if (out.masked) {
      protocol::apply_mask(reinterpret_cast<std::uint8_t*>(out.payload.data()), out.payload.size(), mask, 0);
    }
    return out;
  }
  // The next frame that is no ping or pong.
  raw_frame read_data() {
    for (;;) {
      raw_frame out = read_frame();
      if (out.op != protocol::opcode::ping && out.op != protocol::opcode::pong) return out;
    }
  }
  std::string read_bytes(std::size_t n) {
    need(n);
    return take(n);
  }
  // Everything up to the end of the stream; a reset counts as one.
  std::string read_rest() {
    while (more()) {
    }
    return std::exchange(rest_, {});
  }
  bool at_end() { return rest_.empty() && !more(); }

  void shutdown() { ::shutdown(fd_, SHUT_WR); }
  // Ends with RST instead of FIN.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int descriptor() const { return fd_; }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
  }
  void set_deadlines() {
    const timeval limit{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  }
  bool more() {
    char buffer[65536];
    const ssize_t n = ::recv(fd_, buffer, std::min(step_, sizeof(buffer)), 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw std::runtime_error("nothing came before the deadline");
    if (n <= 0) return false;
    rest_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }
  void need(std::size_t n) {
    while (rest_.size() < n) {
      if (!more()) throw std::runtime_error("the stream ended early");
    }
  }
  std::string take(std::size_t n) {
    std::string out = rest_.substr(0, n);
    rest_.erase(0, n);
    return out;
  }

  int fd_;
  std::string rest_;
  std::size_t step_ = SIZE_MAX;  // bytes a system call at the most
};

// A peer that has upgraded.
inline raw_peer upgraded_peer(std::uint16_t port, std::string_view more_headers = "",
                              int receive_buffer = 0) {
  raw_peer peer = raw_peer::to(port, receive_buffer);
  peer.write(upgrade_text("/", more_headers));
  const std::string head = peer.read_head();
  if (head.rfind("HTTP/1.1 101", 0) != 0) throw std::runtime_error("no upgrade: " + head);
  return peer;
}

// A listening socket of the test, for an engine that is the client.
class raw_listener {
 public:
  raw_listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(fd_, 16) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      throw std::runtime_error("no listener");
    }
    port_ = ntohs(at.sin_port);
    set_deadline();
  }
  // On a unix socket.
  explicit raw_listener(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof(at.sun_path) - 1);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at)) != 0 || ::listen(fd_, 16) != 0) {
      throw std::runtime_error("no listener");
    }
    set_deadline();
  }
  ~raw_listener() { ::close(fd_); }
  raw_listener(const raw_listener&) = delete;
  raw_listener& operator=(const raw_listener&) = delete;

  std::uint16_t port() const { return port_; }
  raw_peer accept() {
    const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) throw std::runtime_error("nobody connected before the deadline");
    return raw_peer(peer);
  }

 private:
  void set_deadline() {
    const timeval limit{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace hawser::net::test
