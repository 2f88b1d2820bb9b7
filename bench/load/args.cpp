// Reads `--name value` pairs and flags.
#include "args.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace hawser::load {

arguments::arguments(int argc, char** argv, const std::vector<option>& declared) {
  for (const option& each : declared) {
    if (!each.flag) fallbacks_.emplace(each.name, each.fallback);
  }
  for (int i = 2; i < argc; ++i) {
    std::string_view word = argv[i];
    if (!word.starts_with("--")) throw failure("expected an option, found '" + std::string(word) + "'");
    word.remove_prefix(2);
    const auto found =
        std::find_if(declared.begin(), declared.end(), [&](const option& each) { return each.name == word; });
    if (found == declared.end()) throw failure("unknown option --" + std::string(word) + "; see --help");
    if (found->flag) {
      values_.insert_or_assign(std::string(word), "");
    } else {
      if (++i == argc) throw failure("--" + std::string(word) + " needs a value");
      values_.insert_or_assign(std::string(word), argv[i]);
    }
  }
}

std::string arguments::text(std::string_view name) const {
  if (const auto given = values_.find(name); given != values_.end()) return given->second;
  return fallbacks_.at(std::string(name));
}

double arguments::number(std::string_view name, double low, double high) const {
  const std::string value = text(name);
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (value.empty() || *end != '\0' || !std::isfinite(number) || number < low || number > high) {
    throw failure("--" + std::string(name) + " is '" + value + "', not a number within its range");
  }
  return number;
}

std::string help_text(std::string_view command, const std::vector<option>& declared) {
  std::string out = "hawser-load " + std::string(command) + "\n";
  for (const option& each : declared) {
    std::string line = "  --" + std::string(each.name);
    if (!each.flag) line += " <" + std::string(each.fallback.empty() ? "value" : each.fallback) + ">";
    line.resize(std::max<std::size_t>(line.size() + 2, 32), ' ');
    out += line + std::string(each.help) + "\n";
  }
  return out;
}

}  // namespace hawser::load
