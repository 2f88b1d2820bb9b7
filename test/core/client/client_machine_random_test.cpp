// The machine under random calls, right, late and wrong ones, against what always holds.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/client/client_machine.hpp"
#include "core/client/machine_driver.hpp"
#include "core/protocol/random.hpp"

namespace hawser::client::client_machine_random_test {
namespace {

using kind = client_action::kind;

// What a shell that performs the actions would see; every action is checked against it.
struct world {
  explicit world(const machine_settings& s) : settings(s) {}

  void perform(const client_actions& actions, time_ms now) {
    for (const client_action& a : actions) perform(a, now);
  }

  void perform(const client_action& a, time_ms now) {
    switch (a.what) {
      case kind::state_changed:
        ASSERT_EQ(a.from, state);
        ASSERT_NE(a.to, state) << "the same state twice";
        ASSERT_TRUE(allowed(a.from, a.to)) << test::name(a.from) << ">" << test::name(a.to);
        state = a.to;
        if (a.to == client_state::reconnecting) {
          schedule(a, now);
        } else {
          not_before = 0;
        }
        break;
      case kind::attempt:
        ASSERT_EQ(state, client_state::reconnecting);
        ASSERT_NE(a.attempt, attempt) << "told twice";
        schedule(a, now);
        break;
      case kind::ask_token:
        ASSERT_TRUE(settings.uses_tokens);
        ASSERT_FALSE(dialling || open);
        asked = true;
        break;
      case kind::dial:
        ASSERT_FALSE(dialling || open) << "two links at once";
        ASSERT_TRUE(state == client_state::connecting || state == client_state::reconnecting);
        ASSERT_GT(a.link, link) << "a number was used twice";
        ASSERT_GE(now, not_before) << "sooner than the policy says";
        ASSERT_TRUE(token || !settings.uses_tokens) << "a dial without a token";
        link = a.link;
        dialling = true;
        break;
      case kind::drop_dials:
        ASSERT_TRUE(dialling);
        ASSERT_EQ(a.link, link);
        dialling = false;
        break;
      case kind::close_link:
      case kind::drop_link:
        ASSERT_TRUE(open);
        ASSERT_EQ(a.link, link);
        open = a.what == kind::close_link;
        break;
      case kind::connect_resolved:
        ASSERT_EQ(state, client_state::connected);
        ASSERT_TRUE(promised);
        promised = false;
        break;
      case kind::connect_rejected:
        ASSERT_TRUE(state == client_state::failed || state == client_state::disconnected);
        ASSERT_TRUE(promised);
        promised = false;
        break;
    }
  }

  void schedule(const client_action& a, time_ms now) {
    if (a.attempt == 0) {
      ASSERT_EQ(a.delay, 0) << "by hand";
    } else if (a.delay != 0 || a.attempt == attempt + 1) {
      ASSERT_TRUE(a.attempt == attempt + 1 || a.attempt == 1);
      const std::uint32_t most = settings.reconnect.max_attempts;
      ASSERT_TRUE(most == 0 || a.attempt <= most);
      const time_ms d = std::min(settings.reconnect.max_delay,
                                 settings.reconnect.min_delay << std::min(a.attempt - 1, 20u));
      ASSERT_GE(a.delay, d / 2);
      if (asked_for == 0) {
        ASSERT_LE(a.delay, d);
      } else {
        ASSERT_GE(a.delay, asked_for);
      }
    }
    attempt = a.attempt;
    not_before = now + a.delay;
  }

  static bool allowed(client_state from, client_state to) {
    using s = client_state;
    switch (to) {
      case s::idle:
        return false;
      case s::connecting:
        return from == s::idle || from == s::disconnected || from == s::failed;
      case s::connected:
        return from == s::connecting || from == s::reconnecting;
      case s::reconnecting:
        return from == s::connecting || from == s::connected;
      case s::disconnecting:
        return from == s::connected;
      case s::disconnected:
        return from != s::idle && from != s::failed;
      case s::failed:
        return from == s::connecting || from == s::connected || from == s::reconnecting;
    }
    return false;
  }

