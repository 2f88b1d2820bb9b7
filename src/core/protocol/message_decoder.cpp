// The frame parser and message assembly behind message_decoder.
//
//   stage::header ──frame incomplete──> data ──┐      closed: a close frame was handed out
//        ^   └──────control incomplete─> control │      failed: a violation was reported
//        └───────────────────────────────────────┘
#include "core/protocol/message_decoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "core/protocol/close.hpp"
#include "core/protocol/utf8.hpp"

namespace hawser::protocol {

namespace {

// Room beyond twice the bytes received that an assembly may reserve when its frame announces more.
constexpr std::size_t growth_allowance = 4096;

bool is_control(opcode op) noexcept { return (static_cast<std::uint8_t>(op) & 0x08) != 0; }

}  // namespace

struct message_decoder::header {
  opcode op;
  bool fin;
  bool rsv1;
  std::size_t size;  // of the header itself
  std::uint64_t length;
  const std::uint8_t* mask;  // into the parsed bytes, null when unmasked
};

// What only a partial frame or a fragmented message needs.
struct message_decoder::assembly {
  explicit assembly(memory_budget* shared) noexcept : budget(shared) {}
  ~assembly() { discharge(); }

  void discharge() noexcept {
    if (budget != nullptr && charged != 0) budget->give(charged);
    charged = 0;
  }

  // Makes room for `received` bytes and the slack; `target` is what would be worth reserving.
  bool grow(std::size_t received, std::size_t target) {
    if (charge(target + assembly_slack)) {
      data.reserve(target + assembly_slack);
      return true;
    }
    if (!charge(received + assembly_slack)) return false;
    data.reserve(received + assembly_slack);
    return true;
  }

  bool charge(std::size_t capacity) noexcept {
    if (budget != nullptr && !budget->take(capacity - charged)) return false;
    charged = capacity;
    return true;
  }

