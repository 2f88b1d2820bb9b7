// What a store keeps, in which order, and who is told what on which thread.
#include "core/store/durable_store.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <thread>

#include "core/store/store_probe.hpp"

namespace hawser::store::durable_store_test {
namespace {

using testing::at;
using testing::contents;
using testing::ids;
using testing::probe;
using testing::temporary_folder;
using strings = std::vector<std::string>;

TEST(DurableStore, KeepsMessagesWithAllTheirFields) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  std::string binary(1000, '\0');
  for (std::size_t i = 0; i < binary.size(); ++i) binary[i] = static_cast<char>(i * 37);
  {
    probe writer(settings);
    EXPECT_TRUE(writer.wait_open().messages.empty());
    const put_ticket a = writer.store->put({"a", binary, 1'763'000'000'123, 0xfedcba98, 255});
    const put_ticket b = writer.store->put({"", "", INT64_MIN, 0, 0});
    const put_ticket c =
        writer.store->put({std::string_view("n\0ul", 4), std::string(300'000, 'x'), INT64_MAX, 1, 2});
    EXPECT_TRUE(a.key >= first_new_key && a.key < b.key && b.key < c.key);
    EXPECT_EQ(writer.wait(a.key), store_error::none);
    EXPECT_EQ(writer.wait(b.key), store_error::none);
    EXPECT_EQ(writer.wait(c.key), store_error::none);
    EXPECT_FALSE(writer.close());
  }
  const auto found = contents(settings);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].id, "a");
  EXPECT_EQ(found[0].payload, binary);
  EXPECT_EQ(found[0].expires_at, 1'763'000'000'123);
  EXPECT_EQ(found[0].flags, 0xfedcba98u);
  EXPECT_EQ(found[0].priority, 255);
  EXPECT_EQ(found[1].id + found[1].payload, "");
  EXPECT_EQ(found[1].expires_at, INT64_MIN);
  EXPECT_EQ(found[2].id, std::string("n\0ul", 4));
  EXPECT_EQ(found[2].payload, std::string(300'000, 'x'));
  EXPECT_EQ(found[2].expires_at, INT64_MAX);
  EXPECT_TRUE(found[0].key < found[1].key && found[1].key < found[2].key && found[2].key < first_new_key);
}

TEST(DurableStore, KeepsTheOrderOverRestarts) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  strings expected;
  for (int round = 0; round < 5; ++round) {
    probe writer(settings);
    EXPECT_EQ(ids(writer.wait_open().messages), expected);
    for (int i = 0; i < 200; ++i) {
      expected.push_back(std::to_string(round) + "-" + std::to_string(i));
      ASSERT_EQ(writer.store->put({expected.back(), "p"}).error, store_error::none);
    }
    // The first of all goes at each round, the last of this round too.
    const put_ticket last = writer.store->put({"gone", "p"});
    EXPECT_EQ(writer.wait(last.key), store_error::none);
    EXPECT_EQ(writer.store->remove(last.key), store_error::none);
    if (!writer.opened->messages.empty()) {
      EXPECT_EQ(writer.store->remove(writer.opened->messages.front().key), store_error::none);
      expected.erase(expected.begin());
    }
    EXPECT_FALSE(writer.close());
  }
  EXPECT_EQ(ids(contents(settings)), expected);
}

TEST(DurableStore, RemovesAnySelection) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  strings expected;
  {
    probe writer(settings);
    std::vector<message_key> keys;
    for (int i = 0; i < 1000; ++i) keys.push_back(writer.store->put({std::to_string(i), "p"}).key);
    EXPECT_EQ(writer.wait(keys.back()), store_error::none);
    for (std::size_t n = 0; n < keys.size(); ++n) {
      const std::size_t i = n * 617 % keys.size();
      const bool stays = i % 7 == 0 || i % 5 == 1;
      if (!stays) {
        EXPECT_EQ(writer.store->remove(keys[i]), store_error::none);
      }
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i % 7 == 0 || i % 5 == 1) expected.push_back(std::to_string(i));
    }
  }
  EXPECT_EQ(ids(contents(settings)), expected);
}

TEST(DurableStore, RemovesKnowTheirOwnOnly) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  {
    probe writer(settings);
    EXPECT_EQ(writer.put("loaded"), store_error::none);
  }
  {
    probe writer(settings);
    const message_key loaded = writer.wait_open().messages.at(0).key;
    // As numbers in the file these would be the messages put next.
    for (message_key key = loaded + 1; key < loaded + 5; ++key) writer.store->remove(key);
    writer.store->remove(0);
    writer.store->remove(first_new_key);
    writer.store->remove(first_new_key + 1000);
    writer.store->remove(UINT64_MAX);
    EXPECT_EQ(writer.put("next"), store_error::none);
    for (message_key key = loaded + 1; key < loaded + 5; ++key) writer.store->remove(key);
  }
  EXPECT_EQ(ids(contents(settings)), (strings{"loaded", "next"}));
}

