// Slots are given out once, in a bounded number, and keep what was prepared under them.
#include "core/net/slot_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace hawser::net::slot_table_test {
namespace {

TEST(slot_table, gives_out_as_many_slots_as_there_are) {
  slot_table table(3);
  std::set<std::uint32_t> slots;
  for (int i = 0; i < 3; i++) slots.insert(table.acquire());
  EXPECT_EQ(slots, (std::set<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(table.acquire(), slot_table::none);
}

TEST(slot_table, reuses_a_slot_only_after_its_release) {
  slot_table table(1);
  const std::uint32_t slot = table.acquire();
  EXPECT_EQ(table.acquire(), slot_table::none);
  table.release(slot);
  EXPECT_EQ(table.acquire(), slot);
}

TEST(slot_table, keeps_settings_until_they_are_taken) {
  slot_table table(2);
  auto settings = std::make_unique<connect_settings>();
  settings->host = "example";
  const std::uint32_t slot = table.acquire(std::move(settings));
  auto taken = table.take(slot);
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<connect_settings>>(taken));
  EXPECT_EQ(std::get<std::unique_ptr<connect_settings>>(taken)->host, "example");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(table.take(slot)));
}

TEST(slot_table, drops_nothing_of_settings_that_found_no_slot) {
  slot_table table(0);
  auto settings = std::make_unique<adopt_settings>();
  settings->key = "kept by nobody";
  EXPECT_EQ(table.acquire(std::move(settings)), slot_table::none);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(table.take(0)));
}

TEST(slot_table, keeps_settings_of_servers_by_their_id) {
  slot_table table(1);
  auto settings = std::make_unique<listen_settings>();
  settings->port = 8080;
  table.prepare_server(7, std::move(settings));
  EXPECT_EQ(table.take_server(8).settings, nullptr);
  const prepared_server taken = table.take_server(7);
  ASSERT_NE(taken.settings, nullptr);
  EXPECT_EQ(taken.settings->port, 8080);
  EXPECT_EQ(taken.group, nullptr);
  EXPECT_EQ(table.take_server(7).settings, nullptr);
}

TEST(slot_table, a_server_takes_a_slot_for_its_gauge_while_there_is_one) {
  slot_table table(1);
  EXPECT_EQ(table.prepare_server(1, std::make_unique<listen_settings>()), 0u);
  EXPECT_EQ(table.take_server(1).gauge, 0u);
  EXPECT_EQ(table.prepare_server(2, std::make_unique<listen_settings>()), slot_table::none);
  table.release(slot_table::none);
  EXPECT_EQ(table.acquire(), slot_table::none) << "what was never given out cannot come back";
}

TEST(slot_table, serves_two_threads) {
  slot_table table(64);
  const auto churn = [&table] {
    for (int i = 0; i < 2000; i++) {
      const std::uint32_t slot = table.acquire(std::make_unique<connect_settings>());
      ASSERT_NE(slot, slot_table::none);
      ASSERT_TRUE(std::holds_alternative<std::unique_ptr<connect_settings>>(table.take(slot)));
      table.release(slot);
    }
  };
  std::thread other(churn);
  churn();
  other.join();
  std::set<std::uint32_t> all;
  for (int i = 0; i < 64; i++) all.insert(table.acquire());
  EXPECT_EQ(all.size(), 64u);
}

}  // namespace
}  // namespace hawser::net::slot_table_test
