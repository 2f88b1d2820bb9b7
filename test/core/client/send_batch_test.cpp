#include "core/client/send_batch.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace hawser::client::send_batch_test {
namespace {

using enum message_priority;
using lines = std::array<line_state, priorities>;

constexpr batch_settings three{.max = 3, .every = 100};
constexpr line_state none;

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(BatchGate, LetsGoWhenFullOrWhenTheFirstHasWaitedLongEnough) {
  batch_gate gate(three);
  EXPECT_EQ(gate.due({none, none, none}, 1000), std::nullopt);
  EXPECT_EQ(gate.due({none, {2, 1000}, none}, 1099), std::nullopt);
  EXPECT_EQ(gate.due({none, {2, 1000}, none}, 1100), normal);
  EXPECT_EQ(gate.due({none, {3, 1000}, none}, 1000), normal);
}

TEST(BatchGate, HighWaitsForNobody) {
  batch_gate gate(three);
  EXPECT_EQ(gate.due({line_state{1, 1000}, {1, 1000}, none}, 1000), high);
}

TEST(BatchGate, TheLowestThatIsDueTakesAllAboveItAlong) {
  batch_gate gate(three);
  EXPECT_EQ(gate.due({none, {1, 1050}, {1, 1000}}, 1100), low);
}

TEST(BatchGate, WhatCannotWaitTakesTheOthersAlongAndIsForgottenThen) {
  batch_gate gate(three);
  gate.hurry(normal);
  EXPECT_EQ(gate.due({none, {1, 1000}, none}, 1000), normal);
  EXPECT_EQ(gate.due({none, none, none}, 1000), std::nullopt);
  EXPECT_EQ(gate.due({none, {1, 1000}, none}, 1000), std::nullopt);
}

TEST(BatchGate, NamesTheTimeOfTheFirstThatWaits) {
  const batch_gate gate(three);
  EXPECT_EQ(gate.next_deadline({none, none, none}), 0);
  EXPECT_EQ(gate.next_deadline({none, {1, 1050}, {2, 1000}}), 1100);
}

TEST(BatchText, JoinsEnvelopesAndStartsAnew) {
  batch_text text;
  for (int round = 0; round < 2; round++) {
    text.begin(bytes(R"({"type":"a"})"));
    text.add(bytes(R"({"type":"b"})"));
    const auto whole = text.finish();
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(whole.data()), whole.size()),
              R"({"type":"batch","payload":[{"type":"a"},{"type":"b"}]})");
  }
}

}  // namespace
}  // namespace hawser::client::send_batch_test
