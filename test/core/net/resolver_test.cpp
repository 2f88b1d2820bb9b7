// Lookups off the reactor: their bounds, sharing, cancellation, and what outlives what.
#include "core/net/resolver.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <optional>

#include "core/net/dial_peers.hpp"

namespace hawser::net::resolver_test {
namespace {

using boost::asio::io_context;
using boost::asio::ip::make_address;
using testing::fixed_pool;
using testing::gated_pool;
using testing::lookup_gate;
using testing::run_until;

resolve_result resolve(io_context& io, std::shared_ptr<lookup_pool> pool, const std::string& host,
                       int family = 0) {
  std::optional<resolve_result> result;
  resolver::of(io).resolve(std::move(pool), host, family, [&](resolve_result r) { result = std::move(r); });
  EXPECT_FALSE(result) << "called inline";
  run_until(io, [&] { return result.has_value(); });
  return *result;
}

TEST(SystemLookup, ResolvesLocalhostToLoopback) {
  const auto result = system_lookup("localhost", 4);
  ASSERT_FALSE(result.error) << result.error.detail;
  ASSERT_FALSE(result.addresses.empty());
  for (const auto& address : result.addresses) EXPECT_TRUE(address.is_loopback() && address.is_v4());
}

TEST(SystemLookup, TakesLiteralsOfTheFamily) {
  EXPECT_EQ(system_lookup("127.0.0.9", 0).addresses.at(0), make_address("127.0.0.9"));
  EXPECT_EQ(system_lookup("::9", 6).addresses.at(0), make_address("::9"));
  EXPECT_EQ(system_lookup("::9", 4).error.code, errc::dns_failed);
}

TEST(SystemLookup, AnUnknownNameIsADnsError) {
  const auto result = system_lookup("no-such-host.invalid", 0);
  EXPECT_EQ(result.error.code, errc::dns_failed);
  EXPECT_NE(result.error.system, 0);
  EXPECT_EQ(result.error.detail.find("no-such-host.invalid: "), 0u);
  EXPECT_TRUE(result.addresses.empty());
}

TEST(SystemLookup, RefusesNamesThatCannotBe) {
  EXPECT_EQ(system_lookup("", 0).error.code, errc::dns_failed);
  EXPECT_EQ(system_lookup(std::string("localhost\0.evil", 15), 0).error.code, errc::dns_failed);
  EXPECT_EQ(system_lookup(std::string(5000, 'a'), 0).error.code, errc::dns_failed);
}

TEST(Resolver, DeliversOnTheIoContext) {
  io_context io;
  const auto result = resolve(io, fixed_pool({"127.0.0.1", "::1"}), "name");
  EXPECT_FALSE(result.error);
  EXPECT_EQ(result.addresses.size(), 2u);
}

TEST(Resolver, TheProcessWidePoolUsesGetaddrinfo) {
  io_context io;
  EXPECT_FALSE(resolve(io, lookup_pool::process(), "localhost").error);
  EXPECT_EQ(resolve(io, lookup_pool::process(), "no-such-host.invalid").error.code, errc::dns_failed);
  EXPECT_EQ(lookup_pool::process(), lookup_pool::process());
}

TEST(Resolver, HandsTheNameAndFamilyToTheLookup) {
  io_context io;
  const auto echo = lookup_pool::create([](const std::string& host, int family) {
    return resolve_result{{errc::dns_failed, family, host}, {}};
  });
  const auto result = resolve(io, echo, "a-name", 6);
  EXPECT_EQ(result.error.detail, "a-name");
  EXPECT_EQ(result.error.system, 6);
}

TEST(Resolver, LookupThreadsHaveANameAndTakeNoSignals) {
  io_context io;
  struct seen {
    std::string name;
    bool all_blocked = true;
  };
  const auto thread = std::make_shared<seen>();
  const auto pool = lookup_pool::create([thread](const std::string&, int) {
    char name[32] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    thread->name = name;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGALRM, SIGPROF, SIGPIPE}) {
      thread->all_blocked = thread->all_blocked && sigismember(&mask, number) == 1;
    }
    return resolve_result{{}, {make_address("::1")}};
  });
  resolve(io, pool, "name");
  EXPECT_EQ(thread->name, "hawser-dns");
  EXPECT_TRUE(thread->all_blocked);
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  EXPECT_EQ(sigismember(&ours, SIGTERM), 0) << "the caller's mask is restored";
}

