// Any bytes in any pieces: the message decoder behaves as if it had got them in one.
// Input: flags, three piece sizes, the stream.
#include <string>
#include <tuple>

#include "chunks.hpp"
#include "core/protocol/message_decoder.hpp"
#include "core/protocol/utf8.hpp"

namespace {

using namespace hawser::protocol;
using hawser::fuzz::require;

using result = std::tuple<decoded::kind, opcode, bool, bool, violation, std::string>;

std::vector<result> decode(const decoder_settings& settings, std::span<const std::uint8_t> stream,
                           std::span<const std::uint8_t> cuts, bool release) {
  std::vector<result> results;
  message_decoder decoder;
  hawser::fuzz::for_each_piece(stream, cuts, [&](std::span<std::uint8_t> input) {
    while (true) {
      const decoded d = decoder.next(input, settings);
      if (d.what == decoded::kind::need_more) {
        require(input.empty(), "need_more with input left");
        return true;
      }
      results.emplace_back(d.what, d.op, d.ascii, d.compressed, d.why,
                           std::string(d.payload.begin(), d.payload.end()));
      if (d.what == decoded::kind::message && d.op == opcode::text && !d.compressed) {
        require(valid_utf8(d.payload.data(), d.payload.size()), "invalid text handed out");
      }
      if (release) decoder.release();
      if (d.what == decoded::kind::error) return false;
    }
  });
  require(settings.budget->used() == decoder.held_bytes(), "budget differs from what is held");
  require(decoder.held_bytes() <= 2 * stream.size() + 8192, "held more than was received");
  return results;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  memory_budget budget(1 << 30);
  decoder_settings settings;
  settings.self = data[0] & 1 ? role::server : role::client;
  settings.deflate = (data[0] & 2) != 0;
  settings.max_payload = data[0] & 4 ? 300 : 1 << 20;
  settings.budget = &budget;
  const std::span<const std::uint8_t> cuts(data + 1, 3), stream(data + 4, size - 4);
  const auto whole = decode(settings, stream, {}, false);
  const auto pieces = decode(settings, stream, cuts, (data[0] & 8) != 0);
  require(whole == pieces, "the outcome depends on the pieces");
  require(budget.used() == 0, "budget not given back");
  return 0;
}
