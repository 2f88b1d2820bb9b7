// Texts for the field reader: with exactly the slack that it may count on, filled with what would lead a
// reader on that looks too far.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/router/field_reader.hpp"

namespace hawser::test {

class padded_text {
 public:
  explicit padded_text(std::string_view text, std::string_view tail = "") : size_(text.size()) {
    bytes_ = std::make_unique<std::uint8_t[]>(text.size() + router::field_reader::slack);
    for (std::size_t i = 0; i < text.size(); ++i) bytes_[i] = static_cast<std::uint8_t>(text[i]);
    for (std::size_t i = 0; i < router::field_reader::slack; ++i) {
      bytes_[size_ + i] = tail.empty() ? 0 : static_cast<std::uint8_t>(tail[i % tail.size()]);
    }
  }

  std::span<const std::uint8_t> bytes() const { return {bytes_.get(), size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> bytes_;
};

inline router::pointer at(std::string_view text) { return router::pointer::parse(text).value; }

}  // namespace hawser::test
