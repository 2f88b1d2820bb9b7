// RFC 6455 §5.2 framing: header writer, masking and the ASCII test. Stateless; the receive side is
// message_decoder.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hawser::protocol {

// Who we are: a server expects masked frames and sends unmasked ones, a client the reverse.
enum class role : std::uint8_t { server, client };

enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr std::size_t max_frame_header = 14;
inline constexpr std::size_t max_control_payload = 125;

// Bytes that write_frame_header() will write: 2, 4 or 10, and 4 more when masked.
constexpr std::size_t frame_header_size(std::uint64_t payload, bool masked) noexcept {
  return (payload < 126 ? 2 : payload <= 0xFFFF ? 4 : 10) + (masked ? 4 : 0);
}

// Writes a header with the shortest length form. `out` has room for max_frame_header bytes, `mask` points to
// 4 bytes or is null for an unmasked frame, `payload` is below 2^63. Returns the bytes written.
std::size_t write_frame_header(std::uint8_t* out, opcode op, bool fin, bool rsv1, std::uint64_t payload,
                               const std::uint8_t* mask) noexcept;

// RFC 6455 §5.3 masking, in place. `phase` is the offset of data[0] within the frame's payload.
void apply_mask(std::uint8_t* data, std::size_t n, const std::uint8_t mask[4], std::size_t phase) noexcept;

// The same, and tells whether every byte of the result is below 0x80.
bool apply_mask_ascii(std::uint8_t* data, std::size_t n, const std::uint8_t mask[4],
                      std::size_t phase) noexcept;

// The same as apply_mask(), from one buffer into another. The two do not overlap.
void copy_masked(std::uint8_t* out, const std::uint8_t* in, std::size_t n, const std::uint8_t mask[4],
                 std::size_t phase) noexcept;

// True when every byte is below 0x80; also for n == 0.
bool is_ascii(const std::uint8_t* data, std::size_t n) noexcept;

}  // namespace hawser::protocol
