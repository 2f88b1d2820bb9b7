// One reactor, seen from outside: a thread that runs sockets and servers, named by slots and server ids.
// This header needs no Asio. Calls marked (any) may come from any thread; all others only from the engine's
// thread, that is from event_sink::run_commands().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/client_gauges.hpp"
#include "core/error.hpp"
#include "core/hub/history.hpp"
#include "core/net/event_sink.hpp"
#include "core/net/settings.hpp"

namespace hawser::net {

inline constexpr std::uint32_t no_slot = 0xffffffffu;
// What a message weighs in the send queue beside its payload, in bytes.
inline constexpr std::uint32_t message_overhead = 8;

struct send_flags {
  bool binary = false;
  bool compress = false;
  bool arm_drain = false;
  bool notify = false;
  bool more = false;
};

// Where a message goes that has more to it than a topic.
struct publish_target {
  std::span<const std::string_view> topics;  // at least one; who is subscribed to several gets it once
  std::int64_t offset = -1;                  // its place in the topic, which keeps it; -1: none
  std::uint32_t except_part = no_slot;       // the connection that is left out: its reactor and slot
  std::uint32_t except = no_slot;
};

// What a connection wants of a topic that keeps messages.
struct replay_request {
  std::string_view topic;
  std::int64_t above = -1;          // the offset it has; below 0: none
  std::uint32_t most = 0xffffffff;  // messages; the newest
  std::int64_t head = -1;           // what has been published by now; below 0: not known
  // Texts that go first: everything above was kept, or not.
  std::string_view whole, partial;
};

struct engine_stats {
  std::uint64_t connections = 0, accepted = 0, messages_in = 0, messages_out = 0, bytes_in = 0, bytes_out = 0,
                reads = 0, writes = 0, turns = 0, dropped = 0,
                handed = 0,  // published messages handed to other reactors, once for each
      stalls = 0;            // times when one of these took no more, and commands had to wait
};

class reactor;
class client_port;
class server_state;

class engine {
 public:
  // `slots`: how many connections may exist at once. `budget` bounds partial messages; both outlive the
  // engine.
  engine(event_sink& sink, protocol::memory_budget& budget, std::uint32_t slots);
  ~engine();

  // Lets engines share servers: an accepted connection goes to the one with the fewest of its server, a
  // published message to all. Once, before the first of them runs; at most 64. All of them are stopped before
  // the first is destroyed.
  static void join(const std::vector<engine*>& all);

  void run();   // until stop(); may run again later, on another thread
  void stop();  // (any)
  void wake();  // (any) ends a sleep
  bool flush(
      std::int64_t milliseconds);  // (any but the engine's) false: not everything reached the kernel in time
  engine_stats stats() const;      // (any)

  // (any) Reserve a slot; no_slot when none is left. begin() starts what was prepared.
  std::uint32_t prepare_connect(std::unique_ptr<connect_settings> settings);
  std::uint32_t prepare_adopt(std::unique_ptr<adopt_settings> settings);
  // For a server that is to listen here, with a part on each engine that this one was joined with: each has
  // to be told by listen(), which reports `listening`, and each reports server_closed. The slots of its
  // gauges, by engine: the first word counts the part's subscribers above the high-water mark. no_slot where
  // none was left: that part goes without.
  std::vector<std::uint32_t> prepare_listen(std::uint32_t server, std::unique_ptr<listen_settings> settings);
  // Takes prepare_listen() back.
  void abandon_listen(std::uint32_t server);

  // A managed client; begin() makes it, and client() finds it until it has ended.
  std::uint32_t prepare_client(std::unique_ptr<client_settings> settings);
  client_port* client(std::uint32_t slot);
  // (any) Null: there is no such client.
  std::shared_ptr<const client::client_gauges> client_gauges(std::uint32_t slot);

  // (any) Of a server that listens here; null: there is none.
  std::shared_ptr<server_state> state(std::uint32_t server);

  void begin(std::uint32_t slot);
  // The payload may be changed in place and is read until commands_done().
  void send(std::uint32_t slot, std::span<std::uint8_t> payload, send_flags flags);
  void ping(std::uint32_t slot, std::span<const std::uint8_t> payload);
  void pong(std::uint32_t slot, std::span<const std::uint8_t> payload);
  void close(std::uint32_t slot, std::uint16_t code, std::string_view reason);
  void terminate(std::uint32_t slot);
  void pause(std::uint32_t slot);
  void resume(std::uint32_t slot);
  void interest(std::uint32_t slot, bool ping, bool pong);
  void release(std::uint32_t slot);
  void accept(std::uint32_t slot, std::string_view fields);
  void carry(std::uint32_t slot);
  void reject(std::uint32_t slot, std::string_view answer);
  void subscribe(std::uint32_t slot, std::string_view topic);
  void unsubscribe(std::uint32_t slot, std::string_view topic);
  // Who is behind a connection of a server, for the rate of each user.
  void set_user(std::uint32_t slot, std::string_view user);
  // False: other engines have enough to do with what was published; run no more commands in this turn.
  bool publish(std::uint32_t server, std::string_view topic, std::span<const std::uint8_t> payload,
               send_flags flags, std::uint32_t except);
  // The same to several topics, or with an offset. Offsets of a topic go up, so all that has one is published
  // through one engine.
  bool publish(std::uint32_t server, const publish_target& to, std::span<const std::uint8_t> payload,
               send_flags flags);
  // From now on a topic keeps what is published to it with an offset; or no longer does. Where engines are
  // joined, each has to be told.
  void keep(std::uint32_t server, std::string_view topic, const hub::kept_bounds& bounds, std::int64_t head);
  void forget(std::uint32_t server, std::string_view topic);
  // Sends what the topic keeps, then subscribes: nothing is missed, nothing comes twice.
  void subscribe_from(std::uint32_t slot, const replay_request& what);
  void pipe_data(std::uint32_t slot, std::span<std::uint8_t> bytes);
  void pipe_ack(std::uint32_t slot, std::uint32_t bytes);
  void pipe_end(std::uint32_t slot, bool broken);
  void listen(std::uint32_t server);
  // Where engines are joined, each has to be told; each ends behind what the one that listens published
  // before.
  void close_server(std::uint32_t server, std::int64_t milliseconds);
  // New peers get 503; with `deaf` the listener is closed, too.
  void refuse_peers(std::uint32_t server, bool deaf);

 private:
  reactor& in_order();
  std::unique_ptr<reactor> reactor_;
};

}  // namespace hawser::net
