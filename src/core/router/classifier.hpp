// From a text message to the routes that want it: reads its fields once, finds the routes of its type, asks
// their conditions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/router/field_reader.hpp"
#include "core/router/filter.hpp"
#include "core/router/pointer.hpp"
#include "core/router/route_spec.hpp"
#include "core/router/route_table.hpp"

namespace hawser::router {

struct classifier_settings {
  pointer type = pointer::parse("/type").value;
  pointer room = pointer::parse("/room").value;
  pointer correlation_id = pointer::parse("/correlationId").value;
};

// Where the reader has what a route's shapers need.
struct route_fields {
  std::uint32_t key = field_reader::no_field;  // of a route that conflates
  std::vector<std::uint32_t> columns;          // one for each column
};

// What a message is. The views hold as long as the text and until the next call of the classifier.
struct classified {
  enum class kind : std::uint8_t {
    not_json,  // or beyond the bounds of field_reader; nothing is known of it
    untyped,   // JSON without a type
    typed,
  };

  kind what = kind::not_json;
  std::string_view type;                  // empty unless typed; may be empty then, too
  std::string_view correlation_id;        // empty: none
  std::string_view room;                  // empty: none
  std::span<const std::uint32_t> routes;  // numbers of those that match, oldest first; none unless typed
};

// Type, room and correlationId are strings. A whole number of at most 15 digits, as some feeds have it for a
// type, counts as its decimal digits, which is what String() makes of it in JavaScript. Anything else counts
// as missing.
class classifier {
 public:
  enum class add_result : std::uint8_t {
    added,
    exists,             // there is a route of this number
    too_many_pointers,  // all routes together name more than pointer_trie::max_nodes places
  };

  explicit classifier(const classifier_settings& settings = {});

  // Forgets nothing that classify() returned before but its views.
  add_result add_route(std::uint32_t route, const route_spec& spec);

  // False: there is no such route.
  bool remove_route(std::uint32_t route);

  // Behind the text field_reader::slack bytes must be readable.
  classified classify(std::span<const std::uint8_t> text);

  // Reads what stands at a pointer in every message too; where the reader has it.
  std::uint32_t watch(const pointer& at) { return reader_.add(at); }

  // The fields of the message that was classified last.
  const field_reader& reader() const noexcept { return reader_; }

  // Null: there is no such route. Valid until the next add_route() or remove_route().
  const route_fields* fields_of(std::uint32_t route) const noexcept;

  std::size_t size() const noexcept { return by_number_.size(); }

 private:
  struct entry {
    std::uint32_t number;
    filter where;
    route_fields fields;
    std::vector<std::uint32_t> held;  // every field that was added for it
  };

  const std::string_view* name_at(std::uint32_t field) const noexcept;

  field_reader reader_;
  std::uint32_t type_;
  std::uint32_t room_;
  std::uint32_t correlation_id_;
  route_table table_;  // of places in entries_
  std::vector<std::optional<entry>> entries_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint32_t, std::uint32_t> by_number_;
  std::vector<std::uint32_t> matches_;
};

}  // namespace hawser::router
