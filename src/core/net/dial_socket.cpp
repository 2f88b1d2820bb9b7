// Socket preparation of dial_socket.hpp.
#include "core/net/dial_socket.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#ifndef _WIN32
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace hawser::net {
namespace {

bool is_ip(int family) { return family == AF_INET || family == AF_INET6; }

#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)
boost::system::error_code create(socket_type& socket, const boost::asio::generic::stream_protocol& protocol) {
  const int fd = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol.protocol());
  if (fd < 0) return {errno, boost::system::system_category()};
  boost::system::error_code ec;
  socket.assign(protocol, fd, ec);
  if (ec) ::close(fd);
  return ec;
}
#else
boost::system::error_code create(socket_type& socket, const boost::asio::generic::stream_protocol& protocol) {
  boost::system::error_code ec;
  socket.open(protocol, ec);
#ifdef FD_CLOEXEC
  if (!ec && ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC) != 0)
    ec = {errno, boost::system::system_category()};
#endif
  return ec;
}
#endif

}  // namespace

boost::system::error_code open_stream_socket(socket_type& socket, const stream_endpoint& remote) {
  const int family = remote.protocol().family();
  auto ec = create(socket, {family, is_ip(family) ? IPPROTO_TCP : 0});
  if (!ec) socket.non_blocking(true, ec);
  if (!ec && is_ip(family)) socket.set_option(boost::asio::ip::tcp::no_delay(true), ec);
  return ec;
}

void set_close_on_exec([[maybe_unused]] int descriptor) noexcept {
#ifdef FD_CLOEXEC
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
#endif
}

boost::system::error_code bind_local(socket_type& socket, const boost::asio::ip::address& local) {
  boost::system::error_code ec;
#ifdef IP_BIND_ADDRESS_NO_PORT
  using no_port = boost::asio::detail::socket_option::boolean<IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT>;
  socket.set_option(no_port(true), ec);  // best effort: a kernel without it picks the port now
#endif
  socket.bind(stream_endpoint(boost::asio::ip::tcp::endpoint(local, 0)), ec);
  return ec;
}

boost::asio::ip::tcp::endpoint to_tcp(const stream_endpoint& endpoint) {
  boost::asio::ip::tcp::endpoint tcp;
  std::copy_n(reinterpret_cast<const char*>(endpoint.data()), std::min(endpoint.size(), tcp.capacity()),
              reinterpret_cast<char*>(tcp.data()));
  return tcp;
}

boost::system::error_code verify_connected(const socket_type& socket) {
  boost::system::error_code ec;
  boost::system::error_code ignored;
  const auto local = socket.local_endpoint(ignored);
  const auto remote = socket.remote_endpoint(ec);
  const bool ip = is_ip(local.protocol().family());
  if (ec == boost::asio::error::not_connected && ip) return boost::asio::error::connection_reset;
  if (ec) return ec;
  if (ip && to_tcp(local) == to_tcp(remote)) return boost::asio::error::connection_refused;
  return {};
}

}  // namespace hawser::net
