// One WebSocket connection of either role on its reactor: transport, handshake, frames, close, timers.
// The shell around the state machines of core/protocol: it performs what they decide.
//
//   bytes in:   TCP or pipe ─► (TLS) ─► HTTP upgrade, then frame decoder ─► (inflate) ─► event_sink
//   bytes out:  send() ─► (deflate) ─► frame ─► out_ ─► once a turn: flush() ─► (TLS) ─► TCP or pipe
//
// Implementation files: connection.cpp (life cycle, timers, events), connection_dial.cpp,
// connection_handshake.cpp, connection_carry.cpp, connection_read.cpp, connection_screen.cpp,
// connection_write.cpp, connection_replay.cpp. Everything runs on the reactor's thread. The reactor owns
// connections and destroys one when its close event was delivered and no asynchronous operation refers to it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hub/rate_gate.hpp"
#include "core/net/byte_buffer.hpp"
#include "core/net/dialer.hpp"
#include "core/net/engine.hpp"
#include "core/net/settings.hpp"
#include "core/net/tls_session.hpp"
#include "core/net/transport.hpp"
#include "core/protocol/close.hpp"
#include "core/protocol/handshake.hpp"
#include "core/protocol/heartbeat.hpp"
#include "core/protocol/message_decoder.hpp"
#include "core/protocol/timer_wheel.hpp"

namespace hawser::net {

class published;
class server;
class topic;
class replay_queue;

// Settings of all connections of a server, or of one client connection, with what the decoder needs.
struct shared_settings {
  shared_settings(const socket_settings& values, protocol::role self, protocol::memory_budget& budget,
                  connection_events& events);
  socket_settings values;
  connection_events& events;  // outlives the connections
  bool timed_pings = false;   // pings carry the time, so that pongs tell the round trip
  protocol::decoder_settings plain;
  protocol::decoder_settings deflated;
};

// Bytes that may be under way between a connection and a JavaScript stream before they are acknowledged.
inline constexpr std::uint32_t pipe_window = 256 * 1024;
inline constexpr std::size_t pipe_chunk = 64 * 1024;

// What a policy has left out.
struct later_counts {
  std::uint32_t dropped = 0, conflated = 0;
};

class connection : public protocol::timer_node {
 public:
  connection(reactor& owner, std::uint32_t slot, protocol::role self,
             std::shared_ptr<const shared_settings> settings);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // How it begins.
  void dial(std::unique_ptr<connect_settings> settings);
  void serve(socket_handle socket, server& owner);
  void adopt(std::unique_ptr<adopt_settings> settings, server& owner);
  void orphan();  // it was to be adopted by a server that is gone: reports error and close

  // Commands. Harmless in every state.
  void send(std::span<std::uint8_t> payload, send_flags flags);
  void control(protocol::opcode op, std::span<const std::uint8_t> payload);
  void close(std::uint16_t code, std::string_view reason);
  void terminate();
  void pause();
  void resume();
  void set_interest(bool ping, bool pong) noexcept;
  void accept(std::string_view fields);
  void reject(std::string_view answer);
  void carry();  // answer to a request that is no upgrade: its bytes, and all that follow, are JavaScript's
  void pipe_data(std::span<std::uint8_t> bytes);
  void pipe_ack(std::uint32_t bytes);
  void pipe_end(bool broken);
  void set_user(std::string_view user);  // whose rate it counts against, too
  void shutdown_server();                // 1001, or an end at once where the handshake is not done

