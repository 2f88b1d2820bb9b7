#include "core/router/json_array.hpp"

#include <algorithm>
#include <array>

#include "core/router/json_string.hpp"

namespace hawser::router::json {

namespace {

using byte = std::uint8_t;

// All of these stop at the end.
std::size_t space(std::span<const byte> text, std::size_t at) noexcept {
  while (at < text.size() && is_space(text[at])) at++;
  return at;
}

// Behind the closing quote; `at` is behind the opening one.
std::size_t string_rest(std::span<const byte> text, std::size_t at) noexcept {
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

std::size_t value(std::span<const byte> text, std::size_t at) noexcept {
  std::size_t depth = 0;
  while (at < text.size()) {
    switch (text[at]) {
      case '"':
        at = string_rest(text, at + 1);
        if (depth == 0) return at;
        break;
      case '{':
      case '[':
        depth++;
        at++;
        break;
      case '}':
      case ']':
        if (depth == 0) return at;  // behind a number or a word
        at++;
        if (--depth == 0) return at;
        break;
      case ',':
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        if (depth == 0) return at;
        at++;
        break;
      default:
        at++;
    }
  }
  return at;
}

bool is_name(std::span<const byte> written, std::string_view name) noexcept {
  std::array<byte, 6 * 32> plain{};
  if (written.size() > plain.size()) return false;
  const byte* const end = unescape(written.data(), written.data() + written.size(), plain.data());
  return std::string_view(reinterpret_cast<const char*>(plain.data()),
                          static_cast<std::size_t>(end - plain.data())) == name;
}

}  // namespace

std::size_t array_member(std::span<const byte> text, std::string_view name) noexcept {
  std::size_t at = space(text, 0);
  if (at >= text.size() || text[at] != '{') return 0;
  std::size_t found = 0;
  for (at++;;) {
    at = space(text, at);
    if (at >= text.size() || text[at] != '"') return found;
    const std::size_t first = at + 1;
    at = string_rest(text, first);
    const bool mine = at > first && is_name(text.subspan(first, at - 1 - first), name);
    at = space(text, at);
    if (at >= text.size() || text[at] != ':') return found;
    at = space(text, at + 1);
    if (mine) found = at < text.size() && text[at] == '[' ? at + 1 : 0;
    at = space(text, value(text, at));
    if (at >= text.size() || text[at] != ',') return found;
    at++;
  }
}

std::span<const byte> next_element(std::span<const byte> text, std::size_t& at) noexcept {
  std::size_t from = space(text, at);
  if (from < text.size() && text[from] == ',') from = space(text, from + 1);
  if (from >= text.size() || text[from] == ']') return {};
  at = value(text, from);
  return text.subspan(from, at - from);
}

}  // namespace hawser::router::json
