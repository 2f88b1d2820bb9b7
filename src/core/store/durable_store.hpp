// The durable store of offline queues: keeps messages in an embedded database, on a thread of its own, so
// that no caller waits for a disk. All that comes while a transaction is written goes into the next.
//
//   the caller's thread(s)                      thread "hawser-store"                 the executor's thread
//   put, remove, clear ─► backlog (mutex) ───►  swap ─► ONE transaction ─► report ──► handlers
//                         bounded               SQLite, log (WAL) mode
//
// Why SQLite: it is maintained and tested like nothing else of its kind; it survives SIGKILL with
// synchronous = NORMAL and power loss with FULL; several processes may share a file; a damaged file is an
// error code, where LMDB, which trusts the pages it maps, aborts or crashes the host process. LMDB writes two
// to four times as fast without fsync, which no socket needs; it may not be opened twice in a process, and
// Debian's static library of it cannot be linked into a shared object. SQLite adds 1.3 MB.
//
// Who calls whom: every member function may be called from any thread, also from a handler. The executor is
// called on the store's thread alone, must neither throw nor wait, and must run the tasks one after another
// in their order, on the thread that destroys the store (an io_context run by one thread does). Handlers are
// called from these tasks, never after the destructor began.
//
// Who outlives whom: what the executor refers to outlives the store. Tasks hold what they need; those that
// are run or destroyed after the store do nothing.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "core/store/backlog.hpp"
#include "core/store/message_file.hpp"
#include "core/store/store_settings.hpp"

namespace hawser::store {

struct store_handlers {
  // Once, before all others. After a failure every put so far is reported with it, and new ones are refused.
  std::function<void(open_report&&)> on_open;
  // After each transaction that had a put or a clear, or that failed.
  std::function<void(commit_report&&)> on_commit;
  // Once, after close(): the file was closed and the line is free. A failure says what was lost on the way:
  // what on_open reported, an error of the disk, or removals that could not be written.
  std::function<void(store_failure&&)> on_close;
};

// What put and clear answer: a key when the call was accepted, and then on_commit names the key once.
struct put_ticket {
  message_key key = 0;
  store_error error = store_error::none;
};

class durable_store {
 public:
  using executor = std::function<void(std::function<void()>)>;

  // Null, with `error` set, for settings that cannot be and when no thread can be started. Everything else
  // comes to on_open.
  static std::unique_ptr<durable_store> open(const store_settings& settings, executor run,
                                             store_handlers handlers, store_failure& error);
  // close(), then waits for the disk. Call close() and wait for on_close where that must not be.
  ~durable_store();
  durable_store(const durable_store&) = delete;
  durable_store& operator=(const durable_store&) = delete;

  // Copies the message before it returns. An outcome without error says that the transaction was handed to
  // the kernel (with fsync: to the disk), or that the message was removed or cleared before. With an error
  // the message was not confirmed; after a failed fsync it may still be found in the file. When the file is
  // full, the puts behind the one that did not fit share its error as far as they share its transaction.
  put_ticket put(const message_view& message);
  // Goes with the next transaction, or after removal_delay; retried until it succeeds. What was removed but
  // not written when the process dies is loaded again. Unknown keys do nothing. Errors: closed, no_memory,
  // and the failure of a store that can do nothing any more.
  store_error remove(message_key key);
  // Removes every message that was loaded or put before.
  put_ticket clear();
  // Accepts nothing more, writes what waits, closes the file.
  void close();

 private:
  // Read and written by tasks and by the destructor, on the executor's thread; shared with tasks.
  struct handler_slot {
    store_handlers handlers;
    bool attached = true;
  };

  durable_store(const store_settings& settings, executor run, store_handlers handlers);

  store_error refusal(std::size_t bytes) const;
  void work();
  void open_file();
  bool next_batch();
  void commit();
  void recover(const store_failure& failure);
  void report(bool committed, std::size_t stored, store_failure failure);
  template <typename Report>
  void deliver(std::function<void(Report&&)> store_handlers::*handler, Report&& report);

  const store_settings settings_;
  const executor run_;
  const std::shared_ptr<handler_slot> slot_;

  std::mutex mutex_;  // guards from here to `batch_`; not held while the disk or the executor works
  std::condition_variable wake_;
  backlog waiting_;
  message_key next_key_ = first_new_key;
  message_key last_loaded_ = 0;
  bool asleep_ = false;    // the thread waits without a time
  bool napping_ = false;   // the thread waits for a put to come to the removals
  bool retrying_ = false;  // the last transaction failed, and there are removals of it to write again
  bool closing_ = false;
  store_error lasting_ = store_error::none;  // the file is of no use any more

  backlog batch_;  // from here on: the store's thread alone
  message_file file_;
  store_failure final_;

  std::thread thread_;
};

}  // namespace hawser::store
