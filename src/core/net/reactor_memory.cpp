// What the connections of a reactor share: buffers, compressors, masks.
#include <openssl/rand.h>

#include "core/net/reactor.hpp"

namespace hawser::net {

namespace {
// Spare output buffers kept for the next turn: how large each, how much in all.
constexpr std::size_t spare_size_limit = 1024 * 1024;
constexpr std::size_t spare_total_limit = 8 * 1024 * 1024;
// Scratch memory above this is given back after use.
constexpr std::size_t scratch_limit = 1024 * 1024;
}  // namespace

std::uint8_t* reactor::plain_buffer() {
  if (!plain_buffer_) plain_buffer_.reset(new std::uint8_t[plain_size + slack]());
  return plain_buffer_.get();
}

void reactor::trim(std::vector<std::uint8_t>& scratch) {
  if (scratch.capacity() > scratch_limit) scratch = {};
}

byte_buffer reactor::take_buffer() {
  if (spare_.empty()) return {};
  byte_buffer buffer = std::move(spare_.back());
  spare_.pop_back();
  spare_bytes_ -= buffer.capacity();
  return buffer;
}

void reactor::give_buffer(byte_buffer&& buffer) {
  byte_buffer mine = std::move(buffer);
  if (mine.capacity() == 0) return;
  if (mine.capacity() > spare_size_limit || spare_bytes_ + mine.capacity() > spare_total_limit) return;
  mine.clear();
  spare_bytes_ += mine.capacity();
  spare_.push_back(std::move(mine));
}

protocol::inflater& reactor::shared_inflater(int window_bits) {
  auto& one = inflaters_[static_cast<std::size_t>(window_bits)];
  if (!one) one = std::make_unique<protocol::inflater>(window_bits, false);
  return *one;
}

protocol::deflater& reactor::shared_deflater(int window_bits, int level, int mem_level) {
  auto& one = deflaters_[static_cast<std::uint32_t>(window_bits << 16 | level << 8 | mem_level)];
  if (!one) one = std::make_unique<protocol::deflater>(window_bits, level, mem_level, false);
  return *one;
}

// RFC 6455 §5.3: masks come from a strong source of entropy; drawn in bulk.
const std::uint8_t* reactor::next_mask() {
  if (mask_at_ + 4 > sizeof(masks_)) {
    RAND_bytes(masks_.data(), static_cast<int>(masks_.size()));
    mask_at_ = 0;
  }
  const std::uint8_t* mask = masks_.data() + mask_at_;
  mask_at_ += 4;
  return mask;
}

}  // namespace hawser::net
