// `echo` and `rtt`: clients keep a fixed number of messages in flight, and every reply is compared with what
// was sent.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "args.hpp"
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "measure.hpp"
#include "message_pool.hpp"

namespace hawser::load {

namespace {

constexpr std::size_t echo_buffer_bytes = 256 * 1024;
// Replies longer than this are compared in full only once in a while; else the comparison would be the
// benchmark.
constexpr std::uint64_t always_compared = 4096;
constexpr std::uint64_t full_comparison_every = 16;

const std::vector<option>& echo_options() {
  static const std::vector<option> declared = {
      {"port", "0", "port of the server"},
      {"path", "/", "path of the upgrade"},
      {"connections", "100", ""},
      {"size", "20", "bytes of a message"},
      {"in-flight", "16", "messages under way on each connection"},
      {"seconds", "5", "measured time"},
      {"warmup", "1", "seconds before it"},
      {"tls", "", "TLS 1.3; every frame is a record of its own", true},
      {"pack", "", "with --tls: frames that are due together share records", true},
      {"deflate", "", "offer permessage-deflate and send distinct JSON texts, compressed", true},
      {"takeover", "1", "1: contexts may be kept between messages, 0: not"},
      {"level", "6", "compression level of what is sent"},
      {"text", "", "text messages (the default)", true},
      {"binary", "", "binary messages", true},
      {"watch-pid", "0", "process whose processor time and memory are reported"},
      {"with-parent", "", "end when the parent process ends", true},
      {"help", "", "this text", true},
  };
  return declared;
}

struct echo_settings {
  std::uint32_t connections, size, in_flight;
  int level;
  bool tls, pack, deflate, takeover, binary;
  double seconds, warmup;
  int watched_pid;
};

/// What one connection is waiting for.
struct conversation {
  std::uint32_t next_to_send = 0;
  std::uint32_t next_expected = 0;
  std::uint64_t offset = 0;  // bytes of the current reply so far, over all its frames
  std::uint64_t replies = 0;
  nanoseconds sampled_since = 0;    // when the message that is timed left; 0: none is timed
  std::uint64_t sampled_reply = 0;  // which reply ends the sample
  std::unique_ptr<reply_inflater> inflater;
  std::string compressed;
};

class echo_run {
 public:
  explicit echo_run(const echo_settings& settings)
      : settings_(settings),
        pool_({settings.size, settings.in_flight, settings.binary, settings.deflate, settings.level}),
        buffer_(echo_buffer_bytes),
        window_(settings.watched_pid) {}

  int run(const open_options& options, const char* name);

  // Called by the frame reader for the connection that is being read.
  void data(const frame_header& header, std::uint64_t, const char* bytes, std::size_t size);
  void end(const frame_header& header);
  void control(std::uint8_t op, std::string_view payload);

 private:
  void start();
  void serve(client& who);
  void send(client& who, std::uint32_t number);
  void compare(const char* bytes, std::size_t size);
  void lose(client& who);

