// `sink`: a WebSocket server that counts the messages it is sent. The text message `report`, and the line
// `report` on standard input, are answered with the counts so far and the time at which they were taken.
#include <cstdio>
#include <memory>
#include <unordered_map>

#include "commands.hpp"
#include "json.hpp"
#include "measure.hpp"
#include "peer.hpp"

namespace hawser::load {

namespace {

constexpr std::size_t sink_buffer_bytes = 512 * 1024;
constexpr std::string_view report_word = "report";

const std::vector<option> sink_options = {
    {"port", "0", "port to listen on; 0: any, printed first as {\"port\":...}"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

struct counters {
  std::uint64_t messages = 0, bytes = 0, clients = 0;

  json_object text() const {
    json_object out;
    out.add("messages", messages).add("megabytes", static_cast<double>(bytes) / 1e6);
    out.add("clients", clients).add("atNanoseconds", now()).add("ownCpuSeconds", own_cpu_seconds());
    return out;
  }
};

/// One client; counts into the counters that all share.
struct sender : peer {
  sender(int fd, counters& shared) : peer(fd), counted(shared) {}

  void data(const frame_header& header, std::uint64_t offset, const char* bytes, std::size_t size) {
    counted.bytes += size;
    // Only a frame as short as the word can be the word.
    if (header.length != report_word.size() || header.op != opcode::text) return;
    for (std::size_t i = 0; i < size; ++i)
      word[offset + i] = static_cast<char>(bytes[i] ^ header.mask[(offset + i) & 3]);
    word_complete = offset + size == report_word.size() && std::string_view(word, sizeof word) == report_word;
  }
  void end(const frame_header& header) {
    if (word_complete) {
      word_complete = false;
      append_frame(replies, text, false, counted.text().text(), 0);
    } else if (header.final) {
      ++counted.messages;
    }
  }
  void control(std::uint8_t op, std::string_view payload) { note_control(*this, op, payload); }

  counters& counted;
  char word[6] = {};
  bool word_complete = false;
};

class sink_run {
 public:
  int run(std::uint16_t port);

 private:
  void accept_all();
  /// False when the connection is over.
  bool serve(sender& who, std::uint32_t events);

  std::vector<char> buffer_ = std::vector<char>(sink_buffer_bytes);
  poller poll_;
  listening_socket listener_{-1, 0};
  counters counters_;
  std::unordered_map<sender*, std::unique_ptr<sender>> senders_;
};

void sink_run::accept_all() {
  for (int fd; (fd = accept_one(listener_.fd)) >= 0;) {
    auto made = std::make_unique<sender>(fd, counters_);
    poll_.add(fd, EPOLLIN, made.get());
    senders_.emplace(made.get(), std::move(made));
    ++counters_.clients;
  }
}

bool sink_run::serve(sender& who, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0 && !who.io.flush()) return false;
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !serve_peer(who, buffer_, who)) return false;
  if (who.closing) append_frame(who.replies, close_frame, false, who.close_payload, 0);
  if (!who.replies.empty() && !who.io.send(who.replies)) return false;
  who.replies.clear();
  poll_.change(who.io.fd(), who.io.waiting_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN, &who);
  return !who.closing;
}

int sink_run::run(std::uint16_t port) {
  listener_ = listen_on(port);
  poll_.add(listener_.fd, EPOLLIN, this);
  control_lines lines(poll_);
  json_object().add("port", listener_.port).print();
  while (!asked_to_stop()) {
    for (const epoll_event& event : poll_.wait(100)) {
      if (event.data.ptr == this) {
        accept_all();
      } else if (event.data.ptr == &lines) {
        for (const std::string& line : lines.read()) {
          if (line == report_word) counters_.text().print();
        }
      } else if (auto& who = *static_cast<sender*>(event.data.ptr); !serve(who, event.events)) {
        poll_.remove(who.io.fd());
        senders_.erase(&who);
      }
    }
  }
  counters_.text().print();
  return 0;
}

}  // namespace

int sink_command(int argc, char** argv) {
  const arguments args(argc, argv, sink_options);
  if (args.flag("help")) return std::fputs(help_text("sink", sink_options).c_str(), stdout), 0;
  return sink_run().run(args.port());
}

}  // namespace hawser::load
