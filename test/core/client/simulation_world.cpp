// The program of a simulated life, its clock, and what has to hold after every step.
#include "simulation_world.hpp"

#include <algorithm>

namespace hawser::client::test {

simulated_world::simulated_world(std::uint64_t seed, life_figures& figures)
    : random_(seed),
      figures_(figures),
      now_(random_.span(1, 1'000'000)),
      settings_(random_settings()),
      token_in_message_(settings_.machine.uses_tokens && random_.one_in(2)),
      gauges_(settings_.endpoints),
      core_(settings_, *this, gauges_),
      up_(settings_.endpoints, true),
      alone_until_(settings_.endpoints, 0),
      links_(1) {}

core_settings simulated_world::random_settings() {
  core_settings s;
  s.endpoints = 1 + random_.below(3);
  s.endpoint.order = static_cast<strategy>(random_.below(5));
  s.endpoint.patience = random_.span(100, 2'000);
  s.endpoint.stagger = random_.span(0, 300);
  s.endpoint.dead_after = 1 + static_cast<std::uint32_t>(random_.below(4));
  s.endpoint.cool_down = random_.span(100, 5'000);
  s.endpoint.max_cool_down = random_.span(5'000, 20'000);
  s.endpoint.min_uptime = random_.span(0, 3'000);
  reconnect_settings& r = s.machine.reconnect;
  r.enabled = !random_.one_in(12);
  r.min_delay = random_.one_in(6) ? 0 : random_.span(1, 1'000);
  r.max_delay = r.min_delay + random_.span(0, 8'000);
  r.factor = 1 + static_cast<double>(random_.below(20)) / 10;
  r.jitter = static_cast<double>(random_.below(11)) / 10;
  r.max_attempts = random_.one_in(3) ? 1 + static_cast<std::uint32_t>(random_.below(6)) : 0;
  r.connect_timeout = random_.span(300, 6'000);
  r.min_uptime = random_.span(0, 3'000);
  r.try_again_delay = random_.span(0, 3'000);
  r.max_retry_after = 5'000;
  s.endpoint.max_retry_after = r.max_retry_after;
  r.recover_normal_close = random_.one_in(2);
  s.machine.uses_tokens = random_.one_in(3);
  s.machine.token_timeout = random_.span(100, 3'000);
  s.machine.close_timeout = random_.span(100, 3'000);
  const bool narrow = random_.one_in(3);
  s.queue.max_count = random_.below(narrow ? 20 : 200);
  s.queue.max_bytes = 40 + random_.below(narrow ? 1'000 : 50'000);
  s.queue.max_messages = 1 + random_.below(narrow ? 40 : 400);
  s.queue.overflow = static_cast<overflow_policy>(random_.below(4));
  s.queue.ack_timeout = random_.one_in(8) ? 0 : random_.span(50, 3'000);
  s.queue.max_retries = static_cast<std::uint32_t>(random_.below(5));
  s.queue.default_ttl = random_.one_in(5) ? random_.span(50, 5'000) : 0;
  s.queue.hash_seed = random_.next();
  s.requests.max_pending = 1 + random_.below(20);
  s.requests.hash_seed = random_.next();
  s.acks = static_cast<ack_mode>(random_.below(3));
  if (random_.one_in(3)) {
    s.batch.max = 2 + random_.below(9);
    s.batch.every = random_.span(1, 400);
    s.batch.always = random_.one_in(3);
    s.batch.max_bytes = random_.one_in(3) ? 100 + random_.below(400) : 64u * 1024;
  }
  s.gated = random_.one_in(5);
  s.heartbeat_interval = random_.one_in(2) ? random_.span(100, 4'000) : 0;
  s.heartbeat_timeout = random_.one_in(3) ? 0 : random_.span(50, 5'000);
  s.seed = random_.next();
  return s;
}

std::string simulated_world::live() {
  const time_ms end = now_ + random_.span(20'000, 120'000);
  at(0, [this] {
    attempt_due_ = -1;
    core_.connect(now_);
  });
  at(1, [this] { act(); });
  run_until(end);
  if (broken_.empty()) finish();
  return broken_;
}

void simulated_world::at(time_ms delay, std::function<void()> what) {
  events_.push({now_ + delay, event_order_++, std::move(what)});
}

void simulated_world::run_until(time_ms end) {
  while (broken_.empty() && now_ < end) step(end);
}

// The next thing that happens: an event of the world, or the core's own deadline, as late as a busy loop is.
void simulated_world::step(time_ms end) {
  const time_ms deadline = core_.next_deadline(now_);
  const time_ms due = deadline == 0 ? end : std::max(deadline + lateness_, now_);
  const time_ms next = events_.empty() ? end : events_.top().at;
  if (next <= due && next <= end) {
    now_ = std::max(now_, next);
    const std::function<void()> what = events_.top().what;
    events_.pop();
    what();
  } else if (deadline != 0 && due <= end) {
    now_ = std::max(now_, due);
    timers_at_once_ = now_ == last_timer_ ? timers_at_once_ + 1 : 0;
    expect(timers_at_once_ < 4, "the deadline does not move on", static_cast<std::uint64_t>(deadline));
    last_timer_ = now_;
    ++figures_.timers;
    core_.timer(now_, micros());
    lateness_ = random_.one_in(3) ? random_.span(0, most_lateness) : 0;
  } else {
    now_ = end;
  }
  check();
}

// ---------------------------------------------------------------------------------------------- the program

void simulated_world::act() {
  if (calm_) return;
  ++figures_.program_calls;
  if (random_.one_in(25)) {
    call_program();
  } else if (random_.one_in(30)) {
    const std::size_t e = random_.below(up_.size());
    up_[e] = !up_[e];
  } else {
    const std::size_t burst = random_.one_in(6) ? 1 + random_.below(12) : 1;
    for (std::size_t i = 0; i < burst; ++i) send_something();
  }
  at(random_.one_in(20) ? random_.span(1'000, 8'000) : random_.span(0, 500), [this] { act(); });
}

void simulated_world::call_program() {
  switch (random_.below(9)) {
    case 7:
    case 8:
      want_rooms(!rooms_, 0);
      break;
    case 0:
      core_.disconnect(now_, 1000, "bye");
      break;
    case 1:
    case 2:
      attempt_due_ = -1;
      attempt_reset_ = true;
      core_.reconnect(now_);
      break;
    case 3:
      core_.on_token_expired();
      break;
    case 4:
      if (settings_.machine.uses_tokens) core_.set_token(now_, token_in_message_ ? "token" : "");
      break;
    case 5: {
      if (random_.one_in(3)) {
        cleared_ = true;
        core_.clear_queue(now_);
        break;
      }
      if (sent_.empty()) break;
      const std::size_t index = sent_.size() - 1 - random_.below(std::min<std::size_t>(sent_.size(), 8));
      record& r = sent_[index];
      if (r.token == 0 || r.how) break;
      settle(r, settlement::cancelled, static_cast<std::uint32_t>(index));
      r.cancelled = true;
      core_.cancel(r.token, now_);
      break;
    }
    default:
      core_.connect(now_);
      break;
  }
}

void simulated_world::want_rooms(bool wanted, std::uint32_t number) {
  rooms_ = wanted;
  // Before the core, which goes on at once.
  for (std::size_t i = 1; i < links_.size(); ++i)
    if (!wanted || i == number) links_[i].held = false;
  core_.want_rooms(wanted, number, now_);
}

// The program hears of a link that has opened, perhaps when it is gone.
void simulated_world::hear_of(std::uint32_t number) {
  if (ended_ || !rooms_) return;
  for (std::size_t joins = random_.below(4); joins > 0; --joins) join(number);
  want_rooms(true, number);
}

void simulated_world::join(std::uint32_t number) {
  const auto index = static_cast<std::uint32_t>(sent_.size());
  record r;
  r.request = r.bound = true;
  r.token = index + 1;
  sent_.push_back(r);
  const std::string text = "join " + std::to_string(index);
  const std::string id = "m" + std::to_string(index);
  core_message m;
  m.data.payload = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  m.data.id = id;
  m.data.token = r.token;
  m.timeout = random_.span(1, 5'000);
  m.link = number;
  const bool accepted = core_.send(m, now_);
  expect(accepted == sent_[index].taken, "a join neither left nor failed", index);
  expect(accepted || sent_[index].how.has_value(), "a refused join was not settled", index);
}

void simulated_world::send_something() {
  const auto index = static_cast<std::uint32_t>(sent_.size());
  record r;
  r.priority = static_cast<message_priority>(random_.below(priorities));
  r.acked = random_.one_in(2);
  r.request = random_.one_in(4);
  if (r.acked || r.request || random_.one_in(2)) r.token = index + 1;
  core_message m;
  if (random_.one_in(5)) m.ttl = random_.span(1, 4'000);
  if (r.request) m.timeout = random_.span(1, 5'000);
  sent_.push_back(r);
  std::vector<std::uint8_t> bytes(4 + random_.below(random_.one_in(8) ? 600 : 40), std::uint8_t{7});
  for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(index >> 8 * i);
  const std::string id = "m" + std::to_string(index);
  m.data.payload = bytes;
  m.data.joinable = sent_[index].joinable = !random_.one_in(4);
  sent_[index].size = bytes.size();
  m.data.priority = r.priority;
  m.data.token = r.token;
  m.data.acked = r.acked;
  if (r.acked || r.request) m.data.id = id;
  ++figures_.sends;
  const std::size_t dropped_before = nameless_dropped_;
  const bool accepted = core_.send(m, now_);
  if (r.token != 0) {
    expect(accepted || sent_[index].how.has_value(), "a refused message was not settled", index);
  } else if (accepted) {
    ++nameless_;
  } else {
    // Others may have expired meanwhile.
    expect(nameless_dropped_ > dropped_before, "a refused message was not told", index);
    --nameless_dropped_;
  }
}

// All that fails stops failing: then whatever was promised has to come to its end.
void simulated_world::finish() {
  calm_ = true;
  std::fill(up_.begin(), up_.end(), true);
  // An ack that was lost is waited for until the next link, where there is no limit.
  if (settings_.queue.ack_timeout == 0 || random_.one_in(4)) {
    attempt_due_ = -1;
    attempt_reset_ = true;
    core_.reconnect(now_);
  }
  if (random_.one_in(3)) {
    core_.end(now_);
    ended_ = true;
    check();
    for (const link& one : links_)
      expect(&one == &links_[0] || one.at == stage::gone, "a link outlives its client");
    core_message late;
    late.data.token = static_cast<std::uint32_t>(sent_.size() + 1);
    sent_.emplace_back().token = late.data.token;
    expect(!core_.send(late, now_), "an ended client takes messages");
    expect(sent_.back().how == settlement::closed, "a message to an ended client is not told so");
    expect(core_.next_deadline(now_) == 0, "an ended client has a deadline");
  } else {
    const time_ms end = now_ + 400'000;
    while (broken_.empty() && now_ < end && (core_.messages() > 0 || core_.requests() > 0)) {
      if (state_ == client_state::failed || state_ == client_state::disconnected ||
          state_ == client_state::idle) {
        attempt_due_ = -1;
        attempt_reset_ = true;
        core_.connect(now_);
      }
      step(end);
    }
    std::size_t nameless_taken = 0;
    for (const record& r : sent_) nameless_taken += r.token == 0 && r.taken;
    // What is in flight when the queue is cleared is given up, and goes out all the same.
    const std::size_t known = nameless_taken + nameless_dropped_;
    expect(cleared_ ? nameless_ <= known : nameless_ == known, "messages that nobody waits for were lost",
           known);
  }
  expect(core_.messages() == 0 && core_.bytes() == 0, "messages are left", core_.messages());
  expect(core_.requests() == 0, "requests are left", core_.requests());
  for (std::size_t i = 0; i < sent_.size(); ++i)
    expect(sent_[i].token == 0 || sent_[i].how.has_value(), "a promise was forgotten", i);
}

// ----------------------------------------------------------------------------------------- what has to hold

void simulated_world::expect(bool good, const char* what, std::uint64_t detail) {
  if (good || !broken_.empty()) return;
  broken_ = std::string(what) + " (" + std::to_string(detail) + ") at " + std::to_string(now_);
}

void simulated_world::check() {
  std::size_t open = 0;
  bool dialling = false;
  for (std::size_t i = links_.size();
       i-- > std::max<std::size_t>(1, links_.size() - std::min<std::size_t>(links_.size(), 12));) {
    open += links_[i].at == stage::open || links_[i].at == stage::closing;
    dialling = dialling || links_[i].at == stage::dialling;
  }
  expect(open <= 1, "two links are open", open);
  expect(core_.bytes() <= settings_.queue.max_bytes, "more bytes than allowed", core_.bytes());
  expect(core_.messages() <= settings_.queue.max_messages, "more messages than allowed", core_.messages());
  expect(core_.requests() <= settings_.requests.max_pending, "more requests than allowed", core_.requests());
  if (ended_) return;
  expect(core_.state() == state_, "a change of state was not told",
         static_cast<std::uint64_t>(core_.state()));
  if (state_ == client_state::connected) expect(open == 1 && core_.link() != 0, "connected without a link");
  if (state_ == client_state::connecting || state_ == client_state::reconnecting)
    expect(dialling || open == 1 || asking_ != 0 || core_.next_deadline(now_) != 0, "it waits for nothing");
  if (state_ == client_state::disconnected || state_ == client_state::failed)
    expect(open == 0 && !dialling, "a stopped client has links");
}

// Without a record of eight the policy is what was set; with one, delays may begin at a quarter or at four
// times of it.
void simulated_world::check_delay(const state_report& report) {
  const reconnect_settings plain = sanitized(settings_.machine.reconnect);
  reconnect_settings least = plain;
  reconnect_settings most = plain;
  for (std::size_t i = 0; i < settings_.endpoints; ++i) {
    experience known = core_.endpoints().experience_of(static_cast<endpoint_index>(i));
    if (known.samples < min_experience) continue;
    known.latency = 0;
    known.success_rate = 1;
    least.min_delay = std::min(least.min_delay, adapted(plain, known).min_delay);
    known.latency = settings_.machine.reconnect.connect_timeout;
    known.success_rate = 0;
    most.min_delay = std::max(most.min_delay, adapted(plain, known).min_delay);
  }
  if (report.attempt == 0) {
    expect(report.delay == 0, "a delay before a first attempt");
    return;
  }
  if (std::ranges::all_of(alone_until_, [this](time_ms t) { return t > now_; }) && report.delay > 0)
    expect(now_ + report.delay >= *std::ranges::min_element(alone_until_),
           "every endpoint asked to be left alone for longer", static_cast<std::uint64_t>(report.delay));
  const time_ms low = next_delay(least, report.attempt, 0);
  const time_ms alone = *std::ranges::max_element(alone_until_) - now_;
  const time_ms high = next_delay(most, report.attempt, 1, std::max(asked_to_wait_, alone));
  expect(report.delay >= low || report.delay == 0, "a delay is too short",
         static_cast<std::uint64_t>(report.delay));
  expect(report.delay <= high, "a delay is too long", static_cast<std::uint64_t>(report.delay));
  expect(report.delay > 0 || low == 0 || settings_.machine.uses_tokens, "no delay");
  if (settings_.endpoints == 1 && report.delay > 0)
    expect(report.delay >= std::min<time_ms>(asked_to_wait_, plain.max_retry_after),
           "the server's wish was not heard", static_cast<std::uint64_t>(asked_to_wait_));
  const std::uint32_t bound = plain.max_attempts;
  expect(bound == 0 || report.attempt <= (bound * 3 + 1) / 2, "more attempts than allowed", report.attempt);
  expect(attempt_reset_ || report.attempt == attempt_ + 1 || report.attempt == 1 ||
             (report.attempt == attempt_ && report.delay == 0),
         "attempts are not counted", report.attempt);
}

// A dial, or the question for its token, comes when the delay is over and not much later.
void simulated_world::check_attempt_time() {
  if (!attempt_told_) return;
  attempt_told_ = false;
  if (attempt_due_ < 0) return;
  expect(now_ >= attempt_due_, "an attempt too early", static_cast<std::uint64_t>(attempt_due_ - now_));
  expect(now_ <= attempt_due_ + most_lateness + 1, "an attempt too late",
         static_cast<std::uint64_t>(now_ - attempt_due_));
}

void simulated_world::state_changed(const state_report& report) {
  const auto bit = [](auto... states) { return ((1u << static_cast<unsigned>(states)) | ...); };
  using s = client_state;
  static const std::array<unsigned, 7> legal = {
      bit(s::connecting),
      bit(s::connected, s::reconnecting, s::disconnected, s::failed),
      bit(s::reconnecting, s::disconnecting, s::disconnected, s::failed),
      bit(s::reconnecting, s::connected, s::disconnected, s::failed),
      bit(s::disconnected),
      bit(s::connecting),
      bit(s::connecting),
  };
  const auto to = static_cast<std::size_t>(report.state);
  expect((legal[static_cast<std::size_t>(state_)] >> to & 1) != 0, "a transition that is not legal",
         static_cast<std::uint64_t>(state_) * 10 + to);
  state_ = report.state;
  ++figures_.states[to];
  if (report.state == client_state::reconnecting) {
    check_delay(report);
    asked_to_wait_ = 0;
    attempt_ = report.attempt;
    attempt_reset_ = false;
    attempt_due_ = now_ + report.delay;
    attempt_told_ = true;
  } else if (report.state == client_state::connected) {
    expect(report.endpoint >= 0 && core_.link() < links_.size() &&
               links_[core_.link()].endpoint == static_cast<endpoint_index>(report.endpoint),
           "the wrong endpoint was told");
    attempt_told_ = false;
    expect(report.link == core_.link(), "the wrong link was told", report.link);
    const std::uint32_t number = core_.link();
    links_[number].held = rooms_;
    if (rooms_) ++figures_.holds;
    at(random_.one_in(4) ? random_.span(0, 500) : 0, [this, number] { hear_of(number); });
  } else {
    attempt_told_ = false;
    attempt_reset_ = true;
    asked_to_wait_ = 0;
  }
}

void simulated_world::settled(std::uint32_t token, settlement how) {
  expect(token >= 1 && token <= sent_.size(), "a token that was not given", token);
  if (!broken_.empty()) return;
  record& r = sent_[token - 1];
  expect(how != settlement::done || !r.request, "a request was done without its reply", token);
  settle(r, how, token - 1);
}

// Once, and only for a reason that there is.
void simulated_world::settle(record& r, settlement how, std::uint32_t index) {
  expect(r.token != 0, "nobody waits for this message", index);
  expect(!r.how.has_value(), "settled twice", index);
  r.how = how;
  ++figures_.settled[static_cast<std::size_t>(how)];
  switch (how) {
    case settlement::done:
      expect(r.taken, "done before it was sent", index);
      expect(!r.acked || r.received || r.taken_unacked, "done, but the server does not have it", index);
      break;
    case settlement::timeout:
      expect(r.request || (r.acked && r.taken), "a timeout of what waits for nothing", index);
      break;
    case settlement::queue_full:
      expect(!r.taken, "too many, but it was sent", index);
      break;
    case settlement::expired:
      expect(!r.request, "a request expired", index);
      break;
    case settlement::connection_lost:
      expect(r.request && (r.taken || r.bound), "lost with a link that did not have it", index);
      break;
    case settlement::closed:
    case settlement::cancelled:
      break;
    case settlement::store_failed:
      expect(false, "there is no store", index);
      break;
  }
}

void simulated_world::dropped(settlement) { ++nameless_dropped_; }

void simulated_world::stored_done(std::uint64_t key) { expect(false, "there is no store", key); }

}  // namespace hawser::client::test
