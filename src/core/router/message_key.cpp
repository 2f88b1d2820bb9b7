// The hash of a key.
#include "core/router/message_key.hpp"

#include <cstddef>
#include <cstring>

namespace hawser::router {

namespace {

std::uint64_t load64(const char* at) noexcept {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint64_t load32(const char* at) noexcept {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Both halves of the 128-bit product, one upon the other: each bit of the result depends on nearly all bits.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;  // NOLINT(modernize-use-using)
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
  constexpr std::uint64_t low = 0xFFFF'FFFF;
  const std::uint64_t bottom = (a & low) * (b & low);
  const std::uint64_t left = (a >> 32) * (b & low) + (bottom >> 32);
  const std::uint64_t right = (a & low) * (b >> 32) + (left & low);
  const std::uint64_t top = (a >> 32) * (b >> 32) + (left >> 32) + (right >> 32);
  return (right << 32 | (bottom & low)) ^ top;
#endif
}

// Spreads a seed that may have few set bits.
std::uint64_t spread(std::uint64_t seed) noexcept {
  return fold(seed ^ 0xA24B'AED4'963E'E407, 0x9FB2'1C65'1E98'DF25) ^ 0xD6E8'FEB8'6659'FD93;
}

}  // namespace

key_hasher::key_hasher(std::uint64_t seed) noexcept : first_(spread(seed)), second_(spread(~first_)) {}

std::uint32_t key_hasher::operator()(const message_key& key) const noexcept {
  const char* at = key.bytes.data();
  const std::size_t size = key.bytes.size();
  std::uint64_t sum = 0;
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  if (size >= 8) {
    // Whole blocks, then the last 16 bytes, which may overlap what was read.
    const char* const end = at + size;
    for (; end - at > 16; at += 16) sum = fold(load64(at) ^ first_ ^ sum, load64(at + 8) ^ second_);
    head = load64(size < 16 ? at : end - 16);
    tail = load64(end - 8);
  } else if (size >= 4) {
    head = load32(at);
    tail = load32(at + size - 4);
  } else if (size > 0) {
    const auto byte = [at](std::size_t i) {
      return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i]));
    };
    head = byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
  }
  // Size and kind meet the data only when a secret has been mixed in; else keys that differ in both could be
  // chosen to collide.
  const std::uint64_t shape = size << 8 | static_cast<std::uint64_t>(key.kind);
  const std::uint64_t hash = fold(fold(head ^ first_ ^ sum, tail ^ second_) ^ first_, second_ ^ shape);
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

}  // namespace hawser::router
