// Parts of a JSON text that field_reader has accepted, above all the elements of an array: where they lie,
// without a look at what they mean. Texts that it has not accepted are safe, but their elements mean nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawser::router::json {

// Behind the bracket that opens the array which the root's member `name` is; of several the last one counts,
// as in JSON.parse. 0: there is none, or it is no array. The name is ASCII of at most 32 characters.
std::size_t array_member(std::span<const std::uint8_t> text, std::string_view name) noexcept;

// The next element of an array, `at` being behind its bracket or behind the element before. Moves `at` behind
// the element. Empty: that was all.
std::span<const std::uint8_t> next_element(std::span<const std::uint8_t> text, std::size_t& at) noexcept;

// The value that begins at `at`, as it is written. Of a text that field_reader has accepted.
std::span<const std::uint8_t> value_at(std::span<const std::uint8_t> text, std::size_t at) noexcept;

}  // namespace hawser::router::json
