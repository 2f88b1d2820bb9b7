// Disks that are full, slow, gone or broken under an open store.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "core/store/store_probe.hpp"

namespace {
std::atomic<int> syncs{0};
std::atomic<bool> syncs_fail{false};
}  // namespace

// The system's own, counted, and failing on demand: SQLite calls these.
extern "C" int fdatasync(int file) {
  ++syncs;
  if (syncs_fail) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

extern "C" int fsync(int file) {
  ++syncs;
  if (syncs_fail) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace hawser::store::durable_store_failure_test {
namespace {

using testing::at;
using testing::contents;
using testing::ids;
using testing::in_child;
using testing::probe;
using testing::raw;
using testing::run_sql;
using testing::temporary_folder;
using strings = std::vector<std::string>;

// Puts until one does not fit; the ids of those that were confirmed.
strings fill(probe& store, const std::string& prefix, const std::string& payload) {
  strings confirmed;
  for (int i = 0;; ++i) {
    const std::string id = prefix + std::to_string(i);
    const store_error error = store.put(id, payload);
    if (error == store_error::none) {
      confirmed.push_back(id);
    } else {
      EXPECT_EQ(error, store_error::full);
      return confirmed;
    }
  }
}

TEST(StoreFailure, MaxBytesIsABoundAndRemovalsMakeRoom) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.max_bytes = 256 << 10;
  const std::string payload(1500, 'x');  // two to a page, with room for something small
  strings expected;
  {
    probe store(settings);
    expected = fill(store, "a", payload);
    EXPECT_GT(expected.size(), 80u);
    EXPECT_LT(expected.size(), 131u);
    EXPECT_EQ(store.put("small", "too"), store_error::none) << "what fits still fits";
    expected.push_back("small");
    EXPECT_FALSE(store.commits.at(expected.size() - 1).failure.detail.empty());
    for (message_key key = first_new_key; key < first_new_key + 20; ++key) store.store->remove(key);
    const auto more = fill(store, "b", payload);
    EXPECT_GE(more.size(), 15u);
    expected.erase(expected.begin(), expected.begin() + 20);
    expected.insert(expected.end(), more.begin(), more.end());
  }
  EXPECT_LE(std::filesystem::file_size(settings.path), settings.max_bytes);
  EXPECT_EQ(ids(contents(settings)), expected);
  // Opened with a smaller bound nothing is lost.
  settings.max_bytes = 64 << 10;
  EXPECT_EQ(ids(contents(settings)), expected);
}

TEST(StoreFailure, AGroupIsStoredUpToTheFirstThatDoesNotFit) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.max_bytes = 256 << 10;
  strings expected;
  {
    probe store(settings, true);
    store.queue().wait_held();
    std::vector<message_key> keys;
    for (int i = 0; i < 300; ++i) {
      keys.push_back(store.store->put({std::to_string(i), std::string(2000, 'x')}).key);
    }
    store.store->remove(keys[299]);
    store.queue().release();
    EXPECT_EQ(store.wait(keys.back()), store_error::none) << "removed before, so nothing to store";
    ASSERT_EQ(store.commits.size(), 1u);
    EXPECT_EQ(store.commits[0].failure.code, store_error::full);
    std::size_t stored = 0;
    while (store.outcomes.at(keys[stored]) == store_error::none) ++stored;
    EXPECT_GT(stored, 80u);
    for (std::size_t i = 0; i < stored; ++i) expected.push_back(std::to_string(i));
    for (std::size_t i = stored; i < 299; ++i) EXPECT_EQ(store.outcomes.at(keys[i]), store_error::full);
  }
  EXPECT_EQ(ids(contents(settings)), expected);
}

TEST(StoreFailure, RemovalsAndClearGoThroughBesideAPutThatDoesNotFit) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.max_bytes = 128 << 10;
  {
    probe store(settings);
    EXPECT_EQ(store.put("a"), store_error::none);
    EXPECT_EQ(store.put("b"), store_error::none);
    store.queue().hold();
    EXPECT_EQ(store.store->put({"c", "p"}).error, store_error::none);
    store.queue().wait_held();
    store.store->remove(first_new_key);
    const put_ticket large = store.store->put({"large", std::string(128 << 10, 'x').substr(10)});
    EXPECT_EQ(large.error, store_error::none);
    store.queue().release();
    EXPECT_EQ(store.wait(large.key), store_error::full);
  }
  EXPECT_EQ(ids(contents(settings)), (strings{"b", "c"}));
  {
    probe store(settings, true);
    store.queue().wait_held();
    const put_ticket clear = store.store->clear();
    const put_ticket large = store.store->put({"large", std::string(128 << 10, 'x').substr(10)});
    store.queue().release();
    EXPECT_EQ(store.wait(clear.key), store_error::none);
    EXPECT_EQ(store.wait(large.key), store_error::full);
  }
  EXPECT_TRUE(contents(settings).empty());
}

// RLIMIT_FSIZE stands for a full disk: writes fail with EFBIG where a disk would answer ENOSPC.
TEST(StoreFailure, AFullDiskIsSurvived) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  const std::string list = folder / "confirmed";
  in_child([&] {
    probe store(settings);
    EXPECT_EQ(store.put("first"), store_error::none);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit small{300'000, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    strings confirmed = fill(store, "a", std::string(1000, 'x'));
    EXPECT_EQ(store.commits.back().failure.system, EFBIG) << store.commits.back().failure.detail;
    EXPECT_EQ(store.put("refused", std::string(5000, 'y')), store_error::full);
    store.store->remove(first_new_key);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(store.put("last"), store_error::none) << "goes on when there is room again";
    confirmed.push_back("last");
    EXPECT_FALSE(store.close());
    EXPECT_EQ(ids(contents(settings)), confirmed);
  });
}

TEST(StoreFailure, AFullDiskAtTheOpening) {
  const temporary_folder folder;
  in_child([&] {
    const rlimit tiny{2000, RLIM_INFINITY};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tiny), 0);
    probe store(at(folder / "queue.db"));
    EXPECT_EQ(store.wait_open().failure.code, store_error::full) << store.opened->failure.detail;
  });
  EXPECT_TRUE(contents(at(folder / "queue.db")).empty()) << "what the attempt left is no obstacle";
}

