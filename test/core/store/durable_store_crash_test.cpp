// Processes that die: whatever was confirmed before is there afterwards, once, in its order, and what was
// removed before a later confirmation is not. A child writes and tells each step through a pipe; a kill comes
// at a random one.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "core/protocol/random.hpp"
#include "core/store/store_probe.hpp"

namespace hawser::store::durable_store_crash_test {
namespace {

using testing::at;
using testing::contents;
using testing::probe;
using testing::start_child;
using testing::temporary_folder;
using testing::wait_child;

// Written to the pipe in one piece, so a kill leaves none in half.
struct step {
  enum kind : std::uint64_t { put, confirmed, removing };
  kind what;
  std::uint64_t number;
};

void tell(int pipe, step::kind what, std::uint64_t number) {
  const step line{what, number};
  if (::write(pipe, &line, sizeof line) != sizeof line) ::_exit(3);
}

std::string payload_of(std::uint64_t number) {
  std::string text = "payload of " + std::to_string(number) + ": ";
  text.append(number * 7919 % 3000, static_cast<char>('a' + number % 26));
  return text;
}

// The child: puts in groups of any size and removes some of what it knows, until it is killed.
void write_forever(const store_settings& settings, int pipe, std::uint64_t first, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uint64_t next = first;
  std::map<message_key, std::uint64_t> waiting;
  std::vector<std::pair<message_key, std::uint64_t>> kept;
  testing::task_queue queue;
  store_handlers handlers;
  handlers.on_open = [&](open_report&& report) {
    if (report.failure) ::_exit(4);
    for (const auto& message : report.messages) kept.emplace_back(message.key, std::stoull(message.id));
  };
  handlers.on_commit = [&](commit_report&& report) {
    for (const auto& outcome : report.outcomes) {
      if (outcome.error != store_error::none) ::_exit(5);
      const auto put = waiting.find(outcome.key);
      tell(pipe, step::confirmed, put->second);
      kept.emplace_back(*put);
      waiting.erase(put);
    }
  };
  store_failure error;
  const auto store = durable_store::open(settings, queue.executor(), std::move(handlers), error);
  if (!store) ::_exit(6);
  for (;;) {
    for (std::uint64_t count = 1 + random() % 40; count != 0; --count) {
      const std::string id = std::to_string(next);
      tell(pipe, step::put, next);
      const put_ticket ticket = store->put({id, payload_of(next)});
      if (ticket.error != store_error::none) ::_exit(7);
      waiting.emplace(ticket.key, next++);
    }
    const std::size_t limit = random() % 30;
    queue.run_until([&] { return waiting.size() <= limit; });
    while (kept.size() > 300 || (!kept.empty() && random() % 3 == 0)) {
      const std::size_t at = random() % kept.size();
      tell(pipe, step::removing, kept[at].second);
      if (store->remove(kept[at].first) != store_error::none) ::_exit(8);
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
}

// What the parent knows of each message that the child told of.
struct knowledge {
  std::set<std::uint64_t> told;     // may be there
  std::set<std::uint64_t> present;  // must be there
  std::set<std::uint64_t> gone;     // must not be there
  std::uint64_t next = 1;

  void learn(const std::vector<step>& steps) {
    // A removal precedes every put told after it, so it is in the file when such a put is confirmed.
    std::map<std::uint64_t, std::size_t> put_at;
    std::vector<std::pair<std::size_t, std::uint64_t>> removals;
    std::size_t latest_confirmed_put = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& [what, number] = steps[i];
      if (what == step::put) {
        put_at[number] = i;
        told.insert(number);
        next = std::max(next, number + 1);
      } else if (what == step::confirmed) {
        present.insert(number);
        latest_confirmed_put = std::max(latest_confirmed_put, put_at.at(number));
      } else {
        present.erase(number);
        removals.emplace_back(i, number);
      }
    }
    for (const auto& [at, number] : removals) {
      if (at < latest_confirmed_put) gone.insert(number);
    }
  }

  void check(const std::vector<stored_message>& found) {
    std::set<std::uint64_t> here;
    std::uint64_t before = 0;
    for (const auto& message : found) {
      const std::uint64_t number = std::stoull(message.id);
      EXPECT_GT(number, before) << "twice, or out of order";
      before = number;
      EXPECT_EQ(message.payload, payload_of(number));
      EXPECT_TRUE(told.count(number)) << number << " was never put";
      EXPECT_FALSE(gone.count(number)) << number << " was removed";
      here.insert(number);
    }
    for (const std::uint64_t number : present) {
      EXPECT_TRUE(here.count(number)) << number << " was confirmed";
    }
    present = here;
    told = here;
  }
};

std::vector<step> read_steps(int pipe, std::size_t count) {
  std::vector<step> steps;
  step line{};
  while (steps.size() < count && ::read(pipe, &line, sizeof line) == static_cast<ssize_t>(sizeof line)) {
    steps.push_back(line);
  }
  return steps;
}

void crash_rounds(bool fsync, int rounds) {
  hawser::test::random_source random;
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.fsync = fsync;
  settings.removal_delay = 1;
  settings.max_bytes = 4 << 20;  // the log is moved into the database often
  knowledge known;
  std::size_t confirmed = 0;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const std::uint64_t seed = random.seed() + static_cast<std::uint64_t>(round);
    const pid_t child = start_child([&] {
      ::close(pipe[0]);
      write_forever(settings, pipe[1], known.next, seed);
    });
    ASSERT_GT(child, 0);
    ::close(pipe[1]);
    // At times before anything was told, so that openings are hit as well.
    std::vector<step> steps = read_steps(pipe[0], random.one_in(8) ? 0 : random.below(2500));
    // A little later, at no step in particular.
    std::atomic<std::size_t> spin{1 + random.below(300'000)};
    while (spin.fetch_sub(1) > 1) {
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    const auto rest = read_steps(pipe[0], SIZE_MAX);
    ::close(pipe[0]);
    const int status = wait_child(child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the child ended by itself: " << status;
    steps.insert(steps.end(), rest.begin(), rest.end());
    confirmed += static_cast<std::size_t>(
        std::count_if(steps.begin(), steps.end(), [](const step& s) { return s.what == step::confirmed; }));
    known.learn(steps);
    known.check(contents(settings));
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_GT(confirmed, static_cast<std::size_t>(rounds)) << "the test must have tested something";
}

TEST(StoreCrash, NothingConfirmedIsLostByAKill) { crash_rounds(false, 30); }

TEST(StoreCrash, NothingConfirmedIsLostByAKillWithFsync) { crash_rounds(true, 6); }

TEST(StoreCrash, ExitDuringATransactionIsSafe) {
  hawser::test::random_source random;
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  std::vector<std::string> expected;
  for (int round = 0; round < 5; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const std::size_t enough = 1 + random.below(2000);
    const pid_t child = start_child([&] {
      // Never destroyed: the thread is at work while the process ends.
      static probe* const store = new probe(settings);
      std::uint64_t next = static_cast<std::uint64_t>(round) * 1'000'000;
      std::vector<std::pair<message_key, std::uint64_t>> before;
      for (std::size_t told = 0; told < enough;) {
        std::vector<std::pair<message_key, std::uint64_t>> puts;
        for (int i = 0; i < 100; ++i, ++next) {
          puts.emplace_back(store->store->put({std::to_string(next), "p"}).key, next);
        }
        // Those before these, so that some are always on their way.
        for (const auto& [key, number] : before) {
          if (store->wait(key) != store_error::none) ::_exit(5);
          tell(pipe[1], step::confirmed, number);
          ++told;
        }
        before = std::move(puts);
      }
      std::exit(0);
    });
    ::close(pipe[1]);
    const auto steps = read_steps(pipe[0], SIZE_MAX);
    ::close(pipe[0]);
    EXPECT_TRUE(WIFEXITED(wait_child(child)));
    EXPECT_GE(steps.size(), enough);
    const auto found = testing::ids(contents(settings));
    const std::set<std::string> here(found.begin(), found.end());
    EXPECT_EQ(here.size(), found.size());
    for (const auto& line : steps) expected.push_back(std::to_string(line.number));
    for (const auto& id : expected) EXPECT_TRUE(here.count(id)) << id;
  }
}

}  // namespace
}  // namespace hawser::store::durable_store_crash_test
