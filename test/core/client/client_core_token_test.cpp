// Tokens that come while others are refused: no token is asked for that has come already.
#include <gtest/gtest.h>

#include <vector>

#include "core/client/client_core.hpp"

namespace hawser::client::client_core_token_test {
namespace {

// Notes what the core asks for.
struct noting_host final : client_host {
  void dial(std::uint32_t link, endpoint_index) override { dialed.push_back(link); }
  void close(std::uint32_t, std::uint16_t, std::string_view) override {}
  void drop(std::uint32_t) override {}
  void send(std::uint32_t, std::span<const std::uint8_t>, bool, bool) override {}
  void send_control(std::uint32_t, std::string_view, bool) override {}
  std::size_t room(std::uint32_t) override { return 0; }
  void state_changed(const state_report& report) override { states.push_back(report.state); }
  void want_token(token_reason why, std::uint32_t tokens) override { wanted.emplace_back(why, tokens); }
  void settled(std::uint32_t, settlement) override {}
  void dropped(settlement) override {}
  void stored_done(std::uint64_t) override {}
  time_ms wall_ahead() override { return 0; }

  std::vector<std::uint32_t> dialed;
  std::vector<client_state> states;
  std::vector<std::pair<token_reason, std::uint32_t>> wanted;
};

struct ClientCoreToken : ::testing::Test {
  ClientCoreToken() {
    core.connect(1);
    core.set_token(1, {});
  }
  void refuse() {
    core.link_ended(host.dialed.back(), {.error = {errc::unexpected_response, 0, {}}, .http_status = 401}, 2);
  }
  static core_settings with_tokens() {
    core_settings settings;
    settings.machine.uses_tokens = true;
    return settings;
  }

  noting_host host;
  client_gauges gauges;
  client_core core{with_tokens(), host, gauges};
};

using asked = std::vector<std::pair<token_reason, std::uint32_t>>;

TEST_F(ClientCoreToken, IsAskedForBeforeTheFirstDial) {
  EXPECT_EQ(host.wanted, (asked{{token_reason::first, 0}}));
  EXPECT_EQ(host.dialed.size(), 1u);
}

TEST_F(ClientCoreToken, RefusedIsAskedForOnceMore) {
  refuse();
  EXPECT_EQ(host.wanted, (asked{{token_reason::first, 0}, {token_reason::rejected, 1}}));
  core.set_token(3, {});
  EXPECT_EQ(host.dialed.size(), 2u);
}

TEST_F(ClientCoreToken, ThatCameDuringTheDialIsTriedInsteadOfAsking) {
  core.set_token(2, {});
  refuse();
  EXPECT_EQ(host.wanted, (asked{{token_reason::first, 0}}));
  EXPECT_EQ(host.dialed.size(), 2u);
  core.link_opened(host.dialed.back(), {}, 3);
  EXPECT_EQ(core.state(), client_state::connected);
}

TEST_F(ClientCoreToken, ThatCameDuringTheDialIsFinalWhenItIsRefusedToo) {
  core.set_token(2, {});
  refuse();
  refuse();
  EXPECT_EQ(core.state(), client_state::failed);
  EXPECT_EQ(host.wanted.size(), 1u);
}

}  // namespace
}  // namespace hawser::client::client_core_token_test
