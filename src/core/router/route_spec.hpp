// What JavaScript asks for when it registers a route natively: a pattern, conditions, and the shapers between
// the wire and the handler. Comes as JSON text that TypeScript wrote and checked; read once, checked again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/time.hpp"
#include "core/router/pattern.hpp"
#include "core/router/pointer.hpp"

namespace hawser::router {

using protocol::time_ms;

// One value that a condition compares with.
struct scalar {
  enum class kind : std::uint8_t { null, boolean, number, string };

  kind what = kind::null;
  bool boolean = false;
  double number = 0;
  std::string text;

  friend bool operator==(const scalar&, const scalar&) = default;
};

// Either a set (`any` is not empty) or a range (at least one bound), never both.
struct condition {
  pointer at;
  std::vector<scalar> any;
  std::optional<double> gt, gte, lt, lte;

  friend bool operator==(const condition&, const condition&) = default;
};

enum class sample_mode : std::uint8_t {
  sample,    // the latest, once per interval
  throttle,  // the first, then silence for the interval
  debounce,  // the latest, once it was silent for the interval
};

struct sample_spec {
  sample_mode mode = sample_mode::sample;
  time_ms every = 0;

  friend bool operator==(const sample_spec&, const sample_spec&) = default;
};

struct conflate_spec {
  pointer key;
  time_ms every = 0;
  std::uint32_t max_keys = 10'000;

  friend bool operator==(const conflate_spec&, const conflate_spec&) = default;
};

struct batch_spec {
  std::uint32_t max = 0;  // messages
  time_ms every = 0;

  friend bool operator==(const batch_spec&, const batch_spec&) = default;
};

struct column_spec {
  std::string name;
  pointer at;

  friend bool operator==(const column_spec&, const column_spec&) = default;
};

struct route_spec {
  router::pattern pattern;
  std::vector<condition> where;  // all must hold
  std::optional<sample_spec> sample;
  std::optional<conflate_spec> conflate;
  std::optional<batch_spec> batch;
  std::vector<column_spec> columns;  // not empty only beside a batch

  // Delivered message by message as it comes; otherwise shapers stand between.
  bool plain() const noexcept { return !sample && !conflate && !batch; }

  friend bool operator==(const route_spec&, const route_spec&) = default;
};

// Bounds that a spec keeps; the shapers rely on them.
namespace spec_limits {
inline constexpr std::size_t text_bytes = 1 << 20;
inline constexpr std::size_t conditions = 32;
inline constexpr std::size_t alternatives = 65'536;  // of one condition
inline constexpr std::size_t columns = 256;
inline constexpr std::size_t column_name_bytes = 256;
inline constexpr time_ms shortest = 1;
inline constexpr time_ms longest = 86'400'000;  // a day
inline constexpr std::uint32_t max_keys = 1'000'000;
inline constexpr std::uint32_t max_batch = 65'536;
}  // namespace spec_limits

enum class spec_fault : std::uint8_t {
  none,
  not_json,         // no JSON object, or larger than spec_limits::text_bytes
  unknown_member,   // a name that nobody reads; a mistyped option must not be ignored
  repeated_member,  // the same name twice in one object
  missing_member,   // a member that must be there is not
  wrong_type,       // a member of another JSON type than it has to be, or a word that it cannot be
  out_of_range,     // a number or a count outside of spec_limits
  contradiction,    // members that exclude each other, or need each other
  bad_pattern,
  bad_pointer,
};

// A short English text for the error message, never null.
const char* text_of(spec_fault fault) noexcept;

struct spec_result {
  route_spec value;
  spec_fault fault = spec_fault::none;
  std::string where;   // the member that is wrong, as a JSON pointer into the text; "" is the whole
  std::string detail;  // more words, may be empty
  explicit operator bool() const noexcept { return fault == spec_fault::none; }
};

// Any bytes are safe. Only a text without a fault gives a value.
spec_result parse_route_spec(std::string_view json);

}  // namespace hawser::router
