// A managed client's core in a world of its own: a virtual clock, a program that wants things at random
// moments, a network that fails in every way it can, a server that knows each message it was sent. One seed
// is one life of one client over many links.
//
//   program ─► client_core ─► wire: handed over ─► kernel: taken ─► server: received ─► acks, replies
//                                      └── what is not taken is the core's ──┘ a loss takes it at any point
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "core/client/client_core.hpp"

namespace hawser::client::test {

// SplitMix64: the same numbers on every platform.
class life_random {
 public:
  explicit life_random(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  std::size_t below(std::size_t n) noexcept { return next() % n; }
  bool one_in(std::size_t n) noexcept { return below(n) == 0; }
  time_ms span(time_ms least, time_ms most) noexcept {
    return least + static_cast<time_ms>(below(static_cast<std::size_t>(most - least + 1)));
  }

 private:
  std::uint64_t state_;
};

// How much of what went on; a test asks that there was enough of everything.
struct life_figures {
  std::uint64_t links = 0;  // that opened
  std::uint64_t dials = 0;
  std::uint64_t sends = 0;
  std::uint64_t copies = 0;  // handed to a link
  std::uint64_t batches = 0;
  std::uint64_t gates = 0;  // links that were admitted or turned away
  std::uint64_t holds = 0;  // links that waited for the program's joins
  std::uint64_t silences = 0;
  std::uint64_t received = 0;
  std::uint64_t doubles = 0;  // received again, and known by their id
  std::uint64_t timers = 0;
  std::uint64_t program_calls = 0;
  std::array<std::uint64_t, 8> settled{};  // by settlement
  std::array<std::uint64_t, 7> states{};
};

class simulated_world final : private client_host {
 public:
  simulated_world(std::uint64_t seed, life_figures& figures);

  // Empty: all promises were kept. Otherwise what was broken, and when.
  std::string live();

 private:
  static constexpr time_ms most_lateness = 30;

  struct record {
    message_priority priority{};
    bool acked = false;
    bool request = false;
    bool joinable = false;
    bool bound = false;  // to one link
    std::size_t size = 0;
    std::uint32_t token = 0;
    time_ms expires_at = 0;
    std::optional<settlement> how;  // of one with a token
    bool taken = false;             // by the kernel, on whatever link
    bool taken_unacked = false;     // on a link without acks: nothing is waited for after that
    bool received = false;
    bool cancelled = false;       // by the program: nobody is told
    std::uint32_t handed_on = 0;  // the last link that had it
  };
  enum class stage : std::uint8_t { dialling, open, closing, gone };
  struct link {
    endpoint_index endpoint = 0;
    stage at = stage::dialling;
    bool own_protocol = false;
    bool acks = false;
    bool deaf = false;  // the server neither reads nor answers
    bool working = false;
    bool held = false;  // until the program's joins have gone ahead
    std::size_t window = 0;
    std::size_t untaken_bytes = 0;
    std::vector<std::uint32_t> wire;    // messages in the order of send()
    std::vector<std::uint32_t> frames;  // how many of them each frame holds
    std::size_t taken = 0;
    std::size_t frames_taken = 0;
    std::size_t untaken() const { return frames.size() - frames_taken; }
    std::size_t received = 0;
    std::array<std::uint32_t, priorities> newest{};  // handed over first on this link, plus one
  };
  struct event {
    time_ms at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const event& other) const noexcept {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  // client_host
  void dial(std::uint32_t number, endpoint_index endpoint) override;
  void close(std::uint32_t number, std::uint16_t code, std::string_view reason) override;
  void drop(std::uint32_t number) override;
  void send(std::uint32_t number, std::span<const std::uint8_t> payload, bool binary, bool compress) override;
  void send_control(std::uint32_t number, std::string_view text, bool binary) override;
  std::size_t room(std::uint32_t number) override;
  void state_changed(const state_report& report) override;
  void want_token(token_reason why, std::uint32_t tokens) override;
  void settled(std::uint32_t token, settlement how) override;
  void dropped(settlement why) override;
  void stored_done(std::uint64_t key) override;
  time_ms wall_ahead() override { return 1'700'000'000'000; }

  // The network and the server.
  void finish_dial(std::uint32_t number);
  void refuse(std::uint32_t number);
  void judge(std::uint32_t number);
  void work(std::uint32_t number);
  void hand_over(std::uint32_t number, std::uint32_t index);
  std::vector<std::uint32_t> unpack(std::span<const std::uint8_t> frame);
  void take(std::uint32_t number, std::size_t frames);
  void note_taken(link& one, std::size_t frames);
  void read(std::uint32_t number, std::size_t count, bool answer);
  void receive(std::uint32_t number, std::uint32_t index, bool answer);
  void lose(std::uint32_t number);
  void vanish(link& one);
  void reply(std::uint32_t index);
  void answer_token(std::uint32_t ask);

  // The program.
  void act();
  void send_something();
  void call_program();
  void hear_of(std::uint32_t number);
  void join(std::uint32_t number);
  void want_rooms(bool wanted, std::uint32_t number);

  core_settings random_settings();
  void at(time_ms delay, std::function<void()> what);
  void run_until(time_ms end);
  void step(time_ms end);
  void finish();
  void check();
  void check_delay(const state_report& report);
  void check_attempt_time();
  void settle(record& r, settlement how, std::uint32_t index);
  void expect(bool good, const char* what, std::uint64_t detail = 0);
  link* alive(std::uint32_t number);
  std::int64_t micros() const noexcept { return now_ * 1000; }

  life_random random_;
  life_figures& figures_;
  bool calm_ = false;  // nothing fails any more
  bool ended_ = false;
  time_ms now_ = 0;
  time_ms lateness_ = 0;
  const core_settings settings_;
  bool token_in_message_ = false;
  bool rooms_ = false;  // the program is in some
  client_gauges gauges_;
  client_core core_;
  std::string broken_;

  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t event_order_ = 0;
  std::vector<bool> up_;                                     // endpoints
  std::vector<time_ms> alone_until_;                         // the same: as they asked
  std::vector<link> links_;                                  // by number, from 1
  std::vector<record> sent_;                                 // by index; the token is the index plus one
  std::uint32_t asked_ = 0;                                  // tokens
  std::uint32_t asking_ = 0;                                 // the ask that is open, 0: none
  std::array<std::uint32_t, priorities> received_newest_{};  // index plus one
  std::size_t nameless_ = 0;                                 // accepted, nobody waits for them
  std::size_t nameless_dropped_ = 0;
  bool cleared_ = false;

  client_state state_ = client_state::idle;
  time_ms attempt_due_ = 0;  // -1: anything goes
  bool attempt_told_ = false;
  std::uint32_t attempt_ = 0;
  bool attempt_reset_ = true;
  time_ms asked_to_wait_ = 0;
  time_ms last_timer_ = -1;
  int timers_at_once_ = 0;
};

}  // namespace hawser::client::test
