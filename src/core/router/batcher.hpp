// The last stage of a route: messages gathered into one record, as the text of a JSON array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/router/byte_block.hpp"
#include "core/router/route_output.hpp"
#include "core/router/route_spec.hpp"
#include "core/router/sampler.hpp"

namespace hawser::router {

// A batch goes out when it holds `max` messages or `max_bytes`, or `every` ms after its first message. It
// exceeds max_bytes by one message at most: one that is larger than that, or one that came when the batch
// before it had to go and could not.
class batcher {
 public:
  batcher(const batch_spec& spec, std::size_t max_bytes);

  // It has to go, and takes nothing before.
  bool full() const noexcept { return complete() || weight_ >= max_bytes_; }
  bool complete() const noexcept { return count_ >= max_; }
  bool empty() const noexcept { return count_ == 0; }
  std::size_t size() const noexcept { return count_; }

  // A message of n bytes should find an empty batch.
  bool crowded_by(std::size_t n) const noexcept { return weight_ + n + overhead > max_bytes_ && !empty(); }

  // Not while full.
  void add(std::span<const std::uint8_t> text, bool ascii, time_ms now);

  // `never` when empty, `at_once` when full.
  time_ms due() const noexcept { return empty() ? never : full() ? at_once : due_; }

  // Not when empty. Returns how many messages went out; 0: there was no room, and the batch is what it was.
  std::size_t send(output_port& port);

 private:
  static constexpr std::size_t overhead = 1 + sizeof(std::uint32_t);  // a comma and a length

  const std::size_t max_;
  const time_ms every_;
  const std::size_t max_bytes_;
  std::size_t count_ = 0;
  byte_block text_;         // "[m1,m2," : the last comma becomes the bracket
  std::size_t size_ = 1;    // of the text
  std::size_t weight_ = 1;  // of the text and the lengths
  std::vector<std::uint32_t> lengths_;
  bool ascii_ = true;
  time_ms due_ = never;
};

}  // namespace hawser::router
