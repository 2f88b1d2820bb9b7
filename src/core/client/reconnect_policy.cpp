// The rules of reconnect_policy.hpp.
#include "core/client/reconnect_policy.hpp"

#include <algorithm>
#include <cmath>

#include "core/protocol/close.hpp"

namespace hawser::client {
namespace {

// Beyond a year a time is a mistake, and sums stay far from overflow.
constexpr time_ms longest = time_ms{366} * 24 * 3600 * 1000;
constexpr time_ms shortest_adapted_delay = 100;

time_ms bounded(time_ms value) { return std::clamp<time_ms>(value, 0, longest); }

double bounded(double value, double least, double most, double otherwise) {
  return std::isnan(value) ? otherwise : std::clamp(value, least, most);
}

bool contains(const std::vector<std::uint16_t>& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// The close code that an error of an open link stands for; 0: the error is not one of those.
std::uint16_t code_of(errc error) {
  switch (error) {
    case errc::protocol_error:
      return 1002;
    case errc::invalid_utf8:
    case errc::inflate_failed:
      return 1007;
    case errc::policy_violation:
    case errc::slow_consumer:
      return 1008;
    case errc::message_too_big:
      return 1009;
    case errc::heartbeat_timeout:
    case errc::idle_timeout:
    case errc::close_timeout:
    case errc::connection_lost:
    case errc::out_of_budget:  // ours, and over when memory is free again
      return protocol::close_abnormal;
    default:
      return 0;
  }
}

verdict judge_code(const reconnect_settings& settings, std::uint16_t code) {
  if (contains(settings.final_codes, code)) return verdict::final;
  if (contains(settings.recoverable_codes, code)) return verdict::recover;
  switch (code) {
    case 1000:
      return settings.recover_normal_close ? verdict::recover : verdict::final;
    case 1001:
    case protocol::close_no_status:
    case protocol::close_abnormal:
    case 1011:
    case 1012:
    case 1013:
    case 1014:
      return verdict::recover;
    case 3000:
    case 3003:
    case 4401:
    case 4403:
      return verdict::refresh_token;
    default:
      return verdict::final;
  }
}

verdict judge_status(int status, bool of_proxy) {
  if (status == 401 || status == 403) return of_proxy ? verdict::final : verdict::refresh_token;
  if (status == 408 || status == 425 || status == 429) return verdict::recover;
  return status >= 500 && status <= 599 ? verdict::recover : verdict::final;
}

verdict judge_error(errc error) {
  switch (error) {
    case errc::unexpected_response:
    case errc::invalid_handshake:
    case errc::handshake_too_large:
    case errc::tls_handshake_failed:
    case errc::tls_cert_expired:
    case errc::tls_cert_not_yet_valid:
    case errc::tls_cert_untrusted:
    case errc::tls_cert_self_signed:
    case errc::tls_hostname_mismatch:
    case errc::tls_cert_revoked:
    case errc::tls_cert_invalid:
    case errc::tls_bad_material:
    case errc::tls_client_cert_required:
    case errc::access_denied:
    case errc::aborted:
      return verdict::final;
    default:
      return verdict::recover;
  }
}

}  // namespace

reconnect_settings sanitized(reconnect_settings settings) {
  settings.min_delay = bounded(settings.min_delay);
  settings.max_delay = std::max(bounded(settings.max_delay), settings.min_delay);
  settings.factor = bounded(settings.factor, 1, 1000, 2);
  settings.jitter = bounded(settings.jitter, 0, 1, 0.5);
  settings.connect_timeout = bounded(settings.connect_timeout);
  settings.min_uptime = bounded(settings.min_uptime);
  settings.try_again_delay = bounded(settings.try_again_delay);
  settings.max_retry_after = bounded(settings.max_retry_after);
  return settings;
}

judgement judge(const reconnect_settings& settings, const outcome& how) {
  // What we found ourselves comes first: the peer only echoes the code that we sent for it.
  const std::uint16_t found = code_of(how.error);
  const std::uint16_t code = found != 0 ? found : how.close_code;

  // Reports of sockets that never opened say 1006 as well; their error says more.
  const bool never_opened = found == 0 && how.error != errc::none && code == protocol::close_abnormal;

  judgement result;
  if (how.auth_rejected) {
    result.what = verdict::refresh_token;
  } else if (how.http_status != 0) {
    result.what = judge_status(how.http_status, how.error == errc::proxy_failed);
  } else if (code != 0 && !never_opened) {
    result.what = judge_code(settings, code);
  } else {
    result.what = judge_error(how.error);
  }
  if (result.what == verdict::recover && !how.alternative) {
    result.not_before = std::clamp<time_ms>(how.retry_after, 0, settings.max_retry_after);
    if (how.http_status == 0 && code == 1013)
      result.not_before = std::max(result.not_before, settings.try_again_delay);
  }
  return result;
}

time_ms next_delay(const reconnect_settings& settings, std::uint32_t attempt, double random,
                   time_ms not_before) {
  double d = 0;
  if (settings.min_delay > 0) {  // 0 times an infinite power would be no number
    const double power = std::pow(settings.factor, attempt == 0 ? 0.0 : attempt - 1.0);
    d = std::min(static_cast<double>(settings.max_delay), static_cast<double>(settings.min_delay) * power);
  }
  const double scattered = bounded(random, 0, 1, 0) * d * settings.jitter;
  const auto delay = static_cast<time_ms>(d * (1 - settings.jitter) + scattered);
  if (not_before <= 0) return delay;
  return std::max(delay, bounded(not_before) + static_cast<time_ms>(scattered));
}

reconnect_settings adapted(const reconnect_settings& settings, const experience& known) {
  reconnect_settings s = sanitized(settings);
  if (known.samples < min_experience) return s;
  const double rate = bounded(known.success_rate, 0, 1, 0.5);
  const time_ms least = std::max(std::min(shortest_adapted_delay, s.min_delay), 2 * bounded(known.latency));
  const double scaled = static_cast<double>(s.min_delay) * std::pow(4.0, 1 - 2 * rate);
  s.min_delay = std::min(std::max(static_cast<time_ms>(scaled), least), s.max_delay);
  const double attempts = std::ceil(s.max_attempts * (0.5 + rate));
  s.max_attempts = static_cast<std::uint32_t>(std::min(attempts, 4294967295.0));
  return s;
}

}  // namespace hawser::client
