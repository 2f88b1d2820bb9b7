// What topics keep of what was published to them, for those who come late: references to messages with their
// offsets, within bounds for each topic and for all together. Pure: the time is passed in, a message is
// whatever Message points to.
//
//   topic   | lost ≤ … | first … last |          bounds: count, bytes, age of each topic
//               evicted     kept
//   all     one list of topics for each power of two of their bytes: where all topics together hold too much,
//           the oldest message of one in the topmost list goes, so that a loud topic pays before quiet ones
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hawser::hub {

// Age in milliseconds, 0: no bound.
struct kept_bounds {
  std::size_t count = 0;
  std::size_t bytes = 0;
  std::int64_t age = 0;
};

// Written by the thread of the history, read by any. Shared by pointer with whoever shows it.
struct kept_gauge {
  std::atomic<std::int64_t> lost{0}, last{0};
  std::atomic<std::uint64_t> count{0}, bytes{0};
};

template <class Message>
class history {
 public:
  using handle = std::shared_ptr<const Message>;
  struct entry {
    std::int64_t offset;
    std::int64_t at;
    std::size_t bytes;
    handle message;
  };

  class topic {
   public:
    // Everything above this offset that was published is kept.
    std::int64_t lost() const noexcept { return lost_; }
    std::int64_t last() const noexcept { return last_; }
    std::size_t bytes() const noexcept { return bytes_; }
    // Oldest first.
    std::span<const entry> entries() const noexcept { return std::span(entries_).subspan(first_); }
    // What lies above an offset; the newest `most` of it.
    std::span<const entry> above(std::int64_t offset, std::size_t most) const noexcept {
      const std::span<const entry> all = entries();
      const auto from =
          std::ranges::upper_bound(all, offset, {}, [](const entry& one) { return one.offset; });
      const auto size = static_cast<std::size_t>(all.end() - from);
      return all.last(std::min(size, most));
    }

   private:
    friend class history;
    std::string name_;
    kept_bounds bounds_;
    std::vector<entry> entries_;
    std::size_t first_ = 0;
    std::size_t bytes_ = 0;
    std::int64_t lost_ = 0, last_ = 0;
    std::shared_ptr<kept_gauge> gauge_;
    std::size_t place_ = 0;  // in all_
    int size_class_ = -1;    // of the list that it is in; -1: none, it holds nothing
    topic *before_ = nullptr, *behind_ = nullptr;
  };

  // `limit`: bytes of all topics together.
  explicit history(std::size_t limit) : limit_(limit) {}

  // From now on the topic keeps what is added. `head` is the offset of what was published last. Of a topic
  // that keeps already only the bounds change.
  void keep(std::string_view name, kept_bounds bounds, std::int64_t head, std::int64_t now,
            const std::shared_ptr<kept_gauge>& gauge = nullptr) {
    auto found = topics_.find(name);
    if (found == topics_.end()) {
      found = topics_.emplace(std::string(name), std::make_unique<topic>()).first;
      topic& made = *found->second;
      made.name_ = found->first;
      made.lost_ = made.last_ = head;
      made.place_ = all_.size();
      all_.push_back(&made);
    }
    topic& one = *found->second;
    one.bounds_ = bounds;
    if (gauge) one.gauge_ = gauge;
    trim(one, now);
  }

  void forget(std::string_view name) {
    const auto found = topics_.find(name);
    if (found == topics_.end()) return;
    topic& gone = *found->second;
    unlink(gone);
    bytes_ -= gone.bytes_;
    messages_ -= gone.entries().size();
    all_.back()->place_ = gone.place_;
    std::swap(all_[gone.place_], all_.back());
    all_.pop_back();
    topics_.erase(found);
  }

  // False: the topic does not keep, or has an offset at least as high already.
  bool add(std::string_view name, std::int64_t offset, std::size_t bytes, handle message, std::int64_t now) {
    const auto found = topics_.find(name);
    if (found == topics_.end() || offset <= found->second->last_) return false;
    topic& one = *found->second;
    // Offsets that were left out are of messages that nobody kept.
    if (offset > one.last_ + 1) {
      while (!one.entries().empty()) drop(one);
      one.lost_ = offset - 1;
    }
    one.entries_.push_back({offset, now, bytes, std::move(message)});
    one.last_ = offset;
    one.bytes_ += bytes;
    bytes_ += bytes;
    messages_++;
    trim(one, now);
    while (bytes_ > limit_ && classes_ != 0) {
      topic& largest = *lists_[static_cast<std::size_t>(std::bit_width(classes_) - 1)];
      drop(largest);
      settle(largest);
    }
    sweep(now, 2);
    return true;
  }

  // What the topic keeps at this time; null: it does not keep.
  const topic* find(std::string_view name, std::int64_t now) {
    const auto found = topics_.find(name);
    if (found == topics_.end()) return nullptr;
    trim(*found->second, now);
    return found->second.get();
  }

  // Lets go of what is too old in so many topics, in turn.
  void sweep(std::int64_t now, std::size_t most) {
    for (std::size_t i = std::min(most, all_.size()); i-- > 0;) {
      hand_ = hand_ + 1 < all_.size() ? hand_ + 1 : 0;
      trim(*all_[hand_], now);
    }
  }

  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t messages() const noexcept { return messages_; }
  std::size_t topics() const noexcept { return all_.size(); }

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  void trim(topic& one, std::int64_t now) {
    const auto beyond = [&] {
      const std::span<const entry> kept = one.entries();
      return !kept.empty() && (kept.size() > one.bounds_.count || one.bytes_ > one.bounds_.bytes ||
                               (one.bounds_.age > 0 && now - kept.front().at > one.bounds_.age));
    };
    while (beyond()) drop(one);
    settle(one);
  }

  void drop(topic& one) {
    entry& oldest = one.entries_[one.first_++];
    one.lost_ = oldest.offset;
    one.bytes_ -= oldest.bytes;
    bytes_ -= oldest.bytes;
    messages_--;
    oldest.message.reset();
    if (one.first_ == one.entries_.size()) {
      one.entries_.clear();
      one.first_ = 0;
    } else if (one.first_ >= 64 && one.first_ * 2 >= one.entries_.size()) {
      one.entries_.erase(one.entries_.begin(),
                         one.entries_.begin() + static_cast<std::ptrdiff_t>(one.first_));
      one.first_ = 0;
    }
  }

  // Moves the topic to the list of its size, and shows what it keeps.
  void settle(topic& one) {
    const int now = one.entries().empty() ? -1 : std::bit_width(one.bytes_);
    if (now != one.size_class_) {
      unlink(one);
      if (now >= 0) link(one, now);
    }
    if (!one.gauge_) return;
    one.gauge_->lost.store(one.lost_, std::memory_order_relaxed);
    one.gauge_->last.store(one.last_, std::memory_order_relaxed);
    one.gauge_->count.store(one.entries().size(), std::memory_order_relaxed);
    one.gauge_->bytes.store(one.bytes_, std::memory_order_relaxed);
  }
  void link(topic& one, int size_class) {
    topic*& list = lists_[static_cast<std::size_t>(size_class)];
    one.size_class_ = size_class;
    one.before_ = nullptr;
    one.behind_ = list;
    if (list != nullptr) list->before_ = &one;
    list = &one;
    classes_ |= std::uint64_t{1} << size_class;
  }
  void unlink(topic& one) {
    if (one.size_class_ < 0) return;
    topic*& list = lists_[static_cast<std::size_t>(one.size_class_)];
    if (one.before_ != nullptr) one.before_->behind_ = one.behind_;
    if (one.behind_ != nullptr) one.behind_->before_ = one.before_;
    if (list == &one) list = one.behind_;
    if (list == nullptr) classes_ &= ~(std::uint64_t{1} << one.size_class_);
    one.before_ = one.behind_ = nullptr;
    one.size_class_ = -1;
  }

  const std::size_t limit_;
  std::size_t bytes_ = 0, messages_ = 0;
  std::unordered_map<std::string, std::unique_ptr<topic>, hash, std::equal_to<>> topics_;
  std::vector<topic*> all_;
  std::size_t hand_ = 0;
  std::array<topic*, 64> lists_{};
  std::uint64_t classes_ = 0;  // bits of the lists that hold one
};

}  // namespace hawser::hub
