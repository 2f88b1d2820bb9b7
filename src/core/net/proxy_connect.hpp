// The HTTP CONNECT exchange with a proxy (RFC 9110 §9.3.6) as a pure state machine over bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace hawser::net {

struct proxy_request {
  std::string host;  // target, a name or an address literal without brackets
  std::uint16_t port = 0;
  std::string authorization;  // value of Proxy-Authorization; empty: none
  // Further request headers. Host, Content-Length and Transfer-Encoding are refused.
  std::vector<std::pair<std::string, std::string>> headers;
};

//   request() ─► on_bytes … ─► connected (2xx; what follows its header is early_bytes())
//                           └► failed    (anything else; error(), and status(), headers(), body() as far as
//                           known)
class proxy_connect {
 public:
  static constexpr std::size_t header_limit = 16 * 1024;  // of the whole answer, interim 1xx answers included
  static constexpr std::size_t body_limit = 4 * 1024;     // kept of a refusal's body

  enum class state { need_more, connected, failed };

  // A request that cannot be written (control characters in a header, say) is `failed` from the start.
  explicit proxy_connect(const proxy_request& request);
  ~proxy_connect();
  proxy_connect(proxy_connect&&) noexcept;
  proxy_connect& operator=(proxy_connect&&) noexcept;

  state current() const;
  // The bytes to send first; empty when failed from the start.
  const std::string& request() const;

  state on_bytes(std::span<const std::uint8_t> bytes);
  // The stream ended or broke. `why`: the system's text, empty for a plain end of stream; `system`: errno or
  // 0.
  state on_end(const std::string& why = {}, int system = 0);
  // Stops waiting for the rest of a refusal's body.
  state on_body_timeout();

  // A refusal's header is in and its body is being collected. The answer is known: the caller should not wait
  // long.
  bool refused() const;

  int status() const;  // 0 until an answer's header is in
  const std::vector<std::pair<std::string, std::string>>& headers()
      const;                        // of the final answer, fields of one name together
  const std::string& body() const;  // of a refusal, at most body_limit
  const error_info& error() const;
  std::vector<std::uint8_t> take_early_bytes();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace hawser::net
