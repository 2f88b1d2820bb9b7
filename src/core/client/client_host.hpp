// What a managed client's core asks of the shell around it, and what it tells it. The shell of src/core/net
// performs it on connections; the simulation performs it on a virtual network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/client/client_machine.hpp"
#include "core/client/endpoint_set.hpp"
#include "core/error.hpp"

namespace hawser::client {

// How a message or request that JavaScript waits for ended. The numbers cross to JavaScript.
enum class settlement : std::uint8_t {
  done = 0,
  timeout = 1,          // no ack, no reply in time
  queue_full = 2,       // not accepted, or evicted
  expired = 3,          // waited longer than its time to live
  cancelled = 4,        // by the program
  connection_lost = 5,  // a request that was sent; its reply went with the connection
  closed = 6,           // the client has ended
  store_failed = 7,     // a durable message that could not be stored
};

// How a dial failed or a link ended.
struct link_end {
  error_info error;
  std::uint16_t close_code = 1006;
  std::string close_reason;
  int http_status = 0;      // of an answer other than 101
  time_ms retry_after = 0;  // what such an answer asked for
  bool auth_rejected = false;
};

struct state_report {
  client_state state;
  std::uint32_t attempt = 0;
  time_ms delay = 0;
  std::int32_t endpoint = -1;
  std::string_view protocol;
  std::uint32_t link = 0;  // the open one, where connected
  bool recoverable = true;
  bool exhausted = false;  // failed for the number of failures in a row; `end` is the last one
  // How the attempt or the link before ended; null: nothing of that kind led here.
  const link_end* end = nullptr;
};

// Links have numbers that are not used twice. None of these calls may call back into the core.
class client_host {
 public:
  // Begins a dial with the token of the moment. link_opened() or link_ended() follows.
  virtual void dial(std::uint32_t link, endpoint_index endpoint) = 0;
  // Closes an open link; link_ended() follows.
  virtual void close(std::uint32_t link, std::uint16_t code, std::string_view reason) = 0;
  // Ends a dial or link; nothing more of it is reported.
  virtual void drop(std::uint32_t link) = 0;
  // Hands a message to an open link. link_flushed() counts it when the kernel has it.
  virtual void send(std::uint32_t link, std::span<const std::uint8_t> payload, bool binary,
                    bool compress) = 0;
  // The same for what passes the queue by, which is not counted.
  virtual void send_control(std::uint32_t link, std::string_view text, bool binary) = 0;
  // Bytes that the link takes before messages should wait in the queue, where priorities and expiry still
  // hold.
  virtual std::size_t room(std::uint32_t link) = 0;

  virtual void state_changed(const state_report& report) = 0;
  // `tokens` were set until now: one that is on its way already is the answer.
  virtual void want_token(token_reason why, std::uint32_t tokens) = 0;
  virtual void settled(std::uint32_t token, settlement how) = 0;
  // A message that nobody waits for was given up.
  virtual void dropped(settlement why) = 0;
  // A stored message is done: it may leave the store.
  virtual void stored_done(std::uint64_t key) = 0;
  // Milliseconds by which the wall clock is ahead of the steady one.
  virtual time_ms wall_ahead() = 0;

 protected:
  ~client_host() = default;
};

}  // namespace hawser::client
