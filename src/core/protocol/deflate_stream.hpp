// Compression and decompression of messages (RFC 7692 §7.2) over raw zlib streams.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/protocol/violation.hpp"

namespace hawser::protocol {

// Where no context takeover was agreed an object keeps nothing between messages and may serve many
// connections. zlib's memory (about 7 KiB and the window) is taken with the first message.
class inflater {
 public:
  // window_bits 8 to 15: at least what the peer deflates with.
  explicit inflater(int window_bits, bool context_takeover) noexcept;
  ~inflater();
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  // Replaces `out` with the decompressed message. False, with `why` set and out's content unspecified:
  // message_too_big as soon as there are more than max_out bytes, inflate_failed for bad or truncated data,
  // out_of_budget when memory ran out. After a failure under context takeover the object stays failed.
  bool inflate_message(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out, std::size_t max_out,
                       violation& why) noexcept;

 private:
  enum class status : std::uint8_t { fresh, ready, failed };

  violation run(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out, std::size_t max_out);
  violation feed(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out, std::size_t& used,
                 std::size_t max_out);

  z_stream stream_{};
  const std::uint8_t window_bits_;
  const bool context_takeover_;
  status status_ = status::fresh;
  bool ended_ = false;  // the last byte fed finished a block marked BFINAL
};

// As inflater. zlib's memory is (1 << (window_bits + 2)) + (1 << (mem_level + 9)) bytes, taken with the first
// message.
class deflater {
 public:
  // window_bits 9 to 15, level 0 to 9, mem_level 1 to 9.
  explicit deflater(int window_bits, int level, int mem_level, bool context_takeover) noexcept;
  ~deflater();
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  // Replaces `out` with the compressed message, without the 00 00 FF FF tail. False: memory ran out; out's
  // content is unspecified, and under context takeover the object stays failed (send uncompressed from then
  // on).
  bool deflate_message(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out) noexcept;

 private:
  enum class status : std::uint8_t { fresh, ready, failed };

  bool run(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out);

  z_stream stream_{};
  const std::int8_t window_bits_;
  const std::int8_t level_;
  const std::int8_t mem_level_;
  const bool context_takeover_;
  status status_ = status::fresh;
};

}  // namespace hawser::protocol
