// The records that cross the two rings: kinds, flags and what their words and payloads mean.
// lib/native/records.ts holds the same numbers; a test compares the two files.
//
//   word 0   u32 length      payload bytes (the record is padded to 16)
//   word 1   u32 connection  slot of the connection, or server id, see the kind
//   word 2   u32 kind | flags << 8 | route << 16
//   word 3   u32 aux         see the kind
//
// Payloads called "fields" are Latin-1 text, values separated by '\n'. Header values cannot hold one, and
// other texts have theirs replaced by a space.
#pragma once

#include <cstdint>

namespace hawser::bridge {

// Reactor to JavaScript.
enum class in_kind : std::uint8_t {
  pad = 0,      // skip to the start of the ring
  message = 1,  // payload; flags: binary, ascii, large
  open = 2,     // client: the upgrade succeeded; fields. adopted: the 101 is on its way; fields: extensions
  connection = 3,  // server: a peer has upgraded; aux = server id; fields
  upgrade = 4,     // server: the program decides, answered by accept or reject; aux = server id; fields.
                   // Before the target of what may be answered by carry stand its method and a space.
  error = 5,       // aux = errc; fields: system, detail
  close = 6,       // aux = code | clean << 16; payload = reason (UTF-8). Last record of a slot.
  drain = 7,       // the send queue is below half the high-water mark again
  ping = 8,        // payload; only to sockets that asked for it
  pong = 9,
  sent = 10,      // aux = number of sends with a callback that reached the kernel since the last such record
  response = 11,  // client: no 101; aux = status; fields: reason, n, n × (name, value); then the body's start
  listening = 12,      // connection = server id; fields: address, port, family (or the path)
  server_error = 13,   // connection = server id; aux = errc; fields: system, detail
  server_closed = 14,  // connection = server id; the last record of it
  pipe_write = 15,     // bytes for the JavaScript stream under this connection
  pipe_ack = 16,       // aux = bytes consumed of what pipe_data carried
  pipe_end = 17,       // no more bytes will be written; aux = 1: destroy at once
  server_drain = 19,   // connection = server id; no subscriber is above the high-water mark any more
  dropped = 18,  // connection = server id; aux = messages left out for slow consumers since the last such one
  // Of a managed client; connection = its slot, route in the upper half of the third word.
  batch = 20,         // route; aux = n; payload = n × u32 bytes of a member, then the JSON array of all
  columns = 21,       // route; aux = rows; payload = u32 columns, u32 values that are no number, then doubles
  client_state = 22,  // aux = state; fields, see net::managed_client
  client_reply = 23,  // aux = token; payload = the whole reply; flags: ascii, large
  client_settled = 24,  // payload = n × {u32 token, u32 settlement}
  client_notice = 25,   // aux = client_notice; payload depends on it
  client_message = 26,  // text or binary; route, or 0 where none matched; with the flag `routes` the payload
                        // starts with {u32 n, n × u32 route}
  client_answers = 27,  // aux = n; payload = n × u32 token, then the JSON array of what the replies to them
                        // hold: they are known to be no errors
};

namespace in_flag {
inline constexpr std::uint32_t binary = 1;  // message is binary, else text
inline constexpr std::uint32_t ascii = 2;   // text: every byte is below 0x80
inline constexpr std::uint32_t large = 4;   // payload is {u32 buffer id, u32 bytes}: fetch it with take()
inline constexpr std::uint32_t routes = 8;  // more than one route: their numbers stand before the text
}  // namespace in_flag

// JavaScript to reactor.
enum class out_kind : std::uint8_t {
  pad = 0,
  send = 1,       // payload; flags below
  close = 2,      // aux = code or 0 for none; payload = reason
  terminate = 3,  // drop the connection at once
  ping = 4,       // payload
  pong = 5,       // payload
  pause = 6,      // stop reading
  resume = 7,
  subscribe = 8,    // payload = topic
  unsubscribe = 9,  // payload = topic
  publish = 10,     // connection = slot left out, or no_slot; aux = server id << 16 | topic bytes; payload =
                    // topic, data
  release = 11,     // JavaScript consumed the close record: the slot may be used again
  connect = 12,     // start the dial that connect() prepared under this slot
  adopt = 13,       // start the connection that adopt() prepared under this slot
  accept = 14,      // answer to upgrade; fields: protocol, then name, value pairs for the 101
  reject = 15,      // answer to upgrade; aux = status; payload = the whole HTTP answer
  listen = 16,      // connection = server id; start what listen() prepared
  server_close = 17,  // connection = server id; aux = milliseconds until connections are dropped
  pipe_data = 18,     // bytes the JavaScript stream received
  pipe_ack = 19,      // aux = bytes written of what pipe_write carried
  pipe_end = 20,      // the JavaScript stream ended; aux = 1: with an error
  interest = 21,      // aux: bit 0 ping records wanted, bit 1 pong records wanted; at first both are
  client_send = 22,  // aux = token or 0; payload = client_send_head, id, data; flags: binary, compress, large
  client_op = 23,    // aux = client_op; payload depends on it
  publish_to =
      24,     // connection = slot left out, or no_slot; aux = server id; payload = publish_head, names, data
  keep = 25,  // connection = server id; payload = keep_head, topic: keeps what has an offset
  forget = 26,          // connection = server id; payload = topic: keeps nothing any more
  subscribe_from = 27,  // payload = replay_head, topic, two texts
  user = 28,            // payload = who is behind the connection: its rate counts, too
  server_refuse = 29,   // connection = server id; new peers are answered 503; aux = 1: no longer listens
  carry = 30,           // answer to upgrade where none was asked for: from here on the bytes of the
                        // connection pass as they are, up by pipe_write and down by pipe_data
  client_form = 31,     // aux = token or 0; payload = client_form_head, a payload in JSON; flags: compress,
                        // large
  membership = 32,  // aux: 1 joined, 0 left; payload = membership_head, correlation id, topic: subscribes, or
                    // takes that back, and says so; flags: compress
};

// Before the topics of a publish_to record, each of which is {u16 bytes, name}.
struct publish_head {
  double offset;              // below 0: none
  std::uint32_t bytes;        // of this and the topics
  std::uint32_t except_part;  // reactor of the slot that is left out
};
struct keep_head {
  double head;   // offset of what was published last
  double count;  // bounds
  double bytes;
  double age;
};
struct replay_head {
  double above;        // below 0: all that is kept
  double head;         // offset of what was published last; below 0: not known
  std::uint32_t most;  // messages
  std::uint16_t topic, whole;
};

// What a managed client is told beside messages.
enum class client_op : std::uint32_t {
  begin = 1,  // make the client that prepare_client() prepared under this slot
  connect = 2,
  disconnect = 3,  // payload = u16 code, reason
  reconnect = 4,
  set_token = 5,     // payload = u8 how, u8 bytes of the name, name, value
  fail_token = 6,    // payload = u8 final, detail
  add_route = 7,     // payload = u32 route, the specification in JSON
  remove_route = 8,  // payload = u32 route
  interest = 9,      // payload = u8: bit 0 texts without a type, bit 1 binary messages, bit 2 those that ask
  cancel = 10,       // payload = u32 token
  clear_queue = 11,
  snapshot = 12,  // payload = u32 token, u32 most; answered by a notice
  dispose = 13,
  go = 14,        // the program had its turn after the first connection: read
  answered = 15,  // payload = u8 (0 a reply, 1 an ack), the id that it answers
  say = 16,       // payload = u32 link, frames: u32 bytes of one (bit 31: binary), the bytes, the next …
  admit = 17,     // payload = u8 admission, u32 link, detail
  wait = 18,      // read no more until `go`
  rooms = 19,     // payload = u8 wanted: new links are held; u32 link: this one is let go, 0: none
  form = 20,      // payload = u32 number of the form, text: see client::message_form
  refused = 21,   // payload = the id of a message with an ack that the server will not have
};

// Before the id and the data of a client_send record.
struct client_send_head {
  std::uint8_t priority;  // 0 high, 1 normal, 2 low
  std::uint8_t mode;  // bit 0 acked, 1 durable, 2 request, 3 joinable, 4 and 5 shape: 1 throttle, 2 debounce,
                      // 6 for one link alone
  std::uint16_t id_length;  // of the id; with a shape of its key
  std::uint32_t ttl;        // milliseconds, 0: the queue's default; or the link
  std::uint32_t timeout;    // of a request, or the interval of the shape; milliseconds
};

// Before the payload of a client_form record.
struct client_form_head {
  std::uint16_t form;
  std::uint16_t priority;  // 0 high, 1 normal, 2 low
  std::uint32_t timeout;   // of a request, milliseconds; 0: it is none
  std::uint64_t number;
  std::uint64_t time;  // milliseconds since 1970
};

struct membership_head {
  std::uint64_t time;         // milliseconds since 1970
  std::uint32_t members;      // of the room
  std::uint16_t correlation;  // bytes of the id; 0: none
  std::uint16_t prefix;       // bytes of the topic before the name of the room
};

enum class client_notice : std::uint32_t {
  token_wanted = 1,   // payload = u32 reason, u32 tokens that were set until then
  control = 2,        // payload = the envelope
  dropped = 3,        // payload = u32 count, u32 settlement
  snapshot = 4,       // payload = u32 token, JSON
  store_failed = 5,   // payload = detail
  route_refused = 6,  // the same
  opened = 7,         // payload = u32 link: it is open; messages wait until it is admitted
};

namespace out_flag {
inline constexpr std::uint32_t binary = 1;
inline constexpr std::uint32_t compress = 2;   // deflate where negotiated and above the threshold
inline constexpr std::uint32_t arm_drain = 4;  // a drain record is wanted
inline constexpr std::uint32_t notify = 8;     // a sent record is wanted
inline constexpr std::uint32_t large =
    16;  // the payload starts with {u32 buffer id, u32 bytes}, made by stage()
inline constexpr std::uint32_t more = 32;  // FIN is not set: a fragment, others follow
}  // namespace out_flag

inline constexpr std::uint32_t no_slot = 0xffffffffu;
// What a message weighs in the send queue beside its payload, in bytes. It bounds floods of empty messages.
inline constexpr std::uint32_t message_overhead = 8;
// Above this a payload travels as an owned buffer that the record names.
inline constexpr std::uint32_t large_threshold = 256 * 1024;

}  // namespace hawser::bridge
