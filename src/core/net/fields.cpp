#include "core/net/fields.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace hawser::net {

void add_field(std::string& to, std::string_view value) {
  const std::size_t begin = to.size();
  to.append(value);
  const auto breaks = [](char c) { return c == '\n' || c == '\r'; };
  std::replace_if(to.begin() + static_cast<std::ptrdiff_t>(begin), to.end(), breaks, ' ');
  to += '\n';
}

void add_headers(std::string& to, const protocol::header_list& headers) {
  for (const protocol::header_field& field : headers) {
    add_field(to, field.name);
    add_field(to, field.value);
  }
}

std::string_view next_field(std::string_view& fields) {
  const std::size_t end = fields.find('\n');
  const std::string_view field = fields.substr(0, end);
  fields = end == std::string_view::npos ? std::string_view{} : fields.substr(end + 1);
  return field;
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
  // EVP_EncodeBlock adds a terminator.
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace hawser::net
