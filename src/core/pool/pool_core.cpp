// Targets and users: who asks, waits, holds and leaves.
#include "core/pool/pool_core.hpp"

#include <algorithm>

namespace hawser::pool {

pool_core::pool_core(pool_settings settings) : settings_(settings) {
  settings_.max_per_host = std::max(settings_.max_per_host, 1u);
  settings_.per_endpoint = std::max(settings_.per_endpoint, 1u);
  settings_.max_waiters = std::max<std::size_t>(settings_.max_waiters, 1);
  settings_.idle_time = std::max<time_ms>(settings_.idle_time, 0);
}

// -----------------------------------------------------------------------------------------------------
// targets

target_id pool_core::add_target(std::span<const endpoint_name> endpoints, client::strategy order) {
  std::vector<endpoint*> found;
  for (const endpoint_name& name : endpoints) {
    auto known = by_key_.find(name.key);
    if (known == by_key_.end()) {
      host& h = hosts_[name.host];
      h.name = name.host;
      ++h.endpoints;
      endpoint& e = endpoints_[++next_id_];
      e.id = next_id_;
      e.key = name.key;
      e.host = &h;
      known = by_key_.emplace(name.key, &e).first;
    }
    if (std::find(found.begin(), found.end(), known->second) == found.end()) found.push_back(known->second);
  }
  if (found.empty()) return 0;
  client::endpoint_settings settings = settings_.endpoint;
  settings.order = order == client::strategy::race ? client::strategy::latency : order;
  const target_id id = ++next_id_;
  const auto count = static_cast<client::endpoint_index>(found.size());
  target& t =
      targets_.emplace(id, target{id, std::move(found), client::endpoint_set(count, settings)}).first->second;
  for (client::endpoint_index i = 0; i < count; ++i) {
    t.endpoints[i]->members.emplace_back(&t, i);
    t.records.set_busy(i, t.endpoints[i]->users);
  }
  return id;
}

void pool_core::remove_target(time_ms now, target_id id, pool_actions& out) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  std::vector<user_id> leaving;
  for (const auto& [user, u] : users_) {
    if (u.target == &found->second) leaving.push_back(user);
  }
  std::sort(leaving.begin(), leaving.end());
  for (const user_id user : leaving) cancel(now, user, out);
  forget_target(found->second);
  targets_.erase(found);
}

void pool_core::forget_target(target& t) {
  for (endpoint* e : t.endpoints) {
    std::erase_if(e->members, [&](const auto& member) { return member.first == &t; });
    drop_endpoint(*e);
  }
}

// -------------------------------------------------------------------------------------------------------
// users

user_id pool_core::acquire(time_ms now, target_id id, time_ms deadline, pool_actions& out) {
  const user_id number = ++next_id_;
  const auto found = targets_.find(id);
  if (closed_ || found == targets_.end()) {
    ++totals_.refused;
    out.push_back(
        {.what = kind::refuse, .user = number, .why = closed_ ? refusal::pool_closed : refusal::unknown});
    return number;
  }
  const bool full = waiters_ >= settings_.max_waiters;
  user& u = users_[number];
  u.id = number;
  u.target = &found->second;
  u.deadline = deadline;
  ++waiters_;
  if (deadline != 0) user_deadlines_.emplace(deadline, number);
  if (!full) {
    place(now, u, out);
  } else if (!share_open(u, out)) {
    refuse(u, refusal::queue_full, out);
  }
  return number;
}

// Shares the open connection with the least requests, if there is one: for whoever may not wait.
bool pool_core::share_open(user& u, pool_actions& out) {
  const auto load = [](const connection& c) {
    return std::pair(c.running.size() + c.waiting.size(), c.users());
  };
  connection* best = nullptr;
  for (const endpoint* e : u.target->endpoints) {
    connection* const c = best_of(*e);
    if (c == nullptr || c->state != connection_state::open) continue;
    if (best == nullptr || load(*c) < load(*best)) best = c;
  }
  if (best == nullptr) return false;
  attach(u, *best, out);
  return true;
}

bool pool_core::release(time_ms now, user_id id, pool_actions& out) {
  const auto found = users_.find(id);
  if (found == users_.end() || !found->second.holder) return false;
  connection& c = *found->second.connection;
  end_waiting_requests(c, id, out);
  c.holders.erase(id);
  users_.erase(found);
  settle(now, c, out);
  return true;
}

bool pool_core::cancel(time_ms now, user_id id, pool_actions& out) {
  const auto found = users_.find(id);
  if (found == users_.end() || found->second.holder) return false;
  user& u = found->second;
  connection* const c = u.connection;
  refuse(u, refusal::removed, out);
  if (c != nullptr) settle(now, *c, out);
  return true;
}

