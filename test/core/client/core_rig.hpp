// A client core and a host that notes what it does.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/client/client_core.hpp"

namespace hawser::client::test {

struct link_host final : client_host {
  void dial(std::uint32_t link, endpoint_index) override { dialed = link; }
  void close(std::uint32_t, std::uint16_t, std::string_view) override { closed = true; }
  void drop(std::uint32_t) override { dropped_link = true; }
  void send(std::uint32_t, std::span<const std::uint8_t> payload, bool, bool) override {
    frames.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  void send_control(std::uint32_t, std::string_view text, bool) override { controls.emplace_back(text); }
  std::size_t room(std::uint32_t) override { return space; }
  void state_changed(const state_report& report) override {
    states.push_back(report.state);
    exhausted = report.exhausted;
    link = report.link;
    last_error = report.end != nullptr ? report.end->error.code : errc::none;
    rejected = report.end != nullptr && report.end->auth_rejected;
  }
  void want_token(token_reason, std::uint32_t) override {}
  void settled(std::uint32_t token, settlement how) override { outcomes[token] = how; }
  void dropped(settlement why) override { given_up[why]++; }
  void stored_done(std::uint64_t) override {}
  time_ms wall_ahead() override { return 0; }

  std::uint32_t dialed = 0, link = 0;
  std::size_t space = 1 << 20;
  bool closed = false, dropped_link = false, exhausted = false, rejected = false;
  errc last_error = errc::none;
  std::vector<std::string> frames;
  std::vector<std::string> controls;
  std::vector<client_state> states;
  std::map<std::uint32_t, settlement> outcomes;
  std::map<settlement, int> given_up;
};

struct rig {
  explicit rig(const core_settings& settings) : core(settings, host, gauges) {}

  void open(time_ms now, std::string_view protocol = own_protocol) {
    core.connect(now);
    core.link_opened(host.dialed, protocol, now);
  }
  void send(std::string_view text, time_ms now, message_priority p = message_priority::normal,
            time_ms ttl = 0) {
    core_message message;
    message.data.payload = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    message.data.priority = p;
    message.data.joinable = text.front() == '{';
    message.ttl = ttl;
    core.send(message, now);
  }
  std::vector<std::string> sent() { return std::exchange(host.frames, {}); }
  double read(gauge which) {
    core.publish();
    return gauges.get(which);
  }

  link_host host;
  client_gauges gauges;
  client_core core;
};

using frames = std::vector<std::string>;
}  // namespace hawser::client::test
