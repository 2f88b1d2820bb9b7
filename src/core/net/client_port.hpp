// A managed client, seen from the bridge: the calls that its records become. All on the engine's thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hawser::net {

// How a token is applied to a connection.
enum class token_use : std::uint8_t { none, query, header, first_message };

// How a message is thinned out before it is queued: client::send_shape.
enum class shape_use : std::uint8_t { none, throttle, debounce };

// One message on its way out. `id` and `data` are read during the call.
struct client_message {
  std::uint8_t priority = 1;  // 0 high, 1 normal, 2 low
  bool acked = false;
  bool durable = false;
  bool request = false;
  bool binary = false;
  bool compress = false;
  bool arm_drain = false;
  bool joinable = false;  // an envelope: it may travel in a batch
  shape_use shape = shape_use::none;
  std::int64_t ttl = 0;      // milliseconds, 0: the queue's default
  std::int64_t timeout = 0;  // of a request, milliseconds; with a shape: its interval
  std::uint32_t token = 0;   // settled later; 0: nobody waits
  std::uint32_t link = 0;    // not 0: for this link alone, past the queue
  std::string_view id;       // with a shape: its key
  std::span<const std::uint8_t> data;
};

// One whose text stands in a form but for these.
struct formed_message {
  std::uint32_t form;
  std::uint64_t number;
  std::uint64_t time;     // milliseconds since 1970
  std::uint32_t timeout;  // of a request, milliseconds; 0: it is none
  std::uint32_t token;
  std::uint8_t priority;
  bool compress, arm_drain;
  std::string_view payload;
};

// What a client tells JavaScript beside its states and messages. The numbers are those of the records.
enum class client_notice : std::uint32_t {
  token_wanted = 1,
  control = 2,
  dropped = 3,
  snapshot = 4,
  store_failed = 5,
  route_refused = 6,
  opened = 7,
};

// What JavaScript says of an open link whose first words it reads itself.
enum class admission : std::uint8_t {
  accepted = 0,
  refused = 1,  // as a token that is not accepted
  silent = 2,   // nothing came when something had to
};

class client_port {
 public:
  virtual ~client_port() = default;

  virtual void connect() = 0;
  virtual void disconnect(std::uint16_t code, std::string_view reason) = 0;
  virtual void reconnect() = 0;
  virtual void set_token(token_use how, std::string_view name, std::string_view value) = 0;
  virtual void fail_token(bool final, std::string_view detail) = 0;
  virtual void add_route(std::uint32_t route, std::string_view json) = 0;
  virtual void remove_route(std::uint32_t route) = 0;
  // `asking`: also messages with a correlation id that answer nothing, whatever routes they match.
  virtual void interest(bool untyped, bool binary, bool asking) = 0;
  virtual void send(const client_message& message) = 0;
  // See client::message_form. Numbers from 1 on, each once; of another number nothing is sent.
  virtual void form(std::uint32_t number, std::string_view text) = 0;
  virtual void send(const formed_message& message) = 0;
  virtual void cancel(std::uint32_t token) = 0;
  // JavaScript has read a reply or an ack in a message that the core cannot read.
  virtual void answered(bool ack, std::string_view id) = 0;
  // JavaScript has read that the server refuses this message for good.
  virtual void refused(std::string_view id) = 0;
  // Sends frames at once on the open link, ahead of the queue: see client_op::say. `link` is
  // the one that `opened` named, 0 for any; when it is gone, nothing happens.
  virtual void say(std::uint32_t link, std::span<const std::uint8_t> frames) = 0;
  virtual void admit(admission how, std::uint32_t link, std::string_view why) = 0;
  // The program is in rooms, or wants to be: see client_core::want_rooms.
  virtual void rooms(bool wanted, std::uint32_t link) = 0;
  virtual void clear_queue() = 0;
  virtual void snapshot(std::uint32_t token, std::uint32_t most) = 0;
  // The program had its turn after the first connection: messages may come.
  virtual void go() = 0;
  // Read no more until go(): the program has more in hand than it wants.
  virtual void wait() = 0;
  virtual void dispose() = 0;
};

}  // namespace hawser::net
