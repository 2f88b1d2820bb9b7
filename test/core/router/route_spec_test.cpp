// The text by which JavaScript registers a route.
#include "core/router/route_spec.hpp"

#include <gtest/gtest.h>

#include "core/protocol/random.hpp"

namespace hawser::router::route_spec_test {
namespace {

const std::string whole =
    R"({"pattern":"tick","where":[{"pointer":"/payload/symbol","any":["A","B",1.5,true,null]},)"
    R"({"pointer":"/payload/price","gt":1,"lte":5}],"sample":{"mode":"throttle","every":50},)"
    R"("conflate":{"key":"/payload/symbol","every":60,"maxKeys":500},"batch":{"max":50,"every":100},)"
    R"("columns":[{"name":"t","pointer":"/timestamp"},{"name":"p","pointer":"/payload/price"}]})";

TEST(route_spec, everything) {
  const auto parsed = parse_route_spec(whole);
  ASSERT_TRUE(parsed) << parsed.where << " " << parsed.detail;
  const route_spec& spec = parsed.value;
  EXPECT_EQ(spec.pattern.text(), "tick");
  ASSERT_EQ(spec.where.size(), 2u);
  EXPECT_EQ(spec.where[0].at.text(), "/payload/symbol");
  ASSERT_EQ(spec.where[0].any.size(), 5u);
  EXPECT_EQ(spec.where[0].any[1].text, "B");
  EXPECT_EQ(spec.where[0].any[2].number, 1.5);
  EXPECT_EQ(spec.where[0].any[3].what, scalar::kind::boolean);
  EXPECT_TRUE(spec.where[0].any[3].boolean);
  EXPECT_EQ(spec.where[0].any[4].what, scalar::kind::null);
  EXPECT_EQ(spec.where[1].gt, 1);
  EXPECT_EQ(spec.where[1].lte, 5);
  EXPECT_FALSE(spec.where[1].gte || spec.where[1].lt);
  EXPECT_EQ(spec.sample, (sample_spec{sample_mode::throttle, 50}));
  EXPECT_EQ(spec.conflate, (conflate_spec{pointer::parse("/payload/symbol").value, 60, 500}));
  EXPECT_EQ(spec.batch, (batch_spec{50, 100}));
  ASSERT_EQ(spec.columns.size(), 2u);
  EXPECT_EQ(spec.columns[0].name, "t");
  EXPECT_EQ(spec.columns[1].at.text(), "/payload/price");
  EXPECT_FALSE(spec.plain());
}

TEST(route_spec, the_least) {
  const auto parsed = parse_route_spec(R"( { "pattern" : "chat.*" } )");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed.value.pattern.what(), pattern::kind::prefix);
  EXPECT_TRUE(parsed.value.plain());
  EXPECT_EQ(parse_route_spec(R"({"pattern":"*","conflate":{"key":"/k","every":1}})").value.conflate->max_keys,
            10'000u);
  EXPECT_EQ(parse_route_spec(R"({"pattern":"*","sample":{"mode":"sample","every":1}})").value.sample->mode,
            sample_mode::sample);
  EXPECT_EQ(
      parse_route_spec(R"({"pattern":"*","sample":{"every":1.0,"mode":"debounce"}})").value.sample->mode,
      sample_mode::debounce);
  EXPECT_EQ(parse_route_spec(R"({"pattern":"\ud83d\ude00"})").value.pattern.stem(), "\xF0\x9F\x98\x80");
  EXPECT_EQ(parse_route_spec(R"({"pattern":"x","where":[{"pointer":"/a","any":["\ud800"]}]})")
                .value.where[0]
                .any[0]
                .text,
            "\xED\xA0\x80");
}

void expect_fault(std::string_view text, spec_fault fault, std::string_view where) {
  const auto parsed = parse_route_spec(text);
  EXPECT_EQ(parsed.fault, fault) << text << ": " << text_of(parsed.fault) << " " << parsed.detail;
  EXPECT_EQ(parsed.where, where) << text;
  EXPECT_EQ(parsed.value, route_spec()) << text;
  EXPECT_STRNE(text_of(fault), "no fault");
}

TEST(route_spec, no_json) {
  for (const char* text :
       {"", " ", "{", "{\"pattern\":\"x\"", "{\"pattern\":\"x\"}}", "{\"pattern\":\"x\"} x", "5", "null",
        "\"x\"", "x", "{\"pattern\" \"x\"}", "{pattern:\"x\"}", "{\"pattern\":\"\xFF\"}", "\xFF"}) {
    const auto parsed = parse_route_spec(text);
    EXPECT_EQ(parsed.fault, spec_fault::not_json) << text;
    EXPECT_EQ(parsed.value, route_spec());
  }
  expect_fault("[]", spec_fault::wrong_type, "");
  expect_fault("{\"pattern\":\"" + std::string(spec_limits::text_bytes, 'x') + "\"}", spec_fault::not_json,
               "");
}

TEST(route_spec, faults_name_the_member) {
  using f = spec_fault;
  expect_fault("{}", f::missing_member, "");
  expect_fault(R"({"pattern":5})", f::wrong_type, "/pattern");
  expect_fault(R"({"pattern":null})", f::wrong_type, "/pattern");
  expect_fault(R"({"pattern":""})", f::bad_pattern, "/pattern");
  expect_fault(R"({"pattern":"a*"})", f::bad_pattern, "/pattern");
  expect_fault(R"({"pattern":"a","pattern":"b"})", f::repeated_member, "/pattern");
  expect_fault(R"({"pattern":"a","wher":[]})", f::unknown_member, "/wher");
  expect_fault(R"({"pattern":"a","a/b~":1})", f::unknown_member, "/a~1b~0");
  expect_fault(R"({"pattern":"a","where":{}})", f::wrong_type, "/where");
  expect_fault(R"({"pattern":"a","where":[1]})", f::wrong_type, "/where/0");
  expect_fault(R"({"pattern":"a","where":[{"any":[1]}]})", f::missing_member, "/where/0");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a"}]})", f::missing_member, "/where/0");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"a","any":[1]}]})", f::bad_pointer, "/where/0/pointer");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","any":[]}]})", f::out_of_range, "/where/0/any");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","any":5}]})", f::wrong_type, "/where/0/any");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","any":[1,{}]}]})", f::wrong_type, "/where/0/any/1");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","gt":"1"}]})", f::wrong_type, "/where/0/gt");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","gt":1,"gte":1}]})", f::contradiction, "/where/0");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","lt":1,"lte":1}]})", f::contradiction, "/where/0");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","lt":1,"any":[1]}]})", f::contradiction,
               "/where/0");
  expect_fault(R"({"pattern":"a","where":[{"pointer":"/a","eq":1}]})", f::unknown_member, "/where/0/eq");
  expect_fault(R"({"pattern":"a","sample":{"every":5}})", f::missing_member, "/sample");
  expect_fault(R"({"pattern":"a","sample":{"mode":"sample"}})", f::missing_member, "/sample");
  expect_fault(R"({"pattern":"a","sample":{"mode":"often","every":5}})", f::wrong_type, "/sample/mode");
  expect_fault(R"({"pattern":"a","sample":{"mode":"sample","every":0}})", f::out_of_range, "/sample/every");
  expect_fault(R"({"pattern":"a","sample":{"mode":"sample","every":-1}})", f::out_of_range, "/sample/every");
  expect_fault(R"({"pattern":"a","sample":{"mode":"sample","every":1.5}})", f::wrong_type, "/sample/every");
  expect_fault(R"({"pattern":"a","sample":{"mode":"sample","every":86400001}})", f::out_of_range,
               "/sample/every");
  expect_fault(R"({"pattern":"a","sample":{"mode":"sample","every":1e300}})", f::out_of_range,
               "/sample/every");
  expect_fault(R"({"pattern":"a","conflate":{"every":5}})", f::missing_member, "/conflate");
  expect_fault(R"({"pattern":"a","conflate":{"key":"/k"}})", f::missing_member, "/conflate");
  expect_fault(R"({"pattern":"a","conflate":{"key":"","every":5}})", f::bad_pointer, "/conflate/key");
  expect_fault(R"({"pattern":"a","conflate":{"key":"/k","every":5,"maxKeys":0}})", f::out_of_range,
               "/conflate/maxKeys");
  expect_fault(R"({"pattern":"a","conflate":{"key":"/k","every":5,"maxKeys":1000001}})", f::out_of_range,
               "/conflate/maxKeys");
  expect_fault(R"({"pattern":"a","batch":{"max":5}})", f::missing_member, "/batch");
  expect_fault(R"({"pattern":"a","batch":{"every":5}})", f::missing_member, "/batch");
  expect_fault(R"({"pattern":"a","batch":{"max":65537,"every":5}})", f::out_of_range, "/batch/max");
  expect_fault(R"({"pattern":"a","batch":true})", f::wrong_type, "/batch");
  expect_fault(R"({"pattern":"a","columns":[{"name":"t","pointer":"/t"}]})", f::contradiction, "");
  const std::string batch = R"({"pattern":"a","batch":{"max":5,"every":5},"columns":)";
  expect_fault(batch + R"([{"name":"t"}]})", f::missing_member, "/columns/0");
  expect_fault(batch + R"([{"pointer":"/t"}]})", f::missing_member, "/columns/0");
  expect_fault(batch + R"([{"name":"","pointer":"/t"}]})", f::out_of_range, "/columns/0/name");
  expect_fault(batch + R"([{"name":"t","pointer":"/t"},{"name":"t","pointer":"/u"}]})", f::contradiction,
               "/columns/1/name");
}

