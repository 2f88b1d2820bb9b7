// The ring of records: layout, padding, fullness, indices that wrap, the two flags, and all of it between two
// threads.
#include "bridge/ring.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace hawser::bridge::ring_test {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// A ring whose indices start where the test wants.
struct shared_ring {
  explicit shared_ring(std::uint32_t capacity, std::uint32_t start = 0)
      : words((ring_control_bytes + capacity + ring_slack_bytes) / 8),
        memory(reinterpret_cast<std::uint8_t*>(words.data()), capacity) {
    memory.tail().store(start);
    memory.head().store(start);
  }
  std::vector<std::uint64_t> words;
  ring_memory memory;
};

std::string text_of(const ring_consumer::record& r) {
  return {reinterpret_cast<const char*>(r.payload), r.header.length};
}

TEST(ring, lays_records_out_as_drawn) {
  shared_ring shared(1024);
  ring_producer producer(shared.memory);
  ASSERT_TRUE(producer.push(7, 0x010203, 0xfeedface, bytes_of("payload of 20 bytes!")));
  EXPECT_EQ(shared.memory.tail().load(), 0u) << "visible before publish()";
  producer.publish();
  EXPECT_EQ(shared.words[0], 48u) << "tail counts the header and pads to 16";
  const auto* words = reinterpret_cast<const std::uint32_t*>(shared.memory.at(0));
  EXPECT_EQ(words[0], 20u);
  EXPECT_EQ(words[1], 7u);
  EXPECT_EQ(words[2], 0x010203u);
  EXPECT_EQ(words[3], 0xfeedfaceu);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(words + 4), 20), "payload of 20 bytes!");
  EXPECT_EQ(shared.memory.at(0), reinterpret_cast<std::uint8_t*>(shared.words.data()) + ring_control_bytes);
}

TEST(ring, sizes_are_whole_units) {
  EXPECT_EQ(record_size(0), 16u);
  EXPECT_EQ(record_size(1), 32u);
  EXPECT_EQ(record_size(16), 32u);
  EXPECT_EQ(record_size(17), 48u);
}

TEST(ring, gives_records_in_order_and_only_published_ones) {
  shared_ring shared(1024);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  ring_consumer::record r;
  EXPECT_FALSE(consumer.next(r));
  producer.push(1, 1, 0, bytes_of("first"));
  EXPECT_FALSE(consumer.next(r));
  producer.push(2, 2, 0, {});
  EXPECT_TRUE(producer.unpublished());
  EXPECT_FALSE(producer.publish()) << "nobody sleeps";
  EXPECT_FALSE(producer.unpublished());
  EXPECT_TRUE(consumer.waiting());
  ASSERT_TRUE(consumer.next(r));
  EXPECT_EQ(text_of(r), "first");
  ASSERT_TRUE(consumer.next(r));
  EXPECT_EQ(r.header.connection, 2u);
  EXPECT_EQ(r.header.length, 0u);
  EXPECT_FALSE(consumer.next(r));
  EXPECT_FALSE(consumer.waiting());
}

TEST(ring, a_record_that_does_not_fit_behind_the_last_goes_to_the_start) {
  shared_ring shared(128);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  ring_consumer::record r;
  producer.push(1, 1, 0, bytes_of(std::string(64, 'a')));  // 80 of 128
  producer.publish();
  ASSERT_TRUE(consumer.next(r));
  consumer.release();
  ASSERT_TRUE(producer.push(2, 1, 0, bytes_of(std::string(40, 'b'))));  // 64 do not fit into 48
  producer.publish();
  EXPECT_EQ(shared.memory.tail().load(), 128u + 64u);
  ASSERT_TRUE(consumer.next(r)) << "the pad is skipped";
  EXPECT_EQ(r.header.connection, 2u);
  EXPECT_EQ(r.payload, shared.memory.at(0) + 16);
  EXPECT_EQ(text_of(r), std::string(40, 'b'));
}

TEST(ring, a_record_may_end_exactly_at_the_end) {
  shared_ring shared(128);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  ring_consumer::record r;
  ASSERT_TRUE(producer.push(1, 1, 0, bytes_of(std::string(112, 'a'))));
  EXPECT_FALSE(producer.push(2, 1, 0, {})) << "full";
  producer.publish();
  ASSERT_TRUE(consumer.next(r));
  EXPECT_EQ(r.header.length, 112u);
  consumer.release();
  EXPECT_TRUE(producer.push(2, 1, 0, {}));
}

