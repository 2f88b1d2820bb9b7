#include "core/client/room_positions.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

using hawser::client::room_positions;

TEST(room_positions, the_highest_offset_of_an_epoch_counts_and_another_epoch_begins_anew) {
  room_positions at;
  EXPECT_TRUE(at.empty());
  EXPECT_EQ(at.text(), R"({"type":"positions","payload":{}})");
  EXPECT_TRUE(at.note("r", "e1", 7));
  EXPECT_TRUE(at.note("r", "e1", 5));
  EXPECT_EQ(at.text(), R"({"type":"positions","payload":{"r":{"epoch":"e1","offset":7}}})");
  EXPECT_TRUE(at.note("r", "e2", 1));
  EXPECT_EQ(at.text(), R"({"type":"positions","payload":{"r":{"epoch":"e2","offset":1}}})");
  at.clear();
  EXPECT_TRUE(at.empty());
}

TEST(room_positions, what_is_no_position_is_not_noted) {
  room_positions at;
  for (const double offset : {-1.0, 0.5, 1e300, std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_TRUE(at.note("r", "e", offset));
  }
  EXPECT_TRUE(at.note("r", "", 1));
  EXPECT_TRUE(at.note(std::string(room_positions::max_name + 1, 'x'), "e", 1));
  EXPECT_TRUE(at.note("r", std::string(room_positions::max_name + 1, 'x'), 1));
  EXPECT_TRUE(at.empty());
}

TEST(room_positions, names_are_written_as_json) {
  room_positions at;
  at.note("a\"b\\c\n\x01 Zürich", "e", 9007199254740991.0);
  EXPECT_EQ(at.text(),
            "{\"type\":\"positions\",\"payload\":{\"a\\\"b\\\\c\\u000a\\u0001 Zürich\":"
            "{\"epoch\":\"e\",\"offset\":9007199254740991}}}");
}

TEST(room_positions, says_when_it_is_full) {
  room_positions at;
  for (std::size_t i = 0; i < room_positions::max_rooms; i++)
    ASSERT_TRUE(at.note("r" + std::to_string(i), "e", 1));
  EXPECT_FALSE(at.note("one more", "e", 1));
  EXPECT_TRUE(at.note("r0", "e", 2));
  at.clear();
  EXPECT_TRUE(at.note("one more", "e", 1));
}
