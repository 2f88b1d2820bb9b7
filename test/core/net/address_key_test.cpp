// Which addresses count as one.
#include "core/net/address_key.hpp"

#include <gtest/gtest.h>

namespace hawser::net::address_key_test {
namespace {

std::string key(const char* text) { return address_key(std::string_view(text)); }

TEST(address_key, an_ipv4_address_is_itself_however_it_is_written) {
  EXPECT_EQ(key("10.1.2.3"), key("::ffff:10.1.2.3"));
  EXPECT_NE(key("10.1.2.3"), key("10.1.2.4"));
}

TEST(address_key, ipv6_counts_by_its_first_64_bits) {
  EXPECT_EQ(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
  EXPECT_EQ(key("fe80::1%1"), key("fe80::2"));
}

TEST(address_key, no_address_has_no_key) {
  EXPECT_EQ(key(""), "");
  EXPECT_EQ(key("/tmp/socket"), "");
}

}  // namespace
}  // namespace hawser::net::address_key_test
