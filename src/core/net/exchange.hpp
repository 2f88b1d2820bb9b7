// A reactor's dealings with the reactors it was joined with: what it hands to them, what they handed to it.
// Used by the reactor's thread alone; only the inbox is shared. A reactor that runs alone has none.
//
//   publish ─► outgoing_, one batch a reactor ─► at the end of the commands: its inbox ─► wake, if it sleeps
//   inbox ─► arrived_ ─► (commands that came before have run) ─► subscribers here
//
// The bound: an inbox that is full takes no batch. Then this reactor executes no commands until it has room:
// its ring fills, and publish() in the program tells. Meanwhile it goes on to empty its own inbox, which
// needs nothing from anybody; so reactors that publish to each other never wait for each other.
//
// Order: what one reactor publishes arrives everywhere in its order. What the program did before it published
// (subscribe, send) has been executed here when the message arrives, because the commands that lay in the
// ring by then go first; a reactor that is held up itself, as above, does not wait for them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/net/inbox.hpp"

namespace hawser::net {

class reactor;

class exchange {
 public:
  // `all` by number; `index` is the owner's.
  exchange(reactor& owner, std::uint32_t index, std::vector<reactor*> all);
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  std::uint32_t index() const noexcept { return index_; }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(all_.size()); }
  reactor& at(std::uint32_t index) const noexcept { return *all_[index]; }

  // To all others. False: the batch is large enough, no further commands in this turn.
  bool publish(std::uint32_t server, const std::shared_ptr<const published>& message);
  void end_listener(std::uint32_t server, bool failed);
  // To one, at once.
  void hand_socket(std::uint32_t to, std::uint32_t server, socket_handle socket, std::uint32_t slot);
  void return_credit(std::uint32_t to, std::uint32_t server);

  // The steps of a turn: hand over what is left, collect, (commands), hand over, deliver.
  void hand_over();
  void collect();
  void deliver();
  // A batch waits for room in another's inbox.
  bool stalled() const noexcept { return stalled_; }

  // Something was handed over that is not delivered yet. Cheap; prepare_sleep() is what counts.
  bool waiting() const noexcept { return at_ < arrived_.size() || !inbox_.empty(); }
  bool prepare_sleep();
  void awake() noexcept { inbox_.awake(); }
  // Nothing is on its way, in or out.
  bool idle() const noexcept { return !stalled_ && at_ == arrived_.size() && inbox_.empty(); }

 private:
  struct batch {
    std::vector<parcel> parcels;
    std::size_t weight = 0;
  };
  void post(std::uint32_t to, parcel what);
  void dispatch(parcel& what);

  reactor& owner_;
  const std::uint32_t index_;
  const std::vector<reactor*> all_;
  inbox inbox_;
  std::vector<batch> outgoing_;  // by number
  bool stalled_ = false;
  std::vector<parcel> arrived_;  // delivered up to at_
  std::size_t at_ = 0;
  std::uint32_t mark_ = 0;  // behind the commands that go first
};

}  // namespace hawser::net
