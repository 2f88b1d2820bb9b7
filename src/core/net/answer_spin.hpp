// Decides whether the reactor waits for an answer in place, for some microseconds, before it goes to sleep.
// A program that answers each message within that time gains a wake-up on both sides; one that does not costs
// the wait, so each failure doubles the number of chances that are let pass.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace hawser::net {

class answer_spin {
 public:
  static constexpr std::chrono::microseconds longest{25};

  // With many messages under way the other side is busy anyway and wakes nobody. With one processor the
  // answer could not come while we wait.
  bool worth_it(std::uint64_t delivered) noexcept {
    if (delivered > few_messages || !parallel_) return false;
    if (skip_ == 0) return true;
    skip_--;
    return false;
  }
  void answered() noexcept { penalty_ = 0; }
  void unanswered() noexcept {
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
  static constexpr std::uint64_t few_messages = 4;
  static constexpr std::uint32_t most_skipped = 1023;
  const bool parallel_ = std::thread::hardware_concurrency() > 1;
  std::uint32_t penalty_ = 0;
  std::uint32_t skip_ = 0;
};

}  // namespace hawser::net
