// A connected stream socket that no loop knows yet: accepted, dialed or adopted, on its way to a connection,
// also on another reactor.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <utility>

namespace hawser::net {

using stream_acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol,
                                                           boost::asio::io_context::executor_type>;
using native_socket = stream_acceptor::native_handle_type;

// Closes what it holds.
class socket_handle {
 public:
  socket_handle() = default;
  explicit socket_handle(native_socket socket) noexcept : socket_(socket) {}
  ~socket_handle() { close(); }
  socket_handle(socket_handle&& other) noexcept : socket_(other.release()) {}
  socket_handle& operator=(socket_handle&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }

  bool holds() const noexcept { return socket_ != none; }
  native_socket get() const noexcept { return socket_; }
  native_socket release() noexcept { return std::exchange(socket_, none); }
  void close() noexcept;

 private:
  static constexpr native_socket none = static_cast<native_socket>(-1);
  native_socket socket_ = none;
};

// The next connection of a listener that does not block; child processes do not inherit it. would_block:
// there is none.
socket_handle accept_stream(stream_acceptor& from, boost::system::error_code& ec);

// AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC where the system cannot tell.
int family_of(native_socket socket) noexcept;

}  // namespace hawser::net
