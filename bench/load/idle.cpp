// `idle`: opens connections and holds them, answering pings, until standard input ends. The line `touch`
// makes every connection send one message, whose echo is awaited.
#include <cstdio>

#include "args.hpp"
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "message_pool.hpp"

namespace hawser::load {

namespace {

const std::vector<option> idle_options = {
    {"port", "0", "port of the server"},
    {"connections", "10000", ""},
    {"tls", "", "TLS 1.3", true},
    {"deflate", "", "offer permessage-deflate, with context takeover", true},
    {"size", "512", "bytes of the message that `touch` sends"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

class idle_run {
 public:
  explicit idle_run(const arguments& args)
      : deflate_(args.flag("deflate")),
        pool_({args.count("size", 0, 1 << 20), 1, false, deflate_, 6}),
        buffer_(64 * 1024) {}

  int run(const open_options& options, std::uint32_t count);

  void data(const frame_header&, std::uint64_t, const char*, std::size_t) {}
  void end(const frame_header& header) {
    if (header.final && ++echoes_ == echoes_due_) json_object().add("touched", echoes_).print();
  }
  void control(std::uint8_t op, std::string_view payload) {
    if (op == ping) send_pong(*reading_, payload);
  }

 private:
  void touch();
  void serve(client& who);

  bool deflate_;
  message_pool pool_;
  std::vector<char> buffer_;
  poller poll_;
  opened_clients clients_;
  client* reading_ = nullptr;
  std::uint64_t echoes_ = 0, echoes_due_ = 0, closed_ = 0;
};

void idle_run::touch() {
  for (auto& who : clients_.all) {
    if (who->state != client::phase::open) continue;
    ++echoes_due_;
    who->io.send(pool_.slice(who->index % pool_.count(), 1));
    follow_writes(poll_, *who);
  }
}

void idle_run::serve(client& who) {
  reading_ = &who;
  if (!who.io.flush() || !read_frames(who, buffer_, *this)) {
    drop(poll_, who);
    ++closed_;
    return;
  }
  follow_writes(poll_, who);
}

int idle_run::run(const open_options& options, std::uint32_t count) {
  const nanoseconds begun = now();
  clients_ = open_clients(poll_, count, options);
  json_object ready;
  ready.add("ready", true).add("connections", count).add("extensions", clients_.extensions);
  ready.add("seconds", static_cast<double>(now() - begun) / 1e9).print();
  control_lines lines(poll_);
  while (!asked_to_stop() && !lines.ended()) {
    for (const epoll_event& event : poll_.wait(100)) {
      if (event.data.ptr != &lines) {
        auto& who = *static_cast<client*>(event.data.ptr);
        if (who.state == client::phase::open) serve(who);
        continue;
      }
      for (const std::string& line : lines.read()) {
        if (line == "touch") touch();
      }
    }
  }
  json_object().add("case", "idle").add("connections", count).add("closedByServer", closed_).print();
  return closed_ == 0 ? 0 : 1;
}

}  // namespace

int idle_command(int argc, char** argv) {
  const arguments args(argc, argv, idle_options);
  if (args.flag("help")) return std::fputs(help_text("idle", idle_options).c_str(), stdout), 0;
  open_options options;
  options.request = {args.port(), "/",
                     args.flag("deflate") ? "permessage-deflate; client_max_window_bits" : ""};
  options.tls = args.flag("tls");
  return idle_run(args).run(options, args.count("connections", 1, 1e6));
}

}  // namespace hawser::load
