// Groups of routes that share a pattern, and the merging of groups.
#include "core/router/route_table.hpp"

#include <algorithm>

namespace hawser::router {

route_table::group& route_table::group_for(const pattern& wanted) {
  if (wanted.what() == pattern::kind::all) return all_;
  string_index& index = index_for(wanted);
  std::uint32_t at = index.find(wanted.stem());
  if (at != string_index::absent) return groups_[at];
  if (free_groups_.empty()) {
    at = static_cast<std::uint32_t>(groups_.size());
    groups_.emplace_back();
  } else {
    at = free_groups_.back();
    free_groups_.pop_back();
  }
  index.insert(wanted.stem(), at);
  if (wanted.what() == pattern::kind::prefix) {
    const std::size_t bytes = wanted.stem().size();
    const auto known = std::find_if(lengths_.begin(), lengths_.end(),
                                    [&](const stem_length& l) { return l.bytes == bytes; });
    if (known == lengths_.end()) {
      lengths_.push_back({bytes, 1});
    } else {
      ++known->patterns;
    }
  }
  return groups_[at];
}

void route_table::drop_group(const pattern& wanted) {
  if (wanted.what() == pattern::kind::all) return;
  string_index& index = index_for(wanted);
  const std::uint32_t at = index.find(wanted.stem());
  groups_[at] = group();
  free_groups_.push_back(at);
  index.erase(wanted.stem());
  if (wanted.what() == pattern::kind::prefix) {
    const std::size_t bytes = wanted.stem().size();
    std::erase_if(lengths_, [&](stem_length& l) { return l.bytes == bytes && --l.patterns == 0; });
  }
}

bool route_table::add(std::uint32_t route, const pattern& wanted) {
  const auto [it, added] = routes_.try_emplace(route, place{wanted, next_age_});
  if (!added) return false;
  group_for(wanted).push_back({next_age_++, route});
  return true;
}

bool route_table::remove(std::uint32_t route) {
  const auto it = routes_.find(route);
  if (it == routes_.end()) return false;
  const auto& [wanted, age] = it->second;
  group& members = group_for(wanted);
  members.erase(std::lower_bound(members.begin(), members.end(), age,
                                 [](const member& m, std::uint64_t of) { return m.age < of; }));
  if (members.empty()) drop_group(wanted);
  routes_.erase(it);
  return true;
}

void route_table::collect(const group& members) {
  const bool first = merged_.empty();
  merged_.insert(merged_.end(), members.begin(), members.end());
  if (first) return;
  std::sort(merged_.begin(), merged_.end(), [](const member& a, const member& b) { return a.age < b.age; });
}

void route_table::match(std::string_view type, std::vector<std::uint32_t>& out) {
  out.clear();
  const std::uint32_t exact = exact_.find(type);
  if (lengths_.empty() && all_.empty()) {
    if (exact == string_index::absent) return;
    for (const member& m : groups_[exact]) out.push_back(m.route);
    return;
  }
  merged_.clear();
  if (exact != string_index::absent) collect(groups_[exact]);
  for (const stem_length& l : lengths_) {
    if (type.size() <= l.bytes || type[l.bytes - 1] != '.') continue;
    const std::uint32_t at = prefixes_.find(type.substr(0, l.bytes));
    if (at != string_index::absent) collect(groups_[at]);
  }
  if (!all_.empty()) collect(all_);
  for (const member& m : merged_) out.push_back(m.route);
}

}  // namespace hawser::router
