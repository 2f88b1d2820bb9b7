// The network of a simulated life and the servers behind it: dials, wires, kernels, acks, replies, losses.
#include <algorithm>

#include "simulation_world.hpp"

namespace hawser::client::test {

namespace {
link_end failed_dial(errc code, int status = 0, time_ms retry_after = 0) {
  link_end how;
  how.error = {code, 0, "simulated"};
  how.http_status = status;
  how.retry_after = retry_after;
  return how;
}
}  // namespace

// Null: there is no such link any more.
simulated_world::link* simulated_world::alive(std::uint32_t number) {
  return !ended_ && links_[number].at != stage::gone ? &links_[number] : nullptr;
}

// -------------------------------------------------------------------------------------------------- dials

void simulated_world::dial(std::uint32_t number, endpoint_index endpoint) {
  expect(number == links_.size(), "a link's number is not new", number);
  expect(endpoint < up_.size(), "no such endpoint", endpoint);
  for (std::size_t i = links_.size(); i-- > 1 && i + 8 > links_.size();) {
    expect(links_[i].at != stage::open && links_[i].at != stage::closing, "a dial beside an open link", i);
    expect(links_[i].at != stage::dialling || links_[i].endpoint != endpoint, "two dials to one endpoint", i);
  }
  if (!broken_.empty()) return;
  check_attempt_time();
  ++figures_.dials;
  links_.emplace_back().endpoint = endpoint;
  alone_until_[endpoint] = 0;  // the program may have insisted
  const bool works = up_[endpoint] && (calm_ || !random_.one_in(6));
  if (!works && random_.one_in(4)) return;  // hangs until somebody loses patience
  at(random_.one_in(6) ? random_.span(0, 4'000) : random_.span(0, 80), [this, number, works] {
    if (alive(number) == nullptr) return;
    if (works) {
      finish_dial(number);
    } else {
      refuse(number);
    }
  });
}

void simulated_world::finish_dial(std::uint32_t number) {
  link& one = links_[number];
  one.at = stage::open;
  one.own_protocol = random_.one_in(2);
  one.acks =
      settings_.acks == ack_mode::always || (settings_.acks == ack_mode::by_protocol && one.own_protocol);
  one.deaf = !calm_ && random_.one_in(12);
  one.window = random_.one_in(3) ? 1 + random_.below(100) : 4'000;
  ++figures_.links;
  at(random_.span(0, 60), [this, number] { work(number); });
  core_.link_opened(number, one.own_protocol ? own_protocol : "other", now_);
  if (settings_.gated && alive(number) != nullptr && !links_[number].deaf)
    at(random_.span(0, 200), [this, number] { judge(number); });
}

// What a dialect says of a link that waits at the gate.
void simulated_world::judge(std::uint32_t number) {
  if (alive(number) == nullptr || core_.link() != number) return;
  ++figures_.gates;
  if (!calm_ && random_.one_in(8)) {
    ++figures_.silences;
    core_.on_silence("simulated", now_);
  } else {
    core_.on_auth(calm_ || !random_.one_in(8), "no", now_);
  }
}

void simulated_world::refuse(std::uint32_t number) {
  links_[number].at = stage::gone;
  link_end how;
  switch (random_.below(16)) {
    case 0:
      how = failed_dial(errc::unexpected_response, 404);
      break;
    case 1:
    case 2:
      how = failed_dial(errc::unexpected_response, 401);
      break;
    case 3:
    case 4:
      how = failed_dial(errc::unexpected_response, 503, random_.span(0, 6'000));
      break;
    case 5:
      how = failed_dial(errc::unexpected_response, 429, random_.span(0, 2'000));
      break;
    case 6:
      how = failed_dial(errc::dns_failed);
      break;
    default:
      how = failed_dial(errc::connection_refused);
      break;
  }
  const time_ms wish = std::min(how.retry_after, settings_.machine.reconnect.max_retry_after);
  asked_to_wait_ = std::max(asked_to_wait_, wish);
  if (wish > 0) alone_until_[links_[number].endpoint] = now_ + wish;
  core_.link_ended(number, std::move(how), now_);
}

void simulated_world::want_token(token_reason, std::uint32_t) {
  check_attempt_time();
  const std::uint32_t ask = ++asked_;
  asking_ = ask;
  if (!calm_ && random_.one_in(8)) return;  // the core has to lose patience
  at(random_.span(0, 400), [this, ask] { answer_token(ask); });
}

void simulated_world::answer_token(std::uint32_t ask) {
  if (ended_) return;
  if (asking_ == ask) asking_ = 0;
  if (!calm_ && random_.one_in(6)) {
    core_.fail_token(now_, random_.one_in(6));
  } else {
    core_.set_token(now_, token_in_message_ ? "token" : "");
  }
}

// ------------------------------------------------------------------------------------------------ the wire

std::size_t simulated_world::room(std::uint32_t number) {
  const link& one = links_[number];
  return one.untaken_bytes < one.window ? one.window - one.untaken_bytes : 0;
}

namespace {
constexpr std::string_view batch_start = R"({"type":"batch","payload":[)";
}

// The messages of a frame, each as it was sent: four bytes of its number, and sevens.
std::vector<std::uint32_t> simulated_world::unpack(std::span<const std::uint8_t> frame) {
  const std::string_view text{reinterpret_cast<const char*>(frame.data()), frame.size()};
  const bool joined = text.starts_with(batch_start);
  std::size_t at = joined ? batch_start.size() : 0;
  std::vector<std::uint32_t> out;
  do {
    if (!out.empty()) ++at;
    expect(at + 4 <= frame.size(), "a payload was cut", frame.size());
    if (!broken_.empty()) return {};
    std::uint32_t index = 0;
    for (std::size_t i = 0; i < 4; ++i) index |= std::uint32_t{frame[at + i]} << 8 * i;
    expect(index < sent_.size() && at + sent_[index].size <= frame.size(), "a payload was cut", index);
    if (!broken_.empty()) return {};
    const auto body = frame.subspan(at + 4, sent_[index].size - 4);
    expect(std::ranges::all_of(body, [](auto b) { return b == 7; }), "a payload was changed", index);
    expect(!joined || sent_[index].joinable, "joined what goes alone", index);
    at += sent_[index].size;
    out.push_back(index);
  } while (joined && at < frame.size() && text[at] == ',');
  expect(text.substr(at) == (joined ? "]}" : ""), "a frame has an end of its own", out.back());
  return out;
}

void simulated_world::send(std::uint32_t number, std::span<const std::uint8_t> payload, bool, bool) {
  expect(number < links_.size() && links_[number].at == stage::open, "a message for a link that is not open",
         number);
  expect(state_ == client_state::connected, "a message while not connected",
         static_cast<std::uint64_t>(state_));
  expect(!links_[number].held, "a message ahead of the joins", number);
  const std::vector<std::uint32_t> messages = unpack(payload);
  if (!broken_.empty()) return;
  link& one = links_[number];
  expect(room(number) > 0, "a message for a link without room", number);
  // The timer has done something. A queue of old messages leaves in as many frames as have room, each at
  // once.
  timers_at_once_ = 0;
  if (messages.size() > 1) {
    expect(one.own_protocol || settings_.batch.always, "a batch for who does not know it", number);
    expect(messages.size() <= settings_.batch.max, "a batch of too many", messages.size());
    ++figures_.batches;
  }
  for (const std::uint32_t index : messages) {
    expect(sent_[index].priority == sent_[messages.front()].priority, "a batch of two priorities", index);
    hand_over(number, index);
  }
  one.frames.push_back(static_cast<std::uint32_t>(messages.size()));
  one.untaken_bytes += payload.size();
}

void simulated_world::hand_over(std::uint32_t number, std::uint32_t index) {
  link& one = links_[number];
  record& r = sent_[index];
  expect(!r.how.has_value(), "sent after it was settled", index);
  expect(r.acked || !r.taken, "sent again after the kernel took it", index);
  expect(!r.taken_unacked, "sent again after it was done", index);
  if (r.handed_on != number) {
    std::uint32_t& newest = one.newest[static_cast<std::size_t>(r.priority)];
    expect(newest < index + 1, "out of order on a link", index);
    newest = index + 1;
    r.handed_on = number;
  } else {
    expect(r.acked && one.acks, "handed over twice", index);
  }
  one.wire.push_back(index);
  ++figures_.copies;
}

void simulated_world::send_control(std::uint32_t number, std::string_view text, bool) {
  expect(links_[number].at == stage::open, "a control text for a link that is not open", number);
  const link& one = links_[number];
  if (text == "token") {
    expect(token_in_message_, "a token that was not given");
    if (!one.own_protocol || (!calm_ && (one.deaf || random_.one_in(10)))) return;
    at(random_.span(0, 100), [this, number] {
      if (alive(number) != nullptr) core_.on_auth(calm_ || !random_.one_in(5), "no", now_);
    });
    return;
  }
  if (text.starts_with("join ")) {
    const auto index = static_cast<std::uint32_t>(std::stoul(std::string(text.substr(5))));
    expect(core_.link() == number && sent_[index].bound && !sent_[index].taken, "a join for another link",
           index);
    sent_[index].taken = true;
    if (!calm_ && (one.deaf || random_.one_in(6))) return;
    at(random_.span(0, 300), [this, number, index] {
      if (alive(number) != nullptr) reply(index);
    });
    return;
  }
  expect(text.starts_with(R"({"type":"heartbeat")"), "an unknown control text");
  if (!calm_ && (one.deaf || random_.one_in(6))) return;
  at(random_.span(0, 300), [this, number] {
    if (alive(number) != nullptr) core_.on_heartbeat_ack(micros());
  });
}

// The kernel and the server make some progress, or the link breaks.
void simulated_world::work(std::uint32_t number) {
  if (alive(number) == nullptr) return;
  if (!calm_ && random_.one_in(30)) return lose(number);
  if (!calm_ && random_.one_in(300) && core_.link() == number && links_[number].at == stage::open) {
    ++figures_.silences;
    core_.on_silence("simulated", now_);
    return;
  }
  if (calm_ || !links_[number].deaf) {
    const std::size_t untaken = links_[number].untaken();
    if (untaken > 0) take(number, calm_ ? untaken : random_.below(untaken + 1));
    const std::size_t unread = links_[number].taken - links_[number].received;
    if (unread > 0) read(number, calm_ ? unread : random_.below(unread + 1), true);
  }
  if (random_.one_in(10)) {
    links_[number].window = 1 + random_.below(4'000);
    core_.link_has_room(number, now_);
  }
  if (alive(number) != nullptr)
    at(random_.one_in(10) ? random_.span(0, 1'500) : random_.span(0, 60), [this, number] { work(number); });
}

void simulated_world::note_taken(link& one, std::size_t frames) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < frames; ++i) count += one.frames[one.frames_taken++];
  for (std::size_t i = 0; i < count; ++i) {
    record& r = sent_[one.wire[one.taken++]];
    r.taken = true;
    r.taken_unacked = r.taken_unacked || !r.acked || !one.acks;
  }
  if (one.taken == one.wire.size()) one.untaken_bytes = 0;
}

// Sometimes the server has answered before the core hears that the kernel took it.
void simulated_world::take(std::uint32_t number, std::size_t frames) {
  note_taken(links_[number], frames);
  if (!calm_ && !links_[number].deaf && random_.one_in(8)) {
    std::vector<std::uint32_t> got(
        links_[number].wire.begin() + static_cast<std::ptrdiff_t>(links_[number].received),
        links_[number].wire.begin() + static_cast<std::ptrdiff_t>(links_[number].taken));
    read(number, got.size(), false);
    for (const std::uint32_t index : got) {
      if (sent_[index].request && random_.one_in(2)) reply(index);
      if (sent_[index].acked && links_[number].acks && random_.one_in(2))
        core_.on_ack("m" + std::to_string(index), now_);
    }
  }
  core_.link_flushed(number, frames, now_);
}

void simulated_world::read(std::uint32_t number, std::size_t count, bool answer) {
  for (std::size_t i = 0; i < count; ++i)
    receive(number, links_[number].wire[links_[number].received++], answer);
}

void simulated_world::receive(std::uint32_t number, std::uint32_t index, bool answer) {
  record& r = sent_[index];
  ++figures_.received;
  if (r.received) {
    expect(r.acked, "the server has it twice", index);
    ++figures_.doubles;
  } else {
    std::uint32_t& newest = received_newest_[static_cast<std::size_t>(r.priority)];
    expect(newest < index + 1, "the server has it out of order", index);
    newest = index + 1;
    r.received = true;
  }
  if (!answer) return;
  if (r.acked && (links_[number].acks || links_[number].own_protocol) && (calm_ || !random_.one_in(5))) {
    const time_ms late = !calm_ && random_.one_in(5) ? random_.span(0, 4'000) : random_.span(0, 30);
    at(late, [this, number, index] {
      if (alive(number) != nullptr) core_.on_ack("m" + std::to_string(index), now_);
    });
  }
  if (r.request && (calm_ || !random_.one_in(4))) {
    at(random_.one_in(4) ? random_.span(0, 3'000) : random_.span(0, 50), [this, number, index] {
      if (alive(number) != nullptr) reply(index);
    });
  }
}

void simulated_world::reply(std::uint32_t index) {
  const std::optional<std::uint32_t> token = core_.on_reply("m" + std::to_string(index));
  if (!token) return;
  expect(*token == sent_[index].token, "a reply for another", index);
  settle(sent_[index], settlement::done, index);
}

// ---------------------------------------------------------------------------------------------------- ends

// What the kernel has may arrive or not; nobody hears of it.
void simulated_world::vanish(link& one) {
  const auto number = static_cast<std::uint32_t>(&one - links_.data());
  if (one.at != stage::dialling) read(number, random_.below(one.taken - one.received + 1), false);
  one.at = stage::gone;
  one.wire = {};
  one.frames = {};
}

void simulated_world::close(std::uint32_t number, std::uint16_t, std::string_view reason) {
  expect(links_[number].at == stage::open, "a close of a link that is not open", number);
  expect(reason == "bye" || ended_ || reason.empty(), "a reason that nobody gave");
  links_[number].at = stage::closing;
  if (!calm_ && random_.one_in(5)) return;  // the peer does not answer
  at(random_.span(0, 600), [this, number] {
    if (alive(number) == nullptr) return;
    vanish(links_[number]);
    link_end how;
    how.close_code = 1000;
    core_.link_ended(number, std::move(how), now_);
  });
}

void simulated_world::drop(std::uint32_t number) {
  expect(number < links_.size() && links_[number].at != stage::gone, "a drop of a link that is gone", number);
  if (broken_.empty()) vanish(links_[number]);
}

void simulated_world::lose(std::uint32_t number) {
  const std::size_t untaken = links_[number].untaken();
  if (untaken > 0) take(number, random_.below(untaken + 1));
  vanish(links_[number]);
  static constexpr std::array<std::uint16_t, 10> codes = {1000, 1001, 1006, 1006, 1006,
                                                          1011, 1012, 1013, 4000, 4401};
  link_end how;
  how.close_code = codes[random_.below(codes.size())];
  if (how.close_code == 1006) how.error = {errc::connection_lost, 0, "simulated"};
  if (how.close_code == 1013)
    asked_to_wait_ = std::max(asked_to_wait_, settings_.machine.reconnect.try_again_delay);
  core_.link_ended(number, std::move(how), now_);
}

}  // namespace hawser::client::test
