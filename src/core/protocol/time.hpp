// Time as the protocol code sees it: passed in, never read from a clock.
#pragma once

#include <cstdint>

namespace hawser::protocol {

// Milliseconds of a steady clock, or a span of them.
using time_ms = std::int64_t;

inline constexpr time_ms never = INT64_MAX;

}  // namespace hawser::protocol
