#include "core/net/client_store.hpp"

#include <boost/asio/post.hpp>

#include "core/bytes.hpp"

namespace hawser::net {

namespace {
constexpr std::uint32_t stored_binary = 1;
constexpr std::uint32_t stored_joinable = 2;
}  // namespace

client_store::client_store(boost::asio::io_context& context, const decltype(client_settings::queue)& settings,
                           client::client_core& core, callbacks callbacks)
    : core_(core), tell_(std::move(callbacks)), max_bytes_(settings.max_bytes) {
  store::store_settings to;
  to.path = settings.store;
  to.line = settings.line;
  to.fsync = settings.fsync;
  to.max_bytes = std::max(to.max_bytes, settings.max_bytes * 2);
  store::store_failure failure;
  store_ = store::durable_store::open(
      to, [&context](std::function<void()> task) { boost::asio::post(context, std::move(task)); },
      {.on_open = [this](store::open_report&& report) { on_open(std::move(report)); },
       .on_commit = [this](store::commit_report&& report) { on_commit(std::move(report)); },
       .on_close = [this](store::store_failure&& why) { on_close(std::move(why)); }},
      failure);
  if (store_) return;
  closed_ = true;
  tell_.failed(failure.detail);
  core_.release_sending(tell_.now());
}

client_store::~client_store() = default;

void client_store::on_open(store::open_report&& report) {
  opened_ = true;
  if (report.failure) tell_.failed(report.failure.detail);
  for (store::stored_message& one : report.messages) loaded_.push_back(std::move(one));
  restore();
  core_.release_sending(tell_.now());
  tell_.changed();
}

// What the queue has no room for waits here, and follows when messages have gone.
void client_store::restore() {
  const client::time_ms ahead = tell_.wall_ahead();
  while (!loaded_.empty()) {
    const store::stored_message& one = loaded_.front();
    if (core_.bytes() > 0 && core_.bytes() + one.payload.size() > max_bytes_) return;
    client::outgoing data;
    data.sequence = one.key;
    data.store_key = one.key;
    data.expires_at = one.expires_at == 0 ? 0 : std::max<client::time_ms>(1, one.expires_at - ahead);
    data.payload = bytes_of(one.payload);
    data.id = one.id;
    data.priority = static_cast<client::message_priority>(std::min<std::uint8_t>(one.priority, 2));
    data.binary = (one.flags & stored_binary) != 0;
    data.joinable = (one.flags & stored_joinable) != 0;
    data.acked = true;
    data.durable = true;
    const client::push_result result = core_.restore(data, tell_.now());
    if (result == client::push_result::rejected) return;
    if (result != client::push_result::accepted) store_->remove(one.key);
    loaded_.pop_front();
  }
}

void client_store::refill() {
  if (loaded_.empty() || closed_) return;
  const std::size_t before = loaded_.size();
  restore();
  if (loaded_.size() < before) core_.release_sending(tell_.now());
}

void client_store::put(const client::core_message& message, client::time_ms now) {
  const auto refuse = [&](client::settlement why) {
    if (message.data.token != 0) tell_.settled(message.data.token, why);
  };
  if (closed_) return refuse(client::settlement::store_failed);
  if (core_.bytes() + waiting_bytes_ + message.data.payload.size() > max_bytes_)
    return refuse(client::settlement::queue_full);
  store::message_view view;
  view.id = message.data.id;
  view.payload = {reinterpret_cast<const char*>(message.data.payload.data()), message.data.payload.size()};
  view.expires_at = message.ttl > 0 ? now + message.ttl + tell_.wall_ahead() : 0;
  view.flags = (message.data.binary ? stored_binary : 0) | (message.data.joinable ? stored_joinable : 0);
  view.priority = static_cast<std::uint8_t>(message.data.priority);
  const store::put_ticket ticket = store_->put(view);
  if (ticket.error == store::store_error::backlog_full) return refuse(client::settlement::queue_full);
  if (ticket.error != store::store_error::none) return refuse(client::settlement::store_failed);
  waiting_message& one = waiting_.emplace_back(
      waiting_message{.key = ticket.key,
                      .id = std::string(message.data.id),
                      .payload = {message.data.payload.begin(), message.data.payload.end()},
                      .message = message});
  one.message.data.store_key = ticket.key;
  waiting_bytes_ += one.payload.size();
}

void client_store::on_commit(store::commit_report&& report) {
  for (const store::put_outcome& outcome : report.outcomes) {
    if (waiting_.empty() || waiting_.front().key != outcome.key) continue;
    waiting_message one = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= one.payload.size();
    const std::uint32_t token = one.message.data.token;
    if (outcome.error != store::store_error::none) {
      if (token != 0)
        tell_.settled(token, outcome.error == store::store_error::full ? client::settlement::queue_full
                                                                       : client::settlement::store_failed);
      continue;
    }
    one.message.data.payload = one.payload;
    one.message.data.id = one.id;
    // A promise of the store is kept now; one of the ack goes with the message. The message itself waits for
    // its ack in any case, where the server gives acks: a process may die when the kernel has what the peer
    // has not.
    const bool promised_ack = one.message.data.acked;
    one.message.data.acked = true;
    if (!promised_ack) one.message.data.token = 0;
    const bool sent = core_.send(one.message, tell_.now());
    if (!sent) store_->remove(one.key);
    if (!promised_ack && token != 0)
      tell_.settled(token, sent ? client::settlement::done : client::settlement::queue_full);
  }
  if (report.failure) tell_.failed(report.failure.detail);
  tell_.changed();
}

void client_store::remove(std::uint64_t key) {
  if (!closed_) store_->remove(key);
  if (!loaded_.empty()) tell_.changed();
}

void client_store::close() {
  if (!closed_) store_->close();
}

void client_store::on_close(store::store_failure&&) {
  closed_ = true;
  for (const waiting_message& one : waiting_) {
    if (one.message.data.token != 0) tell_.settled(one.message.data.token, client::settlement::store_failed);
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  tell_.changed();
}

}  // namespace hawser::net
