// Close frames and the close handshake, seen from both roles: success, then failure at each step.
#include "core/protocol/close.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace hawser::protocol::close_test {
namespace {

using kind = close_event::kind;
using wait = close_action::wait;

std::vector<std::uint8_t> payload_of(std::uint16_t code, std::string_view reason) {
  std::array<std::uint8_t, max_control_payload> out;
  const std::size_t n = write_close_payload(out.data(), code, reason);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n)};
}

bool is_nothing(const close_action& a) {
  return !a.send_close && !a.shutdown_write && a.until == wait::none && !a.discard_input &&
         !a.close_transport && !a.report;
}

TEST(close_code, what_a_peer_may_send) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const bool expected =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    ASSERT_EQ(is_receivable_close_code(static_cast<std::uint16_t>(code)), expected) << code;
  }
  EXPECT_FALSE(is_sendable_close_code(close_no_status));
  EXPECT_FALSE(is_sendable_close_code(close_abnormal));
  EXPECT_FALSE(is_sendable_close_code(1015));
}

TEST(close_payload, round_trip) {
  const auto bytes = payload_of(1001, "going away");
  const auto parsed = parse_close_payload(bytes);
  EXPECT_EQ(parsed.error, violation::none);
  EXPECT_EQ(parsed.code, 1001);
  EXPECT_EQ(parsed.reason, "going away");
}

TEST(close_payload, empty_is_no_status) {
  EXPECT_TRUE(payload_of(close_no_status, "ignored").empty());
  const auto parsed = parse_close_payload({});
  EXPECT_EQ(parsed.code, close_no_status);
  EXPECT_EQ(parsed.error, violation::none);
}

TEST(close_payload, malformed) {
  const std::vector<std::uint8_t> one{3};
  EXPECT_EQ(parse_close_payload(one).error, violation::bad_close_payload);
  for (const std::uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    EXPECT_EQ(parse_close_payload(payload_of(code == 1005 ? 1006 : code, "")).error,
              violation::bad_close_payload);
  }
  const std::vector<std::uint8_t> code_1005{0x03, 0xED};
  EXPECT_EQ(parse_close_payload(code_1005).error, violation::bad_close_payload);
  EXPECT_EQ(parse_close_payload(payload_of(1000, "\xC0\x80")).error, violation::invalid_utf8);
  EXPECT_EQ(parse_close_payload(payload_of(1000, "cut \xE2\x82")).error, violation::invalid_utf8);
}

TEST(close_payload, long_reason_is_cut_between_characters) {
  EXPECT_EQ(payload_of(1000, std::string(123, 'a')).size(), 125u);
  EXPECT_EQ(payload_of(1000, std::string(124, 'a')).size(), 125u);
  EXPECT_EQ(payload_of(1000, std::string(122, 'a') + "\xC3\xA9").size(), 124u);
  EXPECT_EQ(payload_of(1000, std::string(121, 'a') + "\xF0\x9F\x98\x80").size(), 123u);
}

TEST(close_handshake, we_close_as_server) {
  close_handshake h(role::server);
  auto a = h.on({kind::local_close, 1001});
  EXPECT_TRUE(a.send_close);
  EXPECT_EQ(a.send_code, 1001);
  EXPECT_EQ(a.until, wait::peer_close);
  EXPECT_FALSE(a.shutdown_write || a.discard_input || a.close_transport || a.report);
  EXPECT_FALSE(h.may_send());
  EXPECT_TRUE(h.may_receive());

  a = h.on({kind::remote_close, 1001});
  EXPECT_FALSE(a.send_close);
  EXPECT_TRUE(a.shutdown_write);
  EXPECT_TRUE(a.discard_input);
  EXPECT_EQ(a.until, wait::peer_fin);
  EXPECT_FALSE(a.report);
  EXPECT_FALSE(h.may_receive());

  a = h.on({kind::transport_eof});
  EXPECT_TRUE(a.close_transport && a.report && a.was_clean && a.remote_reason);
  EXPECT_EQ(a.code, 1001);
  EXPECT_EQ(a.error, errc::none);
  EXPECT_EQ(h.state(), close_state::done);
  EXPECT_TRUE(is_nothing(h.on({kind::transport_eof})));
}

TEST(close_handshake, we_close_as_client) {
  close_handshake h(role::client);
  h.on({kind::local_close, close_no_status});
  auto a = h.on({kind::remote_close, close_no_status});
  EXPECT_FALSE(a.shutdown_write);
  EXPECT_EQ(a.until, wait::peer_fin);
  a = h.on({kind::transport_eof});
  EXPECT_TRUE(a.report && a.was_clean);
  EXPECT_EQ(a.code, close_no_status);
}

