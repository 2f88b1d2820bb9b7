// The connection race of RFC 8305 step by step on a virtual clock.
#include "core/net/happy_eyeballs.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace hawser::net::happy_eyeballs_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::address;
using boost::asio::ip::make_address;
using action = happy_eyeballs::action::type;
using event = happy_eyeballs::event::type;

std::vector<address> addresses(std::initializer_list<const char*> texts) {
  std::vector<address> list;
  for (const char* text : texts) list.push_back(make_address(text));
  return list;
}

const error_info refused{errc::connection_refused, ECONNREFUSED, "Connection refused"};
const error_info unreachable{errc::host_unreachable, ENETUNREACH, "Network is unreachable"};

// A race whose clock the test moves.
struct race {
  explicit race(std::size_t candidates, std::chrono::milliseconds delay = 250ms)
      : eyeballs(candidates, delay) {}

  happy_eyeballs::action on(happy_eyeballs::event e) { return eyeballs.on(e, now); }
  happy_eyeballs::action start() { return on({event::start}); }
  happy_eyeballs::action timer() { return on({event::timer}); }
  happy_eyeballs::action failed(std::size_t candidate, error_info error = refused) {
    return on({event::attempt_failed, candidate, std::move(error)});
  }
  happy_eyeballs::action succeeded(std::size_t candidate) {
    return on({event::attempt_succeeded, candidate});
  }

  happy_eyeballs eyeballs;
  happy_eyeballs::time_point now{1h};
};

TEST(InterleaveFamilies, AlternatesBeginningWithTheFirstFamily) {
  EXPECT_EQ(interleave_families(addresses({"::1", "::2", "::3", "1.1.1.1", "1.1.1.2"})),
            addresses({"::1", "1.1.1.1", "::2", "1.1.1.2", "::3"}));
  EXPECT_EQ(interleave_families(addresses({"1.1.1.1", "::1", "::2"})), addresses({"1.1.1.1", "::1", "::2"}));
}

TEST(InterleaveFamilies, KeepsTheOrderOfOneFamilyAndDropsDuplicates) {
  EXPECT_EQ(interleave_families(addresses({"1.1.1.2", "1.1.1.1", "1.1.1.2"})),
            addresses({"1.1.1.2", "1.1.1.1"}));
  EXPECT_TRUE(interleave_families({}).empty());
}

TEST(HappyEyeballs, FirstSuccessWins) {
  race r(2);
  const auto first = r.start();
  EXPECT_EQ(first.what, action::connect);
  EXPECT_EQ(first.candidate, 0u);
  EXPECT_EQ(first.wake_at, r.now + 250ms);
  const auto won = r.succeeded(0);
  EXPECT_EQ(won.what, action::won);
  EXPECT_EQ(won.candidate, 0u);
}

TEST(HappyEyeballs, ASilentAttemptIsOvertakenAfterTheDelay) {
  race r(3);
  r.start();
  r.now += 250ms;
  const auto second = r.timer();
  EXPECT_EQ(second.what, action::connect);
  EXPECT_EQ(second.candidate, 1u);
  EXPECT_EQ(second.wake_at, r.now + 250ms);
  r.now += 250ms;
  const auto third = r.timer();
  EXPECT_EQ(third.candidate, 2u);
  EXPECT_FALSE(third.wake_at) << "nothing is left to begin";
  EXPECT_EQ(r.succeeded(1).candidate, 1u);
}

TEST(HappyEyeballs, AnEarlyTimerBeginsNothing) {
  race r(2);
  const auto due = *r.start().wake_at;
  r.now += 249ms;
  const auto early = r.timer();
  EXPECT_EQ(early.what, action::wait);
  EXPECT_EQ(early.wake_at, due);
}

TEST(HappyEyeballs, AFailureBeginsTheNextAtOnceAndRestartsTheDelay) {
  race r(3);
  r.start();
  r.now += 10ms;
  const auto next = r.failed(0);
  EXPECT_EQ(next.what, action::connect);
  EXPECT_EQ(next.candidate, 1u);
  EXPECT_EQ(next.wake_at, r.now + 250ms);
}

TEST(HappyEyeballs, TheFailureOfAnOlderAttemptLeavesTheNewestItsDelay) {
  race r(3);
  r.start();
  r.now += 250ms;
  const auto due = *r.timer().wake_at;
  r.now += 10ms;
  const auto after = r.failed(0);
  EXPECT_EQ(after.what, action::wait);
  EXPECT_EQ(after.wake_at, due);
  r.now += 10ms;
  EXPECT_EQ(r.failed(1).candidate, 2u);
}

TEST(HappyEyeballs, FailsWhenTheLastAttemptFailed) {
  race r(2);
  r.start();
  r.now += 250ms;
  r.timer();
  const auto waiting = r.failed(1);
  EXPECT_EQ(waiting.what, action::wait);
  EXPECT_FALSE(waiting.wake_at);
  EXPECT_EQ(r.failed(0).what, action::failed);
}

