// Requests in flight on connections, those that wait for their turn, and what the pool shows of itself.
#include <algorithm>

#include "core/pool/pool_core.hpp"

namespace hawser::pool {

request_id pool_core::begin_request(user_id holder, time_ms deadline, pool_actions& out) {
  const request_id id = ++next_id_;
  const auto found = users_.find(holder);
  if (found == users_.end() || !found->second.holder) {
    out.push_back({.what = kind::refuse_request, .request = id, .why = refusal::unknown});
    return id;
  }
  connection& c = *found->second.connection;
  c.waiting.insert(id);
  requests_[id] = {.holder = holder, .connection = &c, .deadline = deadline, .running = false};
  if (deadline != 0) request_deadlines_.emplace(deadline, id);
  pump(c, out);
  if (c.waiting.size() > settings_.max_waiting_requests) refuse_request(id, refusal::queue_full, out);
  return id;
}

bool pool_core::end_request(time_ms now, request_id id, pool_actions& out) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return false;
  if (!found->second.running) {
    refuse_request(id, refusal::removed, out);
    return true;
  }
  connection& c = *found->second.connection;
  c.running.erase(id);
  requests_.erase(found);
  pump(c, out);
  settle(now, c, out);
  return true;
}

// Lets requests go out while there is room.
void pool_core::pump(connection& c, pool_actions& out) {
  if (c.state != connection_state::open) return;
  while (!c.waiting.empty() && (settings_.max_in_flight == 0 || c.running.size() < settings_.max_in_flight)) {
    const request_id id = *c.waiting.begin();
    c.waiting.erase(c.waiting.begin());
    c.running.insert(id);
    request& r = requests_.find(id)->second;
    if (r.deadline != 0) request_deadlines_.erase({r.deadline, id});
    r.running = true;
    out.push_back({.what = kind::grant_request, .connection = c.id, .user = r.holder, .request = id});
  }
}

// Of one that waits.
void pool_core::refuse_request(request_id id, refusal why, pool_actions& out) {
  const auto found = requests_.find(id);
  request& r = found->second;
  r.connection->waiting.erase(id);
  if (r.deadline != 0) request_deadlines_.erase({r.deadline, id});
  out.push_back({.what = kind::refuse_request,
                 .connection = r.connection->id,
                 .user = r.holder,
                 .request = id,
                 .why = why});
  requests_.erase(found);
}

// Those in flight are forgotten: whoever holds the connection learns that it is gone.
void pool_core::end_requests(connection& c, pool_actions& out, refusal why) {
  while (!c.waiting.empty()) refuse_request(*c.waiting.begin(), why, out);
  for (const request_id id : c.running) requests_.erase(id);
  c.running.clear();
}

void pool_core::end_waiting_requests(connection& c, user_id holder, pool_actions& out) {
  for (auto it = c.waiting.begin(); it != c.waiting.end();) {
    const request_id id = *it++;
    if (requests_.find(id)->second.holder == holder) refuse_request(id, refusal::removed, out);
  }
}

// ------------------------------------------------------------------------------------------------
// introspection

pool_snapshot pool_core::snapshot() const {
  pool_snapshot result = totals_;
  result.waiters = waiters_;
  result.holders = users_.size() - waiters_;
  for (const auto& [id, c] : connections_) {
    result.connections.push_back({.id = id,
                                  .endpoint = c.endpoint->id,
                                  .key = c.endpoint->key,
                                  .host = c.endpoint->host->name,
                                  .state = c.state,
                                  .users = c.holders.size(),
                                  .waiters = c.attached.size(),
                                  .active_requests = c.running.size(),
                                  .waiting_requests = c.waiting.size(),
                                  .since = c.since,
                                  .idle_since = c.idle ? c.idle_since : 0});
  }
  return result;
}

std::string_view pool_core::key_of(endpoint_id id) const noexcept {
  const auto found = endpoints_.find(id);
  return found == endpoints_.end() ? std::string_view() : std::string_view(found->second.key);
}

}  // namespace hawser::pool
