// UTF-8 validation: simdjson's validator for long stretches, a byte machine for short ones and for split
// characters.
#include "core/protocol/utf8.hpp"

#include <simdjson.h>

namespace hawser::protocol {

namespace {

// Below this length the call into the validator costs more than the byte loop.
constexpr std::size_t simd_threshold = 32;

// Bytes at the end of [data, data + n) that begin a character and do not finish it: 0 to 3.
std::size_t unfinished_tail(const std::uint8_t* data, std::size_t n) noexcept {
  for (std::size_t back = 1; back <= 3 && back <= n; ++back) {
    const std::uint8_t byte = data[n - back];
    if (byte < 0x80) return 0;
    if (byte < 0xC0) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

bool utf8_stream::step(std::uint8_t byte) noexcept {
  if (pending_ == 0) {
    if (byte < 0x80) return true;
    low_ = 0x80;
    high_ = 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF) {
      pending_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      pending_ = 2;
      if (byte == 0xE0) low_ = 0xA0;   // else overlong
      if (byte == 0xED) high_ = 0x9F;  // else a surrogate
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      pending_ = 3;
      if (byte == 0xF0) low_ = 0x90;   // else overlong
      if (byte == 0xF4) high_ = 0x8F;  // else above U+10FFFF
    } else {
      pending_ = failed;
      return false;
    }
    return true;
  }
  if (byte < low_ || byte > high_) {
    pending_ = failed;
    return false;
  }
  low_ = 0x80;
  high_ = 0xBF;
  --pending_;
  return true;
}

bool utf8_stream::feed(const std::uint8_t* data, std::size_t n) noexcept {
  if (pending_ == failed) return false;
  std::size_t i = 0;
  while (i < n && pending_ != 0) {
    if (!step(data[i++])) return false;
  }
  if (n - i >= simd_threshold) {
    const std::size_t middle = n - i - unfinished_tail(data + i, n - i);
    if (!simdjson::validate_utf8(reinterpret_cast<const char*>(data + i), middle)) {
      pending_ = failed;
      return false;
    }
    i += middle;
  }
  while (i < n) {
    if (!step(data[i++])) return false;
  }
  return true;
}

bool valid_utf8(const std::uint8_t* data, std::size_t n) noexcept {
  if (n >= simd_threshold) return simdjson::validate_utf8(reinterpret_cast<const char*>(data), n);
  utf8_stream stream;
  return stream.feed(data, n) && stream.complete();
}

}  // namespace hawser::protocol
