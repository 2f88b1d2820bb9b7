#include "core/router/json_array.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/protocol/random.hpp"
#include "core/router/field_reader.hpp"

namespace hawser::router::json_array_test {
namespace {

using texts = std::vector<std::string>;

// A text with the slack that readers want behind it.
struct padded {
  explicit padded(const std::string& text) : memory(text.size() + json::slack), size(text.size()) {
    std::memcpy(memory.data(), text.data(), text.size());
  }
  std::span<const std::uint8_t> span() const { return {memory.data(), size}; }
  std::vector<std::uint8_t> memory;
  std::size_t size;
};

texts elements(const std::string& text) {
  const padded held(text);
  texts out;
  std::size_t at = json::array_member(held.span(), "payload");
  if (at == 0) return {"no array"};
  for (;;) {
    const auto one = json::next_element(held.span(), at);
    if (one.empty()) return out;
    out.emplace_back(reinterpret_cast<const char*>(one.data()), one.size());
  }
}

TEST(JsonArray, FindsTheElements) {
  EXPECT_EQ(elements(R"({"type":"batch","payload":[{"a":1},[2,[3]],"x,]",4,null]})"),
            (texts{R"({"a":1})", "[2,[3]]", R"("x,]")", "4", "null"}));
  EXPECT_EQ(elements(R"({"payload":[]})"), texts{});
  EXPECT_EQ(elements("{ \"payload\" : [ 1 ,\n{ \"b\" : \"}\" }\t] , \"c\":[9]}"),
            (texts{"1", "{ \"b\" : \"}\" }"}));
}

TEST(JsonArray, KnowsAMemberByItsNameAndTakesTheLast) {
  EXPECT_EQ(elements(R"({"x":{"payload":[1]},"payload":[2],"payload":[3]})"), texts{"3"});
  EXPECT_EQ(elements(R"({"payload":[2],"p\u0061yload":[3]})"), texts{"3"});
  EXPECT_EQ(elements(R"({"payload":[2],"payload":{}})"), texts{"no array"});
  EXPECT_EQ(elements(R"({"payloads":[2],"payloa":[1]})"), texts{"no array"});
  EXPECT_EQ(elements(R"([[1]])"), texts{"no array"});
  EXPECT_EQ(elements(R"({})"), texts{"no array"});
  EXPECT_EQ(elements(R"({"p\u006)"), texts{"no array"});
  EXPECT_EQ(elements(R"({"payload\u00":[1],"p\x61yload":[2]})"), texts{"no array"});
}

TEST(JsonArray, StringsMayHoldAnything) {
  EXPECT_EQ(elements(R"({"a\"b":"\\","payload":["\"]","\\",{"k\\\"}":"[{"}]})"),
            (texts{R"("\"]")", R"("\\")", R"({"k\\\"}":"[{"})"}));
}

std::string any_value(hawser::test::random_source& random, int depth) {
  static const texts flat = {"0",     "-1.5e9",           "true",        "null",
                             R"("")", R"("a\"]}[{,:\\")", R"("\u005d")", "\"\xC3\xA9\""};
  if (depth == 0 || random.one_in(2)) return flat[random.below(flat.size())];
  const bool object = random.one_in(2);
  std::string out = object ? "{" : "[";
  for (std::size_t i = 0, n = random.below(4); i < n; i++) {
    if (i > 0) out += random.one_in(2) ? "," : " , ";
    if (object) out += R"("k\"}":)";
    out += any_value(random, depth - 1);
  }
  return out += object ? "}" : "]";
}

// What was joined comes apart again, and whatever field_reader takes for JSON is cut into JSON.
TEST(JsonArray, TakesApartWhatWasJoined) {
  hawser::test::random_source random;
  SCOPED_TRACE(random.seed());
  for (int round = 0; round < 5'000; round++) {
    texts all;
    std::string joined;
    for (std::size_t i = 0, n = random.below(6); i < n; i++) {
      all.push_back(any_value(random, 4));
      joined += (i > 0 ? random.one_in(2) ? "," : "\n,\t" : "") + all.back();
    }
    const std::string text = R"({"a":)" + any_value(random, 3) + R"(,"payload":[)" + joined + R"(],"z":)" +
                             any_value(random, 3) + "}";
    field_reader reader;
    ASSERT_EQ(reader.read(padded(text).span()), field_reader::outcome::ok) << text;
    ASSERT_EQ(elements(text), all) << text;
  }
}

// Damaged texts are no JSON and never get here; they are safe all the same.
TEST(JsonArray, ShowsAValueAsItIsWritten) {
  const auto written = [](const std::string& text, std::size_t at) {
    const padded held(text);
    const auto part = json::value_at(held.span(), at);
    return std::string(reinterpret_cast<const char*>(part.data()), part.size());
  };
  EXPECT_EQ(written(R"({"a": {"b":["]}"]} ,"c":1})", 6), R"({"b":["]}"]})");
  EXPECT_EQ(written(R"(["x\"]",2])", 1), R"("x\"]")");
  EXPECT_EQ(written("[-1.5e3 ]", 1), "-1.5e3");
  EXPECT_EQ(written("[true]", 1), "true");
  EXPECT_EQ(written("[[[]", 1), "[[]");
  EXPECT_EQ(written("[", 1), "");
}

TEST(JsonArray, EndsInAnyBytes) {
  hawser::test::random_source random;
  SCOPED_TRACE(random.seed());
  static const std::string some = R"({}[]",:\payload 1u)";
  for (int round = 0; round < 20'000; round++) {
    std::string text = R"({"payload":[)";
    for (std::size_t i = 0, n = random.below(30); i < n; i++) text += some[random.below(some.size())];
    const std::size_t length = 1 + random.below(text.size());
    const texts out = elements(text.substr(0, length));
    ASSERT_LE(out.size(), length);
  }
}

}  // namespace
}  // namespace hawser::router::json_array_test