TEST(ring, refuses_when_full_and_takes_again_after_release) {
  shared_ring shared(256);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  int taken = 0;
  while (producer.push(static_cast<std::uint32_t>(taken), 1, 0, bytes_of("0123456789abcdef"))) taken++;
  EXPECT_EQ(taken, 8);
  producer.publish();
  ring_consumer::record r;
  ASSERT_TRUE(consumer.next(r));
  EXPECT_FALSE(producer.push(99, 1, 0, {})) << "taken, but not released";
  consumer.release();
  EXPECT_TRUE(producer.push(99, 1, 0, bytes_of("0123456789abcdef")));
  EXPECT_FALSE(producer.push(100, 1, 0, {}));
}

TEST(ring, commit_may_shrink_a_reservation) {
  shared_ring shared(256);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  std::uint8_t* at = producer.reserve(200);
  ASSERT_NE(at, nullptr);
  std::memcpy(at, "abc", 3);
  producer.commit(3, 5, 1, 0);
  EXPECT_NE(producer.reserve(200), nullptr);
  producer.publish();
  EXPECT_EQ(shared.memory.tail().load(), 32u);
  ring_consumer::record r;
  ASSERT_TRUE(consumer.next(r));
  EXPECT_EQ(text_of(r), "abc");
}

TEST(ring, the_largest_record_fits_an_empty_ring_wherever_it_stands) {
  constexpr std::uint32_t capacity = 4096;
  for (std::uint32_t start = 0xffffff00u - capacity; start != 0xffffff00u + capacity; start += 16) {
    shared_ring shared(capacity, start);
    ring_producer producer(shared.memory);
    ring_consumer consumer(shared.memory);
    // Half of the ring always finds room: a pad is shorter than the record that it makes way for.
    ASSERT_TRUE(producer.push(1, 1, 0, bytes_of(std::string(capacity / 2 - 16, 'x')))) << start;
    producer.publish();
    ring_consumer::record r;
    ASSERT_TRUE(consumer.next(r));
    ASSERT_EQ(r.header.length, capacity / 2 - 16);
  }
}

TEST(ring, indices_wrap_past_32_bits) {
  shared_ring shared(512, 0xffffff00u);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  ring_consumer::record r;
  for (std::uint32_t i = 0; i < 1000; i++) {
    const std::string payload(i % 150, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(producer.push(i, 1, i * 3, bytes_of(payload))) << i;
    producer.publish();
    ASSERT_TRUE(consumer.next(r)) << i;
    ASSERT_EQ(r.header.connection, i);
    ASSERT_EQ(r.header.aux, i * 3);
    ASSERT_EQ(text_of(r), payload);
    consumer.release();
  }
  EXPECT_LT(shared.memory.tail().load(), 0xffffff00u);
}

TEST(ring, fullness_is_right_across_the_wrap) {
  shared_ring shared(256, 0xffffff80u);
  ring_producer producer(shared.memory);
  int taken = 0;
  while (producer.push(0, 1, 0, {})) taken++;
  EXPECT_EQ(taken, 16);
  EXPECT_EQ(producer.used(), 256u);
}

TEST(ring, a_payload_may_be_changed_in_place_until_release) {
  shared_ring shared(256);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  producer.push(1, 1, 0, bytes_of("masked"));
  producer.push(2, 1, 0, bytes_of("second"));
  producer.publish();
  ring_consumer::record first, second;
  ASSERT_TRUE(consumer.next(first));
  for (std::size_t i = 0; i < first.header.length; i++) first.payload[i] ^= 0x20;
  ASSERT_TRUE(consumer.next(second));
  EXPECT_EQ(text_of(first), "MASKED");
  EXPECT_EQ(text_of(second), "second");
  EXPECT_EQ(shared.memory.head().load(), 0u);
}

// ------------------------------------------------------------------------------------------------ the flags

TEST(ring, publish_asks_for_the_bell_only_when_the_consumer_sleeps) {
  shared_ring shared(256);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  EXPECT_FALSE(producer.publish()) << "nothing to publish";
  EXPECT_TRUE(consumer.prepare_sleep());
  EXPECT_EQ(shared.memory.sleeping().load(), 1u);
  EXPECT_FALSE(producer.publish()) << "nothing to publish, let it sleep";
  producer.push(1, 1, 0, {});
  EXPECT_TRUE(producer.publish());
  EXPECT_EQ(shared.memory.sleeping().load(), 0u) << "who rings takes the flag";
  producer.push(1, 1, 0, {});
  EXPECT_FALSE(producer.publish()) << "one bell is enough";
}

TEST(ring, a_consumer_does_not_sleep_when_records_came) {
  shared_ring shared(256);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  producer.push(1, 1, 0, {});
  producer.publish();
  EXPECT_FALSE(consumer.prepare_sleep());
  EXPECT_EQ(shared.memory.sleeping().load(), 0u);
  ring_consumer::record r;
  EXPECT_TRUE(consumer.next(r));
  EXPECT_TRUE(consumer.prepare_sleep());
  consumer.awake();
  producer.push(1, 1, 0, {});
  EXPECT_FALSE(producer.publish());
}

TEST(ring, a_producer_without_room_asks_for_a_bell_at_half) {
  shared_ring shared(256);
  ring_producer producer(shared.memory);
  ring_consumer consumer(shared.memory);
  EXPECT_TRUE(producer.want_half());
  while (producer.push(1, 1, 0, {})) {
  }
  producer.publish();
  EXPECT_FALSE(producer.want_half());
  EXPECT_EQ(shared.memory.waiting().load(), 1u);
  ring_consumer::record r;
  for (int i = 0; i < 8; i++) ASSERT_TRUE(consumer.next(r));
  EXPECT_TRUE(consumer.release()) << "the producer waits, ring";
  EXPECT_EQ(shared.memory.waiting().load(), 0u);
  EXPECT_TRUE(producer.want_half());
  ASSERT_TRUE(consumer.next(r));
  EXPECT_FALSE(consumer.release()) << "nobody waits";
  EXPECT_FALSE(consumer.release()) << "nothing to release";
}

TEST(ring, a_bell_is_not_asked_for_when_the_condition_has_come_true) {
  shared_ring shared(256);
  ring_producer producer(shared.memory);
  EXPECT_FALSE(producer.want_bell([] { return true; }));
  EXPECT_EQ(shared.memory.waiting().load(), 0u);
  EXPECT_TRUE(producer.want_bell([] { return false; }));
  EXPECT_EQ(shared.memory.waiting().load(), 1u);
}

// ---------------------------------------------------------------------------------------------- two threads

// Sleeps until rung. The deadline is a watchdog: a bell that does not come within it is a lost wake-up.
class bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(30), [this] { return rung_; });
    rung_ = false;
    return came;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

