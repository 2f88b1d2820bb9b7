// One reactor of a runtime: its rings, its engine and its thread.
// Made, started, stopped and destroyed by the JavaScript thread; the thread inside runs the engine.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "addon/doorbell.hpp"
#include "bridge/channel.hpp"
#include "core/net/engine.hpp"

namespace hawser::addon {

class reactor_host {
 public:
  // Members are destroyed from the last to the first: engine before channel before the memory's references.
  reactor_host(std::size_t index, Napi::Uint8Array inbound, Napi::Uint8Array outbound,
               Napi::Uint32Array table, js_doorbell& bell, protocol::memory_budget& budget);
  ~reactor_host();
  reactor_host(const reactor_host&) = delete;
  reactor_host& operator=(const reactor_host&) = delete;

  void start();
  void stop();
  bool running() const noexcept { return thread_.has_value(); }
  void wake();
  net::engine& engine() noexcept { return engine_; }
  bridge::channel& channel() noexcept { return channel_; }
  std::uint64_t wakes() const noexcept { return wakes_; }

 private:
  const std::string name_;
  Napi::Reference<Napi::Uint8Array> inbound_;
  Napi::Reference<Napi::Uint8Array> outbound_;
  Napi::Reference<Napi::Uint32Array> table_;
  bridge::channel channel_;
  net::engine engine_;
  std::optional<std::thread> thread_;
  std::uint64_t wakes_ = 0;
};

}  // namespace hawser::addon
