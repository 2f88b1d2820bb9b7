// Establishes one outgoing stream: name → addresses → first connection (RFC 8305) → proxy tunnel, under one
// deadline.
//
//   resolving ──► connecting ──► proxying (CONNECT) ──► result      unix_path and literals skip resolving,
//       └───────────────┴────────────────┴── error, deadline or cancel() ──► result   a direct dial skips
//       proxying
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/net/dial_socket.hpp"
#include "core/net/happy_eyeballs.hpp"
#include "core/net/proxy_connect.hpp"
#include "core/net/resolver.hpp"

namespace hawser::net {

struct dial_settings {
  std::string host;  // target: a name or an address literal, without brackets
  std::uint16_t port = 0;
  std::string unix_path;  // non-empty: connect there instead, without a proxy; a leading NUL is Linux's
                          // abstract space
  // Already resolved addresses of the host we connect to (the proxy's when there is one); non-empty skips
  // DNS.
  std::vector<boost::asio::ip::address> addresses;
  std::string proxy_host;  // empty: direct. With a proxy the target's name is resolved by the proxy.
  std::uint16_t proxy_port = 0;
  std::string proxy_authorization;                                 // value of Proxy-Authorization, or empty
  std::vector<std::pair<std::string, std::string>> proxy_headers;  // see proxy_request
  std::chrono::milliseconds timeout{10000};                        // resolve + TCP + proxy; 0: none
  int family = 0;                                                  // 0 (any), 4 or 6
  std::chrono::milliseconds attempt_delay{250};                    // RFC 8305 §8; clamped to 10 ms … 2 s
  std::string local_address;             // literal to bind to; empty: the system's choice
  std::shared_ptr<lookup_pool> lookups;  // null: the process-wide pool over getaddrinfo
};

// error.code of a failed dial:
//   dns_failed            the name has no address (of that family)
//   connection_refused, connection_reset, host_unreachable, access_denied, address_not_available,
//   connect_timeout, connection_failed     the most telling of all attempts; the detail lists every address
//   tried proxy_failed          the proxy answered with another status than 2xx (proxy_status), with no HTTP,
//   or not to the end connect_timeout       the deadline passed; the detail names the phase that hung aborted
//   cancel()
struct dial_result {
  error_info error;
  socket_type socket;                     // open only without error: non-blocking, close-on-exec, TCP_NODELAY
  std::vector<std::uint8_t> early_bytes;  // received after the proxy's answer, the first bytes of the stream
  std::string remote_address;  // of the host connected to (the proxy's when there is one), or the unix path
  std::uint16_t remote_port = 0;  // 0 for a unix socket
  int proxy_status = 0;           // 0: no proxy, or no answer
  std::string proxy_body_start;   // of a refusal, at most 4 KiB
  std::vector<std::pair<std::string, std::string>> proxy_headers;
};

// Used on the thread that runs the io_context only. The dial keeps itself alive until its handler ran:
// dropping the returned pointer does not stop it. The io_context may be destroyed during a dial (the handler
// is then destroyed without a call), but a pointer to the dialer must not outlive it.
class dialer : public std::enable_shared_from_this<dialer> {
 public:
  using handler = std::function<void(dial_result)>;

  // A refusal by the proxy is reported when its body ended, its first 4 KiB are in, or this long after its
  // header.
  static constexpr std::chrono::milliseconds refusal_grace{500};
  // A unix listener's full backlog cannot be waited for; it is tried again after this long.
  static constexpr std::chrono::milliseconds backlog_retry{20};
  static constexpr std::size_t proxy_read_size = 4096;

  // `done` runs on the io_context exactly once, never inline from start() or cancel().
  static std::shared_ptr<dialer> start(boost::asio::io_context& context, dial_settings settings,
                                       handler done);
  // The handler is called with errc::aborted; after the result it does nothing.
  void cancel();

  dialer(const dialer&) = delete;
  dialer& operator=(const dialer&) = delete;

 private:
  enum class phase { waiting, resolving, connecting, proxying, done };

  dialer(boost::asio::io_context& context, dial_settings settings, handler done);

  const std::string& connect_host() const;
  std::uint16_t connect_port() const;
  std::string target() const;

  void begin();
  void arm_deadline(std::chrono::steady_clock::time_point when);
  void on_deadline();
  void resolve();
  void on_resolved(resolve_result result);
  void connect_to(std::vector<boost::asio::ip::address> addresses);
  void connect_unix();
  void race(const happy_eyeballs::event& event);
  boost::system::error_code open_attempt(std::size_t candidate);
  void begin_attempt(std::size_t candidate);
  void on_attempt(std::size_t candidate, boost::system::error_code ec);
  void retry_full_backlog(std::size_t candidate);
  void on_connected(std::size_t candidate);
  void begin_proxy();
  void read_proxy();
  void on_proxy_write(const boost::system::error_code& ec);
  void on_proxy_read(const boost::system::error_code& ec, std::size_t size);
  void settle_proxy();

  void succeed();
  void fail(error_info error);
  // Ends every operation and closes every socket; the result is not yet reported.
  void release();
  void report(error_info error, socket_type socket);

  boost::asio::io_context& context_;
  const dial_settings settings_;
  handler done_;
  phase phase_ = phase::waiting;
  const std::chrono::steady_clock::time_point started_;
  boost::asio::steady_timer deadline_;
  std::uint64_t resolve_id_ = 0;

  // connecting
  std::optional<happy_eyeballs> eyeballs_;
  std::vector<stream_endpoint> candidates_;
  std::vector<std::string> labels_;    // of the candidates, for messages
  std::vector<socket_type> attempts_;  // by candidate; open while its attempt runs
  boost::asio::steady_timer attempt_timer_;
  bool backlog_full_ = false;

  // the connection
  socket_type socket_;
  std::string remote_address_;
  std::uint16_t remote_port_ = 0;

  // proxying
  std::optional<proxy_connect> proxy_;
  bool request_written_ = false;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace hawser::net