  // Topics.
  void subscribe(std::string_view name);
  void unsubscribe(std::string_view name);
  // A frame that was encoded for all: false when this peer is above its bound and the frame was left out.
  bool publish_frame(std::span<const std::uint8_t> frame);
  // Several messages at once, all or none. `at_once`: the kernel may have them before the turn's flush.
  // False: they have to be offered one by one.
  bool publish_frames(std::span<const std::uint8_t> frames, std::uint32_t messages, bool at_once);
  // The same as publish_frame() where the payload has to be compressed with this connection's own context.
  // Only reads the payload: a server does not mask.
  bool publish_message(std::span<const std::uint8_t> payload, send_flags flags);
  void subscribe_from(const replay_request& what);
  // A kept message, at once or when what went before it has drained.
  void replay(const std::shared_ptr<const published>& message);
  // Older messages are still on their way: what is published now goes behind them. False as above.
  bool replaying() const noexcept { return extra_ && extra_->replay; }
  bool publish_later(const std::shared_ptr<const published>& message);
  // The same where policy says what gives way: older messages, or one of the same key.
  void publish_later(const std::shared_ptr<const published>& message, std::string key, later_counts& counts);
  // Something waits for the kernel, and with so many bytes more it would be above the high-water mark.
  bool crowded_by(std::size_t bytes) const noexcept;
  // Policy for a subscriber above its bound.
  void drop_slow();
  // Where it is subscribed, with its place among the subscribers; null: nowhere. Kept by topic_table.
  std::vector<std::pair<topic*, std::uint32_t>>* topics() noexcept {
    return extra_ ? &extra_->topics : nullptr;
  }
  std::vector<std::pair<topic*, std::uint32_t>>& own_topics() { return extra().topics; }

  // Called by the transport.
  void on_readable();
  void on_writable() { flush(); }
  void begin_operation() noexcept { operations_++; }
  void end_operation() noexcept { operations_--; }

  // Called by the reactor.
  void flush();
  void on_room();  // the sink may have room again
  void on_timer();
  void read_deferred() { on_readable(); }
  bool finished() const noexcept { return finished_; }
  bool unreferenced() const noexcept { return operations_ == 0; }
  std::size_t waiting_output() const noexcept { return pending_output(); }
  bool has_output() const noexcept { return pending_output() > 0 || replaying(); }

  std::uint32_t slot() const noexcept { return slot_; }
  const shared_settings& settings() const noexcept { return *settings_; }
  server* owner() const noexcept { return server_; }
  bool is_open() const noexcept { return phase_ == phase::open && close_.may_send(); }
  bool deflates() const noexcept { return deflate_ != nullptr; }
  // Compressed frames may be shared with other connections of the same window size; 0: they may not.
  int shared_deflate_bits() const noexcept;

  // Which reactor lists hold this connection.
  bool in_dirty = false, in_blocked = false, in_deferred = false;
  // The latest message to several topics that it got.
  std::uint32_t union_mark = 0;

 private:
  enum class phase : std::uint8_t {
    dialing,
    securing,
    upgrading,
    deciding,
    carrying,
    open,
    discarding,
    closed
  };
  enum pending_event : std::uint16_t {
    pending_open = 1,
    pending_upgrade = 2,
    pending_connection = 4,
    pending_response = 8,
    pending_drain = 16,
    pending_sent = 32,
    pending_pipe_ack = 64,
    pending_pipe_end = 128,
    pending_error = 256,
    pending_close = 512,
  };

  // Input that could not be processed: the sink had no room, or the program paused.
  struct held_input {
    bool has_message = false;
    message_flags flags;
    std::vector<std::uint8_t> message;
    std::vector<std::uint8_t> plain;
    std::vector<std::uint8_t> cipher;
    bool ended = false;
    error_info end_error;
  };

  // Only until the connection is open.
  struct opening {
    std::unique_ptr<connect_settings> client;
    std::shared_ptr<dialer> dial;
    std::string remote_address;
    std::uint16_t remote_port = 0;
    std::unique_ptr<protocol::upgrade_request_parser> request;
    std::unique_ptr<protocol::upgrade_response_parser> response;
    protocol::deflate_options agreed;
    bool deflate = false;
    std::string extensions;  // the header value of our answer
  };

  struct deflate_state {
    protocol::deflate_options agreed;
    std::unique_ptr<protocol::inflater> inflate;  // null: the reactor's shared one
    std::unique_ptr<protocol::deflater> deflate;  // null: the reactor's shared one
  };

