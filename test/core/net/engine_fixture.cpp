// The sink in memory and the engine around it.
#include "core/net/engine_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>

#include "core/net/tls_test_certs.hpp"
#include "core/protocol/handshake.hpp"

namespace hawser::net::test {

namespace {
// Nothing of these tests takes so long; passing it means that an event never came.
constexpr std::chrono::seconds patience{30};

std::string text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
}  // namespace

std::string delivery::field(std::size_t n) const {
  std::size_t begin = 0;
  for (; n > 0; n--) {
    const std::size_t end = payload.find('\n', begin);
    if (end == std::string::npos) return {};
    begin = end + 1;
  }
  return payload.substr(begin, payload.find('\n', begin) - begin);
}

std::ostream& operator<<(std::ostream& out, const delivery& d) {
  if (d.is_message) {
    return out << "message of " << d.connection << (d.binary ? " binary" : " text") << " " << d.payload.size()
               << " bytes: " << d.payload.substr(0, 40);
  }
  return out << "event " << static_cast<int>(d.kind) << " of " << d.connection << " aux " << d.aux << ": "
             << d.payload.substr(0, 80);
}

// ----------------------------------------------------------------------------------------------------- from
// the test

void memory_sink::post(command what) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(what));
  }
  wake_();
}

void memory_sink::set_gate(gate to) {
  {
    const std::lock_guard lock(mutex_);
    gate_ = to;
    refuse_at_ = SIZE_MAX;
    refused_ = stuttered_ = false;
  }
  wake_();
}

void memory_sink::refuse_at(std::size_t n) {
  const std::lock_guard lock(mutex_);
  refuse_at_ = n;
}

bool memory_sink::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

bool memory_sink::wait(const std::function<bool(const delivery_log&)>& holds) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, patience, [&] { return holds(log_); })) return true;
  ADD_FAILURE() << "What was waited for never came. Delivered so far: " << log_.size();
  for (std::size_t i = 0; i < log_.size() && i < 50; i++) ADD_FAILURE() << log_[i];
  return false;
}

delivery memory_sink::wait_for(const std::function<bool(const delivery&)>& satisfies, std::size_t from) {
  delivery found;
  std::size_t at = from;
  wait([&](const delivery_log& log) {
    for (; at < log.size(); at++) {
      if (!satisfies(log[at])) continue;
      found = log[at];
      return true;
    }
    return false;
  });
  return found;
}

delivery memory_sink::wait_for(event_kind kind, std::uint32_t connection) {
  return wait_for([=](const delivery& d) { return d.is(kind, connection); });
}

bool memory_sink::wait_asleep() {
  // The second command runs in a later turn than the first.
  std::uint64_t before = UINT64_MAX;
  post([this, &before](engine&) {
    post([this, &before](engine&) {
      const std::lock_guard lock(mutex_);
      before = sleeps_;
    });
  });
  std::unique_lock lock(mutex_);
  const bool asleep =
      changed_.wait_for(lock, patience, [&] { return before != UINT64_MAX && sleeps_ > before; });
  EXPECT_TRUE(asleep) << "The engine does not come to rest.";
  return asleep;
}

bool memory_sink::wait_flushed(std::uint32_t slot, std::uint32_t weight, std::uint32_t messages) {
  std::unique_lock lock(mutex_);
  const bool done = changed_.wait_for(lock, patience, [&] {
    const auto found = flushed_.find(slot);
    return found != flushed_.end() && found->second == std::pair(weight, messages);
  });
  EXPECT_TRUE(done) << "flushed weight " << flushed_[slot].first << " of " << weight << ", messages "
                    << flushed_[slot].second << " of " << messages;
  return done;
}

delivery_log memory_sink::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

std::string memory_sink::messages_of(std::uint32_t slot) const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const delivery& d : log_) {
    if (d.is_message_of(slot)) out += d.payload;
  }
  return out;
}

std::size_t memory_sink::count(const std::function<bool(const delivery&)>& satisfies) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(log_.begin(), log_.end(), satisfies));
}

std::uint32_t memory_sink::sent_of(std::uint32_t slot) const {
  const std::lock_guard lock(mutex_);
  std::uint32_t sum = 0;
  for (const delivery& d : log_) {
    if (d.is(event_kind::sent, slot)) sum += d.aux;
  }
  return sum;
}

std::pair<std::uint32_t, std::uint32_t> memory_sink::flushed_of(std::uint32_t slot) const {
  const std::lock_guard lock(mutex_);
  const auto found = flushed_.find(slot);
  return found == flushed_.end() ? std::pair<std::uint32_t, std::uint32_t>{} : found->second;
}

bool memory_sink::flushed_monotone() const {
  const std::lock_guard lock(mutex_);
  return monotone_;
}

// ----------------------------------------------------------------------------------------------------- from
// the engine

