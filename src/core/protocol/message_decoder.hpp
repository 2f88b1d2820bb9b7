// The receive side of RFC 6455: bytes in, whole messages and control frames out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/protocol/frame.hpp"
#include "core/protocol/memory_budget.hpp"
#include "core/protocol/violation.hpp"

namespace hawser::protocol {

// Shared by all connections of a server or client; must outlive every call that is given it.
struct decoder_settings {
  role self = role::server;
  bool deflate = false;  // permessage-deflate was negotiated: RSV1 has a meaning
  std::size_t max_payload =
      SIZE_MAX;  // bytes of a message as it arrives, over all its fragments; SIZE_MAX: none
  memory_budget* budget = nullptr;  // outlives the decoders; null: unbounded
};

struct decoded {
  enum class kind : std::uint8_t { need_more, message, ping, pong, close, error } what = kind::need_more;
  opcode op = opcode::binary;         // text or binary, of a message
  bool ascii = false;                 // text known to be pure ASCII
  bool compressed = false;            // the payload is still deflated: inflate it, then validate UTF-8
  violation why = violation::none;    // of an error
  std::span<std::uint8_t> payload{};  // unmasked; of a message, ping, pong or close
};

// One per connection. Whole unfragmented frames are handed out where they lie in the input. What arrives in
// parts is gathered in one contiguous buffer, the assembly, which grows with the bytes received and not with
// the length announced, and is charged to the budget. Text is validated while it arrives. The first violation
// sticks. After a close frame all input is discarded. A moved-from decoder can only be assigned to or
// destroyed.
class message_decoder {
 public:
  // Readable bytes behind an assembled payload, for parsers that read in wide steps. Their values mean
  // nothing.
  static constexpr std::size_t assembly_slack = 64;

  message_decoder() noexcept;
  ~message_decoder();
  message_decoder(message_decoder&&) noexcept;
  message_decoder& operator=(message_decoder&&) noexcept;

  // Consumes from `input` (advances it) up to the next event and unmasks in place; need_more only with all
  // input consumed. The payload points into the input or into the assembly: valid until the next call of
  // next(), release() or take_assembly().
  decoded next(std::span<std::uint8_t>& input, const decoder_settings& settings) noexcept;

  // Gives back the assembly of the message handed out last. A message still in progress is kept.
  void release() noexcept;

  // Moves the assembly out when payload_is_owned(), and charges it to the budget no longer; else empty. The
  // vector holds exactly the payload, with assembly_slack bytes of capacity behind it.
  std::vector<std::uint8_t> take_assembly() noexcept;

  // The payload handed out last lies in the assembly.
  bool payload_is_owned() const noexcept { return payload_owned_; }

  // No partial frame or message is held.
  bool idle() const noexcept;

  // Bytes charged to the budget now.
  std::size_t held_bytes() const noexcept;

 private:
  struct header;
  struct assembly;
  enum class stage : std::uint8_t { header, data, control, closed, failed };
  enum class parse : std::uint8_t { ok, incomplete, invalid };

  decoded next_general(std::span<std::uint8_t>& input, const decoder_settings& settings);
  decoded whole_message(opcode op, bool compressed, std::span<std::uint8_t> payload,
                        const std::uint8_t* mask);
  decoded more_data(std::span<std::uint8_t>& input, const decoder_settings& settings);
  decoded more_control(std::span<std::uint8_t>& input);
  decoded finish_control(opcode op, std::span<std::uint8_t> payload);
  parse read_header(std::span<std::uint8_t>& input, const decoder_settings& settings, header& h);
  parse parse_header(const std::uint8_t* p, std::size_t n, const decoder_settings& settings, header& h);
  void begin_frame(const header& h, const decoder_settings& settings);
  bool absorb(std::span<std::uint8_t> chunk, const decoder_settings& settings);
  decoded fail(violation why) noexcept;

  std::unique_ptr<assembly> held_;        // null while whole frames arrive
  std::uint8_t stash_[max_frame_header];  // the first bytes of a header that is not complete yet
  std::uint8_t stash_size_ = 0;
  stage stage_ = stage::header;
  violation failed_with_ = violation::none;
  bool open_ = false;  // a data message is in progress; implies held_
  bool payload_owned_ = false;
};

static_assert(sizeof(message_decoder) <= 48);

}  // namespace hawser::protocol
