#include "core/net/server.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

#include "core/net/dial_socket.hpp"
#include "core/net/reactor.hpp"
#include "core/net/system_error.hpp"
#include "core/protocol/http_syntax.hpp"

namespace hawser::net {

namespace {
using generic = boost::asio::generic::stream_protocol;
using tcp = boost::asio::ip::tcp;
using unix_stream = boost::asio::local::stream_protocol;

// Connections accepted in one go, before others get their turn.
constexpr int accept_burst = 64;
// After the process ran out of descriptors, in milliseconds.
constexpr int exhausted_pause = 100;

}  // namespace

server::server(reactor& owner, std::uint32_t id, std::unique_ptr<listen_settings> settings)
    : reactor_(owner),
      id_(id),
      settings_(std::move(settings)),
      shared_(std::make_shared<const shared_settings>(settings_->socket, protocol::role::server,
                                                      owner.budget(), owner.sink())),
      acceptor_(owner.context()),
      timer_(owner.context()) {
  owner.sink().flushed(settings_->gauge, 0, 0);
}

server::~server() = default;

void server::open() {
  if (!settings_->listen) {
    report(event_kind::listening, 0, "\n0\n");
    return;
  }
  if (error_info error = bind()) {
    report(event_kind::server_error, static_cast<std::uint32_t>(error.code),
           std::to_string(error.system) + '\n' + error.detail);
    close(0);
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
  acceptor_.async_wait(acceptor_type::wait_read, [this](const boost::system::error_code& ec) {
    operations_--;
    armed_ = false;
    if (!ec) on_acceptable();
  });
}

void server::on_acceptable() {
  for (int i = 0; i < accept_burst && !closing_; i++) {
    // While the sink is full nobody could be told of a new connection: the kernel's backlog keeps it.
    if (!reactor_.sink().room()) {
      paused_ = true;
      reactor_.mark_blocked(*this);
      return;
    }
    stream_socket socket(reactor_.context());
    boost::system::error_code ec;
    acceptor_.accept(socket, ec);
    if (ec == boost::asio::error::would_block || ec == boost::asio::error::try_again) break;
    if (ec == boost::asio::error::connection_aborted) continue;
    const std::uint32_t slot = ec ? no_slot : reactor_.slots().acquire();
    if (slot == no_slot) {
      // Out of descriptors, memory or slots: let some go, then try again.
      if (!exhausted_reported_) {
        exhausted_reported_ = true;
        const error_info error =
            ec ? to_error(ec, error_stage::listening, "accept")
               : error_info{errc::too_many_connections, 0, "No connection slot is left."};
        report(event_kind::server_error,
               static_cast<std::uint32_t>(ec ? errc::too_many_connections : error.code),
               std::to_string(error.system) + '\n' + error.detail);
      }
      paused_ = true;
      operations_++;
      timer_.expires_after(std::chrono::milliseconds(exhausted_pause));
      timer_.async_wait([this](const boost::system::error_code&) {
        operations_--;
        if (closing_) return;
        paused_ = false;
        arm();
      });
      return;
    }
    exhausted_reported_ = false;
    set_close_on_exec(socket.native_handle());
    reactor_.count().accepted.add(1);
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    if (settings_->unix_path.empty()) socket.set_option(tcp::no_delay(true), ignored);
    reactor_.add(slot, protocol::role::server, shared_)->serve(std::move(socket), *this);
  }
  arm();
}

void server::on_room() {
  while (!reports_.empty()) {
    const report_record& first = reports_.front();
    if (!reactor_.sink().event(
            first.kind, id_, first.aux,
            {reinterpret_cast<const std::uint8_t*>(first.fields.data()), first.fields.size()})) {
      reactor_.mark_blocked(*this);
      return;
    }
    const bool last = first.kind == event_kind::server_closed;
    reports_.erase(reports_.begin());
    if (last) {
      finished_ = true;
      reactor_.release(settings_->gauge);
      return;
    }
  }
  if (drain_pending_ && reactor_.sink().event(event_kind::server_drain, id_, 0, {})) drain_pending_ = false;
  if (dropped_ > 0 && reactor_.sink().event(event_kind::dropped, id_, dropped_, {})) dropped_ = 0;
  if (paused_ && !closing_ && operations_ == 0) {
    paused_ = false;
    arm();
  }
}

void server::report(event_kind kind, std::uint32_t aux, std::string fields) {
  reports_.push_back({kind, aux, std::move(fields)});
  on_room();
}

// ---------------------------------------------------------------------------------------------------- close

void server::close(std::int64_t milliseconds) {
  if (closing_) return;
  closing_ = true;
  boost::system::error_code ignored;
  const bool listening = acceptor_.is_open();
  acceptor_.close(ignored);
  timer_.cancel();
  if (listening && !settings_->unix_path.empty()) {
    std::error_code none;
    std::filesystem::remove(settings_->unix_path, none);
  }
  reactor_.each_connection([this](connection& c) {
    if (c.owner() == this) c.shutdown_server();
  });
  check_closed();
  if (connections_ == 0) return;
  operations_++;
  timer_.expires_after(std::chrono::milliseconds(milliseconds));
  timer_.async_wait([this](const boost::system::error_code& ec) {
    operations_--;
    if (!ec) drop_connections();
  });
}

void server::drop_connections() {
  reactor_.each_connection([this](connection& c) {
    if (c.owner() == this) c.terminate();
  });
}

void server::left() {
  connections_--;
  check_closed();
}

void server::note_above(bool above) {
  above_ = above ? above_ + 1 : above_ - 1;
  reactor_.sink().flushed(settings_->gauge, above_, 0);
  if (above_ > 0) return;
  drain_pending_ = !reactor_.sink().event(event_kind::server_drain, id_, 0, {});
  if (drain_pending_) reactor_.mark_blocked(*this);
}

void server::check_closed() {
  if (!closing_ || connections_ > 0 || finished_) return;
  for (const report_record& waiting : reports_) {
    if (waiting.kind == event_kind::server_closed) return;
  }
  timer_.cancel();
  report(event_kind::server_closed, 0, {});
}

// ------------------------------------------------------------------------------------------------ handshake

bool server::origin_allowed(std::string_view origin, bool present) const {
  if (settings_->origins.empty()) return true;
  if (!present) return false;
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

// -------------------------------------------------------------------------------------------------- publish

// Encoded once for all plain subscribers and once for each window size of those that share compression.
void server::publish(std::string_view name, std::span<const std::uint8_t> payload, send_flags flags,
                     std::uint32_t except) {
  topic* to = topics_.find(name);
  if (to == nullptr) return;
  const protocol::opcode op = flags.binary ? protocol::opcode::binary : protocol::opcode::text;
  byte_buffer frames[16];  // [0] plain, else by window bits
  const auto encode = [&](byte_buffer& into, bool rsv1, std::span<const std::uint8_t> body) {
    into = reactor_.take_buffer();
    std::uint8_t* at = into.prepare(protocol::max_frame_header + body.size());
    const std::size_t header = protocol::write_frame_header(at, op, true, rsv1, body.size(), nullptr);
    if (!body.empty()) std::memcpy(at + header, body.data(), body.size());
    into.commit(header + body.size());
  };
  // Who is too slow is dealt with afterwards: closing changes the list.
  const std::vector<connection*>& subscribers = to->subscribers();
  std::vector<connection*> slow;
  for (connection* c : subscribers) {
    if (c->slot() == except) continue;
    bool taken;
    if (!c->deflates() || !flags.compress) {
      if (frames[0].empty()) encode(frames[0], false, payload);
      taken = c->publish_frame(frames[0].bytes());
    } else if (const int bits = c->shared_deflate_bits(); bits > 0) {
      byte_buffer& frame = frames[bits];
      if (frame.empty()) {
        const protocol::deflate_options& own = settings_->socket.deflate;
        std::vector<std::uint8_t>& scratch = reactor_.deflate_scratch();
        if (payload.size() >= own.threshold &&
            reactor_.shared_deflater(bits, own.level, own.mem_level).deflate_message(payload, scratch)) {
          encode(frame, true, scratch);
          reactor_.trim(scratch);
        } else {
          encode(frame, false, payload);
        }
      }
      taken = c->publish_frame(frame.bytes());
    } else {
      taken = c->publish_message(payload, flags);
    }
    if (!taken) slow.push_back(c);
  }
  for (byte_buffer& frame : frames) reactor_.give_buffer(std::move(frame));
  if (slow.empty()) return;
  reactor_.count().dropped.add(slow.size());
  dropped_ += static_cast<std::uint32_t>(slow.size());
  if (reactor_.sink().event(event_kind::dropped, id_, dropped_, {})) {
    dropped_ = 0;
  } else {
    reactor_.mark_blocked(*this);
  }
  if (settings_->disconnect_slow) {
    for (connection* c : slow) c->drop_slow();
  }
}

}  // namespace hawser::net
