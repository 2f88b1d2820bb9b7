// The engine's inside: the loop, the table of connections, and what connections share.
//
//   a turn:  sleep or not ─► commands ─► socket events ─► timers ─► retry what the sink refused ─► publish
//            ─► commands ─► flush each connection that has output, once ─► publish ─► bury the dead
//
//   joined with other reactors, there are no commands before events, and those behind them become:
//            collect what others handed over ─► commands, unless stalled ─► hand over what was published
//            ─► deliver what was collected
//
// Who outlives whom: connections and servers hold sockets of context_ and are destroyed before it. The sink
// and the budget outlive the reactor.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/net/byte_buffer.hpp"
#include "core/net/connection.hpp"
#include "core/net/control_reader.hpp"
#include "core/net/counter.hpp"
#include "core/net/engine.hpp"
#include "core/net/event_spin.hpp"
#include "core/net/exchange.hpp"
#include "core/net/managed_client.hpp"
#include "core/net/publish_batch.hpp"
#include "core/net/readiness.hpp"
#include "core/net/server.hpp"
#include "core/net/slot_table.hpp"
#include "core/net/wait_review.hpp"
#include "core/protocol/timer_wheel.hpp"

namespace hawser::net {

// Written by the reactor's thread only, read by any.
struct counters {
  counter opened, closed, accepted, messages_in, messages_out, bytes_in, bytes_out, reads, writes, turns,
      dropped, handed, stalls;
};

class reactor {
 public:
  reactor(engine& self, event_sink& sink, protocol::memory_budget& budget, std::uint32_t slots);
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  // From the engine.
  void join(std::uint32_t index, const std::vector<reactor*>& all);
  void run();
  void stop();
  void wake();
  bool flush(std::int64_t milliseconds);
  engine_stats stats() const;
  void begin(std::uint32_t slot);
  void listen(std::uint32_t id);
  slot_table& slots() noexcept { return slots_; }
  connection* find(std::uint32_t slot) const noexcept {
    return slot < connections_.size() ? connections_[slot].get() : nullptr;
  }
  server* find_server(std::uint32_t id) const;
  managed_client* find_client(std::uint32_t slot) const;
  // Null: this reactor runs alone.
  exchange* joined() const noexcept { return exchange_.get(); }
  // Slots are given back by the side that knew the connection last.
  void release(std::uint32_t slot) { slots_.release(slot); }

  // For connections and servers.
  boost::asio::io_context& context() noexcept { return context_; }
#ifdef HAWSER_READINESS
  readiness& ready_sockets() noexcept { return ready_sockets_; }
#endif
  event_sink& sink() noexcept { return sink_; }
  protocol::memory_budget& budget() noexcept { return budget_; }
  counters& count() noexcept { return counters_; }
  // Milliseconds. The same throughout a turn, and what is handled when a sleep ends happens after it.
  std::int64_t now() noexcept {
    if (slept_) refresh_now();
    return now_;
  }
  connection* add(std::uint32_t slot, protocol::role self, std::shared_ptr<const shared_settings> settings);
  template <class Fn>
  void each_connection(Fn fn) {
    for (std::size_t i = 0; i < connections_.size(); i++) {
      if (connections_[i]) fn(*connections_[i]);
    }
  }

  void mark_dirty(connection& c) {
    if (!c.in_dirty) {
      c.in_dirty = true;
      dirty_.push_back(&c);
    }
  }
  void mark_blocked(connection& c);
  void mark_blocked(server& s);
  void mark_blocked(managed_client& c);
  void mark_dirty(managed_client& c) {
    if (!c.in_dirty) {
      c.in_dirty = true;
      dirty_clients_.push_back(&c);
    }
  }
  publish_batch& batch() noexcept { return batch_; }
  // What was published and gathered goes to its subscribers: before anything else is done. `last`: no command
  // is at hand that could come behind it.
  void deliver_batch(bool last = false) {
    if (batch_.from != nullptr) empty_batch(last);
  }
  // Reads are budgeted: false means that this turn has read enough, the connection is called again in the
  // next.
  bool may_read(connection& c);
  // It is to be read again, in the next round of this kind.
  void defer(connection& c);
  // A read is about to happen. Under light load, where the reads before it brought messages, the program is
  // woken now: it takes longer to wake than the read takes.
  void expects_delivery() {
    if (light_ && delivers_) sink_.expect_delivery();
  }
  // A read was processed: under light load what it brought is made visible before anything else is done.
  void delivered_early();
  void has_read(std::size_t bytes) noexcept { turn_bytes_ += bytes; }
  void bury(connection& c);
  void schedule(connection& c, std::int64_t deadline);
  void cancel(connection& c) noexcept { wheel_.cancel(c); }
  void schedule(managed_client& c, std::int64_t deadline) { client_wheel_.schedule(c, deadline); }
  void cancel(managed_client& c) noexcept { client_wheel_.cancel(c); }

