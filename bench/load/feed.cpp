// `feed`: a WebSocket server that streams JSON messages to every client, as fast as the client reads or at a
// given rate.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <unordered_map>

#include "commands.hpp"
#include "feed_messages.hpp"
#include "json.hpp"
#include "measure.hpp"
#include "peer.hpp"

namespace hawser::load {

namespace {

constexpr std::size_t write_bytes = 512 * 1024;
constexpr std::size_t feed_buffer_bytes = 64 * 1024;
constexpr int paced_turn_milliseconds = 2;

const std::vector<option> feed_options = {
    {"port", "0", "port to listen on; 0: any, printed first as {\"port\":...}"},
    {"size", "85", "bytes of a generated message (at least 64)"},
    {"want-every", "100", "one message in so many is of the type `trade`, the others are `quote`"},
    {"types", "1", "how many types of quotes there are"},
    {"keys", "0", "symbols `S000` and so on, and three numbers in a message; 0: a few names of shares"},
    {"file", "", "send the lines of this file instead, over and over"},
    {"rate", "0", "messages/s to each client; 0: as fast as it reads"},
    {"seconds", "0", "end after so many seconds; 0: run until told to end"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

/// A client's place in the feed.
struct reader : peer {
  using peer::peer;

  std::size_t offset = 0;    // of the shared bytes; the next byte to send
  std::uint64_t rounds = 0;  // times the whole feed was sent
  nanoseconds since = 0;     // when the feed began
  std::uint32_t polled = EPOLLIN;

  void data(const frame_header&, std::uint64_t, const char*, std::size_t) {}
  void end(const frame_header&) {}
  void control(std::uint8_t op, std::string_view payload) { note_control(*this, op, payload); }
};

class feed_run {
 public:
  feed_run(feed_messages messages, double rate)
      : messages_(std::move(messages)), rate_(rate), buffer_(feed_buffer_bytes) {}

  int run(std::uint16_t port, double seconds);

 private:
  enum class outcome { waits_for_client, waits_for_time, over };

  void accept_all();
  void forget(reader& who);
  void serve(reader& who, std::uint32_t events);
  outcome pump(reader& who);
  outcome finish(reader& who);
  std::size_t allowed_until(const reader& who) const;
  std::uint64_t sent_to(const reader& who) const {
    return who.rounds * messages_.count() + messages_.complete_at(who.offset);
  }

  feed_messages messages_;
  double rate_;
  std::vector<char> buffer_;
  poller poll_;
  listening_socket listener_{-1, 0};
  std::unordered_map<reader*, std::unique_ptr<reader>> readers_;
  std::uint64_t clients_ = 0, sent_messages_ = 0, sent_bytes_ = 0;
};

void feed_run::accept_all() {
  for (int fd; (fd = accept_one(listener_.fd)) >= 0;) {
    auto made = std::make_unique<reader>(fd);
    poll_.add(fd, EPOLLIN, made.get());
    readers_.emplace(made.get(), std::move(made));
    ++clients_;
  }
}

void feed_run::forget(reader& who) {
  sent_messages_ += sent_to(who);
  poll_.remove(who.io.fd());
  readers_.erase(&who);
}

// The byte up to which the rate lets this client have the feed now (within this round).
std::size_t feed_run::allowed_until(const reader& who) const {
  const auto due = static_cast<std::uint64_t>(rate_ * (static_cast<double>(now() - who.since) / 1e9));
  const std::uint64_t before = who.rounds * messages_.count();
  if (due <= before) return who.offset;
  const std::uint64_t index = std::min<std::uint64_t>(due - before, messages_.count());
  return std::max(who.offset, messages_.end_of(static_cast<std::uint32_t>(index - 1)));
}

feed_run::outcome feed_run::finish(reader& who) {
  if (who.offset != messages_.boundary_from(who.offset)) return outcome::waits_for_client;
  if (who.closing) append_frame(who.replies, close_frame, false, who.close_payload, 0);
  if (!who.replies.empty() && !who.io.send(who.replies)) return outcome::over;
  who.replies.clear();
  return who.closing && !who.io.waiting_to_write() ? outcome::over : outcome::waits_for_client;
}

feed_run::outcome feed_run::pump(reader& who) {
  const std::string_view all = messages_.bytes();
  while (true) {
    if (who.io.waiting_to_write()) {
      if (!who.io.flush()) return outcome::over;
      if (who.io.waiting_to_write()) return outcome::waits_for_client;
    }
    std::size_t until = rate_ > 0 ? allowed_until(who) : all.size();
    if (who.closing || !who.replies.empty()) {
      until = messages_.boundary_from(who.offset);
      if (until == who.offset) {
        const outcome finished = finish(who);
        if (finished == outcome::over || who.io.waiting_to_write()) return finished;
        continue;
      }
    }
    if (until == who.offset) return outcome::waits_for_time;
    const std::size_t size = std::min(until - who.offset, write_bytes);
    const ssize_t sent = ::send(who.io.fd(), all.data() + who.offset, size, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR ? outcome::waits_for_client : outcome::over;
    who.offset += static_cast<std::size_t>(sent);
    sent_bytes_ += static_cast<std::uint64_t>(sent);
    if (who.offset == all.size()) {
      who.offset = 0;
      ++who.rounds;
    }
    if (static_cast<std::size_t>(sent) < size) return outcome::waits_for_client;
    // Other clients get their turn after every large write; level-triggered epoll brings us back.
    if (size == write_bytes) return outcome::waits_for_client;
  }
}

void feed_run::serve(reader& who, std::uint32_t events) {
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !serve_peer(who, buffer_, who)) {
    forget(who);
    return;
  }
  if (!who.upgraded) return;
  if (who.since == 0) who.since = now();
  const outcome pumped = pump(who);
  if (pumped == outcome::over) {
    forget(who);
    return;
  }
  const std::uint32_t wanted = pumped == outcome::waits_for_client ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (wanted != who.polled) poll_.change(who.io.fd(), who.polled = wanted, &who);
}

int feed_run::run(std::uint16_t port, double seconds) {
  listener_ = listen_on(port);
  poll_.add(listener_.fd, EPOLLIN, this);
  json_object().add("port", listener_.port).add("messages", messages_.count()).print();

  const nanoseconds begun = now();
  while (!asked_to_stop() && (seconds == 0 || now() - begun < static_cast<nanoseconds>(seconds * 1e9))) {
    const bool pacing = rate_ > 0 && !readers_.empty();
    for (const epoll_event& event : poll_.wait(pacing ? paced_turn_milliseconds : 100)) {
      if (event.data.ptr == this) {
        accept_all();
      } else {
        serve(*static_cast<reader*>(event.data.ptr), event.events);
      }
    }
    if (!pacing) continue;
    std::vector<reader*> paced;
    for (const auto& [who, owned] : readers_) {
      if (who->upgraded && (who->polled & EPOLLOUT) == 0) paced.push_back(who);
    }
    for (reader* who : paced) serve(*who, 0);
  }

  for (const auto& [who, owned] : readers_) sent_messages_ += sent_to(*who);
  json_object result;
  result.add("case", "feed").add("clients", clients_).add("messages", sent_messages_);
  result.add("megabytes", static_cast<double>(sent_bytes_) / 1e6);
  result.add("seconds", static_cast<double>(now() - begun) / 1e9).add("ownCpuSeconds", own_cpu_seconds());
  result.print();
  return 0;
}

}  // namespace

int feed_command(int argc, char** argv) {
  const arguments args(argc, argv, feed_options);
  if (args.flag("help")) return std::fputs(help_text("feed", feed_options).c_str(), stdout), 0;
  const std::string file = args.text("file");
  const feed_shape shape{.size = args.count("size", 0, 1 << 24),
                         .want_every = args.count("want-every", 1),
                         .types = args.count("types", 1, 100),
                         .keys = args.count("keys", 0, 1000)};
  feed_messages messages = file.empty() ? feed_messages::generated(shape) : feed_messages::from_file(file);
  return feed_run(std::move(messages), args.number("rate")).run(args.port(), args.number("seconds"));
}

}  // namespace hawser::load