  echo_settings settings_;
  message_pool pool_;
  std::vector<char> buffer_;
  measured_window window_;
  poller poll_;
  opened_clients clients_;
  std::vector<conversation> conversations_;
  histogram latency_;
  client* reading_ = nullptr;
  conversation* current_ = nullptr;
  std::uint32_t completed_ = 0;
  bool first_frame_compressed_ = false;
  std::uint64_t messages_ = 0, reply_bytes_ = 0, compressed_replies_ = 0, inflated_ = 0;
  std::uint64_t mismatches_ = 0, lost_ = 0;
};

void echo_run::compare(const char* bytes, std::size_t size) {
  const std::string& expected = pool_.payload(current_->next_expected);
  const std::uint64_t offset = current_->offset;
  if (offset + size > expected.size()) {
    ++mismatches_;
    return;
  }
  std::size_t compared = size;
  if (expected.size() > always_compared && current_->replies % full_comparison_every != 0) {
    compared = std::min<std::size_t>(size, 64);
  }
  if (std::memcmp(bytes, expected.data() + offset, compared) != 0) ++mismatches_;
}

void echo_run::data(const frame_header& header, std::uint64_t, const char* bytes, std::size_t size) {
  if (current_->offset == 0 && header.op != continuation) first_frame_compressed_ = header.compressed;
  if (!header.compressed && !(header.op == continuation && first_frame_compressed_)) {
    compare(bytes, size);
  } else if (current_->inflater) {
    current_->compressed.append(bytes, size);
  }
  current_->offset += size;
  reply_bytes_ += size;
}

void echo_run::end(const frame_header& header) {
  if (!header.final) return;
  conversation& talk = *current_;
  if (settings_.deflate && first_frame_compressed_) {
    ++compressed_replies_;
    if (talk.inflater) {
      ++inflated_;
      if (!talk.inflater->matches(talk.compressed, pool_.payload(talk.next_expected))) ++mismatches_;
      talk.compressed.clear();
    }
  } else if (talk.offset != pool_.payload(talk.next_expected).size()) {
    ++mismatches_;
  }
  if (talk.sampled_since != 0 && talk.replies == talk.sampled_reply) {
    latency_.add(now() - talk.sampled_since);
    talk.sampled_since = 0;
  }
  talk.offset = 0;
  ++talk.replies;
  talk.next_expected = talk.next_expected + 1 == pool_.count() ? 0 : talk.next_expected + 1;
  ++completed_;
}

void echo_run::control(std::uint8_t op, std::string_view payload) {
  if (op == ping) send_pong(*reading_, payload);
}

void echo_run::send(client& who, std::uint32_t number) {
  conversation& talk = conversations_[who.index];
  if (talk.sampled_since == 0) {
    // Replies come in the order of sending: the first of these frames is answered after all that are under
    // way.
    talk.sampled_since = now();
    talk.sampled_reply = talk.replies + settings_.in_flight - number;
  }
  if (settings_.tls && !settings_.pack) {
    for (std::uint32_t i = 0; i < number; ++i) {
      who.io.add_record(pool_.slice(talk.next_to_send, 1));
      talk.next_to_send = pool_.after(talk.next_to_send, 1);
    }
    if (!who.io.flush()) lose(who);
  } else {
    const std::string_view frames = pool_.slice(talk.next_to_send, number);
    talk.next_to_send = pool_.after(talk.next_to_send, number);
    if (!who.io.send(frames)) lose(who);
  }
  follow_writes(poll_, who);
}

void echo_run::lose(client& who) {
  if (who.state == client::phase::closed) return;
  drop(poll_, who);
  ++lost_;
}

void echo_run::serve(client& who) {
  reading_ = &who;
  current_ = &conversations_[who.index];
  completed_ = 0;
  const bool alive = read_frames(who, buffer_, *this);
  messages_ += completed_;
  if (!alive) {
    lose(who);
  } else if (completed_ != 0) {
    send(who, completed_);
  }
}

void echo_run::start() {
  conversations_.resize(settings_.connections);
  const bool keeps_window = clients_.extensions.find("server_no_context_takeover") == std::string::npos;
  for (auto& who : clients_.all) {
    conversation& talk = conversations_[who->index];
    who->io.keep_buffers();
    talk.next_to_send = talk.next_expected = who->index * 7 % pool_.count();
    // One connection's replies are inflated and compared in full; doing it for all would load the generator's
    // core.
    if (settings_.deflate && who->index == 0) talk.inflater = std::make_unique<reply_inflater>(keeps_window);
    send(*who, settings_.in_flight);
  }
}

int echo_run::run(const open_options& options, const char* name) {
  clients_ = open_clients(poll_, settings_.connections, options);
  if (settings_.deflate && clients_.extensions.empty())
    throw failure("the server did not accept permessage-deflate");
  start();
  nanoseconds phase_ends = now() + static_cast<nanoseconds>(settings_.warmup * 1e9);
  bool measuring = false;
  while (lost_ < settings_.connections && !asked_to_stop()) {
    for (const epoll_event& event : poll_.wait(100)) {
      auto& who = *static_cast<client*>(event.data.ptr);
      if (who.state == client::phase::closed) continue;
      if ((event.events & EPOLLOUT) != 0) {
        if (!who.io.flush()) lose(who);
        follow_writes(poll_, who);
      }
      if (who.state == client::phase::closed || (event.events & ~EPOLLOUT) == 0) continue;
      serve(who);
    }
    if (now() < phase_ends) continue;
    if (measuring) break;
    measuring = true;
    messages_ = reply_bytes_ = compressed_replies_ = inflated_ = 0;
    latency_.clear();
    window_.begin();
    phase_ends = now() + static_cast<nanoseconds>(settings_.seconds * 1e9);
  }
  window_.end();

  const double seconds = window_.seconds();
  json_object result;
  result.add("case", name).add("connections", settings_.connections).add("size", settings_.size);
  result.add("inFlight", settings_.in_flight).add("messages", messages_);
  result.add("messagesPerSecond", static_cast<double>(messages_) / seconds);
  result.add("megabytes", static_cast<double>(messages_) * settings_.size / 1e6);
  result.add("replyBytesPerMessage",
             messages_ == 0 ? 0 : static_cast<double>(reply_bytes_) / static_cast<double>(messages_));
  window_.report(result);
  result.add("latencyMicroseconds", latency_.summary());
  if (settings_.deflate) {
    result.add("extensions", clients_.extensions).add("compressedReplies", compressed_replies_);
    result.add("inflatedReplies", inflated_);
  }
  result.add("mismatches", mismatches_).add("lostConnections", lost_);
  result.print();
  return mismatches_ == 0 && lost_ == 0 && messages_ != 0 ? 0 : 1;
}

int run_echo(const arguments& args, bool single) {
  echo_settings settings{};
  settings.connections = single ? 1 : args.count("connections", 1, 1e6);
  settings.size = args.count("size", 0, 1 << 28);
  settings.in_flight = single ? 1 : args.count("in-flight", 1, 100000);
  settings.tls = args.flag("tls");
  settings.pack = args.flag("pack");
  settings.deflate = args.flag("deflate");
  settings.takeover = args.count("takeover", 0, 1) == 1;
  settings.binary = args.flag("binary");
  settings.seconds = args.number("seconds", 0.01, 3600);
  settings.warmup = args.number("warmup", 0, 3600);
  settings.watched_pid = static_cast<int>(args.number("watch-pid"));
  settings.level = static_cast<int>(args.number("level", 0, 9));
  if (settings.binary && args.flag("text")) throw failure("--text and --binary exclude one another");

  open_options options;
  options.request = {args.port(), args.text("path"), ""};
  options.tls = settings.tls;
  if (settings.deflate) {
    options.request.extensions =
        settings.takeover ? "permessage-deflate; client_max_window_bits"
                          : "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
  }
  return echo_run(settings).run(options, single ? "rtt" : "echo");
}

}  // namespace

int echo_command(int argc, char** argv) {
  const arguments args(argc, argv, echo_options());
  if (args.flag("help")) return std::fputs(help_text("echo", echo_options()).c_str(), stdout), 0;
  return run_echo(args, false);
}

int rtt_command(int argc, char** argv) {
  const arguments args(argc, argv, echo_options());
  if (args.flag("help")) return std::fputs(help_text("rtt", echo_options()).c_str(), stdout), 0;
  return run_echo(args, true);
}

}  // namespace hawser::load
