// The machine of a managed client: the good way once, then what goes wrong at each step of it.
#include "core/client/client_machine.hpp"

#include <gtest/gtest.h>

#include "core/client/machine_driver.hpp"

namespace hawser::client::client_machine_test {
namespace {

using test::machine_driver;
using test::plain_settings;
using test::text;

const outcome unauthorized{.error = errc::unexpected_response, .http_status = 401};
const outcome untrusted{.error = errc::tls_cert_untrusted};

machine_settings with_tokens() {
  machine_settings s = plain_settings();
  s.uses_tokens = true;
  return s;
}

// A machine that is connected under link 1.
machine_driver connected(machine_settings settings = plain_settings()) {
  machine_driver d(settings);
  d.connect();
  if (settings.uses_tokens) d.token();
  d.opened();
  return d;
}

TEST(client_machine, connects_serves_and_disconnects) {
  machine_driver d;
  EXPECT_EQ(d.machine.state(), client_state::idle);
  EXPECT_EQ(d.connect(), "idle>connecting dial(1)");
  EXPECT_EQ(d.machine.next_deadline(), d.now + 10'000);
  d.now += 50;
  EXPECT_EQ(d.opened(), "connecting>connected resolved");
  EXPECT_EQ(d.machine.next_deadline(), 0);
  EXPECT_EQ(d.machine.last_connected(), d.now);
  EXPECT_EQ(d.disconnect(), "connected>disconnecting close(1,1000,bye)");
  EXPECT_EQ(d.closed({.close_code = 1000}), "disconnecting>disconnected:requested");
  EXPECT_EQ(d.connect(), "disconnected>connecting dial(2)");
}

TEST(client_machine, a_lost_link_is_dialled_again) {
  machine_driver d = connected();
  d.now += 5000;
  EXPECT_EQ(d.closed(), "connected>reconnecting[1+1000]");
  EXPECT_EQ(d.after(999), "");
  EXPECT_EQ(d.after(1), "dial(2)");
  EXPECT_EQ(d.opened(), "reconnecting>connected[1+0]");
}

TEST(client_machine, attempts_grow_apart_and_have_numbers) {
  machine_driver d;
  d.connect();
  EXPECT_EQ(d.failed(), "connecting>reconnecting[1+1000]");
  EXPECT_EQ(d.after(1000), "dial(2)");
  EXPECT_EQ(d.failed(), "attempt[2+2000]");
  EXPECT_EQ(d.after(2000), "dial(3)");
  EXPECT_EQ(d.failed(), "attempt[3+4000]");
  EXPECT_EQ(d.after(4000), "dial(4)");
  EXPECT_EQ(d.opened(), "reconnecting>connected[3+0] resolved");
}

TEST(client_machine, only_a_lasting_link_starts_the_count_anew) {
  machine_driver d;
  d.connect();
  d.failed();
  d.after(1000);
  d.opened();
  d.now += 4999;
  EXPECT_EQ(d.closed(), "connected>reconnecting[2+2000]");
  d.after(2000);
  d.opened();
  d.now += 5000;
  EXPECT_EQ(d.closed(), "connected>reconnecting[1+1000]");
}

TEST(client_machine, a_dial_that_takes_too_long_is_dropped) {
  machine_driver d;
  d.connect();
  EXPECT_EQ(d.after(9999), "");
  EXPECT_EQ(d.after(1), "drop_dials(1,timed_out) connecting>reconnecting[1+1000]");
  EXPECT_EQ(text(d.machine.dial_opened(d.now, 1)), "") << "too late";
  EXPECT_EQ(text(d.machine.dial_failed(d.now, 1, untrusted)), "");
}

TEST(client_machine, without_a_timeout_a_dial_may_take_for_ever) {
  machine_settings s = plain_settings();
  s.reconnect.connect_timeout = 0;
  machine_driver d(s);
  d.connect();
  EXPECT_EQ(d.machine.next_deadline(), 0);
  EXPECT_EQ(d.after(1'000'000'000), "");
}

TEST(client_machine, gives_up_after_max_attempts) {
  machine_settings s = plain_settings();
  s.reconnect.max_attempts = 2;
  machine_driver d(s);
  d.connect();
  EXPECT_EQ(d.failed(), "connecting>reconnecting[1+1000]");
  d.after(1000);
  EXPECT_EQ(d.failed(), "reconnecting>failed[1+0]:exhausted rejected:exhausted");
  EXPECT_EQ(d.machine.next_deadline(), 0);
  EXPECT_EQ(d.disconnect(), "");
  EXPECT_EQ(d.connect(), "failed>connecting dial(3)") << "and begins to count anew";
  EXPECT_EQ(d.failed(), "connecting>reconnecting[1+1000]");
}

TEST(client_machine, a_final_outcome_ends_it) {
  machine_driver dialling;
  dialling.connect();
  const client_actions actions = dialling.machine.dial_failed(dialling.now, 1, untrusted);
  EXPECT_EQ(text(actions), "connecting>failed:refused rejected:refused");
  EXPECT_EQ(actions[0].how.error, errc::tls_cert_untrusted);
  EXPECT_EQ(actions[1].how.error, errc::tls_cert_untrusted);

  machine_driver open = connected();
  EXPECT_EQ(open.closed({.close_code = 1008}), "connected>failed:refused");
  machine_driver waiting = connected();
  waiting.closed();
  waiting.after(1000);
  EXPECT_EQ(waiting.failed(untrusted), "reconnecting>failed[1+0]:refused");
}

TEST(client_machine, a_normal_close_by_the_peer_is_no_failure) {
  EXPECT_EQ(connected().closed({.close_code = 1000}), "connected>disconnected:peer");
  machine_settings s = plain_settings();
  s.reconnect.recover_normal_close = true;
  EXPECT_EQ(connected(s).closed({.close_code = 1000}), "connected>reconnecting[1+1000]");
  EXPECT_EQ(connected().closed({.close_code = 1001}), "connected>reconnecting[1+1000]");
}

TEST(client_machine, reconnecting_can_be_off) {
  machine_settings s = plain_settings();
  s.reconnect.enabled = false;
  machine_driver d(s);
  d.connect();
  EXPECT_EQ(d.failed(), "connecting>failed:refused rejected:refused");
  EXPECT_EQ(connected(s).closed(), "connected>failed:refused");
  EXPECT_EQ(connected(s).closed({.close_code = 1000}), "connected>disconnected:peer");
}

TEST(client_machine, try_again_later_is_honoured) {
  EXPECT_EQ(connected().closed({.close_code = 1013}), "connected>reconnecting[1+5000]");
  machine_driver d;
  d.connect();
  EXPECT_EQ(d.failed({.error = errc::unexpected_response, .http_status = 503, .retry_after = 60'000}),
            "connecting>reconnecting[1+60000]");
  EXPECT_EQ(d.after(59'999), "");
  EXPECT_EQ(d.after(1), "dial(2)");
}

TEST(client_machine, connect_is_harmless_where_it_has_nothing_to_do) {
  machine_driver d;
  d.connect();
  EXPECT_EQ(d.connect(), "");
  d.failed();
  EXPECT_EQ(d.connect(), "") << "does not cut the delay short";
  d.after(1000);
  EXPECT_EQ(d.opened(), "reconnecting>connected[1+0] resolved") << "all calls at once";
  EXPECT_EQ(d.connect(), "resolved");
  d.closed();
  d.after(2000);
  EXPECT_EQ(d.opened(), "reconnecting>connected[2+0]") << "nobody waits";
}

TEST(client_machine, disconnect_at_every_step) {
  machine_driver d;
  EXPECT_EQ(d.disconnect(), "");
  d.connect();
  EXPECT_EQ(d.disconnect(), "drop_dials(1) connecting>disconnected:requested rejected:requested");
  EXPECT_EQ(d.disconnect(), "");
  EXPECT_EQ(d.opened(), "") << "the dial was dropped";
  d.connect();
  d.failed();
  EXPECT_EQ(d.disconnect(), "reconnecting>disconnected[1+0]:requested rejected:requested");
  EXPECT_EQ(d.after(60'000), "") << "the delay was cancelled";
  d.connect();
  d.failed();
  d.after(1000);
  EXPECT_EQ(d.disconnect(), "drop_dials(4) reconnecting>disconnected[1+0]:requested rejected:requested");

  machine_driver t(with_tokens());
  t.connect();
  EXPECT_EQ(t.disconnect(), "connecting>disconnected:requested rejected:requested");
  EXPECT_EQ(t.token(), "") << "kept for the next time";
  EXPECT_EQ(t.connect(), "disconnected>connecting dial(1)");

  machine_driver o = connected();
  o.disconnect();
  EXPECT_EQ(o.disconnect(), "");
}

TEST(client_machine, a_close_that_is_lost_does_not_hang) {
  machine_driver d = connected();
  d.disconnect();
  EXPECT_EQ(d.after(14'999), "");
  EXPECT_EQ(d.after(1), "drop(1) disconnecting>disconnected:requested");
  EXPECT_EQ(d.closed(), "");
}

TEST(client_machine, reconnect_at_every_step) {
  machine_driver d;
  EXPECT_EQ(d.reconnect(), "idle>connecting dial(1)");
  EXPECT_EQ(d.reconnect(), "drop_dials(1) dial(2)");
  d.failed();
  d.after(1000);
  d.failed();
  EXPECT_EQ(d.reconnect(), "attempt[0+0] dial(4)") << "out of the delay, and counts anew";
  EXPECT_EQ(d.reconnect(), "drop_dials(4) dial(5)") << "the number is told already";
  EXPECT_EQ(d.failed(), "attempt[1+1000]");
  EXPECT_EQ(d.after(1000), "dial(6)");
  EXPECT_EQ(d.opened(), "reconnecting>connected[1+0] resolved");
  EXPECT_EQ(d.reconnect(), "drop(6) connected>reconnecting dial(7)");
  EXPECT_EQ(text(d.machine.link_closed(d.now, 6, {.close_code = 1006})), "") << "of the old link";
  EXPECT_EQ(d.opened(), "reconnecting>connected resolved");
  d.disconnect();
  EXPECT_EQ(d.reconnect(), "drop(7) disconnecting>disconnected:requested disconnected>connecting dial(8)");
  EXPECT_EQ(d.failed(untrusted), "connecting>failed:refused rejected:refused");
  EXPECT_EQ(d.reconnect(), "failed>connecting dial(9)");
}

TEST(client_machine, connect_while_it_disconnects_does_not_wait_for_the_close) {
  machine_driver d = connected();
  d.disconnect();
  EXPECT_EQ(d.connect(), "drop(1) disconnecting>disconnected:requested disconnected>connecting dial(2)");
  EXPECT_EQ(text(d.machine.link_closed(d.now, 1, {.close_code = 1000})), "");
  EXPECT_EQ(d.opened(), "connecting>connected resolved");
}

// -----------------------------------------------------------------------------------------------------
// tokens

TEST(client_machine, waits_for_a_token_before_it_dials) {
  machine_driver d(with_tokens());
  EXPECT_EQ(d.connect(), "idle>connecting ask(first)");
  EXPECT_EQ(d.token(), "dial(1)");
  EXPECT_EQ(d.token(), "") << "a second one comes for later";
  d.opened();
  d.closed();
  EXPECT_EQ(d.after(1000), "dial(2)") << "the token is good still";
}

TEST(client_machine, a_token_given_before_is_used) {
  machine_driver d(with_tokens());
  EXPECT_EQ(d.token(), "");
  EXPECT_EQ(d.connect(), "idle>connecting dial(1)");
}

TEST(client_machine, an_expired_token_is_replaced_before_the_dial) {
  machine_driver d(with_tokens());
  d.connect();
  d.token(d.now + 6000);
  d.opened();
  d.now += 5000;
  EXPECT_EQ(d.closed(), "connected>reconnecting[1+1000]");
  EXPECT_EQ(d.after(1000), "ask(expired)");
  EXPECT_EQ(d.token(), "dial(2)");
  d.opened();
  d.machine.token_expired();
  d.closed();
  EXPECT_EQ(d.after(2000), "ask(expired)");
}

TEST(client_machine, a_rejected_token_is_replaced_once) {
  machine_driver d(with_tokens());
  d.connect();
  d.token();
  EXPECT_EQ(d.failed(unauthorized), "ask(rejected)") << "at once, and still connecting";
  EXPECT_EQ(d.token(), "dial(2)");
  EXPECT_EQ(d.failed(unauthorized), "connecting>failed:refused rejected:refused");
  EXPECT_EQ(d.connect(), "failed>connecting ask(rejected)") << "that token is known to be bad";
}

TEST(client_machine, a_lasting_link_forgives_the_rejection) {
  machine_driver d = connected(with_tokens());
  d.now += 1000;
  EXPECT_EQ(d.closed({.close_code = 4401}), "connected>reconnecting ask(rejected)");
  d.token();
  EXPECT_EQ(d.opened(), "reconnecting>connected");
  EXPECT_EQ(d.closed({.close_code = 4401}), "connected>failed:refused") << "accepted, then thrown out again";
  machine_driver lasting = connected(with_tokens());
  for (int i = 0; i < 5; ++i) {
    lasting.now += 5000;
    EXPECT_EQ(lasting.closed({.close_code = 4401}), "connected>reconnecting ask(rejected)");
    lasting.token();
    lasting.opened();
  }
}

TEST(client_machine, a_rejection_on_each_short_link_is_not_answered_without_a_pause) {
  machine_settings settings = with_tokens();
  settings.reconnect.min_uptime = 0;
  settings.reconnect.max_attempts = 4;
  machine_driver d = connected(settings);
  EXPECT_EQ(d.closed({.close_code = 4401}), "connected>reconnecting ask(rejected)");
  for (const char* delay : {"[1+1000]", "[2+2000]", "[3+4000]"}) {
    d.token();
    d.opened();
    EXPECT_EQ(d.closed({.close_code = 4401}), std::string("connected>reconnecting") + delay);
    EXPECT_EQ(d.after(4000), "ask(rejected)");
  }
  d.token();
  d.opened();
  EXPECT_EQ(d.closed({.close_code = 4401}), "connected>failed[3+0]:exhausted");

  settings.reconnect.max_attempts = 0;
  machine_driver patient = connected(settings);
  patient.closed({.close_code = 4401});
  for (int i = 0; i < 5; ++i) {
    patient.token();
    patient.opened();
    patient.now += 1000;
    EXPECT_EQ(patient.closed({.close_code = 4401}), "connected>reconnecting ask(rejected)")
        << "a second is long enough";
  }
}

TEST(client_machine, without_a_source_a_rejection_is_final) {
  machine_driver d;
  d.connect();
  EXPECT_EQ(d.failed(unauthorized), "connecting>failed:refused rejected:refused");
  EXPECT_EQ(connected().closed({.close_code = 4401}), "connected>failed:refused");
}

TEST(client_machine, a_source_without_a_token) {
  machine_driver d(with_tokens());
  d.connect();
  EXPECT_EQ(d.no_token(true), "connecting>failed:token rejected:token");
  EXPECT_EQ(d.no_token(true), "");
  EXPECT_EQ(d.connect(), "failed>connecting ask(first)");
  EXPECT_EQ(d.no_token(false), "connecting>reconnecting[1+1000]");
  EXPECT_EQ(d.after(1000), "ask(first)");
  EXPECT_EQ(d.after(9999), "");
  EXPECT_EQ(d.after(1), "attempt[2+2000]") << "a silent source is a failed attempt";
  EXPECT_EQ(d.token(), "") << "late, but a token: the delay runs on";
  EXPECT_EQ(d.after(2000), "dial(1)");
}

TEST(client_machine, reconnect_drops_the_wait_for_a_token) {
  machine_driver d(with_tokens());
  d.connect();
  EXPECT_EQ(d.reconnect(), "ask(first)");
  EXPECT_EQ(d.token(), "dial(1)");
}

// ------------------------------------------------------------------------------------------------------
// policy

TEST(client_machine, a_new_policy_holds_from_the_next_decision_on) {
  machine_driver d;
  d.connect();
  d.failed();
  reconnect_settings s = d.machine.policy();
  s.min_delay = 3000;
  s.factor = 1;
  d.machine.set_policy(s);
  EXPECT_EQ(d.after(1000), "dial(2)");
  EXPECT_EQ(d.failed(), "attempt[2+3000]");
}

TEST(client_machine, delay_zero_dials_with_the_next_timer) {
  machine_settings s = plain_settings();
  s.reconnect.min_delay = 0;
  machine_driver d(s);
  d.now = 0;
  d.connect();
  EXPECT_EQ(d.failed(), "connecting>reconnecting[1+0]");
  EXPECT_NE(d.machine.next_deadline(), 0);
  EXPECT_EQ(d.after(1), "dial(2)");
}

}  // namespace
}  // namespace hawser::client::client_machine_test
