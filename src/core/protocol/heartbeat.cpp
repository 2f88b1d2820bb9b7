// The heartbeat's decisions.
#include "core/protocol/heartbeat.hpp"

namespace hawser::protocol {

void heartbeat::on_traffic(time_ms now) noexcept {
  since_ = now;
  pinged_ = 0;
  if (paused_) paused_at_ = now;
}

void heartbeat::on_pause(time_ms now) noexcept {
  if (paused_) return;
  paused_ = 1;
  paused_at_ = now;
}

void heartbeat::on_resume(time_ms now) noexcept {
  if (!paused_) return;
  paused_ = 0;
  since_ += now - paused_at_;
}

heartbeat::action heartbeat::on_timer(const heartbeat_settings& settings, time_ms now, bool paused) noexcept {
  if (paused) {
    on_pause(now);
  } else {
    on_resume(now);
  }
  if (now < next_deadline(settings)) return action::nothing;
  if (paused_) {
    since_ += now - paused_at_;
    paused_at_ = now;
    return action::send_unsolicited_pong;
  }
  if (pinged_ && settings.timeout > 0) return action::dead;
  pinged_ = 1;
  since_ = now;
  return action::send_ping;
}

time_ms heartbeat::next_deadline(const heartbeat_settings& settings) const noexcept {
  if (settings.interval <= 0) return never;
  if (paused_) return paused_at_ + settings.interval;
  return since_ + (pinged_ && settings.timeout > 0 ? settings.timeout : settings.interval);
}

}  // namespace hawser::protocol
