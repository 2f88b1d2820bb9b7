// The escapes of JSON strings.
#include "core/router/json_string.hpp"

#include <array>
#include <cstring>

namespace hawser::router::json {

namespace {

constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> hex_digits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) table['0' + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) table['a' + i] = table['A' + i] = static_cast<std::uint8_t>(10 + i);
  return table;
}();

// What `\` and this byte stand for; 0: no such escape. `u` is not in it.
constexpr std::array<std::uint8_t, 256> short_escapes = [] {
  std::array<std::uint8_t, 256> table{};
  table['"'] = '"';
  table['\\'] = '\\';
  table['/'] = '/';
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

bool four_hex(const std::uint8_t* p) noexcept {
  // The four are digits exactly when none of them has its top bit set.
  return ((hex_digits[p[0]] | hex_digits[p[1]] | hex_digits[p[2]] | hex_digits[p[3]]) & 0x80) == 0;
}

std::uint32_t unit_at(const std::uint8_t* p) noexcept {
  return static_cast<std::uint32_t>(hex_digits[p[0]] << 12 | hex_digits[p[1]] << 8 | hex_digits[p[2]] << 4 |
                                    hex_digits[p[3]]);
}

std::uint8_t* put(std::uint8_t* out, std::uint32_t c) noexcept {
  const auto low_six = [c](int shift) { return static_cast<std::uint8_t>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    *out++ = static_cast<std::uint8_t>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<std::uint8_t>(0xC0 | (c >> 6));
    *out++ = low_six(0);
  } else if (c < 0x10000) {
    *out++ = static_cast<std::uint8_t>(0xE0 | (c >> 12));
    *out++ = low_six(6);
    *out++ = low_six(0);
  } else {
    *out++ = static_cast<std::uint8_t>(0xF0 | (c >> 18));
    *out++ = low_six(12);
    *out++ = low_six(6);
    *out++ = low_six(0);
  }
  return out;
}

}  // namespace

const std::uint8_t* skip_space(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  while (p < end && is_space(*p)) ++p;
  return p;
}

string_window string_window::next_stop(const std::uint8_t* base, std::size_t offset,
                                       const std::uint8_t* end) noexcept {
  // In steps, not by a division: so the processor, which foretells them, has the bytes before it knows p.
  std::size_t from = offset > 64 ? offset - 64 : 0;
  for (base += 64; from >= 64; from -= 64) base += 64;
  const std::uint64_t stops = stops_at(base, end) >> from << from;
  return stops != 0 ? string_window(base, stops) : next_window(base, end);
}

string_window string_window::next_window(const std::uint8_t* base, const std::uint8_t* end) noexcept {
  std::uint64_t stops = 0;
  while (stops == 0 && end - base >= 64) {
    base += 64;
    stops = stops_at(base, end);
  }
  return {base, stops};
}

const std::uint8_t* string_end(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  if (p >= end) return nullptr;
  string_window window(p, end);
  while (p < end) {
    if (*p == '"') return p;
    if (*p != '\\') return nullptr;
    // An escape may reach 5 bytes beyond `end`; then the next round ends it.
    if (p[1] == 'u') {
      if (!four_hex(p + 2)) return nullptr;
      p += 6;
    } else {
      if (short_escapes[p[1]] == 0) return nullptr;
      p += 2;
    }
    p = window.run(p, end);
  }
  return nullptr;
}

std::uint8_t* unescape(const std::uint8_t* p, const std::uint8_t* end, std::uint8_t* out) noexcept {
  while (p < end) {
    const void* const found = std::memchr(p, '\\', static_cast<std::size_t>(end - p));
    const std::uint8_t* const stop = found ? static_cast<const std::uint8_t*>(found) : end;
    std::memcpy(out, p, static_cast<std::size_t>(stop - p));
    out += stop - p;
    p = stop;
    if (p == end) break;
    if (p[1] != 'u') {
      *out++ = short_escapes[p[1]];
      p += 2;
      continue;
    }
    std::uint32_t c = unit_at(p + 2);
    p += 6;
    if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
      const std::uint32_t low = unit_at(p + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
      }
    }
    out = put(out, c);
  }
  return out;
}

}  // namespace hawser::router::json
