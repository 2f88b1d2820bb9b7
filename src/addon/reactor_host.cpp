#include "addon/reactor_host.hpp"

#include <pthread.h>
#include <signal.h>

namespace hawser::addon {

namespace {
bridge::ring_memory ring_of(Napi::Uint8Array memory) {
  return {memory.Data(), static_cast<std::uint32_t>(memory.ByteLength() - bridge::ring_control_bytes -
                                                    bridge::ring_slack_bytes)};
}
}  // namespace

reactor_host::reactor_host(std::size_t index, Napi::Uint8Array inbound, Napi::Uint8Array outbound,
                           Napi::Uint32Array table, js_doorbell& bell, protocol::memory_budget& budget)
    : name_("hawser-io-" + std::to_string(index)),
      inbound_(Napi::Persistent(inbound)),
      outbound_(Napi::Persistent(outbound)),
      table_(Napi::Persistent(table)),
      channel_(ring_of(inbound), ring_of(outbound), {table.Data(), table.ElementLength()}, bell),
      engine_(channel_, budget, static_cast<std::uint32_t>(table.ElementLength() / 2)) {}

reactor_host::~reactor_host() { stop(); }

void reactor_host::start() {
  if (thread_) return;
  // The program's signal handlers belong to its own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_.emplace([this] { engine_.run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
#ifdef __linux__
  pthread_setname_np(thread_->native_handle(), name_.c_str());
#endif
}

void reactor_host::stop() {
  if (!thread_) return;
  engine_.stop();
  thread_->join();
  thread_.reset();
}

void reactor_host::wake() {
  wakes_++;
  engine_.wake();
}

}  // namespace hawser::addon
