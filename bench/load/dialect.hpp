// What clients of rooms say and hear: the hub's protocol, Socket.IO's (protocol 5 over WebSocket alone), and
// the JSON of the plain server of the benchmark, which is the hub's without the rest of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::load {

enum class dialect : std::uint8_t { hub, socket_io, plain };
/// Throws `failure` for other names than hawser.v1, socket.io and plain.
dialect dialect_of(std::string_view name);

struct upgrade_request;
/// Path and subprotocol of the upgrade.
void prepare_upgrade(dialect how, upgrade_request& request);

enum class heard : std::uint8_t {
  nothing,
  handshake,
  ready,
  heartbeat,
  joined,
  left,
  message,
  resumed,
  failed
};
/// What a text message is, by its first bytes. Socket.IO acknowledges joins and leaves alike: `joined`.
heard classify(dialect how, std::string_view text);

/// A client of these dialects is ready without a word from the server.
inline bool ready_at_once(dialect how) { return how != dialect::socket_io; }
std::string_view answer_to_handshake();
std::string_view answer_to_heartbeat();

std::string join_text(dialect how, std::string_view room);
std::string leave_text(dialect how, std::string_view room);
/// A message to a room; `payload` is JSON.
std::string say_text(dialect how, std::string_view room, std::string_view payload);
/// Asks the server for so many messages to its room.
std::string go_text(dialect how, std::uint32_t count, std::uint32_t size);

/// The number behind `name`, quoted and with its colon, in a JSON text; -1 when there is none.
std::int64_t number_behind(std::string_view text, std::string_view name);
/// The string behind `name`; empty when there is none.
std::string_view string_behind(std::string_view text, std::string_view name);

}  // namespace hawser::load
