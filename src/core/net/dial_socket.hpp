// Opening and preparing the stream sockets that the dialer connects.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <string>

namespace hawser::net {

using socket_type = boost::asio::generic::stream_protocol::socket;
using stream_endpoint = boost::asio::generic::stream_protocol::endpoint;

// Opens `socket` for the endpoint's family: non-blocking, close-on-exec (from its creation where the system
// can do that, so that a child forked by another thread never inherits it), for TCP with TCP_NODELAY.
boost::system::error_code open_stream_socket(socket_type& socket, const stream_endpoint& remote);

// Keeps a descriptor that Asio made from child processes; a child that held a listener would take connections
// and never answer them. No error: the descriptor is ours and open.
void set_close_on_exec(int descriptor) noexcept;

// Binds to `local` with a port of the system's choice, chosen at connect where the system can do that, so
// that connections to different peers may share a port.
boost::system::error_code bind_local(socket_type& socket, const boost::asio::ip::address& local);

// The TCP endpoint in `endpoint`; of family AF_INET or AF_INET6 only.
boost::asio::ip::tcp::endpoint to_tcp(const stream_endpoint& endpoint);

// Judges a socket whose connect reported success.
//   not_connected:      a unix listener's backlog was full (Asio takes the kernel's EAGAIN for a pending
//   connect) connection_refused: TCP connected the socket to itself (simultaneous open: nobody listens on a
//   local port which
//                       the system chose as our source port; reconnect loops do meet this)
//   connection_reset:   the peer has already gone
boost::system::error_code verify_connected(const socket_type& socket);

}  // namespace hawser::net
