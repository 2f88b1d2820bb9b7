#include "core/client/message_form.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <limits>

namespace hawser::client {

namespace {

// The digits of a number, at the end of its space.
class digits {
 public:
  explicit digits(std::uint64_t value) noexcept {
    do {
      space_[--first_] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36];
      value /= 36;
    } while (value != 0);
  }
  std::string_view text() const noexcept { return {space_.data() + first_, space_.size() - first_}; }

 private:
  std::array<char, 13> space_;
  std::size_t first_ = space_.size();
};

std::string decimal(std::uint64_t value) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> space;
  const auto [end, error] = std::to_chars(space.data(), space.data() + space.size(), value);
  return {space.data(), end};
}

}  // namespace

message_form::message_form(std::string_view text) : form_(text) {}

// All but the payloads, whose places are noted like those of numbers and times.
void message_form::lay_out(std::string_view number) {
  text_.clear();
  for (places* const all : {&numbers_, &times_, &payloads_}) all->clear();
  id_at_ = 0;
  for (const char c : form_) {
    switch (c) {
      case number_mark:
        // The id begins behind the quote before the first number.
        if (numbers_.empty() && times_.empty() && payloads_.empty()) id_at_ = text_.rfind('"') + 1;
        numbers_.push_back(text_.size());
        text_ += number;
        break;
      case time_mark:
        times_.push_back(text_.size());
        text_ += time_text_;
        break;
      case payload_mark:
        payloads_.push_back(text_.size());
        break;
      default:
        text_ += c;
    }
  }
  digits_ = number.size();
}

void message_form::fill(const places& at, std::string_view value) {
  for (const std::size_t place : at) std::memcpy(text_.data() + place, value.data(), value.size());
}

std::string_view message_form::write(std::string& out, std::uint64_t number, std::uint64_t time,
                                     std::string_view payload) {
  const digits written(number);
  const std::string_view number_text = written.text();
  if (time != time_ || time_text_.empty()) {
    const std::string time_text = decimal(time);
    if (time_text.size() == time_text_.size()) {
      fill(times_, time_text);
    } else {
      digits_ = 0;
    }
    time_ = time;
    time_text_ = time_text;
  }
  if (number_text.size() == digits_) {
    fill(numbers_, number_text);
  } else {
    lay_out(number_text);
  }
  std::size_t from = 0;
  out.clear();
  for (const std::size_t place : payloads_) {
    out.append(text_, from, place - from).append(payload);
    from = place;
  }
  out.append(text_, from);
  if (id_at_ == 0) return {};
  return std::string_view(out).substr(id_at_, numbers_.front() + digits_ - id_at_);
}

}  // namespace hawser::client
