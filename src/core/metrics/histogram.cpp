// Counting into the buckets of the histogram and reading them.
#include "core/metrics/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace hawser::metrics {

void histogram::record(std::int64_t microseconds, std::uint64_t times) noexcept {
  if (times == 0) return;
  const std::int64_t value = std::max<std::int64_t>(microseconds, 0);
  add(bucket_of(static_cast<std::uint64_t>(value)), times);
  count_ += times;
  sum_ += static_cast<double>(value) * static_cast<double>(times);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

// A bucket that would overflow (after four billion values) halves all of them, so what is older counts half;
// the shape stays, and what is there at all stays there.
void histogram::add(std::size_t bucket, std::uint64_t times) noexcept {
  while (times > UINT32_MAX - counts_[bucket]) {
    for (std::uint32_t& c : counts_) c = c / 2 + (c & 1);
    times = times / 2 + (times & 1);
  }
  counts_[bucket] += static_cast<std::uint32_t>(times);
}

void histogram::merge(const histogram& other) noexcept {
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < buckets; ++i)
    highest = std::max(highest, std::uint64_t{counts_[i]} + other.counts_[i]);
  const bool halve = highest > UINT32_MAX;
  for (std::size_t i = 0; i < buckets; ++i) {
    const std::uint64_t sum = std::uint64_t{counts_[i]} + other.counts_[i];
    counts_[i] = static_cast<std::uint32_t>(halve ? sum / 2 + (sum & 1) : sum);
  }
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

std::int64_t histogram::middle_of(std::size_t bucket) noexcept {
  if (bucket < 64) return static_cast<std::int64_t>(bucket);
  const std::size_t shift = bucket / 32 - 1;
  const std::size_t low = (bucket - shift * 32) << shift;
  return static_cast<std::int64_t>(low + ((std::size_t{1} << shift) - 1) / 2);
}

std::int64_t histogram::percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  if (percent <= 0) return min_;
  if (!(percent < 100)) return max_;
  std::uint64_t total = 0;
  for (const std::uint32_t c : counts_) total += c;
  const auto rank = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(total)));
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    below += counts_[i];
    if (below >= rank && below > 0) return std::clamp(i + 1 < buckets ? middle_of(i) : max_, min_, max_);
  }
  return max_;
}

}  // namespace hawser::metrics
