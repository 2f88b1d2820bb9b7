// The times of the first stage of a route: which messages pass, which one waits, which are dropped. Knows no
// message; the shaper holds the one that waits.
#pragma once

#include <cstdint>
#include <optional>

#include "core/router/route_spec.hpp"

namespace hawser::router {

// Times of stages. A stage that has something to do whatever the time says `at_once`.
inline constexpr time_ms at_once = INT64_MIN;
using protocol::never;

//   sample    the latest, at the end of each interval in which one came; the intervals follow each other from
//             the route's first message on
//   throttle  the first, and from then on one at most in `every` ms
//   debounce  the latest, when `every` ms passed since it came
// Under back-pressure what waits is still replaced: of a sampled route it is the latest that counts.
class sampler {
 public:
  enum class verdict : std::uint8_t { pass, wait, drop };

  // Without a spec all messages pass.
  explicit sampler(const std::optional<sample_spec>& spec) noexcept : spec_(spec) {}

  // False: all messages pass, and take() need not be asked.
  bool samples() const noexcept { return spec_.has_value(); }

  // True when a message of this time needs no room behind this stage.
  bool absorbs(time_ms now) const noexcept;

  // `wait`: the message takes the place of the one that waits.
  verdict take(time_ms now) noexcept;

  // A message passed, and nobody behind could take it: it waits and is due at once.
  void held() noexcept { due_ = at_once; }

  // What waited has gone.
  void sent() noexcept { due_ = never; }

  bool waiting() const noexcept { return due_ != never; }

  // When what waits goes on.
  time_ms due() const noexcept { return due_; }

 private:
  const std::optional<sample_spec> spec_;
  time_ms due_ = never;
  // sample: an end of an interval, once a message came; throttle: closed before that time.
  std::optional<time_ms> mark_;
};

}  // namespace hawser::router