TEST(route_spec, counts_are_bounded) {
  const auto repeat = [](std::string_view item, std::size_t n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text.append(i ? "," : "").append(item);
    return text;
  };
  const std::string where = R"({"pattern":"a","where":[)";
  EXPECT_TRUE(parse_route_spec(where + repeat(R"({"pointer":"/a","gt":1})", spec_limits::conditions) + "]}"));
  expect_fault(where + repeat(R"({"pointer":"/a","gt":1})", spec_limits::conditions + 1) + "]}",
               spec_fault::out_of_range, "/where/32");
  EXPECT_TRUE(parse_route_spec(where + R"({"pointer":"/a","any":[)" + repeat("1", spec_limits::alternatives) +
                               "]}]}"));
  expect_fault(where + R"({"pointer":"/a","any":[)" + repeat("1", spec_limits::alternatives + 1) + "]}]}",
               spec_fault::out_of_range, "/where/0/any/65536");
}

TEST(route_spec, any_bytes_are_safe) {
  hawser::test::random_source random;
  std::size_t sound = 0, faulty = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole;
    for (std::size_t n = 1 + random.below(3); n > 0; --n) {
      const std::size_t place = random.below(text.size());
      if (random.one_in(3))
        text.erase(place, 1 + random.below(10));
      else if (random.one_in(2))
        text.insert(place, text, random.below(text.size()), random.below(30));
      else
        text[place] =
            random.one_in(4) ? static_cast<char>(random.byte()) : "{}[]:,\"0x-.e\\"[random.below(12)];
    }
    const auto parsed = parse_route_spec(text);
    if (parsed) {
      ++sound;
      // What the shapers rely on.
      const route_spec& s = parsed.value;
      ASSERT_TRUE(!s.sample ||
                  (s.sample->every >= spec_limits::shortest && s.sample->every <= spec_limits::longest));
      ASSERT_TRUE(!s.conflate ||
                  (!s.conflate->key.tokens().empty() && s.conflate->every >= spec_limits::shortest &&
                   s.conflate->max_keys > 0 && s.conflate->max_keys <= spec_limits::max_keys));
      ASSERT_TRUE(!s.batch ||
                  (s.batch->max > 0 && s.batch->max <= spec_limits::max_batch && s.batch->every > 0));
      ASSERT_TRUE(s.columns.empty() || s.batch);
      for (const condition& c : s.where) {
        const bool range = c.gt || c.gte || c.lt || c.lte;
        ASSERT_TRUE(!c.at.tokens().empty() && range == c.any.empty());
      }
    } else {
      ++faulty;
      ASSERT_EQ(parsed.value, route_spec());
    }
  }
  EXPECT_GT(sound, 500u);
  EXPECT_GT(faulty, 5'000u);
}

}  // namespace
}  // namespace hawser::router::route_spec_test
