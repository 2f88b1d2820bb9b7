// The last stage of a route with columns: of each message a row of numbers, gathered into one record of
// columns that JavaScript takes as Float64Arrays.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>

#include "core/router/field_value.hpp"
#include "core/router/route_output.hpp"
#include "core/router/route_spec.hpp"
#include "core/router/sampler.hpp"

namespace hawser::router {

// A batch goes out when it holds `max` rows, or as many as fit into max_bytes (one at least), or `every` ms
// after its first row.
//
//   values_: | a1 a2 a3 - - | b1 b2 b3 - - | c1 c2 c3 - - |    three rows, a stride of five
class column_batcher {
 public:
  column_batcher(std::size_t columns, const batch_spec& spec, std::size_t max_bytes);

  // It has to go, and takes nothing before.
  bool full() const noexcept { return rows_ == max_rows_; }
  bool empty() const noexcept { return rows_ == 0; }
  std::size_t size() const noexcept { return rows_; }
  // After add(): the row was the first, or the last that goes in.
  bool eventful() const noexcept { return rows_ == 1 || full(); }
  // What bounds the batch is its bytes, not what the route asked for.
  bool cut_short() const noexcept { return cut_short_; }

  // There is a place for the next row; if not, prepare() makes one. Not while full.
  bool prepared() const noexcept { return rows_ != stride_; }
  void prepare(time_ms now);

  // The values of a message. What is missing or no number becomes NaN. Only when prepared.
  void add(std::span<const field_value> fields) noexcept {
    const std::size_t given = std::min(fields.size(), columns_);
    const std::size_t stride = stride_;
    double* const row = values_.get() + rows_++;
    std::size_t at = 0;
    for (const field_value& field : fields.first(given)) {
      if (field.what == field_value::kind::number) [[likely]] {
        row[at] = field.number;
      } else {
        row[at] = hole;
        ++not_numbers_;
      }
      at += stride;
    }
    for (std::size_t i = given; i < columns_; ++i) {
      row[i * stride] = hole;
      ++not_numbers_;
    }
  }

  // A row that has waited in a stage before, as the bytes of its doubles. Only when prepared.
  void add(const std::uint8_t* bytes) noexcept {
    double* const row = values_.get() + rows_++;
    for (std::size_t i = 0; i < columns_; ++i) {
      double& value = row[i * stride_];
      std::memcpy(&value, bytes + i * sizeof value, sizeof value);
      if (std::isnan(value)) ++not_numbers_;
    }
  }

  // `never` when empty, `at_once` when full.
  time_ms due() const noexcept { return empty() ? never : full() ? at_once : due_; }

  // Not when empty. Returns how many rows went out, and adds their NaNs to `not_numbers`; 0: there was no
  // room, and the batch is what it was.
  std::size_t send(output_port& port, std::uint64_t& not_numbers);

 private:
  static constexpr double hole = std::numeric_limits<double>::quiet_NaN();

  void set_stride(std::size_t stride) noexcept;

  const std::size_t columns_;
  const std::size_t max_rows_;
  const bool cut_short_;
  const time_ms every_;
  std::unique_ptr<double[]> values_;
  std::size_t room_ = 0;    // rows that fit into values_
  std::size_t stride_ = 0;  // rows between two columns; equals rows_ when the next row needs prepare()
  std::size_t rows_ = 0;
  std::uint32_t not_numbers_ = 0;
  time_ms due_ = never;
};

}  // namespace hawser::router
