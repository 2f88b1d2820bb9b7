// The messages of a feed, framed beforehand in one large piece that all clients share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::load {

class feed_messages {
 public:
  /// Quotes of exactly `size` bytes, every `want_every`th a trade instead. Throws `failure` below 64 bytes.
  static feed_messages generated(std::uint32_t size, std::uint32_t want_every);
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
