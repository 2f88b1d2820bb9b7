// Any bytes as a message, and any bytes as a route: nothing is read that is not there, and what counts as
// JSON can be joined to an array that counts as JSON. Input: bytes of the route's text (one byte of length),
// the message.
#include <memory>
#include <string>

#include "chunks.hpp"
#include "core/router/classifier.hpp"
#include "core/router/route_spec.hpp"

namespace {

using namespace hawser::router;
using hawser::fuzz::require;

// A copy with exactly the slack that a reader may count on, all of one byte.
struct padded {
  padded(std::span<const std::uint8_t> text, std::uint8_t fill)
      : bytes(std::make_unique<std::uint8_t[]>(text.size() + field_reader::slack)), size(text.size()) {
    std::copy(text.begin(), text.end(), bytes.get());
    std::fill_n(bytes.get() + size, field_reader::slack, fill);
  }
  std::span<const std::uint8_t> text() const { return {bytes.get(), size}; }

  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t size;
};

std::string copy(const field_value& value) {
  std::string text = std::to_string(static_cast<int>(value.what));
  if (value.what == field_value::kind::boolean) text += value.boolean ? 't' : 'f';
  if (value.what == field_value::kind::string || value.what == field_value::kind::number) text += value.text;
  return text;
}

// All that the reader found, with what follows the text filled with `fill`.
std::string read(field_reader& reader, std::span<const std::uint32_t> fields,
                 std::span<const std::uint8_t> text, std::uint8_t fill) {
  const padded input(text, fill);
  const auto outcome = reader.read(input.text());
  std::string result = std::to_string(static_cast<int>(outcome));
  for (const std::uint32_t field : fields) result += '|' + copy(reader.field(field));
  return result;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t route_bytes = std::min<std::size_t>(data[0], size - 1);
  const std::string_view route(reinterpret_cast<const char*>(data + 1), route_bytes);
  const std::span<const std::uint8_t> message(data + 1 + route_bytes, size - 1 - route_bytes);

  field_reader reader;
  std::vector<std::uint32_t> fields;
  for (const char* text : {"/type", "/payload/s", "/payload", "/a/0/b", "/0", "/", "/a"}) {
    fields.push_back(reader.add(pointer::parse(text).value));
  }
  const std::string found = read(reader, fields, message, '"');
  for (const char fill : {'}', '0', ' ', '\\', ']'}) {
    require(read(reader, fields, message, static_cast<std::uint8_t>(fill)) == found,
            "what follows the text counts");
  }
  if (found[0] == '0') {
    const std::string one(message.begin(), message.end());
    const std::string three = '[' + one + ',' + one + ',' + one + ']';
    const padded joined({reinterpret_cast<const std::uint8_t*>(three.data()), three.size()}, 'x');
    require(reader.read(joined.text()) != field_reader::outcome::not_json, "a joined array is no JSON");
  }

  classifier router;
  const spec_result spec = parse_route_spec(route);
  if (spec)
    require(router.add_route(1, spec.value) == classifier::add_result::added, "a sound route was refused");
  const padded input(message, ',');
  const classified result = router.classify(input.text());
  require((result.what == classified::kind::not_json) == (found[0] != '0'), "reader and classifier differ");
  require(result.routes.empty() || spec.value.pattern.matches(result.type), "a route of another type");
  return 0;
}