  machine_settings settings;
  client_state state = client_state::idle;
  std::uint32_t link = 0;
  std::uint32_t attempt = 0;
  time_ms not_before = 0;
  time_ms asked_for = 0;  // what the outcome of the moment asked for
  bool dialling = false, open = false, asked = false, token = false, promised = false;
};

TEST(client_machine_random, keeps_its_rules_under_any_calls) {
  ::hawser::test::random_source random;
  std::size_t connects = 0, failures = 0, exhausted = 0;
  for (int round = 0; round < 300; ++round) {
    machine_settings settings;
    settings.uses_tokens = random.one_in(2);
    settings.reconnect.min_delay = static_cast<time_ms>(2 + random.below(2000));
    settings.reconnect.max_delay = settings.reconnect.min_delay + static_cast<time_ms>(random.below(30'000));
    settings.reconnect.max_attempts = random.one_in(2) ? 0 : static_cast<std::uint32_t>(1 + random.below(4));
    client_machine machine(settings, random.below(1u << 30));
    world seen(settings);
    time_ms now = static_cast<time_ms>(random.below(100'000));
    const outcome outcomes[] = {{.close_code = 1006},
                                {.error = errc::connection_refused},
                                {.error = errc::dns_failed},
                                {.close_code = 1012},
                                {.close_code = 1000},
                                {.close_code = 1008},
                                {.close_code = 4401},
                                {.error = errc::unexpected_response, .http_status = 401},
                                {.error = errc::unexpected_response, .http_status = 503, .retry_after = 7000},
                                {.close_code = 1013}};
    for (int step = 0; step < 1500; ++step) {
      const std::uint32_t link = random.one_in(10) ? machine.link() - 1 : machine.link();
      // Most of what ends recovers.
      const outcome& how = outcomes[random.one_in(3) ? random.below(std::size(outcomes)) : random.below(4)];
      seen.asked_for = 0;
      switch (random.below(12)) {
        case 0:
          seen.promised = true;
          seen.perform(machine.connect(now), now);
          break;
        case 1:
          if (!random.one_in(6)) break;
          // By hand: the policy does not bind it, and what it begins is a new count.
          seen.promised = true;
          seen.not_before = 0;
          seen.perform(machine.reconnect(now), now);
          ASSERT_TRUE(seen.dialling || (settings.uses_tokens && machine.next_deadline() != 0))
              << random.seed();
          ASSERT_EQ(machine.attempt(), 0u);
          seen.attempt = 0;
          break;
        case 2:
          if (!random.one_in(6)) break;
          seen.perform(machine.disconnect(now, 1000, {}), now);
          ASSERT_TRUE(seen.state != client_state::connected && seen.state != client_state::connecting &&
                      seen.state != client_state::reconnecting)
              << random.seed();
          break;
        case 3:
          seen.token = true;
          seen.perform(machine.token_ready(now), now);
          break;
        case 4:
          seen.perform(machine.token_failed(now, random.one_in(5)), now);
          break;
        case 5:
          if (!random.one_in(10)) break;
          machine.token_expired();
          break;
        case 6:
        case 7: {
          if (!seen.dialling) break;
          const bool current = link == machine.link();
          if (current) {
            seen.dialling = false;
            seen.open = true;
            ++connects;
          }
          const client_actions actions = machine.dial_opened(now, link);
          seen.perform(actions, now);
          ASSERT_EQ(actions.size() != 0, current) << random.seed();
          break;
        }
        case 8: {
          if (!seen.dialling) break;
          if (link == machine.link()) seen.dialling = false;
          seen.asked_for = judge(machine.policy(), how).not_before;
          seen.perform(machine.dial_failed(now, link, how), now);
          break;
        }
        case 9: {
          if (!seen.open) break;
          if (link == machine.link()) seen.open = false;
          seen.asked_for = judge(machine.policy(), how).not_before;
          seen.perform(machine.link_closed(now, link, how), now);
          break;
        }
        case 10:
          now += static_cast<time_ms>(random.below(random.one_in(8) ? 20'000 : 100));
          seen.perform(machine.timer(now), now);
          break;
        default:
          if (machine.next_deadline() == 0) break;
          now = std::max(now, machine.next_deadline() - static_cast<time_ms>(random.below(2)));
          seen.perform(machine.timer(now), now);
      }
      if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << random.seed() << ", step " << step;
      // A fresh connect() counts anew without a word.
      if (seen.state == client_state::connecting) seen.attempt = 0;
      if (seen.state == client_state::connecting || seen.state == client_state::connected)
        seen.not_before = 0;
      failures += seen.state == client_state::failed;
      exhausted +=
          settings.reconnect.max_attempts != 0 && machine.attempt() == settings.reconnect.max_attempts;
      ASSERT_EQ(machine.state(), seen.state) << random.seed();
      ASSERT_EQ(machine.state() == client_state::connected || machine.state() == client_state::disconnecting,
                seen.open)
          << random.seed();
      const bool busy = seen.state == client_state::connecting || seen.state == client_state::reconnecting ||
                        seen.state == client_state::disconnecting;
      ASSERT_EQ(machine.next_deadline() != 0, busy) << "what waits has a deadline; seed " << random.seed();
      ASSERT_TRUE(!seen.promised || busy) << "a promise that nobody will answer; seed " << random.seed();
    }
  }
  // The test saw what it is about.
  EXPECT_GT(connects, 1000u);
  EXPECT_GT(failures, 1000u);
  EXPECT_GT(exhausted, 100u);
}

}  // namespace
}  // namespace hawser::client::client_machine_random_test
