// What a peer of a server may send: messages above its rates, and those that need no JavaScript, end here.
#include <chrono>
#include <cstring>

#include "core/bytes.hpp"
#include "core/net/connection.hpp"
#include "core/net/control_reader.hpp"
#include "core/net/reactor.hpp"

namespace hawser::net {

namespace {

using gauge = server_state::gauge;

constexpr std::int64_t nanoseconds = 1'000'000;  // a millisecond's

std::int64_t wall_now() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// Counts the connection among those of its address; false: there are too many.
bool connection::enter(std::string_view address) {
  const listen_settings& rules = server_->settings();
  const bool counts = rules.max_per_address > 0 || rules.rate.address;
  if (!counts && !rules.rate) return true;
  gate_ = std::make_unique<hub::rate_gate>();
  // Peers on a Unix socket have none.
  if (!counts || address.empty()) return true;
  gate_->address = server_->state().addresses().acquire(
      address, reactor_.now() * nanoseconds,
      rules.max_per_address > 0 ? rules.max_per_address : hub::bucket_table::any);
  return static_cast<bool>(gate_->address);
}

void connection::set_user(std::string_view user) {
  if (!gate_ || server_ == nullptr || !server_->settings().rate.user) return;
  gate_->user = server_->state().users().acquire(user, reactor_.now() * nanoseconds);
}

bool connection::sends_too_much() const noexcept {
  return gate_ && gate_->shut(server_->settings().rate, reactor_.now() * nanoseconds);
}

// True: the message is done with.
bool connection::screen(std::span<const std::uint8_t> payload, message_flags flags) {
  const listen_settings& rules = server_->settings();
  const bool hub_text = rules.hub && !flags.binary;
  // Like pings, they are free.
  if (hub_text && control_reader::may_be_heartbeat(payload) && answer_heartbeat(payload)) return true;
  if (!gate_ || !rules.rate) return false;
  std::int64_t tokens = 1;
  if (hub_text && control_reader::may_be_batch(payload))
    tokens = reactor_.controls().messages_in(with_slack(payload));
  // Peers of a plain server that send bytes do not expect a text.
  const auto verdict =
      gate_->take(rules.rate, reactor_.now() * nanoseconds, tokens, rules.hub || !flags.binary);
  if (verdict.wait == 0) return false;
  refuse_message(verdict, flags.binary ? std::span<const std::uint8_t>() : payload);
  return true;
}

bool connection::answer_heartbeat(std::span<const std::uint8_t> payload) {
  if (!may_answer()) return false;
  const std::string_view answer = reactor_.controls().answer_heartbeat(with_slack(payload), wall_now());
  if (answer.empty()) return false;
  server_->note(gauge::heartbeats);
  write_answer(answer);
  return true;
}

void connection::refuse_message(const hub::rate_gate::verdict& verdict,
                                std::span<const std::uint8_t> payload) {
  server_->note(gauge::rate_limited);
  if (verdict.answer && may_answer()) {
    const bool readable = !payload.empty() && payload.size() <= control_reader::longest;
    write_answer(reactor_.controls().refusal(readable ? with_slack(payload) : std::span<const std::uint8_t>(),
                                             (verdict.wait + nanoseconds - 1) / nanoseconds, wall_now()));
  }
  if (!verdict.close) return;
  server_->note(gauge::rate_closed);
  fail({errc::rate_limit_exceeded, 0, "Too many messages."}, 1008);
}

// Not between the fragments of the program's own message (RFC 6455 §5.4), and not to who does not read.
bool connection::may_answer() const noexcept {
  return close_.may_send() && !fragmenting_ && pending_output() < settings_->values.high_water_mark;
}

void connection::write_answer(std::string_view text) {
  reactor_.count().messages_out.add(1);
  write_frame(protocol::opcode::text, true, false, bytes_of(text));
}

// As parsers want a text that read ahead of it.
std::span<const std::uint8_t> connection::with_slack(std::span<const std::uint8_t> payload) {
  if (payload.empty() || reactor_.has_slack(payload.data())) return payload;
  std::vector<std::uint8_t>& scratch = reactor_.client_scratch();
  scratch.resize(payload.size() + control_reader::slack);
  std::memcpy(scratch.data(), payload.data(), payload.size());
  return {scratch.data(), payload.size()};
}

}  // namespace hawser::net