  std::vector<std::uint8_t> data;  // the message so far, unmasked
  memory_budget* budget;
  std::size_t charged = 0;      // data's capacity
  std::uint64_t remaining = 0;  // payload bytes of the current frame still to come
  std::uint8_t mask[4] = {};    // of the current frame
  std::uint8_t phase = 0;       // its payload bytes taken, modulo 4
  bool masked = false;
  bool fin = false;          // of the current data frame
  opcode op = opcode::text;  // of the message
  bool compressed = false;
  bool ascii = true;
  utf8_stream utf8;
  opcode control_op = opcode::ping;
  std::uint8_t control_size = 0;
  std::array<std::uint8_t, max_control_payload> control;
};

message_decoder::message_decoder() noexcept = default;
message_decoder::~message_decoder() = default;
message_decoder::message_decoder(message_decoder&&) noexcept = default;
message_decoder& message_decoder::operator=(message_decoder&&) noexcept = default;

decoded message_decoder::next(std::span<std::uint8_t>& input, const decoder_settings& settings) noexcept {
  payload_owned_ = false;
  if (stage_ == stage::header && stash_size_ == 0 && !open_ && input.size() >= 2) {
    std::uint8_t* p = input.data();
    const bool masked = settings.self == role::server;
    const std::size_t length = p[1] & 0x7F;
    const std::size_t head = masked ? 6 : 2;
    if ((p[0] == 0x81 || p[0] == 0x82) && (p[1] >> 7 != 0) == masked && length < 126 &&
        length <= settings.max_payload && input.size() >= head + length) {
      input = input.subspan(head + length);
      return whole_message(static_cast<opcode>(p[0] & 0x0F), false, {p + head, length},
                           masked ? p + 2 : nullptr);
    }
  }
  try {
    return next_general(input, settings);
  } catch (const std::bad_alloc&) {
    return fail(violation::out_of_budget);
  }
}

decoded message_decoder::next_general(std::span<std::uint8_t>& input, const decoder_settings& settings) {
  while (true) {
    switch (stage_) {
      case stage::failed:
        return fail(failed_with_);
      case stage::closed:
        open_ = false;
        held_.reset();
        input = {};
        return {};
      case stage::control:
        return more_control(input);
      case stage::data: {
        const decoded result = more_data(input, settings);
        if (result.what != decoded::kind::need_more || stage_ == stage::data) return result;
        break;
      }
      case stage::header: {
        header h;
        switch (read_header(input, settings, h)) {
          case parse::invalid:
            return fail(failed_with_);
          case parse::incomplete:
            if (!open_) held_.reset();
            return {};
          case parse::ok:
            break;
        }
        if (h.length <= input.size() && (is_control(h.op) || (h.fin && !open_))) {
          const auto payload = input.first(static_cast<std::size_t>(h.length));
          input = input.subspan(payload.size());
          if (!is_control(h.op)) return whole_message(h.op, h.rsv1, payload, h.mask);
          if (h.mask) apply_mask(payload.data(), payload.size(), h.mask, 0);
          return finish_control(h.op, payload);
        }
        begin_frame(h, settings);
        break;
      }
    }
  }
}

// Takes one header off the input. On `ok` h.mask points into the input or the stash.
message_decoder::parse message_decoder::read_header(std::span<std::uint8_t>& input,
                                                    const decoder_settings& settings, header& h) {
  if (stash_size_ == 0) {
    const parse result = parse_header(input.data(), input.size(), settings, h);
    if (result == parse::ok) {
      input = input.subspan(h.size);
    } else if (result == parse::incomplete) {
      if (!input.empty()) std::memcpy(stash_, input.data(), input.size());
      stash_size_ = static_cast<std::uint8_t>(input.size());
      input = {};
    }
    return result;
  }
  const std::size_t before = stash_size_;
  const std::size_t added = std::min(input.size(), max_frame_header - before);
  if (added != 0) std::memcpy(stash_ + before, input.data(), added);
  const parse result = parse_header(stash_, before + added, settings, h);
  if (result == parse::ok) {
    input = input.subspan(h.size - before);
    stash_size_ = 0;
  } else if (result == parse::incomplete) {
    input = {};
    stash_size_ = static_cast<std::uint8_t>(before + added);
  }
  return result;
}

// Judges each byte as soon as it is there, in the order of RFC 6455 §5.2, so that the outcome does not depend
// on how the bytes were split.
message_decoder::parse message_decoder::parse_header(const std::uint8_t* p, std::size_t n,
                                                     const decoder_settings& settings, header& h) {
  const auto invalid = [this](violation why) {
    failed_with_ = why;
    return parse::invalid;
  };
  if (n < 1) return parse::incomplete;
  const std::uint8_t code = p[0] & 0x0F;
  h.fin = (p[0] & 0x80) != 0;
  h.rsv1 = (p[0] & 0x40) != 0;
  if ((p[0] & 0x30) != 0) return invalid(violation::reserved_bits);
  if ((code > 2 && code < 8) || code > 10) return invalid(violation::reserved_opcode);
  h.op = static_cast<opcode>(code);
  const bool control = is_control(h.op);
  if (h.rsv1 && (!settings.deflate || control || h.op == opcode::continuation)) {
    return invalid(violation::reserved_bits);
  }
  if (control && !h.fin) return invalid(violation::control_fragmented);
  if (h.op == opcode::continuation && !open_) return invalid(violation::unexpected_continuation);
  if (!control && h.op != opcode::continuation && open_) return invalid(violation::expected_continuation);

  if (n < 2) return parse::incomplete;
  const bool masked = (p[1] & 0x80) != 0;
  if (masked != (settings.self == role::server)) return invalid(violation::bad_mask);
  h.length = p[1] & 0x7F;
  h.size = 2;
  if (control && h.length > max_control_payload) return invalid(violation::control_too_long);
  if (h.length == 126) {
    if (n < 4) return parse::incomplete;
    h.size = 4;
    h.length = static_cast<std::uint64_t>(p[2]) << 8 | p[3];
    if (h.length < 126) return invalid(violation::length_not_minimal);
  } else if (h.length == 127) {
    if (n < 10) return parse::incomplete;
    h.size = 10;
    h.length = 0;
    for (int i = 2; i < 10; ++i) h.length = h.length << 8 | p[i];
    if (h.length >> 63 != 0) return invalid(violation::length_too_big);
    if (h.length <= 0xFFFF) return invalid(violation::length_not_minimal);
  }
  if (!control) {
    const std::size_t held = open_ ? held_->data.size() : 0;
    if (held > settings.max_payload || h.length > settings.max_payload - held) {
      return invalid(violation::message_too_big);
    }
  }
  h.mask = nullptr;
  if (masked) {
    if (n < h.size + 4) return parse::incomplete;
    h.mask = p + h.size;
    h.size += 4;
  }
  return parse::ok;
}

decoded message_decoder::whole_message(opcode op, bool compressed, std::span<std::uint8_t> payload,
                                       const std::uint8_t* mask) {
  decoded result;
  result.what = decoded::kind::message;
  result.op = op;
  result.compressed = compressed;
  result.payload = payload;
  if (op == opcode::text && !compressed) {
    result.ascii = mask ? apply_mask_ascii(payload.data(), payload.size(), mask, 0)
                        : is_ascii(payload.data(), payload.size());
    if (!result.ascii && !valid_utf8(payload.data(), payload.size())) return fail(violation::invalid_utf8);
  } else if (mask) {
    apply_mask(payload.data(), payload.size(), mask, 0);
  }
  return result;
}

// Enters stage data or control for a frame that is not wholly in the input or belongs to a fragmented
// message.
void message_decoder::begin_frame(const header& h, const decoder_settings& settings) {
  if (!held_) held_ = std::make_unique<assembly>(settings.budget);
  assembly& a = *held_;
  a.remaining = h.length;
  a.phase = 0;
  a.masked = h.mask != nullptr;
  if (h.mask) std::memcpy(a.mask, h.mask, 4);
  if (is_control(h.op)) {
    a.control_op = h.op;
    a.control_size = 0;
    stage_ = stage::control;
    return;
  }
  a.fin = h.fin;
  if (!open_) {
    a.data.clear();
    a.op = h.op;
    a.compressed = h.rsv1;
    a.ascii = h.op == opcode::text && !h.rsv1;
    open_ = true;
  }
  stage_ = stage::data;
}

// need_more in stage data: the input is used up; in stage header: a fragment ended, go on with the next
// frame.
decoded message_decoder::more_data(std::span<std::uint8_t>& input, const decoder_settings& settings) {
  assembly& a = *held_;
  const auto chunk =
      input.first(static_cast<std::size_t>(std::min<std::uint64_t>(a.remaining, input.size())));
  input = input.subspan(chunk.size());
  if (!chunk.empty() && !absorb(chunk, settings)) return fail(failed_with_);
  if (a.remaining != 0) return {};
  stage_ = stage::header;
  if (!a.fin) return {};
  if (!a.utf8.complete()) return fail(violation::invalid_utf8);
  open_ = false;
  payload_owned_ = true;
  decoded result;
  result.what = decoded::kind::message;
  result.op = a.op;
  result.ascii = a.ascii;
  result.compressed = a.compressed;
  result.payload = a.data;
  return result;
}

// Unmasks and validates a piece of the current data frame and appends it to the assembly.
bool message_decoder::absorb(std::span<std::uint8_t> chunk, const decoder_settings& settings) {
  assembly& a = *held_;
  if (a.op == opcode::text && !a.compressed) {
    const bool ascii = a.masked ? apply_mask_ascii(chunk.data(), chunk.size(), a.mask, a.phase)
                                : is_ascii(chunk.data(), chunk.size());
    a.ascii = a.ascii && ascii;
    if ((!ascii || !a.utf8.complete()) && !a.utf8.feed(chunk.data(), chunk.size())) {
      failed_with_ = violation::invalid_utf8;
      return false;
    }
  } else if (a.masked) {
    apply_mask(chunk.data(), chunk.size(), a.mask, a.phase);
  }
  a.phase = static_cast<std::uint8_t>((a.phase + chunk.size()) & 3);

  const std::size_t received = a.data.size() + chunk.size();
  if (received + assembly_slack > a.data.capacity()) {
    // The last frame tells the final size; otherwise grow geometrically. Neither trusts an announcement.
    std::size_t target = received * 2 + growth_allowance;
    if (a.fin && a.remaining - chunk.size() <= target - received) {
      target = received + static_cast<std::size_t>(a.remaining) - chunk.size();
    } else if (!a.fin) {
      target = std::min(received * 2, std::max(received, settings.max_payload));
    }
    if (!a.grow(received, target)) {
      failed_with_ = violation::out_of_budget;
      return false;
    }
  }
  a.data.insert(a.data.end(), chunk.begin(), chunk.end());
  a.remaining -= chunk.size();
  return true;
}

decoded message_decoder::more_control(std::span<std::uint8_t>& input) {
  assembly& a = *held_;
  const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(a.remaining, input.size()));
  if (n != 0) std::memcpy(a.control.data() + a.control_size, input.data(), n);
  a.control_size = static_cast<std::uint8_t>(a.control_size + n);
  a.remaining -= n;
  input = input.subspan(n);
  if (a.remaining != 0) return {};
  stage_ = stage::header;
  if (a.masked) apply_mask(a.control.data(), a.control_size, a.mask, 0);
  return finish_control(a.control_op, {a.control.data(), a.control_size});
}

