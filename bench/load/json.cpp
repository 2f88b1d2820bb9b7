// Writes JSON; the generator reads none.
#include "json.hpp"

#include <cmath>
#include <cstdio>

namespace hawser::load {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

json_object& json_object::raw(std::string_view key, std::string_view value) {
  if (body_.size() > 1) body_ += ",";
  body_ += quoted(key) + ":";
  body_ += value;
  return *this;
}

json_object& json_object::add(std::string_view key, std::string_view text) { return raw(key, quoted(text)); }

json_object& json_object::add(std::string_view key, double number) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", std::isfinite(number) ? number : 0.0);
  return raw(key, text);
}

void json_object::print() const {
  const std::string line = text() + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace hawser::load
