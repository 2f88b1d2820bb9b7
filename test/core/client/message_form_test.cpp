#include "core/client/message_form.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hawser::client::message_form_test {
namespace {

constexpr std::uint64_t now = 1'700'000'000'123;

TEST(MessageForm, WritesTheEnvelopeOfARequest) {
  message_form form(
      "{\"id\":\"5f-\1\",\"type\":\"work\",\"timestamp\":\2,\"correlationId\":\"5f-\1\",\"payload\":\3}");
  std::string out = "what was there before";
  EXPECT_EQ(form.write(out, 36 * 36 + 35, now, "[1,\"x\"]"), "5f-10z");
  EXPECT_EQ(
      out,
      R"({"id":"5f-10z","type":"work","timestamp":1700000000123,"correlationId":"5f-10z","payload":[1,"x"]})");
  EXPECT_EQ(form.write(out, 1, 0, ""), "5f-1");
  EXPECT_EQ(out, R"({"id":"5f-1","type":"work","timestamp":0,"correlationId":"5f-1","payload":})");
}

TEST(MessageForm, WritesTheLargestNumbers) {
  message_form form("\"\1\" \2");
  std::string out;
  EXPECT_EQ(form.write(out, ~std::uint64_t{0}, ~std::uint64_t{0}, {}), "3w5e11264sgsf");
  EXPECT_EQ(out, R"("3w5e11264sgsf" 18446744073709551615)");
}

TEST(MessageForm, MayHaveNoMarkAndNoId) {
  std::string out;
  EXPECT_EQ(message_form("[]").write(out, 1, 2, "3"), "");
  EXPECT_EQ(out, "[]");
  EXPECT_EQ(message_form("").write(out, 1, 2, "3"), "");
  EXPECT_EQ(out, "");
  EXPECT_EQ(message_form("\3\1\3").write(out, 1, 2, "x"), "");
  EXPECT_EQ(out, "x1x");
}

// Payloads are copied as they are, whatever bytes they hold.
TEST(MessageForm, TakesMarksInAPayloadForBytes) {
  std::string out;
  message_form("{\"id\":\"\1\",\"payload\":\3}").write(out, 5, now, "\"\1\2\3\"");
  EXPECT_EQ(out, "{\"id\":\"5\",\"payload\":\"\1\2\3\"}");
}

}  // namespace
}  // namespace hawser::client::message_form_test
