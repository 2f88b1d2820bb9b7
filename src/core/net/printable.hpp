// A peer's text, fit for an error message: it ends up in logs and terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hawser::net {

// What is not printable ASCII becomes '?'; what is longer is cut.
inline std::string printable(std::string_view text) {
  constexpr std::size_t most = 255;
  std::string out(text.substr(0, most));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  }
  return out;
}

}  // namespace hawser::net
