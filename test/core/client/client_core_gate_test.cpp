// Links that somebody has to admit, peers that fall silent, and the figures that a core tells.
#include <gtest/gtest.h>

#include "core_rig.hpp"

namespace hawser::client::test {
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
}  // namespace hawser::client::test
