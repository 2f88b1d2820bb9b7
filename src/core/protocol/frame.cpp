// Frame headers and masking. Masking runs 64 bytes a step with SSE2 (part of every x86-64), else 8 bytes.
#include "core/protocol/frame.hpp"

#include <bit>
#include <cstring>

#if defined(__SSE2__) || defined(_M_X64)
#define HAWSER_SSE2 1
#include <emmintrin.h>
#endif

namespace hawser::protocol {

namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080ULL;

std::uint64_t load64(const std::uint8_t* p) noexcept {
  std::uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

std::uint32_t load32(const std::uint8_t* p) noexcept {
  std::uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// XORs n bytes; with `Check`, returns whether the result has no byte with its high bit set.
// in == out is allowed. All loads of a step come before its stores.
template <bool Check>
bool xor_bytes(std::uint8_t* out, const std::uint8_t* in, std::size_t n, const std::uint8_t mask[4],
               std::size_t phase) noexcept {
  // Turned in a register: bytes put together in memory would have to get there before a wide load sees them.
  const int turn = 8 * static_cast<int>(phase & 3);
  const std::uint32_t key = std::endian::native == std::endian::little ? std::rotr(load32(mask), turn)
                                                                       : std::rotl(load32(mask), turn);
  const std::uint64_t key64 = key * 0x0000000100000001ULL;
  std::uint64_t seen = 0;
  std::size_t i = 0;
#if HAWSER_SSE2
  if (n >= 16) {
    const __m128i k = _mm_set1_epi64x(static_cast<long long>(key64));
    __m128i all = _mm_setzero_si128();
    for (; i + 64 <= n; i += 64) {
      const auto* s = reinterpret_cast<const __m128i*>(in + i);
      auto* d = reinterpret_cast<__m128i*>(out + i);
      const __m128i a = _mm_xor_si128(_mm_loadu_si128(s), k);
      const __m128i b = _mm_xor_si128(_mm_loadu_si128(s + 1), k);
      const __m128i c = _mm_xor_si128(_mm_loadu_si128(s + 2), k);
      const __m128i e = _mm_xor_si128(_mm_loadu_si128(s + 3), k);
      _mm_storeu_si128(d, a);
      _mm_storeu_si128(d + 1, b);
      _mm_storeu_si128(d + 2, c);
      _mm_storeu_si128(d + 3, e);
      if constexpr (Check) all = _mm_or_si128(all, _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, e)));
    }
    for (; i + 16 <= n; i += 16) {
      const __m128i a = _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i)), k);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), a);
      if constexpr (Check) all = _mm_or_si128(all, a);
    }
    if constexpr (Check) {
      if (_mm_movemask_epi8(all) != 0) seen = high_bits;
    }
  }
#endif
  for (; i + 8 <= n; i += 8) {
    const std::uint64_t v = load64(in + i) ^ key64;
    std::memcpy(out + i, &v, sizeof v);
    if constexpr (Check) seen |= v;
  }
  if (i + 4 <= n) {
    const std::uint32_t v = load32(in + i) ^ key;
    std::memcpy(out + i, &v, sizeof v);
    if constexpr (Check) seen |= v;
    i += 4;
  }
  for (std::size_t left = n - i, at = 0; at < left; ++at) {
    const std::uint8_t v = in[i + at] ^ mask[(phase + at) & 3];
    out[i + at] = v;
    if constexpr (Check) seen |= v;
  }
  return (seen & high_bits) == 0;
}

}  // namespace

std::size_t write_frame_header(std::uint8_t* out, opcode op, bool fin, bool rsv1, std::uint64_t payload,
                               const std::uint8_t* mask) noexcept {
  const std::uint8_t mask_bit = mask ? 0x80 : 0;
  out[0] = static_cast<std::uint8_t>((fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | static_cast<std::uint8_t>(op));
  std::size_t n = 2;
  if (payload < 126) {
    out[1] = static_cast<std::uint8_t>(mask_bit | payload);
  } else if (payload <= 0xFFFF) {
    out[1] = mask_bit | 126;
    out[2] = static_cast<std::uint8_t>(payload >> 8);
    out[3] = static_cast<std::uint8_t>(payload);
    n = 4;
  } else {
    out[1] = mask_bit | 127;
    for (int i = 0; i < 8; ++i) out[2 + i] = static_cast<std::uint8_t>(payload >> (56 - 8 * i));
    n = 10;
  }
  if (mask) {
    std::memcpy(out + n, mask, 4);
    n += 4;
  }
  return n;
}

void apply_mask(std::uint8_t* data, std::size_t n, const std::uint8_t mask[4], std::size_t phase) noexcept {
  xor_bytes<false>(data, data, n, mask, phase);
}

bool apply_mask_ascii(std::uint8_t* data, std::size_t n, const std::uint8_t mask[4],
                      std::size_t phase) noexcept {
  return xor_bytes<true>(data, data, n, mask, phase);
}

void copy_masked(std::uint8_t* out, const std::uint8_t* in, std::size_t n, const std::uint8_t mask[4],
                 std::size_t phase) noexcept {
  xor_bytes<false>(out, in, n, mask, phase);
}

bool is_ascii(const std::uint8_t* data, std::size_t n) noexcept {
  std::size_t i = 0;
#if HAWSER_SSE2
  // Leaves after each 256 bytes, so that a long text with an early foreign letter costs little.
  while (i + 64 <= n) {
    __m128i all = _mm_setzero_si128();
    const std::size_t stop = n - i < 256 ? n : i + 256;
    for (; i + 64 <= stop; i += 64) {
      const auto* s = reinterpret_cast<const __m128i*>(data + i);
      all = _mm_or_si128(all, _mm_or_si128(_mm_or_si128(_mm_loadu_si128(s), _mm_loadu_si128(s + 1)),
                                           _mm_or_si128(_mm_loadu_si128(s + 2), _mm_loadu_si128(s + 3))));
    }
    if (_mm_movemask_epi8(all) != 0) return false;
  }
  if (n >= 16) {
    // The last sixteen once more, as far as they overlap.
    __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + n - 16));
    for (; i + 16 <= n; i += 16)
      all = _mm_or_si128(all, _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + i)));
    return _mm_movemask_epi8(all) == 0;
  }
#endif
  std::uint64_t seen = 0;
  for (; i + 8 <= n; i += 8) seen |= load64(data + i);
  for (; i < n; ++i) seen |= data[i];
  return (seen & high_bits) == 0;
}

}  // namespace hawser::protocol
