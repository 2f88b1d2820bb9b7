// Conditions on fields.
#include "core/router/filter.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/protocol/random.hpp"
#include "core/router/reader_rig.hpp"

namespace hawser::router::filter_test {
namespace {

using hawser::test::padded_text;

std::vector<condition> where(std::string_view text) {
  const auto parsed = parse_route_spec("{\"pattern\":\"x\",\"where\":" + std::string(text) + "}");
  EXPECT_TRUE(parsed) << text << ": " << text_of(parsed.fault) << " " << parsed.where << " " << parsed.detail;
  return parsed.value.where;
}

bool passes(std::string_view conditions, std::string_view message) {
  const auto list = where(conditions);
  field_reader reader;
  std::vector<std::uint32_t> fields;
  for (const condition& c : list) fields.push_back(reader.add(c.at));
  const filter f(list, fields);
  const padded_text text(message);
  EXPECT_EQ(reader.read(text.bytes()), field_reader::outcome::ok) << message;
  return f.passes(reader);
}

TEST(filter, without_conditions_everything_passes) { EXPECT_TRUE(passes("[]", "{}")); }

TEST(filter, sets) {
  const char* symbols = R"([{"pointer":"/payload/s","any":["A","B"]}])";
  EXPECT_TRUE(passes(symbols, R"({"payload":{"s":"A"}})"));
  EXPECT_TRUE(passes(symbols, R"({"payload":{"s":"\u0042"}})"));
  for (const char* other :
       {R"({"payload":{"s":"C"}})", R"({"payload":{"s":"a"}})", R"({"payload":{"s":["A"]}})",
        R"({"payload":{"s":null}})", R"({"payload":{}})", R"({"s":"A"})", "[]"}) {
    EXPECT_FALSE(passes(symbols, other)) << other;
  }
}

TEST(filter, types_are_told_apart) {
  const char* mixed = R"([{"pointer":"/v","any":["1",2,true]}])";
  for (const char* yes : {R"({"v":"1"})", R"({"v":2})", R"({"v":2.0e0})", R"({"v":true})"})
    EXPECT_TRUE(passes(mixed, yes)) << yes;
  for (const char* no :
       {R"({"v":1})", R"({"v":"2"})", R"({"v":false})", R"({"v":"true"})", R"({"v":null})", "{}"}) {
    EXPECT_FALSE(passes(mixed, no)) << no;
  }
  EXPECT_TRUE(passes(R"([{"pointer":"/v","any":[0]}])", R"({"v":-0})")) << "0 === -0";
  EXPECT_TRUE(passes(R"([{"pointer":"/v","any":[false]}])", R"({"v":false})"));
  EXPECT_FALSE(passes(R"([{"pointer":"/v","any":[false]}])", R"({"v":0})"));
  EXPECT_TRUE(passes(R"([{"pointer":"/v","any":["\ud800"]}])", R"({"v":"\uD800"})")) << "lone surrogates";
  EXPECT_FALSE(passes(R"([{"pointer":"/v","any":["\ud800"]}])", R"({"v":"\uD801"})"));
}

TEST(filter, null_stands_for_missing_too) {
  const char* none = R"([{"pointer":"/v","any":[null]}])";
  EXPECT_TRUE(passes(none, R"({"v":null})"));
  EXPECT_TRUE(passes(none, "{}"));
  EXPECT_TRUE(passes(none, R"({"v":1,"v":null})"));
  EXPECT_FALSE(passes(none, R"({"v":0})"));
  EXPECT_FALSE(passes(none, R"({"v":{}})"));
}

TEST(filter, ranges) {
  const char* open = R"([{"pointer":"/v","gt":1,"lt":5}])";
  const char* closed = R"([{"pointer":"/v","gte":1,"lte":5}])";
  for (const auto& [number, in_open, in_closed] :
       std::vector<std::tuple<const char*, bool, bool>>{{"1", false, true},
                                                        {"1.0000001", true, true},
                                                        {"3", true, true},
                                                        {"5", false, true},
                                                        {"5.1", false, false},
                                                        {"0.9", false, false},
                                                        {"-3", false, false},
                                                        {"1e999", false, false}}) {
    const std::string message = std::string("{\"v\":") + number + "}";
    EXPECT_EQ(passes(open, message), in_open) << number;
    EXPECT_EQ(passes(closed, message), in_closed) << number;
  }
  EXPECT_TRUE(passes(R"([{"pointer":"/v","gt":1}])", R"({"v":1e999})"));
  EXPECT_TRUE(passes(R"([{"pointer":"/v","lte":-1}])", R"({"v":-1e999})"));
  for (const char* other : {R"({"v":"3"})", R"({"v":null})", R"({"v":true})", R"({"v":[3]})", "{}"}) {
    EXPECT_FALSE(passes(closed, other)) << other;
  }
}

TEST(filter, all_conditions_must_hold) {
  const char* both = R"([{"pointer":"/s","any":["A"]},{"pointer":"/p","gt":1}])";
  EXPECT_TRUE(passes(both, R"({"s":"A","p":2})"));
  EXPECT_FALSE(passes(both, R"({"s":"A","p":1})"));
  EXPECT_FALSE(passes(both, R"({"s":"B","p":2})"));
}

TEST(filter, large_sets) {
  std::string set;
  for (int i = 0; i < 3000; ++i)
    set += (i ? "," : "") + std::to_string(3 * i) + ",\"s" + std::to_string(3 * i) + "\"";
  const auto list = where("[{\"pointer\":\"/v\",\"any\":[" + set + "]}]");
  field_reader reader;
  const std::vector<std::uint32_t> fields{reader.add(list[0].at)};
  const filter f(list, fields);
  for (int i = 0; i < 9000; ++i) {
    const padded_text number("{\"v\":" + std::to_string(i) + "}"),
        text("{\"v\":\"s" + std::to_string(i) + "\"}");
    ASSERT_EQ(reader.read(number.bytes()), field_reader::outcome::ok);
    ASSERT_EQ(f.passes(reader), i % 3 == 0) << i;
    ASSERT_EQ(reader.read(text.bytes()), field_reader::outcome::ok);
    ASSERT_EQ(f.passes(reader), i % 3 == 0) << i;
  }
}

TEST(number_set, holds_what_was_inserted) {
  hawser::test::random_source random;
  number_set set;
  std::vector<double> in, out;
  for (int i = 0; i < 500; ++i) {
    const double number =
        std::ldexp(static_cast<double>(random.below(1000)), static_cast<int>(random.below(40)) - 20);
    EXPECT_EQ(set.contains(number), std::find(in.begin(), in.end(), number) != in.end());
    set.insert(number);
    set.insert(-number);
    in.push_back(number);
    in.push_back(-number);
    for (const double n : in) ASSERT_TRUE(set.contains(n));
  }
}

}  // namespace
}  // namespace hawser::router::filter_test
