// The rules of lib/native/channel.ts.
#include "js_side.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>

namespace hawser::bridge::test {

namespace {
constexpr std::uint32_t stride = 64;
constexpr std::size_t record_weight = 64;
constexpr std::chrono::seconds patience{30};

std::size_t words_for(std::uint32_t capacity) {
  return (ring_control_bytes + capacity + ring_slack_bytes) / 8;
}
std::uint32_t number(out_kind kind) { return static_cast<std::uint32_t>(kind); }
}  // namespace

js_side::js_side(js_options options)
    : options_(options),
      budget_(options.budget),
      inbound_words_(words_for(options.inbound)),
      outbound_words_(words_for(options.outbound)),
      table_(std::size_t{options.slots} * 2),
      in_(reinterpret_cast<std::uint8_t*>(inbound_words_.data()), options.inbound),
      out_(reinterpret_cast<std::uint8_t*>(outbound_words_.data()), options.outbound),
      in_head_(options.start),
      in_released_(options.start),
      out_tail_(options.start),
      out_published_(options.start),
      out_head_seen_(options.start) {
  for (const ring_memory& ring : {in_, out_}) {
    ring.head().store(options.start);
    ring.tail().store(options.start);
  }
  doorbell& bell = *this;
  channel_ = std::make_unique<channel>(in_, out_, std::span(table_), bell);
  engine_ = std::make_unique<net::engine>(*channel_, budget_, options.slots);
  in_.sleeping().store(1);
  start();
}

js_side::~js_side() {
  stop();
  engine_.reset();
  EXPECT_EQ(budget_.used(), 0u) << "Memory of partial messages was not given back.";
  EXPECT_EQ(strays_, 0u) << "Records came for sockets that nobody holds.";
}

void js_side::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { engine_->run(); });
}

void js_side::stop() {
  if (!thread_.joinable()) return;
  engine_->stop();
  thread_.join();
}

void js_side::ring() noexcept {
  {
    const std::lock_guard lock(mutex_);
    rung_flag_ = true;
  }
  rung_.notify_one();
}

bool js_side::wait_bell() {
  std::unique_lock lock(mutex_);
  const bool came = rung_.wait_for(lock, patience, [this] { return rung_flag_; });
  rung_flag_ = false;
  return came;
}

// ------------------------------------------------------------------------------------------------------- to
// the reactor

std::uint16_t js_side::listen(std::uint32_t id, std::unique_ptr<net::listen_settings> settings) {
  servers_[id] = {};
  servers_[id].gauge = engine_->prepare_listen(id, std::move(settings)).front();
  command(out_kind::listen, id);
  run_until([&] { return servers_[id].listening || !servers_[id].errors.empty(); });
  return servers_[id].port;
}

std::uint32_t js_side::connect(std::unique_ptr<net::connect_settings> settings) {
  const std::uint32_t slot = engine_->prepare_connect(std::move(settings));
  if (slot == net::no_slot) return slot;
  EXPECT_FALSE(held_[slot]) << "A slot was given out while a handle holds it.";
  held_[slot] = true;
  sockets_[slot] = {};
  command(out_kind::connect, slot);
  return slot;
}

bool js_side::send(std::uint32_t slot, const std::string& data, std::uint32_t flags) {
  const auto size = static_cast<std::uint32_t>(data.size());
  if (size > large_threshold) {
    if (overflow_weight_ + size + record_weight > options_.overflow) return false;
    const std::uint32_t name[2] = {channel_->outbound_buffers().put({data.begin(), data.end()}), size};
    push(number(out_kind::send) | (flags | out_flag::large) << 8, slot, 0,
         {reinterpret_cast<const char*>(name), sizeof(name)}, true);
  } else if (!push(number(out_kind::send) | flags << 8, slot, 0, data, false)) {
    return false;
  }
  sockets_[slot].queued_weight += size + message_overhead;
  sockets_[slot].queued_messages++;
  return true;
}

bool js_side::publish(std::uint32_t server, const std::string& topic, const std::string& data,
                      std::uint32_t flags, std::uint32_t except) {
  const std::uint32_t aux = server << 16 | static_cast<std::uint32_t>(topic.size());
  if (data.size() <= large_threshold) {
    return push(number(out_kind::publish) | flags << 8, except, aux, topic + data, false);
  }
  const std::uint32_t name[2] = {channel_->outbound_buffers().put({data.begin(), data.end()}),
                                 static_cast<std::uint32_t>(data.size())};
  return push(number(out_kind::publish) | (flags | out_flag::large) << 8, except, aux,
              std::string(reinterpret_cast<const char*>(name), sizeof(name)) + topic, true);
}

void js_side::command(out_kind kind, std::uint32_t connection, std::uint32_t aux,
                      const std::string& payload) {
  push(number(kind), connection, aux, payload, true);
}

