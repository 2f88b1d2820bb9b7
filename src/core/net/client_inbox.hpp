// What becomes of the messages that come to a managed client: control messages and replies are settled,
// others go to the routes that match, through their shapers, or are counted and forgotten.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/client_core.hpp"
#include "core/client/room_positions.hpp"
#include "core/net/client_port.hpp"
#include "core/net/event_sink.hpp"
#include "core/net/settings.hpp"
#include "core/router/classifier.hpp"
#include "core/router/route_output.hpp"
#include "core/router/shaper.hpp"

namespace hawser::net {

// The client, as its inbox sees it.
class inbox_owner {
 public:
  // Hands a record up. Never lost; where there is no room, it waits with the owner.
  virtual void record(const client_record& what) = 0;
  // The same for what a reply holds, a JSON value in bytes below 0x80 or not; those that come together cross
  // together.
  virtual void answer(std::uint32_t token, std::span<const std::uint8_t> payload, bool ascii) = 0;
  // Nothing waits there.
  virtual bool ready() const = 0;
  // And the program is there to hear of the next message.
  virtual bool may_take() = 0;
  virtual client::client_core& core() = 0;
  virtual void reply_control(std::string_view text) = 0;
  virtual std::int64_t microseconds() const = 0;
  virtual client::time_ms now() const = 0;

 protected:
  ~inbox_owner() = default;
};

class client_inbox final : private router::route_output {
 public:
  client_inbox(inbox_owner& owner, std::uint32_t client, const client_settings& settings);

  // Null, or why the route matches nothing.
  const char* add_route(std::uint32_t route, std::string_view json);
  void remove_route(std::uint32_t route);
  void interest(bool untyped, bool binary, bool asking) noexcept {
    wants_untyped_ = untyped;
    wants_binary_ = binary;
    wants_asking_ = asking;
  }

  // A whole message of the core's link; 64 bytes behind the payload can be read. False: a shaper is full, or
  // of a batch something has to wait; the same message has to come again.
  bool take(message_flags flags, std::span<const std::uint8_t> payload);

  // Sends what shapers hold and is due.
  void run(client::time_ms now);
  client::time_ms next_deadline() const noexcept;
  // The feed has ended: what shapers hold goes out.
  void flush();
  void publish(client::client_gauges& gauges) const;
  // A request is about to be sent: of its reply JavaScript wants no more than the payload.
  void expect_replies();
  // A link is about to be told connected. Hands up how far the one before was read in its rooms.
  void connected();

 private:
  struct shaped {
    std::uint32_t route;
    std::unique_ptr<router::shaper> shaper;
    bool keyed = false;
    router::route_fields fields;  // where the reader has what the shaper needs
  };

  bool message(std::uint32_t route, std::span<const std::uint8_t> text, bool ascii) override;
  bool batch(std::uint32_t route, std::span<const std::uint32_t> lengths,
             std::span<const std::uint8_t> joined, bool ascii) override;
  bool columns(std::uint32_t route, std::uint32_t rows, std::span<const double> values,
               std::uint32_t not_numbers) override;

  // A batch of which the elements before `at` are taken.
  struct partial {
    std::uint32_t link = 0;
    std::size_t at = 0;
  };

  bool is_batch(const router::classified& found) const noexcept;
  bool take_batch(message_flags flags, std::span<const std::uint8_t> payload);
  bool take_one(const router::classified& found, message_flags flags, std::span<const std::uint8_t> payload);
  bool control(const router::classified& found, message_flags flags, std::span<const std::uint8_t> payload);
  void note_position(const router::classified& found);
  void tell_positions();
  bool is_reply(std::string_view type) const noexcept;
  std::span<const std::uint8_t> reply_payload(std::string_view type,
                                              std::span<const std::uint8_t> message) const noexcept;
  void hand_up(event_kind kind, std::uint32_t aux, message_flags flags,
               std::span<const std::uint8_t> payload);
  void deliver(std::span<const std::uint32_t> routes, message_flags flags,
               std::span<const std::uint8_t> payload);
  shaped* find(std::uint32_t route) noexcept;
  router::classifier& reading();

  inbox_owner& owner_;
  const std::uint32_t client_;
  const client_settings& settings_;                 // the owner's
  std::unique_ptr<router::classifier> classifier_;  // made for the first route or message
  std::vector<std::unique_ptr<shaped>> shaped_;     // by route
  std::vector<shaped*> running_;                    // those there are
  std::vector<std::uint32_t> plain_;                // of the message in hand
  std::vector<shaped*> filled_;                     // the same
  std::vector<router::field_value> row_;
  std::vector<std::uint8_t> head_;
  client::room_positions positions_;
  bool watching_ = false;                  // a link spoke our protocol: messages may have a position
  std::uint32_t epoch_ = 0, offset_ = 0;   // where the reader has it
  bool replies_ = false;                   // requests are made, so replies come
  std::uint32_t payload_ = 0, error_ = 0;  // where the reader has it
  partial rest_;
  bool wants_untyped_ = false;
  bool wants_binary_ = false;
  bool wants_asking_ = false;
  std::uint64_t routed_ = 0, unrouted_ = 0, untyped_ = 0, not_json_ = 0, binary_ = 0, delivered_ = 0,
                messages_ = 0, bytes_ = 0;
  // Of shapers that are gone.
  std::uint64_t conflated_ = 0, sampled_out_ = 0, not_numbers_ = 0;
};

}  // namespace hawser::net
