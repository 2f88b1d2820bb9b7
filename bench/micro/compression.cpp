// permessage-deflate at level 6 over JSON of 2 KiB.
#include <memory>

#include "core/protocol/deflate_stream.hpp"
#include "micro.hpp"
#include "samples.hpp"

namespace hawser::micro {

namespace {

constexpr int window_bits = 15, level = 6, mem_level = 8;
constexpr std::size_t number = 64;

std::vector<bytes> plain_texts() {
  std::vector<bytes> texts;
  for (const std::string& text : quote_lists(number)) texts.push_back(as_bytes(text));
  return texts;
}

// Each begins with an empty window, so any inflater can read them in any order.
std::vector<bytes> compressed_texts() {
  protocol::deflater deflater(window_bits, level, mem_level, false);
  std::vector<bytes> texts;
  for (const bytes& text : plain_texts()) deflater.deflate_message(text, texts.emplace_back());
  return texts;
}

void add_deflating(const char* name, bool takeover) {
  add(name, number, [takeover] {
    return
        [texts = plain_texts(), out = bytes(),
         deflater = std::make_shared<protocol::deflater>(window_bits, level, mem_level, takeover)]() mutable {
          for (const bytes& text : texts) keep(deflater->deflate_message(text, out));
        };
  });
}

void add_inflating(const char* name, bool takeover) {
  add(name, number, [takeover] {
    return [texts = compressed_texts(), out = bytes(),
            inflater = std::make_shared<protocol::inflater>(window_bits, takeover)]() mutable {
      protocol::violation why{};
      for (const bytes& text : texts) keep(inflater->inflate_message(text, out, 1 << 20, why));
    };
  });
}

}  // namespace

void add_compression() {
  add_deflating("deflate: 2 KiB, context takeover", true);
  add_deflating("deflate: 2 KiB, no context takeover", false);
  add_inflating("inflate: 2 KiB, context takeover", true);
  add_inflating("inflate: 2 KiB, no context takeover", false);
}

}  // namespace hawser::micro
