// Which message types a route wants: one type (`chat.message`), all below a name (`chat.*`: `chat.a` and
// `chat.a.b`, not `chat`), or every type (`*`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::router {

enum class pattern_fault : std::uint8_t {
  none,
  empty,
  too_long,        // more than pattern::max_bytes
  misplaced_star,  // '*' elsewhere than alone or behind the last dot
};

// A short English text for the error message, never null.
const char* text_of(pattern_fault fault) noexcept;

class pattern {
 public:
  static constexpr std::size_t max_bytes = 128;

  enum class kind : std::uint8_t { exact, prefix, all };

  struct parsed;
  static parsed parse(std::string_view text);

  // Matches every type.
  pattern() = default;

  kind what() const noexcept { return kind_; }

  // exact: the type; prefix: what a type must begin with, the dot included (`chat.`); all: empty.
  std::string_view stem() const noexcept { return stem_; }

  // `chat.*` wants at least one byte behind the dot.
  bool matches(std::string_view type) const noexcept;

  std::string text() const;

  friend bool operator==(const pattern&, const pattern&) = default;

 private:
  kind kind_ = kind::all;
  std::string stem_;
};

struct pattern::parsed {
  pattern value;
  pattern_fault fault = pattern_fault::none;
  std::size_t at = 0;  // the byte of the text where the fault is
  explicit operator bool() const noexcept { return fault == pattern_fault::none; }
};

}  // namespace hawser::router
