// Reading and matching of patterns.
#include "core/router/pattern.hpp"

namespace hawser::router {

const char* text_of(pattern_fault fault) noexcept {
  switch (fault) {
    case pattern_fault::none:
      return "no fault";
    case pattern_fault::empty:
      return "a pattern must not be empty";
    case pattern_fault::too_long:
      return "a pattern has at most 128 bytes";
    case pattern_fault::misplaced_star:
      return "'*' stands alone or behind the last dot, as in chat.*";
  }
  return "no fault";
}

pattern::parsed pattern::parse(std::string_view text) {
  parsed result;
  const auto fail = [](pattern_fault fault, std::size_t at) { return parsed{{}, fault, at}; };
  if (text.empty()) return fail(pattern_fault::empty, 0);
  if (text.size() > max_bytes) return fail(pattern_fault::too_long, max_bytes);
  const std::size_t star = text.find('*');
  if (star == std::string_view::npos) {
    result.value.kind_ = kind::exact;
    result.value.stem_ = text;
    return result;
  }
  if (text == "*") return result;
  if (star + 1 != text.size() || star < 2 || text[star - 1] != '.')
    return fail(pattern_fault::misplaced_star, star);
  result.value.kind_ = kind::prefix;
  result.value.stem_ = text.substr(0, star);
  return result;
}

bool pattern::matches(std::string_view type) const noexcept {
  switch (kind_) {
    case kind::exact:
      return type == stem_;
    case kind::prefix:
      return type.size() > stem_.size() && type.starts_with(stem_);
    case kind::all:
      break;
  }
  return true;
}

std::string pattern::text() const {
  if (kind_ == kind::exact) return stem_;
  return stem_ + '*';
}

}  // namespace hawser::router
