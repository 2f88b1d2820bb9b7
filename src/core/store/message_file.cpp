// Transactions on an open file; message_file_open.cpp opens it.
#include "core/store/message_file.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/store/record_checksum.hpp"

namespace hawser::store {

message_file::apply_result message_file::apply(backlog& batch) {
  apply_result result;
  const std::size_t all = batch.puts().size();
  std::size_t limit = all;
  store_failure shortage;
  int moved = 0;
  if (sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
      moved != 0) {
    result.failure = {store_error::moved, 0, 0,
                      "the database file was moved or deleted while it was open: " + path_.string()};
    return result;
  }
  // A put that finds no room takes the whole transaction with it, so what came before it is written again.
  // Once more at most: another line may take the room meanwhile.
  for (int tries = 0; tries < 3; ++tries) {
    std::size_t reached = 0;
    stage where = stage::begin;
    result.failure = attempt(batch, limit, reached, where);
    if (!result.failure) {
      result.committed = true;
      result.stored = limit;
      result.failure = std::move(shortage);
      return result;
    }
    roll_back();
    const bool one_put = where == stage::puts && result.failure.code == store_error::full;
    if (!one_put || (reached == 0 && !batch.clears() && !batch.has_removals())) return result;
    shortage = result.failure;
    limit = reached;
  }
  return result;
}

store_failure message_file::attempt(backlog& batch, std::size_t limit, std::size_t& reached, stage& where) {
  if (const int code = begin_.run(); code != SQLITE_OK) return failed(code, "a transaction cannot begin");
  if (batch.clears()) {
    delete_.bind(1, first_row());
    delete_.bind(2, first_row() | last_number);
    if (const int code = delete_.run(); code != SQLITE_OK) return failed(code, "the line cannot be cleared");
  }
  // Removals first: they make room.
  if (store_failure failure = write_removals(batch)) return failure;
  where = stage::puts;
  if (store_failure failure = write_puts(batch, limit, reached)) return failure;
  where = stage::commit;
  if (const int code = commit_.run(); code != SQLITE_OK) {
    return failed(code, "the transaction cannot be committed");
  }
  return {};
}

store_failure message_file::write_removals(backlog& batch) {
  const auto& keys = batch.sorted_removals();
  for (std::size_t i = 0; i < keys.size();) {
    // Messages leave mostly in the order they came: one statement for each run of neighbours.
    std::size_t end = i + 1;
    while (end < keys.size() && row_of(keys[end]) == row_of(keys[end - 1]) + 1) ++end;
    delete_.bind(1, row_of(keys[i]));
    delete_.bind(2, row_of(keys[end - 1]));
    if (const int code = delete_.run(); code != SQLITE_OK) return failed(code, "messages cannot be removed");
    i = end;
  }
  return {};
}

store_failure message_file::write_puts(const backlog& batch, std::size_t limit, std::size_t& reached) {
  const auto& puts = batch.puts();
  for (std::size_t i = 0; i < limit; ++i) {
    if (puts[i].dropped) continue;
    reached = i;
    const message_view message = batch.message(puts[i]);
    const std::int64_t row = row_of(puts[i].key);
    if (row > (first_row() | last_number)) {
      return {store_error::full, 0, 0, "the line has given out all its numbers; it can be opened again"};
    }
    insert_.bind(1, row);
    int code = insert_.bind_text(2, message.id);
    if (code == SQLITE_OK) code = insert_.bind_blob(3, message.payload);
    insert_.bind(4, message.priority);
    insert_.bind(5, message.expires_at);
    insert_.bind(6, message.flags);
    insert_.bind(7, record_checksum(row, message));
    if (code == SQLITE_OK) code = insert_.run();
    if (code != SQLITE_OK) return failed(code, "a message cannot be stored");
  }
  return {};
}

void message_file::roll_back() noexcept {
  // Many errors roll back by themselves. If this fails the next BEGIN says so.
  if (sqlite3_get_autocommit(connection_.get()) == 0) {
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

// Loaded keys are numbers as they are; new ones continue behind the last that was loaded.
std::int64_t message_file::row_of(message_key key) const noexcept {
  const message_key number = key < first_new_key ? key : key - first_new_key + last_ + 1;
  return first_row() + static_cast<std::int64_t>(number);
}

store_failure message_file::failed(int result, std::string_view doing) const {
  return to_failure(connection_.get(), result, doing);
}

void message_file::close_database() noexcept {
  begin_ = {};
  commit_ = {};
  insert_ = {};
  delete_ = {};
  connection_.reset();
}

void message_file::close() noexcept {
  close_database();
  lock_.close();
}

}  // namespace hawser::store
