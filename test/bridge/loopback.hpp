// Settings and payloads that the channel's tests share.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "core/net/settings.hpp"
#include "js_side.hpp"

namespace hawser::bridge::test {

inline std::unique_ptr<net::listen_settings> server_settings() {
  auto settings = std::make_unique<net::listen_settings>();
  settings->host = "127.0.0.1";
  settings->socket.heartbeat_interval = 0;
  return settings;
}

inline std::unique_ptr<net::connect_settings> client_settings(std::uint16_t port) {
  auto settings = std::make_unique<net::connect_settings>();
  settings->host = "127.0.0.1";
  settings->port = port;
  settings->target = "/";
  settings->host_header = "127.0.0.1";
  settings->socket.heartbeat_interval = 0;
  return settings;
}

// ASCII of so many bytes that differs with the seed.
inline std::string filler(std::size_t size, std::size_t seed = 0) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; i++) {
    out[i] = static_cast<char>('!' + (i * 7 + (i >> 8) * 13 + seed * 31) % 90);
  }
  return out;
}

// The release of a slot is a command: the next connect may come before the engine has read it.
inline std::uint32_t connect_when_free(js_side& js, std::uint16_t port) {
  for (;;) {
    const std::uint32_t slot = js.connect(client_settings(port));
    if (slot != net::no_slot) return slot;
    std::this_thread::yield();
  }
}

}  // namespace hawser::bridge::test