  // Memory that one connection uses at a time.
  static constexpr std::size_t read_size = 512 * 1024;
  static constexpr std::size_t plain_size = 256 * 1024;
  // What lies in one of these buffers has readable bytes behind it, as parsers want that read ahead.
  static constexpr std::size_t slack = 64;
  bool has_slack(const std::uint8_t* at) const noexcept {
    const std::less_equal<> upto;
    return (upto(read_buffer_.get(), at) && upto(at, read_buffer_.get() + read_size)) ||
           (plain_buffer_ && upto(plain_buffer_.get(), at) && upto(at, plain_buffer_.get() + plain_size));
  }
  std::uint8_t* read_buffer() noexcept { return read_buffer_.get(); }
  std::uint8_t* plain_buffer();
  std::vector<std::uint8_t>& cipher_scratch() noexcept { return cipher_scratch_; }
  std::vector<std::uint8_t>& inflate_scratch() noexcept { return inflate_scratch_; }
  std::vector<std::uint8_t>& deflate_scratch() noexcept { return deflate_scratch_; }
  std::vector<std::uint8_t>& client_scratch() noexcept { return client_scratch_; }
  void trim(std::vector<std::uint8_t>& scratch);
  control_reader& controls() {
    if (!controls_) controls_ = std::make_unique<control_reader>();
    return *controls_;
  }
  byte_buffer take_buffer();
  void give_buffer(byte_buffer&& buffer);
  protocol::inflater& shared_inflater(int window_bits);
  protocol::deflater& shared_deflater(int window_bits, int level, int mem_level);
  const std::uint8_t* next_mask();

 private:
  void turn();
  void sleep();
  void gather_events();
  bool prepare_sleep();
  std::uint32_t run_joined();
  bool await_event();
  bool something_to_do() noexcept;
  void review_wait();
  std::uint32_t run_early();
  void note_deliveries() noexcept;
  void publish();
  void flush_dirty();
  void empty_batch(bool last);
  void retry_blocked();
  void settle_clients();
  void run_deferred();
  void run_timers();
  void arm_timer();
  void reap();
  void answer_flush(std::uint32_t asked, std::uint32_t commands);
  void refresh_now() noexcept;
  static std::int64_t steady_now() noexcept;

  engine& engine_;
  event_sink& sink_;
  protocol::memory_budget& budget_;
  boost::asio::io_context context_;
#ifdef HAWSER_READINESS
  readiness ready_sockets_{context_};
  std::uint32_t turns_without_asio_ = 0;
#endif
  boost::asio::steady_timer timer_;
  std::int64_t timer_at_ = 0;  // 0: not armed
  protocol::timer_wheel wheel_;
  protocol::timer_wheel client_wheel_;  // finer: batches and conflation wait a few milliseconds
  slot_table slots_;
  counters counters_;
  std::atomic<bool> stopping_{false};

  std::int64_t now_ = 0;
  bool slept_ = false;  // since now_ was read
  std::size_t turn_bytes_ = 0;
  std::uint32_t last_commands_ = 0;
  bool light_ = false;     // the last wait blocked: events come one by one
  bool delivers_ = false;  // the last light turn brought messages
  event_spin spin_;
  wait_review review_;
  std::uint64_t delivered_seen_ = 0;
  std::vector<connection*> dirty_, dirty_now_;
  publish_batch batch_;
  std::vector<connection*> blocked_, blocked_now_;
  std::vector<connection*> deferred_, deferred_now_;
  std::vector<server*> blocked_servers_;
  std::vector<managed_client*> dirty_clients_, dirty_clients_now_, blocked_clients_;
  std::vector<std::unique_ptr<connection>> graves_;

  std::unique_ptr<std::uint8_t[]> read_buffer_;
  std::unique_ptr<std::uint8_t[]> plain_buffer_;
  std::vector<std::uint8_t> cipher_scratch_, inflate_scratch_, deflate_scratch_, client_scratch_;
  std::vector<byte_buffer> spare_;
  std::size_t spare_bytes_ = 0;
  std::array<std::unique_ptr<protocol::inflater>, 16> inflaters_;
  std::unordered_map<std::uint32_t, std::unique_ptr<protocol::deflater>> deflaters_;
  std::unique_ptr<control_reader> controls_;
  std::array<std::uint8_t, 4096> masks_;
  std::size_t mask_at_ = sizeof(masks_);

  std::unordered_map<std::uint32_t, std::unique_ptr<server>> servers_;
  std::unordered_map<std::uint32_t, std::unique_ptr<managed_client>> clients_;  // by slot
  std::vector<std::unique_ptr<connection>> connections_;  // by slot; they refer to clients and servers
  std::unique_ptr<exchange> exchange_;

  // flush(): asked by another thread, answered by the loop.
  std::mutex flush_mutex_;
  std::condition_variable flush_done_;
  std::atomic<std::uint32_t> flush_wanted_{0};  // the number of the one that waits; 0: none
  std::uint32_t flushes_ = 0, flush_answered_ = 0;
  bool running_ = false;
};

}  // namespace hawser::net
