// Kept messages to one connection: as much at once as its high-water mark takes, the rest as it drains.
#include "core/net/connection.hpp"
#include "core/net/reactor.hpp"
#include "core/net/replay_queue.hpp"

namespace hawser::net {

void connection::subscribe_from(const replay_request& what) {
  if (server_ != nullptr && is_open()) server_->subscribe_from(*this, what);
}

void connection::replay(const std::shared_ptr<const published>& message) {
  if (!is_open()) return;
  if (!replaying() && !fragmenting_ && pending_output() < settings_->values.high_water_mark) {
    write_published(*message);
    return;
  }
  if (!replaying()) extra().replay = std::make_unique<replay_queue>();
  extra_->replay->add(message);
}

bool connection::publish_later(const std::shared_ptr<const published>& message) {
  if (!is_open()) return true;
  replay_queue& queue = *extra_->replay;
  const std::size_t size = message->plain().size();
  if (pending_output() + queue.live_bytes() + size > server_->settings().max_backpressure) return false;
  queue.add_live(message, {});
  return true;
}

bool connection::crowded_by(std::size_t bytes) const noexcept {
  const std::size_t waiting = pending_output();
  return waiting > 0 && waiting + bytes > settings_->values.high_water_mark && !fragmenting_;
}

void connection::publish_later(const std::shared_ptr<const published>& message, std::string key,
                               later_counts& counts) {
  if (!is_open()) return;
  if (!replaying()) extra().replay = std::make_unique<replay_queue>();
  replay_queue& queue = *extra_->replay;
  if (queue.add_live(message, std::move(key))) counts.conflated++;
  while (pending_output() + queue.live_bytes() > server_->settings().max_backpressure && queue.drop_oldest())
    counts.dropped++;
  if (queue.empty()) extra_->replay.reset();
}

// JavaScript counts it as waiting until the kernel has it. False: it goes on with the message whose fragments
// everything here waits for.
bool connection::send_later(std::span<const std::uint8_t> payload, send_flags flags) {
  replay_queue& queue = *extra_->replay;
  if (fragmenting_ && queue.sends() == 0) return false;
  queue.add(replay_queue::sent{{payload.begin(), payload.end()}, flags});
  return true;
}

// As it was encoded for all, where this peer can read that.
void connection::write_published(const published& message) {
  std::span<const std::uint8_t> frame = message.plain();
  if (fragmenting_) {
    // Behind the last fragment, which waits in the queue too.
    extra().published.append(frame);
    reactor_.count().messages_out.add(1);
    return;
  }
  if (deflates() && message.flags().compress) {
    const int bits = shared_deflate_bits();
    const auto& ready = message.compressed();
    const auto same = std::ranges::find_if(ready, [&](const auto& one) { return one.first == bits; });
    if (bits == 0 || same == ready.end()) {
      const std::span<const std::uint8_t> payload = message.payload();
      write_data({const_cast<std::uint8_t*>(payload.data()), payload.size()}, message.flags());
      return;
    }
    frame = same->second;
  }
  reactor_.count().messages_out.add(1);
  output().append(frame);
  position_ += frame.size();
}

// Until so many bytes wait for the kernel.
void connection::pump_replay(std::size_t upto) {
  // A send among the entries must not come back here.
  std::unique_ptr<replay_queue> queue = std::move(extra_->replay);
  while (!queue->empty() && is_open() && pending_output() < upto && (!fragmenting_ || queue->sends() > 0)) {
    replay_queue::entry one = queue->take();
    if (const auto* kept = std::get_if<replay_queue::kept>(&one)) {
      write_published(**kept);
    } else if (const auto* live = std::get_if<replay_queue::live>(&one)) {
      write_published(*live->message);
    } else {
      auto& sent = std::get<replay_queue::sent>(one);
      send(sent.payload, sent.flags);
    }
  }
  if (!queue->empty() && is_open()) extra().replay = std::move(queue);
}

}  // namespace hawser::net
