// An engine on a thread of its own with a sink in memory, which writes down all that is delivered and can
// refuse it.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "core/net/engine.hpp"
#include "core/net/engine_raw_peer.hpp"
#include "core/protocol/memory_budget.hpp"

namespace hawser::net::test {

struct delivery {
  bool is_message = false;
  event_kind kind = event_kind::open;  // unless it is a message
  std::uint32_t connection = 0;        // slot or server id
  std::uint32_t aux = 0;
  std::uint32_t route = 0;                            // of a managed client's record
  bool binary = false, ascii = false, owned = false;  // of a message
  std::string payload;

  bool is(event_kind what) const { return !is_message && kind == what; }
  bool is(event_kind what, std::uint32_t who) const { return is(what) && connection == who; }
  bool is_message_of(std::uint32_t slot) const { return is_message && connection == slot; }
  // The n-th line of an event's fields.
  std::string field(std::size_t n) const;
};
std::ostream& operator<<(std::ostream& out, const delivery& d);

using delivery_log = std::vector<delivery>;

// Written by the engine's thread and the test's, under the mutex. Outlives the engine.
class memory_sink final : public event_sink {
 public:
  using command = std::function<void(engine&)>;
  using reaction = std::function<void(const delivery&)>;
  // When deliveries are refused.
  enum class gate : std::uint8_t { open, shut, stutter };

  explicit memory_sink(std::size_t owned_threshold = 4096) : owned_threshold_(owned_threshold) {}

  // From the test, or from a reaction: runs on the engine's thread.
  void post(command what);
  // Called on the engine's thread for each delivery that was taken. Set before the engine runs.
  void react(reaction fn) { reaction_ = std::move(fn); }
  // Slots are released as soon as their close is delivered, as the bridge's other side does; or by the test.
  void release_by_hand() { auto_release_ = false; }
  // So many commands are executed in one turn. Set while the engine does not run.
  void limit_commands(std::size_t n) { command_limit_ = n; }

  void set_gate(gate to);
  // Refuses from the n-th delivery (counted from 0) on, until the engine has done all else and wants to
  // sleep.
  void refuse_at(std::size_t n);
  // Refuses each delivery once, then takes it.
  void refuse_each() { set_gate(gate::stutter); }
  bool refused() const;  // anything, since the gate was last moved by hand

  // Waits until `holds` is true of the log; fails the test when that takes half a minute.
  bool wait(const std::function<bool(const delivery_log&)>& holds);
  // The first delivery from `from` on that satisfies; a default one, and a failed test, when none comes.
  delivery wait_for(const std::function<bool(const delivery&)>& satisfies, std::size_t from = 0);
  delivery wait_for(event_kind kind, std::uint32_t connection);
  // Waits until the engine wants to sleep after whole turns that began behind this call.
  bool wait_asleep();
  // Waits until so many (weight, messages) of a slot are flushed.
  bool wait_flushed(std::uint32_t slot, std::uint32_t weight, std::uint32_t messages);

  delivery_log log() const;
  std::string messages_of(std::uint32_t slot) const;  // joined
  std::size_t count(const std::function<bool(const delivery&)>& satisfies) const;
  std::uint32_t sent_of(std::uint32_t slot) const;
  std::pair<std::uint32_t, std::uint32_t> flushed_of(std::uint32_t slot) const;
  bool flushed_monotone() const;

  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

  bool message(std::uint32_t slot, message_flags flags, std::span<const std::uint8_t> payload) override;
  bool owned_message(std::uint32_t slot, message_flags flags, std::vector<std::uint8_t>& payload) override;
  bool event(event_kind kind, std::uint32_t connection, std::uint32_t aux,
             std::span<const std::uint8_t> payload) override;
  bool record(const client_record& what) override;
  std::size_t owned_threshold() const override { return owned_threshold_; }
  bool room() override;
  void flushed(std::uint32_t slot, std::uint32_t weight, std::uint32_t messages) override;
  bool commands_waiting() override;
  std::uint32_t run_commands(engine& target) override;
  std::uint32_t commands_mark() override;
  bool commands_past(std::uint32_t mark) override;
  void commands_done() override;
  void publish() override {}
  bool prepare_sleep() override;
  void awake() override {}

 private:
  bool admit();  // under the mutex
  bool take(delivery what);

  const std::size_t owned_threshold_;
  reaction reaction_;
  std::function<void()> wake_;
  bool auto_release_ = true;
  std::size_t command_limit_ = SIZE_MAX;
  std::uint32_t executed_ = 0;  // by the engine's thread alone

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<command> commands_, running_;
  delivery_log log_;
  gate gate_ = gate::open;
  std::size_t refuse_at_ = SIZE_MAX;
  bool refused_ = false, stuttered_ = false;
  std::uint64_t sleeps_ = 0;
  bool monotone_ = true;
  std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> flushed_;
};

// Runs the engine; stops it when it goes.
class test_engine {
 public:
  explicit test_engine(std::uint32_t slots = 64, std::size_t budget = 64 << 20,
                       std::size_t owned_threshold = 4096);
  ~test_engine();
  test_engine(const test_engine&) = delete;
  test_engine& operator=(const test_engine&) = delete;

  void start();
  void stop();  // and join
  engine& core() { return *engine_; }
  const protocol::memory_budget& budget() const { return budget_; }

  // Starts a server on a free port of the loopback; waits until it listens.
  std::uint16_t listen(std::uint32_t id, std::unique_ptr<listen_settings> settings = nullptr);
  // Starts a server without a listener.
  void host(std::uint32_t id, std::unique_ptr<listen_settings> settings = nullptr);
  std::uint32_t connect(std::unique_ptr<connect_settings> settings);
  std::uint32_t adopt(std::unique_ptr<adopt_settings> settings);
  void send(std::uint32_t slot, std::string payload, send_flags flags = {});
  void close(std::uint32_t slot, std::uint16_t code = 1000, std::string reason = "");
  // Runs on the engine's thread; returns when it has run.
  void run(const std::function<void(engine&)>& what);
  // The slot of the n-th connection (counted from 0) that a server reported.
  std::uint32_t accepted(std::size_t n = 0);

 private:
  protocol::memory_budget budget_;

 public:
  memory_sink sink;

 private:
  std::unique_ptr<engine> engine_;
  std::thread thread_;
};

// Settings for the loopback, quiet: no heartbeat.
std::unique_ptr<listen_settings> server_settings();
std::unique_ptr<connect_settings> client_settings(std::uint16_t port);
// Settings to adopt a connection whose client sent sample_key.
std::unique_ptr<adopt_settings> adopted_settings(std::uint32_t server, int descriptor);

// TLS between the two, with the certificate of localhost.
void secure(listen_settings& server, connect_settings& client);

// What answers the key in a request's head.
std::string digest_for(const std::string& head);

// The next connection of an engine that is the client, upgraded.
raw_peer accept_upgraded(raw_listener& listener);

// A text of so many bytes in which each place differs from its neighbours.
std::string pattern(std::size_t size, std::size_t seed = 0);

inline std::uint16_t close_code(const delivery& d) { return static_cast<std::uint16_t>(d.aux & 0xffff); }
inline bool was_clean(const delivery& d) { return (d.aux >> 16 & 1) != 0; }

}  // namespace hawser::net::test
