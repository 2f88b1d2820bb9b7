// The reconnect policy: delays, judgements and experience, row by row.
#include "core/client/reconnect_policy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "core/protocol/random.hpp"

namespace hawser::client::reconnect_policy_test {
namespace {

reconnect_settings settings() { return sanitized({}); }

verdict of_code(std::uint16_t code, const reconnect_settings& s = settings()) {
  return judge(s, {.close_code = code}).what;
}
verdict of_status(int status) {
  return judge(settings(), {.error = errc::unexpected_response, .http_status = status}).what;
}
verdict of_error(errc error, std::uint16_t code = 0) {
  return judge(settings(), {.error = error, .close_code = code}).what;
}

TEST(next_delay, doubles_up_to_its_bound) {
  reconnect_settings s = settings();
  s.jitter = 0;
  const time_ms expected[] = {1000, 2000, 4000, 8000, 16'000, 30'000, 30'000};
  for (std::uint32_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(next_delay(s, i + 1, 0.7), expected[i]) << "attempt " << i + 1;
  }
  EXPECT_EQ(next_delay(s, 0, 0.7), 1000) << "no attempt is before the first";
  EXPECT_EQ(next_delay(s, UINT32_MAX, 0.7), 30'000);
}

TEST(next_delay, scatters_the_share_of_the_jitter) {
  reconnect_settings s = settings();
  EXPECT_EQ(next_delay(s, 1, 0), 500);
  EXPECT_EQ(next_delay(s, 1, 0.5), 750);
  EXPECT_EQ(next_delay(s, 3, 0), 2000);
  EXPECT_LE(next_delay(s, 3, std::nextafter(1.0, 0.0)), 4000);
  s.jitter = 1;
  EXPECT_EQ(next_delay(s, 1, 0), 0);
  EXPECT_EQ(next_delay(s, 1, 0.25), 250);
}

TEST(next_delay, waits_at_least_as_long_as_it_was_asked_to) {
  reconnect_settings s = settings();
  EXPECT_EQ(next_delay(s, 1, 0, 7000), 7000);
  EXPECT_EQ(next_delay(s, 1, 0.5, 7000), 7250) << "scattered behind the bound";
  EXPECT_EQ(next_delay(s, 9, 0.5, 100), 22'500) << "the own delay is longer";
  EXPECT_EQ(next_delay(s, 1, 0, 120'000), 120'000) << "also beyond max_delay";
}

TEST(next_delay, stays_within_bounds_for_any_settings) {
  hawser::test::random_source random;
  const double odd[] = {
      0,   -1,  1e308, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
      0.5, 1.5, 3};
  const time_ms times[] = {INT64_MIN, -1, 0, 1, 77, 60'000, INT64_MAX};
  for (int i = 0; i < 20'000; ++i) {
    const reconnect_settings s = sanitized({.min_delay = times[random.below(7)],
                                            .max_delay = times[random.below(7)],
                                            .factor = odd[random.below(8)],
                                            .jitter = odd[random.below(8)]});
    const auto attempt = static_cast<std::uint32_t>(random.one_in(3) ? UINT32_MAX : random.below(40));
    const double number = odd[random.below(8)];
    const time_ms delay = next_delay(s, attempt, number);
    ASSERT_GE(delay, 0) << random.seed();
    ASSERT_LE(delay, s.max_delay) << random.seed();
    const auto least = static_cast<time_ms>(static_cast<double>(s.min_delay) * (1 - s.jitter));
    ASSERT_GE(delay, least) << random.seed();
    ASSERT_GE(next_delay(s, attempt, number, 9000), 9000) << random.seed();
  }
}

TEST(judge, close_codes) {
  for (const std::uint16_t code : {1001, 1005, 1006, 1011, 1012, 1013, 1014})
    EXPECT_EQ(of_code(code), verdict::recover) << code;
  for (const std::uint16_t code :
       {1000, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1015, 1016, 2999, 3001, 3999, 4000, 4400, 4402, 4999})
    EXPECT_EQ(of_code(code), verdict::final) << code;
  for (const std::uint16_t code : {3000, 3003, 4401, 4403})
    EXPECT_EQ(of_code(code), verdict::refresh_token) << code;
}

TEST(judge, configured_codes_override_the_rule) {
  reconnect_settings s = settings();
  s.recoverable_codes = {1000, 4000, 4401, 4002};
  s.final_codes = {1006, 1012, 4002};
  EXPECT_EQ(of_code(1000, s), verdict::recover);
  EXPECT_EQ(of_code(4000, s), verdict::recover);
  EXPECT_EQ(of_code(4401, s), verdict::recover);
  EXPECT_EQ(of_code(4002, s), verdict::final) << "final wins";
  EXPECT_EQ(of_code(1006, s), verdict::final);
  EXPECT_EQ(of_code(1012, s), verdict::final);
  EXPECT_EQ(judge(s, {.error = errc::heartbeat_timeout, .close_code = 1006}).what, verdict::final);
  EXPECT_EQ(judge(s, {.error = errc::connection_refused, .close_code = 1006}).what, verdict::recover)
      << "no link was ever open: codes are not asked";
  s = settings();
  s.recover_normal_close = true;
  EXPECT_EQ(of_code(1000, s), verdict::recover);
}

TEST(judge, http_answers) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599})
    EXPECT_EQ(of_status(status), verdict::recover) << status;
  for (const int status : {200, 204, 301, 302, 400, 402, 404, 405, 410, 426, 600})
    EXPECT_EQ(of_status(status), verdict::final) << status;
  EXPECT_EQ(of_status(401), verdict::refresh_token);
  EXPECT_EQ(of_status(403), verdict::refresh_token);
}

TEST(judge, a_proxy_is_no_judge_of_our_token) {
  const auto proxy = [](int status) {
    return judge(settings(), {.error = errc::proxy_failed, .http_status = status}).what;
  };
  EXPECT_EQ(proxy(403), verdict::final);
  EXPECT_EQ(proxy(407), verdict::final);
  EXPECT_EQ(proxy(502), verdict::recover);
  EXPECT_EQ(proxy(0), verdict::recover);
}

TEST(judge, errors_without_an_answer) {
  for (const errc error :
       {errc::connection_refused, errc::connection_reset, errc::connection_failed, errc::dns_failed,
        errc::connect_timeout, errc::handshake_timeout, errc::host_unreachable, errc::heartbeat_timeout,
        errc::idle_timeout, errc::close_timeout, errc::connection_lost, errc::out_of_budget,
        errc::address_not_available, errc::too_many_connections}) {
    EXPECT_EQ(of_error(error), verdict::recover) << static_cast<int>(error);
    EXPECT_EQ(of_error(error, 1006), verdict::recover) << static_cast<int>(error);
  }
  for (const errc error : {errc::invalid_handshake,      errc::handshake_too_large,
                           errc::tls_handshake_failed,   errc::tls_cert_expired,
                           errc::tls_cert_not_yet_valid, errc::tls_cert_untrusted,
                           errc::tls_cert_self_signed,   errc::tls_hostname_mismatch,
                           errc::tls_cert_revoked,       errc::tls_cert_invalid,
                           errc::tls_bad_material,       errc::tls_client_cert_required,
                           errc::access_denied,          errc::aborted,
                           errc::protocol_error,         errc::invalid_utf8,
                           errc::message_too_big,        errc::policy_violation,
                           errc::inflate_failed,         errc::slow_consumer}) {
    EXPECT_EQ(of_error(error), verdict::final) << static_cast<int>(error);
    EXPECT_EQ(of_error(error, 1006), verdict::final) << static_cast<int>(error);
  }
}

TEST(judge, our_own_finding_beats_the_echo_of_our_code) {
  EXPECT_EQ(of_error(errc::idle_timeout, 1000), verdict::recover);
  EXPECT_EQ(of_error(errc::protocol_error, 1001), verdict::final);
  EXPECT_EQ(judge(settings(), {.error = errc::out_of_budget, .close_code = 1013}).not_before, 0);
}

TEST(judge, a_rejected_token_whatever_else) {
  EXPECT_EQ(judge(settings(), {.error = errc::policy_violation, .auth_rejected = true}).what,
            verdict::refresh_token);
  EXPECT_EQ(judge(settings(), {.close_code = 1000, .auth_rejected = true}).what, verdict::refresh_token);
}

TEST(judge, try_again_later) {
  reconnect_settings s = settings();
  EXPECT_EQ(judge(s, {.close_code = 1013}).not_before, 5000);
  EXPECT_EQ(judge(s, {.close_code = 1012}).not_before, 0);
  EXPECT_EQ(judge(s, {.close_code = 1013, .retry_after = 60'000}).not_before, 60'000);
  const outcome busy{.error = errc::unexpected_response, .http_status = 503, .retry_after = 20'000};
  EXPECT_EQ(judge(s, busy).not_before, 20'000);
  outcome other = busy;
  other.alternative = true;
  EXPECT_EQ(judge(s, other).not_before, 0) << "only that endpoint asked";
  outcome forever = busy;
  forever.retry_after = INT64_MAX;
  EXPECT_EQ(judge(s, forever).not_before, s.max_retry_after);
  outcome past = busy;
  past.retry_after = -5;
  EXPECT_EQ(judge(s, past).not_before, 0);
  s.recoverable_codes = {4013};
  EXPECT_EQ(judge(s, {.close_code = 4013, .retry_after = 9}).not_before, 9);
}

TEST(adapted, needs_some_experience) {
  reconnect_settings s = settings();
  s.max_attempts = 10;
  const reconnect_settings same =
      adapted(s, {.samples = min_experience - 1, .success_rate = 0, .latency = 9999});
  EXPECT_EQ(same.min_delay, 1000);
  EXPECT_EQ(same.max_attempts, 10u);
}

TEST(adapted, follows_the_success_rate) {
  reconnect_settings s = settings();
  s.max_attempts = 10;
  struct row {
    double rate;
    time_ms delay;
    std::uint32_t attempts;
  };
  for (const row& r : {row{1, 250, 15}, row{0.75, 500, 13}, row{0.5, 1000, 10}, row{0, 4000, 5}}) {
    const reconnect_settings a = adapted(s, {.samples = 100, .success_rate = r.rate, .latency = 20});
    EXPECT_EQ(a.min_delay, r.delay) << r.rate;
    EXPECT_EQ(a.max_attempts, r.attempts) << r.rate;
    EXPECT_EQ(a.max_delay, s.max_delay);
  }
}

TEST(adapted, is_bounded) {
  reconnect_settings s = settings();
  EXPECT_EQ(adapted(s, {.samples = 99, .success_rate = 0.5, .latency = 3000}).min_delay, 6000)
      << "twice the latency";
  EXPECT_EQ(adapted(s, {.samples = 99, .success_rate = 0, .latency = 1'000'000}).min_delay, s.max_delay);
  EXPECT_EQ(adapted(s, {.samples = 99, .success_rate = 1}).max_attempts, 0u) << "no limit stays none";
  s.min_delay = 40;
  EXPECT_EQ(adapted(s, {.samples = 99, .success_rate = 1}).min_delay, 40)
      << "100 ms is no reason to raise it";
  s.min_delay = 200;
  EXPECT_EQ(adapted(s, {.samples = 99, .success_rate = 1}).min_delay, 100);
  s.max_attempts = 1;
  EXPECT_EQ(adapted(s, {.samples = 99, .success_rate = 0}).max_attempts, 1u);
  s.max_attempts = UINT32_MAX;
  EXPECT_EQ(adapted(s, {.samples = 99, .success_rate = 1}).max_attempts, UINT32_MAX);
}

TEST(jitter_source, is_uniform_and_repeats_with_its_seed) {
  jitter_source a(42), b(42), c(43);
  double sum = 0;
  std::set<double> seen;
  for (int i = 0; i < 10'000; ++i) {
    const double x = a.next();
    ASSERT_EQ(x, b.next());
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    sum += x;
    seen.insert(x);
    seen.insert(c.next());
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
  EXPECT_EQ(seen.size(), 20'000u);
}

}  // namespace
}  // namespace hawser::client::reconnect_policy_test
