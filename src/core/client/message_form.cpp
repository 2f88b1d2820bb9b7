#include "core/client/message_form.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace hawser::client {

namespace {

using digits = std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1>;

std::string_view written(digits& space, std::uint64_t value, int base) noexcept {
  const auto [end, error] = std::to_chars(space.data(), space.data() + space.size(), value, base);
  return {space.data(), static_cast<std::size_t>(end - space.data())};
}

}  // namespace

message_form::message_form(std::string_view text) {
  constexpr char marks[] = {number_mark, time_mark, payload_mark};
  for (;;) {
    const std::size_t at = text.find_first_of(std::string_view(marks, sizeof(marks)));
    if (at == std::string_view::npos) break;
    // The id begins behind the quote before the first number.
    if (text[at] == number_mark && id_at_ == 0 && pieces_.empty()) id_at_ = text.rfind('"', at) + 1;
    pieces_.push_back({std::string(text.substr(0, at)), text[at]});
    text.remove_prefix(at + 1);
  }
  pieces_.push_back({std::string(text), 0});
}

std::string_view message_form::write(std::string& out, std::uint64_t number, std::uint64_t time,
                                     std::string_view payload) const {
  digits number_space;
  digits time_space;
  const std::string_view number_text = written(number_space, number, 36);
  const std::string_view time_text = written(time_space, time, 10);
  std::size_t id_end = 0;
  out.clear();
  for (const piece& one : pieces_) {
    out += one.text;
    switch (one.mark) {
      case number_mark:
        out += number_text;
        if (id_end == 0) id_end = out.size();
        break;
      case time_mark:
        out += time_text;
        break;
      case payload_mark:
        out += payload;
        break;
      default:
        break;
    }
  }
  return id_at_ == 0 ? std::string_view() : std::string_view(out).substr(id_at_, id_end - id_at_);
}

}  // namespace hawser::client
