// Fields of JSON texts: what is found, what counts as JSON, what is refused.
#include "core/router/field_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/router/reader_rig.hpp"

namespace hawser::router::field_reader_test {
namespace {

using kind = field_value::kind;
using outcome = field_reader::outcome;
using hawser::test::at;
using hawser::test::padded_text;

// One field of one text, copied out.
struct found {
  outcome result = outcome::not_json;
  kind what = kind::missing;
  bool boolean = false;
  double number = 0;
  std::string text;
};

found read(std::string_view text, std::string_view where, std::string_view tail = "") {
  field_reader reader;
  const std::uint32_t field = reader.add(at(where));
  const padded_text input(text, tail);
  found f;
  f.result = reader.read(input.bytes());
  const field_value& value = reader.field(field);
  f.what = value.what;
  f.boolean = value.boolean;
  f.number = value.number;
  if (value.what == kind::string || value.what == kind::number) f.text = value.text;
  return f;
}

std::string string_at(std::string_view text, std::string_view where) {
  const found f = read(text, where);
  if (f.result != outcome::ok) return "<no json>";
  return f.what == kind::string ? f.text : "<no string>";
}

double number_of(std::string_view number) {
  const found f = read("{\"n\":" + std::string(number) + "}", "/n");
  EXPECT_EQ(f.result, outcome::ok) << number;
  EXPECT_EQ(f.what, kind::number) << number;
  EXPECT_EQ(f.text, number);
  return f.number;
}

outcome result_of(std::string_view text, std::string_view tail = "") { return read(text, "/a", tail).result; }

TEST(field_reader, reads_all_fields_in_one_pass) {
  field_reader reader;
  const auto type = reader.add(at("/type"));
  const auto room = reader.add(at("/room"));
  const auto symbol = reader.add(at("/payload/s"));
  const auto price = reader.add(at("/payload/p"));
  const auto time = reader.add(at("/timestamp"));
  const auto whole = reader.add(at("/payload"));
  const padded_text text(
      R"({"id":"a81b2c3d","type":"tick","timestamp":1700000000000,"payload":{"s":"ABC","p":1.25}})");
  ASSERT_EQ(reader.read(text.bytes()), outcome::ok);
  EXPECT_EQ(reader.field(type).text, "tick");
  EXPECT_EQ(reader.field(room).what, kind::missing);
  EXPECT_EQ(reader.field(symbol).text, "ABC");
  EXPECT_EQ(reader.field(price).number, 1.25);
  EXPECT_EQ(reader.field(price).text, "1.25");
  EXPECT_EQ(reader.field(time).number, 1700000000000.0);
  EXPECT_EQ(reader.field(whole).what, kind::container);
  EXPECT_EQ(reader.field(type).text.data(), text.text().data() + 25) << "a copy was made";
}

TEST(field_reader, kinds) {
  EXPECT_EQ(read(R"({"a":null})", "/a").what, kind::null);
  EXPECT_EQ(read(R"({"a":true})", "/a").what, kind::boolean);
  EXPECT_TRUE(read(R"({"a":true})", "/a").boolean);
  EXPECT_EQ(read(R"({"a":false})", "/a").what, kind::boolean);
  EXPECT_FALSE(read(R"({"a":false})", "/a").boolean);
  EXPECT_EQ(read(R"({"a":{}})", "/a").what, kind::container);
  EXPECT_EQ(read(R"({"a":[ ]})", "/a").what, kind::container);
  EXPECT_EQ(read(R"({"a":{}})", "/a/b").what, kind::missing);
  EXPECT_EQ(read(R"({"a":5})", "/a/b").what, kind::missing);
  EXPECT_EQ(read(R"({"a":""})", "/a").what, kind::string);
}

TEST(field_reader, nothing_is_left_of_the_text_before) {
  field_reader reader;
  const auto a = reader.add(at("/a")), b = reader.add(at("/b/c"));
  ASSERT_EQ(reader.read(padded_text(R"({"a":1,"b":{"c":2}})").bytes()), outcome::ok);
  EXPECT_EQ(reader.field(b).number, 2);
  ASSERT_EQ(reader.read(padded_text(R"({"b":{}})").bytes()), outcome::ok);
  EXPECT_EQ(reader.field(a).what, kind::missing);
  EXPECT_EQ(reader.field(b).what, kind::missing);
  ASSERT_EQ(reader.read(padded_text(R"({"a":1,"b":{"c":2}})").bytes()), outcome::ok);
  ASSERT_EQ(reader.read(padded_text(R"({"a":1,"b":{"c":2})").bytes()), outcome::not_json);
  EXPECT_EQ(reader.field(a).what, kind::missing) << "a broken text has no fields";
  EXPECT_EQ(reader.field(b).what, kind::missing);
}

TEST(field_reader, arrays_by_index) {
  const char* text = R"({"data":[{"p":1},[7,8],{"p":3},"x"],"0":"zero"})";
  EXPECT_EQ(read(text, "/data/0/p").number, 1);
  EXPECT_EQ(read(text, "/data/2/p").number, 3);
  EXPECT_EQ(read(text, "/data/1/1").number, 8);
  EXPECT_EQ(read(text, "/data/3").text, "x");
  EXPECT_EQ(read(text, "/0").text, "zero") << "a name that looks like an index";
  for (const char* miss :
       {"/data/4", "/data/00", "/data/-", "/data/-1", "/data/4294967295", "/data/p", "/data/ 0"}) {
    EXPECT_EQ(read(text, miss).what, kind::missing) << miss;
  }
  EXPECT_EQ(read("[1,[2,3]]", "/1/0").number, 2) << "the root may be an array";
  EXPECT_EQ(read(R"({"00":1})", "/00").number, 1);
}

TEST(field_reader, the_last_of_repeated_members_wins) {
  EXPECT_EQ(read(R"({"a":1,"a":2})", "/a").number, 2);
  EXPECT_EQ(read(R"({"a":1,"a":"x"})", "/a").what, kind::string);
  EXPECT_EQ(read(R"({"a":{"b":1},"a":{"c":2}})", "/a/b").what, kind::missing);
  EXPECT_EQ(read(R"({"a":{"b":1},"a":5})", "/a/b").what, kind::missing);
  EXPECT_EQ(read(R"({"a":5,"a":{"b":1}})", "/a/b").number, 1);
  EXPECT_EQ(read(R"({"a":{"b":{"c":1}},"a":{"b":{}}})", "/a/b/c").what, kind::missing);
  EXPECT_EQ(read(R"({"a":{"b":{"c":1}},"a":{"b":{"c":2,"c":3}}})", "/a/b/c").number, 3);
  EXPECT_EQ(read(R"({"a":[{"p":1}],"a":[]})", "/a/0/p").what, kind::missing);
  EXPECT_EQ(read(R"({"a":[{"p":1},{"p":2,"p":9}],"a":{"1":{"p":4}}})", "/a/1/p").number, 4);
  EXPECT_EQ(read(R"({"a":1,"\u0061":2})", "/a").number, 2) << "one name in two spellings";
}

TEST(field_reader, names) {
  EXPECT_EQ(read(R"({"__proto__":1})", "/__proto__").number, 1);
  EXPECT_EQ(read(R"({"":1})", "/").number, 1);
  EXPECT_EQ(read(R"({"a/b":1})", "/a~1b").number, 1);
  EXPECT_EQ(read(R"({"a~b":1})", "/a~0b").number, 1);
  EXPECT_EQ(read(R"({"\u0074\u0079pe":1})", "/type").number, 1);
  EXPECT_EQ(read(R"({"a\\b":1})", "/a\\b").number, 1);
  EXPECT_EQ(read(R"({"a\b":1})", "/a\\b").what, kind::missing) << "compared as it is written";
  EXPECT_EQ(read(R"({"a\b":1})", "/a\b").number, 1);
  EXPECT_EQ(read("{\"\xC3\xA9\":1}", "/\xC3\xA9").number, 1);
  EXPECT_EQ(read(R"({"\u00e9":1})", "/\xC3\xA9").number, 1);
  EXPECT_EQ(read(R"({"\ud83d\ude00":1})", "/\xF0\x9F\x98\x80").number, 1);
  EXPECT_EQ(read(R"({"type2":1,"typ":2,"Type":3})", "/type").what, kind::missing);
  EXPECT_EQ(read(R"({"a\u0000":1})", "/a").what, kind::missing);
  const std::string eight(8, 'n'), nine(9, 'n'), long_name(200, 'n');
  for (const std::string& name : {eight, nine, long_name}) {
    EXPECT_EQ(read("{\"" + name + "\":1}", "/" + name).number, 1);
    EXPECT_EQ(read("{\"" + name.substr(1) + "m\":1}", "/" + name).what, kind::missing);
    EXPECT_EQ(read("{\"" + name + std::string(64, 'n') + "\":1}", "/" + name).what, kind::missing);
  }
}

TEST(field_reader, many_names_below_one_node) {
  field_reader reader;
  std::vector<std::uint32_t> fields;
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) {
    const std::string name = std::string(i % 20, 'x') + std::to_string(i);
    fields.push_back(reader.add(at("/" + name)));
    text += (i ? ",\"" : "\"") + name + "\":" + std::to_string(i) + ",\"n" + name + "\":-1";
  }
  ASSERT_EQ(reader.read(padded_text(text + "}").bytes()), outcome::ok);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(reader.field(fields[i]).number, i);
}

TEST(field_reader, strings) {
  EXPECT_EQ(string_at(R"({"a":"x"})", "/a"), "x");
  EXPECT_EQ(string_at(R"({"a":"\"\\\/\b\f\n\r\t"})", "/a"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(string_at(R"({"a":"1\u0041\u00e9\u20AC\ud83d\uDE00z"})", "/a"),
            "1A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  EXPECT_EQ(string_at(R"({"a":"x\u0000y"})", "/a"), std::string("x\0y", 3));
  EXPECT_EQ(string_at("{\"a\":\"\xE2\x82\xAC\x7F\"}", "/a"), "\xE2\x82\xAC\x7F");
  // Lone surrogates: each keeps its identity.
  EXPECT_EQ(string_at(R"({"a":"\ud800"})", "/a"), "\xED\xA0\x80");
  EXPECT_EQ(string_at(R"({"a":"\ude00\ud83d"})", "/a"), "\xED\xB8\x80\xED\xA0\xBD");
  EXPECT_EQ(string_at(R"({"a":"\ud83d\ud83d\ude00"})", "/a"), "\xED\xA0\xBD\xF0\x9F\x98\x80");
  EXPECT_EQ(string_at(R"({"a":"\ud83dx\ude00"})", "/a"), "\xED\xA0\xBDx\xED\xB8\x80");
  EXPECT_EQ(string_at(R"({"a":"\udbff\udfff\ud83d\ue000\udbff\udbff\ud7ff"})", "/a"),
            "\xF4\x8F\xBF\xBF\xED\xA0\xBD\xEE\x80\x80\xED\xAF\xBF\xED\xAF\xBF\xED\x9F\xBF");
  for (std::size_t length = 0; length < 200; ++length) {
    const std::string plain(length, 'p');
    EXPECT_EQ(string_at("{\"a\":\"" + plain + "\"}", "/a"), plain);
    EXPECT_EQ(string_at("{\"a\":\"" + plain + "\\n\",\"b\":1}", "/a"), plain + "\n");
    EXPECT_EQ(string_at("{\"" + plain + "\":\"\\t\",\"a\":\"q\"}", "/a"), "q");
  }
}

TEST(field_reader, several_unescaped_texts_live_side_by_side) {
  field_reader reader;
  const auto a = reader.add(at("/a")), b = reader.add(at("/b"));
  ASSERT_EQ(reader.read(padded_text(R"({"a":"1\n","b":"2\n"})").bytes()), outcome::ok);
  ASSERT_EQ(reader.read(padded_text(R"({"a":"one\n","x":"longer","b":"two\n","a":"three\t"})").bytes()),
            outcome::ok);
  EXPECT_EQ(reader.field(a).text, "three\t");
  EXPECT_EQ(reader.field(b).text, "two\n");
  // More than is kept from one text to the next.
  const std::string large(3 << 20, 'x');
  const padded_text text("{\"a\":\"" + large + "\\n\",\"b\":\"\\n\"}");
  ASSERT_EQ(reader.read(text.bytes()), outcome::ok);
  EXPECT_EQ(reader.field(a).text, large + "\n");
  EXPECT_EQ(reader.field(b).text, "\n");
  ASSERT_EQ(reader.read(padded_text(R"({"a":"\t"})").bytes()), outcome::ok);
  EXPECT_EQ(reader.field(a).text, "\t");
}

TEST(field_reader, numbers_are_those_of_json_parse) {
  EXPECT_EQ(number_of("0"), 0);
  EXPECT_TRUE(std::signbit(number_of("-0")));
  EXPECT_TRUE(std::signbit(number_of("-0.0e5")));
  EXPECT_EQ(number_of("1.25"), 1.25);
  EXPECT_EQ(number_of("-17"), -17);
  EXPECT_EQ(number_of("0.1"), 0.1);
  EXPECT_EQ(number_of("0.30000000000000004"), 0.30000000000000004);
  EXPECT_EQ(number_of("123456789012345678"), 123456789012345678.0);
  EXPECT_EQ(number_of("9007199254740993"), 9007199254740992.0) << "a tie goes to even";
  EXPECT_EQ(number_of("9007199254740993.0000000000000000000001"), 9007199254740994.0) << "just above the tie";
  EXPECT_EQ(number_of("18446744073709551615"), 18446744073709551616.0);
  EXPECT_EQ(number_of("18446744073709551616"), 18446744073709551616.0);
  EXPECT_EQ(number_of("340282366920938463463374607431768211456"), 340282366920938463463374607431768211456.0);
  EXPECT_EQ(number_of("1e22"), 1e22);
  EXPECT_EQ(number_of("1e23"), 1e23);
  EXPECT_EQ(number_of("1e308"), 1e308);
  EXPECT_EQ(number_of("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(number_of("1.7976931348623159e308"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_of("1e309"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_of("-1e999999999999999999999999"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_of("5e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(number_of("2.2250738585072011e-308"), 2.2250738585072011e-308);
  EXPECT_EQ(number_of("1e-400"), 0);
  EXPECT_TRUE(std::signbit(number_of("-1e-99999999999999999999")));
  EXPECT_EQ(number_of("0e999999999999999999999999"), 0);
  EXPECT_EQ(number_of("0.000000000000000000000000000000123E+30"), 0.123);
  EXPECT_EQ(number_of("1" + std::string(400, '0') + "e-400"), 1);
  EXPECT_EQ(number_of("0." + std::string(400, '0') + "1e401"), 1);
  EXPECT_EQ(number_of("12345678901234567890123e-5"), 123456789012345678.90123);
}

TEST(field_reader, space_between_everything) {
  EXPECT_EQ(read(" \t\r\n{ \"x\" :\n[ 1 ,\t{ } , [ ] , true ]\r, \"a\"\t: { \"b\" : 5 } } \n", "/a/b").number,
            5);
  EXPECT_EQ(read("{\"x\": 1, \"a\": \"y\"}", "/a").text, "y");
  for (std::size_t n = 0; n < 150; ++n) {
    EXPECT_EQ(read("{" + std::string(n, ' ') + "\"a\"" + std::string(n, '\n') + ":" + std::string(n, '\t') +
                       "7" + std::string(n, '\r') + "}",
                   "/a")
                  .number,
              7);
  }
}

TEST(field_reader, indices) {
  field_reader reader;
  const auto a = reader.add(at("/a")), ab = reader.add(at("/a/b"));
  EXPECT_EQ(reader.add(at("/a")), a) << "equal pointers share a field";
  EXPECT_NE(a, ab);
  reader.release(a);
  const padded_text text(R"({"a":{"b":1,"c":2}})");
  ASSERT_EQ(reader.read(text.bytes()), outcome::ok);
  EXPECT_EQ(reader.field(a).what, kind::container) << "one of two was given back";
  reader.release(a);
  reader.release(ab);
  const auto ac = reader.add(at("/a/c"));
  EXPECT_EQ(reader.field(ac).what, kind::missing) << "not read yet";
  ASSERT_EQ(reader.read(text.bytes()), outcome::ok);
  EXPECT_EQ(reader.field(ac).number, 2);
  EXPECT_EQ(reader.field(field_reader::no_field).what, kind::missing);
  reader.release(field_reader::no_field);
}

TEST(field_reader, pointers_are_bounded_and_their_places_used_again) {
  field_reader reader;
  std::vector<std::uint32_t> fields;
  for (std::size_t i = 0;; ++i) {
    const auto field = reader.add(at("/n" + std::to_string(i)));
    if (field == field_reader::no_field) break;
    fields.push_back(field);
    ASSERT_LE(fields.size(), pointer_trie::max_nodes);
  }
  EXPECT_GT(fields.size(), pointer_trie::max_nodes - 10);
  const padded_text text(R"({"n7":7,"n8":8,"again":1})");
  ASSERT_EQ(reader.read(text.bytes()), outcome::ok);
  EXPECT_EQ(reader.field(fields[8]).number, 8);
  reader.release(fields[7]);
  EXPECT_EQ(reader.add(at("/a/b")), field_reader::no_field) << "two names, one place";
  const auto again = reader.add(at("/again"));
  ASSERT_NE(again, field_reader::no_field);
  ASSERT_EQ(reader.read(text.bytes()), outcome::ok);
  EXPECT_EQ(reader.field(again).number, 1);
  EXPECT_EQ(reader.field(fields[8]).number, 8);
}

TEST(field_reader, refuses_what_json_parse_refuses) {
  for (const char* text : {"",
                           " ",
                           "x",
                           "1",
                           "\"a\"",
                           "null",
                           "{",
                           "}",
                           "[",
                           "]",
                           "{]",
                           "[}",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "{\"a\":1,",
                           "{\"a\":1,}",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\",1}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":1 \"b\":2}",
                           "{1:2}",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[1,,2]",
                           "{\"a\":1}{\"a\":1}",
                           "{\"a\":1},{\"b\":1}",
                           "{\"a\":1}]",
                           "{\"a\":1}x",
                           "\xEF\xBB\xBF{}",
                           "{\"a\":tru}",
                           "{\"a\":trux}",
                           "{\"a\":truee}",
                           "{\"a\":nul}",
                           "{\"a\":NaN}",
                           "{\"a\":Infinity}",
                           "{\"a\":undefined}",
                           "{\"a\":fals}",
                           "{\"a\":xalse}",
                           "{\"x\":truee}",
                           "{\"a\":\"}",
                           "{\"a\":\"x\ny\"}",
                           "{\"a\n\":1}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"\\u12g4\"}",
                           "{\"a\":\"\\\"}",
                           "{\"a\\\":1}",
                           "{\"x\":\"\\q\"}",
                           "{\"\\q\":1}",
                           "{\"a\":\"x\"y}",
                           "{\"a\":\"x\"\"y\"}",
                           "{\"a\":1\x0C}",
                           "{\x0B\"a\":1}",
                           "{\"a\":1\xC2\xA0}",
                           "[1]/**/",
                           "{\"a\"::1}",
                           "{\"a\":}",
                           "{\"a\":1:2}"}) {
    EXPECT_EQ(result_of(text), outcome::not_json) << text;
  }
  for (const char* number :
       {"01",  "-",    "-01",   "+1", ".5", "1.",    "1.e5",  "1e",    "1e+", "1e-", "1E+x",
        "--1", "0x10", "1_000", "1a", "-a", "1.5.5", "1e5e5", "1e5.5", "00",  "1-",  "\xD9\xA1"}) {
    EXPECT_EQ(result_of("{\"a\":" + std::string(number) + "}"), outcome::not_json) << number << " as a field";
    EXPECT_EQ(result_of("{\"b\":" + std::string(number) + "}"), outcome::not_json) << number << " elsewhere";
    EXPECT_EQ(result_of("[[" + std::string(number) + "]]"), outcome::not_json) << number << " in an array";
  }
  EXPECT_EQ(result_of(std::string("{\"a\":1}\0", 8)), outcome::not_json);
  EXPECT_EQ(result_of(std::string("{\"a\":\"\0\"}", 9)), outcome::not_json);
}

TEST(field_reader, what_follows_the_text_does_not_count) {
  const std::string whole =
      R"({"x":[1,{"y":"\u0041 long enough to cross a window of sixty-four bytes"}],"a":-1.5e+3,"b":true})";
  ASSERT_EQ(result_of(whole), outcome::ok);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    // The rest of the text, brackets, quotes and digits lie behind the end; none may be taken in.
    for (const std::string& tail :
         {whole.substr(n), std::string("}"), std::string("\"}"), std::string("0}"), std::string("]}"),
          std::string("\":\""), std::string("{\""), std::string("9"), std::string(" "), std::string("\\\""),
          std::string("[")}) {
      EXPECT_EQ(result_of(whole.substr(0, n), tail), outcome::not_json) << n << " " << tail;
    }
  }
  EXPECT_EQ(result_of(whole, "}"), outcome::ok);
  // More to close than the slack is long, and all of it would close.
  EXPECT_EQ(result_of(std::string(500, '['), "]"), outcome::not_json);
  EXPECT_EQ(result_of(std::string(500, '['), "["), outcome::not_json);
  EXPECT_EQ(result_of("[1", ",1"), outcome::not_json);
  EXPECT_EQ(result_of("{\"a\":1", ",\"a\":1"), outcome::not_json);
  EXPECT_EQ(result_of("[1", "1"), outcome::not_json);
  EXPECT_EQ(result_of("[\"", "\\n"), outcome::not_json);
}

TEST(field_reader, depth_is_bounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(result_of(nested(field_reader::max_depth)), outcome::ok);
  EXPECT_EQ(result_of("[1," + nested(field_reader::max_depth - 1) + "]"), outcome::ok);
  EXPECT_EQ(result_of("[" + std::string(field_reader::max_depth, '[') + "1"), outcome::too_large);
  EXPECT_EQ(result_of("[" + nested(field_reader::max_depth).insert(field_reader::max_depth, "1") + "]"),
            outcome::too_large);
  EXPECT_EQ(result_of(std::string(1 << 20, '[')), outcome::too_large);
  std::string objects;
  for (std::size_t i = 0; i < field_reader::max_depth; ++i) objects += "{\"a\":";
  EXPECT_EQ(result_of(objects + "1" + std::string(field_reader::max_depth, '}')), outcome::ok);
  EXPECT_EQ(result_of(objects + "{\"a\":1}" + std::string(field_reader::max_depth, '}')), outcome::too_large);
}

}  // namespace
}  // namespace hawser::router::field_reader_test
