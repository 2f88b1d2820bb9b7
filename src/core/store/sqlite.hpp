// Owners of SQLite's handles, and its result codes as store_failure. A connection and its statements belong
// to one thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/store/store_error.hpp"

// 3.37 brings STRICT tables and extended result codes on open.
#if SQLITE_VERSION_NUMBER < 3037000
#error "hawser's store needs SQLite 3.37 or newer"
#endif

namespace hawser::store {

struct close_connection {
  // close_v2: never fails, and never leaves a lock behind once the statements are gone.
  void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
struct finalize_statement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using sqlite_connection = std::unique_ptr<sqlite3, close_connection>;

// The coded error for the last failure on `connection` (may be null), `doing` before the database's text.
store_failure to_failure(sqlite3* connection, int result, std::string_view doing);

// A prepared statement; run it with step() until that returns SQLITE_DONE, then reset() before the next run.
class sqlite_statement {
 public:
  // SQLite's result code.
  int prepare(sqlite3* connection, const char* sql) noexcept {
    sqlite3_stmt* fresh = nullptr;
    const int result = sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &fresh, nullptr);
    statement_.reset(fresh);
    return result;
  }
  int step() noexcept { return sqlite3_step(statement_.get()); }
  void reset() noexcept { sqlite3_reset(statement_.get()); }
  // For statements without rows: runs once and resets.
  int run() noexcept {
    const int result = step();
    reset();
    return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
  }

  void bind(int index, std::int64_t value) noexcept { sqlite3_bind_int64(statement_.get(), index, value); }
  // The bytes must live until the statement is bound anew or finalized. SQLite's result code.
  int bind_text(int index, std::string_view value) noexcept {
    return sqlite3_bind_text64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  }
  int bind_blob(int index, std::string_view value) noexcept {
    return sqlite3_bind_blob64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(),
                               SQLITE_STATIC);
  }

  std::int64_t integer(int column) noexcept { return sqlite3_column_int64(statement_.get(), column); }
  // Valid until the next step or reset.
  std::string_view bytes(int column) noexcept {
    const void* const data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? std::string_view()
                           : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
  }

 private:
  std::unique_ptr<sqlite3_stmt, finalize_statement> statement_;
};

}  // namespace hawser::store