TEST(DurableStore, RemovalsAloneAreWrittenToo) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.removal_delay = 0;
  probe writer(settings);
  const put_ticket ticket = writer.store->put({"a", "p"});
  EXPECT_EQ(writer.wait(ticket.key), store_error::none);
  EXPECT_EQ(writer.store->remove(ticket.key), store_error::none);
  // Seen by another connection while the store is open: no put came and nobody closed it.
  const auto db = testing::raw(settings.path);
  sqlite_statement count;
  ASSERT_EQ(count.prepare(db.get(), "SELECT count(*) FROM message"), SQLITE_OK);
  for (std::int64_t rows = 1; rows != 0;) {
    ASSERT_EQ(count.step(), SQLITE_ROW);
    rows = count.integer(0);
    count.reset();
    std::this_thread::yield();
  }
}

TEST(DurableStore, ClearRemovesWhatWasBeforeIt) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  {
    probe writer(settings);
    EXPECT_EQ(writer.put("stored"), store_error::none);
    const put_ticket before = writer.store->put({"before", "p"});
    const put_ticket clear = writer.store->clear();
    const put_ticket after = writer.store->put({"after", "p"});
    EXPECT_EQ(writer.wait(before.key), store_error::none);
    EXPECT_EQ(writer.wait(clear.key), store_error::none);
    EXPECT_EQ(writer.wait(after.key), store_error::none);
  }
  EXPECT_EQ(ids(contents(settings)), (strings{"after"}));
  {
    probe writer(settings);
    EXPECT_EQ(writer.wait(writer.store->clear().key), store_error::none);
  }
  EXPECT_TRUE(contents(settings).empty());
}

TEST(DurableStore, WhatComesDuringATransactionMakesTheNext) {
  const temporary_folder folder;
  probe writer(at(folder / "queue.db"), true);
  writer.queue().wait_held();
  message_key last = 0;
  message_key dropped = 0;
  for (int i = 0; i < 1000; ++i) {
    last = writer.store->put({std::to_string(i), "p"}).key;
    if (i == 500) dropped = last;
  }
  writer.store->remove(dropped);
  writer.queue().release();
  EXPECT_EQ(writer.wait(last), store_error::none);
  ASSERT_EQ(writer.commits.size(), 1u);
  EXPECT_EQ(writer.commits[0].outcomes.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(writer.commits[0].outcomes.begin(), writer.commits[0].outcomes.end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; }));
  EXPECT_FALSE(writer.close());
  EXPECT_EQ(contents(at(folder / "queue.db")).size(), 999u);
}

TEST(DurableStore, TheBacklogIsBounded) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.max_pending = 4;
  settings.max_pending_bytes = 2000;
  probe writer(settings, true);
  writer.queue().wait_held();
  const std::string large(5000, 'x');
  const put_ticket first = writer.store->put({"large", large});
  EXPECT_EQ(first.error, store_error::none) << "one always passes";
  EXPECT_EQ(writer.store->put({"a", "b"}).error, store_error::backlog_full) << "bytes";
  EXPECT_EQ(writer.store->put({"a", "b"}).key, 0u);
  writer.queue().release();
  EXPECT_EQ(writer.wait(first.key), store_error::none);
  writer.queue().hold();
  EXPECT_EQ(writer.store->put({"held", "p"}).error, store_error::none);
  writer.queue().wait_held();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(writer.store->put({"a", "b"}).error, store_error::none);
  const put_ticket clear = writer.store->clear();
  EXPECT_EQ(clear.error, store_error::none);
  EXPECT_EQ(writer.store->put({"a", "b"}).error, store_error::backlog_full) << "count";
  EXPECT_EQ(writer.store->clear().error, store_error::backlog_full);
  EXPECT_EQ(writer.store->remove(first.key), store_error::none) << "removals always fit";
  writer.queue().release();
  EXPECT_EQ(writer.wait(clear.key), store_error::none);
  EXPECT_EQ(writer.put("again"), store_error::none);
}