  // What few connections need.
  struct rare {
    std::string detail;  // fields of open, connection, upgrade or response
    std::uint32_t detail_aux = 0;
    error_info error;
    std::string close_reason;
    std::uint32_t close_aux = 0;
    std::vector<std::uint64_t>
        notify;  // stream positions at which sends with a callback end, from notify_first on
    std::size_t notify_first = 0;
    std::uint32_t sent = 0;
    std::uint32_t pipe_consumed = 0;
    std::uint32_t pipe_unacked = 0;  // bytes written to the pipe and not acknowledged
    bool pipe_end_broken = false;
    byte_buffer cipher;     // encrypted, not yet taken by the kernel
    byte_buffer published;  // frames that wait for the last fragment of the message that is being sent
    std::vector<std::uint8_t> pong;  // the one pong that waits behind a full send queue
    std::vector<std::pair<topic*, std::uint32_t>> topics;
    std::unique_ptr<replay_queue> replay;  // null: nothing waits to be sent again

    rare();
    ~rare();
    // Nothing is kept any more.
    bool idle() const noexcept {
      return detail.empty() && !error && close_reason.empty() && notify.empty() && sent == 0 &&
             pipe_consumed == 0 && pipe_unacked == 0 && cipher.empty() && published.empty() && pong.empty() &&
             topics.empty() && !replay;
    }
  };

  // connection.cpp
  rare& extra();
  void raise(std::uint16_t event);
  bool deliver_pending();
  void block();
  void set_error(error_info error);
  void perform(const protocol::close_action& action, std::string_view send_reason,
               std::string_view remote_reason);
  void fail(error_info error, std::uint16_t close_code);
  void fail_opening(error_info error);
  void close_transport();
  void transport_ended(error_info error);
  void end_hidden();
  void set_deadline(std::int64_t milliseconds);
  void schedule();
  void restart_idle();
  void send_ping();
  bool visible() const noexcept { return visible_; }

  // connection_dial.cpp
  void on_dialed(dial_result result);
  void send_request();
  void upgrade_client(std::span<std::uint8_t>& input);
  void judge_response(protocol::upgrade_response_parser::result result);

  // connection_handshake.cpp
  void begin_tls(std::shared_ptr<tls_context> context, bool client, const std::string& host,
                 const std::string& key);
  void on_secure();
  void upgrade_server(std::span<std::uint8_t>& input);
  void refuse(int status, std::string_view message, const header_list& headers = {});
  void complete_upgrade(std::string_view protocol, const header_list& headers);
  void enter_open();
  std::string describe_tls(bool client) const;
  std::string describe_request(std::string_view protocol) const;

  // connection_carry.cpp
  void carry_up(std::span<const std::uint8_t> input);
  void carry_down(std::span<const std::uint8_t> bytes);
  void end_carrying(bool broken);
  std::uint32_t pipe_taken();  // bytes of pipe_data that may be acknowledged

  // connection_read.cpp
  void arm_read();
  void on_bytes(std::span<std::uint8_t> bytes);
  void feed_tls(std::span<const std::uint8_t> cipher);
  void on_plain(std::span<std::uint8_t> plain);
  void decode(std::span<std::uint8_t> input);
  bool deliver(const protocol::decoded& what);
  bool deliver_reviewed(const protocol::decoded& what, message_flags flags, bool screened);
  bool hand_over(const protocol::decoded& what, std::span<const std::uint8_t> payload, message_flags flags);
  bool hand_over_owned(const protocol::decoded& what, std::span<const std::uint8_t> payload,
                       message_flags flags);
  void let_go(const protocol::decoded& what);
  void put_aside(const protocol::decoded& what, std::vector<std::uint8_t> message, message_flags flags);
  bool inflate(const protocol::decoded& what, std::vector<std::uint8_t>& out, message_flags& flags);
  void on_control(const protocol::decoded& what);
  void on_close_frame(std::span<const std::uint8_t> payload);
  void on_end(error_info error);
  held_input& hold();
  void replay_held();
  bool stalled() const noexcept { return blocked_ || paused_; }

