// The loop of a reactor: turns, sleep, timers, flush.
#include "core/net/reactor.hpp"

#include <chrono>
#include <ctime>
#include <thread>
#include <utility>

namespace hawser::net {

namespace {
// What one turn may read before commands and flushes get their share, in bytes.
constexpr std::size_t turn_read_limit = 2 * 1024 * 1024;
// A wait shorter than this found an event that was there already.
constexpr std::chrono::microseconds at_once{3};
// Timers of managed clients fire so late at most, in milliseconds.
constexpr std::int64_t client_granularity = 4;
#ifdef HAWSER_READINESS
constexpr std::uint32_t asio_every = 8;
#endif

// Of this thread, in nanoseconds. 0 where it cannot be had: then both ways to wait look as cheap.
std::int64_t processor_time() noexcept {
#ifdef CLOCK_THREAD_CPUTIME_ID
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
#else
  return 0;
#endif
}
}  // namespace

reactor::reactor(engine& self, event_sink& sink, protocol::memory_budget& budget, std::uint32_t slots)
    : engine_(self),
      sink_(sink),
      budget_(budget),
      context_(1),
      timer_(context_),
      wheel_(steady_now()),
      client_wheel_(steady_now(), client_granularity),
      slots_(slots),
      now_(steady_now()),
      read_buffer_(new std::uint8_t[read_size + slack]()) {}

reactor::~reactor() {
  // Their sockets belong to the context, and servers are told when connections go.
  connections_.clear();
  graves_.clear();
  clients_.clear();
  servers_.clear();
  exchange_.reset();
}

void reactor::refresh_now() noexcept {
  now_ = steady_now();
  slept_ = false;
}

std::int64_t reactor::steady_now() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// ----------------------------------------------------------------------------------------------------- loop

void reactor::run() {
  {
    const std::lock_guard lock(flush_mutex_);
    running_ = true;
  }
  context_.restart();
  last_commands_ = 1;
  const auto work = boost::asio::make_work_guard(context_);
  while (!stopping_.load(std::memory_order_acquire)) turn();
  stopping_.store(false, std::memory_order_release);
  const std::lock_guard lock(flush_mutex_);
  running_ = false;
  flush_done_.notify_all();
}

void reactor::turn() {
  counters_.turns.add(1);
  arm_timer();
  sleep();
  refresh_now();
  review_wait();
  turn_bytes_ = 0;
  const std::uint32_t before_events = run_early();
  gather_events();
  run_deferred();
  run_timers();
  retry_blocked();
  publish();
  note_deliveries();
  // Asked before the commands are looked at: those that came before the question belong to the answer.
  const std::uint32_t flush_asked = flush_wanted_.load(std::memory_order_acquire);
  last_commands_ = before_events + (exchange_ ? run_joined() : sink_.run_commands(engine_));
  deliver_batch(true);
  if (!dirty_clients_.empty()) settle_clients();
  flush_dirty();
  sink_.commands_done();
  sink_.publish();
  reap();
  if (flush_asked != 0) answer_flush(flush_asked, last_commands_);
}

// What the program has called by now holds for whatever is read from now on: a subscription for the messages
// behind it. Joined reactors do not promise that.
std::uint32_t reactor::run_early() {
  if (exchange_ || !sink_.commands_waiting()) return 0;
  const std::uint32_t commands = sink_.run_commands(engine_);
  deliver_batch(true);
  return commands;
}

// The commands of a turn, with what comes from and goes to the reactors that this one was joined with.
std::uint32_t reactor::run_joined() {
  exchange_->hand_over();
  exchange_->collect();
  const std::uint32_t commands = exchange_->stalled() ? 0 : sink_.run_commands(engine_);
  exchange_->hand_over();
  exchange_->deliver();
  return commands;
}

// A stalled reactor leaves its commands alone: who made it stall wakes it.
bool reactor::prepare_sleep() {
  if (!exchange_) return sink_.prepare_sleep();
  const bool stalled = exchange_->stalled();
  if (!stalled && !sink_.prepare_sleep()) return false;
  if (exchange_->prepare_sleep()) return true;
  if (!stalled) sink_.awake();
  return false;
}

// Waits for one event. Under load, where the wait does not block, a turn gathers all events that are ready;
// when they come one by one, looking for more costs a system call that finds nothing, so a light turn goes
// without.
void reactor::sleep() {
  const bool may_sleep =
      (light_ || last_commands_ == 0) && deferred_.empty() && dirty_.empty() && dirty_clients_.empty();
#ifdef HAWSER_READINESS
  if (may_sleep) ready_sockets_.arm();
#endif
  if (!may_sleep || await_event() || !prepare_sleep()) {
    light_ = false;
    return;
  }
  const auto before = std::chrono::steady_clock::now();
  slept_ = true;
  if (!stopping_.load(std::memory_order_acquire)) context_.run_one();
  sink_.awake();
  if (exchange_) exchange_->awake();
  light_ = std::chrono::steady_clock::now() - before > at_once;
}

#ifdef HAWSER_READINESS
// In a light turn the first of several events is treated as the only one, which wakes the program early.
// While sockets keep a busy reactor from sleeping, what Asio waits for (listeners, timers, dials) is asked
// for in every eighth turn.
void reactor::gather_events() {
  if (light_ && !ready_sockets_.told()) return;
  const std::span<const epoll_event> events = ready_sockets_.collect();
  if (!events.empty()) spin_.gathered(static_cast<std::uint32_t>(events.size()));
  for (const epoll_event& event : events) {
    static_cast<transport*>(event.data.ptr)->on_edges(event.events);
    light_ = light_ && events.size() == 1;
  }
  if (light_ || (!events.empty() && ++turns_without_asio_ < asio_every)) return;
  turns_without_asio_ = 0;
  context_.poll();
}
#else
void reactor::gather_events() {
  if (!light_) context_.poll();
}
#endif

void reactor::note_deliveries() noexcept {
  const std::uint64_t seen = std::exchange(delivered_seen_, counters_.messages_in.get());
  if (light_) delivers_ = delivered_seen_ != seen;
}

void reactor::delivered_early() {
  if (light_) publish();
}

// Who reads a message finds it counted.
void reactor::publish() {
  for (managed_client* c : dirty_clients_) c->before_publish();
  sink_.publish();
}

// A stalled reactor leaves its commands alone.
bool reactor::something_to_do() noexcept {
  if (!exchange_) return sink_.commands_waiting();
  return exchange_->waiting() || (!exchange_->stalled() && sink_.commands_waiting());
}

// Where the program or a peer answered at once lately, a short wait for what comes next is cheaper for all
// sides than to sleep and be woken.
bool reactor::await_event() {
  if (!review_.waits() || !spin_.worth_it()) return false;
  slept_ = true;
  const auto until = std::chrono::steady_clock::now() + event_spin::longest;
  do {
    for (int i = 0; i < event_spin::looks; i++) {
      if (something_to_do()) {
        spin_.came();
        return true;
      }
      event_spin::relax();
    }
    if (context_.poll_one() > 0) {
      spin_.came();
      return true;
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < until);
  spin_.in_vain();
  return false;
}

void reactor::review_wait() {
  if (!review_.due(now_)) return;
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  review_.take(now_, {.wall = std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count(),
                      .processor = processor_time(),
                      .messages = counters_.messages_in.get() + counters_.messages_out.get()});
}

void reactor::join(std::uint32_t index, const std::vector<reactor*>& all) {
  exchange_ = std::make_unique<exchange>(*this, index, all);
}

void reactor::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void reactor::wake() {
  boost::asio::post(context_, [] {});
}

void reactor::empty_batch(bool last) {
  batch_.from->deliver(batch_, last);
  batch_.clear();
}

// Flushing may make further connections dirty; those wait for the next turn, which comes at once.
void reactor::flush_dirty() {
  dirty_now_.swap(dirty_);
  for (connection* c : dirty_now_) {
    c->in_dirty = false;
    c->flush();
  }
  dirty_now_.clear();
}

void reactor::retry_blocked() {
  if ((blocked_.empty() && blocked_servers_.empty() && blocked_clients_.empty()) || !sink_.room()) return;
  // Before their links, which they would refuse again.
  for (managed_client* c : std::exchange(blocked_clients_, {})) {
    c->in_blocked = false;
    c->on_room();
  }
  for (server* s : std::exchange(blocked_servers_, {})) {
    s->in_blocked = false;
    s->on_room();
  }
  blocked_now_.swap(blocked_);
  std::size_t done = 0;
  for (; done < blocked_now_.size(); done++) {
    // The first that is refused again ends the round: the others keep their place behind it.
    if (!blocked_.empty()) break;
    connection* c = blocked_now_[done];
    c->in_blocked = false;
    c->on_room();
  }
  blocked_.insert(blocked_.end(), blocked_now_.begin() + static_cast<std::ptrdiff_t>(done),
                  blocked_now_.end());
  blocked_now_.clear();
}

void reactor::mark_blocked(managed_client& c) {
  if (c.in_blocked) return;
  c.in_blocked = true;
  blocked_clients_.push_back(&c);
}

// Settling may make others dirty, or the same again; those wait for the next turn, which comes at once.
void reactor::settle_clients() {
  dirty_clients_now_.swap(dirty_clients_);
  for (managed_client* c : dirty_clients_now_) {
    c->in_dirty = false;
    c->settle();
  }
  dirty_clients_now_.clear();
}

bool reactor::may_read(connection& c) {
  if (turn_bytes_ < turn_read_limit) return true;
  defer(c);
  return false;
}

void reactor::defer(connection& c) {
  if (c.in_deferred) return;
  c.in_deferred = true;
  deferred_.push_back(&c);
}

void reactor::run_deferred() {
  if (deferred_.empty()) return;
  deferred_now_.swap(deferred_);
  for (connection* c : deferred_now_) {
    c->in_deferred = false;
    c->read_deferred();
  }
  deferred_now_.clear();
}

void reactor::mark_blocked(connection& c) {
  if (c.in_blocked) return;
  c.in_blocked = true;
  blocked_.push_back(&c);
}

void reactor::mark_blocked(server& s) {
  if (s.in_blocked) return;
  s.in_blocked = true;
  blocked_servers_.push_back(&s);
}

// --------------------------------------------------------------------------------------------------- timers

void reactor::schedule(connection& c, std::int64_t deadline) { wheel_.schedule(c, deadline); }

void reactor::run_timers() {
  wheel_.advance(now_, [](protocol::timer_node& node) { static_cast<connection&>(node).on_timer(); });
  if (!clients_.empty())
    client_wheel_.advance(now_,
                          [](protocol::timer_node& node) { static_cast<managed_client&>(node).on_timer(); });
}

void reactor::arm_timer() {
  auto next = wheel_.next_deadline(now_);
  if (!clients_.empty()) {
    const auto of_clients = client_wheel_.next_deadline(now_);
    if (of_clients && (!next || *of_clients < *next)) next = of_clients;
  }
  if (!next || (timer_at_ != 0 && timer_at_ <= *next)) return;
  // The wheel fires at the end of a tick; being early once costs a turn.
  timer_at_ = *next;
  timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::milliseconds(timer_at_ + 1)));
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) timer_at_ = 0;
  });
}

