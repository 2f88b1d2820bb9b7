// What stands at a JSON pointer in a text.
#pragma once

#include <cstdint>
#include <string_view>

namespace hawser::router {

// Of members of one name the last counts, at every level, as in JSON.parse.
struct field_value {
  enum class kind : std::uint8_t { missing, null, boolean, number, string, container };

  kind what = kind::missing;
  bool boolean = false;
  double number = 0;  // as JSON.parse gives it: -0 is kept, 1e999 is an infinity
  // string: unescaped, lone surrogates as in json_string.hpp; number: as it was written; container: empty, at
  // its bracket
  std::string_view text;
};

}  // namespace hawser::router
