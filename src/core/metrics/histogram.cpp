// Counting into the buckets of the histogram and reading them.
#include "core/metrics/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace hawser::metrics {

void histogram::record(std::int64_t microseconds, std::uint64_t times) {
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
void histogram::add(std::size_t bucket, std::uint64_t times) {
  std::uint32_t& count = count_of(bucket);
  while (times > UINT32_MAX - count) {
    each(*this, [](std::size_t, std::uint32_t& c) {
      c = c / 2 + (c & 1);
      return true;
    });
    times = times / 2 + (times & 1);
  }
  count += static_cast<std::uint32_t>(times);
}

// Valid until the next call.
std::uint32_t& histogram::count_of(std::size_t bucket) {
  if (!all_.empty()) return all_[bucket];
  const auto at = std::ranges::lower_bound(few_, bucket, {}, &cell::bucket);
  if (at != few_.end() && at->bucket == bucket) return at->count;
  if (few_.size() < most_few) return few_.insert(at, {static_cast<std::uint32_t>(bucket), 0})->count;
  all_.resize(buckets);
  for (const cell& one : few_) all_[one.bucket] = one.count;
  few_ = {};
  return all_[bucket];
}

void histogram::merge(const histogram& other) {
  std::vector<std::uint64_t> sums(buckets);
  for (const histogram* const one : {static_cast<const histogram*>(this), &other}) {
    each(*one, [&](std::size_t bucket, std::uint32_t count) {
      sums[bucket] += count;
      return true;
    });
  }
  const bool halve = *std::ranges::max_element(sums) > UINT32_MAX;
  for (std::size_t i = 0; i < buckets; ++i) {
    if (sums[i] == 0) continue;
    count_of(i) = static_cast<std::uint32_t>(halve ? sums[i] / 2 + (sums[i] & 1) : sums[i]);
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
  each(*this, [&](std::size_t, std::uint32_t c) {
    total += c;
    return true;
  });
  const auto rank = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(total)));
  std::uint64_t below = 0;
  std::int64_t found = max_;
  each(*this, [&](std::size_t i, std::uint32_t c) {
    below += c;
    if (below < rank || below == 0) return true;
    found = std::clamp(i + 1 < buckets ? middle_of(i) : max_, min_, max_);
    return false;
  });
  return found;
}

}  // namespace hawser::metrics