// ---------------------------------------------------------------------------------------------------- flush

bool reactor::flush(std::int64_t milliseconds) {
  std::unique_lock lock(flush_mutex_);
  if (!running_) return true;
  const std::uint32_t mine = ++flushes_;
  flush_wanted_.store(mine, std::memory_order_release);
  wake();
  flush_done_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                       [&] { return flush_answered_ == mine || !running_; });
  flush_wanted_.store(0, std::memory_order_release);
  return flush_answered_ == mine;
}

// An answer may be late: it is for the one that was asked when the turn began.
void reactor::answer_flush(std::uint32_t asked, std::uint32_t commands) {
  if (commands > 0) {
    light_ = false;  // another turn at once
    return;
  }
  bool idle = !exchange_ || exchange_->idle();
  each_connection([&](connection& c) { idle = idle && !c.has_output(); });
  if (!idle) return;
  const std::lock_guard lock(flush_mutex_);
  flush_answered_ = asked;
  flush_done_.notify_all();
}

engine_stats reactor::stats() const {
  const counters& c = counters_;
  return {.connections = c.opened.get() - c.closed.get(),
          .accepted = c.accepted.get(),
          .messages_in = c.messages_in.get(),
          .messages_out = c.messages_out.get(),
          .bytes_in = c.bytes_in.get(),
          .bytes_out = c.bytes_out.get(),
          .reads = c.reads.get(),
          .writes = c.writes.get(),
          .turns = c.turns.get(),
          .dropped = c.dropped.get(),
          .handed = c.handed.get(),
          .stalls = c.stalls.get()};
}

}  // namespace hawser::net
