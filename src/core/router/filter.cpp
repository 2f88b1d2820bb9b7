// The tests behind a route's conditions.
#include "core/router/filter.hpp"

#include <algorithm>
#include <bit>

namespace hawser::router {

namespace {

// Stands for a free place; JSON has no such number.
constexpr std::uint64_t not_a_number = 0x7FF8000000000000U;

}  // namespace

std::uint64_t number_set::bits_of(double number) noexcept {
  return std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);
}

std::size_t number_set::hash_of(std::uint64_t bits) noexcept {
  bits *= 0x9E3779B97F4A7C15U;
  return static_cast<std::size_t>(bits ^ (bits >> 32));
}

void number_set::place(std::uint64_t bits) noexcept {
  const std::size_t mask = table_.size() - 1;
  std::size_t i = hash_of(bits) & mask;
  while (table_[i] != not_a_number) i = (i + 1) & mask;
  table_[i] = bits;
}

void number_set::insert(double number) {
  if (contains(number)) return;
  all_.push_back(bits_of(number));
  if (all_.size() <= few) return;
  if (table_.size() >= 2 * all_.size()) {
    place(all_.back());
    return;
  }
  table_.assign(std::bit_ceil(4 * all_.size()), not_a_number);
  for (const std::uint64_t bits : all_) place(bits);
}

bool number_set::contains(double number) const noexcept {
  const std::uint64_t bits = bits_of(number);
  if (all_.size() <= few) return std::find(all_.begin(), all_.end(), bits) != all_.end();
  const std::size_t mask = table_.size() - 1;
  std::size_t i = hash_of(bits) & mask;
  while (table_[i] != not_a_number && table_[i] != bits) i = (i + 1) & mask;
  return table_[i] == bits;
}

filter::filter(std::span<const condition> where, std::span<const std::uint32_t> fields) {
  tests_.resize(where.size());
  for (std::size_t i = 0; i < where.size(); ++i) {
    const condition& wanted = where[i];
    test& t = tests_[i];
    t.field = fields[i];
    t.is_range = wanted.any.empty();
    if (wanted.gt || wanted.gte) t.above = wanted.gt ? *wanted.gt : *wanted.gte;
    if (wanted.lt || wanted.lte) t.below = wanted.lt ? *wanted.lt : *wanted.lte;
    t.above_itself = !wanted.gt;
    t.below_itself = !wanted.lt;
    for (const scalar& s : wanted.any) {
      switch (s.what) {
        case scalar::kind::null:
          t.null = true;
          break;
        case scalar::kind::boolean:
          (s.boolean ? t.yes : t.no) = true;
          break;
        case scalar::kind::number:
          t.numbers.insert(s.number);
          break;
        case scalar::kind::string:
          if (t.strings.find(s.text) == string_index::absent) t.strings.insert(s.text, 0);
      }
    }
  }
}

bool filter::test::holds(const field_value& value) const noexcept {
  using kind = field_value::kind;
  if (is_range) {
    if (value.what != kind::number) return false;
    const double n = value.number;
    return (above_itself ? n >= above : n > above) && (below_itself ? n <= below : n < below);
  }
  switch (value.what) {
    case kind::missing:
    case kind::null:
      return null;
    case kind::boolean:
      return value.boolean ? yes : no;
    case kind::number:
      return numbers.contains(value.number);
    case kind::string:
      return strings.find(value.text) != string_index::absent;
    case kind::container:
      break;
  }
  return false;
}

bool filter::passes(const field_reader& reader) const noexcept {
  return std::all_of(tests_.begin(), tests_.end(),
                     [&](const test& t) { return t.holds(reader.field(t.field)); });
}

}  // namespace hawser::router
