// The CONNECT exchange of proxy_connect.hpp, its answer read with Beast's parser.
#include "core/net/proxy_connect.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>
#include <string_view>

#include "core/net/printable.hpp"

namespace hawser::net {
namespace {

namespace http = boost::beast::http;

// RFC 9110 §5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// RFC 9110 §5.5: everything but control characters, a tab excepted.
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > 0x20 && c != 0x7f && c != '/' && c != '?' && c != '#' && c != '@';
  });
}

bool is_reserved(std::string_view name) {
  return boost::beast::iequals(name, "Host") || boost::beast::iequals(name, "Content-Length") ||
         boost::beast::iequals(name, "Transfer-Encoding");
}

// host:port as CONNECT wants it: an IPv6 literal in brackets and without its zone, which means nothing to the
// proxy.
std::string authority(const proxy_request& request) {
  std::string host = request.host;
  if (host.find(':') != std::string::npos) host = "[" + host.substr(0, host.find('%')) + "]";
  return host + ":" + std::to_string(request.port);
}

}  // namespace

struct proxy_connect::impl {
  using parser = http::response_parser<http::buffer_body>;

  std::string target;
  std::string request;
  state now = state::need_more;
  error_info error;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string pending;  // received, not consumed by the parser
  std::vector<std::uint8_t> early;
  std::optional<parser> answer;
  std::size_t header_bytes = 0;
  bool at_start = true;  // of an answer: its status line is not yet with the parser
  bool in_body = false;

  state fail(std::string detail, int system = 0) {
    error = {errc::proxy_failed, system, std::move(detail)};
    now = state::failed;
    return now;
  }

  void begin_answer() {
    answer.emplace();
    answer->header_limit(static_cast<std::uint32_t>(header_limit - header_bytes));
    answer->body_limit(boost::none);
    answer->eager(false);
    at_start = true;
  }

  bool write_request(const proxy_request& r) {
    if (!is_host(r.host)) {
      fail("the target host name \"" + printable(r.host) + "\" cannot be sent to a proxy");
      return false;
    }
    target = authority(r);
    request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    bool authorized = false;
    const auto add = [&](std::string_view name, std::string_view value) {
      if (!is_token(name) || !is_field_value(value) || is_reserved(name)) {
        request.clear();
        fail("the proxy request header \"" + printable(name) +
             "\" is not allowed or holds forbidden characters");
        return false;
      }
      authorized = authorized || boost::beast::iequals(name, "Proxy-Authorization");
      request.append(name).append(": ").append(value).append("\r\n");
      return true;
    };
    for (const auto& [name, value] : r.headers) {
      if (!add(name, value)) return false;
    }
    if (!r.authorization.empty() && !authorized && !add("Proxy-Authorization", r.authorization)) return false;
    request += "\r\n";
    return true;
  }

  state resume() {
    while (now == state::need_more && !in_body && !pending.empty()) {
      if (!read_header()) break;
    }
    return in_body ? read_body() : now;
  }

  // Judges the bytes before Beast sees them: its parser would wait for the end of a header that never was
  // one, and takes no status line without the space before an absent reason, which some proxies send. False:
  // wait or failed.
  bool check_status_line() {
    constexpr std::string_view shape = "HTTP/1.";
    constexpr std::size_t code_end = std::string_view("HTTP/1.1 200").size();
    if (pending.compare(0, shape.size(), shape, 0, std::min(pending.size(), shape.size())) != 0)
      return not_http();
    if (pending.size() < code_end + 2) return false;
    if (pending.compare(code_end, 2, "\r\n") == 0) pending.insert(code_end, " ");
    at_start = false;
    return true;
  }

  bool not_http() {
    fail("the proxy's answer to CONNECT " + target + " is not HTTP/1: it begins with \"" +
         printable(std::string_view(pending).substr(0, 24)) + "\"");
    return false;
  }