TEST(Resolver, RunsAtMostItsThreadsAtOnce) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate, 2);
  int done = 0;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    resolver::of(io).resolve(pool, name, 0, [&](const resolve_result&) { ++done; });
  }
  gate->wait_entered(2);
  gate->open();
  run_until(io, [&] { return done == 5; });
  EXPECT_EQ(gate->entered(), 5);
  EXPECT_LE(gate->most_inside(), 2);
}

TEST(Resolver, RequestsForOneNameShareALookup) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate, 2);
  int done = 0;
  const auto count = [&](const resolve_result& result) { done += static_cast<int>(result.addresses.size()); };
  resolver::of(io).resolve(pool, "name", 0, count);
  gate->wait_entered(1);
  for (int i = 0; i < 5000; ++i) resolver::of(io).resolve(pool, "name", 0, count);
  resolver::of(io).resolve(pool, "name", 4, count);  // another question
  gate->open();
  run_until(io, [&] { return done == 5002; });
  EXPECT_EQ(gate->entered(), 2);
}

TEST(Resolver, TheNextRequestAfterAnAnswerLooksUpAnew) {
  io_context io;
  const auto calls = std::make_shared<std::atomic<int>>(0);
  const auto pool = lookup_pool::create([calls](const std::string&, int) {
    ++*calls;
    return resolve_result{{}, {make_address("::1")}};
  });
  resolve(io, pool, "name");
  resolve(io, pool, "name");
  EXPECT_EQ(*calls, 2);
}

TEST(Resolver, AFullQueueIsAClearDnsErrorAndNotInline) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate, 1, 2);
  int done = 0;
  const auto count = [&](const resolve_result&) { ++done; };
  resolver::of(io).resolve(pool, "running", 0, count);
  gate->wait_entered(1);
  resolver::of(io).resolve(pool, "first", 0, count);
  resolver::of(io).resolve(pool, "second", 0, count);
  const auto refused = resolve(io, pool, "third");
  EXPECT_EQ(refused.error.code, errc::dns_failed);
  EXPECT_EQ(refused.error.detail,
            "third: too many names are being resolved (1 running, 2 waiting); the name servers may not be "
            "answering");
  EXPECT_EQ(done, 0);
  gate->open();
  run_until(io, [&] { return done == 3; });
}

TEST(Resolver, ACancelledRequestGivesItsPlaceInTheQueueBack) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate, 1, 1);
  int done = 0;
  const auto count = [&](const resolve_result& result) { done += result.error ? 100 : 1; };
  resolver::of(io).resolve(pool, "running", 0, count);
  gate->wait_entered(1);
  const auto queued = resolver::of(io).resolve(pool, "queued", 0, count);
  resolver::of(io).cancel(queued);
  resolver::of(io).resolve(pool, "other", 0, count);
  gate->open();
  run_until(io, [&] { return done >= 2; });
  EXPECT_EQ(done, 2);
  EXPECT_EQ(gate->entered(), 2) << "the cancelled name was not looked up";
}

TEST(Resolver, CancelOfOneLeavesTheOthersOfTheSameName) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate);
  bool first = false;
  bool second = false;
  const auto id = resolver::of(io).resolve(pool, "name", 0, [&](const resolve_result&) { first = true; });
  resolver::of(io).resolve(pool, "name", 0, [&](const resolve_result&) { second = true; });
  resolver::of(io).cancel(id);
  gate->open();
  run_until(io, [&] { return second; });
  EXPECT_FALSE(first);
}

