// Client connections: opening many of them, and what all subcommands do with them afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "frames.hpp"
#include "handshake.hpp"
#include "measure.hpp"
#include "net.hpp"
#include "stream.hpp"

namespace hawser::load {

/// One client connection; its address is the owner that epoll reports.
struct client {
  enum class phase : std::uint8_t { connecting, securing, upgrading, open, closed };

  client(std::uint32_t number, int fd, SSL_CTX* context) : io(fd, context), index(number) {}

  stream io;
  frame_reader frames;
  std::string head;  // the answer while it arrives; afterwards the bytes behind it, until `take_early`
  std::uint32_t index;
  phase state = phase::connecting;
  bool polled_for_writing = false;
};

struct open_options {
  upgrade_request request;
  bool tls = false;
  double timeout_seconds = 60;
};

struct opened_clients {
  std::vector<std::unique_ptr<client>> all;
  std::string extensions;  // as the first answer accepted them
};

/// Opens `count` connections, a bounded number at a time, and leaves them polled for reading. Throws
/// `failure`.
opened_clients open_clients(poller& poll, std::uint32_t count, const open_options& options);
/// Polls for writing while bytes wait, and no longer.
void follow_writes(poller& poll, client& who);
/// Takes the connection out of the poller and marks it closed; the descriptor stays until destruction.
void drop(poller& poll, client& who);
/// Answers a ping.
void send_pong(client& who, std::string_view payload);

/// Reads everything that is there into `buffer` and feeds the frame reader; false when the peer ended the
/// connection or sent something that is no frame.
template <class handler>
bool read_frames(client& who, std::vector<char>& buffer, handler&& handle) {
  if (!who.head.empty()) {
    std::string early;
    early.swap(who.head);
    if (!who.frames.feed(early.data(), early.size(), handle)) return false;
  }
  while (true) {
    const ssize_t got = who.io.read(buffer.data(), buffer.size());
    if (got < 0) return false;
    if (got > 0 && !who.frames.feed(buffer.data(), static_cast<std::size_t>(got), handle)) return false;
    if (static_cast<std::size_t>(got) < buffer.size()) return true;
  }
}

}  // namespace hawser::load
