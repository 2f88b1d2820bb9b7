// The messages that are measured: the same in every run.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hawser::micro {

// A quote as feeds send it, a JSON object of exactly `size` bytes, 85 at least.
std::string quote(std::size_t size);

// Texts of 2 KiB: lists of quotes with the same keys and differing values.
std::vector<std::string> quote_lists(std::size_t number);

// `size` bytes of well-formed UTF-8 of which about a tenth are letters beyond ASCII.
std::string mixed_text(std::size_t size);

}  // namespace hawser::micro
