// The subcommands. Each prints one JSON line (two where a server has to name its port first) and returns the
// exit code.
#pragma once

namespace hawser::load {

int echo_command(int argc, char** argv);
int rtt_command(int argc, char** argv);
int subscribe_command(int argc, char** argv);
int feed_command(int argc, char** argv);
int sink_command(int argc, char** argv);
int respond_command(int argc, char** argv);
int idle_command(int argc, char** argv);
int dead_command(int argc, char** argv);
int rooms_command(int argc, char** argv);
int resume_command(int argc, char** argv);
int certificate_command(int argc, char** argv);

}  // namespace hawser::load
