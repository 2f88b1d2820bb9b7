// A latency histogram: microseconds in log-linear buckets, at most 1.6 % off. Those that hold nothing cost
// nothing until many hold something; never more than 4 KiB.
//
//   bucket   0 … 63        64 … 95          96 … 127        …        960 … 991
//   values   0 … 63 µs     64 … 127, by 2   128 … 255, by 4          2^34 … 2^35 - 1 (9.5 hours)
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hawser::metrics {

class histogram {
 public:
  // Negative values count as 0; those above the last bucket count in it, with min, max and mean still exact.
  void record(std::int64_t microseconds) { record(microseconds, 1); }
  void record(std::int64_t microseconds, std::uint64_t times);

  // The value below or at which `percent` of all values lie: the middle of its bucket. 0 is the minimum, 100
  // the maximum; what is outside 0–100 counts as the nearer end, NaN as 100. 0 when nothing was recorded.
  std::int64_t percentile(double percent) const noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::int64_t min() const noexcept { return count_ > 0 ? min_ : 0; }
  std::int64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ > 0 ? sum_ / static_cast<double>(count_) : 0; }

  void merge(const histogram& other);
  void reset() noexcept { *this = {}; }

 private:
  static constexpr std::size_t buckets = 992;
  static constexpr std::size_t most_few = 128;

  struct cell {
    std::uint32_t bucket;
    std::uint32_t count;
  };

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    // 32 buckets for each power of two: the leading bit and the five after it.
    const int shift = value < 64 ? 0 : static_cast<int>(std::bit_width(value)) - 6;
    const std::size_t bucket =
        static_cast<std::size_t>(shift) * 32 + static_cast<std::size_t>(value >> shift);
    return bucket < buckets ? bucket : buckets - 1;
  }
  static std::int64_t middle_of(std::size_t bucket) noexcept;
  std::uint32_t& count_of(std::size_t bucket);
  void add(std::size_t bucket, std::uint64_t times);

  // fn(bucket, count&) for all that hold something and perhaps others, from the lowest on, until it returns
  // false.
  template <class Self, class Fn>
  static void each(Self& self, Fn&& fn) {
    for (std::size_t i = 0; i < self.all_.size(); ++i) {
      if (!fn(i, self.all_[i])) return;
    }
    for (auto& one : self.few_) {
      if (!fn(std::size_t{one.bucket}, one.count)) return;
    }
  }

  std::vector<cell> few_;           // ascending; empty once
  std::vector<std::uint32_t> all_;  // there is one for each bucket
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = 0;
};

}  // namespace hawser::metrics
