// Any bytes as an upgrade request, in any pieces. Input: three piece sizes, the stream.
#include "chunks.hpp"
#include "core/protocol/deflate_extension.hpp"
#include "core/protocol/handshake.hpp"

namespace {

using namespace hawser::protocol;
using hawser::fuzz::require;
using result = upgrade_request_parser::result;

struct outcome {
  result what = result::need_more;
  std::size_t consumed = 0;
};

outcome parse(upgrade_request_parser& parser, std::span<const std::uint8_t> stream,
              std::span<const std::uint8_t> cuts) {
  outcome o;
  hawser::fuzz::for_each_piece(stream, cuts, [&](std::span<std::uint8_t> piece) {
    o.what = parser.feed(piece);
    require(parser.leftover() <= piece.size(), "more left over than was fed");
    o.consumed += piece.size() - parser.leftover();
    return o.what == result::need_more;
  });
  return o;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::span<const std::uint8_t> cuts(data, 3), stream(data + 3, size - 3);
  upgrade_request_parser whole(2048), pieces(2048);
  const outcome a = parse(whole, stream, {}), b = parse(pieces, stream, cuts);
  require(a.what == b.what, "the outcome depends on the pieces");
  if (a.what == result::error) {
    const std::string text =
        http_response_text(whole.error().status, whole.error().headers, whole.error().message);
    require(whole.error().status >= 400 && !text.empty(), "an error without an answer");
  }
  if (a.what == result::ok) {
    require(a.consumed == b.consumed && whole.target() == pieces.target(),
            "the outcome depends on the pieces");
    require(whole.headers().size() == pieces.headers().size(), "the outcome depends on the pieces");
    require(!accept_key(whole.key()).empty(), "no answer to an accepted key");
    if (const auto agreed = negotiate_server(whole.extensions(), {})) {
      require(agreed->options.may_deflate(role::server),
              "agreed to deflate with a window that is not possible");
      const deflate_options widest;
      require(check_response(agreed->header, &widest).agreed.has_value(), "our own answer is refused");
    }
  }
  return 0;
}
