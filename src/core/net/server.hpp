// A server: its listener, what it asks of a handshake, its topics and the count of its connections.
// Owned by the reactor; lives until its listener is closed and its last connection gone.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string_view>

#include "core/net/connection.hpp"
#include "core/net/topics.hpp"

namespace hawser::net {

class server {
 public:
  server(reactor& owner, std::uint32_t id, std::unique_ptr<listen_settings> settings);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Reports `listening` or `server_error`. Without a listener of its own it is ready at once.
  void open();
  // Stops accepting, says 1001 to all, drops what is left after so many milliseconds, then reports
  // server_closed.
  void close(std::int64_t milliseconds);
  void publish(std::string_view name, std::span<const std::uint8_t> payload, send_flags flags,
               std::uint32_t except);

  void joined() noexcept { connections_++; }
  void left();
  // A subscriber's queue rose above the high-water mark, or fell below half of it.
  void note_above(bool above);
  bool full() const noexcept {
    return closing_ || (settings_->max_connections > 0 && connections_ > settings_->max_connections);
  }
  bool origin_allowed(std::string_view origin, bool present) const;
  // The first of our subprotocols that the client offers, or "".
  std::string_view choose_protocol(std::string_view offered) const;

  std::uint32_t id() const noexcept { return id_; }
  const listen_settings& settings() const noexcept { return *settings_; }
  const std::shared_ptr<const shared_settings>& shared() const noexcept { return shared_; }
  topic_table& topics() noexcept { return topics_; }

  void on_room();  // the sink may have room again
  bool finished() const noexcept { return finished_ && operations_ == 0; }
  bool in_blocked = false;

 private:
  using acceptor_type = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol,
                                                           boost::asio::io_context::executor_type>;
  error_info bind();
  void arm();
  void on_acceptable();
  void report(event_kind kind, std::uint32_t aux, std::string fields);
  void check_closed();
  void drop_connections();

  reactor& reactor_;
  const std::uint32_t id_;
  const std::unique_ptr<listen_settings> settings_;
  const std::shared_ptr<const shared_settings> shared_;
  topic_table topics_;
  acceptor_type acceptor_;
  boost::asio::steady_timer timer_;  // pause after EMFILE, deadline of close()
  struct report_record {
    event_kind kind;
    std::uint32_t aux;
    std::string fields;
  };
  std::vector<report_record> reports_;  // at most one of each kind
  std::uint32_t connections_ = 0;
  std::uint32_t dropped_ = 0;
  std::uint32_t above_ = 0;
  bool drain_pending_ = false;
  std::uint32_t operations_ = 0;
  bool closing_ = false, finished_ = false, paused_ = false, armed_ = false, exhausted_reported_ = false;
};

}  // namespace hawser::net
