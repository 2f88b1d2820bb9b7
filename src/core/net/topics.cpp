#include "core/net/topics.hpp"

#include <algorithm>

#include "core/net/connection.hpp"

namespace hawser::net {

void topic::set_floor(const connection& who, std::int64_t offset, std::int64_t head) {
  std::erase_if(floors_, [&](const floor& one) { return one.who == &who; });
  floors_.push_back({&who, offset, head});
}
bool topic::knows(const connection& who, std::int64_t offset) const noexcept {
  return std::ranges::any_of(floors_,
                             [&](const floor& one) { return one.who == &who && offset <= one.offset; });
}
bool topic::owes(const connection& who, std::int64_t offset) const noexcept {
  return std::ranges::any_of(floors_, [&](const floor& one) {
    return one.who == &who && offset > one.offset && offset <= one.head;
  });
}
void topic::raise_floors(std::int64_t offset) {
  std::erase_if(floors_, [&](const floor& one) { return std::max(one.offset, one.head) <= offset; });
}

bool topic_table::subscribe(connection& who, std::string_view name) {
  const std::lock_guard lock(mutex_);
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    found = topics_.emplace(std::string(name), std::make_unique<topic>(std::string(name))).first;
  }
  topic& to = *found->second;
  auto& mine = who.own_topics();
  for (const auto& [joined, index] : mine) {
    if (joined == &to) return false;
  }
  mine.emplace_back(&to, static_cast<std::uint32_t>(to.subscribers_.size()));
  to.subscribers_.push_back(&who);
  return true;
}

bool topic_table::unsubscribe(connection& who, std::string_view name) {
  const std::lock_guard lock(mutex_);
  topic* from = find(name);
  auto* mine = who.topics();
  if (from == nullptr || mine == nullptr) return false;
  for (auto entry = mine->begin(); entry != mine->end(); ++entry) {
    if (entry->first != from) continue;
    const std::uint32_t index = entry->second;
    mine->erase(entry);
    remove(*from, index);
    return true;
  }
  return false;
}

void topic_table::leave_all(connection& who) {
  auto* mine = who.topics();
  if (mine == nullptr) return;
  const std::lock_guard lock(mutex_);
  const auto left = std::move(*mine);
  mine->clear();
  for (const auto& [from, index] : left) remove(*from, index);
}

std::size_t topic_table::count(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(name);
  return found == topics_.end() ? 0 : found->second->subscribers().size();
}

topic* topic_table::find(std::string_view name) {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second.get();
}

// The last subscriber takes the place of the one that leaves.
void topic_table::remove(topic& from, std::uint32_t index) {
  if (from.has_floors()) {
    const connection* who = from.subscribers_[index];
    std::erase_if(from.floors_, [&](const topic::floor& one) { return one.who == who; });
  }
  connection* moved = from.subscribers_.back();
  from.subscribers_.pop_back();
  if (index < from.subscribers_.size()) {
    from.subscribers_[index] = moved;
    for (auto& [joined, place] : *moved->topics()) {
      if (joined == &from) place = index;
    }
  }
  if (from.subscribers_.empty()) topics_.erase(topics_.find(from.name_));
}

}  // namespace hawser::net
