// A hash index with open addressing: from a 32-bit hash to a small value that names where the entry lies.
// Entries live elsewhere; the caller compares keys. One array, no tombstones, no allocation but to grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace hawser::client {

namespace detail {

inline std::uint64_t load_word(const char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  return word;
}

inline std::uint64_t mix(std::uint64_t h) noexcept {
  h *= 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

}  // namespace detail

// Never 0, which marks an empty cell. Multiplies eight bytes at a time; with a secret seed, one who chooses
// ids cannot choose collisions.
inline std::uint32_t hash_id(std::string_view id, std::uint64_t seed) noexcept {
  std::uint64_t h = seed ^ (id.size() * 0xd6e8feb86659fd93u);
  const char* at = id.data();
  std::size_t left = id.size();
  for (; left > 8; left -= 8, at += 8) h = detail::mix(h ^ detail::load_word(at));
  std::uint64_t last = 0;
  if (left == 8) {
    last = detail::load_word(at);
  } else if (left > 0) {
    // The last word overlaps what was read before, where there is something before.
    if (id.size() >= 8) {
      last = detail::load_word(at + left - 8);
    } else {
      for (std::size_t i = 0; i < left; ++i) last = last << 8 | static_cast<unsigned char>(at[i]);
    }
  }
  h = detail::mix(detail::mix(h ^ last));
  const auto result = static_cast<std::uint32_t>(h >> 32);
  return result != 0 ? result : 1;
}

inline std::uint32_t hash_number(std::uint64_t number, std::uint64_t seed) noexcept {
  const auto result = static_cast<std::uint32_t>(detail::mix(detail::mix(number ^ seed)) >> 32);
  return result != 0 ? result : 1;
}

// Value: trivially copyable, 4 or 8 bytes.
template <class Value>
class flat_index {
 public:
  std::size_t size() const noexcept { return size_; }
  std::size_t memory() const noexcept { return cells_ ? (mask_ + 1) * sizeof(cell) : 0; }

  // The value whose hash is this and for which equal(value) holds; null: none. Valid until the next change.
  template <class Equal>
  Value* find(std::uint32_t hash, Equal&& equal) noexcept {
    if (size_ == 0) return nullptr;
    cell* const cells = cells_.get();
    for (std::size_t i = hash & mask_; cells[i].hash != 0; i = (i + 1) & mask_) {
      if (cells[i].hash == hash && equal(cells[i].value)) return &cells[i].value;
    }
    return nullptr;
  }

  // The key is not in the index.
  void insert(std::uint32_t hash, Value value) {
    if (size_ == room_) resize(capacity() == 0 ? min_cells : capacity() * 2);
    place(hash, value);
    ++size_;
  }

  template <class Equal>
  bool erase(std::uint32_t hash, Equal&& equal) noexcept {
    Value* const found = find(hash, equal);
    if (found != nullptr) erase_found(found);
    return found != nullptr;
  }
  // What find() has returned.
  void erase_found(const Value* found) noexcept {
    cell* const cells = cells_.get();
    std::size_t hole = static_cast<std::size_t>(reinterpret_cast<const cell*>(found) - cells);
    // What was displaced past the hole moves back, so that every probe still ends at an empty cell.
    for (std::size_t i = (hole + 1) & mask_; cells[i].hash != 0; i = (i + 1) & mask_) {
      const std::size_t home = cells[i].hash & mask_;
      if (((i - home) & mask_) < ((i - hole) & mask_)) continue;
      cells[hole] = cells[i];
      hole = i;
    }
    cells[hole].hash = 0;
    if (--size_ == 0 && capacity() > keep_cells) clear();
  }

  template <class Fn>
  void for_each(Fn&& fn) const {
    for (std::size_t i = 0; i < capacity(); ++i) {
      if (cells_[i].hash != 0) fn(cells_[i].value);
    }
  }

  void clear() noexcept {
    cells_.reset();
    mask_ = size_ = room_ = 0;
  }

 private:
  struct cell {
    Value value;  // first: erase() goes from the value to its cell
    std::uint32_t hash;
  };
  static constexpr std::size_t min_cells = 64;
  // An empty index above this size gives its memory back.
  static constexpr std::size_t keep_cells = 8192;

  std::size_t capacity() const noexcept { return cells_ ? mask_ + 1 : 0; }

  void place(std::uint32_t hash, Value value) noexcept {
    std::size_t i = hash & mask_;
    while (cells_[i].hash != 0) i = (i + 1) & mask_;
    cells_[i] = cell{value, hash};
  }

  void resize(std::size_t cells) {
    const std::size_t before = capacity();
    std::unique_ptr<cell[]> old = std::move(cells_);
    cells_ = std::make_unique<cell[]>(cells);
    mask_ = cells - 1;
    room_ = cells / 3 * 2;
    for (std::size_t i = 0; i < before; ++i) {
      if (old[i].hash != 0) place(old[i].hash, old[i].value);
    }
  }

  std::unique_ptr<cell[]> cells_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::size_t room_ = 0;  // grows when it holds so many: two thirds of the cells
};

}  // namespace hawser::client
