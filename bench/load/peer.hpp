// A client of one of the generator's own servers (`feed`, `sink`): its stream, its frames, its upgrade.
#pragma once

#include <string>
#include <vector>

#include "args.hpp"
#include "frames.hpp"
#include "handshake.hpp"
#include "net.hpp"
#include "stream.hpp"

namespace hawser::load {

struct peer {
  explicit peer(int fd) : io(fd) {}

  stream io;
  frame_reader frames;
  std::string head;  // the request while it arrives
  bool upgraded = false;
  bool closing = false;  // a close frame came; the answer is due at the next frame boundary
  std::string close_payload;
  std::string replies;  // whole frames that are due at the next frame boundary
};

/// Reads what is there. Answers the upgrade; afterwards feeds the frames to `handle`, whose `control` is told
/// of every control frame after pings and closes were noted here. False when the connection is over.
template <class handler>
bool serve_peer(peer& who, std::vector<char>& buffer, handler&& handle) {
  const ssize_t got = who.io.read(buffer.data(), buffer.size());
  if (got <= 0) return got == 0;
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  std::string early;
  if (!who.upgraded) {
    who.head.append(bytes);
    const std::size_t end = who.head.find("\r\n\r\n");
    if (end == std::string::npos) return who.head.size() < 64 * 1024;
    try {
      if (!who.io.send(answer_text(std::string_view(who.head).substr(0, end + 4)))) return false;
    } catch (const failure&) {
      return false;
    }
    who.upgraded = true;
    early = who.head.substr(end + 4);
    who.head.clear();
    bytes = early;
  }
  return who.frames.feed(bytes.data(), bytes.size(), handle);
}

/// Notes what a control frame asks for.
inline void note_control(peer& who, std::uint8_t op, std::string_view payload) {
  if (op == ping) append_frame(who.replies, pong, false, payload, 0);
  if (op == close_frame) {
    who.closing = true;
    who.close_payload = payload.substr(0, 2);
  }
}

}  // namespace hawser::load