struct traffic {
  std::uint32_t capacity, start, most, records;
};

// Both threads draw the same records from the same seed, so the consumer knows what must come.
class two_threads : public ::testing::TestWithParam<traffic> {};

TEST_P(two_threads, lose_nothing_and_always_wake_each_other) {
  const traffic how = GetParam();
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  shared_ring shared(how.capacity, how.start);
  bell data, space;
  bool lost_space = false;
  std::thread producing([&] {
    std::mt19937 random(seed), habits(seed + 1);
    ring_producer producer(shared.memory);
    std::vector<std::uint8_t> payload;
    for (std::uint32_t i = 0; i < how.records; i++) {
      payload.resize(random() % how.most);
      for (auto& byte : payload) byte = static_cast<std::uint8_t>(random());
      while (!producer.push(i, 1 + i % 255, ~i, payload)) {
        if (producer.publish()) data.ring();
        if (!producer.want_half() && !space.wait()) {
          lost_space = true;
          return;
        }
      }
      if (habits() % 4 == 0 && producer.publish()) data.ring();
    }
    if (producer.publish()) data.ring();
  });
  std::mt19937 random(seed), habits(seed + 2);
  ring_consumer consumer(shared.memory);
  ring_consumer::record r;
  std::string failure;
  for (std::uint32_t i = 0; i < how.records && failure.empty();) {
    if (!consumer.next(r)) {
      if (consumer.release()) space.ring();
      if (consumer.prepare_sleep() && !data.wait())
        failure = "no bell for data at record " + std::to_string(i);
      consumer.awake();
      continue;
    }
    if (r.header.connection != i || r.header.kind_flags != 1 + i % 255 || r.header.aux != ~i) {
      failure = "another record than " + std::to_string(i);
    }
    const std::size_t size = random() % how.most;
    if (r.header.length != size) failure = "another length at record " + std::to_string(i);
    for (std::size_t at = 0; at < size && failure.empty(); at++) {
      if (r.payload[at] != static_cast<std::uint8_t>(random()))
        failure = "other bytes in " + std::to_string(i);
      r.payload[at] ^= 0xff;
    }
    i++;
    // The bell for space is due at half: a consumer that releases early must not use the flag up for nothing.
    if (habits() % 3 == 0 && consumer.release()) space.ring();
  }
  if (consumer.release()) space.ring();
  if (!failure.empty()) {
    // Let the producer end, whatever it is at.
    while (consumer.next(r) || !lost_space) {
      consumer.release();
      space.ring();
      if (r.header.connection == how.records - 1) break;
    }
  }
  producing.join();
  EXPECT_EQ(failure, "");
  EXPECT_FALSE(lost_space);
}

INSTANTIATE_TEST_SUITE_P(ring, two_threads,
                         ::testing::Values(traffic{256, 0, 60, 40000},
                                           traffic{4096, 0xffffff00u, 1000, 20000},
                                           traffic{4096, 0xfffff000u, 2000, 10000},
                                           traffic{65536, 0, 300, 40000},
                                           traffic{1 << 20, 0xfff00000u, 4000, 10000}));

}  // namespace
}  // namespace hawser::bridge::ring_test
