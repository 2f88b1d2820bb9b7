// The small pieces of HTTP grammar (RFC 9110 §5.6) that handshake and extension headers are made of.
#pragma once

#include <string_view>

namespace hawser::protocol {

constexpr bool is_token_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

constexpr bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

// ASCII case is ignored.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Without leading and trailing spaces and tabs.
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls fn(element) for each non-empty element of a comma-separated list, trimmed. fn returns false to stop;
// the result tells whether all elements were visited.
template <class Fn>
constexpr bool for_each_element(std::string_view list, Fn&& fn) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (!element.empty() && !fn(element)) return false;
  }
  return true;
}

// Whether the list has `token` as an element, ASCII case ignored.
constexpr bool list_contains(std::string_view list, std::string_view token) noexcept {
  return !for_each_element(list, [&](std::string_view element) { return !iequals(element, token); });
}

}  // namespace hawser::protocol
