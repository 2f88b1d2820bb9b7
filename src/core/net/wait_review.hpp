// Whether a reactor may wait for events in place at all: tried out, since only that shows. Where each side
// waits for the other, as with requests, more messages pass in the same time; where peers send at their own
// pace, much the same messages cost far more processor time. So the other way is tried now and then, for a
// moment, and measured against the moment before it.
//
//   rest ────────────────► usual ───► trial ───► verdict: rest
//   480 ms, as decided     16 ms      16 ms, the other way
#pragma once

#include <cstdint>

namespace hawser::net {

class wait_review {
 public:
  // Readings of counters that only rise.
  struct reading {
    std::int64_t wall = 0, processor = 0;  // nanoseconds; processor: of the reactor's thread
    std::uint64_t messages = 0;            // in both directions
  };
  // Milliseconds.
  static constexpr std::int64_t sample = 16;
  static constexpr std::int64_t rest = 480;

  bool waits() const noexcept { return waits_; }
  // `now`: milliseconds. When it is due a reading is to be taken.
  bool due(std::int64_t now) const noexcept { return now >= due_; }
  void take(std::int64_t now, const reading& at) noexcept {
    const reading since = {at.wall - begun_.wall, at.processor - begun_.processor,
                           at.messages - begun_.messages};
    begun_ = at;
    // Who slept meanwhile had nothing that could be compared.
    const bool slept = since.wall > 2 * sample * 1'000'000;
    switch (phase_) {
      case phase::rest:
        return enter(phase::usual, now + sample);
      case phase::usual:
        if (slept) return enter(phase::rest, now + rest);
        usual_ = since;
        waits_ = !waits_;
        return enter(phase::trial, now + sample);
      case phase::trial:
        if (!slept) {
          (waits_ ? with_ : without_).add(since);
          (waits_ ? without_ : with_).add(usual_);
        }
        waits_ = slept ? !waits_ : !enough() || worth_it();
        return enter(phase::rest, now + rest);
    }
  }

 private:
  enum class phase : std::uint8_t { rest, usual, trial };
  // Samples of both ways, of which the older count half of the newer.
  struct sums {
    double wall = 0, processor = 0, messages = 0;
    void add(const reading& one) noexcept {
      wall = wall / 2 + static_cast<double>(one.wall);
      processor = processor / 2 + static_cast<double>(one.processor);
      messages = messages / 2 + static_cast<double>(one.messages);
    }
  };
  static constexpr double fewest = 64;

  void enter(phase next, std::int64_t due) noexcept {
    phase_ = next;
    due_ = due;
  }
  bool enough() const noexcept { return with_.messages >= fewest && without_.messages >= fewest; }
  // A fifth more processor time for a message at most, or a fifth less time for each.
  bool worth_it() const noexcept {
    const bool cheap = with_.processor / with_.messages <= 1.2 * (without_.processor / without_.messages);
    const bool quick = with_.wall / with_.messages <= 0.8 * (without_.wall / without_.messages);
    return cheap || quick;
  }

  phase phase_ = phase::rest;
  bool waits_ = true;
  std::int64_t due_ = 0;
  reading begun_, usual_;
  sums with_, without_;
};

}  // namespace hawser::net
