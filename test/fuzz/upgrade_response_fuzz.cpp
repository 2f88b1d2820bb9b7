// Any bytes as the answer to an upgrade request, in any pieces. Input: three piece sizes, the stream.
#include "chunks.hpp"
#include "core/protocol/deflate_extension.hpp"
#include "core/protocol/handshake.hpp"

namespace {

using namespace hawser::protocol;
using hawser::fuzz::require;
using result = upgrade_response_parser::result;

result parse(upgrade_response_parser& parser, std::span<const std::uint8_t> stream,
             std::span<const std::uint8_t> cuts) {
  result r = result::need_more;
  hawser::fuzz::for_each_piece(stream, cuts, [&](std::span<std::uint8_t> piece) {
    r = parser.feed(piece);
    require(parser.leftover() <= piece.size(), "more left over than was fed");
    return r == result::need_more;
  });
  return r == result::need_more ? parser.on_eof() : r;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::span<const std::uint8_t> cuts(data, 3), stream(data + 3, size - 3);
  // The answer to the key of RFC 6455 §1.3, which the seeds carry.
  upgrade_response_parser whole("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", {"chat"}, 2048);
  upgrade_response_parser pieces("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", {"chat"}, 2048);
  const result a = parse(whole, stream, {}), b = parse(pieces, stream, cuts);
  require(a == b && a != result::need_more, "the outcome depends on the pieces");
  require(whole.status() == pieces.status() && whole.body() == pieces.body(),
          "the outcome depends on the pieces");
  require(whole.body().size() <= upgrade_response_parser::max_body, "too much of the body kept");
  require((a == result::error) == (whole.error().code != hawser::errc::none), "an error without a code");
  if (a == result::ok) {
    require(whole.status() == 101 && (whole.protocol().empty() || whole.protocol() == "chat"),
            "a wrong 101 accepted");
    const deflate_options offered;
    const deflate_response judged = check_response(whole.extensions(), &offered);
    require(!judged.agreed || !judged.error, "agreed and refused at once");
  }
  return 0;
}
