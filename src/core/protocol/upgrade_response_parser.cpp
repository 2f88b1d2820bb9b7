// The client's half of the opening handshake.
#include <algorithm>
#include <exception>
#include <utility>

#include "core/protocol/handshake.hpp"
#include "core/protocol/http_parser.hpp"
#include "core/protocol/http_syntax.hpp"

namespace hawser::protocol {

namespace {

// beast's parser asserts that it has this much when it goes on with a last chunk that came in parts. No
// chunked body is shorter, and behind a first chunk the assertion holds.
constexpr std::size_t min_chunked_body = 5;

// Chunk headers and trailers must come to an end within this many bytes.
constexpr std::size_t max_chunk_header = 16 * 1024;

bool may_be_response(std::string_view text) noexcept {
  constexpr std::string_view start = "HTTP/";
  const std::size_t n = std::min(text.size(), start.size());
  return text.substr(0, n) == start.substr(0, n);
}

}  // namespace

class upgrade_response_parser::http_parser : public http_collector<false> {
 public:
  http_parser() : http_collector(max_body) {}
};

upgrade_response_parser::upgrade_response_parser(std::string expected_accept,
                                                 std::vector<std::string> protocols, std::size_t header_limit)
    : expected_accept_(std::move(expected_accept)), offered_(std::move(protocols)), buffer_(header_limit) {}

upgrade_response_parser::~upgrade_response_parser() = default;
upgrade_response_parser::upgrade_response_parser(upgrade_response_parser&&) noexcept = default;

upgrade_response_parser::result upgrade_response_parser::feed(std::span<const std::uint8_t> data) noexcept {
  leftover_ = data.size();
  if (result_ != result::need_more) return result_;
  try {
    return on_bytes(data);
  } catch (const std::exception&) {
    error_ = {};
    error_.code = errc::invalid_handshake;
    return result_ = result::error;
  }
}

upgrade_response_parser::result upgrade_response_parser::on_bytes(std::span<const std::uint8_t> data) {
  while (!http_) {
    std::size_t taken = 0;
    const auto collected = buffer_.feed(data, taken);
    data = data.subspan(taken);
    leftover_ = data.size();
    if (!may_be_response(buffer_.text())) return fail(errc::invalid_handshake, "the answer is not HTTP");
    if (collected == header_buffer::result::need_more) return result::need_more;
    if (collected == header_buffer::result::too_large) {
      return fail(errc::handshake_too_large, "response header section too large");
    }
    const result after_header = on_header();
    if (after_header != result::need_more) return after_header;
  }
  leftover_ = 0;
  return on_body({reinterpret_cast<const char*>(data.data()), data.size()});
}

// need_more: an interim response was dropped, or, with http_ set, the body follows.
upgrade_response_parser::result upgrade_response_parser::on_header() {
  auto http = std::make_unique<http_parser>();
  boost::beast::error_code ec;
  http->put(boost::asio::buffer(buffer_.text().data(), buffer_.text().size()), ec);
  buffer_.clear();
  if ((ec && ec != boost::beast::http::error::need_more) || !http->is_header_done()) {
    return fail(errc::invalid_handshake, "malformed HTTP response");
  }
  status_ = http->status;
  if (status_ >= 100 && status_ < 200 && status_ != 101) return result::need_more;
  reason_ = std::move(http->reason);
  headers_ = std::move(http->headers);
  if (status_ == 101) {
    if (http->version != 11) return fail(errc::invalid_handshake, "101 with a version other than HTTP/1.1");
    return check_switch();
  }
  http_ = std::move(http);
  if (http_->is_done()) return result_ = result::unexpected_response;
  return result::need_more;
}

upgrade_response_parser::result upgrade_response_parser::check_switch() {
  if (!iequals(joined_values(headers_, "upgrade"), "websocket")) {
    return fail(errc::invalid_handshake, "Upgrade is not websocket");
  }
  if (!list_contains(joined_values(headers_, "connection"), "upgrade")) {
    return fail(errc::invalid_handshake, "Connection does not name upgrade");
  }
  if (expected_accept_.empty() || joined_values(headers_, "sec-websocket-accept") != expected_accept_) {
    return fail(errc::invalid_handshake, "Sec-WebSocket-Accept does not match the key");
  }
  const bool chosen = std::any_of(headers_.begin(), headers_.end(), [](const header_field& field) {
    return iequals(field.name, "sec-websocket-protocol");
  });
  if (chosen) {
    protocol_ = joined_values(headers_, "sec-websocket-protocol");
    if (std::find(offered_.begin(), offered_.end(), protocol_) == offered_.end()) {
      return fail(errc::invalid_handshake, "the server chose a protocol that was not offered");
    }
  }
  extensions_ = joined_values(headers_, "sec-websocket-extensions");
  return result_ = result::ok;
}

// A body that turns out malformed still belongs to a complete answer: the status is what the user needs.
upgrade_response_parser::result upgrade_response_parser::on_body(std::string_view data) {
  body_rest_.append(data);
  if (http_->chunked() && !http_->chunk_seen && body_rest_.size() < min_chunked_body)
    return result::need_more;
  boost::beast::error_code ec;
  while (!ec && !body_rest_.empty() && !http_->is_done() && !http_->body_full()) {
    const std::size_t n = http_->put(boost::asio::buffer(body_rest_.data(), body_rest_.size()), ec);
    body_rest_.erase(0, n);
    if (n == 0) break;
  }
  const bool waiting = ec == boost::beast::http::error::need_more || !ec;
  if (waiting && !http_->is_done() && !http_->body_full() && body_rest_.size() <= max_chunk_header) {
    return result::need_more;
  }
  body_ = std::move(http_->body);
  return result_ = result::unexpected_response;
}

upgrade_response_parser::result upgrade_response_parser::on_eof() noexcept {
  if (result_ != result::need_more) return result_;
  if (!http_) {
    error_.code = errc::connection_reset;
    return result_ = result::error;
  }
  body_ = std::move(http_->body);
  return result_ = result::unexpected_response;
}

upgrade_response_parser::result upgrade_response_parser::fail(errc code, std::string message) {
  error_.code = code;
  error_.message = std::move(message);
  return result_ = result::error;
}

}  // namespace hawser::protocol
