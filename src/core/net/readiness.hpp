// Which sockets have become readable or writable: the reactor's own set of descriptors, on Linux.
//
//   kernel ─► epoll set (edges, sockets of connections) ─► watched by Asio as ONE descriptor
//
// Asio arms a descriptor with a system call for each wait; here a socket is registered once, and its edges
// are remembered until it has been read empty. The io_context still is what the reactor sleeps in: arm() lets
// it wake when the set has something.
#pragma once

#if defined(__linux__) && !defined(HAWSER_PORTABLE_TRANSPORT)
#define HAWSER_READINESS 1

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hawser::net {

class transport;

class readiness {
 public:
  explicit readiness(boost::asio::io_context& context);
  readiness(const readiness&) = delete;
  readiness& operator=(const readiness&) = delete;

  // Edges of input, of the peer's end and of errors; `output` adds those of room to write.
  bool add(int descriptor, transport& who) noexcept;
  void watch_output(int descriptor, transport& who) noexcept;
  void remove(int descriptor) noexcept;

  // Before the io_context is waited in.
  void arm();
  // The io_context found something in the set, and it was not collected since.
  bool told() const noexcept { return told_; }
  // What has come; `data.ptr` is the transport. Valid until the next call.
  std::span<const epoll_event> collect() noexcept;

 private:
  static constexpr std::size_t at_once = 256;
  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> set_;
  bool armed_ = false;
  bool told_ = false;
  std::array<epoll_event, at_once> events_;
};

}  // namespace hawser::net
#endif