  // One step of the header; false when more bytes are needed or the exchange is over.
  bool read_header() {
    if (at_start && !check_status_line()) return false;
    boost::system::error_code ec;
    const auto used = answer->put(boost::asio::buffer(pending), ec);
    if (ec == http::error::header_limit) {
      fail("the proxy's answer to CONNECT " + target + " has more than " + std::to_string(header_limit) +
           " bytes of headers");
      return false;
    }
    if (ec && ec != http::error::need_more) return not_http();
    header_bytes += used;
    pending.erase(0, used);
    return answer->is_header_done() && on_header();
  }

  bool on_header() {
    const auto& message = answer->get();
    const auto code = static_cast<int>(message.result_int());
    if (code / 100 == 1 && code != 101) {
      begin_answer();
      return true;
    }
    status = code;
    for (const auto& field : message) headers.emplace_back(field.name_string(), field.value());
    if (code / 100 == 2) {
      // RFC 9110 §9.3.6: what follows the header is the tunnel, whatever Content-Length says.
      early.assign(pending.begin(), pending.end());
      now = state::connected;
      return false;
    }
    in_body = true;
    error = {errc::proxy_failed, 0,
             "the proxy refused CONNECT " + target + " with status " + std::to_string(code) +
                 (message.reason().empty() ? "" : " " + printable(message.reason()))};
    body.resize(body_limit);
    answer->get().body() = {body.data(), body.size(), true};
    if (answer->is_done()) end_body();
    return false;
  }

  state read_body() {
    while (now == state::need_more && !pending.empty()) {
      boost::system::error_code ec;
      const auto used = answer->put(boost::asio::buffer(pending), ec);
      pending.erase(0, used);
      if (ec == http::error::need_more) break;
      if (ec || answer->is_done() || answer->get().body().size == 0) end_body();
      if (used == 0) break;
    }
    // A chunk header or trailer that never ends is as little worth keeping as a long body.
    if (now == state::need_more && pending.size() > body_limit) end_body();
    return now;
  }

  void end_body() {
    body.resize(body_limit - answer->get().body().size);
    now = state::failed;
  }
};

proxy_connect::proxy_connect(const proxy_request& request) : impl_(std::make_unique<impl>()) {
  if (impl_->write_request(request)) impl_->begin_answer();
}

proxy_connect::~proxy_connect() = default;
proxy_connect::proxy_connect(proxy_connect&&) noexcept = default;
proxy_connect& proxy_connect::operator=(proxy_connect&&) noexcept = default;

proxy_connect::state proxy_connect::on_bytes(std::span<const std::uint8_t> bytes) {
  if (impl_->now != state::need_more) return impl_->now;
  impl_->pending.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return impl_->resume();
}

proxy_connect::state proxy_connect::on_end(const std::string& why, int system) {
  if (impl_->now != state::need_more) return impl_->now;
  if (impl_->in_body) return on_body_timeout();
  std::string detail = "the proxy closed the connection ";
  detail += impl_->header_bytes + impl_->pending.size() == 0 ? "without answering"
                                                             : "in the middle of its answer to";
  detail += " CONNECT " + impl_->target;
  if (!why.empty()) detail += ": " + why;
  return impl_->fail(std::move(detail), system);
}

proxy_connect::state proxy_connect::on_body_timeout() {
  if (impl_->now == state::need_more && impl_->in_body) impl_->end_body();
  return impl_->now;
}

proxy_connect::state proxy_connect::current() const { return impl_->now; }
const std::string& proxy_connect::request() const { return impl_->request; }
bool proxy_connect::refused() const { return impl_->in_body && impl_->now == state::need_more; }
int proxy_connect::status() const { return impl_->status; }
const std::vector<std::pair<std::string, std::string>>& proxy_connect::headers() const {
  return impl_->headers;
}
const std::string& proxy_connect::body() const { return impl_->body; }
const error_info& proxy_connect::error() const { return impl_->error; }
std::vector<std::uint8_t> proxy_connect::take_early_bytes() { return std::move(impl_->early); }

}  // namespace hawser::net
