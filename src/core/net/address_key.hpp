// What an address counts as where connections of one address are counted: an IPv4 address itself, also where
// it is written as an IPv6 one, and the first 64 bits of an IPv6 address, all of which one customer has.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>

namespace hawser::net {

inline std::string address_key(const boost::asio::ip::address& address) {
  const auto key = [](const auto& bytes, std::size_t size) {
    return std::string(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  };
  if (address.is_v4()) return key(address.to_v4().to_bytes(), 4);
  const boost::asio::ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped())
    return key(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_bytes(), 4);
  return key(v6.to_bytes(), 8);
}

// Empty: the text is no address.
inline std::string address_key(std::string_view text) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(std::string(text), ec);
  return ec ? std::string() : address_key(address);
}

}  // namespace hawser::net
