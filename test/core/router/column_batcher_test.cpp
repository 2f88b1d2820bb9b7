// Routes with columns: layout, holes, growth, back-pressure, and behind the other stages.
#include "core/router/column_batcher.hpp"

#include "shaper_fixture.hpp"

namespace hawser::router::column_batcher_test {
namespace {

using namespace test;

field_value n(double number) { return number_field(number); }

TEST(column_batcher, lays_columns_out_one_behind_the_other) {
  // The recorder reads the layout; here it is looked at as it is.
  struct : route_output {
    std::vector<double> values;
    bool message(std::uint32_t, std::span<const std::uint8_t>, bool) override { return false; }
    bool batch(std::uint32_t, std::span<const std::uint32_t>, std::span<const std::uint8_t>, bool) override {
      return false;
    }
    bool columns(std::uint32_t, std::uint32_t, std::span<const double> all, std::uint32_t) override {
      values.assign(all.begin(), all.end());
      return true;
    }
  } out;
  shaper it(1, batched(3, 100, 2), 0);
  for (const double row : {1, 2, 3}) {
    const field_value fields[] = {n(row), n(row * 10)};
    EXPECT_TRUE(it.take({{}, true, nullptr, fields}, 0, out));
  }
  EXPECT_EQ(out.values, (std::vector<double>{1, 2, 3, 10, 20, 30}));
}

TEST(column_batcher, goes_out_complete_or_in_time) {
  shaping s(batched(2, 100, 2));
  s.take_row(0, {n(1), n(2)});
  s.take_row(1, {n(3), n(4)});
  EXPECT_EQ(s.sent(), (sent_records{columns_at(1, {"1|2", "3|4"})}));
  s.take_row(5, {n(5), n(6)});
  EXPECT_EQ(s.it.next_deadline(), 105);
  s.run_to(105);
  EXPECT_EQ(s.sent(), (sent_records{columns_at(105, {"5|6"})}));
  EXPECT_EQ(s.it.counters().out, 3u);
}

TEST(column_batcher, what_is_no_number_is_nan_and_counted) {
  shaping s(batched(6, 100, 2));
  s.take_row(0, {n(1), text_field("2")});
  s.take_row(0, {{}, n(4)});
  s.take_row(0, {field_of(field_value::kind::null), field_of(field_value::kind::boolean, true)});
  s.take_row(0, {field_of(field_value::kind::container), n(-8)});
  s.take_row(0, {n(9)});  // fewer values than columns
  s.take_row(0, {n(11), n(12)});
  EXPECT_EQ(s.sent(), (sent_records{columns_at(0, {"1|-", "-|4", "-|-", "-|-8", "9|-", "11|12"}, 6)}));
  EXPECT_EQ(s.it.counters().not_numbers, 6u);
}

TEST(column_batcher, grows_to_many_rows) {
  shaping s(batched(1000, 100, 3));
  std::vector<std::string> rows;
  for (int i = 0; i < 1000; ++i) {
    s.take_row(0, {n(i), n(2 * i), n(3 * i)});
    rows.push_back(std::to_string(i) + "|" + std::to_string(2 * i) + "|" + std::to_string(3 * i));
  }
  EXPECT_EQ(s.sent(), (sent_records{columns_at(0, rows)}));
}

TEST(column_batcher, bytes_bound_the_rows) {
  shaping s(batched(1000, 100, 2), {.batch_bytes = 50});
  for (int i = 0; i < 6; ++i) s.take_row(0, {n(i), n(i)});
  EXPECT_EQ(s.sent(),
            (sent_records{columns_at(0, {"0|0", "1|1", "2|2"}), columns_at(0, {"3|3", "4|4", "5|5"})}));
  EXPECT_EQ(s.it.counters().early, 2u);
  shaping tiny(batched(1000, 100, 2), {.batch_bytes = 1});
  tiny.take_row(0, {n(1), n(2)});
  EXPECT_EQ(tiny.sent(), (sent_records{columns_at(0, {"1|2"})}));
}

TEST(column_batcher, survives_refusals_while_it_grows) {
  shaping s(batched(500, 10, 3));
  std::vector<std::string> rows;
  s.out.room = 0;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(s.it.ready(i));
    s.take_row(i, {n(i), i % 7 ? n(i) : field_value{}, n(-i)});
    const std::string text = std::to_string(i);
    rows.push_back(text + "|" + (i % 7 ? text : "-") + "|" + std::to_string(-i));
    if (i % 3 == 0) s.run(i);
  }
  EXPECT_FALSE(s.it.ready(500));
  EXPECT_FALSE(s.take_row(500, {n(0), n(0), n(0)}));
  EXPECT_GT(s.out.refused, 10u);
  s.out.room = 1;
  s.run(501);
  EXPECT_EQ(s.sent(), (sent_records{columns_at(501, rows, 72)}));
  EXPECT_EQ(s.it.counters().not_numbers, 72u);  // once, however often output was asked
}

TEST(column_batcher, carries_rows_through_the_other_stages) {
  route_spec spec = batched(10, 100, 2);
  spec.sample = sample_spec{sample_mode::throttle, 10};
  spec.conflate = conflate_spec{{}, 50, 100};
  shaping s(spec);
  const field_value a = text_field("a");
  s.take_row(0, {n(1), {}}, a);
  s.take_row(5, {n(2), n(2)}, a);  // dropped
  s.take_row(10, {n(3), n(3)}, text_field("b"));
  s.take_row(20, {n(4), {}}, a);
  s.run_to(1000);
  EXPECT_EQ(s.sent(), (sent_records{columns_at(150, {"4|-", "3|3"}, 1)}));
  EXPECT_EQ(s.it.counters().conflated, 1u);
  EXPECT_EQ(s.it.counters().dropped, 1u);
  EXPECT_EQ(s.it.counters().not_numbers, 1u);  // only of what went out
}

}  // namespace
}  // namespace hawser::router::column_batcher_test
