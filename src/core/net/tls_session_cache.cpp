// The client's cache of resumable TLS sessions.
#include "core/net/tls_session_cache.hpp"

#include <ctime>

namespace hawser::net {
namespace {

bool usable(const SSL_SESSION* session) {
  const long long expires =
      static_cast<long long>(SSL_SESSION_get_time(session)) + SSL_SESSION_get_timeout(session);
  return SSL_SESSION_is_resumable(session) == 1 && expires > static_cast<long long>(std::time(nullptr));
}

}  // namespace

void tls_session_cache::put(const std::string& key, ssl_session_ptr session) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) {
    entries_.push_front({key, {}});
    index_.emplace(key, entries_.begin());
    if (entries_.size() > max_keys) erase(std::prev(entries_.end()));
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  auto& sessions = entries_.front().sessions;
  if (sessions.size() == max_sessions_per_key) sessions.erase(sessions.begin());
  sessions.push_back(std::move(session));
}

ssl_session_ptr tls_session_cache::take(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  auto& sessions = found->second->sessions;
  ssl_session_ptr taken;
  while (!taken && !sessions.empty()) {
    if (!usable(sessions.back().get())) {
      sessions.pop_back();
    } else if (SSL_SESSION_get_protocol_version(sessions.back().get()) >= TLS1_3_VERSION) {
      taken = std::move(sessions.back());
      sessions.pop_back();
    } else {
      taken.reset(SSL_SESSION_dup(sessions.back().get()));
      if (!taken) break;
    }
  }
  if (sessions.empty()) erase(found->second);
  return taken;
}

void tls_session_cache::remove(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found != index_.end()) erase(found->second);
}

std::size_t tls_session_cache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void tls_session_cache::erase(entries::iterator position) {
  index_.erase(position->key);
  entries_.erase(position);
}

}  // namespace hawser::net
