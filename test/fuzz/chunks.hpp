// Cuts fuzz input into the pieces in which a parser gets it: the first bytes choose the cuts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

namespace hawser::fuzz {

// A broken invariant stops the fuzzer with its text.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A copy of exactly the given bytes, so that the address sanitizer sees a read beyond them.
inline std::vector<std::uint8_t> copy_of(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

// Calls fn(piece) for each piece of `data` in order until fn returns false. `cuts` are piece sizes, used in
// turn; 0 stands for all that is left.
template <class Fn>
void for_each_piece(std::span<const std::uint8_t> data, std::span<const std::uint8_t> cuts, Fn&& fn) {
  std::size_t turn = 0;
  do {
    const std::size_t wanted = cuts.empty() ? 0 : cuts[turn++ % cuts.size()];
    const std::size_t n = wanted == 0 ? data.size() : std::min(wanted, data.size());
    std::vector<std::uint8_t> piece = copy_of(data.first(n));
    data = data.subspan(n);
    if (!fn(std::span<std::uint8_t>(piece))) return;
  } while (!data.empty());
}

}  // namespace hawser::fuzz
