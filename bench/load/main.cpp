// hawser-load: the load generator. Chooses the subcommand and turns failures into one line and exit code 1.
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

#include "args.hpp"
#include "commands.hpp"
#include "net.hpp"

namespace {

struct command {
  std::string_view name;
  int (*run)(int, char**);
  const char* help;
};

constexpr command commands[] = {
    {"echo", hawser::load::echo_command, "clients that send messages and count what comes back"},
    {"rtt", hawser::load::rtt_command, "round trips of one message on one connection"},
    {"subscribe", hawser::load::subscribe_command, "subscribers that count what a server publishes"},
    {"feed", hawser::load::feed_command, "a server that streams JSON messages to every client"},
    {"sink", hawser::load::sink_command, "a server that counts the frames it is sent"},
    {"respond", hawser::load::respond_command, "a server that answers requests"},
    {"idle", hawser::load::idle_command, "connections that do nothing"},
    {"dead", hawser::load::dead_command, "connections of which some stop answering pings"},
    {"rooms", hawser::load::rooms_command, "members of rooms: fan-out, chat, joins, or doing nothing"},
    {"resume", hawser::load::resume_command, "members of rooms that come back and want what they missed"},
    {"certificate", hawser::load::certificate_command, "a self-signed certificate for localhost"},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "--help";
  bool with_parent = false;
  for (int i = 2; i < argc; ++i) with_parent = with_parent || std::strcmp(argv[i], "--with-parent") == 0;
  for (const command& each : commands) {
    if (each.name != wanted) continue;
    try {
      hawser::load::prepare_process(with_parent);
      return each.run(argc, argv);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "hawser-load %s: %s\n", argv[1], error.what());
      return 1;
    }
  }
  std::FILE* out = wanted == "--help" ? stdout : stderr;
  std::fprintf(out,
               "usage: hawser-load <command> [options]; hawser-load <command> --help lists the options\n");
  for (const command& each : commands) {
    std::fprintf(out, "  %-12s %s\n", std::string(each.name).c_str(), each.help);
  }
  return wanted == "--help" ? 0 : 1;
}
