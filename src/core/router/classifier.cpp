// The composition of reader, table and filters.
#include "core/router/classifier.hpp"

#include <algorithm>
#include <utility>

namespace hawser::router {

namespace {

// Whether a number was written as String() would write it: no fraction, no exponent, and few enough digits.
bool is_plain_integer(std::string_view number) noexcept {
  constexpr std::size_t most_digits = 15;
  if (number == "-0") return false;
  const std::string_view digits = number.substr(number.starts_with('-') ? 1 : 0);
  return digits.size() <= most_digits && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

classifier::classifier(const classifier_settings& settings)
    : type_(reader_.add(settings.type)),
      room_(reader_.add(settings.room)),
      correlation_id_(reader_.add(settings.correlation_id)) {}

classifier::add_result classifier::add_route(std::uint32_t route, const route_spec& spec) {
  if (by_number_.contains(route)) return add_result::exists;
  std::vector<std::uint32_t> held;
  const auto field = [&](const pointer& at) { return held.emplace_back(reader_.add(at)); };
  for (const condition& c : spec.where) field(c.at);
  route_fields fields;
  if (spec.conflate) fields.key = field(spec.conflate->key);
  for (const column_spec& column : spec.columns) fields.columns.push_back(field(column.at));
  if (std::find(held.begin(), held.end(), field_reader::no_field) != held.end()) {
    for (const std::uint32_t f : held) reader_.release(f);
    return add_result::too_many_pointers;
  }

  std::uint32_t place;
  if (free_.empty()) {
    place = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  filter where(spec.where, std::span(held).first(spec.where.size()));
  entries_[place] = entry{route, std::move(where), std::move(fields), std::move(held)};
  by_number_.emplace(route, place);
  table_.add(place, spec.pattern);
  return add_result::added;
}

bool classifier::remove_route(std::uint32_t route) {
  const auto it = by_number_.find(route);
  if (it == by_number_.end()) return false;
  const std::uint32_t place = it->second;
  for (const std::uint32_t field : entries_[place]->held) reader_.release(field);
  table_.remove(place);
  entries_[place].reset();
  free_.push_back(place);
  by_number_.erase(it);
  return true;
}

const route_fields* classifier::fields_of(std::uint32_t route) const noexcept {
  const auto it = by_number_.find(route);
  return it == by_number_.end() ? nullptr : &entries_[it->second]->fields;
}

// The text at a field that is a name; null: there is none.
inline const std::string_view* classifier::name_at(std::uint32_t field) const noexcept {
  const field_value& value = reader_.field(field);
  const bool present = value.what == field_value::kind::string ||
                       (value.what == field_value::kind::number && is_plain_integer(value.text));
  return present ? &value.text : nullptr;
}

classified classifier::classify(std::span<const std::uint8_t> text) {
  classified result;
  if (reader_.read(text) != field_reader::outcome::ok) return result;
  if (const auto* const room = name_at(room_)) result.room = *room;
  if (const auto* const id = name_at(correlation_id_)) result.correlation_id = *id;
  const std::string_view* const type = name_at(type_);
  result.what = type ? classified::kind::typed : classified::kind::untyped;
  if (!type) return result;
  result.type = *type;
  table_.match(result.type, matches_);
  std::size_t kept = 0;
  for (const std::uint32_t place : matches_) {
    const entry& e = *entries_[place];
    if (e.where.passes(reader_)) matches_[kept++] = e.number;
  }
  result.routes = std::span(matches_).first(kept);
  return result;
}

}  // namespace hawser::router
