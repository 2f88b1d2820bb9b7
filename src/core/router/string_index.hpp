// A hash table from strings to numbers, asked with views and without allocation. What it holds comes from the
// application; a peer chooses only what is asked for, so it cannot make it slow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::router {

class string_index {
 public:
  static constexpr std::uint32_t absent = UINT32_MAX;

  // The number of the key, or `absent`.
  std::uint32_t find(std::string_view key) const noexcept;

  // Sets the number of a key that has none. `value` is not `absent`.
  void insert(std::string_view key, std::uint32_t value);

  // False: no such key.
  bool erase(std::string_view key);

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  struct place {
    std::uint32_t hash = 0;
    std::uint32_t value = absent;  // absent: free
    std::string key;
  };

  static std::uint32_t hash_of(std::string_view key) noexcept;
  std::size_t place_of(std::string_view key, std::uint32_t hash) const noexcept;
  void grow();

  std::vector<place> places_;  // none, or a power of two that is at least twice size_
  std::size_t mask_ = 0;       // places_.size() - 1, once there are any
  std::size_t size_ = 0;
};

}  // namespace hawser::router
