// `respond`: a WebSocket server that answers each request with a reply: its correlation id, and as payload
// how many requests came on this connection before it. It finds the id by a search for its name and does
// nothing else, so that it can keep up with any client.
#include <cstdio>
#include <memory>
#include <unordered_map>

#include "commands.hpp"
#include "json.hpp"
#include "measure.hpp"
#include "peer.hpp"

namespace hawser::load {

namespace {

constexpr std::size_t respond_buffer_bytes = 256 * 1024;
constexpr std::size_t largest_request = 64 * 1024;
constexpr std::string_view id_name = "\"correlationId\":\"";

const std::vector<option> respond_options = {
    {"port", "0", "port to listen on; 0: any, printed first as {\"port\":...}"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

struct requester : peer {
  using peer::peer;

  void data(const frame_header& header, std::uint64_t offset, const char* bytes, std::size_t size) {
    if (header.length > largest_request) {
      closing = true;
      return;
    }
    const std::size_t at = request.size();
    request.resize(at + size);
    for (std::size_t i = 0; i < size; ++i)
      request[at + i] = static_cast<char>(bytes[i] ^ header.mask[(offset + i) & 3]);
  }
  void end(const frame_header& header) {
    if (!header.final) return;
    if (const std::size_t found = request.find(id_name); found != std::string::npos) {
      const std::size_t first = found + id_name.size();
      const std::size_t last = request.find('"', first);
      if (last != std::string::npos) answer(std::string_view(request).substr(first, last - first));
    }
    request.clear();
  }
  void control(std::uint8_t op, std::string_view payload) { note_control(*this, op, payload); }

  void answer(std::string_view id) {
    reply.assign("{\"type\":\"reply\",\"correlationId\":\"");
    reply.append(id).append("\",\"payload\":").append(std::to_string(answered++)).append("}");
    append_frame(replies, text, false, reply, 0);
  }

  std::string request;
  std::string reply;
  std::uint64_t answered = 0;
};

class respond_run {
 public:
  int run(std::uint16_t port);

 private:
  void accept_all();
  /// False when the connection is over.
  bool serve(requester& who, std::uint32_t events);

  std::vector<char> buffer_ = std::vector<char>(respond_buffer_bytes);
  poller poll_;
  listening_socket listener_{-1, 0};
  std::unordered_map<requester*, std::unique_ptr<requester>> requesters_;
  std::uint64_t answered_ = 0;
};

void respond_run::accept_all() {
  for (int fd; (fd = accept_one(listener_.fd)) >= 0;) {
    auto made = std::make_unique<requester>(fd);
    poll_.add(fd, EPOLLIN, made.get());
    requesters_.emplace(made.get(), std::move(made));
  }
}

bool respond_run::serve(requester& who, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0 && !who.io.flush()) return false;
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !serve_peer(who, buffer_, who)) return false;
  if (who.closing) append_frame(who.replies, close_frame, false, who.close_payload, 0);
  if (!who.replies.empty() && !who.io.send(who.replies)) return false;
  who.replies.clear();
  if (who.io.waiting_to_write() || (events & EPOLLOUT) != 0) {
    poll_.change(who.io.fd(), who.io.waiting_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN, &who);
  }
  return !who.closing;
}

int respond_run::run(std::uint16_t port) {
  listener_ = listen_on(port);
  poll_.add(listener_.fd, EPOLLIN, this);
  json_object().add("port", listener_.port).print();
  while (!asked_to_stop()) {
    for (const epoll_event& event : poll_.wait(100)) {
      if (event.data.ptr == this) {
        accept_all();
      } else if (auto& who = *static_cast<requester*>(event.data.ptr); !serve(who, event.events)) {
        answered_ += who.answered;
        poll_.remove(who.io.fd());
        requesters_.erase(&who);
      }
    }
  }
  for (const auto& [who, owned] : requesters_) answered_ += who->answered;
  json_object()
      .add("case", "respond")
      .add("answered", answered_)
      .add("ownCpuSeconds", own_cpu_seconds())
      .print();
  return 0;
}

}  // namespace

int respond_command(int argc, char** argv) {
  const arguments args(argc, argv, respond_options);
  if (args.flag("help")) return std::fputs(help_text("respond", respond_options).c_str(), stdout), 0;
  return respond_run().run(args.port());
}

}  // namespace hawser::load
