// When the three modes of sampling let a message go.
#include "core/router/sampler.hpp"

namespace hawser::router {

bool sampler::absorbs(time_ms now) const noexcept {
  if (!spec_) return false;
  return spec_->mode != sample_mode::throttle || (mark_ && now < *mark_);
}

sampler::verdict sampler::take(time_ms now) noexcept {
  if (!spec_) return verdict::pass;
  switch (spec_->mode) {
    case sample_mode::throttle:
      if (mark_ && now < *mark_) return verdict::drop;
      mark_ = now + spec_->every;
      return verdict::pass;
    case sample_mode::debounce:
      due_ = now + spec_->every;
      break;
    case sample_mode::sample:
      if (waiting()) break;
      if (!mark_) mark_ = now;
      *mark_ += ((now - *mark_) / spec_->every + 1) * spec_->every;
      due_ = *mark_;
      break;
  }
  return verdict::wait;
}

}  // namespace hawser::router
