// The engine's end of one pair of rings: events become records, records become calls of the engine.
//
// Used by the reactor's thread, but for the two buffer stores, which both threads use. The ring memory
// outlives the channel (the runtime holds it), the doorbell too; the engine is made after the channel and
// destroyed before it.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/buffer_store.hpp"
#include "bridge/records.hpp"
#include "bridge/ring.hpp"
#include "core/net/engine.hpp"
#include "core/net/event_sink.hpp"

namespace hawser::bridge {

// Wakes the consumer of the inbound ring, from the reactor's thread.
class doorbell {
 public:
  virtual ~doorbell() = default;
  virtual void ring() noexcept = 0;
};

class channel final : public net::event_sink {
 public:
  // `table` has two words a slot and is aligned to both.
  channel(ring_memory inbound, ring_memory outbound, std::span<std::uint32_t> table, doorbell& bell);

  buffer_store& inbound_buffers() noexcept { return inbound_buffers_; }
  buffer_store& outbound_buffers() noexcept { return outbound_buffers_; }
  std::uint64_t bells() const noexcept { return bells_.load(std::memory_order_relaxed); }

  bool message(std::uint32_t slot, net::message_flags flags, std::span<const std::uint8_t> payload) override;
  bool owned_message(std::uint32_t slot, net::message_flags flags,
                     std::vector<std::uint8_t>& payload) override;
  bool event(net::event_kind kind, std::uint32_t connection, std::uint32_t aux,
             std::span<const std::uint8_t> payload) override;
  bool record(const net::client_record& what) override;
  std::size_t owned_threshold() const override { return large_threshold; }
  bool room() override;
  void flushed(std::uint32_t slot, std::uint32_t weight, std::uint32_t messages) override;
  bool commands_waiting() override { return commands_.waiting(); }
  std::uint32_t run_commands(net::engine& target) override;
  std::uint32_t commands_mark() override { return commands_.arrived(); }
  bool commands_past(std::uint32_t mark) override { return commands_.past(mark); }
  void commands_done() override;
  void expect_delivery() override;
  void publish() override;
  bool prepare_sleep() override { return commands_.prepare_sleep(); }
  void awake() override { commands_.awake(); }

 private:
  bool push(std::uint32_t connection, std::uint32_t kind_flags, std::uint32_t aux,
            std::span<const std::uint8_t> payload);
  bool put_large(std::uint32_t connection, std::uint32_t kind_flags, std::uint32_t aux,
                 std::vector<std::uint8_t>& payload);
  void pushed();
  void run(net::engine& target, const ring_consumer::record& record);
  void run_publish(net::engine& target, const ring_consumer::record& record, net::send_flags flags);
  void run_publish_to(net::engine& target, const ring_consumer::record& record, net::send_flags flags);
  std::span<std::uint8_t> large_payload(const ring_consumer::record& record);
  void run_client_send(net::client_port* client, const ring_consumer::record& record);
  void run_client_form(net::client_port* client, const ring_consumer::record& record);
  void run_membership(net::engine& target, const ring_consumer::record& record, net::send_flags flags);
  void ring() noexcept;

  ring_producer events_;
  ring_consumer commands_;
  std::span<std::uint32_t> table_;
  doorbell& bell_;
  buffer_store inbound_buffers_;
  buffer_store outbound_buffers_;
  std::size_t command_bytes_ = 0;                // of this turn; 0 where a publish has them end
  std::vector<std::string_view> topics_;         // of the record that is run
  std::string answer_;                           // the same
  std::vector<std::vector<std::uint8_t>> used_;  // large payloads of this turn's commands
  std::atomic<std::uint64_t> bells_{0};
};

}  // namespace hawser::bridge
