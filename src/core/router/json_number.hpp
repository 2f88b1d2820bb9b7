// Numbers of JSON (RFC 8259 §6): the parts of one, and the double that JSON.parse makes of it.
#pragma once

#include <cstdint>

#include "core/router/json_scan.hpp"

namespace hawser::router::json {

// Where the parts of a number end. Without a fraction, or an exponent, its end is that of the part before.
struct number_text {
  const std::uint8_t* integer;   // behind the digits before the point
  const std::uint8_t* fraction;  // behind those after it
  const std::uint8_t* end;       // null: the grammar is broken
};

// What follows the number is not looked at. Meant for p < end; the result may lie up to 50 bytes behind `end`
// when the text ends inside of the number.
inline number_text scan_number(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  constexpr number_text broken{nullptr, nullptr, nullptr};
  p += *p == '-';
  number_text result;
  result.integer = result.fraction = result.end = digit_run(p, end);
  if (result.end == p || (*p == '0' && result.end != p + 1)) return broken;
  if (*result.end == '.') {
    p = result.end + 1;
    result.fraction = result.end = digit_run(p, end);
    if (result.end == p) return broken;
  }
  if ((*result.end | 0x20) == 'e') {
    p = result.end + 1;
    p += *p == '+' || *p == '-';
    result.end = digit_run(p, end);
    if (result.end == p) return broken;
  }
  return result;
}

// The nearest double, ties to even, of a number that begins at `first`: what JSON.parse gives. Too large
// becomes an infinity, too small a zero, and the sign of a zero is kept.
double number_value(const std::uint8_t* first, const number_text& parts) noexcept;

}  // namespace hawser::router::json
