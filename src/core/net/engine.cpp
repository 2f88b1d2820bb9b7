#include "core/net/engine.hpp"

#include <unistd.h>

#include "core/net/reactor.hpp"

namespace hawser::net {

adopt_settings::~adopt_settings() {
  if (descriptor >= 0) ::close(descriptor);
}

engine::engine(event_sink& sink, protocol::memory_budget& budget, std::uint32_t slots)
    : reactor_(std::make_unique<reactor>(*this, sink, budget, slots)) {}
engine::~engine() = default;

void engine::join(const std::vector<engine*>& all) {
  if (all.size() < 2) return;
  std::vector<reactor*> reactors;
  reactors.reserve(all.size());
  for (engine* one : all) reactors.push_back(one->reactor_.get());
  for (std::uint32_t i = 0; i < all.size(); i++) reactors[i]->join(i, reactors);
}

void engine::run() { reactor_->run(); }
void engine::stop() { reactor_->stop(); }
void engine::wake() { reactor_->wake(); }
bool engine::flush(std::int64_t milliseconds) { return reactor_->flush(milliseconds); }
engine_stats engine::stats() const { return reactor_->stats(); }

std::uint32_t engine::prepare_connect(std::unique_ptr<connect_settings> settings) {
  return reactor_->slots().acquire(std::move(settings));
}
std::uint32_t engine::prepare_adopt(std::unique_ptr<adopt_settings> settings) {
  return reactor_->slots().acquire(std::move(settings));
}
std::vector<std::uint32_t> engine::prepare_listen(std::uint32_t server,
                                                  std::unique_ptr<listen_settings> settings) {
  const std::shared_ptr<const listen_settings> shared = std::move(settings);
  const exchange* others = reactor_->joined();
  const auto state = std::make_shared<server_state>(others != nullptr ? others->size() : 1,
                                                    others != nullptr ? others->index() : 0);
  if (others == nullptr) return {reactor_->slots().prepare_server(server, shared, state)};
  const auto group = std::make_shared<server_group>(others->size(), others->index());
  std::vector<std::uint32_t> gauges;
  gauges.reserve(others->size());
  for (std::uint32_t i = 0; i < others->size(); i++) {
    gauges.push_back(others->at(i).slots().prepare_server(server, shared, state, group));
  }
  return gauges;
}
void engine::abandon_listen(std::uint32_t server) {
  const auto abandon = [server](reactor& one) {
    const prepared_server prepared = one.slots().take_server(server);
    one.slots().forget_state(server, prepared.state.get());
    if (prepared.gauge != no_slot) one.release(prepared.gauge);
  };
  const exchange* others = reactor_->joined();
  if (others == nullptr) return abandon(*reactor_);
  for (std::uint32_t i = 0; i < others->size(); i++) abandon(others->at(i));
}

std::shared_ptr<server_state> engine::state(std::uint32_t server) { return reactor_->slots().state(server); }

std::uint32_t engine::prepare_client(std::unique_ptr<client_settings> settings) {
  return reactor_->slots().prepare_client(std::move(settings));
}
client_port* engine::client(std::uint32_t slot) { return in_order().find_client(slot); }
std::shared_ptr<const client::client_gauges> engine::client_gauges(std::uint32_t slot) {
  return reactor_->slots().gauges(slot);
}

// What is published is gathered until a command of another kind comes; that meets what it would have met.
reactor& engine::in_order() {
  reactor_->deliver_batch();
  return *reactor_;
}

void engine::begin(std::uint32_t slot) { in_order().begin(slot); }

void engine::send(std::uint32_t slot, std::span<std::uint8_t> payload, send_flags flags) {
  if (connection* c = in_order().find(slot)) c->send(payload, flags);
}
void engine::ping(std::uint32_t slot, std::span<const std::uint8_t> payload) {
  if (connection* c = in_order().find(slot)) c->control(protocol::opcode::ping, payload);
}
void engine::pong(std::uint32_t slot, std::span<const std::uint8_t> payload) {
  if (connection* c = in_order().find(slot)) c->control(protocol::opcode::pong, payload);
}
void engine::close(std::uint32_t slot, std::uint16_t code, std::string_view reason) {
  if (connection* c = in_order().find(slot)) c->close(code, reason);
}
void engine::terminate(std::uint32_t slot) {
  if (connection* c = in_order().find(slot)) c->terminate();
}
void engine::pause(std::uint32_t slot) {
  if (connection* c = in_order().find(slot)) c->pause();
}
void engine::resume(std::uint32_t slot) {
  if (connection* c = in_order().find(slot)) c->resume();
}
void engine::interest(std::uint32_t slot, bool ping, bool pong) {
  if (connection* c = in_order().find(slot)) c->set_interest(ping, pong);
}
void engine::release(std::uint32_t slot) { in_order().release(slot); }
void engine::accept(std::uint32_t slot, std::string_view fields) {
  if (connection* c = in_order().find(slot)) c->accept(fields);
}
void engine::carry(std::uint32_t slot) {
  if (connection* c = in_order().find(slot)) c->carry();
}
void engine::reject(std::uint32_t slot, std::string_view answer) {
  if (connection* c = in_order().find(slot)) c->reject(answer);
}
void engine::subscribe(std::uint32_t slot, std::string_view topic) {
  if (connection* c = in_order().find(slot)) c->subscribe(topic);
}
void engine::unsubscribe(std::uint32_t slot, std::string_view topic) {
  if (connection* c = in_order().find(slot)) c->unsubscribe(topic);
}
void engine::set_user(std::uint32_t slot, std::string_view user) {
  if (connection* c = in_order().find(slot)) c->set_user(user);
}
bool engine::publish(std::uint32_t id, std::string_view topic, std::span<const std::uint8_t> payload,
                     send_flags flags, std::uint32_t except) {
  server* s = reactor_->find_server(id);
  return s == nullptr || s->publish(topic, payload, flags, except);
}
bool engine::publish(std::uint32_t id, const publish_target& to, std::span<const std::uint8_t> payload,
                     send_flags flags) {
  server* s = reactor_->find_server(id);
  return s == nullptr || s->publish(to, payload, flags);
}
void engine::keep(std::uint32_t id, std::string_view topic, const hub::kept_bounds& bounds,
                  std::int64_t head) {
  if (server* s = in_order().find_server(id)) s->keep(topic, bounds, head);
}
void engine::forget(std::uint32_t id, std::string_view topic) {
  if (server* s = in_order().find_server(id)) s->forget(topic);
}
void engine::subscribe_from(std::uint32_t slot, const replay_request& what) {
  if (connection* c = in_order().find(slot)) c->subscribe_from(what);
}
void engine::pipe_data(std::uint32_t slot, std::span<std::uint8_t> bytes) {
  if (connection* c = in_order().find(slot)) c->pipe_data(bytes);
}
void engine::pipe_ack(std::uint32_t slot, std::uint32_t bytes) {
  if (connection* c = in_order().find(slot)) c->pipe_ack(bytes);
}
void engine::pipe_end(std::uint32_t slot, bool broken) {
  if (connection* c = in_order().find(slot)) c->pipe_end(broken);
}
void engine::listen(std::uint32_t id) { in_order().listen(id); }
void engine::close_server(std::uint32_t id, std::int64_t milliseconds) {
  if (server* s = in_order().find_server(id)) s->close(milliseconds);
}
void engine::refuse_peers(std::uint32_t id, bool deaf) {
  if (server* s = in_order().find_server(id)) s->refuse(deaf);
}

}  // namespace hawser::net
