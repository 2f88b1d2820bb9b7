// Moves messages from stage to stage.
#include "core/router/shaper.hpp"

#include <algorithm>
#include <limits>

namespace hawser::router {

namespace {

// A message that waited gives its memory back when it was larger than this.
constexpr std::size_t kept_capacity = 64 << 10;

}  // namespace

shaper::shaper(std::uint32_t route, const route_spec& spec, std::uint64_t seed, const shaper_limits& limits)
    : route_(route), sampler_(spec.sample) {
  if (spec.conflate) conflater_.emplace(*spec.conflate, limits.conflate_bytes, seed);
  if (!spec.batch) return;
  if (spec.columns.empty()) {
    batcher_.emplace(*spec.batch, limits.batch_bytes);
  } else {
    columns_.emplace(spec.columns.size(), *spec.batch, limits.batch_bytes);
    row_.resize(spec.columns.size());
  }
}

void shaper::run(time_ms now, route_output& output) {
  // A time that passed while output was blocked passed for nothing: what should have happened then happens
  // now, and intervals that it starts are whole ones.
  if (blocked_) floor_ = now;
  blocked_ = false;
  advance(now, output);
}

bool shaper::flush(time_ms now, route_output& output) {
  run(now, output);
  if (sampler_.waiting() && waiting_may_go()) send_waiting(now, output);
  while (conflater_ && !conflater_->empty() && last_takes() && send_key(now, output)) {
  }
  if (!blocked_) send_gathered(output);
  refresh();
  return held() == 0;
}

std::size_t shaper::held() const noexcept {
  return (sampler_.waiting() ? 1 : 0) + (conflater_ ? conflater_->size() : 0) +
         (batcher_ ? batcher_->size() : 0) + (columns_ ? columns_->size() : 0);
}

bool shaper::next_takes() const noexcept {
  if (conflater_) return !conflater_->full();
  if (batcher_) return !batcher_->full();
  if (columns_) return !columns_->full();
  return !sampler_.waiting();
}

bool shaper::last_takes() const noexcept {
  if (batcher_) return !batcher_->full();
  if (columns_) return !columns_->full();
  return !blocked_;
}

bool shaper::waiting_may_go() const noexcept { return conflater_ ? !conflater_->full() : last_takes(); }

time_ms shaper::waiting_due() const noexcept {
  return sampler_.waiting() && waiting_may_go() ? sampler_.due() : never;
}

time_ms shaper::conflater_due() const noexcept {
  return conflater_ && last_takes() ? conflater_->due() : never;
}

time_ms shaper::batch_due() const noexcept {
  if (blocked_) return never;
  return batcher_ ? batcher_->due() : columns_ ? columns_->due() : never;
}

void shaper::refresh() noexcept {
  ready_ = next_takes();
  deadline_ = std::min({waiting_due(), conflater_due(), batch_due()});
}

void shaper::pass_key(const route_message& message, time_ms now, route_output& output) {
  conflate(key_for(message), view_of(message), now, output);
}

// Straight to the output; what it has no room for waits.
void shaper::pass_on(const route_message& message, route_output& output) {
  if (send_message(message.text, message.ascii, output)) return;
  waiting_.assign({}, {message.text, message.ascii});
  sampler_.held();
  refresh();
}

// What is due, in the order of its times; at one time the first stage goes first. Each round either moves
// something on or finds output blocked, which ends the matter for that stage.
void shaper::advance(time_ms now, route_output& output) {
  for (refresh(); deadline_ <= now; refresh()) {
    const time_ms then = std::max(deadline_, floor_);
    if (deadline_ == waiting_due()) {
      send_waiting(then, output);
    } else if (deadline_ == conflater_due()) {
      send_key(then, output);
    } else {
      send_gathered(output);
    }
  }
}

// True: the message passed.
bool shaper::sampled(const route_message& message, time_ms now) {
  const bool another_waits = sampler_.waiting();
  switch (sampler_.take(now)) {
    case sampler::verdict::pass:
      return true;
    case sampler::verdict::drop:
      ++counters_.dropped;
      break;
    case sampler::verdict::wait:
      if (another_waits) ++counters_.dropped;
      waiting_.assign(key_for(message), view_of(message));
      refresh();
      break;
  }
  return false;
}

message_view shaper::view_of(const route_message& message) noexcept {
  if (!columns_) return {message.text, message.ascii};
  for (std::size_t i = 0; i < row_.size(); ++i) {
    const bool number = i < message.columns.size() && message.columns[i].what == field_value::kind::number;
    row_[i] = number ? message.columns[i].number : std::numeric_limits<double>::quiet_NaN();
  }
  return {{reinterpret_cast<const std::uint8_t*>(row_.data()), row_.size() * sizeof(double)}, true};
}

message_key shaper::key_for(const route_message& message) noexcept {
  if (!conflater_ || message.key == nullptr) return {};
  if (message.key->what == field_value::kind::container) ++counters_.bad_keys;
  return key_of(*message.key);
}

void shaper::send_waiting(time_ms now, route_output& output) {
  if (conflater_) {
    conflate(waiting_.key(), waiting_.message(), now, output);
  } else if (!offer(waiting_.message(), now, output)) {
    return;
  }
  sampler_.sent();
  if (waiting_.capacity() > kept_capacity) waiting_.release();
}

void shaper::conflate(const message_key& key, const message_view& message, time_ms now,
                      route_output& output) {
  const bool replaced = conflater_->put(key, message, now);
  counters_.conflated += replaced ? 1 : 0;
  if (replaced && !conflater_->full()) return;
  while (conflater_->full() && last_takes() && send_key(now, output)) {
  }
  refresh();
}

bool shaper::send_key(time_ms now, route_output& output) {
  const bool early = conflater_->full() && conflater_->front_due() > now;
  if (!offer(conflater_->front(), now, output)) return false;
  conflater_->pop();
  counters_.early += early ? 1 : 0;
  return true;
}

// To the stage behind the conflater. False: there is none, and output has no room.
bool shaper::offer(const message_view& message, time_ms now, route_output& output) {
  if (columns_) {
    if (!columns_->prepared()) columns_->prepare(now);
    columns_->add(message.bytes.data());
    if (columns_->eventful()) added_row(output);
  } else if (batcher_) {
    add_text(message.bytes, message.ascii, now, output);
  } else {
    return send_message(message.bytes, message.ascii, output);
  }
  return true;
}

void shaper::add_row(std::span<const field_value> fields, time_ms now, route_output& output) {
  if (!columns_->prepared()) columns_->prepare(now);
  columns_->add(fields);
  if (columns_->eventful()) added_row(output);
}

void shaper::added_row(route_output& output) {
  if (columns_->full()) {
    send_full(columns_->cut_short(), output);
  } else {
    refresh();
  }
}

void shaper::add_text(std::span<const std::uint8_t> text, bool ascii, time_ms now, route_output& output) {
  if (batcher_->crowded_by(text.size()) && send_gathered(output)) ++counters_.early;
  batcher_->add(text, ascii, now);
  if (batcher_->full()) return send_full(!batcher_->complete(), output);
  if (batcher_->size() == 1) refresh();
}

bool shaper::send_message(std::span<const std::uint8_t> text, bool ascii, route_output& output) {
  if (!output_port(output, route_, blocked_).message(text, ascii)) return false;
  ++counters_.out;
  return true;
}

void shaper::send_full(bool early, route_output& output) {
  if (send_gathered(output) && early) ++counters_.early;
  refresh();
}

bool shaper::send_gathered(route_output& output) {
  output_port port(output, route_, blocked_);
  std::size_t sent = 0;
  if (batcher_ && !batcher_->empty()) {
    sent = batcher_->send(port);
  } else if (columns_ && !columns_->empty()) {
    sent = columns_->send(port, counters_.not_numbers);
  }
  counters_.out += sent;
  return sent > 0;
}

}  // namespace hawser::router
