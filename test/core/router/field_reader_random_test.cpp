// The field reader against a plain parser: generated texts, and the same with damage.
#include <gtest/gtest.h>

#include <cstring>

#include "core/protocol/random.hpp"
#include "core/router/field_reader.hpp"
#include "core/router/json_reference.hpp"
#include "core/router/reader_rig.hpp"

namespace hawser::router::field_reader_random_test {
namespace {

using hawser::test::json_reference;
using hawser::test::json_tree;
using hawser::test::padded_text;
using hawser::test::random_source;

const std::vector<std::string> names = {
    "a",        "b",        "type",      "payload", "room",      "0",
    "1",        "2",        "10",        "",        "__proto__", "correlationId",
    "eightchr", "eightchs", "ninechars", "a/b~c",   "\xC3\xA9",  std::string(70, 'n'),
    "q\"\\",    "\n"};

class generator {
 public:
  explicit generator(random_source& random) : random_(random) {}

  std::string text() {
    out_.clear();
    space();
    container(0);
    space();
    return out_;
  }

  std::string pointer_text() {
    pointer result;
    std::string text;
    for (std::size_t depth = 1 + random_.below(3); depth > 0; --depth) {
      text += '/';
      for (const char c : names[random_.below(names.size())])
        text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return text;
  }

 private:
  void space() {
    if (!random_.one_in(6)) return;
    for (std::size_t n = 1 + random_.below(random_.one_in(20) ? 80 : 3); n > 0; --n)
      out_ += " \n\r\t"[random_.below(4)];
  }

  void container(std::size_t depth) {
    const bool object = !random_.one_in(3);
    out_ += object ? '{' : '[';
    space();
    const std::size_t count = random_.below(depth == 0 ? 8 : 5);
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      space();
      if (object) {
        string(names[random_.below(names.size())]);
        space();
        out_ += ':';
        space();
      }
      value(depth + 1);
      space();
    }
    out_ += object ? '}' : ']';
  }

  void value(std::size_t depth) {
    switch (random_.below(depth < 4 ? 8 : 6)) {
      case 0:
        out_ += "null";
        return;
      case 1:
        out_ += random_.one_in(2) ? "true" : "false";
        return;
      case 2:
      case 3:
        number();
        return;
      case 4:
        string(names[random_.below(names.size())]);
        return;
      case 5:
        string(random_.ascii(random_.below(random_.one_in(5) ? 150 : 12)));
        return;
      default:
        container(depth);
    }
  }

  void digits(std::size_t most) {
    for (std::size_t n = 1 + random_.below(most); n > 0; --n)
      out_ += static_cast<char>('0' + random_.below(10));
  }

  void number() {
    if (random_.one_in(3)) out_ += '-';
    if (random_.one_in(4)) {
      out_ += '0';
    } else {
      out_ += static_cast<char>('1' + random_.below(9));
      if (!random_.one_in(3)) digits(random_.one_in(8) ? 40 : 17);
    }
    if (random_.one_in(2)) {
      out_ += '.';
      digits(random_.one_in(8) ? 40 : 17);
    }
    if (random_.one_in(4)) {
      out_ += "eE"[random_.below(2)];
      if (random_.one_in(2)) out_ += "+-"[random_.below(2)];
      digits(random_.one_in(20) ? 25 : 3);
    }
  }

  // Now and then a character as an escape, or a surrogate, alone or not.
  void string(std::string_view text) {
    static const char hex[] = "0123456789abcdefABCDEF";
    const bool escapes = random_.one_in(4);
    out_ += '"';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (byte < 0x20 || (byte < 0x80 && escapes && random_.one_in(3))) {
        out_ += "\\u00";
        out_ += hex[byte / 16];
        out_ += hex[byte % 16];
      } else {
        out_ += c;
      }
      if (escapes && random_.one_in(8)) {
        static const char* const units[] = {"\\ud83d", "\\uDE00", "\\uDBFF", "\\ud800", "\\uDc00", "\\ue000"};
        out_ += units[random_.below(6)];
        if (random_.one_in(2)) out_ += units[random_.below(6)];
      }
      if (escapes && random_.one_in(8)) {
        out_ += '\\';
        out_ += "\"\\/bfnrt"[random_.below(8)];
      }
    }
    out_ += '"';
  }

