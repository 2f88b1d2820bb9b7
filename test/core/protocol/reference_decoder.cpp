// A decoder that trades all speed for being obviously what RFC 6455 §5 says. It looks at the whole stream at
// once.
#include <optional>

#include "frames.hpp"

namespace hawser::test {

namespace {

using protocol::decoded;
using protocol::opcode;
using protocol::violation;

enum class text_state { valid, unfinished, invalid };

// RFC 3629 §4, one code point after the other.
text_state judge_utf8(std::string_view s) {
  std::size_t i = 0;
  while (i < s.size()) {
    const auto lead = static_cast<std::uint8_t>(s[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xC2 && lead <= 0xDF   ? 1
                     : lead >= 0xE0 && lead <= 0xEF ? 2
                     : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                    : 0;
    if (more == 0) return text_state::invalid;
    for (int k = 0; k < more; ++k) {
      if (i == s.size()) return text_state::unfinished;
      const auto next = static_cast<std::uint8_t>(s[i++]);
      if (next < 0x80 || next > 0xBF) return text_state::invalid;
      if (k > 0) continue;
      if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F)) return text_state::invalid;
      if ((lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F)) return text_state::invalid;
    }
  }
  return text_state::valid;
}

struct open_message {
  opcode op;
  bool compressed;
  std::string payload;

  bool checks_text() const { return op == opcode::text && !compressed; }
};

event close_event_of(std::string_view payload) {
  if (payload.size() == 1) return failure(violation::bad_close_payload);
  if (payload.size() >= 2) {
    const int code = static_cast<std::uint8_t>(payload[0]) * 256 + static_cast<std::uint8_t>(payload[1]);
    const bool allowed =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code < 5000);
    if (!allowed) return failure(violation::bad_close_payload);
    if (judge_utf8(payload.substr(2)) != text_state::valid) return failure(violation::invalid_utf8);
  }
  return control(decoded::kind::close, payload);
}

}  // namespace

std::vector<event> reference_decode(const protocol::decoder_settings& settings, const bytes& stream) {
  std::vector<event> events;
  const auto fail = [&](violation why) {
    events.push_back(failure(why));
    return events;
  };
  std::optional<open_message> open;
  std::size_t at = 0;
  while (at < stream.size()) {
    const std::size_t left = stream.size() - at;
    const std::uint8_t b0 = stream[at];
    const int code = b0 & 15;
    const bool fin = b0 & 0x80, rsv1 = b0 & 0x40;
    const bool is_control = code >= 8;
    if (b0 & 0x30) return fail(violation::reserved_bits);
    if (code != 0 && code != 1 && code != 2 && code != 8 && code != 9 && code != 10)
      return fail(violation::reserved_opcode);
    if (rsv1 && !(settings.deflate && (code == 1 || code == 2))) return fail(violation::reserved_bits);
    if (is_control && !fin) return fail(violation::control_fragmented);
    if (code == 0 && !open) return fail(violation::unexpected_continuation);
    if ((code == 1 || code == 2) && open) return fail(violation::expected_continuation);
    if (left < 2) break;
    const std::uint8_t b1 = stream[at + 1];
    const bool masked = b1 & 0x80;
    if (masked != (settings.self == protocol::role::server)) return fail(violation::bad_mask);
    std::uint64_t length = b1 & 127;
    if (is_control && length > 125) return fail(violation::control_too_long);
    std::size_t head = 2;
    if (length >= 126) {
      const std::size_t width = length == 126 ? 2 : 8;
      if (left < 2 + width) break;
      length = 0;
      for (std::size_t i = 0; i < width; ++i) length = length * 256 + stream[at + 2 + i];
      if (length >> 63) return fail(violation::length_too_big);
      if (length < (width == 2 ? 126u : 65536u)) return fail(violation::length_not_minimal);
      head += width;
    }
    const std::size_t held = open ? open->payload.size() : 0;
    if (!is_control && (settings.max_payload < held || settings.max_payload - held < length)) {
      return fail(violation::message_too_big);
    }
    if (masked) head += 4;
    if (left < head) break;
    const std::size_t here = std::min<std::uint64_t>(length, left - head);
    std::string payload;
    for (std::size_t i = 0; i < here; ++i) {
      payload += static_cast<char>(stream[at + head + i] ^ (masked ? stream[at + head - 4 + i % 4] : 0));
    }
    at += head + here;
    if (is_control) {
      if (here < length) break;
      if (code == 8) {
        events.push_back(close_event_of(payload));
        return events;
      }
      events.push_back(control(code == 9 ? decoded::kind::ping : decoded::kind::pong, payload));
      continue;
    }
    if (code != 0) open = open_message{static_cast<opcode>(code), rsv1, {}};
    open->payload += payload;
    const text_state text = open->checks_text() ? judge_utf8(open->payload) : text_state::valid;
    if (text == text_state::invalid) return fail(violation::invalid_utf8);
    if (here < length) break;
    if (!fin) continue;
    if (text == text_state::unfinished) return fail(violation::invalid_utf8);
    events.push_back(message(open->op, open->payload, open->compressed));
    open.reset();
  }
  return events;
}

}  // namespace hawser::test
