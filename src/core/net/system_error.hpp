// Translates the error codes of Asio, the kernel and getaddrinfo into the coded errors that cross to
// TypeScript.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace hawser::net {

// What the socket was doing: the same errno means different things to a connect, an open stream and a
// listener.
enum class error_stage { connecting, established, listening };

// The code for `ec` at that stage; errc::none exactly when `ec` holds no error.
//   connecting:  ETIMEDOUT is connect_timeout (the kernel gave up), anything unnamed is connection_failed.
//   established: end of stream and ETIMEDOUT (no acknowledgement from the peer) are connection_lost.
//   listening:   EADDRINUSE, EADDRNOTAVAIL, EACCES by name, anything else is listen_failed.
errc classify(const boost::system::error_code& ec, error_stage stage) noexcept;

// The coded error with `system` = ec.value() where that is an errno or an EAI_* number (0 for Asio's own
// codes) and `detail` = "<what>: <system's text>", or the text alone when `what` is empty.
error_info to_error(const boost::system::error_code& ec, error_stage stage, std::string_view what = {});

// errc::dns_failed for a getaddrinfo result (`eai` != 0), detail "<host>: <gai_strerror text>". With
// EAI_SYSTEM the text is that of `system_errno`.
error_info to_dns_error(int eai, int system_errno, std::string_view host);

}  // namespace hawser::net
