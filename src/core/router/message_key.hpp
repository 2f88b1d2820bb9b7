// What a message is conflated by: the value of a JSON pointer in it, as JavaScript would tell values apart in
// a Map. "1" and 1 are two keys, 1 and 1.0 are one, and all messages without the value share one key.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/router/field_value.hpp"

namespace hawser::router {

enum class key_kind : std::uint8_t { missing, null, no, yes, number, string };

// A view: the bytes belong to the field it was made of, or to the slot that holds a copy.
struct message_key {
  key_kind kind = key_kind::missing;
  std::string_view bytes;  // of a string its text, of a number its double, else empty

  friend bool operator==(const message_key&, const message_key&) = default;
};

// `field` must outlive the key. An array or object is no key and counts as missing.
inline message_key key_of(const field_value& field) noexcept {
  switch (field.what) {
    case field_value::kind::string:
      return {key_kind::string, field.text};
    case field_value::kind::number: {
      static constexpr double zero = 0;  // also for -0, which equals it and has other bytes
      const double& number = field.number == 0 ? zero : field.number;
      return {key_kind::number, {reinterpret_cast<const char*>(&number), sizeof number}};
    }
    case field_value::kind::boolean:
      return {field.boolean ? key_kind::yes : key_kind::no, {}};
    case field_value::kind::null:
      return {key_kind::null, {}};
    case field_value::kind::missing:
    case field_value::kind::container:
      break;
  }
  return {};
}

// Keys come from the peer, which must not be able to choose ones that collide: the hash depends on a secret.
class key_hasher {
 public:
  explicit key_hasher(std::uint64_t seed) noexcept;

  std::uint32_t operator()(const message_key& key) const noexcept;

 private:
  std::uint64_t first_;
  std::uint64_t second_;
};

}  // namespace hawser::router
