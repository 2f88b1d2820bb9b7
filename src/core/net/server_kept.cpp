// Topics that keep what was published to them, and messages to several topics.
#include "core/bytes.hpp"
#include "core/net/reactor.hpp"
#include "core/net/server.hpp"

namespace hawser::net {

namespace {
// What is too old goes within so many milliseconds, also in topics that nothing is published to.
constexpr int sweep_interval = 1000;
// Topics looked at in one of these.
constexpr std::size_t sweep_topics = 4096;
}  // namespace

bool server::publish(const publish_target& to, std::span<const std::uint8_t> payload, send_flags flags) {
  const auto message = std::make_shared<published>(to, payload, flags);
  if (!group_ && batches(flags)) {
    gather(message);
    keep_message(message);
    return true;
  }
  reactor_.deliver_batch();
  encodings frames;
  deliver_shared(message, frames);
  add_compressed(*message, frames);
  give_back(frames);
  keep_message(message);
  return !group_ || reactor_.joined()->publish(id_, message);
}

void server::keep(std::string_view name, const hub::kept_bounds& bounds, std::int64_t head) {
  // One part shows what is kept; the others keep the same.
  kept_.keep(name, bounds, head, reactor_.now(),
             part_ == state_->home() ? state_->kept(name, false) : nullptr);
  show_kept();
}

void server::forget(std::string_view name) {
  kept_.forget(name);
  show_kept();
}

void server::keep_message(const std::shared_ptr<const published>& message) {
  if (message->offset() < 0 || closing_) return;
  if (!kept_.add(message->topic(), message->offset(), message->weight(), message, reactor_.now())) return;
  show_kept();
  arm_sweep();
}

void server::show_kept() {
  gauges_[server_state::gauge::kept_messages].set(kept_.messages());
  gauges_[server_state::gauge::kept_bytes].set(kept_.bytes());
  gauges_[server_state::gauge::kept_topics].set(kept_.topics());
}

void server::arm_sweep() {
  if (sweeping_ || closing_) return;
  sweeping_ = true;
  operations_++;
  sweep_timer_.expires_after(std::chrono::milliseconds(sweep_interval));
  sweep_timer_.async_wait([this](const boost::system::error_code& ec) {
    operations_--;
    sweeping_ = false;
    if (ec || closing_) return;
    kept_.sweep(reactor_.now(), sweep_topics);
    show_kept();
    if (kept_.messages() > 0) arm_sweep();
  });
}

// All on one reactor and in one go: what is kept here was delivered here, and what comes later meets the
// subscription.
void server::subscribe_from(connection& who, const replay_request& what) {
  std::int64_t floor = what.above;
  const auto* kept = kept_.find(what.topic, reactor_.now());
  const bool whole = kept != nullptr && what.above >= kept->lost();
  if (const std::string_view first = whole ? what.whole : what.partial; !first.empty()) {
    who.replay(
        std::make_shared<const published>(std::string_view(), bytes_of(first), send_flags{.compress = true}));
  }
  if (kept != nullptr) {
    for (const auto& one : kept->above(what.above, what.most)) who.replay(one.message);
    floor = std::max(floor, kept->last());
  }
  topics_.subscribe(who, what.topic);
  if (topic* to = topics_.find(what.topic); to != nullptr && floor >= 0) to->set_floor(who, floor, what.head);
}

}  // namespace hawser::net
