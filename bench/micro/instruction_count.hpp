// Counts the instructions that this thread executes in user space, by the processor's own counter.
#pragma once

#include <cstdint>

namespace hawser::micro {

// Counts from its construction on. Virtual machines often hide the counter, and systems may forbid it.
class instruction_count {
 public:
  instruction_count();
  ~instruction_count();
  instruction_count(const instruction_count&) = delete;
  instruction_count& operator=(const instruction_count&) = delete;

  bool works() const { return fd_ >= 0; }
  std::uint64_t value() const;

 private:
  int fd_;
};

}  // namespace hawser::micro
