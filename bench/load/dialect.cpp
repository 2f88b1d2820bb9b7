// Texts of the dialects.
#include "dialect.hpp"

#include <cstring>

#include "args.hpp"
#include "handshake.hpp"

namespace hawser::load {

namespace {

// How the hub begins every message; the plain server does the same.
constexpr std::string_view type_field = "{\"type\":\"";

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

heard classify_socket_io(std::string_view text) {
  if (text.empty()) return heard::nothing;
  if (text[0] == '0') return heard::handshake;
  if (text == "2") return heard::heartbeat;
  if (text.starts_with("42[\"m\"")) return heard::message;
  if (text.starts_with("43")) return heard::joined;
  if (text.starts_with("40")) return heard::ready;
  return text.starts_with("44") ? heard::failed : heard::nothing;
}

const char* behind(std::string_view text, std::string_view name) {
  const auto* found = static_cast<const char*>(memmem(text.data(), text.size(), name.data(), name.size()));
  return found == nullptr ? nullptr : found + name.size();
}

}  // namespace

dialect dialect_of(std::string_view name) {
  if (name == "hawser.v1") return dialect::hub;
  if (name == "socket.io") return dialect::socket_io;
  if (name == "plain") return dialect::plain;
  throw failure("--dialect is hawser.v1, socket.io or plain");
}

void prepare_upgrade(dialect how, upgrade_request& request) {
  request.path = how == dialect::socket_io ? "/socket.io/?EIO=4&transport=websocket" : "/";
  if (how == dialect::hub) request.protocol = "hawser.v1";
}

heard classify(dialect how, std::string_view text) {
  if (how == dialect::socket_io) return classify_socket_io(text);
  if (!text.starts_with(type_field)) return heard::nothing;
  const std::string_view type = text.substr(type_field.size());
  if (type.starts_with("m\"")) return heard::message;
  if (type.starts_with("joined\"")) return heard::joined;
  if (type.starts_with("left\"")) return heard::left;
  if (type.starts_with("resumed\"")) return heard::resumed;
  return type.starts_with("error\"") || type.starts_with("resume_failed\"") ? heard::failed : heard::nothing;
}

std::string_view answer_to_handshake() { return "40"; }
std::string_view answer_to_heartbeat() { return "3"; }

std::string join_text(dialect how, std::string_view room) {
  if (how == dialect::socket_io) return "421[\"join\"," + in_quotes(room) + "]";
  return "{\"type\":\"join\",\"id\":\"j\",\"room\":" + in_quotes(room) + "}";
}

std::string leave_text(dialect how, std::string_view room) {
  if (how == dialect::socket_io) return "421[\"leave\"," + in_quotes(room) + "]";
  return "{\"type\":\"leave\",\"id\":\"l\",\"room\":" + in_quotes(room) + "}";
}

std::string say_text(dialect how, std::string_view room, std::string_view payload) {
  if (how == dialect::socket_io) return "42[\"m\"," + in_quotes(room) + "," + std::string(payload) + "]";
  return "{\"type\":\"m\",\"room\":" + in_quotes(room) + ",\"payload\":" + std::string(payload) + "}";
}

std::string go_text(dialect how, std::uint32_t count, std::uint32_t size) {
  const std::string payload =
      "{\"count\":" + std::to_string(count) + ",\"size\":" + std::to_string(size) + "}";
  if (how == dialect::socket_io) return "42[\"go\"," + payload + "]";
  return "{\"type\":\"go\",\"payload\":" + payload + "}";
}

std::int64_t number_behind(std::string_view text, std::string_view name) {
  const char* at = behind(text, name);
  if (at == nullptr) return -1;
  const char* const end = text.data() + text.size();
  std::int64_t number = 0;
  for (; at != end && *at >= '0' && *at <= '9'; ++at) number = number * 10 + (*at - '0');
  return number;
}

std::string_view string_behind(std::string_view text, std::string_view name) {
  const char* at = behind(text, name);
  if (at == nullptr) return {};
  const std::string_view rest(at, static_cast<std::size_t>(text.data() + text.size() - at));
  if (!rest.starts_with('"')) return {};
  return rest.substr(1, rest.find('"', 1) - 1);
}

}  // namespace hawser::load
