// Keys and texts of the opening handshake.
#include "core/protocol/handshake.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/protocol/http_parser.hpp"
#include "core/protocol/http_syntax.hpp"

namespace hawser::protocol {

namespace {

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(n));
  return text;
}

// What the handshake writes itself and a user's header must not contradict.
bool is_reserved(std::string_view name) noexcept {
  constexpr std::string_view prefix = "sec-websocket-";
  return iequals(name, "connection") || iequals(name, "upgrade") || iequals(name, "content-length") ||
         iequals(name, "transfer-encoding") || iequals(name.substr(0, prefix.size()), prefix);
}

bool has(std::span<const header_field> headers, std::string_view name) noexcept {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const header_field& field) { return iequals(field.name, name); });
}

bool all_valid(std::span<const header_field> headers) noexcept {
  return std::all_of(headers.begin(), headers.end(), valid_header);
}

// Visible characters only: what may stand in a request line or as a host.
bool is_visible(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F;
  });
}

bool valid_protocols(std::span<const std::string> protocols) noexcept {
  for (std::size_t i = 0; i < protocols.size(); ++i) {
    const auto before = protocols.first(i);
    if (!is_token(protocols[i])) return false;
    if (std::find(before.begin(), before.end(), protocols[i]) != before.end()) return false;
  }
  return true;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string joined_values(const header_list& headers, std::string_view name) {
  std::string joined;
  bool first = true;
  for (const header_field& field : headers) {
    if (!iequals(field.name, name)) continue;
    if (!std::exchange(first, false)) joined += ", ";
    joined += field.value;
  }
  return joined;
}

bool valid_header(const header_field& field) noexcept {
  return is_token(field.name) &&
         field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return {};
  return base64({digest.data(), size});
}

std::string random_key() {
  std::array<std::uint8_t, 16> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return {};
  return base64(bytes);
}

bool format_upgrade_request(const upgrade_request& request, std::string& out) {
  if (!is_visible(request.target) || !valid_protocols(request.protocols) || !all_valid(request.headers))
    return false;
  const bool own_host = !has(request.headers, "host");
  if (own_host && !is_visible(request.host)) return false;

  out.append("GET ").append(request.target).append(" HTTP/1.1\r\n");
  if (own_host) append_field(out, "Host", request.host);
  append_field(out, "Upgrade", "websocket");
  append_field(out, "Connection", "Upgrade");
  append_field(out, "Sec-WebSocket-Key", request.key);
  append_field(out, "Sec-WebSocket-Version", "13");
  if (!request.protocols.empty()) {
    std::string list;
    for (const std::string& protocol : request.protocols) {
      if (!list.empty()) list += ", ";
      list += protocol;
    }
    append_field(out, "Sec-WebSocket-Protocol", list);
  }
  if (!request.extensions.empty()) append_field(out, "Sec-WebSocket-Extensions", request.extensions);
  for (const header_field& field : request.headers) {
    if (!is_reserved(field.name)) append_field(out, field.name, field.value);
  }
  out.append("\r\n");
  return true;
}

bool format_upgrade_response(std::string_view accept, std::string_view protocol, std::string_view extensions,
                             std::span<const header_field> headers, std::string& out) {
  if (!all_valid(headers) || (!protocol.empty() && !is_token(protocol))) return false;
  out.append("HTTP/1.1 101 Switching Protocols\r\n");
  append_field(out, "Upgrade", "websocket");
  append_field(out, "Connection", "Upgrade");
  append_field(out, "Sec-WebSocket-Accept", accept);
  if (!protocol.empty()) append_field(out, "Sec-WebSocket-Protocol", protocol);
  if (!extensions.empty()) append_field(out, "Sec-WebSocket-Extensions", extensions);
  for (const header_field& field : headers) {
    if (!is_reserved(field.name)) append_field(out, field.name, field.value);
  }
  out.append("\r\n");
  return true;
}

std::string http_response_text(int status, std::span<const header_field> headers, std::string_view body) {
  if (!all_valid(headers)) return {};
  std::string out = "HTTP/1.1 " + std::to_string(status) + ' ';
  out += std::string_view(
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status))));
  out += "\r\n";
  if (!has(headers, "connection")) append_field(out, "Connection", "close");
  if (!body.empty() && !has(headers, "content-type")) append_field(out, "Content-Type", "text/plain");
  append_field(out, "Content-Length", std::to_string(body.size()));
  for (const header_field& field : headers) {
    if (iequals(field.name, "content-length") || iequals(field.name, "transfer-encoding")) continue;
    append_field(out, field.name, field.value);
  }
  out.append("\r\n").append(body);
  return out;
}

header_buffer::result header_buffer::feed(std::span<const std::uint8_t> data, std::size_t& taken) {
  const std::size_t before = text_.size();
  const std::size_t room = limit_ + 1 - std::min(before, limit_ + 1);
  taken = std::min(data.size(), room);
  text_.append(reinterpret_cast<const char*>(data.data()), taken);
  const std::size_t end = text_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) return text_.size() > limit_ ? result::too_large : result::need_more;
  text_.resize(end + 4);
  taken = text_.size() - before;
  return text_.size() > limit_ ? result::too_large : result::complete;
}

}  // namespace hawser::protocol
