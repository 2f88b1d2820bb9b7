// Reads clocks and /proc.
#include "measure.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <string>

namespace hawser::load {

namespace {

std::string read_small_file(const std::string& path) {
  std::string text;
  if (std::FILE* file = std::fopen(path.c_str(), "r")) {
    char buffer[1024];
    text.assign(buffer, std::fread(buffer, 1, sizeof buffer, file));
    std::fclose(file);
  }
  return text;
}

}  // namespace

nanoseconds now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<nanoseconds>(time.tv_sec) * nanoseconds_per_second +
         static_cast<nanoseconds>(time.tv_nsec);
}

double own_cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double watched_process::cpu_seconds() const {
  if (pid_ == 0) return 0;
  const std::string text = read_small_file("/proc/" + std::to_string(pid_) + "/stat");
  // The command's name stands in parentheses and may itself hold spaces and parentheses.
  const std::size_t name_end = text.rfind(')');
  unsigned long user = 0;
  unsigned long system = 0;
  if (name_end == std::string::npos ||
      std::sscanf(text.c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                  &system) != 2) {
    return 0;
  }
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t watched_process::resident_bytes() const {
  unsigned long pages = 0;
  const std::string text = read_small_file("/proc/" + std::to_string(pid_) + "/statm");
  if (std::sscanf(text.c_str(), "%*u %lu", &pages) != 1) return 0;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void histogram::add(nanoseconds value) {
  largest_ = std::max(largest_, value);
  ++total_;
  const unsigned width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > fine_bits_ + 1 ? width - fine_bits_ - 1 : 0;
  const std::size_t index = (static_cast<std::size_t>(shift) << fine_bits_) + (value >> shift);
  ++buckets_[std::min(index, buckets_.size() - 1)];
}

double histogram::microseconds_at(double share) const {
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > wanted) {
      const std::size_t fine = 1u << fine_bits_;
      const std::size_t shift = i < 2 * fine ? 0 : (i >> fine_bits_) - 1;
      const double middle = static_cast<double>((i - (shift << fine_bits_)) << shift) +
                            static_cast<double>((1ull << shift) - 1) / 2;
      return middle / 1000;
    }
  }
  return static_cast<double>(largest_) / 1000;
}

json_object histogram::summary() const {
  json_object out;
  out.add("samples", total_).add("p50", microseconds_at(0.5)).add("p90", microseconds_at(0.9));
  out.add("p99", microseconds_at(0.99)).add("max", static_cast<double>(largest_) / 1000);
  return out;
}

void measured_window::begin() {
  own_begun_ = own_cpu_seconds();
  watched_begun_ = watched_.cpu_seconds();
  begun_ = now();
}

void measured_window::end() {
  seconds_ = static_cast<double>(now() - begun_) / 1e9;
  own_ = own_cpu_seconds() - own_begun_;
  watched_used_ = watched_.cpu_seconds() - watched_begun_;
  resident_at_end_ = watched_ ? watched_.resident_bytes() : 0;
}

void measured_window::report(json_object& result) const {
  result.add("seconds", seconds_).add("ownCpuSeconds", own_);
  if (watched_) {
    json_object watched;
    watched.add("cpuSeconds", watched_used_);
    watched.add("residentAtRest", resident_at_rest_).add("residentAtEnd", resident_at_end_);
    result.add("watched", watched);
  }
}

}  // namespace hawser::load
