// Clients in rooms: opened, made ready, joined; whole text messages are handed to who runs them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "dialect.hpp"

namespace hawser::load {

struct member {
  client* io = nullptr;
  std::string room;
  std::string partial;            // of a message whose bytes come in pieces
  std::uint64_t next = 0;         // number of the message that is due
  std::uint64_t received = 0;     // messages of the current window
  nanoseconds sampled_since = 0;  // when the message that is timed left; 0: none is timed
  std::string epoch;
  bool ready = false;
};

class members {
 public:
  /// Told of every text message; heartbeats and the handshake of a dialect are answered before.
  using hearer = std::function<void(member&, heard, std::string_view)>;

  members(dialect how, double timeout_seconds) : how_(how), patience_(timeout_seconds) {}

  /// Opens `count` more at a port and waits until each is ready.
  void open(std::uint16_t port, std::uint32_t count);
  /// All of them join the room of their number, `rooms` in turn. Waits until they have.
  void join(std::uint32_t rooms);
  /// Serves what has come within a tenth of a second; `aside` is polled beside the members.
  void serve(const hearer& hear, const void* aside = nullptr);
  void send(member& who, std::string_view text);
  /// Closes all connections without a word.
  void clear();

  std::vector<member>& all() { return all_; }
  std::uint64_t lost() const { return lost_; }
  std::uint64_t failures() const { return failures_; }
  const std::string& first_failure() const { return first_failure_; }
  poller& poll() { return poll_; }

  void data(const frame_header& header, std::uint64_t offset, const char* bytes, std::size_t size);
  void end(const frame_header& header);
  void control(std::uint8_t op, std::string_view payload);

 private:
  void serve(member& who);
  void hear(std::string_view text);
  void wait_for(std::size_t count, const hearer& hear, const char* what);

  dialect how_;
  double patience_;
  poller poll_;
  std::vector<opened_clients> opened_;
  std::vector<member> all_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  const hearer* hearer_ = nullptr;
  member* reading_ = nullptr;
  std::string_view whole_;
  std::string frame_;
  std::size_t done_ = 0;
  std::uint64_t lost_ = 0, failures_ = 0;
  std::string first_failure_;
};

}  // namespace hawser::load
