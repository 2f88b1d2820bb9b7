#include "core/client/send_shaper.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/protocol/random.hpp"

namespace hawser::client::send_shaper_test {
namespace {

struct SendShaper : ::testing::Test {
  auto note() {
    return [this](const core_message& m) {
      EXPECT_EQ(m.shape, send_shape::none);
      expires.push_back(m.data.expires_at);
      gone.emplace_back(reinterpret_cast<const char*>(m.data.payload.data()), m.data.payload.size());
    };
  }
  // 'now', 'held', or what gave way.
  std::string offer(send_shape shape, std::string_view key, time_ms every, std::string_view text, time_ms now,
                    time_ms ttl = 0) {
    core_message message;
    message.shape = shape;
    message.key = key;
    message.every = every;
    message.ttl = ttl;
    message.data.payload = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    return shaper.offer(message, now, note()) ? "held" : "now";
  }
  std::string throttle(std::string_view key, std::string_view text, time_ms now) {
    return offer(send_shape::throttle, key, 50, text, now);
  }
  std::string debounce(std::string_view key, std::string_view text, time_ms now) {
    return offer(send_shape::debounce, key, 50, text, now);
  }
  std::vector<std::string> release(time_ms now) {
    shaper.release(now, note());
    return std::exchange(gone, {});
  }
  using texts = std::vector<std::string>;

  send_shaper shaper;
  texts gone;
  std::vector<time_ms> expires;
};

TEST_F(SendShaper, ThrottleSendsTheFirstAtOnceAndTheLatestAtTheEndOfTheInterval) {
  EXPECT_EQ(throttle("k", "a", 1000), "now");
  EXPECT_EQ(throttle("k", "b", 1010), "held");
  EXPECT_EQ(throttle("k", "c", 1020), "held");
  EXPECT_EQ(shaper.next_deadline(), 1050);
  EXPECT_EQ(release(1049), texts{});
  EXPECT_EQ(release(1050), texts{"c"});
  EXPECT_EQ(shaper.replaced(), 1u);
  // What was sent begins an interval of its own.
  EXPECT_EQ(throttle("k", "d", 1060), "held");
  EXPECT_EQ(release(1100), texts{"d"});
  EXPECT_EQ(release(1150), texts{});
  EXPECT_EQ(shaper.keys(), 0u);
  EXPECT_EQ(shaper.next_deadline(), 0);
  EXPECT_EQ(throttle("k", "e", 1151), "now");
}

TEST_F(SendShaper, DebounceSendsTheLatestOnceNoneCame) {
  EXPECT_EQ(debounce("k", "a", 1000), "held");
  EXPECT_EQ(debounce("k", "b", 1040), "held");
  EXPECT_EQ(release(1050), texts{});
  EXPECT_EQ(shaper.next_deadline(), 1090);
  EXPECT_EQ(release(1090), texts{"b"});
  EXPECT_EQ(shaper.replaced(), 1u);
  EXPECT_EQ(shaper.keys(), 0u);
}

TEST_F(SendShaper, KeysAndModesAreApart) {
  EXPECT_EQ(throttle("k", "a", 1000), "now");
  EXPECT_EQ(throttle("l", "b", 1000), "now");
  EXPECT_EQ(debounce("k", "c", 1000), "held");
  EXPECT_EQ(throttle("k", "d", 1001), "held");
  EXPECT_EQ(release(1050), (texts{"d", "c"}));
  EXPECT_EQ(shaper.replaced(), 0u);
}

TEST_F(SendShaper, CountsWhatItHolds) {
  debounce("k", "four", 1000);
  debounce("l", "seven!!", 1000);
  EXPECT_EQ(shaper.held(), 2u);
  EXPECT_EQ(shaper.bytes(), 11u);
  debounce("k", "x", 1001);
  EXPECT_EQ(shaper.bytes(), 8u);
  EXPECT_EQ(shaper.clear(), 2u);
  EXPECT_EQ(shaper.bytes(), 0u);
  EXPECT_EQ(release(9999), texts{});
}

TEST_F(SendShaper, TheTimeToLiveBeginsWhenAMessageIsSent) {
  offer(send_shape::debounce, "k", 50, "a", 1000, 200);
  release(1050);
  EXPECT_EQ(expires, std::vector<time_ms>{1200});
}

TEST_F(SendShaper, ReleasesAllInTheOrderOfTheirTimes) {
  debounce("k", "a", 1000);
  debounce("l", "b", 990);
  throttle("m", "c", 1000);
  shaper.release_all(note());
  EXPECT_EQ(gone, (texts{"b", "a"}));
  EXPECT_EQ(shaper.keys(), 0u);
}

TEST_F(SendShaper, AtTheBoundTheNextOneInTimeGivesWay) {
  for (std::size_t i = 0; i < send_shaper::max_keys; i++)
    debounce(std::to_string(i), std::to_string(i), 1000 + static_cast<time_ms>(i));
  EXPECT_EQ(debounce("more", "more", 9000), "held");
  EXPECT_EQ(gone, texts{"0"});
  EXPECT_EQ(shaper.keys(), send_shaper::max_keys);
}

// Against a model that keeps, for each key, all that was offered: nothing is lost but what was replaced, the
// latest always goes, and no two of a throttled key go closer than the interval.
TEST_F(SendShaper, NeverLosesTheLatest) {
  hawser::test::random_source random;
  SCOPED_TRACE(random.seed());
  std::map<std::string, std::string> latest_offered, latest_sent;
  std::map<std::string, time_ms> sent_at;
  std::uint64_t offered = 0, sent = 0;
  time_ms now = 1000;
  const auto count_sent = [&](const std::string& text) {
    const std::string key = text.substr(0, 2);
    if (key[0] == 't' && sent_at.contains(key)) {
      EXPECT_GE(now - sent_at[key], 20) << text;
    }
    sent_at[key] = now;
    latest_sent[key] = text;
    sent++;
  };
  for (int step = 0; step < 20'000; step++) {
    now += static_cast<time_ms>(random.below(12));
    for (const std::string& text : release(now)) count_sent(text);
    const bool throttled = random.one_in(2);
    const std::string key =
        (throttled ? "t" : "d") + std::string(1, static_cast<char>('a' + random.below(5)));
    const std::string text = key + std::to_string(step);
    offered++;
    latest_offered[key] = text;
    const send_shape shape = throttled ? send_shape::throttle : send_shape::debounce;
    if (offer(shape, key.substr(1), 20, text, now) == "now") count_sent(text);
  }
  while (shaper.next_deadline() != 0) {
    now = shaper.next_deadline();
    for (const std::string& text : release(now)) count_sent(text);
  }
  EXPECT_EQ(latest_sent, latest_offered);
  EXPECT_EQ(sent + shaper.replaced(), offered);
}

}  // namespace
}  // namespace hawser::client::send_shaper_test
