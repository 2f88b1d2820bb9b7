// The inbox of a reactor and what lies in it: bounds, who is woken, what a published message holds; and the
// numbers that the parts of a server share.
#include "core/net/inbox.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/net/server_group.hpp"

namespace hawser::net::inbox_test {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::shared_ptr<const published> message(std::string_view payload) {
  return std::make_shared<published>("t", bytes_of(payload), send_flags{});
}
const published& message_of(const parcel& one) {
  return *std::get<std::shared_ptr<const published>>(one.what);
}

TEST(published, holds_topic_frame_and_payload) {
  published text("a topic", bytes_of("hello"), {});
  EXPECT_EQ(text.topic(), "a topic");
  EXPECT_EQ(text_of(text.plain()), "\x81\x05hello");
  EXPECT_EQ(text_of(text.payload()), "hello");
  EXPECT_FALSE(text.flags().binary);
  const std::string long_payload(70'000, 'x');
  const published binary("t", bytes_of(long_payload), {.binary = true, .compress = true});
  EXPECT_EQ(binary.plain()[0], 0x82);
  EXPECT_EQ(binary.plain().size(), 10 + long_payload.size());
  EXPECT_EQ(text_of(binary.payload()), long_payload);
  EXPECT_TRUE(binary.flags().compress);
  const published empty("t", {}, {});
  EXPECT_EQ(empty.plain().size(), 2u);
  EXPECT_TRUE(empty.payload().empty());
}

TEST(published, takes_along_what_was_compressed_and_weighs_it) {
  published one("t", bytes_of("payload"), {});
  const std::size_t before = one.weight();
  EXPECT_EQ(before, 1u + 2u + 7u);
  const std::string frame = "a compressed frame";
  one.add_compressed(12, bytes_of(frame));
  ASSERT_EQ(one.compressed().size(), 1u);
  EXPECT_EQ(one.compressed()[0].first, 12);
  EXPECT_EQ(text_of(one.compressed()[0].second), frame);
  EXPECT_EQ(one.weight(), before + frame.size());
}

TEST(inbox, gives_out_in_order_what_was_put_in) {
  inbox box;
  EXPECT_TRUE(box.empty());
  std::vector<parcel> batch;
  for (const char* text : {"1", "2"}) batch.push_back({1, message(text)});
  EXPECT_EQ(box.put(batch, 100, 0), inbox::answer::taken);
  EXPECT_TRUE(batch.empty());
  batch.push_back({2, message("3")});
  EXPECT_EQ(box.put(batch, 100, 0), inbox::answer::taken);
  EXPECT_TRUE(batch.empty());
  box.put({3, listener_ended{true}});
  EXPECT_FALSE(box.empty());
  std::vector<parcel> out;
  EXPECT_EQ(box.take(out), 0u);
  EXPECT_TRUE(box.empty());
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(text_of(message_of(out[0]).payload()), "1");
  EXPECT_EQ(text_of(message_of(out[1]).payload()), "2");
  EXPECT_EQ(text_of(message_of(out[2]).payload()), "3");
  EXPECT_EQ(out[2].server, 2u);
  EXPECT_TRUE(std::get<listener_ended>(out[3].what).failed);
  std::vector<parcel> nothing;
  box.take(nothing);
  EXPECT_TRUE(nothing.empty());
}

TEST(inbox, takes_no_batch_when_it_is_full_and_names_who_waits) {
  inbox box;
  std::vector<parcel> batch;
  batch.push_back({1, message("a")});
  // Whatever it weighs, a batch passes while there is room.
  EXPECT_EQ(box.put(batch, 10 * inbox::byte_limit, 5), inbox::answer::taken);
  batch.push_back({1, message("b")});
  EXPECT_EQ(box.put(batch, 1, 3), inbox::answer::full);
  EXPECT_EQ(batch.size(), 1u) << "what was not taken stays with the sender";
  EXPECT_EQ(box.put(batch, 1, 63), inbox::answer::full);
  box.put({1, accept_credit{}});  // has a bound of its own
  std::vector<parcel> out;
  EXPECT_EQ(box.take(out), std::uint64_t{1} << 3 | std::uint64_t{1} << 63);
  EXPECT_EQ(out.size(), 2u);
  EXPECT_EQ(box.put(batch, 1, 3), inbox::answer::taken);
  out.clear();
  EXPECT_EQ(box.take(out), 0u) << "nobody waits any more";
}

TEST(inbox, bounds_the_number_of_parcels_too) {
  inbox box;
  std::vector<parcel> batch;
  for (std::size_t i = 0; i < inbox::parcel_limit; i++) batch.push_back({1, accept_credit{}});
  EXPECT_EQ(box.put(batch, 0, 0), inbox::answer::taken);
  batch.push_back({1, accept_credit{}});
  EXPECT_EQ(box.put(batch, 0, 0), inbox::answer::full);
}

TEST(inbox, asks_for_a_wake_up_only_of_one_that_sleeps) {
  inbox box;
  EXPECT_TRUE(box.prepare_sleep());
  EXPECT_EQ(box.put({1, accept_credit{}}), inbox::answer::taken_wake_owner);
  EXPECT_EQ(box.put({1, accept_credit{}}), inbox::answer::taken) << "it was woken";
  EXPECT_FALSE(box.prepare_sleep()) << "there are parcels";
  EXPECT_EQ(box.put({1, accept_credit{}}), inbox::answer::taken) << "and it did not sleep";
  std::vector<parcel> out;
  box.take(out);
  EXPECT_TRUE(box.prepare_sleep());
  box.awake();
  EXPECT_EQ(box.put({1, accept_credit{}}), inbox::answer::taken);
}

TEST(server_group, counts_connections_of_all_parts) {
  server_group group(3, 1);
  EXPECT_EQ(group.home(), 1u);
  group.joined(0);
  group.joined(2);
  group.joined(2);
  EXPECT_EQ(group.connections(), 3u);
  EXPECT_EQ(group.at(2).load(), 2u);
  group.left(2);
  EXPECT_EQ(group.connections(), 2u);
  EXPECT_EQ(group.at(2).load(), 1u);
}

TEST(server_group, a_part_takes_so_many_connections_before_it_has_begun_some) {
  server_group group(2, 0);
  EXPECT_FALSE(group.at(1).takes()) << "its reactor does not know the server yet";
  group.at(1).ready = true;
  EXPECT_TRUE(group.at(1).takes());
  group.at(1).handed = server_group::handed_limit;
  EXPECT_FALSE(group.at(1).takes());
  EXPECT_EQ(group.at(1).load(), server_group::handed_limit);
  EXPECT_FALSE(group.return_credit(1)) << "nobody waits for it";
  group.want_credit(true);
  EXPECT_TRUE(group.return_credit(1));
  EXPECT_FALSE(group.return_credit(1)) << "it was told";
  EXPECT_TRUE(group.at(1).takes());
}

TEST(server_group, says_once_that_nobody_is_above_the_mark_any_more) {
  server_group group(2, 0);
  EXPECT_FALSE(group.note_above(true));
  EXPECT_FALSE(group.note_above(true));
  EXPECT_FALSE(group.note_above(false));
  EXPECT_TRUE(group.note_above(false));
}

TEST(inbox, serves_several_threads) {
  inbox box;
  constexpr std::uint32_t writers = 3;
  constexpr std::size_t each = 3000;
  std::vector<std::thread> threads;
  for (std::uint32_t from = 0; from < writers; from++) {
    threads.emplace_back([&box, from] {
      std::vector<parcel> batch;
      for (std::size_t i = 0; i < each; i++) {
        batch.push_back({from, message(std::to_string(i))});
        while (box.put(batch, inbox::byte_limit / 8, from) == inbox::answer::full) std::this_thread::yield();
      }
    });
  }
  std::vector<std::size_t> next(writers);
  std::vector<parcel> out;
  while (next != std::vector<std::size_t>(writers, each)) {
    out.clear();
    box.take(out);
    for (const parcel& one : out) {
      ASSERT_EQ(text_of(message_of(one).payload()), std::to_string(next[one.server]++));
    }
    if (out.empty()) std::this_thread::yield();
  }
  for (std::thread& one : threads) one.join();
}

}  // namespace
}  // namespace hawser::net::inbox_test
