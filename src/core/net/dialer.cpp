// The Asio shell that performs the decisions of happy_eyeballs and proxy_connect.
#include "core/net/dialer.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "core/net/system_error.hpp"

namespace hawser::net {
namespace {

using error_code = boost::system::error_code;

error_code family_mismatch() { return boost::asio::error::address_family_not_supported; }

std::string host_and_port(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string printable_path(std::string path) {
  std::replace(path.begin(), path.end(), '\0', '@');
  return path;
}

}  // namespace

dialer::dialer(boost::asio::io_context& context, dial_settings settings, handler done)
    : context_(context),
      settings_(std::move(settings)),
      done_(std::move(done)),
      started_(std::chrono::steady_clock::now()),
      deadline_(context),
      attempt_timer_(context),
      socket_(context) {}

std::shared_ptr<dialer> dialer::start(boost::asio::io_context& context, dial_settings settings,
                                      handler done) {
  std::shared_ptr<dialer> self(new dialer(context, std::move(settings), std::move(done)));
  boost::asio::post(context, [self] { self->begin(); });
  return self;
}

void dialer::cancel() {
  if (phase_ == phase::done) return;
  release();
  boost::asio::post(context_, [self = shared_from_this()] {
    self->report({errc::aborted, 0, "the connection attempt to " + self->target() + " was aborted"},
                 socket_type(self->context_));
  });
}

const std::string& dialer::connect_host() const {
  return settings_.proxy_host.empty() ? settings_.host : settings_.proxy_host;
}

std::uint16_t dialer::connect_port() const {
  return settings_.proxy_host.empty() ? settings_.port : settings_.proxy_port;
}

std::string dialer::target() const {
  if (!settings_.unix_path.empty()) return "unix socket " + printable_path(settings_.unix_path);
  return (settings_.proxy_host.empty() ? "" : "proxy ") + host_and_port(connect_host(), connect_port());
}

void dialer::begin() {
  if (phase_ == phase::done) return;
  if (settings_.timeout.count() > 0) arm_deadline(started_ + settings_.timeout);
  if (!settings_.unix_path.empty()) return connect_unix();
  if (!settings_.addresses.empty()) return connect_to(settings_.addresses);
  error_code ec;
  const auto literal = boost::asio::ip::make_address(connect_host(), ec);
  const bool cut_short = connect_host().find('\0') != std::string::npos;  // make_address stops at a NUL
  if (!ec && !cut_short) return connect_to({literal});
  resolve();
}

// ---- deadline

void dialer::arm_deadline(std::chrono::steady_clock::time_point when) {
  deadline_.expires_at(when);
  deadline_.async_wait([self = shared_from_this()](const error_code& ec) {
    // A wait that was re-armed after it expired still reports success: its time is judged, not its code.
    if (!ec && std::chrono::steady_clock::now() >= self->deadline_.expiry()) self->on_deadline();
  });
}

void dialer::on_deadline() {
  std::string hung;
  switch (phase_) {
    case phase::waiting:
    case phase::done:
      return;
    case phase::resolving:
      hung = "while resolving " + connect_host();
      break;
    case phase::connecting:
      hung = "while connecting to " + target() + " (" +
             (backlog_full_ ? "the listener's backlog is full" : eyeballs_->summary(labels_)) + ")";
      break;
    case phase::proxying:
      if (proxy_->refused()) {
        proxy_->on_body_timeout();
        return settle_proxy();
      }
      hung = "while waiting for the answer of " + target() + " to CONNECT";
      break;
  }
  fail({errc::connect_timeout, 0,
        "not connected within " + std::to_string(settings_.timeout.count()) + " ms: timed out " + hung});
}

// ---- resolving

void dialer::resolve() {
  phase_ = phase::resolving;
  resolve_id_ = resolver::of(context_).resolve(
      settings_.lookups ? settings_.lookups : lookup_pool::process(), connect_host(), settings_.family,
      [self = shared_from_this()](resolve_result result) { self->on_resolved(std::move(result)); });
}

void dialer::on_resolved(resolve_result result) {
  if (phase_ != phase::resolving) return;
  resolve_id_ = 0;
  if (result.error) return fail(std::move(result.error));
  connect_to(std::move(result.addresses));
}

// ---- connecting

void dialer::connect_to(std::vector<boost::asio::ip::address> addresses) {
  if (settings_.family != 0) {
    std::erase_if(addresses, [&](const auto& address) { return address.is_v6() != (settings_.family == 6); });
  }
  if (addresses.empty()) {
    return fail({errc::dns_failed, 0,
                 connect_host() + ": no address" +
                     (settings_.family == 0   ? ""
                      : settings_.family == 6 ? " of IPv6"
                                              : " of IPv4")});
  }
  phase_ = phase::connecting;
  for (const auto& address : interleave_families(addresses)) {
    if (candidates_.size() == happy_eyeballs::max_candidates) break;
    const boost::asio::ip::tcp::endpoint endpoint(address, connect_port());
    candidates_.emplace_back(endpoint);
    labels_.push_back(host_and_port(address.to_string(), connect_port()));
    attempts_.emplace_back(context_);
  }
  eyeballs_.emplace(candidates_.size(), settings_.attempt_delay);
  race({happy_eyeballs::event::type::start});
}

void dialer::connect_unix() {
  phase_ = phase::connecting;
#ifdef BOOST_ASIO_HAS_LOCAL_SOCKETS
  if (settings_.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail({errc::connection_failed, ENAMETOOLONG,
                 target() + ": the path is longer than " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                     " bytes"});
  }
  candidates_.emplace_back(boost::asio::local::stream_protocol::endpoint(settings_.unix_path));
  labels_.push_back(printable_path(settings_.unix_path));
  attempts_.emplace_back(context_);
  eyeballs_.emplace(1, settings_.attempt_delay);
  race({happy_eyeballs::event::type::start});
#else
  fail({errc::connection_failed, 0, target() + ": this system has no unix sockets"});
#endif
}

void dialer::race(const happy_eyeballs::event& event) {
  const auto action = eyeballs_->on(event, std::chrono::steady_clock::now());
  using type = happy_eyeballs::action::type;
  if (action.what == type::won) return on_connected(action.candidate);
  if (action.what == type::failed) return fail(eyeballs_->verdict("cannot connect to " + target(), labels_));
  if (action.wake_at) {
    attempt_timer_.expires_at(*action.wake_at);
    attempt_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
      if (!ec && self->phase_ == phase::connecting) self->race({happy_eyeballs::event::type::timer});
    });
  }
  if (action.what == type::connect) begin_attempt(action.candidate);
}

