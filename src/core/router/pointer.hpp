// A JSON pointer (RFC 6901): the names that lead from the root of a document to one value in it, such as
// `/payload/symbol` or `/data/0/p`. Parsed once, when a route is registered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::router {

enum class pointer_fault : std::uint8_t {
  none,
  empty,       // "" names the whole document, which is no field
  no_slash,    // does not begin with '/'
  bad_escape,  // '~' not followed by 0 or 1
  too_long,    // more than pointer::max_bytes
  too_deep,    // more than pointer::max_depth names
};

// A short English text for the error message, never null.
const char* text_of(pointer_fault fault) noexcept;

class pointer {
 public:
  static constexpr std::size_t max_bytes = 512;
  static constexpr std::size_t max_depth = 32;

  struct parsed;

  // Unescapes `~1` to '/' and `~0` to '~'. An empty name ("/a//b", "/") is a name like any other.
  static parsed parse(std::string_view text);

  // Names nothing until a parsed one is assigned.
  pointer() = default;

  const std::vector<std::string>& tokens() const noexcept { return tokens_; }

  // The escaped text; parse(text()) gives the same pointer.
  std::string text() const;

  // The index that a name means in an array: digits without a leading zero, below 2^32 - 1. None: no index;
  // also `-`, which names the element behind the last one and therefore never a value.
  static std::optional<std::uint32_t> index_of(std::string_view token) noexcept;

  friend bool operator==(const pointer&, const pointer&) = default;

 private:
  std::vector<std::string> tokens_;  // unescaped
};

struct pointer::parsed {
  pointer value;
  pointer_fault fault = pointer_fault::none;
  std::size_t at = 0;  // the byte of the text where the fault is
  explicit operator bool() const noexcept { return fault == pointer_fault::none; }
};

}  // namespace hawser::router
