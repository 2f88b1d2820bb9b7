// Texts of several values that travel in one record: values end in '\n', and hold none themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/handshake.hpp"

namespace hawser::net {

// Appends a value; line breaks in it become spaces.
void add_field(std::string& to, std::string_view value);

// Appends name and value of each.
void add_headers(std::string& to, const protocol::header_list& headers);

// Takes the first value off; the last may lack its '\n'.
std::string_view next_field(std::string_view& fields);

std::string base64(const std::vector<std::uint8_t>& bytes);

}  // namespace hawser::net
