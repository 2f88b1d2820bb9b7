#include "core/store/sqlite.hpp"

#include <cerrno>
#include <string>

#include "core/store/file_lock.hpp"

namespace hawser::store {
namespace {

// What the system said about a file that could not be opened, read or written.
store_error by_errno(int system_errno, store_error otherwise) {
  if (system_errno == 0) return otherwise;
  const store_error code = to_failure(system_errno, "").code;
  return code == store_error::bad_settings || code == store_error::io ? otherwise : code;
}

store_error classify(int result, int system_errno) {
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return store_error::busy;
    case SQLITE_FULL:
      return store_error::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return store_error::corrupt;
    case SQLITE_NOMEM:
      return store_error::no_memory;
    case SQLITE_TOOBIG:
      return store_error::too_large;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return store_error::no_permission;
    case SQLITE_READONLY:
      return result == SQLITE_READONLY_DBMOVED ? store_error::moved : store_error::no_permission;
    case SQLITE_CANTOPEN:
      return by_errno(system_errno, store_error::io);
    case SQLITE_IOERR:
      if (result == SQLITE_IOERR_NOMEM) return store_error::no_memory;
      if (result == SQLITE_IOERR_CORRUPTFS) return store_error::corrupt;
      // A failed sync is never a shortage that passes: what it should have written may be gone.
      if (result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC) return store_error::io;
      // SQLITE_FULL stands for ENOSPC alone; quotas and limits of file size come here.
      return by_errno(system_errno, store_error::io);
    default:
      return store_error::io;
  }
}

// The errno behind a result. SQLite notes it with the connection only on some of the ways an error takes, and
// otherwise with the file it happened on: the log or the database.
int system_errno_of(sqlite3* connection, int result, int latest) {
  const int primary = result & 0xff;
  if (connection == nullptr || (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN)) return 0;
  if (const int noted = sqlite3_system_errno(connection); noted != 0) return noted;
  // The shared memory is no such file, and is only touched by calls that fail right away.
  if (result == SQLITE_IOERR_SHMSIZE || result == SQLITE_IOERR_SHMOPEN || result == SQLITE_IOERR_SHMMAP) {
    return latest;
  }
  int of_log = 0;
  int of_database = 0;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_LAST_ERRNO, &of_database);
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &of_log);
  }
  // Each keeps its number until the next error, so the one that is also the thread's latest is the newer.
  if (latest == of_log || latest == of_database) return latest;
  return of_log != 0 ? of_log : of_database;
}

}  // namespace

store_failure to_failure(sqlite3* connection, int result, std::string_view doing) {
  const int system_errno = system_errno_of(connection, result, errno);
  store_failure failure;
  failure.code = classify(result, system_errno);
  failure.system = system_errno;
  failure.database = result;
  failure.detail = std::string(doing) + ": ";
  failure.detail += connection == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(connection);
  if (system_errno != 0) failure.detail += to_failure(system_errno, "").detail;
  return failure;
}

}  // namespace hawser::store
