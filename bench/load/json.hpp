// The one result line that every subcommand prints.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::load {

class json_object {
 public:
  json_object& add(std::string_view key, std::string_view text);
  json_object& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
  json_object& add(std::string_view key, double number);
  json_object& add(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  json_object& add(std::string_view key, std::integral auto number) {
    return raw(key, std::to_string(number));
  }
  json_object& add(std::string_view key, const json_object& nested) { return raw(key, nested.text()); }
  /// `value` is JSON already.
  json_object& raw(std::string_view key, std::string_view value);

  std::string text() const { return body_ + "}"; }
  /// Writes the object as one line to standard output and flushes it.
  void print() const;

 private:
  std::string body_ = "{";
};

}  // namespace hawser::load
