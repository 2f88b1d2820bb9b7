// What can go wrong with a durable store, as codes with the system's and the database's own words. `lasting`
// tells a store that can go on from one that must be opened again.
#pragma once

#include <cstdint>
#include <string>

namespace hawser::store {

enum class store_error : std::uint8_t {
  none = 0,
  // The caller's.
  bad_settings,  // a path, name or bound that cannot be
  too_large,     // one message that could never fit into the file
  backlog_full,  // too much waits for the disk; try again after the next commit
  closed,        // close() was called before
  // Opening.
  no_directory,   // the directory of the file does not exist
  no_permission,  // the system refuses to let us read or write there
  not_a_file,     // the path names a directory, a device or a dangling link
  locked,         // this line of this file has an owner, here or in another process
  corrupt,        // damaged, or no database at all; nothing was changed
  foreign,        // a database of another program; nothing was changed
  newer_schema,   // written by a newer version of this library; nothing was changed
  no_thread,      // the system has no thread to give
  // At any time.
  full,       // max_bytes, the disk, a quota or a limit of the process was reached
  busy,       // another line of the file kept it locked for longer than busy_timeout
  moved,      // the file was renamed or deleted while it was open
  io,         // the disk or the file system failed; the detail says how
  no_memory,  // out of memory
};

// A stable name for logs and messages.
const char* name_of(store_error code) noexcept;

// True when the store can do nothing any more until it is opened anew: what is in the file is not known to be
// what was confirmed (a failed fsync may have dropped pages that a later one would report as written).
bool is_lasting(store_error code) noexcept;

struct store_failure {
  store_error code = store_error::none;
  int system = 0;      // errno, 0 when none applies
  int database = 0;    // SQLite's extended result code, 0 when none applies
  std::string detail;  // for people; empty without error
  explicit operator bool() const noexcept { return code != store_error::none; }
};

}  // namespace hawser::store
