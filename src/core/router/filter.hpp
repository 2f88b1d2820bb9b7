// The conditions of a route, made ready to be asked for each message of its type.
//
// A set holds when the value equals one of it as `===` does: of the same type, 0 and -0 alike. null stands
// for a value that is null or missing, as `== null` does. A range holds for numbers only. Arrays and objects
// equal nothing; nothing but null holds for a missing value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/router/field_reader.hpp"
#include "core/router/route_spec.hpp"
#include "core/router/string_index.hpp"

namespace hawser::router {

// A set of numbers, hashed beyond a few.
class number_set {
 public:
  void insert(double number);
  bool contains(double number) const noexcept;

 private:
  static constexpr std::size_t few = 8;
  static std::uint64_t bits_of(double number) noexcept;
  static std::size_t hash_of(std::uint64_t bits) noexcept;
  void place(std::uint64_t bits) noexcept;

  std::vector<std::uint64_t> all_;
  std::vector<std::uint64_t> table_;  // beyond a few: open addressing, at most half full; free: not_a_number
};

class filter {
 public:
  // `fields[i]` is the reader's field of `where[i].at`.
  filter(std::span<const condition> where, std::span<const std::uint32_t> fields);

  // Always true without conditions.
  bool passes(const field_reader& reader) const noexcept;

 private:
  struct test {
    std::uint32_t field = field_reader::no_field;
    bool is_range = false;
    bool null = false;  // members of the set
    bool yes = false;
    bool no = false;
    double above = -std::numeric_limits<double>::infinity();  // bounds of the range
    double below = std::numeric_limits<double>::infinity();
    bool above_itself = true;  // the bound is in the range
    bool below_itself = true;
    number_set numbers;
    string_index strings;

    bool holds(const field_value& value) const noexcept;
  };

  std::vector<test> tests_;
};

}  // namespace hawser::router
