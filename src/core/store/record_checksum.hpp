// The CRC-32 that a row carries over all that is in it.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/store/stored_message.hpp"

namespace hawser::store {

inline std::int64_t record_checksum(std::int64_t row, const message_view& message) noexcept {
  std::array<unsigned char, 29> fields{};
  std::size_t at = 0;
  const auto add = [&](std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) fields[at++] = static_cast<unsigned char>(value >> (8 * i));
  };
  add(static_cast<std::uint64_t>(row), 8);
  add(static_cast<std::uint64_t>(message.expires_at), 8);
  add(message.id.size(), 8);
  add(message.flags, 4);
  add(message.priority, 1);
  uLong crc = crc32_z(0, fields.data(), fields.size());
  // A null pointer would ask for the initial value.
  const auto over = [&crc](std::string_view bytes) {
    if (!bytes.empty()) crc = crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  };
  over(message.id);
  over(message.payload);
  return static_cast<std::int64_t>(crc);
}

}  // namespace hawser::store
