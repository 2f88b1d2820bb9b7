#include "core/net/exchange.hpp"

#include <bit>

#include "core/net/reactor.hpp"

namespace hawser::net {

namespace {
// A batch that is larger ends the commands of a turn; in bytes.
constexpr std::size_t batch_limit = std::size_t{1024} * 1024;
// Delivered in one turn, before it is flushed; in bytes.
constexpr std::size_t deliver_limit = std::size_t{1024} * 1024;
}  // namespace

exchange::exchange(reactor& owner, std::uint32_t index, std::vector<reactor*> all)
    : owner_(owner), index_(index), all_(std::move(all)), outgoing_(all_.size()) {}

exchange::~exchange() = default;

// ---------------------------------------------------------------------------------------------------- others

bool exchange::publish(std::uint32_t server, const std::shared_ptr<const published>& message) {
  bool more = true;
  for (std::uint32_t to = 0; to < outgoing_.size(); to++) {
    if (to == index_) continue;
    batch& mine = outgoing_[to];
    mine.parcels.push_back({server, message});
    mine.weight += mine.parcels.back().weight();
    more = more && mine.weight < batch_limit;
  }
  owner_.count().handed.add(outgoing_.size() - 1);
  return more;
}

// Behind what was published before.
void exchange::end_listener(std::uint32_t server, bool failed) {
  for (std::uint32_t to = 0; to < outgoing_.size(); to++) {
    if (to == index_) continue;
    outgoing_[to].parcels.push_back({server, listener_ended{failed}});
    outgoing_[to].weight += sizeof(parcel);
  }
}

void exchange::hand_socket(std::uint32_t to, std::uint32_t server, socket_handle socket, std::uint32_t slot) {
  post(to, {server, handed_socket{std::move(socket), slot}});
}

void exchange::return_credit(std::uint32_t to, std::uint32_t server) { post(to, {server, accept_credit{}}); }

void exchange::post(std::uint32_t to, parcel what) {
  if (all_[to]->joined()->inbox_.put(std::move(what)) == inbox::answer::taken_wake_owner) all_[to]->wake();
}

void exchange::hand_over() {
  const bool before = stalled_;
  stalled_ = false;
  for (std::uint32_t to = 0; to < outgoing_.size(); to++) {
    batch& mine = outgoing_[to];
    if (mine.parcels.empty()) continue;
    switch (all_[to]->joined()->inbox_.put(mine.parcels, mine.weight, index_)) {
      case inbox::answer::full:
        stalled_ = true;
        continue;
      case inbox::answer::taken_wake_owner:
        all_[to]->wake();
        break;
      case inbox::answer::taken:
        break;
    }
    mine.weight = 0;
  }
  if (stalled_ && !before) owner_.count().stalls.add(1);
}

// -------------------------------------------------------------------------------------------------- arrivals

void exchange::collect() {
  if (at_ < arrived_.size() || inbox_.empty()) return;
  arrived_.clear();
  at_ = 0;
  for (std::uint64_t waiting = inbox_.take(arrived_); waiting != 0; waiting &= waiting - 1) {
    all_[static_cast<std::size_t>(std::countr_zero(waiting))]->wake();
  }
  // Looked at after the parcels were taken: what came before them is in front of this.
  mark_ = owner_.sink().commands_mark();
}

void exchange::deliver() {
  if (at_ == arrived_.size() || (!stalled_ && !owner_.sink().commands_past(mark_))) return;
  std::size_t bytes = 0;
  while (at_ < arrived_.size() && bytes < deliver_limit) {
    parcel& one = arrived_[at_++];
    bytes += one.weight();
    dispatch(one);
  }
  if (at_ < arrived_.size()) return;
  arrived_.clear();
  at_ = 0;
}

// A server that is gone here, or not there yet, has no subscribers and no listener.
void exchange::dispatch(parcel& what) {
  server* to = owner_.find_server(what.server);
  if (auto* message = std::get_if<std::shared_ptr<const published>>(&what.what)) {
    if (to != nullptr) to->receive(*message);
    message->reset();
  } else if (auto* accepted = std::get_if<handed_socket>(&what.what)) {
    if (to != nullptr) {
      to->take_over(std::move(accepted->socket), accepted->slot);
    } else {
      owner_.release(accepted->slot);
      accepted->socket.close();
    }
  } else if (to != nullptr) {
    if (auto* ended = std::get_if<listener_ended>(&what.what)) {
      to->on_listener_ended(ended->failed);
    } else {
      to->on_credit();
    }
  }
}

bool exchange::prepare_sleep() { return at_ == arrived_.size() && inbox_.prepare_sleep(); }

}  // namespace hawser::net
