// What the tests of the shaping stages share: an output that records, and may have no room; short ways to
// write keys, columns and specs.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/router/shaper.hpp"

namespace hawser::router::test {

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string text_of_bytes(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline field_value text_field(std::string_view text) {
  field_value field;
  field.what = field_value::kind::string;
  field.text = text;
  return field;
}

inline field_value number_field(double number) {
  field_value field;
  field.what = field_value::kind::number;
  field.number = number;
  return field;
}

inline field_value field_of(field_value::kind kind, bool boolean = false) {
  field_value field;
  field.what = kind;
  field.boolean = boolean;
  return field;
}

inline route_spec sampled(sample_mode mode, time_ms every) {
  route_spec spec;
  spec.sample = sample_spec{mode, every};
  return spec;
}

inline route_spec conflated(time_ms every, std::uint32_t max_keys = 10'000) {
  route_spec spec;
  spec.conflate = conflate_spec{{}, every, max_keys};
  return spec;
}

inline route_spec batched(std::uint32_t max, time_ms every, std::size_t columns = 0) {
  route_spec spec;
  spec.batch = batch_spec{max, every};
  for (std::size_t i = 0; i < columns; ++i)
    spec.columns.push_back({std::string(1, static_cast<char>('a' + i)), {}});
  return spec;
}

// One record that went out: of messages their texts, of columns each row as text.
struct sent_record {
  time_ms at = 0;
  char kind = 'm';  // m: message, b: batch, c: columns
  std::vector<std::string> members;
  bool ascii = true;
  std::uint32_t not_numbers = 0;

  friend bool operator==(const sent_record&, const sent_record&) = default;
  friend std::ostream& operator<<(std::ostream& out, const sent_record& record) {
    out << record.at << record.kind << (record.ascii ? "" : "!");
    for (const std::string& member : record.members) out << ' ' << member;
    return out;
  }
};

inline std::string row_text(std::span<const double> row) {
  std::string text;
  for (const double value : row) {
    text +=
        (text.empty() ? "" : "|") + (std::isnan(value) ? "-" : std::to_string(static_cast<long long>(value)));
  }
  return text;
}

// Takes `room` records, then none.
class recorder final : public route_output {
 public:
  explicit recorder(std::uint32_t route = 7) : route_(route) {}

  time_ms now = 0;
  std::size_t room = SIZE_MAX;
  std::size_t refused = 0;
  std::vector<sent_record> records;

  bool message(std::uint32_t route, std::span<const std::uint8_t> text, bool ascii) override {
    return put(route, {now, 'm', {text_of_bytes(text)}, ascii});
  }

  bool batch(std::uint32_t route, std::span<const std::uint32_t> lengths,
             std::span<const std::uint8_t> joined, bool ascii) override {
    sent_record record{now, 'b', {}, ascii};
    EXPECT_GE(joined.size(), 2u);
    std::string again = "[";
    std::size_t at = 1;
    for (const std::uint32_t length : lengths) {
      EXPECT_LE(at + length + 1, joined.size());
      record.members.push_back(text_of_bytes(joined.subspan(at, length)));
      again += record.members.back() + ",";
      at += length + 1;
    }
    again.back() = ']';
    EXPECT_EQ(text_of_bytes(joined), again);
    return put(route, std::move(record));
  }

  bool columns(std::uint32_t route, std::uint32_t rows, std::span<const double> values,
               std::uint32_t not_numbers) override {
    sent_record record{now, 'c', {}, true, not_numbers};
    EXPECT_GT(rows, 0u);
    EXPECT_EQ(values.size() % rows, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(values.data()) % 8, 0u);
    std::uint32_t holes = 0;
    for (std::uint32_t row = 0; row < rows; ++row) {
      std::vector<double> line;
      for (std::size_t at = row; at < values.size(); at += rows) line.push_back(values[at]);
      for (const double value : line) holes += std::isnan(value) ? 1 : 0;
      record.members.push_back(row_text(line));
    }
    EXPECT_EQ(holes, not_numbers);
    return put(route, std::move(record));
  }

  // All messages and rows that went out, in order.
  std::vector<std::string> members() const {
    std::vector<std::string> all;
    for (const sent_record& record : records)
      all.insert(all.end(), record.members.begin(), record.members.end());
    return all;
  }

 private:
  bool put(std::uint32_t route, sent_record&& record) {
    EXPECT_EQ(route, route_);
    if (room == 0) {
      ++refused;
      return false;
    }
    --room;
    records.push_back(std::move(record));
    return true;
  }

  const std::uint32_t route_;
};

// A shaper, its output and a clock.
struct shaping {
  explicit shaping(const route_spec& spec, const shaper_limits& limits = {}) : it(7, spec, 42, limits) {}

  shaper it;
  recorder out;

  bool take(time_ms now, std::string_view text, const field_value& key = {},
            std::span<const field_value> columns = {}) {
    out.now = now;
    return it.take({bytes_of(text), true, &key, columns}, now, out);
  }

  bool take_row(time_ms now, std::initializer_list<field_value> columns, const field_value& key = {}) {
    return take(now, "{}", key, {columns.begin(), columns.size()});
  }

  void run(time_ms now) {
    out.now = now;
    it.run(now, out);
  }

  bool flush(time_ms now) {
    out.now = now;
    return it.flush(now, out);
  }

  // Calls run() at each deadline up to `until`, as a punctual shell does.
  void run_to(time_ms until) {
    while (it.next_deadline() != 0 && it.next_deadline() <= until) {
      const time_ms deadline = it.next_deadline();
      run(deadline);
      ASSERT_TRUE(it.next_deadline() == 0 || it.next_deadline() > deadline);
    }
  }

  // What went out since the last call.
  std::vector<sent_record> sent() { return std::exchange(out.records, {}); }
};

inline sent_record message_at(time_ms at, std::string text) { return {at, 'm', {std::move(text)}}; }
inline sent_record batch_at(time_ms at, std::vector<std::string> members) {
  return {at, 'b', std::move(members)};
}
inline sent_record columns_at(time_ms at, std::vector<std::string> rows, std::uint32_t not_numbers = 0) {
  return {at, 'c', std::move(rows), true, not_numbers};
}

using sent_records = std::vector<sent_record>;

}  // namespace hawser::router::test
