#include "core/net/socket_handle.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <cerrno>

#include "core/net/dial_socket.hpp"

#ifndef _WIN32
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace hawser::net {

void socket_handle::close() noexcept {
  if (!holds()) return;
#ifdef _WIN32
  ::closesocket(release());
#else
  ::close(release());
#endif
}

socket_handle accept_stream(stream_acceptor& from, boost::system::error_code& ec) {
  ec = {};
#if defined(__linux__)
  int socket;
  do {
    socket = ::accept4(from.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  } while (socket < 0 && errno == EINTR);
  if (socket < 0) ec = {errno, boost::system::system_category()};
  return socket_handle(socket);
#else
  boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                   boost::asio::io_context::executor_type>
      socket(from.get_executor());
  from.accept(socket, ec);
  if (ec) return {};
  set_close_on_exec(static_cast<int>(socket.native_handle()));
  return socket_handle(socket.release(ec));
#endif
}

int family_of(native_socket socket) noexcept {
  sockaddr_storage at{};
  socklen_t size = sizeof(at);
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0 ? at.ss_family : AF_UNSPEC;
}

}  // namespace hawser::net
