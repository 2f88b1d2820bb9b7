// How a durable store is opened, and what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/store/store_error.hpp"
#include "core/store/stored_message.hpp"

namespace hawser::store {

struct store_settings {
  std::string path;              // UTF-8; made where it does not exist, readable by its owner alone
  std::string line = "default";  // name of the queue inside the file; 1 to 255 bytes
  bool fsync = false;            // false: safe when the process dies; true: when the machine does, too
  // Bound of the database file, all lines together. Beside it lie the log of what was not yet moved into it
  // (up to about 16 MiB, more after a single transaction that is larger) and the lock file.
  std::size_t max_bytes = std::size_t{64} << 20;
  // Damaged: keep it as "<path>.corrupt" (".corrupt-2" …) and begin a new one, instead of the error.
  bool move_corrupt_aside = false;
  // What may wait for the disk, in calls and in bytes; as much again may be being written. One message always
  // passes an empty backlog.
  std::size_t max_pending = 65536;
  std::size_t max_pending_bytes = std::size_t{16} << 20;
  int removal_delay = 20;   // ms that removals wait for a put to share the transaction with
  int busy_timeout = 5000;  // ms to wait for another line of the file
};

struct open_report {
  store_failure failure;
  std::vector<stored_message> messages;  // in the order they were put, those that expired included
  std::string moved_to;                  // where a damaged file was put; empty: there was none
  std::string moved_because;
};

struct put_outcome {
  message_key key = 0;
  store_error error = store_error::none;
};

// One transaction. `failure` is the transaction's, or that of the puts which did not fit.
struct commit_report {
  std::vector<put_outcome> outcomes;  // one for each put and clear, in their order
  store_failure failure;
};

}  // namespace hawser::store
