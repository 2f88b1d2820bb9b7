#include "core/router/json_array.hpp"

#include <algorithm>
#include <array>
#include <cstring>

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

// Longer names with escapes are none that is looked for.
constexpr std::size_t longest_written = 6 * 32;

bool is_name(std::span<const byte> written, std::string_view name) noexcept {
  const auto* const text = reinterpret_cast<const char*>(written.data());
  if (std::memchr(text, '\\', written.size()) == nullptr)
    return std::string_view(text, written.size()) == name;
  if (written.size() > longest_written) return false;
  // Only a string that is whole may be unescaped, and an escape that is cut off is looked for behind its end.
  std::array<byte, longest_written + 1 + slack> whole{};
  std::memcpy(whole.data(), text, written.size());
  byte* const last = whole.data() + written.size();
  *last = '"';
  const byte* const stop = string_window(whole.data(), last + 1).run(whole.data(), last + 1);
  if (string_end(stop, last + 1) != last) return false;
  std::array<byte, longest_written> plain{};
  const byte* const end = unescape(whole.data(), last, plain.data());
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

std::span<const byte> value_at(std::span<const byte> text, std::size_t at) noexcept {
  return text.subspan(at, value(text, at) - at);
}

std::span<const byte> next_element(std::span<const byte> text, std::size_t& at) noexcept {
  std::size_t from = space(text, at);
  if (from < text.size() && text[from] == ',') from = space(text, from + 1);
  if (from >= text.size() || text[from] == ']') return {};
  at = value(text, from);
  return text.subspan(from, at - from);
}

}  // namespace hawser::router::json
