// `resume`: members of rooms of a hub lose their connections when the line `lose` comes, and come back at the
// line `resume <port> <number>`: each has missed so many messages of its room, and wants them in order.
#include <cstdio>
#include <sstream>
#include <string>

#include "args.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "members.hpp"

namespace hawser::load {

namespace {

const std::vector<option> resume_options = {
    {"port", "0", "port of the server"},
    {"connections", "10000", "members"},
    {"rooms", "100", "rooms; members are dealt out in turn"},
    {"seconds", "60", "how long all of it may take"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

class resume_run {
 public:
  explicit resume_run(const arguments& args)
      : count_(args.count("connections", 1, 1e6)),
        rooms_(args.count("rooms", 1, 1e6)),
        seconds_(args.number("seconds", 0.01, 3600)),
        members_(dialect::hub, seconds_) {}

  int run(std::uint16_t port);

 private:
  struct place {
    std::string room, epoch;
    std::uint64_t next;
  };
  std::string line(const char* wanted);
  int come_back(std::uint16_t port, std::uint64_t missed);

  std::uint32_t count_, rooms_;
  double seconds_;
  members members_;
  std::vector<place> places_;
};

std::string resume_run::line(const char* wanted) {
  std::string text;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) text += static_cast<char>(c);
  if (!text.starts_with(wanted)) throw failure(std::string("standard input said no ") + wanted);
  return text;
}

int resume_run::run(std::uint16_t port) {
  members_.open(port, count_);
  members_.join(rooms_);
  for (const member& each : members_.all()) places_.push_back({each.room, each.epoch, each.next});
  json_object().add("joined", count_).print();
  line("lose");
  members_.clear();
  json_object().add("lost", count_).print();
  std::istringstream words(line("resume").substr(6));
  std::uint16_t to = 0;
  std::uint64_t missed = 0;
  words >> to >> missed;
  return come_back(to, missed);
}

int resume_run::come_back(std::uint16_t port, std::uint64_t missed) {
  const nanoseconds begun = now();
  members_.open(port, count_);
  const double opened = static_cast<double>(now() - begun) / 1e9;
  std::vector<member>& all = members_.all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const place& where = places_[i];
    all[i].next = where.next;
    members_.send(all[i], "{\"type\":\"resume\",\"id\":\"r\",\"payload\":{\"rooms\":{\"" + where.room +
                              "\":{\"epoch\":\"" + where.epoch +
                              "\",\"offset\":" + std::to_string(where.next - 1) + "}}}}");
  }
  std::uint64_t outstanding = missed * all.size(), resumed = 0, disordered = 0;
  histogram done;
  const members::hearer hear = [&](member& who, heard what, std::string_view text) {
    if (what == heard::resumed) ++resumed;
    if (what != heard::message) return;
    if (number_behind(text, "\"offset\":") != static_cast<std::int64_t>(who.next)) ++disordered;
    ++who.next;
    --outstanding;
    if (++who.received == missed) done.add(now() - begun);
  };
  const nanoseconds deadline = begun + static_cast<nanoseconds>(seconds_ * 1e9);
  while ((outstanding != 0 || resumed < all.size()) && now() < deadline && members_.lost() == 0)
    members_.serve(hear);
  json_object result;
  result.add("case", "resume").add("connections", count_).add("rooms", rooms_).add("missed", missed);
  result.add("messages", missed * all.size() - outstanding).add("resumed", resumed);
  result.add("secondsToOpen", opened).add("seconds", static_cast<double>(now() - begun) / 1e9);
  result.add("backAfterMicroseconds", done.summary());
  result.add("notReceived", outstanding).add("disordered", disordered);
  result.add("lostConnections", members_.lost()).add("failures", members_.failures());
  result.add("firstFailure", members_.first_failure()).print();
  const bool whole = outstanding + disordered + members_.lost() + members_.failures() == 0;
  return whole && resumed == all.size() ? 0 : 1;
}

}  // namespace

int resume_command(int argc, char** argv) {
  const arguments args(argc, argv, resume_options);
  if (args.flag("help")) return std::fputs(help_text("resume", resume_options).c_str(), stdout), 0;
  return resume_run(args).run(args.port());
}

}  // namespace hawser::load
