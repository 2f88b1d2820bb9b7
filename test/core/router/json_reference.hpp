// A JSON parser that is slow and plain, to compare the field reader with: a tree, made by recursion, in which
// the last member of a name wins.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/router/pointer.hpp"

namespace hawser::test {

struct json_tree {
  enum class kind { null, boolean, number, string, object, array };
  kind what = kind::null;
  bool boolean = false;
  double number = 0;
  std::string text;                // of a string in UTF-8, lone surrogates as three bytes
  std::vector<std::string> names;  // of an object, as they stand there
  std::vector<json_tree> items;    // elements, or the values of the names

  const json_tree* at(const router::pointer& where) const {
    const json_tree* here = this;
    for (const std::string& token : where.tokens()) {
      const json_tree* next = nullptr;
      if (here->what == kind::object) {
        for (std::size_t i = 0; i < here->names.size(); ++i) {
          if (here->names[i] == token) next = &here->items[i];  // the last one
        }
      } else if (here->what == kind::array) {
        for (std::size_t i = 0; i < here->items.size(); ++i) {
          if (std::to_string(i) == token) next = &here->items[i];
        }
      }
      if (!next) return nullptr;
      here = next;
    }
    return here;
  }
};

class json_reference {
 public:
  // None: JSON.parse would throw.
  static std::optional<json_tree> parse(std::string_view text) {
    json_reference parser(text);
    json_tree root;
    if (!parser.value(root)) return std::nullopt;
    parser.space();
    if (parser.at_ != text.size()) return std::nullopt;
    return root;
  }

 private:
  explicit json_reference(std::string_view text) : text_(text) {}

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }

  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  bool value(json_tree& out) {
    space();
    switch (peek()) {
      case '{':
        return object(out);
      case '[':
        return array(out);
      case '"':
        out.what = json_tree::kind::string;
        return string(out.text);
      case 't':
      case 'f':
        out.what = json_tree::kind::boolean;
        out.boolean = peek() == 't';
        return word(out.boolean ? "true" : "false");
      case 'n':
        return word("null");
      default:
        return number(out);
    }
  }

  bool object(json_tree& out) {
    out.what = json_tree::kind::object;
    ++at_;
    space();
    if (take('}')) return true;
    while (true) {
      space();
      out.names.emplace_back();
      out.items.emplace_back();
      if (peek() != '"' || !string(out.names.back())) return false;
      space();
      if (!take(':') || !value(out.items.back())) return false;
      space();
      if (take('}')) return true;
      if (!take(',')) return false;
    }
  }

  bool array(json_tree& out) {
    out.what = json_tree::kind::array;
    ++at_;
    space();
    if (take(']')) return true;
    while (true) {
      out.items.emplace_back();
      if (!value(out.items.back())) return false;
      space();
      if (take(']')) return true;
      if (!take(',')) return false;
    }
  }

  bool digits() {
    const std::size_t first = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ != first;
  }

  bool number(json_tree& out) {
    out.what = json_tree::kind::number;
    const std::size_t first = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    out.number = std::strtod(std::string(text_.substr(first, at_ - first)).c_str(), nullptr);
    return true;
  }

  bool unit(std::uint32_t& out) {
    if (!word("\\u") || text_.size() - at_ < 4) return false;
    const char* const end = text_.data() + at_ + 4;
    const auto [stop, error] = std::from_chars(text_.data() + at_, end, out, 16);
    if (error != std::errc() || stop != end) return false;
    at_ += 4;
    return true;
  }

  static void append(std::string& out, std::uint32_t c) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 + c / 64);
      put(0x80 + c % 64);
    } else if (c < 0x10000) {
      put(0xE0 + c / 4096);
      put(0x80 + c / 64 % 64);
      put(0x80 + c % 64);
    } else {
      put(0xF0 + c / 262144);
      put(0x80 + c / 4096 % 64);
      put(0x80 + c / 64 % 64);
      put(0x80 + c % 64);
    }
  }

  // First to UTF-16, as JavaScript has it, then to UTF-8.
  bool string(std::string& out) {
    if (!take('"')) return false;
    std::vector<std::uint32_t> pending;  // a high surrogate that an escape wrote
    const auto flush = [&] {
      for (const std::uint32_t c : pending) append(out, c);
      pending.clear();
    };
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == 'u') {
        std::uint32_t u = 0;
        if (!unit(u)) return false;
        if (!pending.empty() && u >= 0xDC00 && u <= 0xDFFF) {
          append(out, 0x10000 + (pending[0] - 0xD800) * 0x400 + (u - 0xDC00));
          pending.clear();
          continue;
        }
        flush();
        if (u >= 0xD800 && u <= 0xDBFF) {
          pending.push_back(u);
        } else {
          append(out, u);
        }
        continue;
      }
      flush();
      ++at_;
      if (c == '"') return true;
      if (c != '\\') {
        out += c;
        continue;
      }
      constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
      const std::size_t which = at_ < text_.size() ? names.find(text_[at_]) : std::string_view::npos;
      if (which == std::string_view::npos) return false;
      out += meanings[which];
      ++at_;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace hawser::test
