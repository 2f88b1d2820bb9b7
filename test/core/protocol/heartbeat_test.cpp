// The heartbeat under a virtual clock.
#include "core/protocol/heartbeat.hpp"

#include <gtest/gtest.h>

namespace hawser::protocol::heartbeat_test {
namespace {

using action = heartbeat::action;

constexpr heartbeat_settings settings{.interval = 1000, .timeout = 200};

TEST(heartbeat, pings_each_interval_of_silence) {
  heartbeat h(5000);
  EXPECT_EQ(h.next_deadline(settings), 6000);
  EXPECT_EQ(h.on_timer(settings, 5999, false), action::nothing);
  EXPECT_EQ(h.on_timer(settings, 6000, false), action::send_ping);
  EXPECT_EQ(h.next_deadline(settings), 6200);
  h.on_traffic(6050);
  EXPECT_EQ(h.next_deadline(settings), 7050);
  EXPECT_EQ(h.on_timer(settings, 6200, false), action::nothing);
  EXPECT_EQ(h.on_timer(settings, 7050, false), action::send_ping);
}

TEST(heartbeat, traffic_puts_the_ping_off) {
  heartbeat h(0);
  for (time_ms now = 900; now < 10'000; now += 900) {
    h.on_traffic(now);
    EXPECT_EQ(h.on_timer(settings, now + 100, false), action::nothing);
  }
}

TEST(heartbeat, unanswered_ping_is_death) {
  heartbeat h(0);
  EXPECT_EQ(h.on_timer(settings, 1100, false), action::send_ping);
  EXPECT_EQ(h.on_timer(settings, 1299, false), action::nothing);
  EXPECT_EQ(h.on_timer(settings, 1300, false), action::dead);
  EXPECT_EQ(h.on_timer(settings, 1301, false), action::dead);
}

TEST(heartbeat, interval_zero_is_off) {
  const heartbeat_settings off{.interval = 0, .timeout = 5};
  heartbeat h(0);
  EXPECT_EQ(h.next_deadline(off), never);
  EXPECT_EQ(h.on_timer(off, 1'000'000, false), action::nothing);
  EXPECT_EQ(h.on_timer(off, 2'000'000, true), action::nothing);
}

TEST(heartbeat, timeout_zero_never_judges) {
  const heartbeat_settings lenient{.interval = 1000, .timeout = 0};
  heartbeat h(0);
  for (time_ms now = 1000; now <= 10'000; now += 1000) {
    EXPECT_EQ(h.next_deadline(lenient), now);
    EXPECT_EQ(h.on_timer(lenient, now, false), action::send_ping);
  }
}

TEST(heartbeat, clock_stands_still_while_paused) {
  heartbeat h(0);
  EXPECT_EQ(h.on_timer(settings, 1000, false), action::send_ping);
  h.on_pause(1150);  // 150 of 200 ms passed
  EXPECT_EQ(h.next_deadline(settings), 2150);
  EXPECT_EQ(h.on_timer(settings, 1200, true), action::nothing);
  EXPECT_EQ(h.on_timer(settings, 2150, true), action::send_unsolicited_pong);
  EXPECT_EQ(h.next_deadline(settings), 3150);
  EXPECT_EQ(h.on_timer(settings, 3160, true), action::send_unsolicited_pong);
  h.on_resume(9000);
  EXPECT_EQ(h.next_deadline(settings), 9050);
  EXPECT_EQ(h.on_timer(settings, 9049, false), action::nothing);
  EXPECT_EQ(h.on_timer(settings, 9050, false), action::dead);
}

TEST(heartbeat, repeated_pause_does_not_hide_a_dead_peer) {
  heartbeat h(0);
  EXPECT_EQ(h.on_timer(settings, 1000, false), action::send_ping);
  time_ms now = 1000;
  action last = action::nothing;
  for (int i = 0; i < 200 && last != action::dead; ++i) {
    h.on_pause(now);
    h.on_resume(now += 50);
    last = h.on_timer(settings, now += 1, false);
  }
  EXPECT_EQ(last, action::dead);
  EXPECT_EQ(now, 1000 + 200 * 51);
}

TEST(heartbeat, timer_alone_notices_pause_and_resume) {
  heartbeat h(0);
  EXPECT_EQ(h.on_timer(settings, 1000, true), action::nothing);
  EXPECT_EQ(h.on_timer(settings, 2000, true), action::send_unsolicited_pong);
  EXPECT_EQ(h.on_timer(settings, 2500, false), action::send_ping);
  EXPECT_EQ(h.on_timer(settings, 2700, false), action::dead);
}

TEST(heartbeat, traffic_revives_even_while_paused) {
  heartbeat h(0);
  h.on_timer(settings, 1000, false);
  h.on_pause(1100);
  h.on_traffic(1150);
  h.on_resume(1400);
  EXPECT_EQ(h.next_deadline(settings), 2400);
}

}  // namespace
}  // namespace hawser::protocol::heartbeat_test
