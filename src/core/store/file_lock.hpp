// Locks between stores, in this process and others, on bytes of a file beside the database ("<path>-lock").
// The database itself cannot carry them: closing any descriptor of a file drops the POSIX locks that SQLite
// has on it.
//
//   byte 0          held shared by every store of the file, exclusively while a damaged file is moved aside
//   byte 1          held while a store opens, so that creation and verification happen one at a time
//   byte 2 + hash   held exclusively by the owner of a line
//
// The file is empty and stays; the system drops the locks when the process ends, however it ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/store/store_error.hpp"

namespace hawser::store {

class file_lock {
 public:
  enum class mode { shared, exclusive };
  enum class answer { taken, held, failed };
  static constexpr std::uint64_t in_use = 0;
  static constexpr std::uint64_t opening = 1;
  static std::uint64_t byte_of_line(std::string_view line) noexcept;

  file_lock() = default;
  ~file_lock() { close(); }
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;

  store_failure open(const std::filesystem::path& path);
  // Never waits. A second mode replaces the first; `error` is written when the answer is `failed`.
  answer try_lock(std::uint64_t byte, mode how, store_failure& error);
  void unlock(std::uint64_t byte) noexcept;
  void close() noexcept;

 private:
#ifdef _WIN32
  void* file_ = nullptr;
#else
  int file_ = -1;
#endif
};

// The coded error for an errno of a file operation, `doing` before the system's text.
store_failure to_failure(int system_errno, std::string_view doing);

}  // namespace hawser::store
