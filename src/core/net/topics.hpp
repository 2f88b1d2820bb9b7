// Topics of one server's part: names to subscribers. Both sides hold the other's place, so that leaving costs
// no search through a topic's subscribers.
// Written and read by the part's reactor; any thread may count() a topic, for which changes are made under
// the mutex.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hawser::net {

class connection;

class topic {
 public:
  explicit topic(std::string name) : name_(std::move(name)) {}
  const std::string& name() const noexcept { return name_; }
  const std::vector<connection*>& subscribers() const noexcept { return subscribers_; }

  // A subscriber that has everything up to `offset`: what comes late from another reactor is no news. What
  // had been published up to `head` when it asked is due to it, whoever had its slot then and was left out.
  void set_floor(const connection& who, std::int64_t offset, std::int64_t head);
  bool has_floors() const noexcept { return !floors_.empty(); }
  bool knows(const connection& who, std::int64_t offset) const noexcept;
  bool owes(const connection& who, std::int64_t offset) const noexcept;
  // A message with this offset was delivered, and offsets go up.
  void raise_floors(std::int64_t offset);

 private:
  friend class topic_table;
  std::string name_;
  std::vector<connection*> subscribers_;
  struct floor {
    const connection* who;
    std::int64_t offset, head;
  };
  std::vector<floor> floors_;  // few, and not for long
};

class topic_table {
 public:
  // False: it was subscribed already.
  bool subscribe(connection& who, std::string_view name);
  bool unsubscribe(connection& who, std::string_view name);
  void leave_all(connection& who);
  topic* find(std::string_view name);
  std::size_t count(std::string_view name) const;  // any thread

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  void remove(topic& from, std::uint32_t index);
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<topic>, hash, std::equal_to<>> topics_;
};

}  // namespace hawser::net
