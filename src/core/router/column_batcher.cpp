// Moves columns apart while rows come, and together when they go.
#include "core/router/column_batcher.hpp"

#include <utility>

namespace hawser::router {

namespace {

std::size_t rows_within(std::size_t bytes, std::size_t columns) noexcept {
  return std::max<std::size_t>(1, bytes / (columns * sizeof(double)));
}

}  // namespace

column_batcher::column_batcher(std::size_t columns, const batch_spec& spec, std::size_t max_bytes)
    : columns_(columns),
      max_rows_(std::min<std::size_t>(spec.max, rows_within(max_bytes, columns))),
      cut_short_(max_rows_ < spec.max),
      every_(spec.every) {}

std::size_t column_batcher::send(output_port& port, std::uint64_t& not_numbers) {
  set_stride(rows_);
  const std::span<const double> values{values_.get(), rows_ * columns_};
  if (!port.columns(static_cast<std::uint32_t>(rows_), values, not_numbers_)) return 0;
  not_numbers += std::exchange(not_numbers_, 0);
  stride_ = 0;
  return std::exchange(rows_, 0);
}

// Before the first row, and before one for which the stride has no room: because the columns were moved
// together for a batch that could not go, or because the memory is used up.
void column_batcher::prepare(time_ms now) {
  if (rows_ == 0) due_ = now + every_;
  if (rows_ < room_) return set_stride(room_);
  const std::size_t room = std::min(max_rows_, std::max<std::size_t>(64, 2 * room_));
  auto grown = std::make_unique_for_overwrite<double[]>(room * columns_);
  for (std::size_t i = 0; rows_ > 0 && i < columns_; ++i) {
    std::memcpy(&grown[i * room], &values_[i * stride_], rows_ * sizeof(double));
  }
  values_ = std::move(grown);
  room_ = stride_ = room;
}

void column_batcher::set_stride(std::size_t stride) noexcept {
  const auto move = [&](std::size_t i) {
    std::memmove(&values_[i * stride], &values_[i * stride_], rows_ * sizeof(double));
  };
  if (rows_ == 0) {
    // Nothing to move.
  } else if (stride < stride_) {
    for (std::size_t i = 1; i < columns_; ++i) move(i);
  } else if (stride > stride_) {
    for (std::size_t i = columns_; --i > 0;) move(i);
  }
  stride_ = stride;
}

}  // namespace hawser::router
