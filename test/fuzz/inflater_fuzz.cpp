// Two messages of any bytes through the inflater, bounded; and the same bytes through deflater and inflater
// and back. Input: flags, where the first message ends, the bytes.
#include <algorithm>

#include "chunks.hpp"
#include "core/protocol/deflate_stream.hpp"

namespace {

using namespace hawser::protocol;
using hawser::fuzz::require;

constexpr std::size_t max_out = 1 << 16;

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const int bits = 9 + data[0] % 7;
  const bool takeover = (data[0] & 0x80) != 0;
  const std::span<const std::uint8_t> all(data + 2, size - 2);
  const std::size_t cut = std::min<std::size_t>(data[1], all.size());
  const auto first = hawser::fuzz::copy_of(all.first(cut)), second = hawser::fuzz::copy_of(all.subspan(cut));

  inflater in(bits, takeover);
  std::vector<std::uint8_t> out;
  for (const auto* message : {&first, &second, &first}) {
    violation why = violation::none;
    const bool ok = in.inflate_message(*message, out, max_out, why);
    require(ok == (why == violation::none), "result and reason differ");
    require(!ok || out.size() <= max_out, "more than the maximum");
    require(out.capacity() <= 4 * max_out, "a bomb took memory");
  }

  deflater squeeze(bits, 1 + data[0] % 9, 1 + data[1] % 9, takeover);
  inflater restore(bits, takeover);
  for (const auto* message : {&first, &second, &first}) {
    std::vector<std::uint8_t> squeezed, restored;
    violation why = violation::none;
    require(squeeze.deflate_message(*message, squeezed), "deflate failed");
    require(!squeezed.empty(), "an empty compressed message");
    require(restore.inflate_message(squeezed, restored, message->size(), why),
            "our own data does not inflate");
    require(restored == *message, "round trip changed the message");
  }
  return 0;
}
