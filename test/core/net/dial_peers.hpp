// The other ends of the dialer's tests: a gate for lookups, listeners that answer, hang or refuse, a scripted
// proxy.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/net/resolver.hpp"

namespace hawser::net::testing {

// Runs handlers until `reached` holds; throws when the context runs out of work or stays silent before.
inline void run_until(boost::asio::io_context& io, const std::function<bool()>& reached) {
  io.restart();
  while (!reached()) {
    if (io.run_one_for(std::chrono::seconds(30)) == 0)
      throw std::runtime_error("the io_context has nothing to do");
  }
}

// Lookups wait here until the gate opens. Shared by the test and the (detached) threads of its pool.
class lookup_gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++entered_;
    most_inside_ = std::max(most_inside_, ++inside_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    --inside_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_entered(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_ >= count; });
  }
  int entered() {
    const std::lock_guard lock(mutex_);
    return entered_;
  }
  int most_inside() {
    const std::lock_guard lock(mutex_);
    return most_inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  int inside_ = 0;
  int most_inside_ = 0;
  bool open_ = false;
};

// A pool whose every name is 127.0.0.1, once `gate` lets it pass.
inline std::shared_ptr<lookup_pool> gated_pool(std::shared_ptr<lookup_gate> gate, std::size_t threads = 1,
                                               std::size_t queue = 16) {
  return lookup_pool::create(
      [gate = std::move(gate)](const std::string&, int) {
        gate->pass();
        return resolve_result{{}, {boost::asio::ip::make_address("127.0.0.1")}};
      },
      threads, queue);
}

// A pool whose every name is these addresses, at once.
inline std::shared_ptr<lookup_pool> fixed_pool(std::vector<std::string> addresses) {
  return lookup_pool::create([addresses = std::move(addresses)](const std::string&, int) {
    resolve_result result;
    for (const auto& text : addresses) result.addresses.push_back(boost::asio::ip::make_address(text));
    return result;
  });
}

// Accepts nothing; connections complete in its backlog.
class listener {
 public:
  explicit listener(boost::asio::io_context& io, const std::string& address = "127.0.0.1",
                    std::uint16_t port = 0)
      : acceptor_(io, {boost::asio::ip::make_address(address), port}) {}
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  boost::asio::ip::tcp::acceptor& acceptor() { return acceptor_; }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
};

// A port of 127.0.0.1 that nobody listens on: bound, so that nobody else can take it meanwhile.
class dead_port {
 public:
  explicit dead_port(boost::asio::io_context& io)
      : socket_(io, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {}
  std::uint16_t port() const { return socket_.local_endpoint().port(); }

 private:
  boost::asio::ip::tcp::socket socket_;
};

// An address that swallows connection attempts: the backlog of its listener is full, so the kernel drops
// every SYN.
class black_hole {
 public:
  explicit black_hole(boost::asio::io_context& io, const std::string& address = "127.0.0.1")
      : listener_(io), filler_(io) {
    const boost::asio::ip::tcp::endpoint any_port(boost::asio::ip::make_address(address), 0);
    listener_.open(any_port.protocol());
    listener_.bind(any_port);
    listener_.listen(0);
    filler_.connect(listener_.local_endpoint());
    pollfd queued{listener_.native_handle(), POLLIN, 0};
    ::poll(&queued, 1, -1);
  }
  std::uint16_t port() const { return listener_.local_endpoint().port(); }

 private:
  boost::asio::ip::tcp::acceptor listener_;
  boost::asio::ip::tcp::socket filler_;
};

// Takes one connection, reads a request header, writes `answer`, and then holds, closes or resets the
// connection.
class scripted_proxy {
 public:
  enum class end { hold, close, reset };

  scripted_proxy(boost::asio::io_context& io, std::string answer, end then = end::hold)
      : listener_(io), socket_(io), answer_(std::move(answer)), then_(then) {
    listener_.acceptor().async_accept(socket_, [this](const boost::system::error_code& ec) {
      if (!ec) read();
    });
  }
  std::uint16_t port() const { return listener_.port(); }
  const std::string& request() const { return request_; }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  void read() {
    boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(request_), "\r\n\r\n",
                                  [this](const boost::system::error_code& ec, std::size_t) {
                                    if (!ec) answer();
                                  });
  }
  void answer() {
    boost::asio::async_write(socket_, boost::asio::buffer(answer_),
                             [this](const boost::system::error_code&, std::size_t) { finish(); });
  }
  void finish() {
    if (then_ == end::hold) return;
    if (then_ == end::reset) socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

  listener listener_;
  boost::asio::ip::tcp::socket socket_;
  std::string answer_;
  end then_;
  std::string request_;
};

}  // namespace hawser::net::testing
