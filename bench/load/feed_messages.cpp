// Makes or loads a feed's messages.
#include "feed_messages.hpp"

#include <algorithm>
#include <fstream>
#include <random>

#include "args.hpp"
#include "frames.hpp"

namespace hawser::load {

namespace {

constexpr std::size_t generated_bytes = 4 * 1024 * 1024;
constexpr std::uint32_t smallest_message = 64;

// `prefix` and the number with leading zeros.
std::string numbered(const char* prefix, std::size_t width, std::uint32_t number) {
  const std::string digits = std::to_string(number);
  std::string out = prefix;
  out.append(width - std::min(width, digits.size()), '0').append(digits);
  return out;
}

std::string quote(const feed_shape& shape, std::uint32_t index, std::mt19937& random) {
  static constexpr const char* symbols[] = {"AAPL", "MSFT", "NVDA", "AMZN", "TSLA", "META", "ORCL", "INTC"};
  const bool wanted = index % shape.want_every == shape.want_every - 1;
  const std::string type = wanted            ? "trade"
                           : shape.types > 1 ? numbered("quote", 2, random() % shape.types)
                                             : "quote";
  const std::string symbol =
      shape.keys == 0 ? symbols[random() % 8] : numbered("S", 3, random() % shape.keys);
  std::string out = "{\"type\":\"" + type + "\",\"symbol\":\"" + symbol +
                    "\",\"price\":" + std::to_string(100 + random() % 900) + "." +
                    std::to_string(10 + random() % 90);
  if (shape.keys == 0) {
    out += ",\"t\":" + std::to_string(10000 + random() % 90000);
  } else {
    out += ",\"size\":" + std::to_string(100 + random() % 900) + ",\"t\":" + std::to_string(10000 + index);
  }
  constexpr std::string_view opening = ",\"n\":\"";
  constexpr std::string_view ending = "\"}";
  if (out.size() + opening.size() + ending.size() > shape.size)
    throw failure("a message's content does not fit its size");
  out += opening;
  while (out.size() + ending.size() < shape.size) out += static_cast<char>('a' + random() % 26);
  return out += ending;
}

}  // namespace

void feed_messages::append(std::string_view message) {
  append_frame(frames_, text, false, message, 0);
  ends_.push_back(frames_.size());
}

feed_messages feed_messages::generated(const feed_shape& shape) {
  if (shape.size < smallest_message)
    throw failure("--size has to be at least " + std::to_string(smallest_message));
  std::mt19937 random(20240229);
  feed_messages made;
  // A whole number of rounds, so that the share of wanted messages is exact.
  for (std::uint32_t i = 0; made.frames_.size() < generated_bytes || i % shape.want_every != 0; ++i) {
    made.append(quote(shape, i, random));
  }
  return made;
}

feed_messages feed_messages::from_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw failure("cannot read " + path);
  feed_messages made;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) made.append(line);
  }
  if (made.count() == 0) throw failure(path + " holds no lines");
  return made;
}

std::uint32_t feed_messages::complete_at(std::size_t offset) const {
  return static_cast<std::uint32_t>(std::upper_bound(ends_.begin(), ends_.end(), offset) - ends_.begin());
}

std::size_t feed_messages::boundary_from(std::size_t offset) const {
  if (offset == 0) return 0;
  return *std::lower_bound(ends_.begin(), ends_.end(), offset);
}

}  // namespace hawser::load
