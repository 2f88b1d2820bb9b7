// Opening: locks first, then verification, then the first write. Until the file is known to be ours and sound
// nothing of it changes, so an error leaves it as it was for whoever wants to look at it.
#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "core/store/message_file.hpp"
#include "core/store/record_checksum.hpp"

#ifndef _WIN32
#include <fcntl.h>
#include <unistd.h>
#endif

namespace hawser::store {
namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

constexpr std::int64_t log_pages = 4096;  // of the log, before they are moved into the database
constexpr std::int64_t least_pages = 16;
constexpr std::size_t most_pages = 1073741823;

std::string utf8(const fs::path& path) {
  const auto text = path.u8string();
  return {text.begin(), text.end()};
}

fs::path with_suffix(const fs::path& path, const std::string& suffix) {
  fs::path result = path;
  result += suffix;
  return result;
}

store_failure system_failure(const std::error_code& error, const std::string& doing) {
  return to_failure(error.default_error_condition().value(), doing);
}

// Made by us so that others cannot read it; SQLite gives the log the same mode. Only a file that did not
// exist is opened here, since closing the descriptor drops the locks that this process has on it.
store_failure create_private(const fs::path& path) {
#ifdef _WIN32
  static_cast<void>(path);
#else
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
  } else if (errno != EEXIST) {
    return to_failure(errno, path.string() + " cannot be created");
  }
#endif
  return {};
}

}  // namespace

store_failure message_file::check_settings(const store_settings& settings) {
  const auto bad = [](const char* text) { return store_failure{store_error::bad_settings, 0, 0, text}; };
  if (settings.path.empty()) return bad("the path is empty");
  if (settings.path.find('\0') != std::string::npos) return bad("the path holds a NUL byte");
  if (settings.line.empty() || settings.line.size() > 255) return bad("a line's name has 1 to 255 bytes");
  if (settings.line.find('\0') != std::string::npos) return bad("the line's name holds a NUL byte");
  if (settings.max_bytes < 65536) return bad("max_bytes is less than 64 KiB");
  if (settings.max_pending == 0 || settings.max_pending_bytes == 0) return bad("nothing may wait");
  if (settings.removal_delay < 0 || settings.busy_timeout < 0) return bad("a time is negative");
  return {};
}

open_report message_file::open(const store_settings& settings) {
  open_report report;
  busy_timeout_ = std::chrono::milliseconds(settings.busy_timeout);
  report.failure = check_settings(settings);
  if (!report.failure) report.failure = resolve_path(settings.path);
  if (!report.failure) report.failure = take_locks(settings.line);
  if (!report.failure) {
    report.failure = open_database(settings, report.messages);
    if (report.failure.code == store_error::corrupt && settings.move_corrupt_aside) {
      close_database();
      report.failure = move_aside(report);
      if (!report.failure) report.failure = open_database(settings, report.messages);
    }
  }
  if (report.failure) {
    report.messages.clear();
    close();
  } else {
    lock_.unlock(file_lock::opening);
  }
  return report;
}

// One name for one file, however it was written: the locks go by it.
store_failure message_file::resolve_path(const std::string& text) {
  std::error_code error;
  const fs::path given = fs::absolute(fs::path(std::u8string(text.begin(), text.end())), error);
  if (error) return system_failure(error, text);
  if (!given.has_filename()) return {store_error::not_a_file, 0, 0, text + " names a directory"};
  const fs::path folder = fs::canonical(given.parent_path(), error);
  if (error) return system_failure(error, "the directory " + utf8(given.parent_path()));
  path_ = folder / given.filename();
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_type::none) return system_failure(error, text);
  if (status.type() == fs::file_type::not_found) {
    if (fs::is_symlink(fs::symlink_status(path_, error))) {
      return {store_error::not_a_file, 0, 0, text + " is a symbolic link to nothing"};
    }
    return {};
  }
  if (status.type() != fs::file_type::regular) {
    return {store_error::not_a_file, 0, 0, text + " is not a regular file"};
  }
  path_ = fs::canonical(path_, error);
  return error ? system_failure(error, text) : store_failure{};
}

