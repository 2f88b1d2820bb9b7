// From a message to its routes.
#include "core/router/classifier.hpp"

#include <gtest/gtest.h>

#include "core/router/reader_rig.hpp"

namespace hawser::router::classifier_test {
namespace {

using kind = classified::kind;
using routes = std::vector<std::uint32_t>;
using hawser::test::padded_text;

route_spec spec(std::string_view text) {
  const auto parsed = parse_route_spec(text);
  EXPECT_TRUE(parsed) << text << " " << parsed.where;
  return parsed.value;
}

routes routes_of(const classified& c) { return {c.routes.begin(), c.routes.end()}; }

TEST(classifier, finds_type_room_correlation_and_routes) {
  classifier c;
  EXPECT_EQ(c.add_route(7, spec(R"({"pattern":"tick","where":[{"pointer":"/payload/s","any":["ABC"]}]})")),
            classifier::add_result::added);
  EXPECT_EQ(c.add_route(3, spec(R"({"pattern":"*"})")), classifier::add_result::added);
  EXPECT_EQ(c.add_route(5, spec(R"({"pattern":"tick","where":[{"pointer":"/payload/p","gt":2}]})")),
            classifier::add_result::added);
  const padded_text text(
      R"({"type":"tick","room":"r1","correlationId":"c9","payload":{"s":"ABC","p":1.25}})");
  const classified m = c.classify(text.bytes());
  EXPECT_EQ(m.what, kind::typed);
  EXPECT_EQ(m.type, "tick");
  EXPECT_EQ(m.room, "r1");
  EXPECT_EQ(m.correlation_id, "c9");
  EXPECT_EQ(routes_of(m), (routes{7, 3}));
  const padded_text other(R"({"type":"tick","payload":{"s":"X","p":3}})");
  const classified n = c.classify(other.bytes());
  EXPECT_EQ(routes_of(n), (routes{3, 5}));
  EXPECT_EQ(n.room, "");
  EXPECT_EQ(n.correlation_id, "");
}

TEST(classifier, what_is_no_typed_message_has_no_routes) {
  classifier c;
  c.add_route(1, spec(R"({"pattern":"*"})"));
  for (const char* text : {"", "hello", "{\"type\":\"a\"},{\"type\":\"b\"}", "{\"type\":\"a\"", "\"type\""}) {
    const padded_text input(text);
    const classified m = c.classify(input.bytes());
    EXPECT_EQ(m.what, kind::not_json) << text;
    EXPECT_TRUE(m.routes.empty() && m.type.empty()) << text;
  }
  for (const char* text : {"{}", "[]", R"([{"type":"a"}])", R"({"type":null})", R"({"type":true})",
                           R"({"type":{}})", R"({"type":1.5})", R"({"type":1e3})", R"({"type":-0})",
                           R"({"type":1234567890123456})", R"({"type":"a","type":[]})"}) {
    const padded_text input(text);
    const classified m = c.classify(input.bytes());
    EXPECT_EQ(m.what, kind::untyped) << text;
    EXPECT_TRUE(m.routes.empty() && m.type.empty()) << text;
  }
  const padded_text deep("{\"type\":\"a\",\"x\":" + std::string(5000, '[') + std::string(5000, ']') + "}");
  EXPECT_EQ(c.classify(deep.bytes()).what, kind::not_json);
}

TEST(classifier, numbers_as_types) {
  classifier c;
  c.add_route(1, spec(R"({"pattern":"42"})"));
  for (const auto& [text, type] :
       std::vector<std::pair<const char*, const char*>>{{R"({"type":42})", "42"},
                                                        {R"({"type":"42"})", "42"},
                                                        {R"({"type":0})", "0"},
                                                        {R"({"type":-7})", "-7"},
                                                        {R"({"type":999999999999999})", "999999999999999"},
                                                        {R"({"type":""})", ""}}) {
    const padded_text input(text);
    const classified m = c.classify(input.bytes());
    EXPECT_EQ(m.what, kind::typed) << text;
    EXPECT_EQ(m.type, type);
    EXPECT_EQ(m.routes.size(), m.type == "42" ? 1u : 0u) << text;
  }
}

TEST(classifier, other_pointers_by_settings) {
  classifier c({.type = hawser::test::at("/e"),
                .room = hawser::test::at("/meta/channel"),
                .correlation_id = pointer()});
  c.add_route(1, spec(R"({"pattern":"trade"})"));
  const padded_text text(R"({"e":"trade","type":"x","correlationId":"c","meta":{"channel":"BTC"}})");
  const classified m = c.classify(text.bytes());
  EXPECT_EQ(m.type, "trade");
  EXPECT_EQ(m.room, "BTC");
  EXPECT_EQ(m.correlation_id, "") << "a pointer to nothing switches it off";
  EXPECT_EQ(routes_of(m), routes{1});
}

TEST(classifier, routes_come_and_go) {
  classifier c;
  const route_spec ticks = spec(R"({"pattern":"tick","where":[{"pointer":"/a","gt":0}]})");
  EXPECT_FALSE(c.remove_route(1));
  EXPECT_EQ(c.add_route(1, ticks), classifier::add_result::added);
  EXPECT_EQ(c.add_route(1, ticks), classifier::add_result::exists);
  EXPECT_EQ(c.add_route(2, ticks), classifier::add_result::added);
  EXPECT_TRUE(c.remove_route(1));
  const padded_text text(R"({"type":"tick","a":1})");
  EXPECT_EQ(routes_of(c.classify(text.bytes())), routes{2});
  EXPECT_EQ(c.add_route(1, ticks), classifier::add_result::added);
  EXPECT_EQ(routes_of(c.classify(text.bytes())), (routes{2, 1}));
  EXPECT_EQ(c.size(), 2u);
}

TEST(classifier, fields_for_shapers) {
  classifier c;
  c.add_route(1, spec(R"({"pattern":"t","conflate":{"key":"/p/s","every":5},"batch":{"max":2,"every":5},)"
                      R"("columns":[{"name":"t","pointer":"/ts"},{"name":"p","pointer":"/p/v"}]})"));
  c.add_route(2, spec(R"({"pattern":"t"})"));
  const padded_text text(R"({"type":"t","ts":9,"p":{"s":"K","v":0.5}})");
  EXPECT_EQ(routes_of(c.classify(text.bytes())), (routes{1, 2}));
  const route_fields* fields = c.fields_of(1);
  ASSERT_TRUE(fields);
  EXPECT_EQ(c.reader().field(fields->key).text, "K");
  ASSERT_EQ(fields->columns.size(), 2u);
  EXPECT_EQ(c.reader().field(fields->columns[0]).number, 9);
  EXPECT_EQ(c.reader().field(fields->columns[1]).number, 0.5);
  ASSERT_TRUE(c.fields_of(2));
  EXPECT_EQ(c.reader().field(c.fields_of(2)->key).what, field_value::kind::missing);
  EXPECT_FALSE(c.fields_of(3));
}

TEST(classifier, pointers_are_bounded_and_given_back) {
  classifier c;
  const auto wide = [](int first) {
    std::string text = R"({"pattern":"t","batch":{"max":2,"every":5},"columns":[)";
    for (int i = 0; i < 256; ++i) {
      const std::string name = "n" + std::to_string(first + i);
      text += (i ? ",{\"name\":\"" : "{\"name\":\"") + name + "\",\"pointer\":\"/" + name + "\"}";
    }
    return spec(text + "]}");
  };
  std::uint32_t added = 0;
  while (c.add_route(added, wide(static_cast<int>(added) * 256)) == classifier::add_result::added) {
    ASSERT_LT(++added, 100u);
  }
  EXPECT_EQ(added, pointer_trie::max_nodes / 256 - 1);
  EXPECT_EQ(c.add_route(added, wide(1 << 20)), classifier::add_result::too_many_pointers);
  EXPECT_EQ(c.size(), added);
  EXPECT_TRUE(c.remove_route(0));
  EXPECT_EQ(c.add_route(added, wide(1 << 20)), classifier::add_result::added);
}

}  // namespace
}  // namespace hawser::router::classifier_test
