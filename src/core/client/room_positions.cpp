#include "core/client/room_positions.hpp"

#include <cmath>

namespace hawser::client {

namespace {

// The largest offset that a double of JavaScript's holds exactly.
constexpr double most = 9007199254740991.0;

void add_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

bool room_positions::note(std::string_view room, std::string_view epoch, double offset) {
  if (room.size() > max_name || epoch.empty() || epoch.size() > max_name) return true;
  if (!(offset >= 0 && offset <= most) || offset != std::floor(offset)) return true;
  auto found = rooms_.find(room);
  if (found == rooms_.end()) {
    if (rooms_.size() == max_rooms) return false;
    found = rooms_.emplace(room, position()).first;
  }
  const auto whole = static_cast<std::uint64_t>(offset);
  position& at = found->second;
  if (at.epoch != epoch) {
    at.epoch = epoch;
    at.offset = whole;
  } else if (whole > at.offset) {
    at.offset = whole;
  }
  return true;
}

std::string room_positions::text() const {
  std::string out = R"({"type":"positions","payload":{)";
  bool first = true;
  for (const auto& [room, at] : rooms_) {
    if (!first) out += ',';
    first = false;
    add_string(out, room);
    out += R"(:{"epoch":)";
    add_string(out, at.epoch);
    out += R"(,"offset":)" + std::to_string(at.offset) + '}';
  }
  return out + "}}";
}

}  // namespace hawser::client