  random_source& random_;
  std::string out_;
};

std::string damaged(std::string text, random_source& random) {
  static const std::string telling = "{}[]:,\"\\0123456789.eE+-tfnulr \n\t\f\x1A\x01\xC3";
  for (std::size_t n = 1 + random.below(3); n > 0 && !text.empty(); --n) {
    const std::size_t place = random.below(text.size());
    switch (random.below(5)) {
      case 0:
        text[place] = telling[random.below(telling.size())];
        break;
      case 1:
        text.erase(place, 1 + random.below(3));
        break;
      case 2:
        text.insert(place, 1, telling[random.below(telling.size())]);
        break;
      case 3:
        text.resize(place);
        break;
      default:
        text.insert(place, text.substr(random.below(text.size()), random.below(20)));
    }
  }
  return text;
}

struct tally {
  std::size_t accepted = 0, refused = 0, present = 0;
};

void compare(field_reader& reader, const std::vector<std::pair<pointer, std::uint32_t>>& fields,
             std::string_view text, std::string_view tail, tally& counts) {
  const padded_text input(text, tail);
  const auto tree = json_reference::parse(text);
  const bool accepted =
      tree && (tree->what == json_tree::kind::object || tree->what == json_tree::kind::array);
  const auto result = reader.read(input.bytes());
  ASSERT_EQ(result == field_reader::outcome::ok, accepted) << text;
  ++(accepted ? counts.accepted : counts.refused);
  for (const auto& [where, field] : fields) {
    const json_tree* const expected = accepted ? tree->at(where) : nullptr;
    const field_value& value = reader.field(field);
    if (!expected) {
      ASSERT_EQ(value.what, field_value::kind::missing) << where.text() << " in " << text;
      continue;
    }
    ++counts.present;
    switch (expected->what) {
      case json_tree::kind::null:
        ASSERT_EQ(value.what, field_value::kind::null) << where.text() << " in " << text;
        break;
      case json_tree::kind::boolean:
        ASSERT_EQ(value.what, field_value::kind::boolean) << where.text() << " in " << text;
        ASSERT_EQ(value.boolean, expected->boolean) << where.text() << " in " << text;
        break;
      case json_tree::kind::number:
        ASSERT_EQ(value.what, field_value::kind::number) << where.text() << " in " << text;
        ASSERT_EQ(std::memcmp(&value.number, &expected->number, sizeof(double)), 0)
            << where.text() << " in " << text << ": " << value.number << " is not " << expected->number;
        break;
      case json_tree::kind::string:
        ASSERT_EQ(value.what, field_value::kind::string) << where.text() << " in " << text;
        ASSERT_EQ(value.text, expected->text) << where.text() << " in " << text;
        break;
      default:
        ASSERT_EQ(value.what, field_value::kind::container) << where.text() << " in " << text;
    }
  }
}

TEST(field_reader_random, reads_what_a_plain_parser_reads) {
  random_source random;
  generator make(random);
  tally whole, broken;
  field_reader reader;
  std::vector<std::pair<pointer, std::uint32_t>> fields;
  for (int i = 0; i < 20'000; ++i) {
    // Pointers come and go.
    if (fields.size() < 4 || random.one_in(10)) {
      const pointer where = hawser::test::at(make.pointer_text());
      fields.emplace_back(where, reader.add(where));
    }
    if (fields.size() > 12) {
      const std::size_t gone = random.below(fields.size());
      reader.release(fields[gone].second);
      fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(gone));
    }
    const std::string text = make.text();
    const std::string tail = random.one_in(2) ? random.ascii(64) : damaged(text + "\"}", random);
    ASSERT_NO_FATAL_FAILURE(compare(reader, fields, text, tail, whole));
    ASSERT_NO_FATAL_FAILURE(compare(reader, fields, damaged(text, random), tail, broken));
  }
  EXPECT_EQ(whole.refused, 0u);
  EXPECT_GT(whole.present, 5'000u) << "the pointers met too little";
  EXPECT_GT(broken.accepted, 1'000u) << "the damage was always fatal";
  EXPECT_GT(broken.refused, 10'000u) << "the damage was too small";
}

TEST(field_reader_random, numbers_of_any_bits_come_back) {
  random_source random;
  field_reader reader;
  const auto field = reader.add(hawser::test::at("/n"));
  for (int i = 0; i < 50'000; ++i) {
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : random.bytes(8)) bits = bits << 8 | byte;
    double expected;
    std::memcpy(&expected, &bits, sizeof expected);
    if (!(expected - expected == 0)) continue;  // an infinity, or no number
    char digits[400];
    const char* const format = random.one_in(3) ? "%.17g" : random.one_in(2) ? "%.25e" : "%.12e";
    std::snprintf(digits, sizeof digits, format, expected);
    expected = std::strtod(digits, nullptr);
    ASSERT_EQ(reader.read(padded_text("{\"n\":" + std::string(digits) + "}").bytes()),
              field_reader::outcome::ok);
    const double number = reader.field(field).number;
    ASSERT_EQ(std::memcmp(&number, &expected, sizeof number), 0) << digits;
  }
}

}  // namespace
}  // namespace hawser::router::field_reader_random_test
