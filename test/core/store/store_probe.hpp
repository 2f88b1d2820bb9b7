// A store as a test sees it: tasks run on the test's thread, what the handlers were told is kept, and every
// wait is for an event. Also a folder that goes away, and child processes that end as the test says.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "core/store/durable_store.hpp"

namespace hawser::store {

inline void PrintTo(store_error code, std::ostream* out) { *out << name_of(code); }

namespace testing {

class temporary_folder {
 public:
  temporary_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hawser-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The store's executor. Filled by the store's thread, run by the test's. While held, the store's thread waits
// in its next call, so a test can decide what comes into one transaction.
class task_queue {
 public:
  durable_store::executor executor() {
    return [this](std::function<void()> task) {
      std::unique_lock lock(mutex_);
      tasks_.push_back(std::move(task));
      changed_.notify_all();
      ++inside_;
      changed_.wait(lock, [this] { return !held_; });
      --inside_;
      changed_.notify_all();
    };
  }
  // Runs tasks until `done` says so.
  void run_until(const std::function<bool()>& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !tasks_.empty(); });
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }
  void hold() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return inside_ == 0; });
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  // Until the store's thread stands in the executor.
  void wait_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return inside_ != 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool held_ = false;
  int inside_ = 0;
};

class probe {
 public:
  explicit probe(const store_settings& settings, bool held = false) {
    if (held) queue_.hold();
    store_handlers handlers;
    handlers.on_open = [this](open_report&& report) {
      EXPECT_FALSE(opened) << "on_open came twice";
      opened = std::move(report);
    };
    handlers.on_commit = [this](commit_report&& report) {
      EXPECT_TRUE(opened && !closed) << "on_commit comes between on_open and on_close";
      for (const auto& outcome : report.outcomes) {
        EXPECT_TRUE(outcomes.emplace(outcome.key, outcome.error).second) << outcome.key << " came twice";
      }
      commits.push_back(std::move(report));
    };
    handlers.on_close = [this](store_failure&& failure) {
      EXPECT_FALSE(closed) << "on_close came twice";
      closed = std::move(failure);
    };
    store = durable_store::open(settings, queue_.executor(), std::move(handlers), refused);
  }
  ~probe() { queue_.release(); }

  open_report& wait_open() {
    queue_.run_until([this] { return opened.has_value(); });
    return *opened;
  }
  store_error wait(message_key key) {
    queue_.run_until([&] { return outcomes.count(key) != 0; });
    return outcomes.at(key);
  }
  store_failure close() {
    store->close();
    queue_.run_until([this] { return closed.has_value(); });
    return *closed;
  }
  // Puts one message and waits for its outcome.
  store_error put(const std::string& id, const std::string& payload = "payload") {
    const put_ticket ticket = store->put({id, payload});
    return ticket.error == store_error::none ? wait(ticket.key) : ticket.error;
  }
  task_queue& queue() { return queue_; }

 private:
  task_queue queue_;  // before `store`, which refers to it

 public:
  std::optional<open_report> opened;
  std::map<message_key, store_error> outcomes;
  std::vector<commit_report> commits;
  std::optional<store_failure> closed;
  store_failure refused;
  std::unique_ptr<durable_store> store;
};

inline store_settings at(const std::string& path) {
  store_settings settings;
  settings.path = path;
  return settings;
}

// What a fresh opening finds, after which the file is closed again.
inline std::vector<stored_message> contents(const store_settings& settings) {
  probe reader(settings);
  EXPECT_FALSE(reader.refused) << reader.refused.detail;
  auto messages = std::move(reader.wait_open().messages);
  EXPECT_FALSE(reader.opened->failure) << reader.opened->failure.detail;
  EXPECT_FALSE(reader.close());
  return messages;
}

inline std::vector<std::string> ids(const std::vector<stored_message>& messages) {
  std::vector<std::string> result;
  for (const auto& message : messages) result.push_back(message.id);
  return result;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  EXPECT_TRUE(file) << path;
}

// A connection of the test's own.
inline std::unique_ptr<sqlite3, int (*)(sqlite3*)> raw(const std::string& path) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  return {db, &sqlite3_close};
}

inline void run_sql(sqlite3* db, const std::string& sql) {
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
}

// Starts a child that runs `work` and then ends without any cleanup. To be called while no store is open.
inline pid_t start_child(const std::function<void()>& work) {
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  work();
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(::testing::Test::HasFailure() ? 1 : 0);
}

inline int wait_child(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

// Runs `work` in a child, whose expectations count.
inline void in_child(const std::function<void()>& work) {
  const pid_t child = start_child(work);
  ASSERT_GT(child, 0);
  EXPECT_EQ(wait_child(child), 0) << "the child's expectations failed, see above";
}

}  // namespace testing
}  // namespace hawser::store
