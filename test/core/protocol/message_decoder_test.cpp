// The message decoder: what it accepts, how it fails, and what it keeps in memory.
#include "core/protocol/message_decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "frames.hpp"

namespace hawser::protocol::message_decoder_test {
namespace {

using namespace hawser::test;
using kind = decoded::kind;

std::vector<event> decode_all(const bytes& stream, const decoder_settings& settings = {},
                              std::span<const std::size_t> pieces = {}) {
  message_decoder decoder;
  return decode(decoder, settings, stream, pieces);
}

// Decodes in one piece, cut in two at every byte, and byte by byte: always the same.
void expect_events(const bytes& stream, const std::vector<event>& expected,
                   const decoder_settings& settings = {}) {
  EXPECT_EQ(decode_all(stream, settings), expected);
  const std::size_t step = stream.size() > 600 ? stream.size() / 200 : 1;
  for (std::size_t cut = 0; cut <= stream.size(); cut += cut < 20 ? 1 : step) {
    const std::size_t pieces[] = {cut};
    ASSERT_EQ(decode_all(stream, settings, pieces), expected) << "cut at " << cut;
  }
  if (stream.size() <= 2000) {
    const std::vector<std::size_t> ones(stream.size(), 1);
    EXPECT_EQ(decode_all(stream, settings, ones), expected) << "byte by byte";
  }
}

TEST(message_decoder, whole_messages_of_all_length_forms) {
  for (const role self : {role::server, role::client}) {
    const decoder_settings settings{.self = self};
    const bool masked = self == role::server;
    for (const std::size_t n : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 70000u}) {
      const std::string ascii(n, 'a');
      expect_events(joined({frame(opcode::text, ascii, masked), frame(opcode::binary, ascii, masked)}),
                    {message(opcode::text, ascii), message(opcode::binary, ascii)}, settings);
      std::string foreign = ascii;
      if (n >= 2) foreign.replace(n / 2, 2, "\xC3\xA9");
      expect_events(frame(opcode::text, foreign, masked), {message(opcode::text, foreign)}, settings);
    }
  }
}

TEST(message_decoder, fragments_with_control_frames_between) {
  for (const bool masked : {true, false}) {
    const decoder_settings settings{.self = masked ? role::server : role::client};
    expect_events(joined({frame(opcode::text, "caf\xC3", masked, false), frame(opcode::ping, "p", masked),
                          frame(opcode::continuation, "", masked, false), frame(opcode::pong, "", masked),
                          frame(opcode::continuation, "\xA9!", masked), frame(opcode::binary, "\xFF", masked),
                          frame(opcode::ping, std::string(125, 'x'), masked)}),
                  {control(kind::ping, "p"), control(kind::pong, ""), message(opcode::text, "caf\xC3\xA9!"),
                   message(opcode::binary, "\xFF"), control(kind::ping, std::string(125, 'x'))},
                  settings);
  }
}

TEST(message_decoder, close_ends_the_stream) {
  const auto close = frame(opcode::close,
                           "\x03\xE8"
                           "bye");
  expect_events(joined({close, frame(opcode::text, "late"), bytes{0xFF, 0xFF}}), {control(kind::close,
                                                                                          "\x03\xE8"
                                                                                          "bye")});
  expect_events(joined({frame(opcode::text, "part", true, false), frame(opcode::close, "")}),
                {control(kind::close, "")});

  message_decoder decoder;
  decode(decoder, {}, joined({frame(opcode::text, "part", true, false), close}));
  EXPECT_TRUE(decoder.idle());
  EXPECT_EQ(decoder.held_bytes(), 0u);
}

TEST(message_decoder, malformed_close) {
  expect_events(frame(opcode::close, "\x03"), {failure(violation::bad_close_payload)});
  expect_events(frame(opcode::close, "\x03\xED"), {failure(violation::bad_close_payload)});
  expect_events(frame(opcode::close, "\x03\xE8\xFF"), {failure(violation::invalid_utf8)});
}

TEST(message_decoder, reserved_bits_and_opcodes) {
  for (const std::uint8_t bit : {0x10, 0x20, 0x40}) {
    auto f = frame(opcode::text, "x");
    f[0] |= bit;
    expect_events(f, {failure(violation::reserved_bits)});
  }
  for (const std::uint8_t code : {3, 7, 11, 15}) {
    auto f = frame(opcode::text, "x");
    f[0] = static_cast<std::uint8_t>(0x80 | code);
    expect_events(f, {failure(violation::reserved_opcode)});
  }
}

TEST(message_decoder, rsv1_belongs_to_the_first_data_frame) {
  const decoder_settings deflate{.deflate = true};
  expect_events(frame(opcode::text, "\xFF\xFE", true, true, true), {message(opcode::text, "\xFF\xFE", true)},
                deflate);
  expect_events(joined({frame(opcode::text, "\xFF", true, false, true), frame(opcode::continuation, "\xFE"),
                        frame(opcode::text, "plain")}),
                {message(opcode::text, "\xFF\xFE", true), message(opcode::text, "plain")}, deflate);
  expect_events(frame(opcode::ping, "", true, true, true), {failure(violation::reserved_bits)}, deflate);
  expect_events(joined({frame(opcode::text, "a", true, false, true),
                        frame(opcode::continuation, "b", true, true, true)}),
                {failure(violation::reserved_bits)}, deflate);
}

TEST(message_decoder, mask_must_fit_the_role) {
  expect_events(frame(opcode::text, "x", false), {failure(violation::bad_mask)}, {.self = role::server});
  expect_events(frame(opcode::text, "x", true), {failure(violation::bad_mask)}, {.self = role::client});
}

TEST(message_decoder, control_frames_are_short_and_whole) {
  expect_events(frame(opcode::ping, std::string(126, 'x')), {failure(violation::control_too_long)});
  expect_events(frame(opcode::ping, "x", true, false), {failure(violation::control_fragmented)});
}

TEST(message_decoder, continuation_rules) {
  expect_events(frame(opcode::continuation, "x"), {failure(violation::unexpected_continuation)});
  expect_events(joined({frame(opcode::text, "a", true, false), frame(opcode::text, "b")}),
                {failure(violation::expected_continuation)});
  expect_events(joined({frame(opcode::text, "a", true, false), frame(opcode::continuation, "b"),
                        frame(opcode::continuation, "c")}),
                {message(opcode::text, "ab"), failure(violation::unexpected_continuation)});
}

TEST(message_decoder, lengths_must_be_minimal_and_below_2_63) {
  expect_events({0x82, 0xFE, 0, 125, 1, 2, 3, 4}, {failure(violation::length_not_minimal)});
  expect_events({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4},
                {failure(violation::length_not_minimal)});
  expect_events({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, {failure(violation::length_too_big)});
}

TEST(message_decoder, maximum_is_checked_when_the_length_is_known) {
  const decoder_settings settings{.max_payload = 130};
  expect_events(frame(opcode::text, std::string(130, 'x')), {message(opcode::text, std::string(130, 'x'))},
                settings);
  const auto too_big = frame(opcode::text, std::string(131, 'x'));
  expect_events(bytes(too_big.begin(), too_big.begin() + 4), {failure(violation::message_too_big)}, settings);
  expect_events(joined({frame(opcode::text, std::string(100, 'x'), true, false),
                        frame(opcode::continuation, std::string(30, 'y'), true, false),
                        frame(opcode::ping, "z"), frame(opcode::continuation, "!")}),
                {control(kind::ping, "z"), failure(violation::message_too_big)}, settings);
  expect_events({0x82, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0}, {failure(violation::message_too_big)}, settings);
  expect_events({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                {failure(violation::message_too_big)}, settings);
  expect_events(frame(opcode::text, ""), {message(opcode::text, "")}, {.max_payload = 0});
  expect_events(frame(opcode::text, "x"), {failure(violation::message_too_big)}, {.max_payload = 0});
}

TEST(message_decoder, invalid_text_fails_before_the_message_is_complete) {
  const auto whole = frame(opcode::text,
                           "ab\xE0\x80"
                           "c");
  expect_events(whole, {failure(violation::invalid_utf8)});
  expect_events(bytes(whole.begin(), whole.end() - 1), {failure(violation::invalid_utf8)});
  EXPECT_TRUE(decode_all(bytes(whole.begin(), whole.end() - 2)).empty());
  expect_events(
      joined({frame(opcode::text, "\xED", true, false), frame(opcode::continuation, "\xA0", true, false)}),
      {failure(violation::invalid_utf8)});
  expect_events(frame(opcode::text, "cut \xE2\x82"), {failure(violation::invalid_utf8)});
  expect_events(joined({frame(opcode::text, "cut \xE2", true, false), frame(opcode::continuation, "")}),
                {failure(violation::invalid_utf8)});
}

TEST(message_decoder, first_failure_sticks) {
  message_decoder decoder;
  auto stream = joined({frame(opcode::continuation, "x"), frame(opcode::text, "fine")});
  std::span<std::uint8_t> input = stream;
  for (int i = 0; i < 3; ++i) {
    const decoded d = decoder.next(input, {});
    EXPECT_EQ(d.what, kind::error);
    EXPECT_EQ(d.why, violation::unexpected_continuation);
  }
  EXPECT_FALSE(decoder.idle());
}

TEST(message_decoder, whole_frames_are_not_copied) {
  for (const std::size_t n : {5u, 200u, 100000u}) {
    message_decoder decoder;
    memory_budget budget(0);
    const decoder_settings settings{.budget = &budget};
    auto stream =
        joined({frame(opcode::text, std::string(n, 'x')), frame(opcode::binary, std::string(n, 'y'))});
    std::span<std::uint8_t> input = stream;
    for (int i = 0; i < 2; ++i) {
      const decoded d = decoder.next(input, settings);
      ASSERT_EQ(d.what, kind::message);
      EXPECT_GE(d.payload.data(), stream.data());
      EXPECT_LE(d.payload.data() + d.payload.size(), stream.data() + stream.size());
      EXPECT_FALSE(decoder.payload_is_owned());
      EXPECT_TRUE(decoder.take_assembly().empty());
    }
  }
}

TEST(message_decoder, announcing_costs_nothing) {
  memory_budget budget(1 << 20);
  const decoder_settings settings{.budget = &budget};
  message_decoder decoder;
  bytes stream{0x82, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4};
  EXPECT_TRUE(decode(decoder, settings, stream).empty());
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_TRUE(decode(decoder, settings, bytes(10)).empty());
  EXPECT_LE(budget.used(), 8192u);
  EXPECT_EQ(budget.used(), decoder.held_bytes());
  EXPECT_TRUE(decode(decoder, settings, bytes(100000)).empty());
  EXPECT_LE(budget.used(), 2 * 100010u + 8192u);
  EXPECT_FALSE(decoder.idle());
}

TEST(message_decoder, tiny_fragments_share_one_buffer) {
  memory_budget budget(1 << 20);
  const decoder_settings settings{.budget = &budget};
  message_decoder decoder;
  bytes stream = frame(opcode::binary, "x", true, false);
  for (int i = 0; i < 9999; ++i) {
    const bytes next = frame(opcode::continuation, "x", true, false);
    stream.insert(stream.end(), next.begin(), next.end());
  }
  EXPECT_TRUE(decode(decoder, settings, stream).empty());
  EXPECT_LE(budget.used(), 2 * 10000u + message_decoder::assembly_slack);
  const auto events = decode(decoder, settings, frame(opcode::continuation, "!"));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].payload.size(), 10001u);
}

TEST(message_decoder, empty_fragments_cost_nothing) {
  memory_budget budget(0);
  const decoder_settings settings{.budget = &budget};
  bytes stream = frame(opcode::text, "", true, false);
  for (int i = 0; i < 100; ++i) {
    const bytes next = frame(opcode::continuation, "", true, i != 99 ? false : true);
    stream.insert(stream.end(), next.begin(), next.end());
  }
  EXPECT_EQ(decode_all(stream, settings), (std::vector<event>{message(opcode::text, "")}));
}

TEST(message_decoder, budget_is_shared_and_returned) {
  memory_budget budget(10'000);
  const decoder_settings settings{.budget = &budget};
  {
    message_decoder first, second;
    EXPECT_TRUE(decode(first, settings, frame(opcode::binary, std::string(4000, 'x'), true, false)).empty());
    EXPECT_GT(budget.used(), 4000u);
    const auto events = decode(second, settings, frame(opcode::binary, std::string(4000, 'x'), true, false));
    EXPECT_EQ(events, (std::vector<event>{failure(violation::out_of_budget)}));
    EXPECT_EQ(budget.used(), first.held_bytes());
    EXPECT_EQ(second.held_bytes(), 0u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(message_decoder, budget_that_fits_exactly_is_enough) {
  const std::size_t n = 5000;
  memory_budget budget(n + message_decoder::assembly_slack);
  const std::size_t pieces[] = {1000};
  EXPECT_EQ(decode_all(frame(opcode::binary, std::string(n, 'x')), {.budget = &budget}, pieces),
            (std::vector<event>{message(opcode::binary, std::string(n, 'x'))}));
  memory_budget smaller(n + message_decoder::assembly_slack - 1);
  EXPECT_EQ(decode_all(frame(opcode::binary, std::string(n, 'x')), {.budget = &smaller}, pieces),
            (std::vector<event>{failure(violation::out_of_budget)}));
}

class assembled : public ::testing::Test {
 protected:
  // Leaves the decoder with a message of two fragments handed out.
  decoded hand_out(std::string_view behind = {}) {
    stream_ =
        joined({frame(opcode::text, "ab", true, false), frame(opcode::continuation, "cd"), to_bytes(behind)});
    input_ = stream_;
    return decoder_.next(input_, settings_);
  }

  memory_budget budget_{1000};
  decoder_settings settings_{.budget = &budget_};
  message_decoder decoder_;
  bytes stream_;
  std::span<std::uint8_t> input_;
};

TEST_F(assembled, payload_has_slack_and_is_released) {
  const decoded d = hand_out();
  EXPECT_TRUE(decoder_.payload_is_owned());
  EXPECT_GE(decoder_.held_bytes(), d.payload.size() + message_decoder::assembly_slack);
  EXPECT_EQ(budget_.used(), decoder_.held_bytes());
  decoder_.release();
  EXPECT_EQ(budget_.used(), 0u);
  EXPECT_TRUE(decoder_.idle());
  EXPECT_FALSE(decoder_.payload_is_owned());
}

TEST_F(assembled, payload_can_be_taken) {
  const decoded d = hand_out();
  const std::uint8_t* where = d.payload.data();
  const auto taken = decoder_.take_assembly();
  EXPECT_EQ(taken, to_bytes("abcd"));
  EXPECT_EQ(taken.data(), where);
  EXPECT_GE(taken.capacity(), taken.size() + message_decoder::assembly_slack);
  EXPECT_EQ(budget_.used(), 0u);
  EXPECT_TRUE(decoder_.take_assembly().empty());
  EXPECT_EQ(decode(decoder_, settings_,
                   joined({frame(opcode::text, "x", true, false), frame(opcode::continuation, "y")})),
            (std::vector<event>{message(opcode::text, "xy")}));
}

TEST_F(assembled, running_dry_releases_by_itself) {
  hand_out();
  EXPECT_EQ(decoder_.next(input_, settings_).what, kind::need_more);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(assembled, release_keeps_what_is_in_progress) {
  hand_out();
  EXPECT_TRUE(decode(decoder_, settings_, frame(opcode::text, "left ", true, false)).empty());
  const std::size_t held = decoder_.held_bytes();
  decoder_.release();
  EXPECT_EQ(decoder_.held_bytes(), held);
  const auto half_ping = frame(opcode::ping, "half");
  EXPECT_TRUE(decode(decoder_, settings_, bytes(half_ping.begin(), half_ping.end() - 1)).empty());
  decoder_.release();
  EXPECT_EQ(
      decode(decoder_, settings_, joined({bytes{half_ping.back()}, frame(opcode::continuation, "right")})),
      (std::vector<event>{control(kind::ping, "half"), message(opcode::text, "left right")}));
}

TEST(message_decoder, release_between_the_bytes_of_a_frame) {
  message_decoder decoder;
  std::vector<event> events;
  for (const std::uint8_t byte :
       joined({frame(opcode::ping, "abc"), frame(opcode::text, std::string(200, 'x'))})) {
    const auto now = decode(decoder, {}, {byte});
    events.insert(events.end(), now.begin(), now.end());
    decoder.release();
  }
  EXPECT_EQ(events,
            (std::vector<event>{control(kind::ping, "abc"), message(opcode::text, std::string(200, 'x'))}));
}

TEST(violation, codes) {
  EXPECT_EQ(close_code_of(violation::bad_mask), 1002);
  EXPECT_EQ(close_code_of(violation::bad_close_payload), 1002);
  EXPECT_EQ(close_code_of(violation::invalid_utf8), 1007);
  EXPECT_EQ(close_code_of(violation::inflate_failed), 1007);
  EXPECT_EQ(close_code_of(violation::message_too_big), 1009);
  EXPECT_EQ(close_code_of(violation::out_of_budget), 1013);
  EXPECT_EQ(errc_of(violation::none), errc::none);
  EXPECT_EQ(errc_of(violation::reserved_bits), errc::protocol_error);
  EXPECT_EQ(errc_of(violation::invalid_utf8), errc::invalid_utf8);
  EXPECT_EQ(errc_of(violation::message_too_big), errc::message_too_big);
  EXPECT_EQ(errc_of(violation::inflate_failed), errc::inflate_failed);
  EXPECT_EQ(errc_of(violation::out_of_budget), errc::out_of_budget);
}

}  // namespace
}  // namespace hawser::protocol::message_decoder_test
