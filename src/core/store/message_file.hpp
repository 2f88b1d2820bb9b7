// One line of one database file: locked, verified, read and written. Blocks on the disk, so it lives on the
// store's thread. A row's key is "number of the line" << 47 | "number of the message", so lines lie apart in
// one table and each is appended to at its end. Every row carries a CRC-32, since SQLite does not notice
// damage inside values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/backlog.hpp"
#include "core/store/file_lock.hpp"
#include "core/store/sqlite.hpp"
#include "core/store/store_settings.hpp"

namespace hawser::store {

class message_file {
 public:
  static constexpr int schema_version = 1;
  static constexpr std::int32_t application_id = 0x48575352;  // "HWSR"

  struct apply_result {
    store_failure failure;
    bool committed = false;  // the clear, the removals and puts [0, stored) are in the file
    std::size_t stored = 0;
  };

  message_file() = default;
  ~message_file() { close(); }
  message_file(const message_file&) = delete;
  message_file& operator=(const message_file&) = delete;

  // What open() would refuse without looking at any file.
  static store_failure check_settings(const store_settings& settings);
  // What went wrong changed nothing in the file, and left it closed.
  open_report open(const store_settings& settings);
  // All in one transaction. When the file is full the puts before the first that does not fit are stored.
  apply_result apply(backlog& batch);
  // Keeps the log beside a file that is not known to be sound.
  void close() noexcept;

  // The largest key of a loaded message.
  message_key last_loaded() const noexcept { return last_; }

 private:
  enum class stage { begin, puts, commit };

  store_failure resolve_path(const std::string& text);
  store_failure take_locks(const std::string& line);
  store_failure open_database(const store_settings& settings, std::vector<stored_message>& messages);
  store_failure connect();
  store_failure check_format(bool& is_new);
  store_failure create_schema();
  store_failure verify();
  store_failure configure(const store_settings& settings);
  store_failure find_line(const std::string& name);
  store_failure load(std::vector<stored_message>& messages);
  store_failure move_aside(open_report& report);
  void close_database() noexcept;
  static int wait_for_others(void* self, int calls) noexcept;

  store_failure attempt(backlog& batch, std::size_t limit, std::size_t& reached, stage& where);
  store_failure write_removals(backlog& batch);
  store_failure write_puts(const backlog& batch, std::size_t limit, std::size_t& reached);
  void roll_back() noexcept;

  store_failure execute(const char* sql, std::string_view doing);
  store_failure query(const char* sql, std::int64_t& value, std::string_view doing);
  store_failure query(const char* sql, std::string& value, std::string_view doing);
  store_failure failed(int result, std::string_view doing) const;
  store_failure unreadable(int result, std::string_view doing) const;
  std::int64_t first_row() const noexcept { return line_ << line_shift; }
  std::int64_t row_of(message_key key) const noexcept;

  static constexpr int line_shift = 47;
  static constexpr std::int64_t last_number = (std::int64_t{1} << line_shift) - 1;
  static constexpr std::int64_t last_line = 65535;

  std::filesystem::path path_;
  file_lock lock_;
  sqlite_connection connection_;
  sqlite_statement begin_;
  sqlite_statement commit_;
  sqlite_statement insert_;
  sqlite_statement delete_;
  std::int64_t line_ = 0;
  message_key last_ = 0;
  std::chrono::milliseconds busy_timeout_{0};
  std::chrono::steady_clock::time_point busy_since_;
};

}  // namespace hawser::store
