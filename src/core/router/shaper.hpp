// The stages of one route, between a message that matched it and the record that JavaScript gets:
//
//   take() ─► sampler ─► conflater ─► batcher or column_batcher ─► route_output
//             one waits   a message     a batch of messages, or       false: no room now
//                         for each key  of rows of doubles
//
// A route has some of the stages, in this order. Of a route with columns only the numbers travel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/router/batcher.hpp"
#include "core/router/column_batcher.hpp"
#include "core/router/conflater.hpp"
#include "core/router/field_value.hpp"
#include "core/router/message_slot.hpp"
#include "core/router/route_output.hpp"
#include "core/router/route_spec.hpp"
#include "core/router/sampler.hpp"

namespace hawser::router {

// Bytes that one route may hold; each bound may be exceeded by one message.
struct shaper_limits {
  std::size_t conflate_bytes = 16 << 20;  // keys and messages of a conflater, with the slack of their memory
  std::size_t batch_bytes = 1 << 20;      // of a batch: its text and lengths, or its columns
};

// in = out + dropped + conflated + what the shaper holds.
struct shaper_counters {
  std::uint64_t in = 0;           // messages taken
  std::uint64_t out = 0;          // messages that output took, those in batches and columns included
  std::uint64_t dropped = 0;      // by sampling
  std::uint64_t conflated = 0;    // replaced by a later message of their key
  std::uint64_t early = 0;        // keys and batches that a bound (max_keys, bytes) sent before their time
  std::uint64_t not_numbers = 0;  // values of columns that were no numbers and went out as NaN
  std::uint64_t bad_keys = 0;     // messages whose key was an array or object; they share the key "missing"
};

// A message that matched. All views are valid during the call of take() only.
struct route_message {
  std::span<const std::uint8_t> text;
  bool ascii = false;
  const field_value* key = nullptr;      // of a route that conflates; null: missing
  std::span<const field_value> columns;  // one for each column of the route
};

// What is due happens in the order of its times, and before a message of the same time is taken; so it does
// not matter how late run() is called, but for the output itself. Under back-pressure a sampled route keeps
// its latest message and a conflating one the latest of each key; a batch grows until it is full. Whatever
// then comes is not taken: the caller stops reading.
class shaper {
 public:
  // `spec` is a sound one and not plain. `seed`: a secret of the process or route, for hashes of keys.
  shaper(std::uint32_t route, const route_spec& spec, std::uint64_t seed, const shaper_limits& limits = {});

  // take() would take a message of this time, whatever its size and however little room output has.
  bool ready(time_ms now) const noexcept { return ready_ || sampler_.absorbs(now); }

  // Takes the message, and sends what it made complete. False: not ready(), nothing happened.
  bool take(const route_message& message, time_ms now, route_output& output) {
    if (!ready(now)) return false;
    if (now >= deadline_) advance(now, output);
    ++counters_.in;
    if (!sampler_.samples() || sampled(message, now)) pass(message, now, output);
    return true;
  }

  // Sends what is due. To be called at or after next_deadline(), and when blocked() and output has room
  // again. Too early a call is harmless.
  void run(time_ms now, route_output& output);

  // When run() has something to do; 0: nothing that time alone could change. A later message may put it off.
  time_ms next_deadline() const noexcept { return deadline_ == never ? 0 : deadline_; }

  // Output refused something; until the next run() or flush() it is not asked again.
  bool blocked() const noexcept { return blocked_; }

  // Sends all that is held, due or not: when the subscription or its feed ends. False: output had no room for
  // all; to be called again when it has.
  bool flush(time_ms now, route_output& output);

  const shaper_counters& counters() const noexcept { return counters_; }

  // Messages taken that have not gone out.
  std::size_t held() const noexcept;

 private:
  // What passes the sampler finds a place; of a route that has no other stage, it may wait for output.
  bool next_takes() const noexcept;
  // What leaves the conflater finds a place, in a batch or as far as is known in output.
  bool last_takes() const noexcept;
  bool waiting_may_go() const noexcept;

  // When a stage can do what it has to do; `never` while the stage behind it takes nothing.
  time_ms waiting_due() const noexcept;
  time_ms conflater_due() const noexcept;
  time_ms batch_due() const noexcept;

  message_view view_of(const route_message& message) noexcept;
  message_key key_for(const route_message& message) noexcept;

  void refresh() noexcept;
  bool sampled(const route_message& message, time_ms now);

  // To the stage behind the sampler.
  void pass(const route_message& message, time_ms now, route_output& output) {
    if (conflater_) return pass_key(message, now, output);
    if (columns_) return add_row(message.columns, now, output);
    if (batcher_) return add_text(message.text, message.ascii, now, output);
    pass_on(message, output);
  }

  void pass_key(const route_message& message, time_ms now, route_output& output);
  void pass_on(const route_message& message, route_output& output);
  void advance(time_ms now, route_output& output);
  void send_waiting(time_ms now, route_output& output);
  void conflate(const message_key& key, const message_view& message, time_ms now, route_output& output);
  bool send_key(time_ms now, route_output& output);
  bool offer(const message_view& message, time_ms now, route_output& output);
  void add_text(std::span<const std::uint8_t> text, bool ascii, time_ms now, route_output& output);
  void add_row(std::span<const field_value> fields, time_ms now, route_output& output);
  void added_row(route_output& output);
  bool send_message(std::span<const std::uint8_t> text, bool ascii, route_output& output);
  void send_full(bool early, route_output& output);
  bool send_gathered(route_output& output);

  const std::uint32_t route_;
  sampler sampler_;
  std::optional<conflater> conflater_;
  std::optional<batcher> batcher_;
  std::optional<column_batcher> columns_;
  std::vector<double> row_;  // of the message in hand
  message_slot waiting_;     // while sampler_ says so
  bool blocked_ = false;
  time_ms floor_ = at_once;  // when blocking last ended; nothing happens before
  // What refresh() found, so that a message that changes none of it pays for nothing.
  bool ready_ = true;         // next_takes()
  time_ms deadline_ = never;  // the earliest that is due
  shaper_counters counters_;
};

}  // namespace hawser::router
