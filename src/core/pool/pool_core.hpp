// A pool of connections that users share, without any I/O: who gets which, what to open and what to close.
// Times are passed in.
//
// A user asks for a target, one endpoint or several with a strategy, and is served by the first of these that
// some endpoint of the target offers, in the order of its endpoint_set:
//   1. a connection without users                     3. a share of the connection with the least active
//   requests
//   2. a new one, where host and endpoint have room   4. a place in the queue of each host
// Order: per host, places are given strictly in the order in which users asked. Sharing takes no place, so
// whoever can share does not wait behind one who needs a place. An idle connection is given up for the queue
// of its host.
//
// Limits count a connection until its socket is gone. Every user that asked is told: granted or refused;
// every holder that loses its connection is told too.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/pool/pool_records.hpp"
#include "core/pool/pool_types.hpp"

namespace hawser::pool {

// Actions are appended to `out`, to be performed in that order; the shell does not call back while it does.
class pool_core {
 public:
  explicit pool_core(pool_settings settings);
  pool_core(const pool_core&) = delete;
  pool_core& operator=(const pool_core&) = delete;

  // Endpoints with equal keys are the same endpoint, here and among targets; the host of the first counts. 0:
  // no endpoints given. A race takes the order of `latency`: the pool opens one connection at a time for a
  // user.
  target_id add_target(std::span<const endpoint_name> endpoints, client::strategy order);
  // Its waiters are refused; its holders keep what they have.
  void remove_target(time_ms now, target_id id, pool_actions& out);

  // Asks for a connection; the answer is a grant or a refusal, perhaps at once. deadline 0: none.
  user_id acquire(time_ms now, target_id id, time_ms deadline, pool_actions& out);
  // A holder gives its connection back: its waiting requests are refused, those in flight run on. False: no
  // such holder.
  bool release(time_ms now, user_id id, pool_actions& out);
  // A waiter goes: it is refused with `removed`. False: no such waiter.
  bool cancel(time_ms now, user_id id, pool_actions& out);

  // A holder asks to send a request; the answer is grant_request or refuse_request. First come, first served,
  // on an open connection. deadline 0: none; it bounds the wait, not the request.
  request_id begin_request(user_id holder, time_ms deadline, pool_actions& out);
  // It is over, or is not to wait any longer (refused with `removed`). False: no such request.
  bool end_request(time_ms now, request_id id, pool_actions& out);

  // What the shell reports of a connection. Reports that do not fit its state have no effect.
  void opened(time_ms now, connection_id id, time_ms latency, pool_actions& out);
  void lost(time_ms now, connection_id id, pool_actions& out);  // it reconnects by itself
  void healed(time_ms now, connection_id id, time_ms latency, pool_actions& out);
  void failed(time_ms now, connection_id id, pool_actions& out);  // for good: there is no socket any more
  void closed(time_ms now, connection_id id, pool_actions& out);  // after `close`, or by the peer

  // Closes a connection whoever uses it. False: no such connection, or it closes already.
  bool remove_connection(time_ms now, connection_id id, pool_actions& out);
  // Raising serves waiters; lowering closes idle connections and no used one.
  void set_limit(time_ms now, std::uint32_t per_host, pool_actions& out);
  // Of one host; 0: the general one again.
  void set_limit(time_ms now, std::string_view host, std::uint32_t limit, pool_actions& out);
  // Closes all idle connections.
  void cleanup(time_ms now, pool_actions& out);
  // Refuses, revokes and closes everything, and refuses whoever comes later.
  void close(time_ms now, pool_actions& out);

  void timer(time_ms now, pool_actions& out);
  time_ms next_deadline() const noexcept;  // 0: none

  pool_snapshot snapshot() const;
  std::string_view key_of(endpoint_id id) const noexcept;  // "" when there is none

 private:
  using kind = pool_action::kind;

  // users: pool_core.cpp
  void refuse(user& u, refusal why, pool_actions& out);
  void place(time_ms now, user& u, pool_actions& out);
  bool serve_at(time_ms now, user& u, endpoint& e, pool_actions& out);
  bool share_open(user& u, pool_actions& out);
  void attach(user& u, connection& c, pool_actions& out);
  void grant(user& u, connection& c, pool_actions& out);
  void detach(time_ms now, user& u, pool_actions& out);
  void enqueue(user& u);
  void dequeue(user& u);
  void forget_target(target& t);

  // connections and places: pool_connections.cpp
  connection* best_of(const endpoint& e) const;
  connection& open(time_ms now, endpoint& e, pool_actions& out);
  void begin_close(time_ms now, connection& c, pool_actions& out);
  void end_users(connection& c, refusal why, pool_actions& out);
  void gone(time_ms now, connection& c, bool blame, pool_actions& out);
  void ready(time_ms now, connection& c, pool_actions& out);
  void settle(time_ms now, connection& c, pool_actions& out);
  void set_idle(connection& c, bool idle, time_ms now);
  void count_users(endpoint& e);
  std::uint32_t limit_of(const host& h) const noexcept { return h.limit.value_or(settings_.max_per_host); }
  void serve_host(time_ms now, host& h, pool_actions& out);
  void trim(time_ms now, host& h, pool_actions& out);
  void drop_endpoint(endpoint& e);
  void drop_host(host& h);

  // requests: pool_requests.cpp
  void pump(connection& c, pool_actions& out);
  void refuse_request(request_id id, refusal why, pool_actions& out);
  void end_requests(connection& c, pool_actions& out, refusal why);
  void end_waiting_requests(connection& c, user_id holder, pool_actions& out);

  pool_settings settings_;
  bool closed_ = false;
  std::uint64_t next_id_ = 0;
  std::map<std::string, host, std::less<>> hosts_;
  std::map<endpoint_id, endpoint> endpoints_;
  std::map<std::string, endpoint*, std::less<>> by_key_;
  std::map<target_id, target> targets_;
  std::map<connection_id, connection> connections_;
  std::unordered_map<user_id, user> users_;
  std::unordered_map<request_id, request> requests_;
  std::size_t waiters_ = 0;
  std::set<std::pair<time_ms, user_id>> user_deadlines_;
  std::set<std::pair<time_ms, request_id>> request_deadlines_;
  std::set<std::pair<time_ms, connection_id>> idle_deadlines_;
  client::dial_plan plan_;  // scratch
  pool_snapshot totals_;    // its numbers since the start
};

}  // namespace hawser::pool
