// Elements of an array in a text. Any bytes are safe; of a text that is JSON exactly the elements come that
// it was put together from. Input: values, with zeros between them: of the member in front, then the
// elements.
#include <string>

#include "chunks.hpp"
#include "core/router/field_reader.hpp"
#include "core/router/json_array.hpp"

namespace {

using namespace hawser::router;
using hawser::fuzz::copy_of;
using hawser::fuzz::require;
using texts = std::vector<std::string>;

bool is_json(const std::string& text) {
  static field_reader reader;
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.resize(text.size() + field_reader::slack, 'x');
  return reader.read({bytes.data(), text.size()}) != field_reader::outcome::not_json;
}

// One value: what would be two in an array is none in an object, and the other way round.
bool is_value(const std::string& text) {
  return is_json('[' + text + ']') && is_json("{\"x\":" + text + '}');
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

// With no byte behind the text.
texts elements(std::span<const std::uint8_t> data, bool& found) {
  const std::vector<std::uint8_t> text = copy_of(data);
  texts out;
  std::size_t at = json::array_member(text, "payload");
  found = at != 0;
  while (found) {
    require(at <= text.size(), "a place behind the text");
    const std::size_t before = at;
    const auto one = json::next_element(text, at);
    if (one.empty()) break;
    require(at > before && at <= text.size(), "an element does not move on");
    out.emplace_back(one.begin(), one.end());
  }
  return out;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bool found = false;
  elements({data, size}, found);

  texts values;
  for (std::size_t at = 0; at <= size && values.size() < 20;) {
    const auto end = static_cast<std::size_t>(std::find(data + at, data + size, std::uint8_t{0}) - data);
    const std::string piece(data + at, data + end);
    if (!is_value(piece)) return 0;
    values.push_back(piece);
    at = end + 1;
  }
  std::string text = "{\"front\":" + values[0] + ",\"payload\" :[";
  texts expected;
  for (std::size_t i = 1; i < values.size(); ++i) {
    text += (i > 1 ? "," : "") + values[i];
    expected.push_back(trimmed(values[i]));
  }
  text += "],\"type\":" + values[0] + '}';
  require(is_json(text), "the whole is no JSON");
  const texts got = elements({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, found);
  require(found, "the array was not found");
  require(got == expected, "other elements than it was made of");
  return 0;
}
