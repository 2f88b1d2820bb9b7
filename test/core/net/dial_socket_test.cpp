// What makes a connected socket one that the dialer hands out.
#include "core/net/dial_socket.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include "core/net/dial_peers.hpp"

namespace hawser::net::dial_socket_test {
namespace {

using boost::asio::io_context;
using boost::asio::ip::tcp;

TEST(DialSocket, AConnectedSocketIsVerified) {
  io_context io;
  testing::listener server(io);
  socket_type socket(io);
  const stream_endpoint remote(server.acceptor().local_endpoint());
  ASSERT_FALSE(open_stream_socket(socket, remote));
  socket.non_blocking(false);
  socket.connect(remote);
  EXPECT_FALSE(verify_connected(socket));
}

TEST(DialSocket, ASocketConnectedToItselfCountsAsRefused) {
  io_context io;
  socket_type socket(io);
  const stream_endpoint any_port(tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  ASSERT_FALSE(open_stream_socket(socket, any_port));
  socket.non_blocking(false);
  socket.bind(any_port);
  socket.connect(socket.local_endpoint());
  EXPECT_EQ(verify_connected(socket), boost::asio::error::connection_refused);
}

TEST(DialSocket, AnUnconnectedTcpSocketCountsAsReset) {
  io_context io;
  socket_type socket(io);
  ASSERT_FALSE(open_stream_socket(socket, stream_endpoint(tcp::endpoint(tcp::v4(), 0))));
  EXPECT_EQ(verify_connected(socket), boost::asio::error::connection_reset);
}

TEST(DialSocket, AnUnknownFamilyIsAnError) {
  io_context io;
  socket_type socket(io);
  sockaddr unknown{};
  unknown.sa_family = 255;
  EXPECT_TRUE(open_stream_socket(socket, stream_endpoint(&unknown, sizeof unknown)));
  EXPECT_FALSE(socket.is_open());
}

TEST(DialSocket, ToTcpKeepsAddressAndPort) {
  for (const char* text : {"127.0.0.1", "fe80::1%3"}) {
    const tcp::endpoint endpoint(boost::asio::ip::make_address(text), 4242);
    EXPECT_EQ(to_tcp(stream_endpoint(endpoint)), endpoint);
  }
}

}  // namespace
}  // namespace hawser::net::dial_socket_test
