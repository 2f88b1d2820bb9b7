// Name resolution on threads of its own. getaddrinfo blocks, cannot be cancelled and can hang for tens of
// seconds, so no reactor runs it and nothing joins the threads that do.
//
//   io thread                                          hawser-dns threads (detached)
//   resolver (service of one io_context)               lookup_pool (process-wide)
//   entries: id → handler, work guard ──request(id)──► jobs: (family, host) → waiters ─► blocking lookup
//        ▲                                                                                   │
//        └──────────────── post(id, result) ◄── resolve_channel (mutex, resolver* or null) ◄─┘
//
// Who outlives whom: a DNS thread holds the pool and the channels of its waiters by shared_ptr, and nothing
// else; it may outlive every io_context and run at process exit (the library is never unloaded, the
// process-wide pool is never destroyed). The io_context's destructor shuts the resolver down first, which
// nulls the channel's pointer under its mutex; a later result finds null and is dropped, an earlier one has
// been posted and is destroyed with the queue. Handlers are owned by the resolver and are called and
// destroyed on the io thread alone.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace hawser::net {

struct resolve_result {
  error_info error;  // none, or dns_failed
  std::vector<boost::asio::ip::address>
      addresses;  // in the system's order of preference; not empty without error
};

// Blocks until the name is resolved. `family` is 0 (any), 4 or 6. Runs on a DNS thread; must not throw.
using lookup_function = std::function<resolve_result(const std::string& host, int family)>;

// getaddrinfo. Without a family only those that the machine has an address of (AI_ADDRCONFIG).
resolve_result system_lookup(const std::string& host, int family);

class resolver;

// Written by the io thread (once, at the resolver's shutdown) and read by DNS threads, both under `mutex`.
struct resolve_channel {
  std::mutex mutex;
  resolver* target = nullptr;
};

// The DNS threads and what waits for them. Every member function may be called from any thread.
// Requests for the same name and family share one lookup, so that a thousand reconnecting clients make one
// query.
class lookup_pool : public std::enable_shared_from_this<lookup_pool> {
 public:
  static constexpr std::size_t default_threads = 8;
  static constexpr std::size_t default_queue = 1024;

  struct waiter {
    std::shared_ptr<resolve_channel> channel;
    std::uint64_t id;
  };

  // `max_threads` lookups run at once; `max_queue` further names wait in order.
  static std::shared_ptr<lookup_pool> create(lookup_function lookup,
                                             std::size_t max_threads = default_threads,
                                             std::size_t max_queue = default_queue);
  // The pool over system_lookup which all reactors share; never destroyed.
  static std::shared_ptr<lookup_pool> process();

  // False, with `error` set, when the queue is full or no thread can be started.
  bool submit(const std::string& host, int family, waiter who, error_info& error);
  // Takes a waiter back; a queued lookup that nobody waits for leaves the queue, a running one runs to its
  // end.
  void withdraw(const std::string& host, int family, const waiter& who);

 private:
  using key = std::pair<int, std::string>;

  lookup_pool(lookup_function lookup, std::size_t max_threads, std::size_t max_queue);
  bool start_thread();
  void work();

  const lookup_function lookup_;
  const std::size_t max_threads_;
  const std::size_t max_queue_;
  std::mutex mutex_;  // guards all below; never held while a channel's mutex is taken or a lookup runs
  std::size_t threads_ = 0;
  std::map<key, std::vector<waiter>> jobs_;  // queued and running
  std::deque<key> queue_;                    // queued only, oldest first
};

// The io_context's side. Used on the thread that runs the io_context only; pending requests count as work.
class resolver : public boost::asio::execution_context::service {
 public:
  using key_type = resolver;
  using handler = std::function<void(resolve_result)>;
  static boost::asio::execution_context::id id;

  explicit resolver(boost::asio::execution_context& context);

  // The resolver of this io_context, created by the first call. Throws nothing but std::bad_alloc.
  static resolver& of(boost::asio::io_context& context);

  // Calls `done` on the io_context, never inline, once unless cancelled. Returns the id for cancel(), never
  // 0.
  std::uint64_t resolve(const std::shared_ptr<lookup_pool>& pool, const std::string& host, int family,
                        handler done);
  // Destroys the handler without calling it, and gives its work back. Unknown and finished ids do nothing.
  void cancel(std::uint64_t request);

 private:
  friend class lookup_pool;
  using work_guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  struct entry {
    std::shared_ptr<lookup_pool> pool;
    std::string host;
    int family;
    handler done;
    work_guard work;
  };

  void shutdown() override;
  // Called with the channel's mutex held, from any thread.
  void post_result(std::uint64_t request, resolve_result result);
  void complete(std::uint64_t request, resolve_result result);

  boost::asio::io_context& context_;
  std::shared_ptr<resolve_channel> channel_;
  std::unordered_map<std::uint64_t, entry> entries_;
  std::uint64_t last_id_ = 0;
};

}  // namespace hawser::net