// Tells a waiter and forgets it. What its leaving means for its connection is the caller's: settle().
void pool_core::refuse(user& u, refusal why, pool_actions& out) {
  dequeue(u);
  if (u.connection != nullptr) u.connection->attached.erase(u.id);
  if (u.deadline != 0) user_deadlines_.erase({u.deadline, u.id});
  --waiters_;
  ++totals_.refused;
  out.push_back({.what = kind::refuse, .user = u.id, .why = why});
  users_.erase(u.id);
}

// ------------------------------------------------------------------------------------------------------
// places

void pool_core::place(time_ms now, user& u, pool_actions& out) {
  target& t = *u.target;
  t.records.choose(now, plan_);
  std::erase_if(plan_.order, [&](client::endpoint_index i) {
    return std::ranges::find(u.tried, t.endpoints[i]) != u.tried.end();
  });
  if (plan_.order.empty()) {
    if (!share_open(u, out)) refuse(u, refusal::connection_failed, out);
    return;
  }
  for (const client::endpoint_index i : plan_.order) {
    if (serve_at(now, u, *t.endpoints[i], out)) return;
  }
  for (const client::endpoint_index i : plan_.order) u.queued.push_back(t.endpoints[i]);
  enqueue(u);
  for (const client::endpoint_index i : plan_.order) trim(now, *t.endpoints[i]->host, out);
}

bool pool_core::serve_at(time_ms now, user& u, endpoint& e, pool_actions& out) {
  const host& h = *e.host;
  connection* best = best_of(e);
  if (best == nullptr || best->used()) {
    const bool room = h.count < limit_of(h) && e.connections.size() < settings_.per_endpoint;
    const bool first = h.queue.empty() || u.id <= *h.queue.begin();
    if (room && first) best = &open(now, e, out);
  }
  if (best == nullptr) return false;
  dequeue(u);
  attach(u, *best, out);
  return true;
}

void pool_core::attach(user& u, connection& c, pool_actions& out) {
  set_idle(c, false, 0);
  u.connection = &c;
  if (c.state == connection_state::open) {
    grant(u, c, out);
  } else {
    c.attached.insert(u.id);
  }
  count_users(*c.endpoint);
}

void pool_core::grant(user& u, connection& c, pool_actions& out) {
  if (u.deadline != 0) user_deadlines_.erase({u.deadline, u.id});
  --waiters_;
  u.deadline = 0;
  u.target = nullptr;
  u.holder = true;
  c.holders.insert(u.id);
  ++totals_.granted;
  out.push_back({.what = kind::grant, .connection = c.id, .user = u.id});
}

void pool_core::enqueue(user& u) {
  for (endpoint* e : u.queued) {
    if (e->queue.empty()) ++e->host->wanted;
    e->queue.insert(u.id);
    e->host->queue.insert(u.id);
  }
}

void pool_core::dequeue(user& u) {
  for (endpoint* e : u.queued) {
    e->queue.erase(u.id);
    if (e->queue.empty()) --e->host->wanted;
    e->host->queue.erase(u.id);
  }
  u.queued.clear();
}

// --------------------------------------------------------------------------------------------------- the
// whole

void pool_core::timer(time_ms now, pool_actions& out) {
  while (!user_deadlines_.empty() && user_deadlines_.begin()->first <= now) {
    user& u = users_.find(user_deadlines_.begin()->second)->second;
    connection* const c = u.connection;
    refuse(u, refusal::timeout, out);
    if (c != nullptr) settle(now, *c, out);
  }
  while (!request_deadlines_.empty() && request_deadlines_.begin()->first <= now) {
    refuse_request(request_deadlines_.begin()->second, refusal::timeout, out);
  }
  while (!idle_deadlines_.empty() && idle_deadlines_.begin()->first <= now) {
    begin_close(now, connections_.find(idle_deadlines_.begin()->second)->second, out);
  }
}

time_ms pool_core::next_deadline() const noexcept {
  time_ms next = 0;
  const auto sooner = [&next](const auto& deadlines) {
    if (deadlines.empty()) return;
    const time_ms first = std::max<time_ms>(deadlines.begin()->first, 1);
    if (next == 0 || first < next) next = first;
  };
  sooner(user_deadlines_);
  sooner(request_deadlines_);
  sooner(idle_deadlines_);
  return next;
}

void pool_core::close(time_ms now, pool_actions& out) {
  closed_ = true;
  std::vector<user_id> waiting;
  for (const auto& [id, u] : users_) {
    if (!u.holder) waiting.push_back(id);
  }
  std::sort(waiting.begin(), waiting.end());
  for (const user_id id : waiting) refuse(users_.find(id)->second, refusal::pool_closed, out);
  for (auto& [id, c] : connections_) {
    end_users(c, refusal::pool_closed, out);
    begin_close(now, c, out);
  }
}

}  // namespace hawser::pool
