// `rooms`: members of rooms. Fan-out: a control connection asks for windows of messages to one room. Chat:
// everybody keeps a message of its own under way to its room. Churn: everybody joins and leaves. Hold: nobody
// does anything. What is counted has come to a receiver.
#include <algorithm>
#include <cstdio>
#include <string>

#include "args.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "members.hpp"

namespace hawser::load {

namespace {

constexpr nanoseconds patience = 5 * nanoseconds_per_second;
constexpr double opening_seconds = 120;

const std::vector<option> rooms_options = {
    {"port", "0", "port of the server"},
    {"other-port", "0", "port of a second server, where every other half of the members is; 0: none"},
    {"dialect", "hawser.v1", "hawser.v1, socket.io or plain"},
    {"mode", "fanout", "fanout, chat, churn or hold"},
    {"connections", "1000", "members"},
    {"rooms", "1", "rooms; members are dealt out in turn"},
    {"window", "16", "fanout: messages under way"},
    {"size", "64", "bytes of the text in a message"},
    {"seconds", "5", "measured time"},
    {"warmup", "1", "seconds before it"},
    {"watch-pid", "0", "process whose processor time and memory are reported"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

class rooms_run {
 public:
  explicit rooms_run(const arguments& args)
      : how_(dialect_of(args.text("dialect"))),
        rooms_(args.count("rooms", 1, 1e6)),
        window_size_(args.count("window", 1, 1e6)),
        size_(args.count("size", 0, 1 << 20)),
        seconds_(args.number("seconds", 0.01, 3600)),
        warmup_(args.number("warmup", 0, 3600)),
        text_(size_, 't'),
        window_(static_cast<int>(args.number("watch-pid"))),
        members_(how_, opening_seconds),
        control_(how_, opening_seconds) {}

  int run(const arguments& args);

 private:
  void fan_out();
  void chat();
  void churn();
  void hold();
  // Runs one tenth of a second after the other until the warm-up and the measured time are over.
  template <class Step>
  void measure(Step step);
  void say(member& who);
  void hear_chat(member& who, std::string_view text);
  int report(const char* mode, bool valid);
  std::vector<member>& all() { return members_.all(); }

  dialect how_;
  std::uint32_t rooms_, window_size_, size_;
  double seconds_, warmup_;
  std::string text_;
  measured_window window_;
  members members_, control_;
  histogram latency_;
  bool saying_ = true;
  // Deliveries that are due, and the events that were counted: deliveries, or a join with its leave.
  std::uint64_t outstanding_ = 0, counted_ = 0, disordered_ = 0, dropped_ = 0;
};

template <class Step>
void rooms_run::measure(Step step) {
  nanoseconds ends = now() + static_cast<nanoseconds>(warmup_ * 1e9);
  for (bool measuring = false; !asked_to_stop() && members_.lost() == 0;) {
    step();
    if (now() < ends) continue;
    if (measuring) break;
    measuring = true;
    counted_ = 0;
    latency_.clear();
    window_.begin();
    ends = now() + static_cast<nanoseconds>(seconds_ * 1e9);
  }
  window_.end();
}

void rooms_run::fan_out() {
  std::uint64_t asked = 0;
  nanoseconds asked_at = 0;
  const members::hearer hear = [this](member& who, heard what, std::string_view text) {
    if (what != heard::message) return;
    const auto number = static_cast<std::uint64_t>(number_behind(text, "\"n\":"));
    if (number != who.next) ++disordered_;
    who.next = number + 1;
    ++counted_;
    --outstanding_;
  };
  for (member& each : all()) each.next = 0;
  measure([&] {
    if (outstanding_ != 0 && now() - asked_at > patience) {
      dropped_ += outstanding_;
      outstanding_ = 0;
      asked += window_size_;
      for (member& each : all()) each.next = asked;
    }
    if (outstanding_ == 0) {
      if (asked_at != 0) latency_.add(now() - asked_at);
      outstanding_ = static_cast<std::uint64_t>(window_size_) * all().size();
      asked_at = now();
      control_.send(control_.all().front(), go_text(how_, window_size_, size_));
    }
    members_.serve(hear);
  });
}

void rooms_run::say(member& who) {
  const auto number = static_cast<std::size_t>(&who - all().data());
  const std::string payload = "{\"n\":" + std::to_string(who.next) + ",\"from\":" + std::to_string(number) +
                              ",\"text\":\"" + text_ + "\"}";
  outstanding_ += (all().size() + rooms_ - 1 - number % rooms_) / rooms_;
  who.sampled_since = now();
  members_.send(who, say_text(how_, who.room, payload));
}

void rooms_run::hear_chat(member& who, std::string_view text) {
  ++counted_;
  --outstanding_;
  if (number_behind(text, "\"from\":") != &who - all().data()) return;
  if (number_behind(text, "\"n\":") != static_cast<std::int64_t>(who.next)) ++disordered_;
  ++who.next;
  latency_.add(now() - who.sampled_since);
  if (saying_) say(who);
}

void rooms_run::chat() {
  const members::hearer hear = [this](member& who, heard what, std::string_view text) {
    if (what == heard::message) hear_chat(who, text);
  };
  for (member& each : all()) {
    each.next = 0;
    say(each);
  }
  measure([&] { members_.serve(hear); });
  const std::uint64_t counted = counted_;
  saying_ = false;
  for (const nanoseconds end = now() + patience; outstanding_ != 0 && now() < end;) members_.serve(hear);
  dropped_ = outstanding_;
  counted_ = counted;
}

void rooms_run::churn() {
  // Who is in its room is to leave it next.
  std::vector<bool> inside(all().size(), true);
  const members::hearer hear = [&](member& who, heard what, std::string_view) {
    if (what != heard::joined && what != heard::left) return;
    const auto number = static_cast<std::size_t>(&who - all().data());
    inside[number] = !inside[number];
    latency_.add(now() - who.sampled_since);
    who.sampled_since = now();
    if (inside[number]) {
      members_.send(who, leave_text(how_, who.room));
    } else {
      ++counted_;
      members_.send(who, join_text(how_, who.room));
    }
  };
  for (member& each : all()) {
    each.sampled_since = now();
    members_.send(each, leave_text(how_, each.room));
  }
  // The answer to this leave makes everybody an outsider.
  measure([&] { members_.serve(hear); });
}

void rooms_run::hold() {
  json_object().add("ready", true).add("connections", all().size()).print();
  control_lines lines(members_.poll());
  // Standard input has no client behind it: it is looked at by itself.
  while (!asked_to_stop() && !lines.ended() && members_.lost() == 0) {
    members_.serve([](member&, heard, std::string_view) {}, &lines);
    lines.read();
  }
}

int rooms_run::report(const char* mode, bool valid) {
  const std::uint64_t failures = members_.failures() + control_.failures();
  json_object result;
  result.add("case", "rooms").add("mode", mode).add("connections", all().size()).add("rooms", rooms_);
  result.add("size", size_).add("messages", counted_);
  if (window_.seconds() > 0) {
    result.add("perSecond", static_cast<double>(counted_) / window_.seconds());
    window_.report(result);
    result.add("latencyMicroseconds", latency_.summary());
  }
  result.add("dropped", dropped_).add("disordered", disordered_).add("lostConnections", members_.lost());
  result.add("failures", failures).add("firstFailure", members_.first_failure());
  result.print();
  return valid && dropped_ + disordered_ + members_.lost() + failures == 0 ? 0 : 1;
}

int rooms_run::run(const arguments& args) {
  const std::uint32_t count = args.count("connections", 1, 1e6);
  const auto other = static_cast<std::uint16_t>(args.number("other-port", 0, 65535));
  members_.open(args.port(), other == 0 ? count : count - count / 2);
  if (other != 0) members_.open(other, count / 2);
  members_.join(rooms_);
  const std::string mode = args.text("mode");
  if (mode == "fanout") {
    if (rooms_ != 1) throw failure("--mode fanout has one room");
    control_.open(args.port(), 1);
    fan_out();
  } else if (mode == "chat") {
    chat();
  } else if (mode == "churn") {
    churn();
  } else if (mode == "hold") {
    hold();
    return report("hold", true);
  } else {
    throw failure("--mode is fanout, chat, churn or hold");
  }
  return report(mode.c_str(), counted_ != 0);
}

}  // namespace

int rooms_command(int argc, char** argv) {
  const arguments args(argc, argv, rooms_options);
  if (args.flag("help")) return std::fputs(help_text("rooms", rooms_options).c_str(), stdout), 0;
  return rooms_run(args).run(args);
}

}  // namespace hawser::load