TEST(Resolver, ARequestJoinsARunningLookupThatWasGivenUp) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate);
  const auto id = resolver::of(io).resolve(pool, "name", 0, [](const resolve_result&) { FAIL(); });
  gate->wait_entered(1);
  resolver::of(io).cancel(id);
  bool done = false;
  resolver::of(io).resolve(pool, "name", 0, [&](const resolve_result&) { done = true; });
  gate->open();
  run_until(io, [&] { return done; });
  EXPECT_EQ(gate->entered(), 1);
}

TEST(Resolver, PendingRequestsKeepRunGoingAndCancelledOnesDoNot) {
  io_context io;
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate);
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = token;
  const auto id =
      resolver::of(io).resolve(pool, "name", 0, [token = std::move(token)](const resolve_result&) {});
  gate->wait_entered(1);
  EXPECT_EQ(io.poll(), 0u);
  EXPECT_FALSE(io.stopped()) << "a resolve is wanted";
  resolver::of(io).cancel(id);
  EXPECT_TRUE(watched.expired()) << "cancel destroys the handler";
  io.run();  // returns though the lookup still hangs
  EXPECT_TRUE(io.stopped());
  gate->open();
}

TEST(Resolver, UnknownIdsAreIgnored) {
  io_context io;
  resolver::of(io).cancel(0);
  resolver::of(io).cancel(12345);
}

TEST(Resolver, AHandlerMayStartAnotherRequest) {
  io_context io;
  const auto pool = fixed_pool({"127.0.0.1"});
  bool done = false;
  resolver::of(io).resolve(pool, "a", 0, [&](const resolve_result&) {
    resolver::of(io).resolve(pool, "b", 0, [&](const resolve_result&) { done = true; });
  });
  run_until(io, [&] { return done; });
}

TEST(ResolverLifetime, ALateResultForADestroyedIoContextIsDropped) {
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate);
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = token;
  auto io = std::make_unique<io_context>();
  resolver::of(*io).resolve(pool, "name", 0, [token = std::move(token)](const resolve_result&) { FAIL(); });
  gate->wait_entered(1);
  io.reset();
  EXPECT_TRUE(watched.expired()) << "the handler is destroyed with the io_context, without a call";
  gate->open();
  // The pool has one thread: when it answers this, it has finished with the destroyed context.
  io_context other;
  EXPECT_FALSE(resolve(other, pool, "other").error);
}

TEST(ResolverLifetime, ContextsMayEndWhileResultsArrive) {
  const auto pool = lookup_pool::create(
      [](const std::string&, int) {
        return resolve_result{{}, {make_address("127.0.0.1")}};
      },
      4, 64);
  for (int round = 0; round < 300; ++round) {
    io_context io;
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
      resolver::of(io).resolve(pool, name, 0, [](const resolve_result&) {});
    }
    if (round % 3 != 0) io.poll();
    if (round % 3 == 2) io.run_one();
  }
  io_context last;
  EXPECT_FALSE(resolve(last, pool, "last").error);
}

TEST(ResolverLifetime, AHandlerThatOwnsAnotherRequestIsDestroyedWithTheContext) {
  const auto gate = std::make_shared<lookup_gate>();
  const auto pool = gated_pool(gate);
  struct cancels_on_destruction {
    io_context& io;
    std::uint64_t request;
    ~cancels_on_destruction() { resolver::of(io).cancel(request); }
  };
  {
    io_context io;
    const auto other = resolver::of(io).resolve(pool, "a", 0, [](const resolve_result&) {});
    std::shared_ptr<cancels_on_destruction> owner(new cancels_on_destruction{io, other});
    resolver::of(io).resolve(pool, "b", 0, [owner = std::move(owner)](const resolve_result&) {});
    gate->wait_entered(1);
  }
  gate->open();
  io_context io;
  EXPECT_FALSE(resolve(io, pool, "c").error);
}

// Static destructors and atexit handlers run beside the lookup, which neither hangs nor disturbs them.
TEST(ResolverDeathTest, TheProcessMayExitDuringALookup) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const auto gate = std::make_shared<lookup_gate>();
        auto* const io = new io_context;
        resolver::of(*io).resolve(gated_pool(gate), "name", 0, [](const resolve_result&) {});
        gate->wait_entered(1);
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace hawser::net::resolver_test
