// `dead`: connections of four kinds against a server with heartbeats. Live ones answer pings; flooding ones
// answer them too and send all the time; silent ones stop answering when the line `silence` comes on standard
// input. Reports whom the server closed, and how long after its first unanswered ping.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "args.hpp"
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "message_pool.hpp"

namespace hawser::load {

namespace {

constexpr std::uint32_t flood_burst = 16;
constexpr std::uint32_t flood_size = 20;

const std::vector<option> dead_options = {
    {"port", "0", "port of the server"},
    {"live", "100", "connections that answer every ping"},
    {"silent", "20", "connections that stop answering"},
    {"flooding", "0", "connections that answer pings and send all the time"},
    {"seconds", "13", "time from the line `silence` to the report"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

struct fate {
  nanoseconds first_unanswered = 0;
  nanoseconds closed = 0;
  std::uint64_t answered = 0;
};

class dead_run {
 public:
  explicit dead_run(const arguments& args)
      : live_(args.count("live")),
        silent_(args.count("silent")),
        flooding_(args.count("flooding")),
        flood_({flood_size, flood_burst, false, false, 0}),
        buffer_(64 * 1024) {}

  int run(const open_options& options, double seconds);

  void data(const frame_header&, std::uint64_t, const char*, std::size_t) {}
  void end(const frame_header&) {}
  void control(std::uint8_t op, std::string_view payload);

 private:
  bool is_silent(const client& who) const { return who.index >= live_ && who.index < live_ + silent_; }
  bool is_flooding(const client& who) const { return who.index >= live_ + silent_; }
  void serve(client& who, std::uint32_t events);
  void flood(client& who);
  json_object group(std::uint32_t from, std::uint32_t number) const;

  std::uint32_t live_, silent_, flooding_;
  message_pool flood_;
  std::vector<char> buffer_;
  poller poll_;
  opened_clients clients_;
  std::vector<fate> fates_;
  client* reading_ = nullptr;
  nanoseconds silence_began_ = 0;
};

void dead_run::control(std::uint8_t op, std::string_view payload) {
  if (op != ping) return;
  fate& mine = fates_[reading_->index];
  if (silence_began_ != 0 && is_silent(*reading_)) {
    if (mine.first_unanswered == 0) mine.first_unanswered = now();
    return;
  }
  ++mine.answered;
  send_pong(*reading_, payload);
}

void dead_run::flood(client& who) {
  // One more burst whenever the last one left for the kernel, so that a pong waits for one burst at most.
  if (!who.io.waiting_to_write()) who.io.send(flood_.slice(0, flood_burst));
}

void dead_run::serve(client& who, std::uint32_t events) {
  reading_ = &who;
  bool alive = (events & EPOLLOUT) == 0 || who.io.flush();
  if (alive && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
    alive = read_frames(who, buffer_, *this);
  if (!alive) {
    drop(poll_, who);
    fates_[who.index].closed = now();
    return;
  }
  if (is_flooding(who) && silence_began_ != 0) {
    flood(who);
    poll_.change(who.io.fd(), EPOLLIN | EPOLLOUT, &who);
  } else {
    follow_writes(poll_, who);
  }
}

json_object dead_run::group(std::uint32_t from, std::uint32_t number) const {
  std::uint64_t closed = 0, answered = 0;
  double earliest = 0, latest = 0, latest_since_silence = 0;
  for (std::uint32_t i = from; i < from + number; ++i) {
    answered += fates_[i].answered;
    if (fates_[i].closed == 0) continue;
    const nanoseconds since = fates_[i].first_unanswered != 0 ? fates_[i].first_unanswered : silence_began_;
    const double after = (static_cast<double>(fates_[i].closed) - static_cast<double>(since)) / 1e6;
    earliest = closed == 0 ? after : std::min(earliest, after);
    latest = std::max(latest, after);
    latest_since_silence =
        std::max(latest_since_silence,
                 (static_cast<double>(fates_[i].closed) - static_cast<double>(silence_began_)) / 1e6);
    ++closed;
  }
  json_object out;
  out.add("connections", number).add("closed", closed).add("pingsAnswered", answered);
  out.add("earliestMilliseconds", earliest).add("latestMilliseconds", latest);
  out.add("latestSinceSilenceMilliseconds", latest_since_silence);
  return out;
}

int dead_run::run(const open_options& options, double seconds) {
  fates_.resize(live_ + silent_ + flooding_);
  clients_ = open_clients(poll_, live_ + silent_ + flooding_, options);
  json_object().add("ready", true).add("connections", fates_.size()).print();
  control_lines lines(poll_);
  for (auto& who : clients_.all) serve(*who, EPOLLIN);
  while (!asked_to_stop()) {
    if (silence_began_ != 0 && now() - silence_began_ > static_cast<nanoseconds>(seconds * 1e9)) break;
    if (silence_began_ == 0 && lines.ended())
      throw failure("standard input ended before the line `silence` came");
    for (const epoll_event& event : poll_.wait(50)) {
      if (event.data.ptr != &lines) {
        auto& who = *static_cast<client*>(event.data.ptr);
        if (who.state == client::phase::open) serve(who, event.events);
        continue;
      }
      for (const std::string& line : lines.read()) {
        if (line != "silence" || silence_began_ != 0) continue;
        silence_began_ = now();
        for (auto& who : clients_.all) {
          if (is_flooding(*who) && who->state == client::phase::open) serve(*who, 0);
        }
      }
    }
  }
  json_object result;
  result.add("case", "dead").add("live", group(0, live_)).add("silent", group(live_, silent_));
  result.add("flooding", group(live_ + silent_, flooding_));
  result.print();
  return 0;
}

}  // namespace

int dead_command(int argc, char** argv) {
  const arguments args(argc, argv, dead_options);
  if (args.flag("help")) return std::fputs(help_text("dead", dead_options).c_str(), stdout), 0;
  open_options options;
  options.request = {args.port(), "/", ""};
  return dead_run(args).run(options, args.number("seconds", 0.1, 3600));
}

}  // namespace hawser::load
