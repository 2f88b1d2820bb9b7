// Payloads of replies that came together. JavaScript reads them with one call of JSON.parse: for short ones
// the call, and the text it wants, cost several times what the value does.
//
//   tokens  7, 8, 11          text  [{"price":3},"done",42
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/net/event_sink.hpp"

namespace hawser::net {

class reply_batch {
 public:
  bool empty() const noexcept { return tokens_.empty(); }
  // More would keep the program waiting for the first of them.
  bool full() const noexcept { return tokens_.size() >= most || text_.size() >= most_bytes; }

  // `payload`: a JSON value.
  void add(std::uint32_t token, std::span<const std::uint8_t> payload, bool ascii) {
    text_ += empty() ? '[' : ',';
    text_ += text_of(payload);
    ascii_ = ascii_ && ascii;
    tokens_.push_back(token);
  }

  // What is to be handed up; valid until the next call. Not when empty.
  client_record finish(std::uint32_t client) {
    text_ += ']';
    return {
        .kind = event_kind::client_answers,
        .client = client,
        .aux = static_cast<std::uint32_t>(tokens_.size()),
        .flags = {.binary = false, .ascii = ascii_},
        .head = {reinterpret_cast<const std::uint8_t*>(tokens_.data()), tokens_.size() * sizeof(tokens_[0])},
        .body = bytes_of(text_)};
  }
  void clear() {
    tokens_.clear();
    text_.clear();
    if (text_.capacity() > kept_text) text_ = {};
    ascii_ = true;
  }

 private:
  static constexpr std::size_t most = 64, most_bytes = 16 * 1024;
  static constexpr std::size_t kept_text = 2 * most_bytes;

  std::vector<std::uint32_t> tokens_;
  std::string text_;
  bool ascii_ = true;
};

}  // namespace hawser::net
