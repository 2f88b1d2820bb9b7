// Sockets on loopback, epoll, and the signals that end a run.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hawser::load {

struct listening_socket {
  int fd;
  std::uint16_t port;
};

/// Listens on 127.0.0.1; port 0 lets the kernel choose. Throws `failure`.
listening_socket listen_on(std::uint16_t port);
/// Starts a non-blocking connect to 127.0.0.1. Throws `failure`.
int begin_connect(std::uint16_t port);
/// The next waiting connection, non-blocking and without Nagle's delay; -1 when none waits.
int accept_one(int listener);

/// Lets this process open as many descriptors as the system allows it, ignores SIGPIPE, and notes SIGINT and
/// SIGTERM.
void prepare_process(bool end_with_parent);
/// True once SIGINT or SIGTERM came.
bool asked_to_stop();

/// Level-triggered epoll; each descriptor carries one pointer of its owner.
class poller {
 public:
  poller();
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// False when the descriptor cannot be polled (a plain file as standard input).
  bool add(int fd, std::uint32_t events, void* owner);
  void change(int fd, std::uint32_t events, void* owner);
  void remove(int fd);
  /// Waits for events; an interrupted wait gives none.
  std::span<epoll_event> wait(int timeout_milliseconds);

 private:
  int fd_;
  std::vector<epoll_event> events_;
};

/// Lines of standard input, read without blocking.
class control_lines {
 public:
  /// Watches standard input with `poll` under the owner `this`.
  explicit control_lines(poller& poll);
  /// The complete lines that came; call when epoll reports `this`.
  std::vector<std::string> read();
  /// True after the other end closed standard input.
  bool ended() const { return ended_; }

 private:
  poller& poll_;
  std::string partial_;
  bool ended_ = false;
};

}  // namespace hawser::load
