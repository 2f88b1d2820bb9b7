// Frame building and piecewise decoding for tests.
#include "frames.hpp"

#include <gtest/gtest.h>

#include "core/protocol/frame.hpp"

namespace hawser::test {

using protocol::decoded;
using protocol::opcode;
using protocol::violation;

bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

bytes frame(opcode op, std::string_view payload, bool masked, bool fin, bool rsv1) {
  const std::uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
  bytes out(protocol::max_frame_header);
  out.resize(
      protocol::write_frame_header(out.data(), op, fin, rsv1, payload.size(), masked ? mask : nullptr));
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<std::uint8_t>(payload[i]) ^ (masked ? mask[i % 4] : 0));
  }
  return out;
}

bytes joined(std::initializer_list<bytes> parts) {
  bytes out;
  for (const bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

std::ostream& operator<<(std::ostream& out, const event& e) {
  return out << "{kind " << static_cast<int>(e.what) << " op " << static_cast<int>(e.op) << " size "
             << e.payload.size() << " ascii " << e.ascii << " compressed " << e.compressed << " why "
             << protocol::text_of(e.why) << "}";
}

event message(opcode op, std::string_view payload, bool compressed) {
  event e;
  e.op = op;
  e.payload = payload;
  e.compressed = compressed;
  e.ascii = op == opcode::text && !compressed;
  for (const char c : payload) e.ascii = e.ascii && static_cast<std::uint8_t>(c) < 0x80;
  return e;
}

event control(decoded::kind what, std::string_view payload) {
  event e;
  e.what = what;
  e.payload = payload;
  return e;
}

event failure(violation why) {
  event e;
  e.what = decoded::kind::error;
  e.why = why;
  return e;
}

std::vector<event> decode(protocol::message_decoder& decoder, const protocol::decoder_settings& settings,
                          const bytes& stream, std::span<const std::size_t> pieces) {
  std::vector<event> events;
  std::size_t at = 0;
  std::size_t piece = 0;
  do {
    const std::size_t n =
        piece < pieces.size() ? std::min(pieces[piece++], stream.size() - at) : stream.size() - at;
    // A buffer of exactly the piece's size lets the address sanitizer see a read beyond it.
    bytes buffer(stream.begin() + static_cast<std::ptrdiff_t>(at),
                 stream.begin() + static_cast<std::ptrdiff_t>(at + n));
    at += n;
    std::span<std::uint8_t> input = buffer;
    while (true) {
      const decoded d = decoder.next(input, settings);
      if (d.what == decoded::kind::need_more) {
        EXPECT_TRUE(input.empty());
        break;
      }
      event e;
      e.what = d.what;
      e.payload.assign(d.payload.begin(), d.payload.end());
      if (d.what == decoded::kind::message) {
        e.op = d.op;
        e.ascii = d.ascii;
        e.compressed = d.compressed;
      }
      e.why = d.why;
      events.push_back(std::move(e));
      if (d.what == decoded::kind::error) return events;
    }
  } while (at < stream.size());
  return events;
}

}  // namespace hawser::test
