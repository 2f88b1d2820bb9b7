// Heartbeats, batches and refusals of hubs' peers, by their text.
#include "core/net/control_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hawser::net::control_reader_test {
namespace {

// With what parsers read ahead of it.
class padded {
 public:
  explicit padded(std::string_view text) : size_(text.size()), bytes_(text.begin(), text.end()) {
    bytes_.resize(size_ + control_reader::slack, '"');
  }
  std::span<const std::uint8_t> text() const { return std::span(bytes_).first(size_); }

 private:
  std::size_t size_;
  std::vector<std::uint8_t> bytes_;
};

std::string answer(std::string_view text) {
  static control_reader reader;
  const padded in(text);
  if (!control_reader::may_be_heartbeat(in.text())) return "";
  return std::string(reader.answer_heartbeat(in.text(), 1234));
}

TEST(control_reader, answers_heartbeats) {
  EXPECT_EQ(answer(R"({"type":"heartbeat"})"), R"({"type":"heartbeat_ack","timestamp":1234})");
  EXPECT_EQ(
      answer(R"({"type":"heartbeat","timestamp":55,"id":"i"})"),
      R"({"type":"heartbeat_ack","timestamp":1234,"correlationId":"i","payload":{"originalTimestamp":55}})");
  EXPECT_EQ(answer(R"( { "correlationId" : "c\u0041", "id":"i" , "type":"heartbeat" } )"),
            R"({"type":"heartbeat_ack","timestamp":1234,"correlationId":"cA"})");
  EXPECT_EQ(answer(R"({"type":"x","type":"heartbeat","extra":[1,{"type":"y"}]})"),
            R"({"type":"heartbeat_ack","timestamp":1234})");
}

TEST(control_reader, leaves_to_the_program_what_has_more_to_it) {
  for (const char* text :
       {R"({"type":"heartbeat","room":"r"})", R"({"type":"heartbeat","payload":1})",
        R"({"type":"heartbeat","ack":true})", R"({"type":"heartbeat","id":5})",
        R"({"type":"heartbeat","id":""})", R"({"type":"heartbeat","id":"\u00e9"})",
        R"({"type":"heartbeat","id":"a\"b"})", R"({"type":"heartbeat","id":"\u0007","correlationId":"c"})",
        R"({"type":"heartbeat","correlationId":null})", R"({"type":"heartbeat","timestamp":"5"})",
        R"({"type":"heartbeat","type":"x"})", R"({"payload":{"type":"heartbeat"}})", R"(["heartbeat"])",
        R"({"type":"heartbeat")", R"("heartbeat")"}) {
    EXPECT_EQ(answer(text), "") << text;
  }
  EXPECT_EQ(answer(R"({"type":"heartbeat","id":")" + std::string(65, 'x') + "\"}"), "");
  EXPECT_EQ(answer(R"({"type":"heartbeat","timestamp":1)" + std::string(40, '0') + "}"), "");
  EXPECT_EQ(answer(R"({"type":"heartbeat","pad":")" + std::string(5000, 'x') + "\"}"), "");
}

TEST(control_reader, counts_the_messages_of_a_batch) {
  control_reader reader;
  const auto count = [&](std::string_view text) {
    const padded in(text);
    return control_reader::may_be_batch(in.text()) ? reader.messages_in(in.text()) : 1;
  };
  EXPECT_EQ(count(R"({"type":"batch","payload":[{"type":"a"},{"type":"b","payload":[1,2]}, {}]})"), 3);
  EXPECT_EQ(count(R"({"payload":[1,2,3,4],"type":"b\u0061tch"})"), 4);
  EXPECT_EQ(count(R"({"type":"batch","payload":[]})"), 1);
  EXPECT_EQ(count(R"({"type":"batch"})"), 1);
  EXPECT_EQ(count(R"({"type":"batch","payload":{"a":[1,2]}})"), 1);
  EXPECT_EQ(count(R"({"type":"chat","payload":["batch","x"]})"), 1);
  EXPECT_EQ(count(R"({"type":"batch","payload":[1,2,)"), 1);
  const std::string deep = std::string(1100, '[') + std::string(1100, ']');
  EXPECT_GT(count(R"({"type":"batch","payload":[)" + deep + "]}"), 1'000'000) << "which JavaScript can read";
}

TEST(control_reader, refuses_by_the_name_of_what_was_refused) {
  control_reader reader;
  const auto refusal = [&](std::string_view text) {
    const padded in(text);
    return std::string(reader.refusal(in.text(), 250, 9));
  };
  const std::string error =
      R"("error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many messages. Wait 250 ms","retryAfter":250}})";
  const std::string head = R"({"type":"error","timestamp":9,)";
  EXPECT_EQ(refusal(""), head + error);
  EXPECT_EQ(refusal("no json"), head + error);
  EXPECT_EQ(refusal(R"({"type":"a","id":"i"})"), head + R"("correlationId":"i",)" + error);
  EXPECT_EQ(refusal(R"({"type":"a","id":"i","correlationId":"c"})"),
            head + R"("correlationId":"c",)" + error);
  EXPECT_EQ(refusal(R"({"type":"a","id":"\\"})"), head + error) << "what needs escapes is left out";
  EXPECT_EQ(refusal(R"({"type":"a","id":"i","correlationId":"é"})"), head + error);
}

}  // namespace
}  // namespace hawser::net::control_reader_test