bool memory_sink::admit() {
  bool admitted = gate_ == gate::open;
  if (gate_ == gate::stutter) {
    stuttered_ = !stuttered_;
    admitted = !stuttered_;
    // Who refuses wakes the engine when there is room.
    if (!admitted) wake_();
  }
  if (admitted && log_.size() >= refuse_at_) {
    gate_ = gate::shut;
    admitted = false;
  }
  if (!admitted) refused_ = true;
  return admitted;
}

bool memory_sink::take(delivery what) {
  if (what.is(event_kind::close) && auto_release_) {
    const std::lock_guard lock(mutex_);
    commands_.push_back([slot = what.connection](engine& target) { target.release(slot); });
  }
  if (reaction_) reaction_(what);
  {
    const std::lock_guard lock(mutex_);
    log_.push_back(std::move(what));
  }
  changed_.notify_all();
  return true;
}

bool memory_sink::message(std::uint32_t slot, message_flags flags, std::span<const std::uint8_t> payload) {
  EXPECT_LE(payload.size(), owned_threshold_);
  {
    const std::lock_guard lock(mutex_);
    if (!admit()) return false;
  }
  return take({.is_message = true,
               .connection = slot,
               .binary = flags.binary,
               .ascii = flags.ascii,
               .payload = text_of(payload)});
}

bool memory_sink::owned_message(std::uint32_t slot, message_flags flags, std::vector<std::uint8_t>& payload) {
  EXPECT_GT(payload.size(), owned_threshold_);
  {
    const std::lock_guard lock(mutex_);
    if (!admit()) return false;
  }
  const std::vector<std::uint8_t> mine = std::move(payload);
  payload.clear();
  return take({.is_message = true,
               .connection = slot,
               .binary = flags.binary,
               .ascii = flags.ascii,
               .owned = true,
               .payload = text_of(mine)});
}

bool memory_sink::event(event_kind kind, std::uint32_t connection, std::uint32_t aux,
                        std::span<const std::uint8_t> payload) {
  {
    const std::lock_guard lock(mutex_);
    if (!admit()) return false;
  }
  return take({.kind = kind, .connection = connection, .aux = aux, .payload = text_of(payload)});
}

bool memory_sink::record(const client_record& what) {
  {
    const std::lock_guard lock(mutex_);
    if (!admit()) return false;
  }
  return take({.kind = what.kind,
               .connection = what.client,
               .aux = what.aux,
               .route = what.route,
               .payload = std::string(text_of(what.head)) + std::string(text_of(what.body))});
}

bool memory_sink::room() {
  const std::lock_guard lock(mutex_);
  return gate_ != gate::shut;
}

void memory_sink::flushed(std::uint32_t slot, std::uint32_t weight, std::uint32_t messages) {
  {
    const std::lock_guard lock(mutex_);
    auto& entry = flushed_[slot];
    // A new connection of the slot begins at zero.
    if ((weight != 0 || messages != 0) && (static_cast<std::int32_t>(weight - entry.first) < 0 ||
                                           static_cast<std::int32_t>(messages - entry.second) < 0)) {
      monotone_ = false;
    }
    entry = {weight, messages};
  }
  changed_.notify_all();
}

bool memory_sink::commands_waiting() {
  const std::lock_guard lock(mutex_);
  return !commands_.empty();
}

std::uint32_t memory_sink::run_commands(engine& target) {
  // What an earlier run of the turn has left is in front.
  const std::size_t first = running_.size();
  {
    const std::lock_guard lock(mutex_);
    const auto end =
        commands_.begin() + static_cast<std::ptrdiff_t>(std::min(commands_.size(), command_limit_));
    running_.insert(running_.end(), std::make_move_iterator(commands_.begin()), std::make_move_iterator(end));
    commands_.erase(commands_.begin(), end);
  }
  for (std::size_t i = first; i < running_.size(); i++) running_[i](target);
  const auto count = static_cast<std::uint32_t>(running_.size() - first);
  executed_ += count;
  return count;
}

std::uint32_t memory_sink::commands_mark() {
  const std::lock_guard lock(mutex_);
  return executed_ + static_cast<std::uint32_t>(commands_.size());
}

bool memory_sink::commands_past(std::uint32_t mark) {
  return static_cast<std::int32_t>(executed_ - mark) >= 0;
}

void memory_sink::commands_done() { running_.clear(); }

bool memory_sink::prepare_sleep() {
  {
    const std::lock_guard lock(mutex_);
    if (!commands_.empty()) return false;
    if (gate_ == gate::shut && refuse_at_ != SIZE_MAX) {
      gate_ = gate::open;
      refuse_at_ = SIZE_MAX;
      return false;
    }
    sleeps_++;
  }
  changed_.notify_all();
  return true;
}

// --------------------------------------------------------------------------------------------------- engine

test_engine::test_engine(std::uint32_t slots, std::size_t budget, std::size_t owned_threshold)
    : budget_(budget), sink(owned_threshold), engine_(std::make_unique<engine>(sink, budget_, slots)) {
  sink.set_wake([this] { engine_->wake(); });
  start();
}

