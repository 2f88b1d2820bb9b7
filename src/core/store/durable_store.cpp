// The thread of a durable store, and the hand-over to and from it.
#include "core/store/durable_store.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>

#include "core/store/quiet_thread.hpp"

namespace hawser::store {
namespace {

constexpr std::size_t max_message = std::size_t{512} << 20;  // SQLite takes rows up to 10^9 bytes
constexpr auto retry_delay = std::chrono::milliseconds(1000);

store_failure out_of_memory() { return {store_error::no_memory, 0, 0, "out of memory"}; }

}  // namespace

std::unique_ptr<durable_store> durable_store::open(const store_settings& settings, executor run,
                                                   store_handlers handlers, store_failure& error) {
  error = message_file::check_settings(settings);
  if (error) return nullptr;
  std::unique_ptr<durable_store> store(new durable_store(settings, std::move(run), std::move(handlers)));
  auto* const self = store.get();
  if (!start_quiet_thread(store->thread_, "hawser-store", [self] { self->work(); })) {
    error = {store_error::no_thread, 0, 0, "no thread can be started for the store"};
    return nullptr;
  }
  return store;
}

durable_store::durable_store(const store_settings& settings, executor run, store_handlers handlers)
    : settings_(settings),
      run_(std::move(run)),
      slot_(std::make_shared<handler_slot>(handler_slot{std::move(handlers)})) {}

durable_store::~durable_store() {
  close();
  if (thread_.joinable()) thread_.join();
  slot_->attached = false;
  slot_->handlers = {};
}

// ---- the caller's side

// With the mutex held: why a call that has an outcome cannot be accepted now.
store_error durable_store::refusal(std::size_t bytes) const {
  if (closing_) return store_error::closed;
  if (lasting_ != store_error::none) return lasting_;
  const std::size_t count = waiting_.count();
  if (count == 0) return store_error::none;
  const std::size_t all = waiting_.bytes() + sizeof(backlog::waiting_put);
  return count < settings_.max_pending && all + bytes <= settings_.max_pending_bytes
             ? store_error::none
             : store_error::backlog_full;
}

put_ticket durable_store::put(const message_view& message) {
  const std::size_t largest = std::min(settings_.max_bytes, max_message);
  if (message.id.size() > largest || message.payload.size() > largest - message.id.size()) {
    return {0, store_error::too_large};
  }
  bool wake = false;
  put_ticket ticket;
  {
    const std::lock_guard lock(mutex_);
    ticket.error = refusal(message.id.size() + message.payload.size());
    if (ticket.error != store_error::none) return ticket;
    try {
      waiting_.put(next_key_, message);
    } catch (const std::bad_alloc&) {
      return {0, store_error::no_memory};
    }
    ticket.key = next_key_++;
    wake = std::exchange(asleep_, false) || std::exchange(napping_, false);
  }
  if (wake) wake_.notify_one();
  return ticket;
}

put_ticket durable_store::clear() {
  bool wake = false;
  put_ticket ticket;
  {
    const std::lock_guard lock(mutex_);
    ticket.error = refusal(0);
    if (ticket.error != store_error::none) return ticket;
    try {
      waiting_.clear(next_key_);
    } catch (const std::bad_alloc&) {
      return {0, store_error::no_memory};
    }
    ticket.key = next_key_++;
    wake = std::exchange(asleep_, false) || std::exchange(napping_, false);
  }
  if (wake) wake_.notify_one();
  return ticket;
}

store_error durable_store::remove(message_key key) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return store_error::closed;
    if (lasting_ != store_error::none) return lasting_;
    const bool known = key < first_new_key ? key != 0 && key <= last_loaded_ : key < next_key_;
    if (!known) return store_error::none;
    try {
      waiting_.remove(key);
    } catch (const std::bad_alloc&) {
      return store_error::no_memory;
    }
    wake = std::exchange(asleep_, false);
  }
  if (wake) wake_.notify_one();
  return store_error::none;
}

void durable_store::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    asleep_ = false;
    napping_ = false;
  }
  wake_.notify_one();
}

// ---- the store's thread

void durable_store::work() {
  open_file();
  while (next_batch()) commit();
  file_.close();
  deliver(&store_handlers::on_close, std::move(final_));
}

void durable_store::open_file() {
  open_report report;
  try {
    report = file_.open(settings_);
  } catch (const std::bad_alloc&) {
    file_.close();
    report.messages = {};
    report.failure = out_of_memory();
  }
  {
    const std::lock_guard lock(mutex_);
    last_loaded_ = file_.last_loaded();
    lasting_ = report.failure.code;
  }
  final_ = report.failure;
  deliver(&store_handlers::on_open, std::move(report));
}

// Waits for something to write and takes all of it. False when there is nothing left to do.
bool durable_store::next_batch() {
  std::unique_lock lock(mutex_);
  while (!closing_ && waiting_.count() == 0) {
    if (waiting_.has_removals()) {
      const auto delay = retrying_ ? retry_delay : std::chrono::milliseconds(settings_.removal_delay);
      napping_ = true;
      const bool come = wake_.wait_for(lock, delay, [this] { return !napping_; });
      napping_ = false;
      if (!come) break;
    } else {
      asleep_ = true;
      wake_.wait(lock, [this] { return !asleep_; });
    }
  }
  if (waiting_.count() == 0 && !waiting_.has_removals()) return false;
  std::swap(waiting_, batch_);
  retrying_ = false;
  return true;
}

void durable_store::commit() {
  message_file::apply_result result;
  if (final_) {
    result.failure = final_;
  } else {
    try {
      result = file_.apply(batch_);
    } catch (const std::bad_alloc&) {
      result = {out_of_memory(), false, 0};
    }
    if (!result.committed) recover(result.failure);
  }
  report(result.committed, result.stored, std::move(result.failure));
  batch_.reset();
}

// After a transaction that failed: gives the store up, or keeps the removals for the next one.
void durable_store::recover(const store_failure& failure) {
  const std::lock_guard lock(mutex_);
  if (is_lasting(failure.code)) {
    lasting_ = failure.code;
    final_ = failure;
  } else if (batch_.has_removals()) {
    const bool comes_again = !closing_ || waiting_.count() != 0 || waiting_.has_removals();
    if (comes_again) {
      waiting_.remove_again(batch_.sorted_removals());
      retrying_ = true;
    } else {
      final_ = failure;
      final_.detail += "; messages that were removed could not be deleted and will be loaded again";
    }
  }
}

void durable_store::report(bool committed, std::size_t stored, store_failure failure) {
  if (batch_.count() == 0 && !failure) return;
  commit_report report;
  report.outcomes.reserve(batch_.count());
  const store_error error = failure.code;
  for (const message_key key : batch_.settled()) {
    report.outcomes.push_back({key, committed ? store_error::none : error});
  }
  const auto& puts = batch_.puts();
  for (std::size_t i = 0; i < puts.size(); ++i) {
    const bool done = puts[i].dropped || (committed && i < stored);
    report.outcomes.push_back({puts[i].key, done ? store_error::none : error});
  }
  report.failure = std::move(failure);
  deliver(&store_handlers::on_commit, std::move(report));
}

template <typename Report>
void durable_store::deliver(std::function<void(Report&&)> store_handlers::*handler, Report&& report) {
  run_([slot = slot_, handler, held = std::make_shared<Report>(std::forward<Report>(report))] {
    // A copy: the handler may destroy the store, and with it the original.
    const auto call = slot->attached ? slot->handlers.*handler : nullptr;
    if (call) call(std::move(*held));
  });
}

}  // namespace hawser::store