error_code dialer::open_attempt(std::size_t candidate) {
  auto& socket = attempts_[candidate];
  if (auto ec = open_stream_socket(socket, candidates_[candidate])) return ec;
  if (settings_.local_address.empty() || !settings_.unix_path.empty()) return {};
  error_code ec;
  const auto local = boost::asio::ip::make_address(settings_.local_address, ec);
  if (ec) return ec;
  if (local.is_v6() != to_tcp(candidates_[candidate]).address().is_v6()) return family_mismatch();
  return bind_local(socket, local);
}

void dialer::begin_attempt(std::size_t candidate) {
  if (auto ec = open_attempt(candidate)) {
    // Posted, so that a list of addresses that all fail at once does not recurse.
    boost::asio::post(context_,
                      [self = shared_from_this(), candidate, ec] { self->on_attempt(candidate, ec); });
    return;
  }
  attempts_[candidate].async_connect(candidates_[candidate],
                                     [self = shared_from_this(), candidate](error_code ec) {
                                       if (self->phase_ != phase::connecting) return;
                                       if (!ec) ec = verify_connected(self->attempts_[candidate]);
                                       self->on_attempt(candidate, ec);
                                     });
}

void dialer::on_attempt(std::size_t candidate, error_code ec) {
  if (phase_ != phase::connecting) return;
  if (!ec) return race({happy_eyeballs::event::type::attempt_succeeded, candidate});
  attempts_[candidate] = socket_type(context_);
  if (ec == boost::asio::error::not_connected) return retry_full_backlog(candidate);
  race({happy_eyeballs::event::type::attempt_failed, candidate, to_error(ec, error_stage::connecting)});
}