TEST(DurableStore, RefusesWhatCouldNeverFit) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.max_bytes = 65536;
  probe writer(settings);
  EXPECT_EQ(writer.put("a", std::string(65536, 'x')), store_error::too_large);
  EXPECT_EQ(writer.put(std::string(70000, 'x'), ""), store_error::too_large);
  EXPECT_EQ(writer.put("b"), store_error::none);
}

TEST(DurableStore, ABoundMayBeAsLargeAsItLikes) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.max_bytes = SIZE_MAX;
  probe writer(settings);
  EXPECT_EQ(writer.put("a", std::string(1 << 20, 'x')), store_error::none);
}

TEST(DurableStore, TheThreadHasANameAndTakesNoSignals) {
  const temporary_folder folder;
  struct seen {
    std::string name;
    bool all_blocked = true;
  };
  seen thread;
  store_failure error;
  std::promise<void> ran;
  std::atomic<bool> first{true};
  auto store = durable_store::open(
      at(folder / "queue.db"),
      [&](const std::function<void()>&) {
        if (!first.exchange(false)) return;
        char name[32] = {};
        pthread_getname_np(pthread_self(), name, sizeof name);
        thread.name = name;
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGALRM, SIGPROF, SIGXFSZ}) {
          thread.all_blocked = thread.all_blocked && sigismember(&mask, number) == 1;
        }
        ran.set_value();
      },
      {}, error);
  ASSERT_TRUE(store);
  ran.get_future().wait();
  store.reset();
  EXPECT_EQ(thread.name, "hawser-store");
  EXPECT_TRUE(thread.all_blocked);
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  EXPECT_EQ(sigismember(&ours, SIGTERM), 0) << "the caller's mask is restored";
}

TEST(DurableStore, DestructionWritesWhatWasAccepted) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  {
    probe writer(settings);
    for (int i = 0; i < 500; ++i) writer.store->put({std::to_string(i), "p"});
    writer.store.reset();
  }
  EXPECT_EQ(contents(settings).size(), 500u);
}

TEST(DurableStore, CanBeDestroyedAtEveryStage) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  { const probe unopened(settings); }
  {
    probe closing(settings);
    closing.store->put({"a", "p"});
    closing.store->close();
  }
  {
    probe closed(settings);
    EXPECT_FALSE(closed.close());
    EXPECT_EQ(closed.put("b"), store_error::closed);
    EXPECT_EQ(closed.store->clear().error, store_error::closed);
    EXPECT_EQ(closed.store->remove(1), store_error::closed);
    closed.store->close();
  }
  EXPECT_EQ(ids(contents(settings)), (strings{"a"}));
}

TEST(DurableStore, AHandlerMayDestroyTheStore) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  testing::task_queue queue;
  std::unique_ptr<durable_store> store;
  int calls = 0;
  bool destroyed = false;
  store_handlers handlers;
  handlers.on_commit = [&](commit_report&&) {
    EXPECT_FALSE(destroyed);
    ++calls;
    store.reset();
    destroyed = true;
  };
  handlers.on_close = [&](store_failure&&) { ADD_FAILURE() << "called after the destructor"; };
  store_failure error;
  store = durable_store::open(settings, queue.executor(), std::move(handlers), error);
  ASSERT_TRUE(store);
  store->put({"a", "p"});
  queue.run_until([&] { return destroyed; });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(ids(contents(settings)), (strings{"a"}));
}

TEST(DurableStore, TakesCallsFromManyThreads) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  std::atomic<int> kept{0};
  std::atomic<int> accepted{0};
  {
    probe writer(settings);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i) {
          const put_ticket ticket = writer.store->put({std::to_string(t) + "-" + std::to_string(i), "p"});
          if (ticket.error != store_error::none) continue;
          ++accepted;
          if (i % 3 == 0) {
            writer.store->remove(ticket.key);
          } else {
            ++kept;
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_FALSE(writer.close());
    EXPECT_EQ(writer.outcomes.size(), static_cast<std::size_t>(accepted.load()));
    for (const auto& [key, error] : writer.outcomes) EXPECT_EQ(error, store_error::none) << key;
  }
  EXPECT_EQ(contents(settings).size(), static_cast<std::size_t>(kept.load()));
}

}  // namespace
}  // namespace hawser::store::durable_store_test
