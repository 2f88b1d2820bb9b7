// UTF-8 validation (RFC 3629): of a whole buffer, and incrementally over any split of the bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hawser::protocol {

// True when the n bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(const std::uint8_t* data, std::size_t n) noexcept;

// Validates a text that arrives in pieces. A failure is reported by the feed() that holds the first byte
// which no valid text can have at that place; it is never put off until more bytes come.
class utf8_stream {
 public:
  // False: invalid, now and for every later call until reset().
  bool feed(const std::uint8_t* data, std::size_t n) noexcept;

  // True when the text so far is valid and does not end inside a character.
  bool complete() const noexcept { return pending_ == 0; }

  void reset() noexcept { *this = utf8_stream(); }

 private:
  bool step(std::uint8_t byte) noexcept;

  static constexpr std::uint8_t failed = 0xFF;

  std::uint8_t pending_ = 0;  // continuation bytes still due, or `failed`
  std::uint8_t low_ = 0x80;   // bounds of the next continuation byte
  std::uint8_t high_ = 0xBF;
};

static_assert(sizeof(utf8_stream) <= 4);

}  // namespace hawser::protocol