decoded message_decoder::finish_control(opcode op, std::span<std::uint8_t> payload) {
  decoded result;
  result.op = op;
  result.payload = payload;
  result.what = op == opcode::ping ? decoded::kind::ping : decoded::kind::pong;
  if (op == opcode::close) {
    const violation why = parse_close_payload(payload).error;
    if (why != violation::none) return fail(why);
    result.what = decoded::kind::close;
    stage_ = stage::closed;
  }
  return result;
}

decoded message_decoder::fail(violation why) noexcept {
  stage_ = stage::failed;
  failed_with_ = why;
  open_ = false;
  stash_size_ = 0;
  held_.reset();
  decoded result;
  result.what = decoded::kind::error;
  result.why = why;
  return result;
}

void message_decoder::release() noexcept {
  payload_owned_ = false;
  if (stage_ == stage::closed) open_ = false;
  if (!open_ && stage_ != stage::control) held_.reset();
}

std::vector<std::uint8_t> message_decoder::take_assembly() noexcept {
  if (!payload_owned_) return {};
  payload_owned_ = false;
  held_->discharge();
  return std::exchange(held_->data, {});
}

bool message_decoder::idle() const noexcept {
  return !open_ && stash_size_ == 0 && (stage_ == stage::header || stage_ == stage::closed);
}

std::size_t message_decoder::held_bytes() const noexcept { return held_ ? held_->charged : 0; }

}  // namespace hawser::protocol
