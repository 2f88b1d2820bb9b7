// A managed client on its reactor: the shell around client_core. Its links are connections that report to it;
// what it hands to JavaScript are records under its own slot.
//
//   connection ─► message() ─► client_inbox ─► control, replies ─► client_core
//                                  └─► routes, shapers ─┐
//   client_core ─► state, settled … ────────────────────┴─► record() ─► event_sink      (held while that has
//   no room)
//
// Everything runs on the reactor's thread. The reactor owns it, settles it once a turn, and destroys it when
// finished(): then no connection refers to it any more. The sink outlives it.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "core/client/client_core.hpp"
#include "core/client/message_form.hpp"
#include "core/net/client_inbox.hpp"
#include "core/net/client_port.hpp"
#include "core/net/client_store.hpp"
#include "core/net/connection.hpp"
#include "core/net/event_sink.hpp"
#include "core/net/reply_batch.hpp"
#include "core/net/settings.hpp"
#include "core/protocol/timer_wheel.hpp"

namespace hawser::net {

class managed_client final : public protocol::timer_node,
                             public client_port,
                             public connection_events,
                             private client::client_host,
                             private inbox_owner {
 public:
  managed_client(reactor& owner, std::uint32_t slot, std::unique_ptr<client_settings> settings);
  ~managed_client() override;
  managed_client(const managed_client&) = delete;
  managed_client& operator=(const managed_client&) = delete;

  // client_port: what JavaScript asks.
  void connect() override;
  void disconnect(std::uint16_t code, std::string_view reason) override;
  void reconnect() override;
  void set_token(token_use how, std::string_view name, std::string_view value) override;
  void fail_token(bool final, std::string_view detail) override;
  void add_route(std::uint32_t route, std::string_view json) override;
  void remove_route(std::uint32_t route) override;
  void interest(bool untyped, bool binary, bool asking) override;
  void send(const client_message& message) override;
  void form(std::uint32_t number, std::string_view text) override;
  void send(const formed_message& message) override;
  void cancel(std::uint32_t token) override;
  void answered(bool ack, std::string_view id) override;
  void refused(std::string_view id) override;
  void say(std::uint32_t link, std::span<const std::uint8_t> frames) override;
  void admit(admission how, std::uint32_t link, std::string_view why) override;
  void rooms(bool wanted, std::uint32_t link) override;
  void clear_queue() override;
  void snapshot(std::uint32_t token, std::uint32_t most) override;
  void go() override;
  void wait() override { started_ = false; }
  void dispose() override;

  // connection_events: what the links report.
  bool message(std::uint32_t slot, message_flags flags, std::span<const std::uint8_t> payload) override;
  bool owned_message(std::uint32_t slot, message_flags flags, std::vector<std::uint8_t>& payload) override;
  bool event(event_kind kind, std::uint32_t slot, std::uint32_t aux,
             std::span<const std::uint8_t> payload) override;
  std::size_t owned_threshold() const override { return ~std::size_t{0}; }
  void flushed(std::uint32_t, std::uint32_t, std::uint32_t) override {}

  // Called by the reactor.
  void settle();          // once a turn, when marked
  void before_publish();  // of the sink: what goes along with what it shows
  void on_timer();
  void on_room();  // the sink may have room again
  bool finished() const noexcept { return finished_; }
  std::uint32_t slot() const noexcept { return slot_; }

  // Which reactor lists hold this client.
  bool in_dirty = false, in_blocked = false;

 private:
  // One dial or open connection; several while a round runs, or while one that was given up says goodbye.
  struct link {
    std::uint32_t number;
    std::uint32_t slot;
    connection* socket;  // null: it has ended
    bool open = false;
    bool dropped = false;  // the core wants to hear nothing of it
    client::link_end end;
  };
  // A record that the sink had no room for.
  struct held_record {
    client_record what;
    std::vector<std::uint8_t> payload;
  };

  // client_host: what the core does.
  void dial(std::uint32_t link, client::endpoint_index endpoint) override;
  void close(std::uint32_t link, std::uint16_t code, std::string_view reason) override;
  void drop(std::uint32_t link) override;
  void send(std::uint32_t link, std::span<const std::uint8_t> payload, bool binary, bool compress) override;
  void send_control(std::uint32_t link, std::string_view text, bool binary) override;
  std::size_t room(std::uint32_t link) override;
  void state_changed(const client::state_report& report) override;
  void want_token(client::token_reason why, std::uint32_t tokens) override;
  void settled(std::uint32_t token, client::settlement how) override;
  void dropped(client::settlement why) override;
  void stored_done(std::uint64_t key) override;
  client::time_ms wall_ahead() override;

  // inbox_owner: what the inbox finds.
  void record(const client_record& what) override;
  void answer(std::uint32_t token, std::span<const std::uint8_t> payload, bool ascii) override;
  bool ready() const override { return held_.empty(); }
  // A program that sets its handlers when it has become connected misses nothing: until then the first
  // message waits, and with it the reading. What comes before, an answer to the token say, is read.
  bool may_take() override {
    return held_.empty() && (started_ || core_.state() != client::client_state::connected);
  }
  client::client_core& core() override { return core_; }
  void reply_control(std::string_view text) override;
  std::int64_t microseconds() const override;
  client::time_ms now() const override;

  link* find(std::uint32_t number);
  link* find_slot(std::uint32_t slot);
  std::unique_ptr<connect_settings> settings_for(client::endpoint_index endpoint) const;
  void on_open(link& of, std::string_view fields);
  void on_response(link& of, std::uint32_t status, std::string_view fields);
  void on_close(link& of, std::uint32_t aux, std::string_view reason);
  void notice(client_notice kind, std::span<const std::uint8_t> payload);
  void hand_up(const client_record& what);
  void send_replies();
  void send_settled();
  void send_dropped();
  bool release_held();
  void account();
  void open_store();
  void finish();
  void mark();

  reactor& reactor_;
  const std::uint32_t slot_;
  const std::unique_ptr<client_settings> settings_;
  std::vector<std::shared_ptr<const shared_settings>> shared_;  // by endpoint, made when first dialled
  client::client_core core_;
  client_inbox inbox_;
  std::unique_ptr<client_store> store_;
  std::vector<client::message_form> forms_;  // number 1 first
  // The message that is being written; more room than this is not kept from one to the next.
  static constexpr std::size_t kept_text = 4096;
  std::string formed_;
  std::vector<link> links_;
  std::vector<std::uint32_t> ended_;      // numbers of links whose end the core has to hear
  std::list<held_record> held_;           // nearly always empty, and costs nothing then
  std::unique_ptr<reply_batch> replies_;  // of this turn; made with the first
  std::vector<std::uint32_t> settled_;    // token, settlement, token …
  std::array<std::uint32_t, 8> dropped_{};
  bool any_dropped_ = false;
  token_use token_use_ = token_use::none;
  std::string token_name_;
  std::string token_value_;
  std::uint32_t weight_ = 0;    // of all that JavaScript sent, modulo 2^32
  std::uint32_t messages_ = 0;  // the same, counted
  bool drain_armed_ = false;
  bool started_ = false;    // the program takes messages: it had its turn after the first connection
  bool disposing_ = false;  // the program has ended the client: what it sent still goes out
  bool left_ = false;       // and is out, or was given up
  bool closing_ = false;    // the last record was made
  bool finished_ = false;
};

}  // namespace hawser::net
