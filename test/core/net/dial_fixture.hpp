// What the dialer's tests share: settings for each way to dial, a dial to wait for, unix paths and listeners.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/net/dial_peers.hpp"
#include "core/net/dialer.hpp"

namespace hawser::net::testing {

inline dial_settings to_loopback(std::uint16_t port) {
  dial_settings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  return settings;
}

inline dial_settings to_addresses(std::initializer_list<const char*> addresses, std::uint16_t port) {
  dial_settings settings;
  settings.host = "several.example";
  settings.port = port;
  for (const char* text : addresses) settings.addresses.push_back(boost::asio::ip::make_address(text));
  settings.attempt_delay = happy_eyeballs::min_delay;
  return settings;
}

inline dial_settings through_proxy(std::uint16_t proxy_port) {
  dial_settings settings;
  settings.host = "target.example";
  settings.port = 443;
  settings.proxy_host = "127.0.0.1";
  settings.proxy_port = proxy_port;
  return settings;
}

inline dial_settings to_unix(const std::string& path) {
  dial_settings settings;
  settings.unix_path = path;
  return settings;
}

// A dial whose result the test waits for.
struct pending_dial {
  pending_dial(boost::asio::io_context& context, dial_settings settings) : io(context) {
    dial = dialer::start(io, std::move(settings), [this](dial_result r) {
      ++calls;
      result.emplace(std::move(r));
    });
  }
  dial_result& wait() {
    run_until(io, [this] { return result.has_value(); });
    return *result;
  }

  boost::asio::io_context& io;
  std::shared_ptr<dialer> dial;
  int calls = 0;
  std::optional<dial_result> result;
};

inline dial_result dial(boost::asio::io_context& io, dial_settings settings) {
  pending_dial pending(io, std::move(settings));
  EXPECT_EQ(pending.calls, 0) << "called inline";
  auto result = std::move(pending.wait());
  EXPECT_EQ(result.socket.is_open(), !result.error) << result.error.detail;
  io.poll();
  EXPECT_EQ(pending.calls, 1);
  return result;
}

inline bool mentions(const dial_result& result, const std::string& text) {
  return result.error.detail.find(text) != std::string::npos;
}

// A path in a directory of its own.
class socket_path {
 public:
  socket_path() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hawser-dial-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~socket_path() { std::filesystem::remove_all(directory_); }
  std::string get() const { return (directory_ / "s").string(); }

 private:
  std::filesystem::path directory_;
};

// A unix listener with a full backlog.
struct crowded_listener {
  explicit crowded_listener(boost::asio::io_context& io) : acceptor(io), filler(io) {
    acceptor.open();
    acceptor.bind(path.get());
    acceptor.listen(0);
    filler.connect(path.get());
  }
  socket_path path;
  boost::asio::local::stream_protocol::acceptor acceptor;
  boost::asio::local::stream_protocol::socket filler;
};

}  // namespace hawser::net::testing
