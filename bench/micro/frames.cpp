// Frames: reading them, writing them, masking.
#include <cstring>

#include "core/protocol/frame.hpp"
#include "core/protocol/message_decoder.hpp"
#include "micro.hpp"

namespace hawser::micro {

namespace {

constexpr std::size_t frame_batch = 16;
constexpr std::uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

void append_frame(bytes& out, std::size_t size, const std::uint8_t* key) {
  const std::string payload(size, 'x');
  const std::size_t at = out.size();
  out.resize(at + protocol::max_frame_header + size);
  const std::size_t header =
      protocol::write_frame_header(&out[at], protocol::opcode::text, true, false, size, key);
  std::memcpy(&out[at + header], payload.data(), size);
  if (key != nullptr) protocol::apply_mask(&out[at + header], size, key, 0);
  out.resize(at + header + size);
}

// What one read of a busy connection brings. Unmasking happens in place, so each round begins with a copy.
void add_reading(const char* name, std::size_t size, protocol::role self) {
  add(name, frame_batch, [size, self] {
    bytes wire;
    for (std::size_t i = 0; i < frame_batch; ++i) {
      append_frame(wire, size, self == protocol::role::server ? mask : nullptr);
    }
    return [wire, input = bytes(wire.size()), decoder = protocol::message_decoder(),
            settings = protocol::decoder_settings{.self = self}]() mutable {
      std::memcpy(input.data(), wire.data(), wire.size());
      std::span<std::uint8_t> rest = input;
      while (!rest.empty()) keep(decoder.next(rest, settings).ascii);
    };
  });
}

void add_writing(const char* name, std::size_t size, bool masked) {
  add(name, 1, [size, masked] {
    return [masked, payload = bytes(size, 'x'), out = bytes(size + protocol::max_frame_header)]() mutable {
      const std::size_t header = protocol::write_frame_header(out.data(), protocol::opcode::text, true, false,
                                                              payload.size(), masked ? mask : nullptr);
      if (masked) {
        protocol::copy_masked(out.data() + header, payload.data(), payload.size(), mask, 0);
      } else {
        std::memcpy(out.data() + header, payload.data(), payload.size());
      }
      keep(out.data());
      benchmark::ClobberMemory();
    };
  });
}

void add_masking(const char* name, std::size_t size) {
  add(name, 1, [size] {
    return [payload = bytes(size, 'x')]() mutable {
      keep(protocol::apply_mask_ascii(payload.data(), payload.size(), mask, 0));
    };
  });
}

}  // namespace

void add_frames() {
  add_reading("frame: read, server, 20 B", 20, protocol::role::server);
  add_reading("frame: read, server, 1 KiB", 1024, protocol::role::server);
  add_reading("frame: read, client, 85 B", 85, protocol::role::client);
  add_writing("frame: write, server, 20 B", 20, false);
  add_writing("frame: write, client, 20 B", 20, true);
  add_writing("frame: write, client, 1 KiB", 1024, true);
  add_masking("mask: 20 B", 20);
  add_masking("mask: 1 KiB", 1024);
  add_masking("mask: 64 KiB", 65536);
}

}  // namespace hawser::micro
