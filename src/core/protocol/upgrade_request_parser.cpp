// The server's half of the opening handshake.
#include <algorithm>
#include <new>
#include <vector>

#include "core/protocol/deflate_extension.hpp"
#include "core/protocol/handshake.hpp"
#include "core/protocol/http_parser.hpp"
#include "core/protocol/http_syntax.hpp"

namespace hawser::protocol {

namespace {

constexpr std::size_t longest_method = 32;

// Whether the bytes so far can begin a request line. Turns away TLS and garbage before the header limit does.
bool may_be_request(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') return i != 0;
    if (i == longest_method || !is_token_char(text[i])) return false;
  }
  return true;
}

// 16 bytes in base64.
bool is_key(std::string_view text) noexcept {
  return text.size() == 24 && text.substr(22) == "==" &&
         std::all_of(text.begin(), text.begin() + 22, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
                  c == '/';
         });
}

bool valid_protocol_list(std::string_view list) {
  std::vector<std::string_view> seen;
  return for_each_element(list, [&](std::string_view element) {
    if (!is_token(element) || std::find(seen.begin(), seen.end(), element) != seen.end()) return false;
    seen.push_back(element);
    return true;
  });
}

std::ptrdiff_t count(const header_list& headers, std::string_view name) {
  return std::count_if(headers.begin(), headers.end(),
                       [&](const header_field& field) { return iequals(field.name, name); });
}

}  // namespace

upgrade_request_parser::result upgrade_request_parser::feed(std::span<const std::uint8_t> data) noexcept {
  leftover_ = data.size();
  if (result_ != result::need_more) return result_;
  try {
    std::size_t taken = 0;
    const auto collected = buffer_.feed(data, taken);
    leftover_ = data.size() - taken;
    if (!may_be_request(buffer_.text())) return fail(400, "not an HTTP request");
    switch (collected) {
      case header_buffer::result::need_more:
        return result::need_more;
      case header_buffer::result::too_large:
        return fail(431, "request header section too large");
      case header_buffer::result::complete:
        return parse();
    }
  } catch (const std::exception&) {
    error_ = {};
    error_.code = errc::invalid_handshake;
    error_.status = 500;
  }
  return result_ = result::error;
}

upgrade_request_parser::result upgrade_request_parser::parse() {
  http_collector<true> http(0);
  http.skip(true);
  boost::beast::error_code ec;
  http.put(boost::asio::buffer(buffer_.text().data(), buffer_.text().size()), ec);
  if (ec == boost::beast::http::error::bad_version) return fail(505, "only HTTP/1.1 can be upgraded");
  if (ec || !http.is_header_done()) return fail(400, "malformed HTTP request");
  method_ = std::move(http.method);
  target_ = std::move(http.target);
  headers_ = std::move(http.headers);
  if (http.version != 11) return fail(505, "only HTTP/1.1 can be upgraded");
  const result checked = check();
  if (checked == result::ok) buffer_.clear();
  return checked;
}

upgrade_request_parser::result upgrade_request_parser::check() {
  if (method_ != "GET") return fail(405, "the method must be GET", {{"Allow", "GET"}});
  if (count(headers_, "host") != 1) return fail(400, "exactly one Host header is required");
  const std::string length = joined_values(headers_, "content-length");
  if (count(headers_, "transfer-encoding") != 0 || (!length.empty() && length != "0")) {
    return fail(400, "an upgrade request has no body");
  }
  const header_list version_13{
      {"Upgrade", "websocket"}, {"Connection", "Upgrade, close"}, {"Sec-WebSocket-Version", "13"}};
  if (!list_contains(joined_values(headers_, "upgrade"), "websocket")) {
    return fail(426, "this is a WebSocket endpoint", version_13);
  }
  if (!list_contains(joined_values(headers_, "connection"), "upgrade")) {
    return fail(400, "the Connection header must name upgrade");
  }
  if (joined_values(headers_, "sec-websocket-version") != "13") {
    return fail(426, "Sec-WebSocket-Version must be 13", version_13);
  }
  key_ = joined_values(headers_, "sec-websocket-key");
  if (!is_key(key_)) return fail(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  protocols_ = joined_values(headers_, "sec-websocket-protocol");
  if (!valid_protocol_list(protocols_)) return fail(400, "malformed Sec-WebSocket-Protocol");
  extensions_ = joined_values(headers_, "sec-websocket-extensions");
  if (!parse_extensions(extensions_)) return fail(400, "malformed Sec-WebSocket-Extensions");
  return result_ = result::ok;
}

upgrade_request_parser::result upgrade_request_parser::fail(int status, std::string message,
                                                            header_list headers) {
  error_.code = status == 431 ? errc::handshake_too_large : errc::invalid_handshake;
  error_.status = status;
  error_.message = std::move(message);
  error_.headers = std::move(headers);
  return result_ = result::error;
}

}  // namespace hawser::protocol
