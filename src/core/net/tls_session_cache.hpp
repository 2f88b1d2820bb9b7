// The client's cache of resumable TLS sessions.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/net/tls_material.hpp"

namespace hawser::net {

// Least recently used keys leave first. Per key the newest sessions are kept; a TLS 1.3 session is handed out
// once (RFC 8446 section C.4), a TLS 1.2 session again and again. Who writes and reads: sessions of the
// owning context on any thread, under the mutex.
class tls_session_cache {
 public:
  static constexpr std::size_t max_keys = 256;
  static constexpr std::size_t max_sessions_per_key = 2;

  void put(const std::string& key, ssl_session_ptr session);
  // nullptr when there is none that is still valid.
  ssl_session_ptr take(const std::string& key);
  void remove(const std::string& key);
  std::size_t size() const;

 private:
  struct entry {
    std::string key;
    std::vector<ssl_session_ptr> sessions;  // oldest first
  };
  using entries = std::list<entry>;

  void erase(entries::iterator position);

  mutable std::mutex mutex_;
  entries entries_;  // most recently used first
  std::unordered_map<std::string, entries::iterator> index_;
};

}  // namespace hawser::net
