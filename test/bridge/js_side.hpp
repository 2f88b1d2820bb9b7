// The JavaScript end of a channel, played in C++: writes commands and drains records by the rules of
// lib/native/channel.ts, with the engine in a thread of its own.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bridge/channel.hpp"
#include "core/net/engine.hpp"
#include "core/protocol/memory_budget.hpp"

namespace hawser::bridge::test {

struct js_options {
  std::uint32_t inbound = 1 << 21;
  std::uint32_t outbound = 1 << 21;
  std::uint32_t slots = 64;
  std::uint32_t start = 0;  // value of the ring's indices at first
  std::size_t overflow = 256 << 20;
  std::size_t budget = 64 << 20;
};

// What a handle knows of its socket. Kept after the close, until the slot is given out again.
struct js_socket {
  bool open = false, closed = false;
  std::uint32_t server = 0;  // that accepted it
  std::vector<std::string> messages;
  std::size_t bytes = 0;  // of messages
  std::uint32_t binary_messages = 0, large_messages = 0;
  std::uint32_t sent = 0, drains = 0;
  std::vector<std::uint32_t> errors;
  std::uint32_t close_aux = 0;
  std::string close_reason;
  std::uint32_t queued_weight = 0, queued_messages = 0;
};

struct js_server {
  std::uint16_t port = 0;
  bool listening = false, closed = false;
  std::uint32_t dropped = 0, drains = 0;
  std::uint32_t gauge = no_slot;  // slot whose first word counts subscribers above the high-water mark
  std::vector<std::uint32_t> errors;
  std::vector<std::uint32_t> connections;
};

class js_side final : private doorbell {
 public:
  explicit js_side(js_options options = {});
  ~js_side() override;
  js_side(const js_side&) = delete;
  js_side& operator=(const js_side&) = delete;

  void start();
  void stop();  // and join
  net::engine& core() { return *engine_; }
  channel& native() { return *channel_; }
  const protocol::memory_budget& budget() const { return budget_; }

  std::uint16_t listen(std::uint32_t id, std::unique_ptr<net::listen_settings> settings);
  std::uint32_t connect(std::unique_ptr<net::connect_settings> settings);  // no_slot: none is left
  // False: above the bound of what may wait here.
  bool send(std::uint32_t slot, const std::string& data, std::uint32_t flags = 0);
  bool publish(std::uint32_t server, const std::string& topic, const std::string& data,
               std::uint32_t flags = 0, std::uint32_t except = no_slot);
  void command(out_kind kind, std::uint32_t connection, std::uint32_t aux = 0,
               const std::string& payload = "");
  // What the kernel has not taken yet.
  std::uint32_t pending_weight(std::uint32_t slot);
  std::uint32_t pending_messages(std::uint32_t slot);
  // The two counts of a slot, (weight, messages), read at once.
  std::pair<std::uint32_t, std::uint32_t> flushed(std::uint32_t slot);
  // Subscribers of the server that are above the high-water mark.
  std::uint32_t above_mark(std::uint32_t server);
  std::size_t overflow_records() const { return overflow_.size(); }

  // Drains, sleeping on the bell between, until `holds`. False, and a failed test: no bell came in time.
  bool run_until(const std::function<bool()>& holds);
  // One drain; true when the budget ended it.
  bool drain();
  // Waits, without draining, until the engine has found the inbound ring full.
  bool wait_full();
  // A drain hands out so many records at most.
  void set_budget(std::uint32_t records) { budget_records_ = records; }

  js_socket& socket(std::uint32_t slot) { return sockets_[slot]; }
  js_server& server(std::uint32_t id) { return servers_[id]; }
  std::uint32_t inbound_used() const;
  std::uint64_t bells() const { return channel_->bells(); }
  // Records for slots that nobody holds; there must be none.
  std::uint32_t strays() const { return strays_; }

  std::function<void(std::uint32_t slot, const std::string& data, bool binary)> on_message;
  std::function<void(std::uint32_t slot)> on_connection, on_open, on_close, on_drain;

 private:
  struct waiting_record {
    std::uint32_t kind_flags, connection, aux;
    std::string data;
  };
  void ring() noexcept override;
  bool wait_bell();
  bool push(std::uint32_t kind_flags, std::uint32_t connection, std::uint32_t aux, const std::string& data,
            bool always);
  std::uint8_t* place(std::size_t size);
  void commit(std::size_t size, std::uint32_t connection, std::uint32_t kind_flags, std::uint32_t aux);
  void publish_records();
  void refill();
  bool run();
  void control(in_kind kind, std::uint32_t connection, std::uint32_t aux, std::string payload);
  void receive(std::uint32_t slot, std::uint32_t flags, const std::uint8_t* payload, std::uint32_t length);
  void release_records();

  const js_options options_;
  protocol::memory_budget budget_;
  std::vector<std::uint64_t> inbound_words_, outbound_words_;
  std::vector<std::uint32_t> table_;
  ring_memory in_, out_;
  std::unique_ptr<channel> channel_;
  std::unique_ptr<net::engine> engine_;
  std::thread thread_;

  std::uint32_t in_head_, in_released_, out_tail_, out_published_, out_head_seen_;
  std::deque<waiting_record> overflow_;
  std::size_t overflow_weight_ = 0;
  bool draining_ = false;
  std::uint32_t budget_records_ = 16384;
  std::map<std::uint32_t, js_socket> sockets_;
  std::map<std::uint32_t, bool> held_;  // slots that a handle holds
  std::map<std::uint32_t, js_server> servers_;
  std::uint32_t strays_ = 0;

  std::mutex mutex_;
  std::condition_variable rung_;
  bool rung_flag_ = false;
};

}  // namespace hawser::bridge::test
