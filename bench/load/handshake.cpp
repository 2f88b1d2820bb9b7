// Upgrade texts and Sec-WebSocket-Accept.
#include "handshake.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <strings.h>

#include "args.hpp"

namespace hawser::load {

namespace {

constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";

std::string accept_value(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char encoded[32];
  const int length = EVP_EncodeBlock(encoded, digest, SHA_DIGEST_LENGTH);
  return {reinterpret_cast<char*>(encoded), static_cast<std::size_t>(length)};
}

}  // namespace

std::string header_value(std::string_view head, std::string_view name) {
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos && line + 2 < head.size();) {
    line += 2;
    const std::size_t end = head.find("\r\n", line);
    const std::string_view text = head.substr(line, end - line);
    if (text.size() > name.size() && text[name.size()] == ':' &&
        strncasecmp(text.data(), name.data(), name.size()) == 0) {
      std::string_view value = text.substr(name.size() + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      while (value.ends_with(' ')) value.remove_suffix(1);
      return std::string(value);
    }
    line = end;
  }
  return {};
}

std::string request_text(const upgrade_request& request) {
  std::string text = "GET " + request.path + " HTTP/1.1\r\nHost: localhost:" + std::to_string(request.port) +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: " +
                     std::string(sample_key) + "\r\n";
  if (!request.extensions.empty()) text += "Sec-WebSocket-Extensions: " + request.extensions + "\r\n";
  if (!request.protocol.empty()) text += "Sec-WebSocket-Protocol: " + request.protocol + "\r\n";
  return text + "\r\n";
}

std::string accepted_extensions(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 101")) {
    throw failure("the server refused the upgrade: " + std::string(head.substr(0, head.find("\r\n"))));
  }
  static const std::string expected = accept_value(sample_key);
  if (header_value(head, "Sec-WebSocket-Accept") != expected) throw failure("wrong Sec-WebSocket-Accept");
  return header_value(head, "Sec-WebSocket-Extensions");
}

std::string answer_text(std::string_view head) {
  const std::string key = header_value(head, "Sec-WebSocket-Key");
  if (!head.starts_with("GET ") || key.empty()) throw failure("not an upgrade request");
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
         "Upgrade\r\nSec-WebSocket-Accept: " +
         accept_value(key) + "\r\n\r\n";
}

}  // namespace hawser::load