TEST(close_handshake, peer_closes) {
  for (const role self : {role::server, role::client}) {
    close_handshake h(self);
    auto a = h.on({kind::remote_close, 4000});
    EXPECT_TRUE(a.send_close);
    EXPECT_EQ(a.send_code, 4000);
    EXPECT_EQ(a.shutdown_write, self == role::server);
    EXPECT_EQ(a.until, wait::peer_fin);
    a = h.on({kind::transport_eof});
    EXPECT_TRUE(a.report && a.was_clean && a.remote_reason);
    EXPECT_EQ(a.code, 4000);
  }
}

TEST(close_handshake, peer_never_answers_our_close) {
  close_handshake h(role::server);
  h.on({kind::local_close, 1000});
  const auto a = h.on({kind::timeout});
  EXPECT_TRUE(a.close_transport && a.report);
  EXPECT_FALSE(a.was_clean || a.remote_reason);
  EXPECT_EQ(a.code, close_abnormal);
  EXPECT_EQ(a.error, errc::close_timeout);
}

TEST(close_handshake, peer_never_ends_the_stream) {
  close_handshake h(role::client);
  h.on({kind::remote_close, 1000});
  const auto a = h.on({kind::timeout});
  EXPECT_TRUE(a.close_transport && a.report && a.was_clean);
  EXPECT_EQ(a.code, 1000);
  EXPECT_EQ(a.error, errc::none);
}

TEST(close_handshake, stream_ends_without_close_frame) {
  close_handshake open(role::client);
  auto a = open.on({kind::transport_eof});
  EXPECT_TRUE(a.close_transport && a.report);
  EXPECT_FALSE(a.was_clean);
  EXPECT_EQ(a.code, close_abnormal);
  EXPECT_EQ(a.error, errc::connection_lost);

  close_handshake sent(role::client);
  sent.on({kind::local_close, 1000});
  a = sent.on({kind::transport_eof});
  EXPECT_EQ(a.code, close_abnormal);
  EXPECT_FALSE(a.was_clean);
  EXPECT_EQ(a.error, errc::connection_lost);
}

TEST(close_handshake, failure_tells_the_peer_and_reports_1006) {
  close_handshake h(role::client);
  auto a = h.on({kind::failure, 1007});
  EXPECT_TRUE(a.send_close && a.shutdown_write && a.discard_input);
  EXPECT_EQ(a.send_code, 1007);
  EXPECT_EQ(a.until, wait::peer_fin);
  EXPECT_FALSE(h.may_send() || h.may_receive());
  EXPECT_TRUE(is_nothing(h.on({kind::failure, 1002})));
  EXPECT_TRUE(is_nothing(h.on({kind::local_close, 1000})));
  EXPECT_TRUE(is_nothing(h.on({kind::remote_close, 1000})));
  a = h.on({kind::timeout});
  EXPECT_TRUE(a.close_transport && a.report);
  EXPECT_FALSE(a.was_clean);
  EXPECT_EQ(a.code, close_abnormal);
}

TEST(close_handshake, failure_after_our_close_sends_no_second_frame) {
  close_handshake h(role::server);
  h.on({kind::local_close, 1000});
  const auto a = h.on({kind::failure, 1002});
  EXPECT_FALSE(a.send_close);
  EXPECT_TRUE(a.shutdown_write && a.discard_input);
}

TEST(close_handshake, late_events_change_nothing) {
  close_handshake h(role::server);
  EXPECT_TRUE(is_nothing(h.on({kind::timeout})));
  h.on({kind::remote_close, 1000});
  EXPECT_TRUE(is_nothing(h.on({kind::local_close, 1001})));
  EXPECT_TRUE(is_nothing(h.on({kind::remote_close, 1002})));
  EXPECT_TRUE(is_nothing(h.on({kind::failure, 1002})));
  const auto a = h.on({kind::transport_eof});
  EXPECT_EQ(a.code, 1000);
}

TEST(close_handshake, abort_in_each_state) {
  close_handshake open(role::server);
  auto a = open.on({kind::abort});
  EXPECT_TRUE(a.close_transport && a.report);
  EXPECT_FALSE(a.send_close || a.was_clean);
  EXPECT_EQ(a.code, close_abnormal);
  EXPECT_EQ(a.error, errc::none);
  EXPECT_TRUE(is_nothing(open.on({kind::abort})));

  close_handshake sent(role::server);
  sent.on({kind::local_close, 1000});
  EXPECT_EQ(sent.on({kind::abort}).code, close_abnormal);

  close_handshake received(role::server);
  received.on({kind::remote_close, 1001});
  a = received.on({kind::abort});
  EXPECT_EQ(a.code, 1001);
  EXPECT_TRUE(a.was_clean);
}

}  // namespace
}  // namespace hawser::protocol::close_test
