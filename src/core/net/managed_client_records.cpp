// What a managed client tells JavaScript.
#include "core/bytes.hpp"
#include "core/net/fields.hpp"
#include "core/net/managed_client.hpp"
#include "core/net/reactor.hpp"

namespace hawser::net {

// What comes behind replies stays behind them.
void managed_client::record(const client_record& what) {
  send_replies();
  hand_up(what);
}

void managed_client::answer(std::uint32_t token, std::span<const std::uint8_t> payload, bool ascii) {
  if (!replies_) replies_ = std::make_unique<reply_batch>();
  replies_->add(token, payload, ascii);
  if (replies_->full()) send_replies();
  mark();
}

void managed_client::send_replies() {
  if (!replies_ || replies_->empty()) return;
  hand_up(replies_->finish(slot_));
  replies_->clear();
}

// Never lost: what the sink has no room for waits here, in order. The links are refused meanwhile, so that
// what waits is bounded by one message, its shapers, and the changes of state, which come seldom.
void managed_client::hand_up(const client_record& what) {
  if (held_.empty() && reactor_.sink().record(what)) return;
  held_record copy{.what = what, .payload = {}};
  copy.payload.reserve(what.head.size() + what.body.size());
  copy.payload.insert(copy.payload.end(), what.head.begin(), what.head.end());
  copy.payload.insert(copy.payload.end(), what.body.begin(), what.body.end());
  copy.what.head = {};
  held_.push_back(std::move(copy));
  held_.back().what.body = held_.back().payload;
  reactor_.mark_blocked(*this);
}

bool managed_client::release_held() {
  while (!held_.empty()) {
    held_.front().what.body = held_.front().payload;
    if (!reactor_.sink().record(held_.front().what)) {
      reactor_.mark_blocked(*this);
      return false;
    }
    held_.pop_front();
  }
  return true;
}

void managed_client::notice(client_notice kind, std::span<const std::uint8_t> payload) {
  record({.kind = event_kind::client_notice,
          .client = slot_,
          .aux = static_cast<std::uint32_t>(kind),
          .flags = {},
          .head = {},
          .body = payload});
}

void managed_client::state_changed(const client::state_report& report) {
  if (report.state == client::client_state::connected) inbox_.connected();
  std::string fields;
  const client::link_end none;
  const client::link_end& end = report.end != nullptr ? *report.end : none;
  const bool failed = report.end != nullptr && end.error.code != errc::none;
  const auto number = [&fields](auto value) { add_field(fields, std::to_string(value)); };
  number(report.attempt);
  number(report.delay);
  number(report.endpoint);
  add_field(fields, report.protocol);
  number(report.link);
  number(failed ? static_cast<int>(end.error.code) : 0);
  number(end.error.system);
  number(end.auth_rejected && end.http_status == 0 ? 401 : end.http_status);
  number(report.exhausted ? 2 : report.recoverable ? 1 : 0);
  number(report.end != nullptr ? end.close_code : 0);
  add_field(fields, end.error.detail);
  fields += end.close_reason;
  record({.kind = event_kind::client_state,
          .client = slot_,
          .aux = static_cast<std::uint32_t>(report.state),
          .flags = {},
          .head = {},
          .body = bytes_of(fields)});
  if (report.state == client::client_state::reconnecting ||
      report.state == client::client_state::disconnected)
    inbox_.run(now());
  mark();
}

void managed_client::want_token(client::token_reason why, std::uint32_t tokens) {
  // The numbers of lib/native/client-engine.ts: connect, refused, expired.
  const std::uint32_t reason = why == client::token_reason::first      ? 0
                               : why == client::token_reason::rejected ? 1
                                                                       : 2;
  const std::uint32_t words[2] = {reason, tokens};
  notice(client_notice::token_wanted, {reinterpret_cast<const std::uint8_t*>(words), sizeof(words)});
}

void managed_client::settled(std::uint32_t token, client::settlement how) {
  settled_.push_back(token);
  settled_.push_back(static_cast<std::uint32_t>(how));
  mark();
}

void managed_client::send_settled() {
  if (settled_.empty()) return;
  record({.kind = event_kind::client_settled,
          .client = slot_,
          .flags = {},
          .head = {},
          .body = {reinterpret_cast<const std::uint8_t*>(settled_.data()), settled_.size() * 4}});
  settled_.clear();
}

void managed_client::dropped(client::settlement why) {
  dropped_[static_cast<std::size_t>(why)]++;
  any_dropped_ = true;
  mark();
}

void managed_client::send_dropped() {
  if (!any_dropped_) return;
  any_dropped_ = false;
  for (std::uint32_t why = 0; why < dropped_.size(); why++) {
    if (dropped_[why] == 0) continue;
    const std::uint32_t words[2] = {dropped_[why], why};
    dropped_[why] = 0;
    notice(client_notice::dropped, {reinterpret_cast<const std::uint8_t*>(words), sizeof(words)});
  }
}

}  // namespace hawser::net
