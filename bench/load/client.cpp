// The opening state machine: TCP, then TLS, then the upgrade.
#include "client.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "args.hpp"

namespace hawser::load {

namespace {

constexpr std::uint32_t opening_at_once = 64;

void check_connected(const client& who) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(who.io.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) throw failure(std::string("connect: ") + std::strerror(error));
}

// Moves on as far as the bytes at hand allow; true when the connection is open.
bool advance(poller& poll, client& who, const open_options& options, std::string& extensions) {
  if (who.state == client::phase::connecting) {
    check_connected(who);
    who.state = options.tls ? client::phase::securing : client::phase::upgrading;
    poll.change(who.io.fd(), EPOLLIN, &who);
    if (!options.tls && !who.io.send(request_text(options.request)))
      throw failure("the upgrade could not be sent");
  }
  if (who.state == client::phase::securing) {
    const stream::outcome secured = who.io.handshake();
    if (secured == stream::outcome::failed) throw failure("the TLS handshake failed");
    if (secured == stream::outcome::again) return false;
    who.state = client::phase::upgrading;
    if (!who.io.send(request_text(options.request))) throw failure("the upgrade could not be sent");
  }
  char buffer[4096];
  const ssize_t got = who.io.read(buffer, sizeof buffer);
  if (got < 0) throw failure("the server closed the connection instead of answering the upgrade");
  who.head.append(buffer, static_cast<std::size_t>(got));
  const std::size_t end = who.head.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string accepted = accepted_extensions(std::string_view(who.head).substr(0, end + 4));
  if (extensions.empty()) extensions = accepted;
  who.head.erase(0, end + 4);
  who.state = client::phase::open;
  return true;
}

}  // namespace

opened_clients open_clients(poller& poll, std::uint32_t count, const open_options& options) {
  opened_clients opened;
  opened.all.reserve(count);
  const nanoseconds deadline = now() + static_cast<nanoseconds>(options.timeout_seconds * 1e9);
  std::uint32_t open = 0;
  while (open < count) {
    while (opened.all.size() < count && opened.all.size() - open < opening_at_once) {
      const auto number = static_cast<std::uint32_t>(opened.all.size());
      const int fd = begin_connect(options.request.port);
      opened.all.push_back(std::make_unique<client>(number, fd, options.tls ? shared_tls_client() : nullptr));
      poll.add(fd, EPOLLOUT, opened.all.back().get());
    }
    for (const epoll_event& event : poll.wait(100)) {
      auto& who = *static_cast<client*>(event.data.ptr);
      if (who.state != client::phase::open && advance(poll, who, options, opened.extensions)) ++open;
    }
    if (asked_to_stop()) throw failure("stopped while opening connections");
    if (now() > deadline) {
      throw failure("only " + std::to_string(open) + " of " + std::to_string(count) +
                    " connections opened in time");
    }
  }
  return opened;
}

void follow_writes(poller& poll, client& who) {
  if (who.io.waiting_to_write() == who.polled_for_writing || who.state == client::phase::closed) return;
  who.polled_for_writing = !who.polled_for_writing;
  poll.change(who.io.fd(), who.polled_for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN, &who);
}

void drop(poller& poll, client& who) {
  if (who.state == client::phase::closed) return;
  poll.remove(who.io.fd());
  who.state = client::phase::closed;
}

void send_pong(client& who, std::string_view payload) {
  std::string frame;
  append_frame(frame, pong, false, payload, 0x5a17c3e9);
  who.io.send(frame);
}

}  // namespace hawser::load
