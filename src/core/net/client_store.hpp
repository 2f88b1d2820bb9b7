// The durable messages of a managed client: they go to the store first, and to the queue when they are safe
// there.
//
//   put() ─► durable_store ─ committed ─► core.send()          loaded at open ─► core.restore()
//
// Used on the reactor's thread; the store's completions are posted into its io_context. What they capture is
// shared, so that one which comes after this object finds nothing to do.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/client/client_core.hpp"
#include "core/net/settings.hpp"
#include "core/store/durable_store.hpp"

namespace hawser::net {

class client_store {
 public:
  struct callbacks {
    std::function<void(std::uint32_t token, client::settlement how)> settled;
    std::function<void(const std::string& detail)> failed;
    std::function<void()> changed;
    std::function<client::time_ms()> now;
    std::function<client::time_ms()> wall_ahead;
  };

  // Opens; the core holds its sending until the store was read. `context` and `core` outlive this object.
  client_store(boost::asio::io_context& context, const decltype(client_settings::queue)& settings,
               client::client_core& core, callbacks callbacks);
  ~client_store();
  client_store(const client_store&) = delete;
  client_store& operator=(const client_store&) = delete;

  void put(const client::core_message& message, client::time_ms now);
  void remove(std::uint64_t key);
  // Restores what the queue had no room for when the store was read, as far as it has now.
  void refill();
  void close();
  bool closed() const noexcept { return closed_; }

  // Messages that wait for the disk.
  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

 private:
  struct waiting_message {
    std::uint64_t key;
    std::string id;
    std::vector<std::uint8_t> payload;
    client::core_message message;  // its views are set when it is used
  };

  void on_open(store::open_report&& report);
  void on_commit(store::commit_report&& report);
  void on_close(store::store_failure&& failure);
  void restore();

  client::client_core& core_;
  const callbacks tell_;
  const std::size_t max_bytes_;
  std::deque<waiting_message> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::deque<store::stored_message> loaded_;  // not yet in the queue
  bool opened_ = false;
  bool closed_ = false;
  std::unique_ptr<store::durable_store> store_;
};

}  // namespace hawser::net
