// Joins messages and sends them.
#include "core/router/batcher.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hawser::router {

batcher::batcher(const batch_spec& spec, std::size_t max_bytes)
    : max_(spec.max), every_(spec.every), max_bytes_(max_bytes) {}

void batcher::add(std::span<const std::uint8_t> text, bool ascii, time_ms now) {
  const std::size_t n = text.size();
  if (empty()) due_ = now + every_;
  if (size_ + n + 1 > text_.capacity()) {
    text_.ensure(std::max(size_ + n + 1, 2 * text_.capacity()), empty() ? 0 : size_);
  }
  std::uint8_t* const at = text_.data() + size_;
  if (n > 0) std::memcpy(at, text.data(), n);
  at[n] = ',';
  size_ += n + 1;
  weight_ += n + overhead;
  lengths_.push_back(static_cast<std::uint32_t>(n));
  ++count_;
  ascii_ = ascii_ && ascii;
}

std::size_t batcher::send(output_port& port) {
  std::uint8_t* const text = text_.data();
  text[0] = '[';
  text[size_ - 1] = ']';
  if (!port.batch(lengths_, {text, size_}, ascii_)) {
    text[size_ - 1] = ',';
    return 0;
  }
  size_ = weight_ = 1;
  lengths_.clear();
  ascii_ = true;
  if (text_.capacity() > 2 * max_bytes_) text_.release();
  return std::exchange(count_, 0);
}

}  // namespace hawser::router
