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

// scan_number() of any number.
number_text scan_any_number(const std::uint8_t* p, const std::uint8_t* end) noexcept;

// The number that begins at p, with a digit or a minus sign. What follows it is not looked at. Where the text
// ends inside of the number, or up to two bytes before p, the result lies at most 53 bytes behind `end`.
//
// Nearly all numbers are short and without an exponent: one look at their bytes tells the ends of both parts,
// which come one behind the other only as bits in a register.
inline number_text scan_number(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  constexpr number_text broken{nullptr, nullptr, nullptr};
  const std::uint32_t stops = non_digits(p) | 1U << digit_step;
  const auto sign = static_cast<int>(stops & 1);
  const int integer = std::countr_zero(stops & ~1U);
  int last = integer;
  if (p[integer] == '.') last += 1 + std::countr_zero(stops >> 1 >> integer);
  if (last >= static_cast<int>(digit_step) || (p[last] | 0x20) == 'e') [[unlikely]]
    return scan_any_number(p, end);
  if (integer == sign || last == integer + 1 || (p[sign] == '0' && integer != sign + 1)) return broken;
  return {p + integer, p + last, p + last};
}

// The nearest double, ties to even, of a number that begins at `first`: what JSON.parse gives. Too large
// becomes an infinity, too small a zero, and the sign of a zero is kept.
double number_value(const std::uint8_t* first, const number_text& parts) noexcept;

}  // namespace hawser::router::json
