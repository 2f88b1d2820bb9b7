// Drives a client machine in tests: a virtual clock, and the actions of each call in a line of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/client/client_machine.hpp"

namespace hawser::client::test {

inline std::string_view name(client_state s) {
  constexpr std::string_view names[] = {"idle",          "connecting",   "connected", "reconnecting",
                                        "disconnecting", "disconnected", "failed"};
  return names[static_cast<std::size_t>(s)];
}

inline std::string_view name(stop_reason s) {
  constexpr std::string_view names[] = {"none", "requested", "peer", "refused", "exhausted", "token"};
  return names[static_cast<std::size_t>(s)];
}

inline std::string_view name(token_reason r) {
  constexpr std::string_view names[] = {"first", "rejected", "expired"};
  return names[static_cast<std::size_t>(r)];
}

// "idle>connecting dial(1)"; state changes name the attempt and the delay where there is one, and why it
// stopped.
inline std::string text(const client_actions& actions) {
  using kind = client_action::kind;
  std::string out;
  for (const client_action& a : actions) {
    if (!out.empty()) out += ' ';
    const std::string link = "(" + std::to_string(a.link);
    switch (a.what) {
      case kind::state_changed:
        out.append(name(a.from)).append(">").append(name(a.to));
        if (a.attempt != 0 || a.delay != 0)
          out += "[" + std::to_string(a.attempt) + "+" + std::to_string(a.delay) + "]";
        if (a.stop != stop_reason::none) out.append(":").append(name(a.stop));
        break;
      case kind::attempt:
        out += "attempt[" + std::to_string(a.attempt) + "+" + std::to_string(a.delay) + "]";
        break;
      case kind::ask_token:
        out.append("ask(").append(name(a.why)).append(")");
        break;
      case kind::dial:
        out += "dial" + link + ")";
        break;
      case kind::drop_dials:
        out += "drop_dials" + link + (a.timed_out ? ",timed_out)" : ")");
        break;
      case kind::close_link:
        out += "close" + link + "," + std::to_string(a.code) + "," + std::string(a.reason) + ")";
        break;
      case kind::drop_link:
        out += "drop" + link + ")";
        break;
      case kind::connect_resolved:
        out += "resolved";
        break;
      case kind::connect_rejected:
        out.append("rejected:").append(name(a.stop));
        break;
    }
  }
  return out;
}

// Without jitter, so that delays are exact: 1000, 2000, 4000 …
inline machine_settings plain_settings() {
  machine_settings s;
  s.reconnect.jitter = 0;
  return s;
}

struct machine_driver {
  explicit machine_driver(machine_settings settings = plain_settings()) : machine(settings, 1) {}

  std::string connect() { return text(machine.connect(now)); }
  std::string reconnect() { return text(machine.reconnect(now)); }
  std::string disconnect() { return text(machine.disconnect(now, 1000, "bye")); }
  std::string token(time_ms expires_at = 0) { return text(machine.token_ready(now, expires_at)); }
  std::string no_token(bool final) { return text(machine.token_failed(now, final)); }
  std::string opened() { return text(machine.dial_opened(now, machine.link())); }
  std::string failed(const outcome& how = {.error = errc::connection_refused}) {
    return text(machine.dial_failed(now, machine.link(), how));
  }
  std::string closed(const outcome& how = {.close_code = 1006}) {
    return text(machine.link_closed(now, machine.link(), how));
  }
  std::string after(time_ms span) {
    now += span;
    return text(machine.timer(now));
  }

  client_machine machine;
  time_ms now = 1'000'000;
};

}  // namespace hawser::client::test
