// Open addressing with linear probing; an erased key leaves no mark, what was pushed behind it moves up.
#include "core/router/string_index.hpp"

#include <cstring>
#include <utility>

namespace hawser::router {

namespace {

template <class Word>
Word load(const char* p) noexcept {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

}  // namespace

// Whole words, and for what is left the last bytes once more, as far as there are enough.
std::uint32_t string_index::hash_of(std::string_view key) noexcept {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15U;
  const char* const p = key.data();
  const std::size_t n = key.size();
  std::uint64_t hash = n * factor;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * factor;
    hash ^= hash >> 29;
  };
  if (n >= 8) {
    for (std::size_t i = 0; i + 8 < n; i += 8) mix(load<std::uint64_t>(p + i));
    mix(load<std::uint64_t>(p + n - 8));
  } else if (n >= 4) {
    mix(std::uint64_t{load<std::uint32_t>(p)} << 32 | load<std::uint32_t>(p + n - 4));
  } else if (n > 0) {
    const auto at = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
    mix(at(0) << 16 | at(n / 2) << 8 | at(n - 1));
  }
  return static_cast<std::uint32_t>(hash * factor >> 32);
}

// Where the key is, or the free place where it would go.
std::size_t string_index::place_of(std::string_view key, std::uint32_t hash) const noexcept {
  std::size_t i = hash & mask_;
  while (places_[i].value != absent && (places_[i].hash != hash || places_[i].key != key))
    i = (i + 1) & mask_;
  return i;
}

std::uint32_t string_index::find(std::string_view key) const noexcept {
  if (size_ == 0) return absent;
  const std::uint32_t hash = hash_of(key);
  // Most keys that are not there meet a free place.
  if (places_[hash & mask_].value == absent) return absent;
  return places_[place_of(key, hash)].value;
}

void string_index::insert(std::string_view key, std::uint32_t value) {
  if (places_.size() < 2 * (size_ + 1)) grow();
  const std::uint32_t hash = hash_of(key);
  place& p = places_[place_of(key, hash)];
  p.hash = hash;
  p.value = value;
  p.key = key;
  ++size_;
}

bool string_index::erase(std::string_view key) {
  if (size_ == 0) return false;
  std::size_t hole = place_of(key, hash_of(key));
  if (places_[hole].value == absent) return false;
  for (std::size_t i = (hole + 1) & mask_; places_[i].value != absent; i = (i + 1) & mask_) {
    // It may fill the hole if the hole is not before the place it would like best.
    if (((i - places_[i].hash) & mask_) >= ((i - hole) & mask_)) {
      places_[hole] = std::move(places_[i]);
      hole = i;
    }
  }
  places_[hole] = place{};
  --size_;
  return true;
}

void string_index::grow() {
  std::vector<place> old =
      std::exchange(places_, std::vector<place>(places_.empty() ? 8 : 2 * places_.size()));
  mask_ = places_.size() - 1;
  for (place& p : old) {
    if (p.value != absent) places_[place_of(p.key, p.hash)] = std::move(p);
  }
}

}  // namespace hawser::router
