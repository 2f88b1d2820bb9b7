// A connection whose bytes JavaScript reads and writes as they are: HTTP that is no upgrade.
//
//   peer ──► carry_up ──► pipe_write ──► stream in JavaScript
//   peer ◄── carry_down ◄── pipe_data ◄── stream in JavaScript
//
// At most pipe_window is on its way up, then reading stops; pipe_ack tells what the other side has taken.
// pipe_end tells that the peer sends no more: it may still read what it has asked for.
#include <algorithm>

#include "core/net/connection.hpp"
#include "core/net/reactor.hpp"
#include "core/net/server.hpp"

namespace hawser::net {

bool server::carries(const protocol::upgrade_request_parser& request) const {
  if (!settings_->carry || request.head().empty()) return false;
  if (request.method() != "POST" && request.method() != "OPTIONS") return false;
  const std::string& path = settings_->path;
  const std::string_view target = request.target();
  return path.empty() || target.substr(0, target.find('?')) == path;
}

void connection::carry() {
  if (phase_ != phase::deciding || pipe_ || !opening_ || !opening_->request) return;
  const std::string_view head = opening_->request->head();
  std::vector<std::uint8_t>& first = hold().plain;
  first.insert(first.begin(), head.begin(), head.end());
  opening_.reset();
  phase_ = phase::carrying;
  deadline_ = 0;
  schedule();
  if (stalled()) return;
  replay_held();
  arm_read();
}

void connection::carry_up(std::span<const std::uint8_t> input) {
  while (!input.empty()) {
    const std::size_t chunk =
        std::min({input.size(), pipe_chunk, std::size_t{pipe_window - extra().pipe_unacked}});
    if (chunk == 0 || !settings_->events.event(event_kind::pipe_write, slot_, 0, input.first(chunk))) {
      hold().plain.assign(input.begin(), input.end());
      if (chunk != 0) block();
      return;
    }
    extra_->pipe_unacked += static_cast<std::uint32_t>(chunk);
    input = input.subspan(chunk);
  }
}

void connection::carry_down(std::span<const std::uint8_t> bytes) {
  output().append(bytes);
  position_ += bytes.size();
  extra().pipe_consumed += static_cast<std::uint32_t>(bytes.size());
}

std::uint32_t connection::pipe_taken() {
  const std::uint32_t given = extra().pipe_consumed;
  if (pipe_) return given;
  // What the kernel has not taken is still to be waited for.
  return given - static_cast<std::uint32_t>(std::min<std::size_t>(given, pending_output()));
}

void connection::end_carrying(bool broken) {
  if (broken) return terminate();
  held_.reset();
  perform(close_.on({protocol::close_event::kind::failure, protocol::close_no_status}), {}, {});
  arm_read();
}

}  // namespace hawser::net
