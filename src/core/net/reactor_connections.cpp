// The tables of a reactor: connections, managed clients and servers, from their beginning to their end.
#include <algorithm>

#include "core/net/reactor.hpp"

namespace hawser::net {

connection* reactor::add(std::uint32_t slot, protocol::role self,
                         std::shared_ptr<const shared_settings> settings) {
  if (slot >= connections_.size())
    connections_.resize(std::max<std::size_t>(slot + 1, connections_.size() * 2));
  connections_[slot] = std::make_unique<connection>(*this, slot, self, std::move(settings));
  connections_[slot]->settings().events.flushed(slot, 0, 0);
  return connections_[slot].get();
}

// Destroyed at the end of the turn, or when its last asynchronous operation has ended.
void reactor::bury(connection& c) {
  wheel_.cancel(c);
  if (c.owner() != nullptr) c.owner()->left();
  graves_.push_back(std::move(connections_[c.slot()]));
}

void reactor::reap() {
  if (!graves_.empty()) {
    const auto gone = [](const std::unique_ptr<connection>& c) {
      return c->unreferenced() && !c->in_dirty && !c->in_deferred && !c->in_blocked;
    };
    std::erase_if(blocked_, [](connection* c) {
      if (!c->finished()) return false;
      c->in_blocked = false;
      return true;
    });
    std::erase_if(graves_, gone);
  }
  std::erase_if(clients_, [this](const auto& entry) {
    managed_client& c = *entry.second;
    if (!c.finished() || c.in_dirty || c.in_blocked) return false;
    client_wheel_.cancel(c);
    return true;
  });
  std::erase_if(servers_, [this](const auto& entry) {
    if (!entry.second->finished()) return false;
    std::erase(blocked_servers_, entry.second.get());
    return true;
  });
}

void reactor::begin(std::uint32_t slot) {
  slot_table::prepared what = slots_.take(slot);
  if (auto* client = std::get_if<std::unique_ptr<client_settings>>(&what)) {
    clients_[slot] = std::make_unique<managed_client>(*this, slot, std::move(*client));
  } else if (auto* connect = std::get_if<std::unique_ptr<connect_settings>>(&what)) {
    auto shared =
        std::make_shared<const shared_settings>((*connect)->socket, protocol::role::client, budget_, sink_);
    add(slot, protocol::role::client, std::move(shared))->dial(std::move(*connect));
  } else if (auto* adopt = std::get_if<std::unique_ptr<adopt_settings>>(&what)) {
    if (server* owner = find_server((*adopt)->server)) {
      add(slot, protocol::role::server, owner->shared())->adopt(std::move(*adopt), *owner);
    } else {
      auto shared =
          std::make_shared<const shared_settings>(socket_settings{}, protocol::role::server, budget_, sink_);
      add(slot, protocol::role::server, std::move(shared))->orphan();
    }
  }
}

managed_client* reactor::find_client(std::uint32_t slot) const {
  const auto found = clients_.find(slot);
  return found == clients_.end() ? nullptr : found->second.get();
}

server* reactor::find_server(std::uint32_t id) const {
  const auto found = servers_.find(id);
  return found == servers_.end() ? nullptr : found->second.get();
}

void reactor::listen(std::uint32_t id) {
  prepared_server prepared = slots_.take_server(id);
  // Ids of living servers are not given out again; their connections refer to them.
  if (!prepared.settings || servers_.contains(id)) return;
  auto& made = servers_[id] = std::make_unique<server>(*this, id, std::move(prepared));
  made->open();
}

}  // namespace hawser::net
