// A managed client without its network: the machine of its states, its endpoints, the queue of what it sends,
// the table of its requests, its heartbeats. Pure but for the host it drives; times are passed in.
//
//   program ─► connect, send, request … ─┐                        ┌─► dial, send, close …      (client_host)
//                                        ├─► client_core ─────────┤
//   network ─► opened, ended, flushed … ─┘                        └─► state, settled, dropped … (client_host)
//
// After any call the shell asks next_deadline(). Lives on one thread; the host outlives it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/client_gauges.hpp"
#include "core/client/client_host.hpp"
#include "core/client/client_machine.hpp"
#include "core/client/dial_round.hpp"
#include "core/client/endpoint_set.hpp"
#include "core/client/request_table.hpp"
#include "core/client/send_batch.hpp"
#include "core/client/send_queue.hpp"
#include "core/client/send_shaper.hpp"
#include "core/metrics/histogram.hpp"

namespace hawser::client {

// When messages are acknowledged: where the server speaks our subprotocol, always, never.
enum class ack_mode : std::uint8_t { by_protocol = 0, always = 1, never = 2 };

inline constexpr std::string_view own_protocol = "hawser.v1";

struct core_settings {
  std::size_t endpoints = 1;
  std::vector<endpoint_record> known;  // of the first endpoints, by an earlier client
  endpoint_settings endpoint;
  machine_settings machine;
  bool adaptive = true;  // the policy follows what is known of the endpoint
  queue_settings queue;
  request_settings requests;
  ack_mode acks = ack_mode::by_protocol;
  batch_settings batch;
  time_ms leave_timeout = 0;       // what leave() waits for; 0: no limit
  bool gated = false;              // an open link waits for on_auth(), with or without a token
  time_ms heartbeat_interval = 0;  // of heartbeat messages; 0: none
  time_ms heartbeat_timeout = 0;   // 0: an answer is not waited for
  std::uint64_t seed = 0;
};

class client_core final : private queue_events {
 public:
  client_core(const core_settings& settings, client_host& host, client_gauges& gauges);
  client_core(const client_core&) = delete;
  client_core& operator=(const client_core&) = delete;

  // The program.
  void connect(time_ms now);
  void disconnect(time_ms now, std::uint16_t code, std::string_view reason);
  void reconnect(time_ms now);
  // `first_message` is not empty where the token travels in a message: the text that opens each link.
  void set_token(time_ms now, std::string_view first_message);
  void fail_token(time_ms now, bool final);
  // False: not accepted; its token, if it has one, was settled.
  bool send(const core_message& message, time_ms now);
  void cancel(std::uint32_t token, time_ms now);
  void clear_queue(time_ms now);
  std::vector<queued_message> snapshot(time_ms now, std::size_t most) const {
    return out_ ? out_->queue.snapshot(now, most) : std::vector<queued_message>{};
  }
  // Gives up everything and settles what waits; no link is left. The client is at its end.
  void end(time_ms now);
  // Lets out what was sent, without waiting for acks and replies, and is at its end then: at once where there
  // is no link. The shell asks left() after each turn.
  void leave(time_ms now);
  bool left(time_ms now);
  // It did not get everything out in time.
  bool leave_expired(time_ms now) const noexcept { return leave_until_ != 0 && now >= leave_until_; }

  // The store. Nothing is sent before it has been read.
  void hold_sending() noexcept { held_ = true; }
  void release_sending(time_ms now);
  push_result restore(const outgoing& message, time_ms now) { return out().queue.restore(message, now); }

  // While rooms are wanted, a new link carries only what is sent for it by its number, with which the program
  // enters its rooms again, until it is let go here. `link` 0: none is.
  void want_rooms(bool wanted, std::uint32_t link, time_ms now);

  // Links.
  void link_opened(std::uint32_t link, std::string_view protocol, time_ms now);
  void link_ended(std::uint32_t link, link_end how, time_ms now);
  void link_flushed(std::uint32_t link, std::size_t messages, time_ms now);
  void link_has_room(std::uint32_t link, time_ms now);
  void on_pong(std::int64_t microseconds);

  // Control messages, by what they carry. True: it was waited for.
  bool on_ack(std::string_view id, time_ms now);
  // The server will not have this message: it is not sent again, and leaves the store.
  void on_refusal(std::string_view id, time_ms now);
  std::optional<std::uint32_t> on_reply(std::string_view correlation_id);
  bool on_heartbeat_ack(std::int64_t now_microseconds);
  // The peer of the open link has been silent for too long: the link is lost.
  void on_silence(std::string_view why, time_ms now);
  // The answer to the token that opened the link.
  bool on_auth(bool accepted, std::string_view why, time_ms now);
  void on_token_expired() noexcept { machine_.token_expired(); }

