#include "core/net/server.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "core/net/dial_socket.hpp"
#include "core/net/reactor.hpp"
#include "core/net/system_error.hpp"
#include "core/protocol/http_syntax.hpp"

namespace hawser::net {

namespace {
using generic = boost::asio::generic::stream_protocol;
using tcp = boost::asio::ip::tcp;
using unix_stream = boost::asio::local::stream_protocol;

// After the process ran out of descriptors, in milliseconds.
constexpr int exhausted_pause = 100;

}  // namespace

server::server(reactor& owner, std::uint32_t id, prepared_server prepared)
    : reactor_(owner),
      id_(id),
      settings_(std::move(prepared.settings)),
      screens_(settings_->hub || settings_->rate),
      gauge_(prepared.gauge),
      group_(std::move(prepared.group)),
      part_(group_ ? owner.joined()->index() : 0),
      shared_(std::make_shared<const shared_settings>(settings_->socket, protocol::role::server,
                                                      owner.budget(), owner.sink())),
      state_(std::move(prepared.state)),
      gauges_(state_->at(part_)),
      topics_(*gauges_.topics),
      kept_(settings_->max_kept),
      acceptor_(owner.context()),
      timer_(owner.context()),
      sweep_timer_(owner.context()) {
  owner.sink().flushed(gauge_, 0, 0);
  for (const router::pointer& at : settings_->conflate_by) key_fields_.push_back(keys_.add(at));
}

server::~server() { reactor_.slots().forget_state(id_, state_.get()); }

void server::open() {
  if (group_) group_->at(part_).ready.store(true, std::memory_order_release);
  if (!listens()) {
    report(event_kind::listening, 0, "\n0\n");
    if (group_ && group_->noted_end() != server_group::end::none)
      on_listener_ended(group_->noted_end() == server_group::end::failed);
    return;
  }
  if (error_info error = bind()) {
    report(event_kind::server_error, static_cast<std::uint32_t>(error.code),
           std::to_string(error.system) + '\n' + error.detail);
    if (group_) end_listener(true);
    shut(0);
    return;
  }
  boost::system::error_code ec;
  const generic::endpoint local = acceptor_.local_endpoint(ec);
  if (!settings_->unix_path.empty()) {
    report(event_kind::listening, 0, settings_->unix_path + "\n0\nunix");
  } else {
    const tcp::endpoint at = to_tcp(local);
    report(event_kind::listening, 0,
           at.address().to_string() + '\n' + std::to_string(at.port()) +
               (at.address().is_v6() ? "\nIPv6" : "\nIPv4"));
  }
  arm();
}

error_info server::bind() {
  boost::system::error_code ec;
  const auto failed = [&](std::string_view what) { return to_error(ec, error_stage::listening, what); };
  generic::endpoint endpoint;
  std::string text;
  if (!settings_->unix_path.empty()) {
    text = settings_->unix_path;
    try {
      endpoint = unix_stream::endpoint(settings_->unix_path);
    } catch (const boost::system::system_error& e) {
      ec = e.code();
      return failed(text);
    }
  } else {
    boost::asio::ip::address address;
    if (settings_->host.empty()) {
      address = boost::asio::ip::address_v6::any();
    } else {
      address = boost::asio::ip::make_address(settings_->host, ec);
      if (ec) return failed(settings_->host);
    }
    endpoint = tcp::endpoint(address, settings_->port);
    text = settings_->host + ":" + std::to_string(settings_->port);
  }
  acceptor_.open(endpoint.protocol(), ec);
  if (ec && settings_->host.empty() && settings_->unix_path.empty()) {
    // A machine without IPv6.
    endpoint = tcp::endpoint(boost::asio::ip::address_v4::any(), settings_->port);
    ec = {};
    acceptor_.open(endpoint.protocol(), ec);
  }
  if (ec) return failed(text);
  set_close_on_exec(acceptor_.native_handle());
  if (settings_->unix_path.empty()) {
    acceptor_.set_option(boost::asio::socket_base::reuse_address(true), ec);
    if (endpoint.protocol().family() == AF_INET6) {
      acceptor_.set_option(boost::asio::ip::v6_only(settings_->ipv6_only), ec);
    }
    if (settings_->reuse_port) {
      using reuse_port = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
      acceptor_.set_option(reuse_port(true), ec);
      if (ec) return failed("SO_REUSEPORT");
    }
  }
  acceptor_.bind(endpoint, ec);
  if (ec) return failed(text);
  acceptor_.listen(settings_->backlog, ec);
  if (ec) return failed(text);
  acceptor_.non_blocking(true, ec);
  return {};
}

// --------------------------------------------------------------------------------------------------- accept

void server::arm() {
  if (armed_ || paused_ || closing_ || !acceptor_.is_open()) return;
  armed_ = true;
  operations_++;
  acceptor_.async_wait(stream_acceptor::wait_read, [this](const boost::system::error_code& ec) {
    operations_--;
    armed_ = false;
    if (!ec) on_acceptable();
  });
}

// Who takes the next connection: here, or the part with the fewest, in turn among equals. Null: nobody has
// room, and on_room() or on_credit() will be called. While a sink is full nobody could be told of a new
// connection; the kernel's backlog keeps it.
reactor* server::next_reactor() {
  const bool room = reactor_.sink().room();
  if (!room) reactor_.mark_blocked(*this);
  if (!group_) return room ? &reactor_ : nullptr;
  const std::uint32_t parts = group_->size();
  for (bool asked = false;; asked = true) {
    std::uint32_t best = parts;
    for (std::uint32_t i = 0; i < parts; i++) {
      const std::uint32_t at = (next_part_ + i) % parts;
      if (at == part_ ? !room : !group_->at(at).takes()) continue;
      if (best == parts || group_->at(at).load() < group_->at(best).load()) best = at;
    }
    if (best != parts) {
      next_part_ = (best + 1) % parts;
      if (asked) group_->want_credit(false);
      return &reactor_.joined()->at(best);
    }
    if (asked) return nullptr;
    group_->want_credit(true);
  }
}

bool server::on_acceptable() {
  for (int i = 0; i < accept_burst && !closing_; i++) {
    reactor* to = next_reactor();
    if (to == nullptr) {
      paused_ = true;
      return false;
    }
    boost::system::error_code ec;
    socket_handle socket = accept_stream(acceptor_, ec);
    if (ec == boost::asio::error::would_block || ec == boost::asio::error::try_again) {
      arm();
      return false;
    }
    if (ec == boost::asio::error::connection_aborted) continue;
    const std::uint32_t slot = ec ? no_slot : to->slots().acquire();
    if (slot == no_slot) {
      exhausted(ec);
      return false;
    }
    exhausted_reported_ = false;
    if (to == &reactor_) {
      serve(std::move(socket), slot);
    } else {
      const std::uint32_t part = to->joined()->index();
      group_->at(part).handed.fetch_add(1, std::memory_order_relaxed);
      reactor_.joined()->hand_socket(part, id_, std::move(socket), slot);
    }
  }
  arm();
  return true;
}

// Out of descriptors, memory or slots: let some go, then try again.
void server::exhausted(const boost::system::error_code& ec) {
  if (!exhausted_reported_) {
    exhausted_reported_ = true;
    const error_info error = ec ? to_error(ec, error_stage::listening, "accept")
                                : error_info{errc::too_many_connections, 0, "No connection slot is left."};
    report(event_kind::server_error, static_cast<std::uint32_t>(errc::too_many_connections),
           std::to_string(error.system) + '\n' + error.detail);
  }
  paused_ = true;
  resting_ = true;
  operations_++;
  timer_.expires_after(std::chrono::milliseconds(exhausted_pause));
  timer_.async_wait([this](const boost::system::error_code&) {
    operations_--;
    resting_ = false;
    if (closing_) return;
    paused_ = false;
    arm();
  });
}

void server::serve(socket_handle socket, std::uint32_t slot) {
  reactor_.count().accepted.add(1);
  reactor_.add(slot, protocol::role::server, shared_)->serve(std::move(socket), *this);
}

void server::take_over(socket_handle socket, std::uint32_t slot) {
  handed_.push_back({std::move(socket), slot});
  if (closing_) {
    drop_handed();
  } else {
    begin_handed();
  }
}

void server::begin_handed() {
  while (!handed_.empty()) {
    if (!reactor_.sink().room()) return reactor_.mark_blocked(*this);
    handed_socket one = std::move(handed_.front());
    handed_.pop_front();
    serve(std::move(one.socket), one.slot);
    credit();
  }
}

// As the kernel does with those that wait in the backlog of a listener that is closed.
void server::drop_handed() {
  for (handed_socket& one : handed_) {
    one.socket.close();
    reactor_.release(one.slot);
    credit();
  }
  handed_.clear();
}

void server::credit() {
  if (group_->return_credit(part_)) reactor_.joined()->return_credit(group_->home(), id_);
}

void server::on_credit() {
  if (!paused_ || closing_ || resting_) return;
  paused_ = false;
  arm();
}

// ------------------------------------------------------------------------------------------------ handshake

// Browsers always say where a page came from. Who says nothing is none, and could say anything.
bool server::origin_allowed(std::string_view origin, bool present) const {
  if (settings_->origins.empty() || !present) return true;
  for (const std::string& allowed : settings_->origins) {
    if (protocol::iequals(allowed, origin)) return true;
  }
  return false;
}

std::string_view server::choose_protocol(std::string_view offered) const {
  for (const std::string& mine : settings_->protocols) {
    bool found = false;
    protocol::for_each_element(offered, [&](std::string_view element) { return !(found = element == mine); });
    if (found) return mine;
  }
  return {};
}

}  // namespace hawser::net
