// How a client's connection opens: dial, then the request and the judgement of its answer.
#include <boost/asio/ip/address.hpp>

#include "core/bytes.hpp"
#include "core/net/connection.hpp"
#include "core/net/fields.hpp"
#include "core/net/reactor.hpp"
#include "core/net/system_error.hpp"

namespace hawser::net {

void connection::dial(std::unique_ptr<connect_settings> settings) {
  visible_ = true;
  phase_ = phase::dialing;
  opening_ = std::make_unique<opening>();
  opening_->client = std::move(settings);
  const connect_settings& to = *opening_->client;
  dial_settings how;
  how.host = to.host;
  how.port = to.port;
  how.unix_path = to.unix_path;
  for (const std::string& text : to.addresses) {
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address(text, ec);
    if (!ec) how.addresses.push_back(address);
  }
  how.proxy_host = to.proxy_host;
  how.proxy_port = to.proxy_port;
  how.proxy_authorization = to.proxy_authorization;
  how.proxy_headers = to.proxy_headers;
  how.timeout = std::chrono::milliseconds(to.connect_timeout);
  how.family = to.family;
  how.attempt_delay = std::chrono::milliseconds(to.attempt_delay);
  how.local_address = to.local_address;
  operations_++;
  opening_->dial = dialer::start(reactor_.context(), std::move(how), [this](dial_result result) {
    operations_--;
    on_dialed(std::move(result));
  });
}

void connection::on_dialed(dial_result result) {
  if (phase_ != phase::dialing) return;
  opening_->dial.reset();
  if (result.error) {
    if (result.proxy_status != 0) {
      rare& more = extra();
      more.detail_aux = static_cast<std::uint32_t>(result.proxy_status);
      more.detail.clear();
      add_field(more.detail, "");
      add_field(more.detail, std::to_string(result.proxy_headers.size()));
      for (const auto& [name, value] : result.proxy_headers) {
        add_field(more.detail, name);
        add_field(more.detail, value);
      }
      more.detail += '\n';
      more.detail += result.proxy_body_start;
      raise(pending_response);
    }
    fail_opening(std::move(result.error));
    return;
  }
  boost::system::error_code ec;
  transport_.open(socket_handle(result.socket.release(ec)), ec);
  if (ec) {
    fail_opening(to_error(ec, error_stage::connecting));
    return;
  }
  transport_open_ = true;
  opening_->remote_address = result.remote_address;
  opening_->remote_port = result.remote_port;
  set_deadline(settings_->values.handshake_timeout);
  const connect_settings& to = *opening_->client;
  if (to.tls) {
    begin_tls(to.tls, true, to.server_name, to.server_name + ":" + std::to_string(to.port));
  } else {
    phase_ = phase::upgrading;
    send_request();
  }
  if (transport_open_ && !result.early_bytes.empty()) on_bytes(result.early_bytes);
  arm_read();
}

void connection::send_request() {
  const connect_settings& to = *opening_->client;
  const std::string key = protocol::random_key();
  const std::string extensions =
      settings_->values.deflate_enabled ? protocol::offer(settings_->values.deflate) : std::string();
  std::string text;
  const protocol::upgrade_request request{.target = to.target,
                                          .host = to.host_header,
                                          .key = key,
                                          .protocols = to.protocols,
                                          .extensions = extensions,
                                          .headers = to.headers};
  if (key.empty() || !protocol::format_upgrade_request(request, text)) {
    fail_opening(
        {errc::invalid_handshake, 0, "The request cannot be written: a header or a protocol is not valid."});
    return;
  }
  opening_->response = std::make_unique<protocol::upgrade_response_parser>(
      protocol::accept_key(key), to.protocols, settings_->values.max_header_size);
  output().append(bytes_of(text));
  position_ += text.size();
}

void connection::upgrade_client(std::span<std::uint8_t>& input) {
  const auto result = opening_->response->feed(input);
  const std::size_t rest = opening_->response->leftover();
  input =
      result == protocol::upgrade_response_parser::result::ok ? input.last(rest) : std::span<std::uint8_t>{};
  judge_response(result);
}

void connection::judge_response(protocol::upgrade_response_parser::result result) {
  using answer = protocol::upgrade_response_parser::result;
  protocol::upgrade_response_parser& response = *opening_->response;
  if (result == answer::need_more) return;
  if (result == answer::error) {
    fail_opening({response.error().code, 0, response.error().message});
    return;
  }
  rare& more = extra();
  more.detail.clear();
  if (result == answer::unexpected_response) {
    more.detail_aux = static_cast<std::uint32_t>(response.status());
    add_field(more.detail, response.reason());
    add_field(more.detail, std::to_string(response.headers().size()));
    add_headers(more.detail, response.headers());
    more.detail += '\n';
    more.detail += response.body();
    const int status = response.status();
    pending_ |= pending_response;
    fail_opening({errc::unexpected_response, 0,
                  "The server answered " + std::to_string(status) + " instead of 101 Switching Protocols."});
    return;
  }
  const protocol::deflate_options* offered =
      settings_->values.deflate_enabled ? &settings_->values.deflate : nullptr;
  const protocol::deflate_response extension = protocol::check_response(response.extensions(), offered);
  if (extension.error != nullptr) {
    fail_opening({errc::invalid_handshake, 0, extension.error});
    return;
  }
  if (extension.agreed) {
    opening_->deflate = true;
    opening_->agreed = *extension.agreed;
  }
  add_field(more.detail, response.protocol());
  add_field(more.detail, response.extensions());
  add_field(more.detail, opening_->remote_address);
  add_field(more.detail, std::to_string(opening_->remote_port));
  more.detail += describe_tls(true);
  add_headers(more.detail, response.headers());
  enter_open();
  raise(pending_open);
}

}  // namespace hawser::net
