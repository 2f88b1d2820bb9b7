// Connections and the places of hosts: opening, sharing, idling, closing, and who is next.
#include <algorithm>
#include <tuple>

#include "core/pool/pool_core.hpp"

namespace hawser::pool {

// An open connection before one that opens, that before one that is lost; then the least requests, in flight
// and waiting; then the fewest users.
connection* pool_core::best_of(const endpoint& e) const {
  const auto rank = [](const connection* c) {
    const int state = c->state == connection_state::open ? 0 : c->state == connection_state::opening ? 1 : 2;
    return std::tuple(state, c->running.size() + c->waiting.size(), c->users(), c->id);
  };
  const auto best = std::ranges::min_element(e.connections, {}, rank);
  return best == e.connections.end() ? nullptr : *best;
}

connection& pool_core::open(time_ms now, endpoint& e, pool_actions& out) {
  const connection_id id = ++next_id_;
  connection& c = connections_[id];
  c.id = id;
  c.endpoint = &e;
  c.since = now;
  e.connections.push_back(&c);
  ++e.sockets;
  ++e.host->count;
  for (const auto& [t, i] : e.members) t->records.on_dial(i);
  out.push_back({.what = kind::open, .connection = id, .endpoint = e.id});
  return c;
}

void pool_core::begin_close(time_ms now, connection& c, pool_actions& out) {
  if (c.state == connection_state::closing) return;
  set_idle(c, false, 0);
  for (const auto& [t, i] : c.endpoint->members) {
    if (c.state == connection_state::opening) t->records.on_abandoned(i);
    if (c.state == connection_state::open) t->records.on_left(i, now - c.since);
  }
  std::erase(c.endpoint->connections, &c);
  count_users(*c.endpoint);
  ++c.endpoint->host->closing;
  c.state = connection_state::closing;
  c.since = now;
  out.push_back({.what = kind::close, .connection = c.id});
}

// -------------------------------------------------------------------------------------- what the shell
// reports

void pool_core::opened(time_ms now, connection_id id, time_ms latency, pool_actions& out) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.state != connection_state::opening) return;
  connection& c = found->second;
  ++totals_.opened;
  for (const auto& [t, i] : c.endpoint->members) t->records.on_opened(i, latency);
  ready(now, c, out);
}

void pool_core::healed(time_ms now, connection_id id, time_ms latency, pool_actions& out) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.state != connection_state::lost) return;
  connection& c = found->second;
  for (const auto& [t, i] : c.endpoint->members) {
    t->records.on_dial(i);
    t->records.on_opened(i, latency);
  }
  ready(now, c, out);
}

void pool_core::ready(time_ms now, connection& c, pool_actions& out) {
  c.state = connection_state::open;
  c.since = now;
  for (const user_id id : c.attached) grant(users_.find(id)->second, c, out);
  c.attached.clear();
  pump(c, out);
}

void pool_core::lost(time_ms now, connection_id id, pool_actions& out) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.state != connection_state::open) return;
  connection& c = found->second;
  for (const auto& [t, i] : c.endpoint->members) t->records.on_lost(i, now, now - c.since);
  c.state = connection_state::lost;
  c.since = now;
  settle(now, c, out);
}

void pool_core::failed(time_ms now, connection_id id, pool_actions& out) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (found->second.state != connection_state::closing) ++totals_.failed;
  gone(now, found->second, true, out);
}

void pool_core::closed(time_ms now, connection_id id, pool_actions& out) {
  const auto found = connections_.find(id);
  if (found != connections_.end()) gone(now, found->second, false, out);
}

bool pool_core::remove_connection(time_ms now, connection_id id, pool_actions& out) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.state == connection_state::closing) return false;
  connection& c = found->second;
  const std::set<user_id> attached = c.attached;
  for (const user_id user : attached) refuse(users_.find(user)->second, refusal::removed, out);
  end_users(c, refusal::removed, out);
  begin_close(now, c, out);
  serve_host(now, *c.endpoint->host, out);
  return true;
}

// Tells holders and requests. A connection has no user of any kind afterwards, but those attached.
void pool_core::end_users(connection& c, refusal why, pool_actions& out) {
  end_requests(c, out, why);
  for (const user_id id : c.holders) {
    out.push_back({.what = kind::revoke, .connection = c.id, .user = id, .why = why});
    users_.erase(id);
  }
  c.holders.clear();
}

