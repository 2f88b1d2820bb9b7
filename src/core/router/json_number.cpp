// From digits to a double: exactly representable ones by one multiplication, others by simdjson's conversion.
#include "core/router/json_number.hpp"

#include <simdjson.h>

#include <cfloat>

namespace hawser::router::json {

namespace {

static_assert(FLT_EVAL_METHOD == 0, "an intermediate result of higher precision would be rounded twice");

// Powers of ten that a double holds exactly.
constexpr double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::int64_t largest_exact_power = 22;
constexpr std::uint64_t largest_exact_integer = std::uint64_t{1} << 53;
constexpr std::ptrdiff_t digits_in_64_bits = 19;

// Beyond this no exponent changes the result, however many digits stand before it: a text has less than 2^32.
constexpr std::int64_t exponent_bound = std::int64_t{1} << 40;

// Eight digits at once: neighbours are joined to pairs, to fours, to the whole.
std::uint32_t eight_digits(const std::uint8_t* p) noexcept {
  std::uint64_t v = words::load(p) - words::ones * '0';
  v = v * 10 + (v >> 8);
  v = ((v & 0x000000FF000000FFU) * 0x000F424000000064U +
       ((v >> 16) & 0x000000FF000000FFU) * 0x0000271000000001U) >>
      32;
  return static_cast<std::uint32_t>(v);
}

// The digits of [p, end), joined to `value`, which may wrap around.
std::uint64_t join_digits(const std::uint8_t* p, const std::uint8_t* end, std::uint64_t value) noexcept {
  for (; end - p >= 8; p += 8) value = value * 100'000'000 + eight_digits(p);
  for (; p != end; ++p) value = value * 10 + (*p - std::uint64_t{'0'});
  return value;
}

// The power of ten that the digits of [p, end), which begin with `e` or `E`, write.
std::int64_t exponent_of(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  ++p;
  const bool down = *p == '-';
  p += *p == '-' || *p == '+';
  std::int64_t exponent = 0;
  for (; p != end; ++p) {
    if (exponent < exponent_bound) exponent = exponent * 10 + (*p - '0');
  }
  return down ? -exponent : exponent;
}

double with_sign(double magnitude, bool negative) noexcept { return negative ? -magnitude : magnitude; }

}  // namespace

number_text scan_any_number(const std::uint8_t* p, const std::uint8_t* end) noexcept {
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

double number_value(const std::uint8_t* first, const number_text& parts) noexcept {
  const bool negative = *first == '-';
  const std::uint8_t* const digits = first + negative;
  std::uint64_t value = join_digits(digits, parts.integer, 0);
  std::ptrdiff_t count = parts.integer - digits;
  std::int64_t power = 0;
  if (parts.fraction != parts.integer) {
    const std::uint8_t* const after_point = parts.integer + 1;
    value = join_digits(after_point, parts.fraction, value);
    power = after_point - parts.fraction;
    count -= power;
  }
  if (parts.end != parts.fraction) power += exponent_of(parts.fraction, parts.end);
  if (count <= digits_in_64_bits) {
    if (power == 0) return with_sign(static_cast<double>(value), negative);
    if (value <= largest_exact_integer && power >= -largest_exact_power && power <= largest_exact_power) {
      const auto exact = static_cast<double>(static_cast<std::int64_t>(value));
      return with_sign(power < 0 ? exact / exact_powers[-power] : exact * exact_powers[power], negative);
    }
    double result = 0;
    if (power >= simdjson::internal::smallest_power && power <= simdjson::internal::largest_power &&
        simdjson::builtin::numberparsing::compute_float_64(power, value, negative, result)) {
      return result;
    }
  }
  return simdjson::internal::from_chars(reinterpret_cast<const char*>(first),
                                        reinterpret_cast<const char*>(parts.end));
}

}  // namespace hawser::router::json
