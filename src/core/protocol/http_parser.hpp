// beast::http's parser as a collector: header fields in wire order, and the first bytes of a body. The only
// file here that includes Boost.
#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/protocol/handshake.hpp"

namespace hawser::protocol {

// Private to the handshake parsers. The header's size is bounded by who feeds it.
template <bool IsRequest>
class http_collector : public boost::beast::http::basic_parser<IsRequest> {
 public:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  explicit http_collector(std::size_t body_limit) : body_limit_(body_limit) {
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
    this->body_limit(boost::none);
    this->eager(true);
  }

  std::string method, target, reason;
  int status = 0;
  int version = 0;  // 10 or 11
  header_list headers;
  std::string body;         // at most body_limit bytes of it
  bool chunk_seen = false;  // the first chunk's header, of a chunked body

  bool body_full() const noexcept { return body.size() >= body_limit_; }

 private:
  void on_request_impl(boost::beast::http::verb, string_view method_text, string_view target_text, int http,
                       error_code&) override {
    method = method_text;
    target = target_text;
    version = http;
  }
  void on_response_impl(int code, string_view text, int http, error_code&) override {
    status = code;
    reason = text;
    version = http;
  }
  void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override {
    headers.push_back({name, value});
  }
  std::size_t on_body_impl(string_view data, error_code&) override { return keep(data); }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view data, error_code&) override { return keep(data); }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override { chunk_seen = true; }
  void on_finish_impl(error_code&) override {}

  std::size_t keep(string_view data) {
    body.append(data.data(), std::min(data.size(), body_limit_ - body.size()));
    return data.size();
  }

  const std::size_t body_limit_;
};

}  // namespace hawser::protocol
