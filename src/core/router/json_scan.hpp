// Where the strings and numbers of a JSON text end, found without a look at each byte. All of it may read up
// to 64 bytes behind the text, which has slack there.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#define HAWSER_JSON_SSE2 1
#include <emmintrin.h>
#endif

namespace hawser::router::json {

// Bytes that must be readable behind a text.
inline constexpr std::size_t slack = 64;

inline bool is_space(std::uint8_t c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Out of line: texts of machines have little space, and its test would weigh on the paths without.
const std::uint8_t* skip_space(const std::uint8_t* p, const std::uint8_t* end) noexcept;

namespace words {

inline constexpr std::uint64_t ones = 0x0101010101010101U;
inline constexpr std::uint64_t tops = 0x8080808080808080U;

inline std::uint64_t load(const std::uint8_t* p) noexcept {
  std::uint64_t v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::big) {
    v = ((v & 0x00FF00FF00FF00FFU) << 8) | ((v >> 8) & 0x00FF00FF00FF00FFU);
    v = ((v & 0x0000FFFF0000FFFFU) << 16) | ((v >> 16) & 0x0000FFFF0000FFFFU);
    v = (v << 32) | (v >> 32);
  }
  return v;
}

// The top bit of each byte of `v` that is n or more, n <= 0x80; sums of low seven bits never carry.
constexpr std::uint64_t at_least(std::uint64_t v, std::uint8_t n) noexcept {
  return (((v & ~tops) + ones * (0x80U - n)) | v) & tops;
}

// The eight top bits of `v`, which has no others, in one byte: the product brings them to its top.
constexpr std::uint32_t gathered(std::uint64_t v) noexcept {
  return static_cast<std::uint32_t>(((v >> 7) * 0x0102040810204080U) >> 56);
}

inline std::uint64_t string_stops(const std::uint8_t* p) noexcept {
  std::uint64_t result = 0;
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t v = load(p + 8 * i);
    const std::uint64_t plain =
        at_least(v, 0x20) & at_least(v ^ (ones * '"'), 1) & at_least(v ^ (ones * '\\'), 1);
    result |= std::uint64_t{gathered(~plain & tops)} << (8 * i);
  }
  return result;
}

inline constexpr unsigned digit_step = 8;

inline std::uint32_t non_digits(const std::uint8_t* p) noexcept {
  return gathered(at_least(load(p) ^ (ones * '0'), 10));  // digits become 0 to 9
}

}  // namespace words

#ifdef HAWSER_JSON_SSE2
namespace sse2 {

inline std::uint64_t string_stops(const std::uint8_t* p) noexcept {
  // Exclusive-or with 2 takes the quote (0x22) to 0x20, and else only what is below 0x20 to there or below.
  const __m128i two = _mm_set1_epi8(2), bound = _mm_set1_epi8(0x20), escape = _mm_set1_epi8('\\');
  const auto sixteen = [&](int i) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    const __m128i moved = _mm_xor_si128(v, two);
    const __m128i stops =
        _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(moved, bound), moved), _mm_cmpeq_epi8(v, escape));
    return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(stops))};
  };
  return sixteen(0) | sixteen(1) << 16 | sixteen(2) << 32 | sixteen(3) << 48;
}

inline constexpr unsigned digit_step = 16;

inline std::uint32_t non_digits(const std::uint8_t* p) noexcept {
  // Moved so that digits are the ten largest signed numbers.
  const __m128i v =
      _mm_add_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), _mm_set1_epi8(0x7F - '9'));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmplt_epi8(v, _mm_set1_epi8(0x7F - 9))));
}

}  // namespace sse2
using sse2::digit_step;
using sse2::non_digits;
using sse2::string_stops;
#else
using words::digit_step;
using words::non_digits;
using words::string_stops;
#endif

// Behind the digits that begin at p.
inline const std::uint8_t* digit_run(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  do {
    const std::uint32_t stops = non_digits(p);
    if (stops != 0) return p + std::countr_zero(stops);
    p += digit_step;
  } while (p < end);
  return p;
}

// The bytes that end or interrupt a plain string, as bits for 64 bytes of the text at a time. Which 64 does
// not depend on where strings end, so the processor has the next ones ready before it knows.
class string_window {
 public:
  // text < end
  string_window(const std::uint8_t* text, const std::uint8_t* end) noexcept
      : base_(text), stops_(stops_at(text, end)) {}

  // The first quote, backslash or control character from p on, or `end`, or p if that lies behind it. Calls
  // come in the order of the text.
  const std::uint8_t* run(const std::uint8_t* p, const std::uint8_t* end) noexcept {
    const auto offset = static_cast<std::size_t>(p - base_);
    if (offset < 64) {
      const std::uint64_t ahead = stops_ >> offset;
      if (ahead != 0) return p + std::countr_zero(ahead);
    }
    if (p >= end) return p;
    *this = next_stop(base_, offset, end);
    return base_ + std::countr_zero(stops_);
  }

  // Leaves out the stops before p.
  void seek(const std::uint8_t* p, const std::uint8_t* end) noexcept {
    const auto offset = static_cast<std::size_t>(p - base_);
    if (offset < 64) {
      stops_ = stops_ >> offset << offset;
    } else {
      *this = p <= end ? next_stop(base_, offset, end) : string_window(p, std::uint64_t{0});
    }
  }

  // Takes the next stop, of which `end` is the last. False: it was taken before. Where a stop lies is known
  // from the bits alone: the processor need not wait for what is read between two of them.
  bool take(const std::uint8_t*& stop, const std::uint8_t* end) noexcept {
    if (stops_ == 0) [[unlikely]] {
      *this = next_window(base_, end);
      if (stops_ == 0) return false;
    }
    stop = base_ + std::countr_zero(stops_);
    stops_ &= stops_ - 1;
    return true;
  }

 private:
  string_window(const std::uint8_t* base, std::uint64_t stops) noexcept : base_(base), stops_(stops) {}

  // p <= end. The end counts as a stop, and nothing behind it does.
  static std::uint64_t stops_at(const std::uint8_t* p, const std::uint8_t* end) noexcept {
    const std::uint64_t stops = string_stops(p);
    const auto left = static_cast<std::size_t>(end - p);
    if (left >= 64) return stops;
    const std::uint64_t last = std::uint64_t{1} << left;
    return (stops & (last - 1)) | last;
  }

  // The window with the first stop from base + offset on, which lies at most at `end`, without the stops
  // before that.
  static string_window next_stop(const std::uint8_t* base, std::size_t offset,
                                 const std::uint8_t* end) noexcept;

  // The window with the first stop behind that of 64 bytes at `base`; none is left of one at the end.
  static string_window next_window(const std::uint8_t* base, const std::uint8_t* end) noexcept;

  const std::uint8_t* base_;
  std::uint64_t stops_;
};

}  // namespace hawser::router::json
