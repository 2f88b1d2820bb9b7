// The version of the binary. A test compares it with package.json.
#pragma once

namespace hawser::addon {
inline constexpr const char* version = "0.1.0";
}