std::uint32_t js_side::pending_weight(std::uint32_t slot) {
  return sockets_[slot].queued_weight - std::atomic_ref<std::uint32_t>(table_[std::size_t{slot} * 2]).load();
}
std::uint32_t js_side::pending_messages(std::uint32_t slot) {
  return sockets_[slot].queued_messages -
         std::atomic_ref<std::uint32_t>(table_[std::size_t{slot} * 2 + 1]).load();
}

std::pair<std::uint32_t, std::uint32_t> js_side::flushed(std::uint32_t slot) {
  auto& both = reinterpret_cast<std::uint64_t&>(table_[std::size_t{slot} * 2]);
  const auto [weight, messages] = std::bit_cast<std::array<std::uint32_t, 2>>(std::atomic_ref(both).load());
  return {weight, messages};
}

std::uint32_t js_side::above_mark(std::uint32_t server) {
  return std::atomic_ref<std::uint32_t>(table_[std::size_t{servers_[server].gauge} * 2]).load();
}

bool js_side::push(std::uint32_t kind_flags, std::uint32_t connection, std::uint32_t aux,
                   const std::string& data, bool always) {
  std::uint8_t* at = overflow_.empty() ? place(data.size()) : nullptr;
  if (at == nullptr) {
    if (!always && overflow_weight_ + data.size() + record_weight > options_.overflow) return false;
    overflow_weight_ += data.size() + record_weight;
    overflow_.push_back({kind_flags, connection, aux, data});
    return true;
  }
  std::memcpy(at, data.data(), data.size());
  commit(data.size(), connection, kind_flags, aux);
  return true;
}

std::uint8_t* js_side::place(std::size_t size) {
  const std::uint32_t capacity = out_.capacity();
  const std::uint32_t need = record_size(size);
  const std::uint32_t rest = out_.until_end(out_tail_);
  const std::uint32_t total = need <= rest ? need : need + rest;
  if (capacity - (out_tail_ - out_head_seen_) < total) {
    out_head_seen_ = out_.head().load();
    if (capacity - (out_tail_ - out_head_seen_) < total) {
      publish_records();
      out_.waiting().store(1);
      out_head_seen_ = out_.head().load();
      if (capacity - (out_tail_ - out_head_seen_) < total) return nullptr;
      out_.waiting().store(0);
    }
  }
  if (need > rest) {
    const record_header pad{rest - 16, 0, 0, 0};
    std::memcpy(out_.at(out_tail_), &pad, sizeof(pad));
    out_tail_ += rest;
  }
  return out_.at(out_tail_) + sizeof(record_header);
}

void js_side::commit(std::size_t size, std::uint32_t connection, std::uint32_t kind_flags,
                     std::uint32_t aux) {
  const record_header header{static_cast<std::uint32_t>(size), connection, kind_flags, aux};
  std::memcpy(out_.at(out_tail_), &header, sizeof(header));
  out_tail_ += record_size(size);
  if (!draining_) publish_records();
}

void js_side::publish_records() {
  if (out_published_ == out_tail_) return;
  out_published_ = out_tail_;
  out_.tail().store(out_tail_);
  if (out_.sleeping().load() != 0 && out_.sleeping().exchange(0) != 0) engine_->wake();
}

void js_side::refill() {
  while (!overflow_.empty()) {
    const waiting_record& record = overflow_.front();
    std::uint8_t* at = place(record.data.size());
    if (at == nullptr) return;
    std::memcpy(at, record.data.data(), record.data.size());
    commit(record.data.size(), record.connection, record.kind_flags, record.aux);
    overflow_weight_ -= record.data.size() + record_weight;
    overflow_.pop_front();
  }
}

// ----------------------------------------------------------------------------------------------------- from
// the reactor

bool js_side::run_until(const std::function<bool()>& holds) {
  for (;;) {
    const bool more = drain();
    if (holds()) return true;
    if (more || wait_bell()) continue;
    for (const auto& [slot, socket] : sockets_) {
      ADD_FAILURE() << "Socket " << slot << (socket.open ? " open" : "") << (socket.closed ? " closed" : "")
                    << ", " << socket.messages.size() << " messages, pending " << pending_messages(slot);
    }
    ADD_FAILURE() << "No bell came; in the inbound ring lie " << inbound_used() << " bytes, in the outbound "
                  << out_tail_ - out_.head().load() << ", waiting here " << overflow_.size()
                  << " records; flags sleeping " << in_.sleeping().load() << " waiting "
                  << in_.waiting().load() << " / sleeping " << out_.sleeping().load() << " waiting "
                  << out_.waiting().load();
    return false;
  }
}