// The socket is gone. `blame`: that is a failure of the endpoint.
void pool_core::gone(time_ms now, connection& c, bool blame, pool_actions& out) {
  endpoint& e = *c.endpoint;
  host& h = *e.host;
  if (c.state == connection_state::closing) {
    --h.closing;
  } else {
    for (const auto& [t, i] : e.members) {
      const bool was_open = c.state == connection_state::open;
      if (blame) {
        was_open ? t->records.on_lost(i, now, now - c.since) : t->records.on_failed(i, now);
      } else {
        was_open ? t->records.on_left(i, now - c.since) : t->records.on_abandoned(i);
      }
    }
    set_idle(c, false, 0);
    std::erase(e.connections, &c);
  }
  --h.count;
  --e.sockets;
  end_users(c, refusal::connection_failed, out);
  const std::set<user_id> attached = std::move(c.attached);
  connections_.erase(c.id);
  count_users(e);
  // Those that waited for it try elsewhere, in their old order: they asked before whoever is behind them.
  for (const user_id id : attached) {
    user& u = users_.find(id)->second;
    u.connection = nullptr;
    u.tried.push_back(&e);
    place(now, u, out);
  }
  serve_host(now, h, out);
  drop_endpoint(e);
}

// ----------------------------------------------------------------------------------------------------
// idleness

// After a user or a request has left.
void pool_core::settle(time_ms now, connection& c, pool_actions& out) {
  count_users(*c.endpoint);
  if (c.used() || c.state == connection_state::closing) return;
  host& h = *c.endpoint->host;
  if (c.state == connection_state::lost || settings_.idle_time == 0) {
    begin_close(now, c, out);
  } else {
    set_idle(c, true, now);
    trim(now, h, out);
  }
}

void pool_core::set_idle(connection& c, bool idle, time_ms now) {
  if (c.idle == idle) return;
  c.idle = idle;
  host& h = *c.endpoint->host;
  if (idle) {
    c.idle_since = now;
    h.idle.emplace(now, c.id);
    idle_deadlines_.emplace(now + settings_.idle_time, c.id);
  } else {
    h.idle.erase({c.idle_since, c.id});
    idle_deadlines_.erase({c.idle_since + settings_.idle_time, c.id});
  }
}

void pool_core::count_users(endpoint& e) {
  std::size_t users = 0;
  for (const connection* c : e.connections) users += c->users();
  if (e.users == users) return;
  e.users = static_cast<std::uint32_t>(users);
  for (const auto& [t, i] : e.members) t->records.set_busy(i, e.users);
}

void pool_core::cleanup(time_ms now, pool_actions& out) {
  while (!idle_deadlines_.empty()) {
    begin_close(now, connections_.find(idle_deadlines_.begin()->second)->second, out);
  }
}

// ------------------------------------------------------------------------------------------------------
// places

// Gives free places to the queue. Where one of an endpoint's queue got a connection, the others share it.
void pool_core::serve_host(time_ms now, host& h, pool_actions& out) {
  while (!h.queue.empty() && h.count < limit_of(h)) {
    user& u = users_.find(*h.queue.begin())->second;
    u.target->records.choose(now, plan_);
    endpoint* where = nullptr;
    for (const client::endpoint_index i : plan_.order) {
      endpoint* const e = u.target->endpoints[i];
      if (e->host == &h && e->queue.contains(u.id)) {
        where = e;
        break;
      }
    }
    if (where == nullptr) {
      where = *std::ranges::find_if(u.queued, [&](const endpoint* e) { return e->host == &h; });
    }
    const std::set<user_id> sharing = where->queue;
    for (const user_id id : sharing) serve_at(now, users_.find(id)->second, *where, out);
  }
  trim(now, h, out);
}

// Gives idle connections up: for the queue, and down to the limit.
void pool_core::trim(time_ms now, host& h, pool_actions& out) {
  while (!h.idle.empty() && h.count - h.closing + h.wanted > limit_of(h)) {
    ++totals_.evicted;
    begin_close(now, connections_.find(h.idle.begin()->second)->second, out);
  }
}

void pool_core::set_limit(time_ms now, std::uint32_t per_host, pool_actions& out) {
  settings_.max_per_host = std::max(per_host, 1u);
  for (auto& [name, h] : hosts_) serve_host(now, h, out);
}

void pool_core::set_limit(time_ms now, std::string_view name, std::uint32_t limit, pool_actions& out) {
  auto found = hosts_.find(name);
  if (found == hosts_.end()) {
    if (limit == 0) return;
    found = hosts_.try_emplace(std::string(name)).first;
    found->second.name = name;
  }
  host& h = found->second;
  h.limit = limit == 0 ? std::nullopt : std::optional(limit);
  serve_host(now, h, out);
  drop_host(h);
}

// ------------------------------------------------------------------------------------------------ what is
// over

// An endpoint lives as long as a target names it or a socket of it is left.
void pool_core::drop_endpoint(endpoint& e) {
  if (!e.members.empty() || e.sockets != 0) return;
  host& h = *e.host;
  by_key_.erase(e.key);
  endpoints_.erase(e.id);
  --h.endpoints;
  drop_host(h);
}

void pool_core::drop_host(host& h) {
  if (h.endpoints == 0 && !h.limit) hosts_.erase(hosts_.find(h.name));
}

}  // namespace hawser::pool
