// `subscribe`: many subscribers and one control connection. The control connection asks for a window of
// messages
// (`go <number> <size>`), and asks for the next when every subscriber has the whole window.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "args.hpp"
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "measure.hpp"

namespace hawser::load {

namespace {

constexpr std::size_t subscribe_buffer_bytes = 256 * 1024;
constexpr std::size_t sequence_digits = 10;
constexpr nanoseconds window_patience = 3 * nanoseconds_per_second;

const std::vector<option> subscribe_options = {
    {"port", "0", "port of the server"},
    {"path", "/subscribe", "path of the subscribers' upgrade"},
    {"control-path", "/control", "path of the control connection's upgrade"},
    {"connections", "1000", "subscribers"},
    {"window", "16", "messages under way"},
    {"size", "128", "bytes of a message, of which ten are its sequence number"},
    {"seconds", "5", "measured time"},
    {"warmup", "1", "seconds before it"},
    {"watch-pid", "0", "process whose processor time and memory are reported"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

class subscribe_run {
 public:
  explicit subscribe_run(const arguments& args)
      : window_size_(args.count("window", 1, 1e6)),
        size_(args.count("size", sequence_digits, 1 << 24)),
        seconds_(args.number("seconds", 0.01, 3600)),
        warmup_(args.number("warmup", 0, 3600)),
        buffer_(subscribe_buffer_bytes),
        window_(static_cast<int>(args.number("watch-pid"))) {}

  int run(const arguments& args);

  void data(const frame_header& header, std::uint64_t offset, const char* bytes, std::size_t size);
  void end(const frame_header& header);
  void control(std::uint8_t op, std::string_view payload);

 private:
  struct progress {
    std::uint64_t next = 0;      // sequence number that is due
    std::uint64_t received = 0;  // messages of the current window
  };

  void ask(client& asking);
  void serve(client& who);
  void give_up_on_window();

  std::uint32_t window_size_, size_;
  double seconds_, warmup_;
  std::vector<char> buffer_;
  measured_window window_;
  poller poll_;
  opened_clients subscribers_, controls_;
  std::vector<progress> progress_;
  histogram window_time_;
  client* reading_ = nullptr;
  progress* current_ = nullptr;
  std::uint64_t outstanding_ = 0;  // deliveries that the current window still lacks
  std::uint64_t asked_ = 0;        // messages asked for since the start
  nanoseconds asked_at_ = 0;
  std::uint64_t deliveries_ = 0, dropped_ = 0, disordered_ = 0, lost_ = 0, wrong_size_ = 0;
};

void subscribe_run::data(const frame_header&, std::uint64_t offset, const char* bytes, std::size_t size) {
  if (current_ == nullptr || offset != 0 || size < sequence_digits) return;
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i < sequence_digits; ++i)
    sequence = sequence * 10 + static_cast<std::uint64_t>(bytes[i] - '0');
  if (sequence != current_->next) ++disordered_;
  current_->next = sequence;
}

void subscribe_run::end(const frame_header& header) {
  if (current_ == nullptr || !header.final) return;
  if (header.length != size_) ++wrong_size_;
  ++current_->next;
  ++current_->received;
  ++deliveries_;
  --outstanding_;
}

void subscribe_run::control(std::uint8_t op, std::string_view payload) {
  if (op == ping) send_pong(*reading_, payload);
}

void subscribe_run::ask(client& asking) {
  for (progress& each : progress_) each.received = 0;
  outstanding_ = static_cast<std::uint64_t>(window_size_) * (progress_.size() - lost_);
  asked_ += window_size_;
  asked_at_ = now();
  std::string frame;
  append_frame(frame, text, false, "go " + std::to_string(window_size_) + " " + std::to_string(size_),
               0x31415927);
  if (!asking.io.send(frame)) throw failure("the control connection is gone");
}

void subscribe_run::give_up_on_window() {
  dropped_ += outstanding_;
  for (progress& each : progress_) each.next = asked_;
  outstanding_ = 0;
}

void subscribe_run::serve(client& who) {
  reading_ = &who;
  const bool subscriber = &who != controls_.all.front().get();
  current_ = subscriber ? &progress_[who.index] : nullptr;
  if (read_frames(who, buffer_, *this)) return;
  if (!subscriber) throw failure("the server closed the control connection");
  outstanding_ -= std::min<std::uint64_t>(outstanding_, window_size_ - current_->received);
  ++lost_;
  drop(poll_, who);
}

int subscribe_run::run(const arguments& args) {
  open_options options;
  options.request = {args.port(), args.text("path"), ""};
  subscribers_ = open_clients(poll_, args.count("connections", 1, 1e6), options);
  options.request.path = args.text("control-path");
  controls_ = open_clients(poll_, 1, options);
  client& asking = *controls_.all.front();
  progress_.resize(subscribers_.all.size());

  nanoseconds phase_ends = now() + static_cast<nanoseconds>(warmup_ * 1e9);
  bool measuring = false;
  std::uint64_t windows = 0;
  ask(asking);
  while (!asked_to_stop() && lost_ < progress_.size()) {
    for (const epoll_event& event : poll_.wait(100)) {
      auto& who = *static_cast<client*>(event.data.ptr);
      if (who.state == client::phase::open) serve(who);
    }
    const nanoseconds time = now();
    if (outstanding_ != 0 && time - asked_at_ > window_patience) give_up_on_window();
    if (outstanding_ == 0) {
      window_time_.add(time - asked_at_);
      ++windows;
    }
    if (time >= phase_ends && (measuring || outstanding_ == 0)) {
      if (measuring) break;
      measuring = true;
      window_time_.clear();
      deliveries_ = windows = 0;
      window_.begin();
      phase_ends = now() + static_cast<nanoseconds>(seconds_ * 1e9);
    }
    if (outstanding_ == 0) ask(asking);
  }
  window_.end();

  json_object result;
  result.add("case", "subscribe")
      .add("connections", progress_.size())
      .add("window", window_size_)
      .add("size", size_);
  result.add("messages", deliveries_).add("windows", windows);
  result.add("deliveriesPerSecond", static_cast<double>(deliveries_) / window_.seconds());
  result.add("megabytes", static_cast<double>(deliveries_) * size_ / 1e6);
  window_.report(result);
  result.add("windowMicroseconds", window_time_.summary());
  result.add("dropped", dropped_).add("disordered", disordered_).add("wrongSize", wrong_size_);
  result.add("lostConnections", lost_);
  result.print();
  return deliveries_ != 0 && dropped_ + disordered_ + wrong_size_ + lost_ == 0 ? 0 : 1;
}

}  // namespace

int subscribe_command(int argc, char** argv) {
  const arguments args(argc, argv, subscribe_options);
  if (args.flag("help")) return std::fputs(help_text("subscribe", subscribe_options).c_str(), stdout), 0;
  return subscribe_run(args).run(args);
}

}  // namespace hawser::load
