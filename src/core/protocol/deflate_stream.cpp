// Message compression over zlib.
#include "core/protocol/deflate_stream.hpp"

#include <algorithm>
#include <climits>
#include <new>

namespace hawser::protocol {

namespace {

// What a sender strips from each message and a receiver puts back (RFC 7692 §7.2.1).
constexpr std::uint8_t tail[4] = {0x00, 0x00, 0xFF, 0xFF};

constexpr std::size_t first_chunk = 64 * 1024;

uInt clamp_uint(std::size_t n) noexcept { return static_cast<uInt>(std::min<std::size_t>(n, UINT_MAX)); }

}  // namespace

inflater::inflater(int window_bits, bool context_takeover) noexcept
    : window_bits_(static_cast<std::uint8_t>(std::clamp(window_bits, 8, 15))),
      context_takeover_(context_takeover) {}

inflater::~inflater() {
  if (status_ != status::fresh) inflateEnd(&stream_);
}

bool inflater::inflate_message(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out,
                               std::size_t max_out, violation& why) noexcept {
  why = violation::none;
  if (status_ == status::failed) {
    why = violation::inflate_failed;
    return false;
  }
  try {
    why = run(in, out, max_out);
  } catch (const std::bad_alloc&) {
    why = violation::out_of_budget;
  }
  if (why != violation::none && context_takeover_ && status_ == status::ready) status_ = status::failed;
  return why == violation::none;
}

violation inflater::run(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out,
                        std::size_t max_out) {
  out.clear();
  // Senders write an empty message as one zero byte; no byte at all means the same.
  if (in.empty()) return violation::none;
  if (status_ == status::fresh) {
    if (inflateInit2(&stream_, -window_bits_) != Z_OK) return violation::out_of_budget;
    status_ = status::ready;
  } else if (!context_takeover_) {
    inflateReset(&stream_);
    ended_ = false;
  }
  std::size_t used = 0;
  out.resize(std::min(max_out, std::clamp(in.size() * 4, std::size_t{256}, first_chunk)));
  violation why = feed(in, out, used, max_out);
  if (why != violation::none) return why;
  if (!ended_) {
    why = feed(tail, out, used, max_out);
    if (why != violation::none) return why;
    // 128: between two blocks, where the tail must have led. The low six bits count bits not used yet.
    const bool complete = ended_ || ((stream_.data_type & 128) != 0 && (stream_.data_type & 63) == 0);
    if (!complete) return violation::inflate_failed;
  }
  out.resize(used);
  return violation::none;
}

violation inflater::feed(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out, std::size_t& used,
                         std::size_t max_out) {
  // One byte above the maximum tells a message of exactly the maximum from a longer one.
  const std::size_t limit = max_out == SIZE_MAX ? max_out : max_out + 1;
  while (true) {
    if (ended_) {
      if (in.empty()) return violation::none;
      // A message may hold final blocks and go on behind them with the same window. The reset that keeps it
      // costs nothing, while copying a dictionary for each final block would let a peer burn our time.
      if (inflateResetKeep(&stream_) != Z_OK) return violation::inflate_failed;
      ended_ = false;
    }
    if (used == out.size()) out.resize(std::min(limit, std::max(used * 2, used + 256)));
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = clamp_uint(in.size());
    stream_.next_out = out.data() + used;
    stream_.avail_out = clamp_uint(out.size() - used);
    const uInt room = stream_.avail_out;
    const int rc = inflate(&stream_, Z_SYNC_FLUSH);
    used += room - stream_.avail_out;
    in = in.subspan(static_cast<std::size_t>(stream_.next_in - in.data()));
    if (used > max_out) return violation::message_too_big;
    if (rc == Z_STREAM_END) {
      ended_ = true;
    } else if (rc == Z_MEM_ERROR) {
      return violation::out_of_budget;
    } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
      return violation::inflate_failed;
    } else if (in.empty() && stream_.avail_out != 0) {
      return violation::none;
    }
  }
}

deflater::deflater(int window_bits, int level, int mem_level, bool context_takeover) noexcept
    : window_bits_(static_cast<std::int8_t>(std::clamp(window_bits, 9, 15))),
      level_(static_cast<std::int8_t>(std::clamp(level, 0, 9))),
      mem_level_(static_cast<std::int8_t>(std::clamp(mem_level, 1, 9))),
      context_takeover_(context_takeover) {}

deflater::~deflater() {
  if (status_ != status::fresh) deflateEnd(&stream_);
}

bool deflater::deflate_message(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out) noexcept {
  if (status_ == status::failed) return false;
  bool done = false;
  try {
    done = run(in, out);
  } catch (const std::bad_alloc&) {
  }
  if (!done && context_takeover_ && status_ == status::ready) status_ = status::failed;
  return done;
}

bool deflater::run(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out) {
  out.clear();
  // RFC 7692 §7.2.3.6. A flush of nothing behind a flush would write nothing at all.
  if (in.empty()) {
    out.push_back(0);
    return true;
  }
  if (status_ == status::fresh) {
    if (deflateInit2(&stream_, level_, Z_DEFLATED, -window_bits_, mem_level_, Z_DEFAULT_STRATEGY) != Z_OK) {
      return false;
    }
    status_ = status::ready;
  } else if (!context_takeover_) {
    deflateReset(&stream_);
  }
  std::size_t used = 0;
  out.resize(std::clamp(in.size() + 64, std::size_t{256}, first_chunk));
  while (true) {
    // More than six bytes of room keep zlib from repeating the flush marker.
    if (out.size() - used < 16) out.resize(used * 2);
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = clamp_uint(in.size());
    stream_.next_out = out.data() + used;
    stream_.avail_out = clamp_uint(out.size() - used);
    const uInt room = stream_.avail_out;
    const bool last = stream_.avail_in == in.size();
    const int rc = deflate(&stream_, last ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_BUF_ERROR) return false;
    used += room - stream_.avail_out;
    in = in.subspan(static_cast<std::size_t>(stream_.next_in - in.data()));
    if (last && in.empty() && stream_.avail_out != 0) break;
  }
  if (used < sizeof tail || !std::equal(tail, tail + sizeof tail, out.data() + used - sizeof tail))
    return false;
  out.resize(used - sizeof tail);
  return true;
}

}  // namespace hawser::protocol
