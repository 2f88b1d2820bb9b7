// Reading and writing of JSON pointers.
#include "core/router/pointer.hpp"

namespace hawser::router {

const char* text_of(pointer_fault fault) noexcept {
  switch (fault) {
    case pointer_fault::none:
      return "no fault";
    case pointer_fault::empty:
      return "a pointer must name a member, such as /payload/symbol";
    case pointer_fault::no_slash:
      return "a pointer begins with '/'";
    case pointer_fault::bad_escape:
      return "'~' must be followed by 0 (for '~') or 1 (for '/')";
    case pointer_fault::too_long:
      return "a pointer has at most 512 bytes";
    case pointer_fault::too_deep:
      return "a pointer has at most 32 names";
  }
  return "no fault";
}

pointer::parsed pointer::parse(std::string_view text) {
  const auto fail = [](pointer_fault fault, std::size_t at) { return parsed{{}, fault, at}; };
  if (text.empty()) return fail(pointer_fault::empty, 0);
  if (text.size() > max_bytes) return fail(pointer_fault::too_long, max_bytes);
  if (text[0] != '/') return fail(pointer_fault::no_slash, 0);
  parsed result;
  std::vector<std::string>& tokens = result.value.tokens_;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      if (tokens.size() == max_depth) return fail(pointer_fault::too_deep, i);
      tokens.emplace_back();
    } else if (text[i] != '~') {
      tokens.back() += text[i];
    } else {
      const char next = i + 1 < text.size() ? text[i + 1] : '\0';
      if (next != '0' && next != '1') return fail(pointer_fault::bad_escape, i);
      tokens.back() += next == '0' ? '~' : '/';
      ++i;
    }
  }
  return result;
}

std::string pointer::text() const {
  std::string result;
  for (const std::string& token : tokens_) {
    result += '/';
    for (const char c : token) {
      if (c == '~') {
        result += "~0";
      } else if (c == '/') {
        result += "~1";
      } else {
        result += c;
      }
    }
  }
  return result;
}

std::optional<std::uint32_t> pointer::index_of(std::string_view token) noexcept {
  if (token.empty() || token.size() > 10 || (token[0] == '0' && token.size() > 1)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  // JavaScript's arrays have no element 2^32 - 1 either.
  if (value >= UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

}  // namespace hawser::router