test_engine::~test_engine() {
  stop();
  engine_.reset();
  EXPECT_EQ(budget_.used(), 0u) << "Memory of partial messages was not given back.";
}

void test_engine::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { engine_->run(); });
}

void test_engine::stop() {
  if (!thread_.joinable()) return;
  engine_->stop();
  thread_.join();
}

std::uint16_t test_engine::listen(std::uint32_t id, std::unique_ptr<listen_settings> settings) {
  host(id, settings ? std::move(settings) : server_settings());
  const delivery ready = sink.wait_for([=](const delivery& d) {
    return d.is(event_kind::listening, id) || d.is(event_kind::server_error, id);
  });
  EXPECT_TRUE(ready.is(event_kind::listening)) << ready;
  return ready.is(event_kind::listening) ? static_cast<std::uint16_t>(std::stoi(ready.field(1))) : 0;
}

void test_engine::host(std::uint32_t id, std::unique_ptr<listen_settings> settings) {
  if (!settings) {
    settings = server_settings();
    settings->listen = false;
  }
  engine_->prepare_listen(id, std::move(settings));
  sink.post([=](engine& e) { e.listen(id); });
}

std::uint32_t test_engine::connect(std::unique_ptr<connect_settings> settings) {
  const std::uint32_t slot = engine_->prepare_connect(std::move(settings));
  EXPECT_NE(slot, no_slot);
  sink.post([=](engine& e) { e.begin(slot); });
  return slot;
}

std::uint32_t test_engine::adopt(std::unique_ptr<adopt_settings> settings) {
  const std::uint32_t slot = engine_->prepare_adopt(std::move(settings));
  EXPECT_NE(slot, no_slot);
  sink.post([=](engine& e) { e.begin(slot); });
  return slot;
}

void test_engine::send(std::uint32_t slot, std::string payload, send_flags flags) {
  auto bytes = std::make_shared<std::string>(std::move(payload));
  sink.post([=](engine& e) {
    e.send(slot, {reinterpret_cast<std::uint8_t*>(bytes->data()), bytes->size()}, flags);
  });
}

void test_engine::close(std::uint32_t slot, std::uint16_t code, std::string reason) {
  sink.post([=](engine& e) { e.close(slot, code, reason); });
}

void test_engine::run(const std::function<void(engine&)>& what) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> finished = done->get_future();
  sink.post([&, done](engine& e) {
    what(e);
    done->set_value();
  });
  ASSERT_EQ(finished.wait_for(patience), std::future_status::ready) << "The engine ran no commands.";
}

std::uint32_t test_engine::accepted(std::size_t n) {
  std::uint32_t slot = no_slot;
  sink.wait([&](const delivery_log& log) {
    std::size_t seen = 0;
    for (const delivery& d : log) {
      if (!d.is(event_kind::connection) || seen++ < n) continue;
      slot = d.connection;
      return true;
    }
    return false;
  });
  return slot;
}

// ------------------------------------------------------------------------------------------------- settings

std::unique_ptr<listen_settings> server_settings() {
  auto settings = std::make_unique<listen_settings>();
  settings->host = "127.0.0.1";
  settings->socket.heartbeat_interval = 0;
  return settings;
}

std::unique_ptr<connect_settings> client_settings(std::uint16_t port) {
  auto settings = std::make_unique<connect_settings>();
  settings->host = "127.0.0.1";
  settings->port = port;
  settings->target = "/";
  settings->host_header = "127.0.0.1:" + std::to_string(port);
  settings->socket.heartbeat_interval = 0;
  return settings;
}

std::unique_ptr<adopt_settings> adopted_settings(std::uint32_t server, int descriptor) {
  auto settings = std::make_unique<adopt_settings>();
  settings->server = server;
  settings->descriptor = descriptor;
  settings->key = sample_key;
  return settings;
}

void secure(listen_settings& server, connect_settings& client) {
  error_info error;
  const issued_certificate& identity = localhost_certificate();
  server.tls = tls_context::make_server({.cert_pem = identity.cert_pem, .key_pem = identity.key_pem}, error);
  client.tls = tls_context::make_client({.ca_pem = {test_ca().pem()}}, error);
  client.server_name = "localhost";
  EXPECT_FALSE(error) << error.detail;
}

std::string digest_for(const std::string& head) {
  const std::string name = "Sec-WebSocket-Key: ";
  return protocol::accept_key(head.substr(head.find(name) + name.size(), 24));
}

raw_peer accept_upgraded(raw_listener& listener) {
  raw_peer peer = listener.accept();
  peer.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Accept: " +
      digest_for(peer.read_head()) + "\r\n\r\n");
  return peer;
}

std::string pattern(std::size_t size, std::size_t seed) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; i++) {
    out[i] = static_cast<char>('!' + ((i * 7 + (i >> 8) * 13 + seed * 31) % 90));
  }
  return out;
}

}  // namespace hawser::net::test