TEST(HappyEyeballs, ALateSuccessOfTheFirstStillWins) {
  race r(2);
  r.start();
  r.failed(1);  // not begun: ignored
  r.now += 250ms;
  r.timer();
  r.failed(1);
  EXPECT_EQ(r.succeeded(0).what, action::won);
}

TEST(HappyEyeballs, TheOutcomeIsFinal) {
  race won(2);
  won.start();
  won.succeeded(0);
  EXPECT_EQ(won.failed(0).what, action::won);
  EXPECT_EQ(won.timer().what, action::won);
  race lost(1);
  lost.start();
  lost.failed(0);
  EXPECT_EQ(lost.succeeded(0).what, action::failed);
}

TEST(HappyEyeballs, ARepeatedFailureCountsOnce) {
  race r(2);
  r.start();
  r.now += 250ms;
  r.timer();
  r.failed(0);
  EXPECT_EQ(r.failed(0).what, action::wait);
  EXPECT_EQ(r.failed(1).what, action::failed);
}

TEST(HappyEyeballs, NoCandidateFailsAtOnce) {
  race r(0);
  EXPECT_EQ(r.start().what, action::failed);
  const auto verdict = r.eyeballs.verdict("cannot connect to host:80", {});
  EXPECT_EQ(verdict.code, errc::connection_failed);
  EXPECT_EQ(verdict.detail, "cannot connect to host:80: no address to connect to");
}

TEST(HappyEyeballs, TheDelayIsClamped) {
  race fast(2, 0ms);
  EXPECT_EQ(fast.start().wake_at, fast.now + happy_eyeballs::min_delay);
  race slow(2, 1h);
  EXPECT_EQ(slow.start().wake_at, slow.now + happy_eyeballs::max_delay);
}

TEST(HappyEyeballs, CandidatesAreBounded) {
  race r(1000);
  auto last = r.start();
  std::size_t begun = 0;
  while (last.what == action::connect) last = r.failed(begun++);
  EXPECT_EQ(begun, happy_eyeballs::max_candidates);
  EXPECT_EQ(last.what, action::failed);
}

TEST(HappyEyeballsVerdict, PrefersTheMostTellingAndListsAll) {
  race r(3);
  r.start();
  r.failed(0, unreachable);
  r.failed(1, refused);
  r.failed(2, unreachable);
  const auto verdict =
      r.eyeballs.verdict("cannot connect to host:80", {"[::1]:80", "1.1.1.1:80", "[::2]:80"});
  EXPECT_EQ(verdict.code, errc::connection_refused);
  EXPECT_EQ(verdict.system, ECONNREFUSED);
  EXPECT_EQ(verdict.detail,
            "cannot connect to host:80: [::1]:80: Network is unreachable; 1.1.1.1:80: Connection refused; "
            "[::2]:80: Network is unreachable");
}

TEST(HappyEyeballsVerdict, TheEarliestAmongEqualsGivesTheErrno) {
  race r(2);
  r.start();
  r.failed(0, {errc::host_unreachable, EHOSTUNREACH, "a"});
  r.failed(1, {errc::host_unreachable, ENETUNREACH, "b"});
  EXPECT_EQ(r.eyeballs.verdict("t", {"x", "y"}).system, EHOSTUNREACH);
}

TEST(HappyEyeballsVerdict, ALiteralTargetIsNotNamedTwice) {
  race r(1);
  r.start();
  r.failed(0);
  EXPECT_EQ(r.eyeballs.verdict("cannot connect to 1.1.1.1:80", {"1.1.1.1:80"}).detail,
            "cannot connect to 1.1.1.1:80: Connection refused");
}

TEST(HappyEyeballsVerdict, TheSummaryNamesSilentAttempts) {
  race r(3);
  r.start();
  r.now += 250ms;
  r.timer();
  r.failed(1);
  EXPECT_EQ(r.eyeballs.summary({"a", "b", "c"}), "a: no answer; b: Connection refused; c: no answer");
}

TEST(TellingRank, APeerThatAnsweredSaysMoreThanANetworkThatDidNot) {
  EXPECT_GT(telling_rank(errc::connection_refused), telling_rank(errc::connection_reset));
  EXPECT_GT(telling_rank(errc::connection_reset), telling_rank(errc::access_denied));
  EXPECT_GT(telling_rank(errc::access_denied), telling_rank(errc::connection_failed));
  EXPECT_GT(telling_rank(errc::connection_failed), telling_rank(errc::connect_timeout));
  EXPECT_GT(telling_rank(errc::connect_timeout), telling_rank(errc::address_not_available));
  EXPECT_GT(telling_rank(errc::address_not_available), telling_rank(errc::host_unreachable));
}

}  // namespace
}  // namespace hawser::net::happy_eyeballs_test
