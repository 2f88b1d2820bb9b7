// How a connection opens: what a server answers, TLS, and what both sides do. See connection_dial.cpp for the
// client.
#include <boost/asio/ip/tcp.hpp>

#include "core/bytes.hpp"
#include "core/net/address_key.hpp"
#include "core/net/connection.hpp"
#include "core/net/dial_socket.hpp"
#include "core/net/fields.hpp"
#include "core/net/reactor.hpp"
#include "core/net/system_error.hpp"
#include "core/protocol/http_syntax.hpp"

namespace hawser::net {

namespace {

using tcp = boost::asio::ip::tcp;

struct peer_name {
  std::string address;
  std::uint16_t port = 0;
};

peer_name name_of(const stream_endpoint& from) {
  const int family = from.protocol().family();
  if (family != AF_INET && family != AF_INET6) return {};
  const tcp::endpoint at = to_tcp(from);
  return {at.address().to_string(), at.port()};
}

std::string peer_key(const transport& socket) {
  boost::system::error_code ec;
  const stream_endpoint from = socket.remote(ec);
  const int family = from.protocol().family();
  if (ec || (family != AF_INET && family != AF_INET6)) return {};
  return address_key(to_tcp(from).address());
}

constexpr std::string_view crowded_address = "Too many connections come from this address.";

}  // namespace

// ---------------------------------------------------------------------------------------------------- start

void connection::serve(socket_handle socket, server& owner) {
  server_ = &owner;
  owner.joined();
  boost::system::error_code ec;
  transport_.open(std::move(socket), ec);
  if (ec) return fail_opening(to_error(ec, error_stage::established, "taking the socket"));
  transport_open_ = true;
  set_deadline(settings_->values.handshake_timeout);
  if (owner.settings().tls) {
    begin_tls(owner.settings().tls, false, {}, {});
  } else {
    phase_ = phase::upgrading;
  }
  arm_read();
}

void connection::adopt(std::unique_ptr<adopt_settings> settings, server& owner) {
  server_ = &owner;
  owner.joined();
  opening_ = std::make_unique<opening>();
  visible_ = true;
  transport_open_ = true;
  if (settings->descriptor < 0) {
    pipe_ = true;
  } else {
    boost::system::error_code ec;
    transport_.open(socket_handle(std::exchange(settings->descriptor, -1)), ec);
    if (ec) {
      transport_open_ = false;
      fail_opening(to_error(ec, error_stage::established, "adopting the socket"));
      return;
    }
  }
  if (settings_->values.deflate_enabled) {
    if (auto agreed = protocol::negotiate_server(settings->extensions, settings_->values.deflate)) {
      opening_->deflate = true;
      opening_->agreed = agreed->options;
      opening_->extensions = std::move(agreed->header);
    }
  }
  phase_ = phase::deciding;
  if (!enter(address_key(settings->address))) {
    server_->note(server_state::gauge::refused_address);
    refuse(429, crowded_address, {{"Retry-After", "5"}});
    arm_read();
    return;
  }
  if (!settings->user.empty()) set_user(settings->user);
  std::string text;
  if (!protocol::format_upgrade_response(protocol::accept_key(settings->key), settings->protocol,
                                         opening_->extensions, settings->headers, text)) {
    fail_opening({errc::invalid_handshake, 0, "A response header is not valid."});
    return;
  }
  output().append(bytes_of(text));
  position_ += text.size();
  rare& more = extra();
  more.detail.clear();
  add_field(more.detail, opening_->extensions);
  enter_open();
  raise(pending_open);
  if (!settings->head.empty() && transport_open_) on_bytes(settings->head);
  arm_read();
}

void connection::orphan() {
  visible_ = true;
  fail_opening({errc::aborted, 0, "The server that was to take the connection is closed."});
}

// ------------------------------------------------------------------------------------------------------ TLS

void connection::begin_tls(std::shared_ptr<tls_context> context, bool client, const std::string& host,
                           const std::string& key) {
  phase_ = phase::securing;
  tls_ = std::make_unique<tls_session>(std::move(context), client, host, key);
  std::vector<std::uint8_t>& first = reactor_.cipher_scratch();
  first.clear();
  const auto status = tls_->start(first);
  if (!first.empty()) append_cipher(first);
  if (status == tls_session::status::failed) fail_opening(tls_->error());
}

void connection::on_secure() {
  phase_ = phase::upgrading;
  if (self_ == protocol::role::client) send_request();
}

std::string connection::describe_tls(bool client) const {
  std::string out;
  add_field(out, tls_ ? tls_->protocol() : "");
  add_field(out, tls_ ? tls_->cipher() : "");
  add_field(out, tls_ ? tls_->alpn() : "");
  if (client) {
    add_field(out, tls_ && tls_->resumed() ? "1" : "0");
  } else {
    add_field(out, tls_ ? tls_->server_name() : "");
  }
  add_field(out, tls_ && tls_->authorized() ? "1" : "0");
  add_field(out, tls_ ? tls_->authorization_error() : "");
  add_field(out, tls_ ? base64(tls_->peer_certificate_der()) : "");
  return out;
}

// --------------------------------------------------------------------------------------------------- server

void connection::upgrade_server(std::span<std::uint8_t>& input) {
  // Made with the first bytes: memory that comes and goes does not lie between what stays.
  if (!opening_) {
    opening_ = std::make_unique<opening>();
    opening_->request = std::make_unique<protocol::upgrade_request_parser>(settings_->values.max_header_size);
  }
  protocol::upgrade_request_parser& request = *opening_->request;
  const auto result = request.feed(input);
  if (result == protocol::upgrade_request_parser::result::need_more) {
    input = {};
    return;
  }
  if (result == protocol::upgrade_request_parser::result::error) {
    const std::span<std::uint8_t> rest = input.last(request.leftover());
    input = {};
    // A request that is no upgrade: the program may have a page for it, or read it whole. See reject() and
    // carry().
    const bool carried = server_->carries(request);
    if ((request.error().status == 426 && server_->settings().decide) || carried) {
      if (carried) input = rest;
      phase_ = phase::deciding;
      visible_ = true;
      extra().detail = describe_request(request.protocols());
      raise(pending_upgrade);
      return;
    }
    refuse(request.error().status, request.error().message, request.error().headers);
    return;
  }
  input = input.last(request.leftover());
  const listen_settings& rules = server_->settings();
  const std::string_view target = request.target();
  if (!rules.path.empty() && target.substr(0, target.find('?')) != rules.path) {
    server_->note(server_state::gauge::refused_path);
    return refuse(404, "There is no WebSocket at this path.");
  }
  bool has_origin = false;
  for (const protocol::header_field& field : request.headers()) {
    has_origin = has_origin || protocol::iequals(field.name, "origin");
  }
  if (!server_->origin_allowed(protocol::joined_values(request.headers(), "origin"), has_origin)) {
    server_->note(server_state::gauge::refused_origin);
    return refuse(403, "This origin is not allowed.");
  }
  if (server_->full()) {
    server_->note(server_state::gauge::refused_full);
    return refuse(503, "The server takes no more connections.", {{"Retry-After", "5"}});
  }
  if (!enter(peer_key(transport_))) {
    server_->note(server_state::gauge::refused_address);
    return refuse(429, crowded_address, {{"Retry-After", "5"}});
  }
  if (settings_->values.deflate_enabled) {
    if (auto agreed = protocol::negotiate_server(request.extensions(), settings_->values.deflate)) {
      opening_->deflate = true;
      opening_->agreed = agreed->options;
      opening_->extensions = std::move(agreed->header);
    }
  }
  if (!rules.decide) {
    complete_upgrade(server_->choose_protocol(request.protocols()), {});
    return;
  }
  phase_ = phase::deciding;
  visible_ = true;
  extra().detail = describe_request(request.protocols());
  raise(pending_upgrade);
}

std::string connection::describe_request(std::string_view protocol) const {
  boost::system::error_code ec;
  const peer_name remote = name_of(transport_.remote(ec));
  const peer_name local = name_of(transport_.local(ec));
  std::string out;
  add_field(out, remote.address);
  add_field(out, std::to_string(remote.port));
  add_field(out, local.address);
  add_field(out, std::to_string(local.port));
  const std::string& method = opening_->request->method();
  add_field(out, method == "GET" ? opening_->request->target() : method + ' ' + opening_->request->target());
  add_field(out, protocol);
  add_field(out, opening_->extensions);
  out += describe_tls(false);
  add_headers(out, opening_->request->headers());
  return out;
}

void connection::accept(std::string_view fields) {
  if (phase_ != phase::deciding || pipe_) return;
  const std::string chosen(next_field(fields));
  header_list headers;
  while (!fields.empty()) {
    std::string name(next_field(fields));
    headers.push_back({std::move(name), std::string(next_field(fields))});
  }
  complete_upgrade(chosen, headers);
  if (blocked_) return;
  replay_held();
  arm_read();
}

void connection::reject(std::string_view answer) {
  if (phase_ != phase::deciding) return;
  output().append(bytes_of(answer));
  held_.reset();
  perform(close_.on({protocol::close_event::kind::failure, protocol::close_no_status}), {}, {});
  arm_read();
}

// An HTTP answer instead of 101; the program never learns of this connection.
void connection::refuse(int status, std::string_view message, const header_list& headers) {
  std::string body(message);
  body += '\n';
  const std::string text = protocol::http_response_text(status, headers, body);
  output().append(bytes_of(text));
  perform(close_.on({protocol::close_event::kind::failure, protocol::close_no_status}), {}, {});
}

void connection::complete_upgrade(std::string_view protocol, const header_list& headers) {
  std::string text;
  if (!protocol::format_upgrade_response(protocol::accept_key(opening_->request->key()), protocol,
                                         opening_->extensions, headers, text)) {
    refuse(500, "The response cannot be written: a header is not valid.");
    return;
  }
  output().append(bytes_of(text));
  position_ += text.size();
  extra().detail = describe_request(protocol);
  visible_ = true;
  enter_open();
  raise(pending_connection);
}

void connection::enter_open() {
  if (opening_->deflate) {
    deflate_ = std::make_unique<deflate_state>();
    deflate_->agreed = opening_->agreed;
    const protocol::deflate_options& agreed = deflate_->agreed;
    if (agreed.inflate_takeover(self_)) {
      deflate_->inflate = std::make_unique<protocol::inflater>(agreed.inflate_bits(self_), true);
    }
    if (agreed.deflate_takeover(self_) && agreed.may_deflate(self_)) {
      deflate_->deflate = std::make_unique<protocol::deflater>(agreed.deflate_bits(self_), agreed.level,
                                                               agreed.mem_level, true);
    }
  }
  opening_.reset();
  phase_ = phase::open;
  upgraded_ = true;
  deadline_ = 0;
  last_traffic_ = reactor_.now();
  heartbeat_ = protocol::heartbeat(reactor_.now());
  schedule();
}

}  // namespace hawser::net