store_failure message_file::take_locks(const std::string& line) {
  store_failure failure = lock_.open(with_suffix(path_, "-lock"));
  if (failure) return failure;
  const auto take = [&](std::uint64_t byte, file_lock::mode how, store_error code, const std::string& text) {
    const auto answer = lock_.try_lock(byte, how, failure);
    if (answer == file_lock::answer::held) failure = {code, 0, 0, utf8(path_) + ": " + text};
    return answer == file_lock::answer::taken;
  };
  if (!take(file_lock::byte_of_line(line), file_lock::mode::exclusive, store_error::locked,
            "the line \"" + line + "\" is in use by another store, in this process or another")) {
    return failure;
  }
  for (int calls = 0; !take(file_lock::opening, file_lock::mode::exclusive, store_error::busy,
                            "another store has not finished opening the file");
       ++calls) {
    if (failure.code != store_error::busy || wait_for_others(this, calls) == 0) return failure;
    failure = {};
  }
  take(file_lock::in_use, file_lock::mode::shared, store_error::locked, "the file is being replaced");
  return failure;
}

store_failure message_file::open_database(const store_settings& settings,
                                          std::vector<stored_message>& messages) {
  bool is_new = false;
  store_failure failure = connect();
  if (!failure) failure = check_format(is_new);
  if (!failure && !is_new) failure = verify();
  if (failure) return failure;
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  failure = configure(settings);
  if (!failure && is_new) failure = create_schema();
  if (!failure) failure = find_line(settings.line);
  if (!failure) failure = load(messages);
  if (failure.code == store_error::corrupt) {
    sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  return failure;
}

store_failure message_file::connect() {
  if (store_failure failure = create_private(path_)) return failure;
  sqlite3* fresh = nullptr;
  const int code = sqlite3_open_v2(
      utf8(path_).c_str(), &fresh,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection_.reset(fresh);
  if (code != SQLITE_OK) return failed(code, utf8(path_) + " cannot be opened");
  if (sqlite3_db_readonly(connection_.get(), "main") == 1) {
    return {store_error::no_permission, 0, 0, utf8(path_) + " may not be written to"};
  }
  // What a file brings along never runs, and its log stays until the file is known to be sound.
  for (const int option : {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                           SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION}) {
    sqlite3_db_config(connection_.get(), option, 0, nullptr);
  }
  for (const int option : {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, SQLITE_DBCONFIG_DEFENSIVE}) {
    sqlite3_db_config(connection_.get(), option, 1, nullptr);
  }
  sqlite3_busy_handler(connection_.get(), &message_file::wait_for_others, this);
  return execute("PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON", "the file cannot be read");
}

store_failure message_file::check_format(bool& is_new) {
  const char* const doing = "the file cannot be read";
  std::int64_t application = 0;
  std::int64_t version = 0;
  std::int64_t objects = 0;
  store_failure failure = query("PRAGMA application_id", application, doing);
  if (!failure) failure = query("PRAGMA user_version", version, doing);
  if (!failure) failure = query("SELECT count(*) FROM sqlite_schema", objects, doing);
  if (failure) return failure;
  is_new = application == 0 && version == 0 && objects == 0;
  if (is_new) return {};
  if (application != application_id) {
    return {store_error::foreign, 0, 0, utf8(path_) + " is a database of another program"};
  }
  if (version > schema_version) {
    return {store_error::newer_schema, 0, 0,
            utf8(path_) + " has schema version " + std::to_string(version) + ", and this version knows " +
                std::to_string(schema_version)};
  }
  if (version < 1) return {store_error::corrupt, 0, 0, utf8(path_) + " has no schema version"};
  return {};
}

store_failure message_file::verify() {
  std::string answer;
  store_failure failure = query("PRAGMA quick_check(1)", answer, "the file cannot be verified");
  if (!failure && answer != "ok") failure = {store_error::corrupt, 0, 0, utf8(path_) + ": " + answer};
  return failure;
}

store_failure message_file::configure(const store_settings& settings) {
  std::string mode;
  store_failure failure = query("PRAGMA journal_mode = WAL", mode, "the log cannot be set up");
  if (failure) return failure;
  if (mode != "wal") {
    return {store_error::io, 0, 0, utf8(path_) + ": the file system has no shared memory for the log"};
  }
  std::int64_t page_size = 0;
  failure = query("PRAGMA page_size", page_size, "the file cannot be read");
  if (failure) return failure;
  const auto wanted = std::min(settings.max_bytes / static_cast<std::size_t>(page_size), most_pages);
  const auto pages = std::max(static_cast<std::int64_t>(wanted), least_pages);
  const auto log = std::clamp(pages / 4, std::int64_t{64}, log_pages);
  // NORMAL syncs when the log is moved into the database, never in a commit: a commit is with the kernel
  // then, and a power failure costs the latest ones, not the file. FULL syncs the log in every commit.
  std::string settings_sql = settings.fsync ? "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;"
                                              "PRAGMA checkpoint_fullfsync = ON;"
                                            : "PRAGMA synchronous = NORMAL;";
  settings_sql += "PRAGMA secure_delete = FAST;";
  settings_sql += "PRAGMA max_page_count = " + std::to_string(pages) + ";";
  settings_sql += "PRAGMA wal_autocheckpoint = " + std::to_string(log) + ";";
  settings_sql += "PRAGMA journal_size_limit = " + std::to_string(log * page_size);
  return execute(settings_sql.c_str(), "the file cannot be set up");
}

store_failure message_file::create_schema() {
  const std::string sql =
      "BEGIN IMMEDIATE;"
      "CREATE TABLE line (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
      "CREATE TABLE message (key INTEGER PRIMARY KEY, id TEXT NOT NULL, payload BLOB NOT NULL,"
      " priority INTEGER NOT NULL, expires_at INTEGER NOT NULL, flags INTEGER NOT NULL,"
      " checksum INTEGER NOT NULL) STRICT;"
      "PRAGMA application_id = " +
      std::to_string(application_id) + ";PRAGMA user_version = " + std::to_string(schema_version) + ";COMMIT";
  return execute(sql.c_str(), "the file cannot be set up");
}

store_failure message_file::find_line(const std::string& name) {
  const char* const doing = "the line cannot be found";
  sqlite_statement find;
  int code = find.prepare(connection_.get(), "SELECT number FROM line WHERE name = ?");
  if (code != SQLITE_OK) return unreadable(code, doing);
  find.bind_text(1, name);
  code = find.step();
  line_ = code == SQLITE_ROW ? find.integer(0) : 0;
  if (code != SQLITE_ROW && code != SQLITE_DONE) return failed(code, doing);
  if (line_ < 0 || line_ > last_line || (code == SQLITE_ROW && line_ == 0)) {
    return {store_error::corrupt, 0, 0, utf8(path_) + ": a line has an impossible number"};
  }
  find = {};
  if (line_ != 0) return {};
  store_failure failure = query("SELECT coalesce(max(number), 0) + 1 FROM line", line_, doing);
  if (failure) return failure;
  if (line_ > last_line) return {store_error::full, 0, 0, utf8(path_) + " has no room for another line"};
  sqlite_statement add;
  code = add.prepare(connection_.get(), "INSERT INTO line (number, name) VALUES (?, ?)");
  if (code != SQLITE_OK) return unreadable(code, doing);
  add.bind(1, line_);
  add.bind_text(2, name);
  code = add.run();
  return code == SQLITE_OK ? store_failure{} : failed(code, "the line cannot be added");
}

store_failure message_file::load(std::vector<stored_message>& messages) {
  sqlite_statement select;
  sqlite3* const db = connection_.get();
  int code = select.prepare(db,
                            "SELECT key, id, payload, expires_at, flags, priority, checksum FROM message"
                            " WHERE key BETWEEN ? AND ? ORDER BY key");
  if (code == SQLITE_OK) code = begin_.prepare(db, "BEGIN IMMEDIATE");
  if (code == SQLITE_OK) code = commit_.prepare(db, "COMMIT");
  if (code == SQLITE_OK) {
    code = insert_.prepare(db,
                           "INSERT INTO message (key, id, payload, priority, expires_at, flags, checksum)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?)");
  }
  if (code == SQLITE_OK) code = delete_.prepare(db, "DELETE FROM message WHERE key BETWEEN ? AND ?");
  if (code != SQLITE_OK) return unreadable(code, "the tables are not those of a store");
  select.bind(1, first_row());
  select.bind(2, first_row() | last_number);
  last_ = 0;
  while ((code = select.step()) == SQLITE_ROW) {
    const std::int64_t row = select.integer(0);
    const message_view found{select.bytes(1), select.bytes(2), select.integer(3),
                             static_cast<std::uint32_t>(select.integer(4)),
                             static_cast<std::uint8_t>(select.integer(5))};
    if (record_checksum(row, found) != select.integer(6)) {
      return {store_error::corrupt, 0, 0,
              utf8(path_) + ": message " + std::to_string(row) + " does not match its checksum"};
    }
    last_ = static_cast<message_key>(row & last_number);
    messages.push_back({last_, std::string(found.id), std::string(found.payload), found.expires_at,
                        found.flags, found.priority});
  }
  return code == SQLITE_DONE ? store_failure{} : failed(code, "the messages cannot be read");
}

// The log goes first. Whatever interrupts this, both parts are still there under names that belong together
// or were never moved. The shared memory beside them holds nothing that cannot be made anew.
store_failure message_file::move_aside(open_report& report) {
  store_failure cause = std::move(report.failure);
  store_failure failure;
  const auto answer = lock_.try_lock(file_lock::in_use, file_lock::mode::exclusive, failure);
  if (answer == file_lock::answer::failed) return failure;
  if (answer == file_lock::answer::held) {
    cause.detail += " (not moved aside: another line of the file is in use)";
    return cause;
  }
  std::error_code error;
  fs::path target;
  for (int n = 1; target.empty() || fs::exists(fs::symlink_status(target, error)) ||
                  fs::exists(fs::symlink_status(with_suffix(target, "-wal"), error));
       ++n) {
    if (n > 1000) {
      cause.detail += " (not moved aside: a thousand such files are there already)";
      return cause;
    }
    target = with_suffix(path_, n == 1 ? ".corrupt" : ".corrupt-" + std::to_string(n));
  }
  const fs::path log = with_suffix(path_, "-wal");
  if (fs::exists(fs::symlink_status(log, error))) fs::rename(log, with_suffix(target, "-wal"), error);
  if (!error) fs::rename(path_, target, error);
  if (error) return system_failure(error, utf8(path_) + " cannot be moved aside");
  fs::remove(with_suffix(path_, "-shm"), error);
  report.messages.clear();
  report.moved_to = utf8(target);
  report.moved_because = cause.detail;
  if (lock_.try_lock(file_lock::in_use, file_lock::mode::shared, failure) != file_lock::answer::taken &&
      !failure) {
    failure = {store_error::locked, 0, 0, utf8(path_) + ": the file is being replaced"};
  }
  return failure;
}

int message_file::wait_for_others(void* self, int calls) noexcept {
  // SQLite's own waits grow to 100 ms, which would starve a line beside one that commits without a pause.
  auto& mine = *static_cast<message_file*>(self);
  const auto now = clock::now();
  if (calls == 0) mine.busy_since_ = now;
  if (now - mine.busy_since_ >= mine.busy_timeout_) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(calls < 20 ? 1 : 5));
  return 1;
}

store_failure message_file::execute(const char* sql, std::string_view doing) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  store_failure failure = failed(code, doing);
  roll_back();
  return failure;
}

store_failure message_file::query(const char* sql, std::int64_t& value, std::string_view doing) {
  sqlite_statement statement;
  int code = statement.prepare(connection_.get(), sql);
  if (code == SQLITE_OK) code = statement.step();
  if (code != SQLITE_ROW) return unreadable(code, doing);
  value = statement.integer(0);
  return {};
}

store_failure message_file::query(const char* sql, std::string& value, std::string_view doing) {
  sqlite_statement statement;
  int code = statement.prepare(connection_.get(), sql);
  if (code == SQLITE_OK) code = statement.step();
  if (code != SQLITE_ROW) return unreadable(code, doing);
  value = std::string(statement.bytes(0));
  return {};
}

// Where our statements do not fit the tables, or have no answer, the file is not as we made it.
store_failure message_file::unreadable(int result, std::string_view doing) const {
  store_failure failure = failed(result, doing);
  const int primary = result & 0xff;
  if (primary == SQLITE_ERROR || primary == SQLITE_DONE) failure.code = store_error::corrupt;
  return failure;
}

}  // namespace hawser::store
