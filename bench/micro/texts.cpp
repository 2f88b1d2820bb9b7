// The checks of a text: ASCII, UTF-8 as a whole, UTF-8 in pieces.
#include <algorithm>

#include "core/protocol/frame.hpp"
#include "core/protocol/utf8.hpp"
#include "micro.hpp"
#include "samples.hpp"

namespace hawser::micro {

void add_texts() {
  add("text: ASCII test, 1 KiB", 1,
      [] { return [text = bytes(1024, 'x')] { keep(protocol::is_ascii(text.data(), text.size())); }; });
  add("text: UTF-8, 1 KiB, some letters beyond ASCII", 1, [] {
    return [text = as_bytes(mixed_text(1024))] { keep(protocol::valid_utf8(text.data(), text.size())); };
  });
  add("text: the same in pieces of 100 B", 1, [] {
    return [text = as_bytes(mixed_text(1024))] {
      protocol::utf8_stream stream;
      for (std::size_t at = 0; at < text.size(); at += 100) {
        keep(stream.feed(text.data() + at, std::min<std::size_t>(100, text.size() - at)));
      }
    };
  });
}

}  // namespace hawser::micro
