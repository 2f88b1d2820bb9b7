// Topics of one server: names to subscribers. Both sides hold the other's place, so that leaving costs no
// search through a topic's subscribers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hawser::net {

class connection;

class topic {
 public:
  explicit topic(std::string name) : name_(std::move(name)) {}
  const std::string& name() const noexcept { return name_; }
  const std::vector<connection*>& subscribers() const noexcept { return subscribers_; }

 private:
  friend class topic_table;
  std::string name_;
  std::vector<connection*> subscribers_;
};

class topic_table {
 public:
  // False: it was subscribed already.
  bool subscribe(connection& who, std::string_view name);
  bool unsubscribe(connection& who, std::string_view name);
  void leave_all(connection& who);
  topic* find(std::string_view name);

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  void remove(topic& from, std::uint32_t index);
  std::unordered_map<std::string, std::unique_ptr<topic>, hash, std::equal_to<>> topics_;
};

}  // namespace hawser::net
