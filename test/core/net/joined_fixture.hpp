// Three joined engines, a server with a part on each, and peers of which the test knows where they are.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/net/engine_fixture.hpp"

namespace hawser::net::test {

class joined_engines : public ::testing::Test {
 protected:
  static constexpr std::size_t parts = 3;

  joined_engines() {
    for (test_engine& one : e) one.stop();
    engine::join({&e[0].core(), &e[1].core(), &e[2].core()});
    for (test_engine& one : e) one.start();
  }
  void limit_commands(std::size_t n) {
    for (test_engine& one : e) {
      one.stop();
      one.sink.limit_commands(n);
      one.start();
      // Who does not run yet has nothing to flush.
      one.run([](engine&) {});
    }
  }
  ~joined_engines() override {
    for (test_engine& one : e) one.stop();
  }

  // Prepares on engine 0, which listens, and starts the part of each; the port.
  std::uint16_t listen(std::unique_ptr<listen_settings> settings = server_settings()) {
    gauges = e[0].core().prepare_listen(1, std::move(settings));
    for (std::size_t i = parts; i-- > 0;) begin(i);
    std::uint16_t port = 0;
    for (std::size_t i = 0; i < parts; i++) {
      const delivery ready = e[i].sink.wait_for(event_kind::listening, 1);
      if (i == 0) port = static_cast<std::uint16_t>(std::stoi(ready.field(1)));
    }
    return port;
  }
  void begin(std::size_t i) {
    e[i].sink.post([](engine& core) { core.listen(1); });
  }
  std::size_t connections(std::size_t i) {
    return e[i].sink.count([](const delivery& d) { return d.is(event_kind::connection); });
  }
  // Connects one after the other and notes where each one is.
  void connect(std::uint16_t port, std::size_t count, const std::string& headers = "", int buffer = 0) {
    for (std::size_t n = 0; n < count; n++) {
      std::array<std::size_t, parts> before{};
      for (std::size_t i = 0; i < parts; i++) before[i] = connections(i);
      peers.push_back(upgraded_peer(port, headers, buffer));
      for (;;) {
        std::size_t at = 0;
        while (at < parts && connections(at) == before[at]) at++;
        if (at == parts) {
          std::this_thread::yield();
          continue;
        }
        homes.push_back({at, e[at].accepted(before[at])});
        break;
      }
    }
  }
  void subscribe(std::size_t peer, const std::string& topic) {
    const auto [at, slot] = homes[peer];
    e[at].run([&, slot = slot](engine& core) { core.subscribe(slot, topic); });
  }
  void publish(std::size_t from, std::string text, std::uint32_t except = no_slot, send_flags flags = {}) {
    e[from].sink.post([=](engine& core) { core.publish(1, "t", bytes_of(text), flags, except); });
  }
  static std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  void close(std::int64_t milliseconds = 60000) {
    for (std::size_t i = parts; i-- > 0;) close_part(i, milliseconds);
  }
  void close_part(std::size_t i, std::int64_t milliseconds = 60000) {
    e[i].sink.post([=](engine& core) { core.close_server(1, milliseconds); });
  }

  std::array<test_engine, parts> e{test_engine(512), test_engine(512), test_engine(512)};
  std::vector<std::uint32_t> gauges;
  std::vector<raw_peer> peers;
  std::vector<std::pair<std::size_t, std::uint32_t>> homes;  // of peers: engine and slot
};

}  // namespace hawser::net::test
