// transport.hpp over epoll's edges. A TCP read that brings less than was asked for has emptied the socket, so
// the next edge tells of more; where that does not hold (the peer's end, urgent data, errors) it is read on
// until the kernel says that there is nothing.
#include "core/net/transport.hpp"

#ifdef HAWSER_READINESS
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <utility>

#include "core/net/reactor.hpp"

namespace hawser::net {

namespace {

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

template <class Call>
ssize_t uninterrupted(Call call) noexcept {
  ssize_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// The library's functions let a thread be cancelled in them, which nobody does here, at some 25 ns a call: a
// hundredth of what an echo of a small message takes. Sanitizers know the functions, and not the calls.
#if defined(SYS_recvfrom) && defined(SYS_sendto) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
ssize_t receive(int socket, void* into, std::size_t size) noexcept {
  return ::syscall(SYS_recvfrom, socket, into, size, 0, nullptr, nullptr);
}
ssize_t transmit(int socket, const void* data, std::size_t size) noexcept {
  return ::syscall(SYS_sendto, socket, data, size, MSG_NOSIGNAL, nullptr, 0);
}
#else
ssize_t receive(int socket, void* into, std::size_t size) noexcept { return ::recv(socket, into, size, 0); }
ssize_t transmit(int socket, const void* data, std::size_t size) noexcept {
  return ::send(socket, data, size, MSG_NOSIGNAL);
}
#endif

template <class Call>
transport::endpoint name_by(Call call, boost::system::error_code& ec) {
  transport::endpoint name;
  auto size = static_cast<socklen_t>(name.capacity());
  ec = {};
  if (call(name.data(), &size) != 0) {
    ec = last_error();
    return {};
  }
  name.resize(size);
  return name;
}

}  // namespace

transport::transport(reactor& loop, connection& owner) : owner_(owner), reactor_(loop) {}

void transport::open(socket_handle socket, boost::system::error_code& ec) {
  ec = {};
  int on = 1;
  if (::ioctl(socket.get(), FIONBIO, &on) != 0 || !reactor_.ready_sockets().add(socket.get(), *this)) {
    ec = last_error();
    return;
  }
  socket_ = socket.release();
  // No error: a Unix socket has no such delay.
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void transport::close() noexcept {
  if (socket_ < 0) return;
  reactor_.ready_sockets().remove(socket_);
  ::close(std::exchange(socket_, -1));
  awaits_input_ = awaits_output_ = readable_ = false;
}

void transport::shut_output() noexcept { ::shutdown(socket_, SHUT_WR); }

std::size_t transport::read(std::uint8_t* into, std::size_t size, boost::system::error_code& ec) {
  const ssize_t n = uninterrupted([&] { return receive(socket_, into, size); });
  if (n > 0) {
    if (static_cast<std::size_t>(n) < size && !until_empty_) readable_ = false;
    return static_cast<std::size_t>(n);
  }
  ec = n == 0 ? make_error_code(boost::asio::error::eof) : last_error();
  readable_ = until_empty_ = false;
  return 0;
}

std::size_t transport::write(std::span<const std::uint8_t> bytes, boost::system::error_code& ec,
                             std::span<const std::uint8_t> second) {
  const ssize_t n = uninterrupted([&] {
    if (second.empty()) return transmit(socket_, bytes.data(), bytes.size());
    iovec parts[2] = {{const_cast<std::uint8_t*>(bytes.data()), bytes.size()},
                      {const_cast<std::uint8_t*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    return ::sendmsg(socket_, &message, MSG_NOSIGNAL);
  });
  if (n >= 0) return static_cast<std::size_t>(n);
  ec = last_error();
  return 0;
}

transport::endpoint transport::remote(boost::system::error_code& ec) const {
  return name_by([&](sockaddr* name, socklen_t* size) { return ::getpeername(socket_, name, size); }, ec);
}

transport::endpoint transport::local(boost::system::error_code& ec) const {
  return name_by([&](sockaddr* name, socklen_t* size) { return ::getsockname(socket_, name, size); }, ec);
}

void transport::await_input() {
  if (readable_) {
    reactor_.defer(owner_);
  } else {
    awaits_input_ = true;
  }
}

void transport::await_output() {
  awaits_output_ = true;
  reactor_.ready_sockets().watch_output(socket_, *this);
}

void transport::on_edges(std::uint32_t events) {
  constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;
  if (socket_ < 0) return;
  if ((events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | broken)) != 0) readable_ = true;
  if ((events & (EPOLLPRI | EPOLLRDHUP | broken)) != 0) until_empty_ = true;
  if ((events & (EPOLLOUT | broken)) != 0 && std::exchange(awaits_output_, false)) owner_.on_writable();
  if (readable_ && std::exchange(awaits_input_, false)) owner_.on_readable();
}

}  // namespace hawser::net
#endif
