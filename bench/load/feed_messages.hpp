// The messages of a feed, framed beforehand in one large piece that all clients share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::load {

/// What generated messages look like.
struct feed_shape {
  std::uint32_t size = 85;         // bytes of each
  std::uint32_t want_every = 100;  // one in so many is of the type `trade`
  std::uint32_t types = 1;         // of the others: `quote`, or `quote00`, `quote01` … where there are more
  std::uint32_t keys = 0;          // symbols `S000` …; 0: a few names of shares
};

class feed_messages {
 public:
  /// Messages of a shape. With `keys` they have three numbers: `price`, `size` and `t`, which is 10000 and
  /// the message's place in the feed, so that a reader can see that it got every one. Throws `failure` when
  /// they do not fit.
  static feed_messages generated(const feed_shape& shape);
  /// Every line of a file, as it stands. Throws `failure` when there is none.
  static feed_messages from_file(const std::string& path);

  std::string_view bytes() const { return frames_; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(ends_.size()); }
  /// How many messages end at or before the byte `offset`.
  std::uint32_t complete_at(std::size_t offset) const;
  /// Where the frame ends that the byte `offset` lies in; `offset` itself when it is a boundary.
  std::size_t boundary_from(std::size_t offset) const;
  /// Where message `index` ends.
  std::size_t end_of(std::uint32_t index) const { return ends_[index]; }

 private:
  void append(std::string_view message);

  std::string frames_;
  std::vector<std::size_t> ends_;
};

}  // namespace hawser::load