void dialer::retry_full_backlog(std::size_t candidate) {
  backlog_full_ = true;
  attempt_timer_.expires_after(backlog_retry);
  attempt_timer_.async_wait([self = shared_from_this(), candidate](const error_code& ec) {
    if (!ec && self->phase_ == phase::connecting) self->begin_attempt(candidate);
  });
}

void dialer::on_connected(std::size_t candidate) {
  socket_ = std::move(attempts_[candidate]);
  attempts_.clear();
  attempt_timer_.cancel();
  if (settings_.unix_path.empty()) {
    const auto remote = to_tcp(candidates_[candidate]);
    remote_address_ = remote.address().to_string();
    remote_port_ = remote.port();
  } else {
    remote_address_ = settings_.unix_path;
  }
  if (settings_.proxy_host.empty() || !settings_.unix_path.empty()) return succeed();
  begin_proxy();
}

// ---- proxying

void dialer::begin_proxy() {
  phase_ = phase::proxying;
  proxy_.emplace(
      proxy_request{settings_.host, settings_.port, settings_.proxy_authorization, settings_.proxy_headers});
  if (proxy_->current() == proxy_connect::state::failed) return fail(proxy_->error());
  buffer_.resize(proxy_read_size);
  boost::asio::async_write(
      socket_, boost::asio::buffer(proxy_->request()),
      [self = shared_from_this()](const error_code& ec, std::size_t) { self->on_proxy_write(ec); });
  // Read at the same time: a proxy that refuses early may close before it took the request.
  read_proxy();
}

void dialer::on_proxy_write(const error_code& ec) {
  if (phase_ != phase::proxying) return;
  request_written_ = !ec;
  const auto code = classify(ec, error_stage::established);
  if (ec && code != errc::connection_reset) {
    return fail(to_error(ec, error_stage::established, "cannot write to " + target()));
  }
  // After a reset the read tells more: the answer that came before it, or the reset itself.
  if (!ec && proxy_->current() == proxy_connect::state::connected) succeed();
}

void dialer::read_proxy() {
  socket_.async_read_some(boost::asio::buffer(buffer_),
                          [self = shared_from_this()](const error_code& ec, std::size_t size) {
                            if (self->phase_ == phase::proxying) self->on_proxy_read(ec, size);
                          });
}

void dialer::on_proxy_read(const error_code& ec, std::size_t size) {
  const bool was_refused = proxy_->refused();
  if (!ec) {
    proxy_->on_bytes({buffer_.data(), size});
  } else if (ec == boost::asio::error::eof) {
    proxy_->on_end();
  } else {
    proxy_->on_end(ec.message(), ec.value());
  }
  if (proxy_->refused() && !was_refused) {
    auto when = std::chrono::steady_clock::now() + refusal_grace;
    if (settings_.timeout.count() > 0) when = std::min(when, started_ + settings_.timeout);
    arm_deadline(when);
  }
  settle_proxy();
}

void dialer::settle_proxy() {
  switch (proxy_->current()) {
    case proxy_connect::state::need_more:
      return read_proxy();
    case proxy_connect::state::connected:
      if (request_written_) succeed();
      return;
    case proxy_connect::state::failed:
      return fail(proxy_->error());
  }
}

// ---- the end

void dialer::succeed() {
  auto connected = std::move(socket_);
  release();
  report({}, std::move(connected));
}

void dialer::fail(error_info error) {
  release();
  report(std::move(error), socket_type(context_));
}

void dialer::release() {
  phase_ = phase::done;
  deadline_.cancel();
  attempt_timer_.cancel();
  if (resolve_id_ != 0) resolver::of(context_).cancel(std::exchange(resolve_id_, 0));
  attempts_.clear();
  socket_ = socket_type(context_);
}

void dialer::report(error_info error, socket_type socket) {
  dial_result result{
      std::move(error), std::move(socket), {}, std::move(remote_address_), remote_port_, 0, {}, {}};
  if (proxy_) {
    result.early_bytes = proxy_->take_early_bytes();
    result.proxy_status = proxy_->status();
    result.proxy_body_start = proxy_->body();
    result.proxy_headers = proxy_->headers();
  }
  const auto done = std::exchange(done_, nullptr);
  done(std::move(result));
}

}  // namespace hawser::net
