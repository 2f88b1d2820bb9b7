// Random frame streams, sound and damaged, in random pieces: the decoder against the reference decoder.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "frames.hpp"
#include "random.hpp"

namespace hawser::protocol::message_decoder_random_test {
namespace {

using namespace hawser::test;

std::string random_text(random_source& random, std::size_t n) {
  static const std::vector<std::string> letters = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                                   "\xED\x9F\xBF"};
  std::string text;
  const bool foreign = random.one_in(2);
  while (text.size() < n)
    text += foreign && random.one_in(5) ? letters[random.below(4)] : random.ascii(1 + random.below(20));
  return text;
}

std::size_t random_size(random_source& random) {
  static const std::size_t edges[] = {0, 1, 125, 126, 127, 300, 65535, 65536};
  return random.one_in(8) ? edges[random.below(std::size(edges))] : random.below(200);
}

// One message in fragments that may cut characters, with control frames between them.
void append_message(random_source& random, const decoder_settings& settings, bytes& stream) {
  const bool masked = settings.self == role::server;
  const bool text = random.one_in(2);
  const bool compressed = settings.deflate && random.one_in(3);
  std::string payload = text && !compressed ? random_text(random, random_size(random)) : std::string();
  if (payload.empty()) {
    const bytes raw = random.bytes(random_size(random));
    if (!text || compressed) payload.assign(raw.begin(), raw.end());
  }
  std::size_t at = 0;
  bool first = true;
  while (true) {
    const bool last = random.one_in(2);
    const std::size_t n = last ? payload.size() - at : random.below(payload.size() - at + 1);
    const opcode op = !first ? opcode::continuation : text ? opcode::text : opcode::binary;
    const bytes f = frame(op, std::string_view(payload).substr(at, n), masked, last, first && compressed);
    stream.insert(stream.end(), f.begin(), f.end());
    at += n;
    first = false;
    if (random.one_in(3)) {
      const bytes c =
          frame(random.one_in(2) ? opcode::ping : opcode::pong, random.ascii(random.below(126)), masked);
      stream.insert(stream.end(), c.begin(), c.end());
    }
    if (last) return;
  }
}

TEST(message_decoder, equals_the_reference_on_random_streams) {
  random_source random;
  for (int round = 0; round < 1500; ++round) {
    memory_budget budget(1 << 30);
    decoder_settings settings;
    settings.self = random.one_in(2) ? role::server : role::client;
    settings.deflate = random.one_in(2);
    settings.budget = &budget;
    if (random.one_in(4)) settings.max_payload = random.below(400);
    bytes stream;
    for (std::size_t n = 1 + random.below(6); n > 0; --n) append_message(random, settings, stream);
    if (random.one_in(3)) {
      const bytes close = frame(opcode::close,
                                "\x03\xE8"
                                "done",
                                settings.self == role::server);
      stream.insert(stream.end(), close.begin(), close.end());
    }
    if (random.one_in(3)) {
      for (std::size_t n = 1 + random.below(3); n > 0; --n)
        stream[random.below(stream.size())] = random.byte();
    }
    if (random.one_in(3)) stream.resize(random.below(stream.size() + 1));

    std::vector<std::size_t> pieces;
    const std::size_t largest = random.one_in(3) ? 3 : random.one_in(2) ? 50 : 3000;
    for (std::size_t at = 0; at < stream.size(); at += pieces.back())
      pieces.push_back(random.below(largest + 1) + (largest == 3 ? 1 : 0));
    message_decoder decoder;
    const auto events = decode(decoder, settings, stream, pieces);
    ASSERT_EQ(events, reference_decode(settings, stream)) << "seed " << random.seed() << " round " << round;
    ASSERT_EQ(budget.used(), decoder.held_bytes());
  }
}

TEST(memory_budget, is_exact_under_contention) {
  memory_budget budget(1000);
  EXPECT_TRUE(budget.take(1000));
  EXPECT_FALSE(budget.take(1));
  budget.give(1000);
  EXPECT_FALSE(budget.take(SIZE_MAX));
  const auto work = [&] {
    for (std::size_t i = 0; i < 20000; ++i) {
      const std::size_t n = 1 + i % 700;
      if (!budget.take(n)) continue;
      ASSERT_LE(budget.used(), 1000u);
      budget.give(n);
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace hawser::protocol::message_decoder_random_test
