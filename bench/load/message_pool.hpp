// The messages that an echo run sends, framed and masked beforehand, so that sending is one write of ready
// bytes.
//
//   frames:   |f0|f1|f2|...|f(n-1)|f0|f1|...|f(k-1)|      the first k are repeated at the end, so that any k
//   frames that offsets:   0  ^  ^                                     follow one another (modulo n) lie in
//   one piece
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::load {

struct pool_options {
  std::uint32_t size = 20;      // bytes of a message before compression
  std::uint32_t in_flight = 1;  // most frames that one call of `slice` covers
  bool binary = false;
  bool compressed = false;
  int level = 6;
};

class message_pool {
 public:
  explicit message_pool(const pool_options& options);

  std::uint32_t count() const { return static_cast<std::uint32_t>(payloads_.size()); }
  const std::string& payload(std::uint32_t index) const { return payloads_[index]; }
  /// The frames of messages `from`, `from` + 1, ... (modulo `count`); `number` is at most the in-flight
  /// figure.
  std::string_view slice(std::uint32_t from, std::uint32_t number) const {
    return std::string_view(frames_).substr(offsets_[from], offsets_[from + number] - offsets_[from]);
  }
  std::uint32_t after(std::uint32_t index, std::uint32_t number) const { return (index + number) % count(); }
  /// Bytes of all framed messages, each once.
  std::size_t framed_bytes() const { return offsets_[count()]; }

 private:
  std::vector<std::string> payloads_;
  std::string frames_;
  std::vector<std::size_t> offsets_;
};

/// Inflates what a server sends back; knows whether the server keeps its window between messages.
class reply_inflater {
 public:
  explicit reply_inflater(bool keeps_window);
  ~reply_inflater();
  reply_inflater(const reply_inflater&) = delete;
  reply_inflater& operator=(const reply_inflater&) = delete;

  /// True when the compressed message inflates to exactly `expected`.
  bool matches(std::string_view compressed, std::string_view expected);

 private:
  struct state;
  state* state_;
  bool keeps_window_;
};

}  // namespace hawser::load
