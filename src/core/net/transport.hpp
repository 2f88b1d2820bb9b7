// The socket below a connection: bytes in and out without blocking, and word to the connection when it can go
// on. On Linux over the reactor's readiness, elsewhere over Asio's socket.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/net/readiness.hpp"
#include "core/net/socket_handle.hpp"

#ifndef HAWSER_READINESS
#include <boost/asio/basic_stream_socket.hpp>
#endif

namespace hawser::net {

class connection;
class reactor;

class transport {
 public:
  using endpoint = boost::asio::generic::stream_protocol::endpoint;

  transport(reactor& loop, connection& owner);
  ~transport() { close(); }
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;

  // Once. Takes the socket, also when it fails.
  void open(socket_handle socket, boost::system::error_code& ec);
  void close() noexcept;
  void shut_output() noexcept;

  // 0 only with an error: would_block, eof, or the system's.
  std::size_t read(std::uint8_t* into, std::size_t size, boost::system::error_code& ec);
  // `second` goes behind `bytes`, in the same system call.
  std::size_t write(std::span<const std::uint8_t> bytes, boost::system::error_code& ec,
                    std::span<const std::uint8_t> second = {});

  endpoint remote(boost::system::error_code& ec) const;
  endpoint local(boost::system::error_code& ec) const;

  // The connection's on_readable() and on_writable() are called once, never from in here.
  void await_input();
  void await_output();
  bool awaits_input() const noexcept { return awaits_input_; }
  bool awaits_output() const noexcept { return awaits_output_; }

#ifdef HAWSER_READINESS
  // What epoll said of it.
  void on_edges(std::uint32_t events);
#endif

 private:
  connection& owner_;
#ifdef HAWSER_READINESS
  reactor& reactor_;
  int socket_ = -1;
  bool readable_ = false;     // an edge came, and since then it was not read empty
  bool until_empty_ = false;  // a short read does not mean that nothing is left
#else
  boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                   boost::asio::io_context::executor_type>
      socket_;
#endif
  bool awaits_input_ = false;
  bool awaits_output_ = false;
};

}  // namespace hawser::net
