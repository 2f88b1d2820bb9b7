#include "samples.hpp"

#include <random>
#include <string_view>

namespace hawser::micro {

namespace {
constexpr unsigned seed = 20240229;
constexpr std::size_t list_size = 2048;
}  // namespace

std::string quote(std::size_t size) {
  std::string out = R"({"type":"quote","symbol":"NVDA","price":123.45,"size":700,"t":48211,"n":")";
  while (out.size() + 2 < size) out += static_cast<char>('a' + out.size() % 26);
  return out += "\"}";
}

std::vector<std::string> quote_lists(std::size_t number) {
  static constexpr const char* symbols[] = {"AAPL", "MSFT", "NVDA", "AMZN", "TSLA", "META", "ORCL", "INTC"};
  std::mt19937 random(seed);
  const auto figure = [&](unsigned below) { return std::to_string(random() % below); };
  std::vector<std::string> lists;
  while (lists.size() < number) {
    std::string out = R"({"type":"quotes","timestamp":1700000)" + figure(1'000'000) + R"(,"payload":[)";
    for (;;) {
      const std::string entry = std::string(R"({"symbol":")") + symbols[random() % 8] + R"(","bid":)" +
                                figure(100'000) + "." + figure(100) + R"(,"volume":)" + figure(1'000'000) +
                                "},";
      if (out.size() + entry.size() + 12 > list_size) break;
      out += entry;
    }
    out.back() = ']';
    out += R"(,"pad":")";
    while (out.size() + 2 < list_size) out += static_cast<char>('a' + random() % 26);
    lists.push_back(out + "\"}");
  }
  return lists;
}

std::string mixed_text(std::size_t size) {
  static constexpr std::string_view words =
      "the price of 12 €, größer als 3, αβγ und weiter in plain words; ";
  std::string out;
  while (out.size() + words.size() <= size) out += words;
  return out.append(size - out.size(), '.');
}

}  // namespace hawser::micro
