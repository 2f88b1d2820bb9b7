// Where the engine delivers what happens. The bridge implements it over a ring; tests implement it in memory.
// Every call is made on the engine's thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hawser::net {

class engine;

// The numbers are those of the records that carry them.
enum class event_kind : std::uint8_t {
  open = 2,
  connection = 3,
  upgrade = 4,
  error = 5,
  close = 6,
  drain = 7,
  ping = 8,
  pong = 9,
  sent = 10,
  response = 11,
  listening = 12,
  server_error = 13,
  server_closed = 14,
  pipe_write = 15,
  pipe_ack = 16,
  pipe_end = 17,
  dropped = 18,
  server_drain = 19,
  batch = 20,
  columns = 21,
  client_state = 22,
  client_reply = 23,
  client_settled = 24,
  client_notice = 25,
  client_message = 26,
  client_answers = 27,
};

struct message_flags {
  bool binary = false;
  bool ascii = false;  // text whose bytes are all below 0x80
};

// What connections report to. Those that JavaScript knows report to the event_sink itself; the links of a
// managed client report to the client.
class connection_events {
 public:
  virtual ~connection_events() = default;

  // Each of the three answers false when there is no room: nothing was taken, try again after room() has
  // become true.
  virtual bool message(std::uint32_t slot, message_flags flags, std::span<const std::uint8_t> payload) = 0;
  // For large payloads: takes the vector, leaving it empty, only when it answers true.
  virtual bool owned_message(std::uint32_t slot, message_flags flags, std::vector<std::uint8_t>& payload) = 0;
  virtual bool event(event_kind kind, std::uint32_t connection, std::uint32_t aux,
                     std::span<const std::uint8_t> payload) = 0;

  // Payloads above this go through owned_message().
  virtual std::size_t owned_threshold() const = 0;

  // Weight and messages of `slot` which the kernel has taken since the slot was given out, modulo 2^32.
  virtual void flushed(std::uint32_t slot, std::uint32_t weight, std::uint32_t messages) = 0;
};

// What a managed client hands up: a message with its route, a batch, a reply … The payload comes in two
// pieces, which are joined where they are written.
struct client_record {
  event_kind kind;
  std::uint32_t client;
  std::uint32_t route = 0;  // 16 bits
  std::uint32_t aux = 0;
  message_flags flags;
  bool routes = false;  // `head` holds the numbers of several routes
  std::span<const std::uint8_t> head;
  std::span<const std::uint8_t> body;
};

class event_sink : public connection_events {
 public:
  // False: no room, nothing was taken.
  virtual bool record(const client_record& what) = 0;
  // After a delivery was refused: is it worth another try? If not, the engine will be woken when it is.
  virtual bool room() = 0;

  // Cheap: are there commands? Asked again and again while the engine waits for the next event.
  virtual bool commands_waiting() = 0;
  // Once or twice a turn: execute waiting commands on the engine; how many there were.
  virtual std::uint32_t run_commands(engine& target) = 0;
  // A place behind all commands that have arrived, and whether those before it have been executed. Only asked
  // where engines are joined. The defaults suit a sink whose run_commands() leaves nothing behind.
  virtual std::uint32_t commands_mark() { return 0; }
  virtual bool commands_past(std::uint32_t /*mark*/) { return true; }
  // The memory that commands of this turn pointed into may be given back.
  virtual void commands_done() = 0;
  // A delivery is about to come: the other side may be woken already, so that it wakes while the engine
  // reads.
  virtual void expect_delivery() {}
  // What was delivered becomes visible to the other side.
  virtual void publish() = 0;
  // Before the engine sleeps. False: commands have arrived, do not sleep.
  virtual bool prepare_sleep() = 0;
  virtual void awake() = 0;
};

}  // namespace hawser::net
