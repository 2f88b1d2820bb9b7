// The opening handshake (RFC 6455 §4): keys, request and response text, and incremental parsers for both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace hawser::protocol {

struct header_field {
  std::string name;
  std::string value;
};
using header_list = std::vector<header_field>;  // in the order of the wire, repeated names kept apart

inline constexpr std::size_t default_header_limit = 16 * 1024;

struct handshake_error {
  errc code = errc::none;
  int status = 0;  // server: the HTTP status to answer with
  std::string message;
  header_list headers;  // server: what the answer carries besides, such as Allow or Sec-WebSocket-Version
};

// Values of all fields with this name joined with ", "; "" when there is none. ASCII case is ignored.
std::string joined_values(const header_list& headers, std::string_view name);

// A name is a token; a value has no CR, LF or NUL.
bool valid_header(const header_field& field) noexcept;

// Sec-WebSocket-Accept for a Sec-WebSocket-Key; "" when the digest is not available.
std::string accept_key(std::string_view key);

// A fresh Sec-WebSocket-Key: 16 random bytes in base64; "" when there is no randomness.
std::string random_key();

struct upgrade_request {
  std::string_view target = "/";             // path and query
  std::string_view host{};                   // with the port, unless it is the scheme's default
  std::string_view key{};                    // from random_key()
  std::span<const std::string> protocols{};  // in order of preference
  std::string_view extensions{};             // "" for none
  std::span<const header_field> headers{};  // the user's; may replace Host, and nothing else of the handshake
};

// Writes the request. False, and nothing written: an invalid target, host, protocol (no token, or repeated)
// or header. The user's Connection, Upgrade, Content-Length, Transfer-Encoding and Sec-WebSocket-* fields are
// left out.
bool format_upgrade_request(const upgrade_request& request, std::string& out);

// Writes the 101 response. protocol and extensions may be "". False, and nothing written: an invalid header.
bool format_upgrade_response(std::string_view accept, std::string_view protocol, std::string_view extensions,
                             std::span<const header_field> headers, std::string& out);

// A whole HTTP/1.1 response with Content-Length, and with Connection: close and Content-Type: text/plain
// unless `headers` say otherwise. "" when a header is invalid.
std::string http_response_text(int status, std::span<const header_field> headers, std::string_view body);

// Collects the bytes of a header section up to and with its empty line.
class header_buffer {
 public:
  enum class result : std::uint8_t { need_more, complete, too_large };

  explicit header_buffer(std::size_t limit) noexcept : limit_(limit) {}

  // `taken`: how many of the bytes belong to the header section.
  result feed(std::span<const std::uint8_t> data, std::size_t& taken);
  std::string_view text() const noexcept { return text_; }
  void clear() noexcept { text_.clear(); }

 private:
  const std::size_t limit_;
  std::string text_;
};

// The server's side: reads one request and checks it against RFC 6455 §4.2.1.
class upgrade_request_parser {
 public:
  enum class result : std::uint8_t { need_more, ok, error };

  // header_limit: bytes of request line and header fields together.
  explicit upgrade_request_parser(std::size_t header_limit = default_header_limit) noexcept
      : buffer_(header_limit) {}

  // After ok or error further calls repeat the result and take nothing.
  // Statuses of errors: 400 malformed, 405 not GET, 426 no upgrade to WebSocket or a version other than 13,
  // 431 above the limit, 500 out of memory, 505 not HTTP/1.1.
  result feed(std::span<const std::uint8_t> data) noexcept;

  // How many bytes at the end of the last feed() lie behind the request: the first frames.
  std::size_t leftover() const noexcept { return leftover_; }

  // Filled as far as the request was well-formed HTTP, also on error.
  const std::string& method() const noexcept { return method_; }
  const std::string& target() const noexcept { return target_; }
  const header_list& headers() const noexcept { return headers_; }
  // Header texts joined over repeated fields, "" when absent. Both are syntactically valid after ok.
  const std::string& extensions() const noexcept { return extensions_; }
  const std::string& protocols() const noexcept { return protocols_; }
  const std::string& key() const noexcept { return key_; }

  // The bytes of the request up to and with its empty line; after error only.
  std::string_view head() const noexcept { return buffer_.text(); }

  const handshake_error& error() const noexcept { return error_; }

 private:
  result parse();
  result check();
  result fail(int status, std::string message, header_list headers = {});

  header_buffer buffer_;
  result result_ = result::need_more;
  std::size_t leftover_ = 0;
  std::string method_, target_, extensions_, protocols_, key_;
  header_list headers_;
  handshake_error error_;
};

// The client's side: reads the response and checks a 101 against RFC 6455 §4.1.
class upgrade_response_parser {
 public:
  enum class result : std::uint8_t { need_more, ok, unexpected_response, error };

  static constexpr std::size_t max_body = 4096;  // bytes kept of an unexpected response's body

  // expected_accept: accept_key() of the key that was sent. protocols: those that were offered.
  upgrade_response_parser(std::string expected_accept, std::vector<std::string> protocols,
                          std::size_t header_limit = default_header_limit);
  ~upgrade_response_parser();
  upgrade_response_parser(upgrade_response_parser&&) noexcept;
  upgrade_response_parser& operator=(upgrade_response_parser&&) = delete;

  // After any result but need_more further calls repeat it and take nothing. Interim (1xx) responses other
  // than 101 are skipped. unexpected_response: a whole answer of another status, or max_body bytes of its
  // body. error: invalid_handshake, handshake_too_large.
  result feed(std::span<const std::uint8_t> data) noexcept;

  // The stream ended: unexpected_response when the header section was complete, else error
  // (connection_reset).
  result on_eof() noexcept;

  // How many bytes at the end of the last feed() lie behind a 101: the first frames.
  std::size_t leftover() const noexcept { return leftover_; }

  int status() const noexcept { return status_; }
  const std::string& reason() const noexcept { return reason_; }
  const header_list& headers() const noexcept { return headers_; }
  const std::string& body() const noexcept { return body_; }
  // The protocol the server chose, "" when it chose none (also when some were offered).
  const std::string& protocol() const noexcept { return protocol_; }
  // Not judged here: see check_response().
  const std::string& extensions() const noexcept { return extensions_; }

  const handshake_error& error() const noexcept { return error_; }

 private:
  class http_parser;

  result on_bytes(std::span<const std::uint8_t> data);
  result on_header();
  result on_body(std::string_view data);
  result check_switch();
  result fail(errc code, std::string message);

  std::string expected_accept_;
  std::vector<std::string> offered_;
  header_buffer buffer_;
  std::unique_ptr<http_parser> http_;  // from the end of the header section on
  result result_ = result::need_more;
  std::size_t leftover_ = 0;
  int status_ = 0;
  std::string reason_, body_, body_rest_, protocol_, extensions_;
  header_list headers_;
  handshake_error error_;
};

}  // namespace hawser::protocol
