// An id as a table keeps it: up to 27 bytes in place, longer ones in memory of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hawser::client {

class inline_id {
 public:
  static constexpr std::size_t in_place = 27;

  inline_id() noexcept = default;
  ~inline_id() { clear(); }
  inline_id(const inline_id&) = delete;
  inline_id& operator=(const inline_id&) = delete;

  // At most 4 GiB.
  void assign(std::string_view id) {
    clear();
    if (id.size() <= in_place) {
      if (!id.empty()) std::memcpy(bytes_, id.data(), id.size());
      bytes_[in_place] = static_cast<char>(id.size());
      return;
    }
    char* const copy = new char[id.size()];
    std::memcpy(copy, id.data(), id.size());
    const auto size = static_cast<std::uint32_t>(id.size());
    std::memcpy(bytes_, &copy, sizeof(copy));
    std::memcpy(bytes_ + sizeof(copy), &size, sizeof(size));
    bytes_[in_place] = far;
  }

  void clear() noexcept {
    if (bytes_[in_place] == far) delete[] elsewhere();
    bytes_[in_place] = 0;
  }

  std::string_view view() const noexcept {
    if (bytes_[in_place] != far) return {bytes_, static_cast<std::size_t>(bytes_[in_place])};
    std::uint32_t size = 0;
    std::memcpy(&size, bytes_ + sizeof(char*), sizeof(size));
    return {elsewhere(), size};
  }

 private:
  static constexpr char far = 127;

  char* elsewhere() const noexcept {
    char* result = nullptr;
    std::memcpy(&result, bytes_, sizeof(result));
    return result;
  }

  alignas(4) char bytes_[in_place + 1] = {};  // the last one: length in place, or `far`
};

}  // namespace hawser::client
