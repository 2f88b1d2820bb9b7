#include "instruction_count.hpp"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hawser::micro {

instruction_count::instruction_count() {
  perf_event_attr wanted{};
  wanted.size = sizeof wanted;
  wanted.type = PERF_TYPE_HARDWARE;
  wanted.config = PERF_COUNT_HW_INSTRUCTIONS;
  wanted.exclude_kernel = 1;
  wanted.exclude_hv = 1;
  fd_ = static_cast<int>(::syscall(SYS_perf_event_open, &wanted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

instruction_count::~instruction_count() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint64_t instruction_count::value() const {
  std::uint64_t counted = 0;
  return ::read(fd_, &counted, sizeof counted) == sizeof counted ? counted : 0;
}

}  // namespace hawser::micro
