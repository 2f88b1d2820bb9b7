// Links that somebody has to admit, peers that fall silent, and the figures that a core tells.
#include <gtest/gtest.h>

#include "core_rig.hpp"

namespace hawser::client::test::client_core_gate_test {
namespace {

core_settings gated() {
  core_settings settings;
  settings.gated = true;
  settings.machine.reconnect.jitter = 0;
  return settings;
}

TEST(ClientCoreGate, ALinkCarriesNothingBeforeItIsAdmitted) {
  rig r(gated());
  r.send("{1}", 900);
  r.open(1000, "other");
  EXPECT_EQ(r.core.state(), client_state::connecting);
  r.send("{2}", 1000);
  EXPECT_EQ(r.sent(), frames{});
  EXPECT_TRUE(r.core.on_auth(true, {}, 1100));
  EXPECT_EQ(r.core.state(), client_state::connected);
  EXPECT_EQ(r.sent(), (frames{"{1}", "{2}"}));
  EXPECT_FALSE(r.core.on_auth(false, "too late", 1200)) << "nobody waits for it";
  EXPECT_EQ(r.core.state(), client_state::connected);
}

TEST(ClientCoreGate, ALinkThatIsRefusedIsDroppedWithTheWordsForIt) {
  rig r(gated());
  r.open(1000, "other");
  EXPECT_TRUE(r.core.on_auth(false, "no such namespace", 1100));
  EXPECT_TRUE(r.host.dropped_link);
  EXPECT_EQ(r.core.state(), client_state::failed) << "no token could help";
  EXPECT_EQ(r.host.last_error, errc::policy_violation);
  EXPECT_TRUE(r.host.rejected);
  EXPECT_EQ(r.core.link(), 0u);
}

TEST(ClientCoreGate, SilenceAtTheGateIsAFailedDial) {
  rig r(gated());
  r.open(1000, "other");
  r.core.on_silence("nothing came", 1500);
  EXPECT_TRUE(r.host.dropped_link);
  EXPECT_EQ(r.core.state(), client_state::reconnecting);
  EXPECT_EQ(r.host.last_error, errc::heartbeat_timeout);
  r.core.timer(2500, 0);
  EXPECT_EQ(r.host.dialed, 2u) << "it is tried again";
}

TEST(ClientCoreGate, WhoIsNeitherAdmittedNorRefusedIsDroppedInTime) {
  core_settings settings = gated();
  settings.machine.reconnect.connect_timeout = 3000;
  rig r(settings);
  r.open(1000, "other");
  EXPECT_EQ(r.core.next_deadline(1000), 4000);
  r.core.timer(4000, 0);
  EXPECT_TRUE(r.host.dropped_link);
  EXPECT_EQ(r.core.state(), client_state::reconnecting);
  EXPECT_EQ(r.host.last_error, errc::connect_timeout);
}

// ----------------------------------------------------------------------------------------------------
// rooms

core_message join(std::string_view text, std::uint32_t link, std::uint32_t token) {
  core_message out;
  out.data.payload = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  out.data.id = text;
  out.data.token = token;
  out.timeout = 1000;
  out.link = link;
  return out;
}

core_settings steady() {
  core_settings settings;
  settings.machine.reconnect.jitter = 0;
  return settings;
}

// The link is lost and the next one opens.
void open_again(rig& r, time_ms now) {
  r.core.link_ended(r.host.dialed, {.close_code = 1006}, now);
  r.core.timer(now + 60'000, 0);
  r.core.link_opened(r.host.dialed, own_protocol, now + 60'000);
}

TEST(ClientCoreRooms, HoldALinkUntilTheJoinsHaveGoneAhead) {
  core_settings settings = steady();
  settings.acks = ack_mode::always;
  rig r(settings);
  r.open(1000);
  core_message acked = join("{0}", 0, 9);
  acked.timeout = 0;
  acked.data.acked = true;
  acked.data.priority = message_priority::high;
  r.core.send(acked, 1000);
  r.core.link_flushed(1, 1, 1000);
  EXPECT_EQ(r.sent(), frames{"{0}"});
  r.core.want_rooms(true, 0, 1000);
  open_again(r, 2000);
  EXPECT_EQ(r.core.state(), client_state::connected);
  EXPECT_EQ(r.host.link, 2u);
  r.send("{1}", 63'000, message_priority::high);
  r.core.timer(63'001, 0);
  r.core.link_has_room(2, 63'002);
  EXPECT_EQ(r.sent(), frames{}) << "neither what has no ack nor what is new";
  EXPECT_TRUE(r.core.send(join("join a", 2, 7), 63'003));
  EXPECT_EQ(r.host.controls, frames{"join a"});
  EXPECT_EQ(r.sent(), frames{});
  r.core.want_rooms(true, 1, 63'004);
  EXPECT_EQ(r.sent(), frames{}) << "another link was meant";
  r.core.want_rooms(true, 2, 63'005);
  EXPECT_EQ(r.sent(), (frames{"{0}", "{1}"}));
  EXPECT_EQ(r.core.on_reply("join a"), 7u);
}

TEST(ClientCoreRooms, OnesThatAreNotWantedAnyMoreHoldNothing) {
  rig r(steady());
  r.core.want_rooms(true, 0, 500);
  r.open(1000);
  r.send("{1}", 1000);
  EXPECT_EQ(r.sent(), frames{});
  r.core.want_rooms(false, 0, 1001);
  EXPECT_EQ(r.sent(), frames{"{1}"});
  r.core.want_rooms(true, 0, 1002);
  r.send("{2}", 1003);
  EXPECT_EQ(r.sent(), frames{"{2}"}) << "the link is open already";
}

TEST(ClientCoreRooms, AJoinIsForOneLinkAlone) {
  rig r(steady());
  r.core.want_rooms(true, 0, 500);
  r.open(1000);
  EXPECT_TRUE(r.core.send(join("join a", 1, 7), 1001));
  EXPECT_EQ(r.core.requests(), 1u);
  open_again(r, 2000);
  EXPECT_EQ(r.host.outcomes[7], settlement::connection_lost);
  EXPECT_FALSE(r.core.send(join("join b", 1, 8), 63'000));
  EXPECT_EQ(r.host.outcomes[8], settlement::connection_lost);
  EXPECT_EQ(r.host.controls, frames{"join a"});
  EXPECT_EQ(r.core.requests(), 0u);
  r.core.want_rooms(true, 1, 63'001);
  r.send("{1}", 63'002);
  EXPECT_EQ(r.sent(), frames{}) << "this one is held still";
}

TEST(ClientCoreRooms, AJoinThatCannotBeRememberedIsTold) {
  core_settings settings = steady();
  settings.requests.max_pending = 1;
  rig r(settings);
  r.open(1000);
  EXPECT_TRUE(r.core.send(join("join a", 1, 7), 1001));
  EXPECT_FALSE(r.core.send(join("join b", 1, 8), 1001));
  EXPECT_EQ(r.host.outcomes[8], settlement::queue_full);
  core_message plain = join("plain", 1, 9);
  plain.timeout = 0;
  EXPECT_TRUE(r.core.send(plain, 1002));
  EXPECT_EQ(r.host.outcomes[9], settlement::done) << "it waits for no reply";
  EXPECT_EQ(r.host.controls, (frames{"join a", "plain"}));
}

TEST(ClientCoreRooms, TheTokenComesFirstAndHeartbeatsGoOn) {
  core_settings settings = gated();
  settings.heartbeat_interval = 100;
  rig r(settings);
  r.core.want_rooms(true, 0, 500);
  r.open(1000);
  EXPECT_FALSE(r.core.send(join("join a", 1, 7), 1001)) << "the link is not there yet";
  r.send("{1}", 1002);
  EXPECT_TRUE(r.core.on_auth(true, {}, 1100));
  r.core.timer(1200, 0);
  EXPECT_EQ(r.host.controls.size(), 1u);
  EXPECT_EQ(r.sent(), frames{});
  r.core.want_rooms(true, 1, 1201);
  EXPECT_EQ(r.sent(), frames{"{1}"});
}

TEST(ClientCoreRooms, AHeldLinkIsLeftBehindTheMessagesOnceItIsLetGo) {
  rig r(steady());
  r.core.want_rooms(true, 0, 500);
  r.open(1000);
  r.send("{1}", 1001);
  r.core.leave(1002);
  EXPECT_FALSE(r.core.left(1003));
  EXPECT_TRUE(r.core.send(join("join a", 1, 7), 1004));
  r.core.want_rooms(true, 1, 1004);
  EXPECT_EQ(r.sent(), frames{"{1}"});
  r.core.link_flushed(1, 1, 1005);
  EXPECT_TRUE(r.core.left(1005));
  EXPECT_EQ(r.host.outcomes[7], settlement::connection_lost);
}

TEST(ClientCoreRooms, WhatIsHeldWhenTheClientDisconnectsWaitsForTheNextLink) {
  rig r(steady());
  r.core.want_rooms(true, 0, 500);
  r.open(1000);
  r.send("{1}", 1001);
  r.core.disconnect(1002, 1000, {});
  EXPECT_TRUE(r.host.closed);
  EXPECT_FALSE(r.core.send(join("join a", 1, 7), 1003)) << "the link says goodbye";
  r.core.want_rooms(true, 1, 1003);
  EXPECT_EQ(r.sent(), frames{});
  r.core.link_ended(1, {.close_code = 1000}, 1004);
  r.open(2000);
  r.core.want_rooms(true, 2, 2001);
  EXPECT_EQ(r.sent(), frames{"{1}"});
}

TEST(ClientCoreSilence, OfAnOpenLinkMakesWhatItCarriedGoAgain) {
  core_settings settings;
  settings.acks = ack_mode::always;
  rig r(settings);
  r.open(1000);
  core_message asked;
  const std::string text = "{1}";
  asked.data.payload = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  asked.data.id = "one";
  asked.data.token = 7;
  asked.data.acked = true;
  r.core.send(asked, 1000);
  EXPECT_EQ(r.sent(), frames{"{1}"});
  r.core.link_flushed(1, 1, 1000);
  r.core.on_silence("nothing came", 1500);
  EXPECT_EQ(r.core.state(), client_state::reconnecting);
  EXPECT_TRUE(r.host.outcomes.empty()) << "the message still waits for its ack";
  r.core.timer(r.core.next_deadline(1500), 0);
  r.core.link_opened(r.host.dialed, own_protocol, 4000);
  EXPECT_EQ(r.sent(), frames{"{1}"});
  EXPECT_TRUE(r.core.on_ack("one", 4100));
  EXPECT_EQ(r.host.outcomes[7], settlement::done);
}

TEST(ClientCoreSilence, WithoutALinkIsNothing) {
  rig r({});
  r.core.on_silence("nothing came", 1000);
  r.core.connect(1000);
  r.core.on_silence("nothing came", 1000);
  EXPECT_EQ(r.core.state(), client_state::connecting);
  EXPECT_FALSE(r.host.dropped_link);
}

// ----------------------------------------------------------------------------------------------------
// figures

TEST(ClientCoreHealth, FollowsTheTimeOfAsking) {
  core_settings settings;
  settings.machine.reconnect.jitter = 0;
  rig r(settings);
  r.core.publish();
  EXPECT_EQ(r.gauges.health(1000), 0) << "it was never asked to connect";
  r.open(1000);
  r.core.publish();
  EXPECT_EQ(r.gauges.health(5000), 100);
  r.core.link_ended(1, {.close_code = 1006}, 11'000);
  r.core.publish();
  const double lost = r.gauges.health(11'000);
  EXPECT_GT(lost, 90);
  EXPECT_LT(r.gauges.health(21'000), lost * 0.6)
      << "half of its time it was not connected; nothing was told since";
  r.core.timer(21'000, 0);
  r.core.link_opened(r.host.dialed, own_protocol, 21'000);
  r.core.publish();
  EXPECT_GT(r.gauges.health(1'021'000), r.gauges.health(22'000));
}

TEST(ClientCoreFigures, SayWhatIsKnownOfEachEndpointAndTakeItUp) {
  core_settings settings;
  settings.known = {{.successes = 8, .failures = 2, .success_rate = 0.75, .latency = 12}};
  rig r(settings);
  const auto figures = [&] {
    std::vector<double> out;
    for (std::size_t i = 0; i < r.gauges.known(); ++i) out.push_back(r.gauges.known(i));
    return out;
  };
  r.core.publish();
  EXPECT_EQ(figures(), (std::vector<double>{8, 2, 0.75, 12}));
  r.core.connect(1000);
  r.core.link_opened(1, own_protocol, 1012);
  r.core.publish();
  EXPECT_EQ(figures()[0], 9);
  EXPECT_GT(figures()[2], 0.75);
  EXPECT_EQ(figures()[3], 12);
}

}  // namespace
}  // namespace hawser::client::test::client_core_gate_test
