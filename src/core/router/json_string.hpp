// Strings of JSON (RFC 8259 §7) with escapes in them: the end of one, and its text. Lone surrogates, which
// JSON.parse accepts, become the three bytes that UTF-8 would give them (WTF-8): two texts are equal exactly
// when JavaScript would call the strings equal.
#pragma once

#include <cstdint>

#include "core/router/json_scan.hpp"

namespace hawser::router::json {

// The closing quote of a string in which string_window::run() stopped at p, or null: a control character, a
// broken escape, or no end before `end`.
const std::uint8_t* string_end(const std::uint8_t* p, const std::uint8_t* end) noexcept;

// Writes the text of [p, end), whose escapes string_end() has checked, to `out`, which needs room for end - p
// bytes. Returns the end of what was written.
std::uint8_t* unescape(const std::uint8_t* p, const std::uint8_t* end, std::uint8_t* out) noexcept;

}  // namespace hawser::router::json
