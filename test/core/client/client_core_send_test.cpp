// What the core hands to a link: batches, shaped messages, and the last ones of a client that leaves.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/protocol/random.hpp"
#include "core_rig.hpp"

namespace hawser::client::test::client_core_send_test {
namespace {

core_settings batches_of(std::size_t max) {
  core_settings settings;
  settings.batch.max = max;
  settings.leave_timeout = 500;
  return settings;
}

std::string batch(std::string_view inside) {
  return R"({"type":"batch","payload":[)" + std::string(inside) + "]}";
}

TEST(ClientCoreBatch, GoesWhenFullOrInTime) {
  rig r(batches_of(3));
  r.open(1000);
  r.send("{1}", 1000);
  r.send("{2}", 1010);
  EXPECT_EQ(r.sent(), frames{});
  EXPECT_EQ(r.core.next_deadline(1010), 1100);
  r.core.timer(1100, 0);
  EXPECT_EQ(r.sent(), frames{batch("{1},{2}")});
  for (const char* text : {"{3}", "{4}", "{5}", "{6}"}) r.send(text, 1200);
  EXPECT_EQ(r.sent(), frames{batch("{3},{4},{5}")});
  r.core.timer(1300, 0);
  EXPECT_EQ(r.sent(), frames{"{6}"}) << "alone it needs no batch";
  EXPECT_EQ(r.read(gauge::batches), 2);
  EXPECT_EQ(r.read(gauge::messages_out), 6);
}

TEST(ClientCoreBatch, AFrameIsFlushedAsAllThatItHolds) {
  rig r(batches_of(2));
  r.open(1000);
  r.send("{1}", 1000);
  r.send("{2}", 1000);
  r.send("{3}", 1000);
  r.core.timer(1100, 0);
  EXPECT_EQ(r.core.messages(), 3u);
  r.core.link_flushed(1, 1, 1100);
  EXPECT_EQ(r.core.messages(), 1u);
  r.core.link_flushed(1, 1, 1100);
  EXPECT_EQ(r.core.messages(), 0u);
}

TEST(ClientCoreBatch, IsOfOnePriorityAndHighWaitsForNobody) {
  rig r(batches_of(10));
  r.open(1000);
  r.send("{1}", 1000, message_priority::low);
  r.send("{2}", 1000);
  r.send("{3}", 1000, message_priority::high);
  EXPECT_EQ(r.sent(), frames{"{3}"});
  r.send("{4}", 1001, message_priority::low);
  r.core.timer(1100, 0);
  EXPECT_EQ(r.sent(), (frames{"{2}", batch("{1},{4}")}));
}

TEST(ClientCoreBatch, WhatCannotBeJoinedGoesAloneInItsPlace) {
  rig r(batches_of(10));
  r.open(1000);
  r.send("{1}", 1000);
  r.send("{2}", 1000);
  r.send("binary", 1000);
  EXPECT_EQ(r.sent(), (frames{batch("{1},{2}"), "binary"}));
}

TEST(ClientCoreBatch, WaitsNoLongerThanItsMessagesMay) {
  rig r(batches_of(10));
  r.open(1000);
  r.send("{1}", 1000);
  r.send("{2}", 1000, message_priority::normal, 80);
  EXPECT_EQ(r.sent(), frames{batch("{1},{2}")});
}

TEST(ClientCoreBatch, IsNoLongerThanItsBound) {
  rig r(batches_of(10));
  r.open(1000);
  const std::string half = "{" + std::string(33 * 1024, ' ') + "}",
                    whole = "{" + std::string(70 * 1024, ' ') + "}";
  r.send(half, 1000);
  r.send(half, 1000);
  r.send(whole, 1000);
  EXPECT_EQ(r.sent(), (frames{half, half, whole}));
}

TEST(ClientCoreBatch, OnlyWhereTheServerKnowsThemUnlessForced) {
  rig foreign(batches_of(10));
  foreign.open(1000, "");
  foreign.send("{1}", 1000);
  foreign.send("{2}", 1000);
  EXPECT_EQ(foreign.sent(), (frames{"{1}", "{2}"}));
  core_settings settings = batches_of(10);
  settings.batch.always = true;
  rig forced(settings);
  forced.open(1000, "");
  forced.send("{1}", 1000);
  forced.send("{2}", 1000);
  forced.core.timer(1100, 0);
  EXPECT_EQ(forced.sent(), frames{batch("{1},{2}")});
}

TEST(ClientCoreBatch, DisconnectLetsOutWhatWaitsForCompany) {
  rig r(batches_of(10));
  r.open(1000);
  r.send("{1}", 1000);
  r.send("{2}", 1000);
  r.core.disconnect(1001, 1000, {});
  EXPECT_EQ(r.sent(), frames{batch("{1},{2}")});
  EXPECT_TRUE(r.host.closed);
}

// Whatever the order of sends, writes and losses: each message goes out, in the order of its priority, and
// again only when its link was lost before the kernel had it.
TEST(ClientCoreBatch, LosesAndDoublesNothing) {
  hawser::test::random_source random;
  SCOPED_TRACE(random.seed());
  for (int world = 0; world < 200; world++) {
    core_settings settings = batches_of(2 + random.below(5));
    settings.queue.max_count = 100'000;
    settings.machine.reconnect.min_delay = 0;
    settings.machine.reconnect.min_uptime = 0;
    rig r(settings);
    time_ms now = 1000;
    r.open(now);
    std::map<std::string, int> flushed;
    std::deque<std::string> on_link;
    std::array<std::vector<int>, priorities> order;
    int next = 0;
    const auto gather = [&] {
      for (std::string& frame : r.sent()) on_link.push_back(std::move(frame));
    };
    const auto flush = [&](std::size_t count) {
      count = std::min(count, on_link.size());
      for (std::size_t i = 0; i < count; i++) {
        std::string frame = on_link.front();
        on_link.pop_front();
        if (frame.starts_with(R"({"type")")) frame = frame.substr(27, frame.size() - 29);
        for (std::size_t at = 0; at < frame.size();) {
          const std::size_t end = std::min(frame.find(',', at), frame.size());
          const std::string one = frame.substr(at, end - at);
          flushed[one]++;
          order[static_cast<std::size_t>(one[1] - '0')].push_back(std::stoi(one.substr(2)));
          at = end + 1;
        }
      }
      r.core.link_flushed(r.core.link(), count, now);
    };
    for (int step = 0; step < 150; step++) {
      now += static_cast<time_ms>(random.below(40));
      switch (random.below(6)) {
        case 0:
        case 1:
        case 2: {
          const std::size_t p = random.below(3);
          // One in a few cannot be joined.
          const char first = random.one_in(5) ? '(' : '{';
          r.send(first + std::to_string(p) + std::to_string(next++) + "}", now,
                 static_cast<message_priority>(p));
          break;
        }
        case 3:
          gather();
          flush(random.below(4));
          break;
        case 4:
          r.host.space = random.below(3) * 20;
          r.core.link_has_room(r.core.link(), now);
          break;
        case 5:
          if (!random.one_in(4)) break;
          r.sent();
          on_link.clear();
          r.core.link_ended(r.core.link(), {.error = {errc::connection_reset, 0, {}}}, now);
          now += 1;
          r.core.timer(now, 0);
          r.core.link_opened(r.host.dialed, own_protocol, now);
          break;
      }
      r.core.timer(now, 0);
      gather();
    }
    r.host.space = 1 << 20;
    for (int i = 0; i < 1000 && r.core.messages() > 0; i++) {
      now += 100;
      r.core.timer(now, 0);
      gather();
      flush(100);
    }
    ASSERT_EQ(r.core.messages(), 0u) << random.seed();
    ASSERT_EQ(flushed.size(), static_cast<std::size_t>(next)) << random.seed();
    for (const auto& [text, times] : flushed) ASSERT_EQ(times, 1) << text << " " << random.seed();
    for (const auto& line : order) ASSERT_TRUE(std::ranges::is_sorted(line)) << random.seed();
  }
}

TEST(ClientCoreShaped, PassesTheShaperAndIsCountedWhileItIsHeld) {
  rig r(core_settings{});
  r.open(1000);
  core_message message;
  message.data.payload = {reinterpret_cast<const std::uint8_t*>("{}"), 2};
  message.shape = send_shape::throttle;
  message.key = "k";
  message.every = 50;
  for (int i = 0; i < 3; i++) r.core.send(message, 1000);
  EXPECT_EQ(r.sent().size(), 1u);
  EXPECT_EQ(r.core.messages(), 2u) << "one on the link, one held";
  EXPECT_EQ(r.core.bytes(), 4u);
  EXPECT_EQ(r.core.next_deadline(1000), 1050);
  EXPECT_EQ(r.read(gauge::replaced), 1);
  r.core.timer(1050, 0);
  EXPECT_EQ(r.sent().size(), 1u);
  r.core.send(message, 1051);
  r.core.clear_queue(1051);
  EXPECT_EQ(r.host.given_up[settlement::cancelled], 3) << "two on the link, one held";
}

TEST(ClientCoreLeave, EndsWhenTheKernelHasWhatWasSent) {
  rig r(core_settings{});
  r.open(1000);
  r.host.space = 1;
  r.send("{1}", 1000);
  r.send("{2}", 1000);
  r.core.leave(1001);
  EXPECT_EQ(r.core.state(), client_state::disconnecting);
  EXPECT_FALSE(r.core.left(1001));
  EXPECT_FALSE(r.host.closed);
  r.core.link_flushed(1, 1, 1002);
  r.core.link_flushed(1, 1, 1002);
  EXPECT_EQ(r.sent(), (frames{"{1}", "{2}"}));
  EXPECT_TRUE(r.core.left(1002));
  EXPECT_TRUE(r.host.dropped_link);
  EXPECT_TRUE(r.host.given_up.empty());
}

TEST(ClientCoreLeave, GivesUpWhatDoesNotGoInTime) {
  core_settings settings;
  settings.leave_timeout = 500;
  rig r(settings);
  r.open(1000);
  r.host.space = 0;
  r.send("{1}", 1000);
  r.core.leave(1000);
  EXPECT_EQ(r.core.next_deadline(1000), 1500);
  EXPECT_FALSE(r.core.left(1499));
  EXPECT_TRUE(r.core.left(1500));
  EXPECT_TRUE(r.core.leave_expired(1500));
  EXPECT_EQ(r.host.given_up[settlement::closed], 1);
  EXPECT_EQ(r.read(gauge::dropped), 1);
}

TEST(ClientCoreLeave, EndsWithItsLinkAndAtOnceWhereThereIsNone) {
  rig r(core_settings{});
  r.open(1000);
  r.host.space = 0;
  r.send("{1}", 1000);
  r.core.leave(1000);
  r.core.link_ended(1, {.error = {errc::connection_reset, 0, {}}}, 1001);
  EXPECT_TRUE(r.core.left(1001));
  EXPECT_EQ(r.host.states.back(), client_state::disconnected) << "it does not connect again";
  EXPECT_EQ(r.host.given_up[settlement::closed], 1);

  rig down(core_settings{});
  down.send("{1}", 1000);
  down.core.leave(1000);
  EXPECT_TRUE(down.core.left(1000));
  EXPECT_EQ(down.host.given_up[settlement::closed], 1);
}

TEST(ClientCoreEnd, ExhaustedSaysSoWithTheLastFailure) {
  core_settings settings;
  settings.machine.reconnect.max_attempts = 1;
  rig r(settings);
  r.core.connect(1000);
  r.core.link_ended(r.host.dialed, {.error = {errc::connection_refused, 0, {}}}, 1001);
  EXPECT_EQ(r.core.state(), client_state::failed);
  EXPECT_TRUE(r.host.exhausted);
  EXPECT_EQ(r.host.last_error, errc::connection_refused);
}

// How many dials a client makes to an endpoint that never opens.
std::size_t dials_of(bool adaptive) {
  core_settings settings;
  settings.adaptive = adaptive;
  settings.machine.reconnect.max_attempts = 12;
  rig r(settings);
  r.core.connect(1000);
  std::size_t dials = 0;
  for (time_ms now = 1000; r.core.state() != client_state::failed;) {
    dials++;
    r.core.link_ended(r.host.dialed, {.error = {errc::connection_refused, 0, {}}}, now);
    const std::uint32_t before = r.host.dialed;
    while (r.host.dialed == before && r.core.state() != client_state::failed) {
      now = r.core.next_deadline(now);
      r.core.timer(now, 0);
    }
  }
  return dials;
}

TEST(ClientCoreEnd, AttemptsAreAsGivenUnlessTheyFollowExperience) {
  EXPECT_EQ(dials_of(false), 12u);
  EXPECT_LT(dials_of(true), 12u);
}

TEST(ClientCoreEnd, TokenFailureDoesNotShowTheDialErrorBeforeIt) {
  core_settings settings;
  settings.machine.uses_tokens = true;
  rig r(settings);
  r.core.connect(1000);
  r.core.set_token(1000, {});
  r.core.link_ended(r.host.dialed, {.error = {errc::connection_refused, 0, {}}}, 1001);
  ASSERT_EQ(r.core.state(), client_state::reconnecting);
  r.core.on_token_expired();
  r.core.timer(r.core.next_deadline(1001), 0);
  r.core.fail_token(9000, true);
  EXPECT_EQ(r.core.state(), client_state::failed);
  EXPECT_EQ(r.host.last_error, errc::aborted);
  EXPECT_TRUE(r.host.rejected);
}

}  // namespace
}  // namespace hawser::client::test::client_core_send_test
