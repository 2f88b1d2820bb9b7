// transport.hpp over Asio's socket.
#include "core/net/transport.hpp"

#ifndef HAWSER_READINESS
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "core/net/reactor.hpp"

namespace hawser::net {

transport::transport(reactor& loop, connection& owner) : owner_(owner), socket_(loop.context()) {}

void transport::open(socket_handle socket, boost::system::error_code& ec) {
  const int family = family_of(socket.get());
  const bool tcp = family == AF_INET || family == AF_INET6;
  socket_.assign(boost::asio::generic::stream_protocol(family, tcp ? IPPROTO_TCP : 0), socket.get(), ec);
  if (ec) return;
  socket.release();
  socket_.non_blocking(true, ec);
  boost::system::error_code ignored;
  if (tcp) socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

void transport::close() noexcept {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void transport::shut_output() noexcept {
  boost::system::error_code ignored;
  socket_.shutdown(decltype(socket_)::shutdown_send, ignored);
}

std::size_t transport::read(std::uint8_t* into, std::size_t size, boost::system::error_code& ec) {
  return socket_.read_some(boost::asio::buffer(into, size), ec);
}

std::size_t transport::write(std::span<const std::uint8_t> bytes, boost::system::error_code& ec,
                             std::span<const std::uint8_t> second) {
  if (second.empty()) return socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  const std::array<boost::asio::const_buffer, 2> both{boost::asio::buffer(bytes.data(), bytes.size()),
                                                      boost::asio::buffer(second.data(), second.size())};
  return socket_.write_some(both, ec);
}

transport::endpoint transport::remote(boost::system::error_code& ec) const {
  return socket_.remote_endpoint(ec);
}

transport::endpoint transport::local(boost::system::error_code& ec) const {
  return socket_.local_endpoint(ec);
}

void transport::await_input() {
  awaits_input_ = true;
  owner_.begin_operation();
  socket_.async_wait(decltype(socket_)::wait_read, [this](const boost::system::error_code& ec) {
    owner_.end_operation();
    awaits_input_ = false;
    if (ec != boost::asio::error::operation_aborted) owner_.on_readable();
  });
}

void transport::await_output() {
  awaits_output_ = true;
  owner_.begin_operation();
  socket_.async_wait(decltype(socket_)::wait_write, [this](const boost::system::error_code& ec) {
    owner_.end_operation();
    awaits_output_ = false;
    if (ec != boost::asio::error::operation_aborted) owner_.on_writable();
  });
}

}  // namespace hawser::net
#endif
