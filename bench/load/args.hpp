// Command line of a subcommand: the options it declares, their defaults, and the help text made from them.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::load {

/// What went wrong in words for the person at the terminal; main prints it and ends with exit code 1.
struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct option {
  std::string_view name;      // without the two dashes
  std::string_view fallback;  // value when absent; a flag's is "" and it takes no value
  std::string_view help;
  bool flag = false;
};

class arguments {
 public:
  /// Reads argv[2...]; throws `failure` on an option that `declared` does not list or a value that is
  /// missing.
  arguments(int argc, char** argv, const std::vector<option>& declared);

  bool flag(std::string_view name) const { return values_.contains(name); }
  std::string text(std::string_view name) const;
  /// A finite number within [low, high]; throws `failure` otherwise.
  double number(std::string_view name, double low = 0, double high = 1e12) const;
  std::uint32_t count(std::string_view name, double low = 0, double high = 1e9) const {
    return static_cast<std::uint32_t>(number(name, low, high));
  }
  std::uint16_t port() const { return static_cast<std::uint16_t>(number("port", 0, 65535)); }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> fallbacks_;
};

std::string help_text(std::string_view command, const std::vector<option>& declared);

}  // namespace hawser::load