  void timer(time_ms now, std::int64_t now_microseconds);
  time_ms next_deadline(time_ms now) noexcept;

  client_state state() const noexcept { return machine_.state(); }
  bool speaks_own_protocol() const noexcept { return protocol_ == own_protocol; }
  std::uint32_t link() const noexcept { return link_; }  // the open one, 0: none
  // Payload bytes and messages inside: accepted, not done, not given up.
  std::size_t bytes() const noexcept { return out_ ? out_->queue.bytes() + out_->shaper.bytes() : 0; }
  std::size_t messages() const noexcept;
  std::size_t requests() const noexcept { return requests_ ? requests_->pending() : 0; }
  // A reply may come, late ones included.
  bool has_made_requests() const noexcept { return requests_ != nullptr; }
  const endpoint_set& endpoints() const noexcept { return endpoints_; }
  // Brings the counters up to date; not needed for the client to work.
  void publish();

 private:
  struct dialing {
    std::uint32_t link;
    endpoint_index endpoint;
    time_ms since;
  };
  // What a client that only listens does without.
  struct sending {
    sending(const core_settings& settings, queue_events& events)
        : queue(settings.queue, events), gate(settings.batch) {}
    send_queue queue;
    send_shaper shaper;
    batch_gate gate;
    batch_text joined;
    std::deque<std::uint32_t> frames;  // messages in each frame that the link has, where it gets batches
  };
  sending& out();

  void settled(const outgoing& message) override;
  void dropped(const outgoing& message, drop_reason reason) override;

  void perform(const client_actions& actions, time_ms now);
  void report(const client_action& action);
  void begin_round(const client_action& action, time_ms now);
  void start_dials(time_ms now);
  void drop_round(bool failed, time_ms now);
  void round_failed(time_ms now);
  void lose_link(time_ms now);
  void accept_link(time_ms now);
  void pump(time_ms now);
  void pump_joined(time_ms now);
  std::size_t send_joined(time_ms now);
  bool enqueue(const core_message& message, time_ms now);
  bool send_past(const core_message& message, time_ms now);
  bool await_reply(const outgoing& data, time_ms deadline, time_ms now);
  bool pumps() const noexcept { return ready_ && !held_ && !joining_; }
  void release_shaped(time_ms now);
  bool joins() const noexcept {
    return settings_.batch.max > 1 && (settings_.batch.always || speaks_own_protocol());
  }
  std::array<line_state, priorities> lines() const noexcept;
  bool acks() const noexcept;
  void beat(time_ms now, std::int64_t now_microseconds);
  outcome outcome_of(const link_end& how, endpoint_index e, time_ms now) const;

  const core_settings settings_;
  client_host& host_;
  client_gauges& gauges_;
  client_machine machine_;
  endpoint_set endpoints_;
  dial_round round_;
  dial_plan plan_;
  std::vector<dialing> dials_;
  std::unique_ptr<sending> out_;                 // made for the first message
  std::unique_ptr<request_table> requests_;      // made for the first request
  std::unique_ptr<metrics::histogram> latency_;  // made for the first figure
  double smoothed_latency_ = 0;                  // milliseconds

  std::uint32_t round_number_ = 0;  // the machine's number of the round
  std::uint32_t tokens_ = 0;        // set so far
  std::uint32_t round_tokens_ = 0;  // of them when the round began
  std::uint32_t next_link_ = 1;
  std::uint32_t link_ = 0;  // the winner of the round, open
  endpoint_index endpoint_ = 0;
  bool authenticating_ = false;  // link_ is open, its token not yet accepted
  bool ready_ = false;           // link_ carries messages
  bool held_ = false;            // the store has not been read
  bool rooms_wanted_ = false;
  bool joining_ = false;  // link_ is open, the program's joins have not gone ahead yet
  bool ended_ = false;
  bool leaving_ = false;
  bool flushing_ = false;  // nothing waits for company
  time_ms leave_until_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t given_up_ = 0;  // at the end, that no store keeps
  std::string protocol_;
  std::string first_message_;
  link_end last_end_;
  bool has_end_ = false;
  std::uint64_t messages_out_ = 0, bytes_out_ = 0;  // handed to links
  time_ms opened_at_ = 0;
  time_ms connected_for_ = 0;   // in all, before the present link
  time_ms first_connect_ = 0;   // 0: never asked to
  time_ms next_beat_ = 0;       // 0: none due
  time_ms beat_deadline_ = 0;   // the answer is due
  std::int64_t beat_sent_ = 0;  // microseconds
  // Tokens whose message is given up on the way to settling them otherwise.
  std::uint32_t cancelling_ = 0;
  std::uint32_t expiring_ = 0;
};

}  // namespace hawser::client
