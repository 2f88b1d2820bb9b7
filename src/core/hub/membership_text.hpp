// What a hub says to a peer that has joined a room or left it, written here since JavaScript would make
// several texts of it before there was one:
//
//   {"type":"joined","timestamp":@,"correlationId":"…","room":"…","payload":{"members":#}}
//   {"type":"left","timestamp":@,"correlationId":"…","room":"…"}
//
// JavaScript counts the bytes by the same rules (lib/native/membership.ts), and what needs an escape in JSON
// does not come this way. docs/protocol.md defines the messages.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::hub {

struct membership_text {
  std::uint64_t time;            // milliseconds since 1970
  std::string_view correlation;  // empty: none
  std::string_view room;
  bool joined;
  std::uint32_t members;  // of the room, for who joins

  // Replaces `out`.
  void write(std::string& out) const {
    out.assign(joined ? R"({"type":"joined","timestamp":)" : R"({"type":"left","timestamp":)");
    append(out, time);
    if (!correlation.empty()) out.append(R"(,"correlationId":")").append(correlation).push_back('"');
    out.append(R"(,"room":")").append(room).push_back('"');
    if (joined) {
      out.append(R"(,"payload":{"members":)");
      append(out, members);
      out.push_back('}');
    }
    out.push_back('}');
  }

 private:
  static void append(std::string& out, std::uint64_t number) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
  }
};

}  // namespace hawser::hub