TEST(StoreFailure, ABusyFileIsWaitedForAndThenAnError) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.busy_timeout = 30;
  settings.removal_delay = 0;
  {
    probe store(settings);
    EXPECT_EQ(store.put("a"), store_error::none);
    EXPECT_EQ(store.put("b"), store_error::none);
    const auto other = raw(settings.path);
    run_sql(other.get(), "BEGIN IMMEDIATE");
    EXPECT_EQ(store.store->remove(first_new_key), store_error::none);
    EXPECT_EQ(store.put("c"), store_error::busy);
    run_sql(other.get(), "ROLLBACK");
    EXPECT_EQ(store.put("d"), store_error::none) << "and the removal comes with it";
  }
  EXPECT_EQ(ids(contents(settings)), (strings{"b", "d"}));
}

TEST(StoreFailure, ARemovalThatCouldNotBeWrittenIsReportedAtTheEnd) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.busy_timeout = 10;
  settings.removal_delay = 1'000'000;
  {
    probe store(settings);
    EXPECT_EQ(store.put("a"), store_error::none);
    const auto other = raw(settings.path);
    run_sql(other.get(), "BEGIN IMMEDIATE");
    store.store->remove(first_new_key);
    const store_failure failure = store.close();
    EXPECT_EQ(failure.code, store_error::busy);
    EXPECT_NE(failure.detail.find("loaded again"), std::string::npos) << failure.detail;
    run_sql(other.get(), "ROLLBACK");
  }
  EXPECT_EQ(ids(contents(settings)), (strings{"a"}));
}

TEST(StoreFailure, AFileThatWasMovedAwayTakesNothingMore) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  {
    probe store(settings);
    EXPECT_EQ(store.put("a"), store_error::none);
    std::filesystem::rename(settings.path, folder / "elsewhere.db");
    EXPECT_EQ(store.put("b"), store_error::moved);
    EXPECT_EQ(store.put("c"), store_error::moved);
    EXPECT_EQ(store.store->remove(first_new_key), store_error::moved);
    EXPECT_EQ(store.close().code, store_error::moved);
  }
}

TEST(StoreFailure, WithFsyncEveryTransactionIsSynced) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  {
    probe store(settings);
    EXPECT_EQ(store.put("a"), store_error::none);
    const int before = syncs;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(store.put("b"), store_error::none);
    EXPECT_EQ(syncs, before) << "without it the kernel is enough";
  }
  settings.fsync = true;
  {
    probe store(settings);
    EXPECT_EQ(store.put("c"), store_error::none);
    for (int i = 0; i < 10; ++i) {
      const int before = syncs;
      EXPECT_EQ(store.put("d"), store_error::none);
      EXPECT_GT(syncs, before) << "before the completion";
    }
  }
  EXPECT_EQ(contents(settings).size(), 22u);
}

TEST(StoreFailure, AFailedSyncEndsTheStore) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.fsync = true;
  {
    probe store(settings);
    EXPECT_EQ(store.put("a"), store_error::none);
    syncs_fail = true;
    EXPECT_EQ(store.put("b"), store_error::io);
    EXPECT_EQ(store.commits.back().failure.system, EIO);
    syncs_fail = false;
    EXPECT_EQ(store.put("c"), store_error::io) << "a later sync would claim what the failed one lost";
    EXPECT_EQ(store.close().code, store_error::io);
  }
  probe again(settings);
  const auto found = ids(again.wait_open().messages);
  EXPECT_FALSE(again.opened->failure);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0], "a");
  for (const auto& id : found) EXPECT_NE(id, "c");
  EXPECT_EQ(again.put("d"), store_error::none);
}

// ---- lines and files side by side

TEST(StoreFailure, LinesOfOneFileDoNotDisturbEachOther) {
  const temporary_folder folder;
  std::vector<store_settings> all;
  for (int i = 0; i < 4; ++i) {
    auto settings = at(folder / (i < 3 ? "one.db" : "two.db"));
    settings.line = "line-" + std::to_string(i);
    settings.max_pending = 1'000'000;
    all.push_back(settings);
  }
  {
    std::vector<std::unique_ptr<probe>> stores;
    for (const auto& settings : all) stores.push_back(std::make_unique<probe>(settings));
    for (int n = 0; n < 1000; ++n) {
      for (std::size_t i = 0; i < stores.size(); ++i) {
        const std::string id = std::to_string(i) + ":" + std::to_string(n);
        ASSERT_EQ(stores[i]->store->put({id, "p"}).error, store_error::none);
      }
    }
    EXPECT_EQ(stores[1]->wait(stores[1]->store->clear().key), store_error::none);
    for (auto& store : stores) {
      EXPECT_FALSE(store->close());
      for (const auto& [key, error] : store->outcomes) EXPECT_EQ(error, store_error::none) << key;
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto found = contents(all[i]);
    ASSERT_EQ(found.size(), i == 1 ? 0u : 1000u);
    for (std::size_t n = 0; n < found.size(); ++n) {
      EXPECT_EQ(found[n].id, std::to_string(i) + ":" + std::to_string(n));
    }
  }
}

}  // namespace
}  // namespace hawser::store::durable_store_failure_test