bool js_side::wait_full() {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (in_.waiting().load() == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "The engine never found the ring full; it holds " << inbound_used();
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

std::uint32_t js_side::inbound_used() const { return in_.tail().load() - in_.head().load(); }

bool js_side::drain() {
  draining_ = true;
  if (!overflow_.empty()) refill();
  const bool more = run();
  draining_ = false;
  release_records();
  publish_records();
  return more;
}

bool js_side::run() {
  std::uint32_t tail = in_.tail().load();
  std::uint32_t count = 0;
  for (;;) {
    if (in_head_ == tail) {
      tail = in_.tail().load();
      if (in_head_ == tail) {
        release_records();
        publish_records();
        in_.sleeping().store(1);
        tail = in_.tail().load();
        if (in_head_ == tail) return false;
        in_.sleeping().store(0);
      }
    }
    record_header header;
    const std::uint8_t* at = in_.at(in_head_);
    std::memcpy(&header, at, sizeof(header));
    const std::uint32_t next = in_head_ + record_size(header.length);
    const auto kind = static_cast<in_kind>(header.kind_flags & 0xff);
    if (kind == in_kind::message) {
      receive(header.connection, header.kind_flags >> 8, at + 16, header.length);
      in_head_ = next;
    } else {
      in_head_ = next;
      if (kind != in_kind::pad) {
        control(kind, header.connection, header.aux, {reinterpret_cast<const char*>(at + 16), header.length});
      }
    }
    if (++count % stride == 0) {
      release_records();
      publish_records();
    }
    if (count >= budget_records_) return true;
  }
}

void js_side::receive(std::uint32_t slot, std::uint32_t flags, const std::uint8_t* payload,
                      std::uint32_t length) {
  std::string data;
  if ((flags & in_flag::large) != 0) {
    std::uint32_t name[2];
    std::memcpy(name, payload, sizeof(name));
    const std::vector<std::uint8_t> taken = channel_->inbound_buffers().take(name[0]);
    EXPECT_EQ(taken.size(), name[1]);
    data.assign(taken.begin(), taken.end());
  } else {
    data.assign(reinterpret_cast<const char*>(payload), length);
  }
  if (!held_[slot]) {
    strays_++;
    return;
  }
  js_socket& socket = sockets_[slot];
  socket.bytes += data.size();
  if ((flags & in_flag::binary) != 0) socket.binary_messages++;
  if ((flags & in_flag::large) != 0) socket.large_messages++;
  if (on_message) on_message(slot, data, (flags & in_flag::binary) != 0);
  socket.messages.push_back(std::move(data));
}

void js_side::control(in_kind kind, std::uint32_t connection, std::uint32_t aux, std::string payload) {
  switch (kind) {
    case in_kind::listening: {
      const std::size_t line = payload.find('\n');
      servers_[connection].port = static_cast<std::uint16_t>(std::stoi(payload.substr(line + 1)));
      servers_[connection].listening = true;
      return;
    }
    case in_kind::server_error:
      servers_[connection].errors.push_back(aux);
      return;
    case in_kind::server_closed:
      servers_[connection].closed = true;
      return;
    case in_kind::dropped:
      servers_[connection].dropped += aux;
      return;
    case in_kind::server_drain:
      servers_[connection].drains++;
      return;
    case in_kind::connection:
      EXPECT_FALSE(held_[connection]) << "A slot was reused before it was released.";
      held_[connection] = true;
      sockets_[connection] = {};
      sockets_[connection].open = true;
      sockets_[connection].server = aux;
      servers_[aux].connections.push_back(connection);
      if (on_connection) on_connection(connection);
      return;
    default:
      break;
  }
  if (!held_[connection]) {
    strays_++;
    return;
  }
  js_socket& socket = sockets_[connection];
  if (kind == in_kind::open) {
    socket.open = true;
    if (on_open) on_open(connection);
  } else if (kind == in_kind::error) {
    socket.errors.push_back(aux);
  } else if (kind == in_kind::sent) {
    socket.sent += aux;
  } else if (kind == in_kind::drain) {
    socket.drains++;
    if (on_drain) on_drain(connection);
  } else if (kind == in_kind::close) {
    socket.open = false;
    socket.closed = true;
    socket.close_aux = aux;
    socket.close_reason = std::move(payload);
    held_[connection] = false;
    command(out_kind::release, connection);
    if (on_close) on_close(connection);
  }
}

void js_side::release_records() {
  if (in_released_ == in_head_) return;
  in_released_ = in_head_;
  in_.head().store(in_head_);
  if (in_.waiting().load() == 0) return;
  const std::uint32_t used = in_.tail().load() - in_head_;
  if (used <= in_.capacity() / 2 && in_.waiting().exchange(0) != 0) engine_->wake();
}

}  // namespace hawser::bridge::test
