// Whether a message of a connection passes the rates that hold for it: its own, a least interval between two
// messages, those of its user and of its address, which other connections draw from, too. And what becomes of
// one that does not pass: most are only counted, some are answered, in the end the connection is closed.
// Pure; times in nanoseconds of one clock that never goes back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/hub/bucket_table.hpp"
#include "core/protocol/token_bucket.hpp"

namespace hawser::hub {

using protocol::bucket_rule;
using protocol::token_bucket;

struct rate_rules {
  bucket_rule connection, spacing, user, address;
  // Refusals count towards the end while less than this lies between two of them.
  std::int64_t memory = 0;
  std::uint32_t close_after = 0;  // refusals; 0: never
  bool answer = true;

  explicit operator bool() const noexcept { return connection || spacing || user || address; }
};

class rate_gate {
 public:
  struct verdict {
    std::int64_t wait = 0;  // until it would pass; 0: it passes
    bool answer = false;
    bool close = false;
  };

  // `tokens`: what a message holds that counts as so many. `tell`: it is one whose refusal may be answered.
  verdict take(const rate_rules& rules, std::int64_t now, std::int64_t tokens = 1,
               bool tell = true) noexcept {
    const std::int64_t wait = longest_wait(rules, now, tokens);
    if (wait > 0) return refuse(rules, now, wait, tell);
    if (rules.connection) own_.take(rules.connection, now, tokens);
    if (rules.spacing) spacing_.take(rules.spacing, now);
    // Between a look and the taking another connection may have come first.
    if (rules.user && user) {
      if (const std::int64_t more = user.bucket().take(rules.user, now, tokens); more > 0) {
        give_back(rules, tokens);
        return refuse(rules, now, more, tell);
      }
    }
    if (rules.address && address) {
      if (const std::int64_t more = address.bucket().take(rules.address, now, tokens); more > 0) {
        give_back(rules, tokens);
        if (rules.user && user) user.bucket().give_back(rules.user, tokens);
        return refuse(rules, now, more, tell);
      }
    }
    return {};
  }

  // Nothing passes now, whatever it is.
  bool shut(const rate_rules& rules, std::int64_t now) const noexcept {
    return longest_wait(rules, now, 1) > 0;
  }

  bucket_table::hold user, address;

 private:
  // Not more than so many answers in a second, whatever the rules.
  static constexpr std::int64_t least_silence = 100'000'000;

  std::int64_t longest_wait(const rate_rules& rules, std::int64_t now, std::int64_t tokens) const noexcept {
    std::int64_t wait = 0;
    if (rules.connection) wait = own_.wait(rules.connection, now, tokens);
    if (rules.spacing) wait = std::max(wait, spacing_.wait(rules.spacing, now));
    if (rules.user && user) wait = std::max(wait, user.bucket().wait(rules.user, now, tokens));
    if (rules.address && address) wait = std::max(wait, address.bucket().wait(rules.address, now, tokens));
    return wait;
  }

  void give_back(const rate_rules& rules, std::int64_t tokens) noexcept {
    if (rules.connection) own_.give_back(rules.connection, tokens);
    if (rules.spacing) spacing_.give_back(rules.spacing);
  }

  verdict refuse(const rate_rules& rules, std::int64_t now, std::int64_t wait, bool tell) noexcept {
    if (refused_ > 0 && now - refused_at_ > rules.memory) refused_ = 0;
    refused_++;
    refused_at_ = now;
    verdict out{.wait = wait};
    out.close = rules.close_after > 0 && refused_ >= rules.close_after;
    if (rules.answer && tell && now >= silent_until_) {
      out.answer = true;
      silent_until_ = now + std::max(wait, least_silence);
    }
    return out;
  }

  token_bucket own_, spacing_;
  std::int64_t silent_until_ = 0;
  std::int64_t refused_at_ = 0;
  std::uint32_t refused_ = 0;
};

}  // namespace hawser::hub
