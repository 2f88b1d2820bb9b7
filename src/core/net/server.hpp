// A server, or one reactor's part of it: its listener, what it asks of a handshake, its topics and the count
// of its connections. Owned by the reactor; lives until its listener is closed and its last connection gone.
//
//   alone:  listener ─► connections                         joined:  part that listens ─► connections
//                                                              └─ sockets, messages ─► the other parts
//
// Implementation files: server.cpp (listener, accepting, handshake), server_close.cpp (end, events),
// server_publish.cpp, server_kept.cpp.
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string_view>

#include "core/net/connection.hpp"
#include "core/net/inbox.hpp"
#include "core/net/publish_batch.hpp"
#include "core/net/published.hpp"
#include "core/net/server_group.hpp"
#include "core/net/server_state.hpp"
#include "core/net/slot_table.hpp"
#include "core/net/topics.hpp"
#include "core/router/field_reader.hpp"

namespace hawser::net {

class server {
 public:
  server(reactor& owner, std::uint32_t id, prepared_server prepared);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Reports `listening` or `server_error`. Without a listener of its own it is ready at once; so is a part
  // that leaves listening to another.
  void open();
  // Stops accepting, says 1001 to all, drops what is left after so many milliseconds, then reports
  // server_closed. A part waits for the word of the one that listens, which comes behind what that published.
  void close(std::int64_t milliseconds);
  // From now on new peers are answered 503. With `deaf` nothing listens any more, either.
  void refuse(bool deaf);
  // False: the other parts have enough to do.
  bool publish(std::string_view name, std::span<const std::uint8_t> payload, send_flags flags,
               std::uint32_t except);

  bool publish(const publish_target& to, std::span<const std::uint8_t> payload, send_flags flags);
  void keep(std::string_view name, const hub::kept_bounds& bounds, std::int64_t head);
  void forget(std::string_view name);
  void subscribe_from(connection& who, const replay_request& what);

  // From other parts.
  void receive(const std::shared_ptr<const published>& message);
  // What was gathered by publish(). `last`: as of reactor::deliver_batch().
  void deliver(publish_batch& batch, bool last);
  void take_over(socket_handle socket, std::uint32_t slot);
  void on_credit();
  void on_listener_ended(bool failed);

  void joined() noexcept {
    connections_++;
    if (group_) group_->joined(part_);
  }
  void left();
  // A subscriber's queue rose above the high-water mark, or fell below half of it.
  void note_above(bool above);
  bool full() const noexcept {
    return closing_ || refusing_ ||
           (settings_->max_connections > 0 &&
            (group_ ? group_->connections() : connections_) > settings_->max_connections);
  }
  bool origin_allowed(std::string_view origin, bool present) const;
  // The request is no upgrade, but one that JavaScript reads and answers.
  bool carries(const protocol::upgrade_request_parser& request) const;
  // The first of our subprotocols that the client offers, or "".
  std::string_view choose_protocol(std::string_view offered) const;

  std::uint32_t id() const noexcept { return id_; }
  const listen_settings& settings() const noexcept { return *settings_; }
  const std::shared_ptr<const shared_settings>& shared() const noexcept { return shared_; }
  topic_table& topics() noexcept { return topics_; }
  server_state& state() noexcept { return *state_; }
  void note(server_state::gauge what, std::uint64_t count = 1) noexcept { gauges_[what].add(count); }
  // Messages are looked at before JavaScript gets them.
  bool screens() const noexcept { return screens_; }

  void on_room();  // the sink may have room again
  bool finished() const noexcept { return finished_ && operations_ == 0; }
  bool in_blocked = false;

 private:
  // The frames of one message, made at first need: [0] plain, else by window bits; and the message as it is
  // shared with who has to wait for it.
  struct encodings {
    std::shared_ptr<const published> message;
    std::array<std::span<const std::uint8_t>, 16> ready;
    std::array<byte_buffer, 16> own;
    later_counts later;
  };

  error_info bind();
  bool listens() const noexcept { return settings_->listen && (!group_ || group_->home() == part_); }
  reactor* next_reactor();
  void exhausted(const boost::system::error_code& ec);
  void serve(socket_handle socket, std::uint32_t slot);
  void begin_handed();
  void drop_handed();
  void credit();
  void arm();
  bool on_acceptable();  // true: more may wait
  void stop_listening();
  void report(event_kind kind, std::uint32_t aux, std::string fields);
  void end_listener(bool failed);
  void shut(std::int64_t milliseconds);
  void check_closed();
  void drop_connections();
  bool publish_to_all(std::string_view name, std::span<const std::uint8_t> payload, send_flags flags,
                      std::uint32_t except);
  void deliver(topic& to, std::span<const std::uint8_t> payload, send_flags flags, std::uint32_t except,
               encodings& frames);
  void offer(topic& to, const std::vector<connection*>& subscribers, std::span<const std::uint8_t> payload,
             send_flags flags, std::uint32_t except, encodings& frames, std::vector<connection*>& slow);
  bool batches(send_flags flags) const noexcept;
  void gather(const std::shared_ptr<const published>& message);
  void deliver_singly(publish_batch& batch, std::vector<connection*>& to);
  void deliver_shared(const std::shared_ptr<const published>& message, encodings& frames);
  void next_union();
  std::uint32_t except_here(const published& message) const noexcept;
  void give_back(encodings& frames);
  void add_compressed(published& message, encodings& frames);
  void keep_message(const std::shared_ptr<const published>& message);
  void show_kept();
  void arm_sweep();
  void encode(byte_buffer& into, send_flags flags, bool rsv1, std::span<const std::uint8_t> body);
  void note_slow(const std::vector<connection*>& slow);
  void note_dropped(std::size_t count);
  std::string key_of(const topic& to, std::span<const std::uint8_t> payload, send_flags flags);

  reactor& reactor_;
  const std::uint32_t id_;
  const std::shared_ptr<const listen_settings> settings_;
  const bool screens_;
  const std::uint32_t gauge_;
  const std::shared_ptr<server_group> group_;  // null: all of the server is here
  const std::uint32_t part_;                   // number of this reactor
  const std::shared_ptr<const shared_settings> shared_;
  const std::shared_ptr<server_state> state_;
  server_state::part& gauges_;
  topic_table& topics_;
  hub::history<published> kept_;
  router::field_reader keys_;  // of messages that are conflated
  std::vector<std::uint32_t> key_fields_;
  std::uint32_t union_ = 0;  // number of the latest message to several topics
  stream_acceptor acceptor_;
  boost::asio::steady_timer timer_;  // pause after EMFILE, deadline of close()
  boost::asio::steady_timer sweep_timer_;
  // Connections accepted in one go, before others get their turn.
  static constexpr int accept_burst = 64;
  struct report_record {
    event_kind kind;
    std::uint32_t aux;
    std::string fields;
  };
  std::vector<report_record> reports_;  // at most one of each kind
  std::deque<handed_socket> handed_;    // accepted by another part, until the sink has room
  std::uint32_t next_part_ = 0;
  bool listener_ended_ = false;
  std::int64_t close_asked_ = -1;  // milliseconds, while the listener has not ended
  std::uint32_t connections_ = 0;
  std::uint32_t dropped_ = 0;
  std::uint32_t above_ = 0;
  bool drain_pending_ = false;
  std::uint32_t operations_ = 0;
  bool closing_ = false, refusing_ = false, finished_ = false, paused_ = false, armed_ = false,
       exhausted_reported_ = false, sweeping_ = false,
       resting_ = false;  // accepts nothing until a timer has ended, see exhausted()
};

}  // namespace hawser::net
