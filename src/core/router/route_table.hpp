// Which routes want a message of a given type, in the order in which they were added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/router/pattern.hpp"
#include "core/router/string_index.hpp"

namespace hawser::router {

// A look-up hashes the type once, and a beginning of it for each length that prefix patterns have and at
// whose end it has a dot. No allocation once `out` and the table have their size.
class route_table {
 public:
  // False: there is a route of this number already.
  bool add(std::uint32_t route, const pattern& wanted);

  // False: there is no such route.
  bool remove(std::uint32_t route);

  // Replaces what is in `out`.
  void match(std::string_view type, std::vector<std::uint32_t>& out);

  std::size_t size() const noexcept { return routes_.size(); }

 private:
  // Ordered by age, which is the order of adding.
  struct member {
    std::uint64_t age;
    std::uint32_t route;
  };
  using group = std::vector<member>;

  struct stem_length {
    std::size_t bytes;
    std::size_t patterns;  // distinct ones
  };

  struct place {
    pattern wanted;
    std::uint64_t age;
  };

  string_index& index_for(const pattern& wanted) noexcept {
    return wanted.what() == pattern::kind::exact ? exact_ : prefixes_;
  }
  group& group_for(const pattern& wanted);
  void drop_group(const pattern& wanted);
  void collect(const group& members);

  string_index exact_;     // types, to groups
  string_index prefixes_;  // beginnings with their dots, to groups
  std::vector<stem_length> lengths_;
  std::vector<group> groups_;
  std::vector<std::uint32_t> free_groups_;
  group all_;
  group merged_;  // of the match being made
  std::unordered_map<std::uint32_t, place> routes_;
  std::uint64_t next_age_ = 0;
};

}  // namespace hawser::router