  // connection_screen.cpp
  bool enter(std::string_view address);
  bool sends_too_much() const noexcept;
  bool screen(std::span<const std::uint8_t> payload, message_flags flags);
  bool answer_heartbeat(std::span<const std::uint8_t> payload);
  void refuse_message(const hub::rate_gate::verdict& verdict, std::span<const std::uint8_t> payload);
  bool may_answer() const noexcept;
  void write_answer(std::string_view text);
  std::span<const std::uint8_t> with_slack(std::span<const std::uint8_t> payload);

  // connection_replay.cpp
  void write_published(const published& message);
  bool send_later(std::span<const std::uint8_t> payload, send_flags flags);
  void pump_replay(std::size_t upto);

  // connection_write.cpp
  byte_buffer& output();
  void write_frame(protocol::opcode op, bool fin, bool rsv1, std::span<const std::uint8_t> payload);
  std::size_t write_through(std::span<const std::uint8_t> bytes);
  void write_data(std::span<std::uint8_t> payload, send_flags flags);
  void write_direct(protocol::opcode op, bool fin, std::span<std::uint8_t> payload);
  std::size_t pending_output() const noexcept { return out_.size() + (extra_ ? extra_->cipher.size() : 0); }
  void flush_pipe();
  void flush_socket();
  bool flush_tls();
  std::size_t write_bytes(std::span<const std::uint8_t> bytes, boost::system::error_code& ec);
  bool on_write_error(const boost::system::error_code& ec);
  bool write_some(byte_buffer& from);
  bool write_cipher(std::vector<std::uint8_t>& cipher);
  void append_cipher(std::vector<std::uint8_t>& cipher);
  void account();
  void arm_write();
  void after_flush();
  void note_mark();
  void note_buffered(std::size_t bytes);

  reactor& reactor_;
  transport transport_;
  server* server_ = nullptr;
  std::shared_ptr<const shared_settings> settings_;
  const std::uint32_t slot_;
  const protocol::role self_;
  phase phase_ = phase::upgrading;
  bool visible_ : 1 = false;  // JavaScript knows the slot
  bool pipe_ : 1 = false;
  bool blocked_ : 1 = false;   // the sink had no room
  bool paused_ : 1 = false;    // the program paused
  bool finished_ : 1 = false;  // nothing is left to deliver
  bool transport_open_ : 1 = false;
  bool upgraded_ : 1 = false;  // frames flow: the HTTP part is over
  bool input_ended_ : 1 = false;
  bool shutdown_pending_ : 1 = false;  // FIN after the last byte
  bool shutdown_done_ : 1 = false;
  bool drain_armed_ : 1 = false;
  bool fragmenting_ : 1 = false;
  bool wants_ping_ : 1 = true;  // until the program's side says that nobody listens
  bool wants_pong_ : 1 = true;
  bool write_failed_ : 1 = false;
  bool above_mark_ : 1 = false;  // more than the high-water mark waits, and the server counts it
  bool traffic_ : 1 = false;     // bytes came since the last heartbeat decision
  std::uint16_t pending_ = 0;
  std::uint16_t operations_ = 0;
  std::uint32_t buffered_ = 0;  // bytes that the kernel had not taken after the last flush
  protocol::close_handshake close_;
  protocol::heartbeat heartbeat_;
  std::int64_t deadline_ = 0;      // of the handshake or the close; 0: none
  std::int64_t last_traffic_ = 0;  // for the idle timeout
  protocol::message_decoder decoder_;
  byte_buffer out_;
  std::uint64_t position_ = 0;   // stream position behind out_: bytes queued since the start
  std::uint64_t confirmed_ = 0;  // stream position that the kernel has surely taken
  std::uint32_t weight_ = 0;     // of sends since the start, modulo 2^32
  std::uint32_t messages_ = 0;
  std::uint32_t weight_pending_ = 0;
  std::uint32_t messages_pending_ = 0;
  std::unique_ptr<opening> opening_;
  std::unique_ptr<tls_session> tls_;
  std::unique_ptr<deflate_state> deflate_;
  std::unique_ptr<hub::rate_gate> gate_;  // null: no rate holds
  std::unique_ptr<held_input> held_;
  std::unique_ptr<rare> extra_;
};

}  // namespace hawser::net
