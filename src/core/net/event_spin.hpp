// Decides whether the reactor waits for the next event in place, for some microseconds, before it goes to
// sleep. Where things come that quickly, both sides gain a wake-up; where they do not the wait is lost. It
// takes no longer than a wake-up may cost, so at worst it costs as much again; and a failure doubles the
// number of chances that are let pass, of which a success takes an eighth, so that where fewer than about six
// of seven succeed it soon is hardly tried. Nor is it where many sockets are ready at once: there a wake-up
// is shared by all of them, and others have work for the processor. Whoever else wants the processor gets it
// between two looks: a peer, say, whose messages are waited for.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace hawser::net {

class event_spin {
 public:
  // A wake-up took 30 to 65 on the virtual machine on which this was measured.
  static constexpr std::chrono::microseconds longest{50};
  // At the commands, before all else is looked at, which takes a system call.
  static constexpr int looks = 32;

  // With one processor nothing could come while we wait.
  bool worth_it() noexcept {
    if (!parallel_ || crowd_ >= crowded * smoothing) return false;
    if (skip_ == 0) return true;
    skip_--;
    return false;
  }
  // So many sockets were ready.
  void gathered(std::uint32_t sockets) noexcept { crowd_ += sockets - crowd_ / smoothing; }
  void came() noexcept { penalty_ -= (penalty_ + 7) / 8; }
  void in_vain() noexcept {
    penalty_ = std::min<std::uint32_t>(penalty_ * 2 + 1, most_skipped);
    skip_ = penalty_;
  }

  static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

 private:
  // Sockets at once, on average over about so many times.
  static constexpr std::uint32_t crowded = 4, smoothing = 8;
  static constexpr std::uint32_t most_skipped = 1023;
  const bool parallel_ = std::thread::hardware_concurrency() > 1;
  std::uint32_t penalty_ = 0;
  std::uint32_t skip_ = 0;
  std::uint32_t crowd_ = 0;  // times `smoothing`
};

}  // namespace hawser::net
