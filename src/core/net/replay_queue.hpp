// What waits on a connection that takes no more for now: the rest of kept messages that it is sent again, and
// then all that was published to it or sent to it meanwhile, in the order of coming. Owned by the connection.
// Kept messages are references, which their topic bounds; what was published meanwhile counts against the
// connection's maxBackpressure, and sends against that of JavaScript.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/net/engine.hpp"
#include "core/net/published.hpp"

namespace hawser::net {

class replay_queue {
 public:
  using kept = std::shared_ptr<const published>;
  struct sent {
    std::vector<std::uint8_t> payload;
    send_flags flags;
  };
  struct live {
    kept message;
    std::string key;
  };
  using entry = std::variant<kept, live, sent>;

  replay_queue() = default;
  replay_queue(const replay_queue&) = delete;
  replay_queue& operator=(const replay_queue&) = delete;

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t live_bytes() const noexcept { return live_bytes_; }
  std::size_t sends() const noexcept { return sends_; }

  void add(kept message) { entries_.emplace_back(std::move(message)); }
  void add(sent what) {
    sends_++;
    entries_.emplace_back(std::move(what));
  }
  // Of the messages of one key only the latest waits; "": it has none. True: an older one went for it.
  bool add_live(kept message, std::string key) {
    live_bytes_ += message->plain().size();
    const auto older = key.empty() ? latest_.end() : latest_.find(key);
    const bool replaces = older != latest_.end();
    if (replaces) drop(older->second);
    const auto at = entries_.insert(entries_.end(), live{std::move(message), std::move(key)});
    if (first_live_ == entries_.end()) first_live_ = at;
    if (const std::string& name = std::get<live>(*at).key; !name.empty()) latest_.emplace(name, at);
    return replaces;
  }
  // The published message that has waited longest. False: there is none.
  bool drop_oldest() {
    while (first_live_ != entries_.end() && !std::holds_alternative<live>(*first_live_)) ++first_live_;
    if (first_live_ == entries_.end()) return false;
    drop(first_live_);
    return true;
  }
  // Not empty.
  entry take() {
    const auto first = entries_.begin();
    if (const live* one = std::get_if<live>(&*first)) forget(*one);
    if (std::holds_alternative<sent>(*first)) sends_--;
    if (first == first_live_) ++first_live_;
    entry out = std::move(*first);
    entries_.erase(first);
    return out;
  }

 private:
  using place = std::list<entry>::iterator;

  void forget(const live& one) {
    live_bytes_ -= one.message->plain().size();
    if (!one.key.empty()) latest_.erase(one.key);
  }
  void drop(place at) {
    forget(std::get<live>(*at));
    if (at == first_live_) ++first_live_;
    entries_.erase(at);
  }

  std::list<entry> entries_;
  place first_live_ = entries_.end();                   // no published message lies before it
  std::unordered_map<std::string_view, place> latest_;  // by the keys in the entries
  std::size_t live_bytes_ = 0;
  std::size_t sends_ = 0;
};

}  // namespace hawser::net
