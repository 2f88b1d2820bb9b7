// The mapping tables of system_error.hpp.
#include "core/net/system_error.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <system_error>

#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <netdb.h>
#endif

namespace hawser::net {
namespace {

namespace sys = boost::system::errc;
namespace asio_error = boost::asio::error;

bool is_dns(const boost::system::error_code& ec) noexcept {
  return ec.category() == asio_error::get_netdb_category() ||
         ec.category() == asio_error::get_addrinfo_category();
}

bool is_reset(const boost::system::error_code& ec) noexcept {
  return ec == sys::connection_reset || ec == sys::broken_pipe || ec == sys::connection_aborted;
}

bool is_unreachable(const boost::system::error_code& ec) noexcept {
  return ec == sys::host_unreachable || ec == sys::network_unreachable || ec == sys::network_down;
}

bool is_denied(const boost::system::error_code& ec) noexcept {
  return ec == sys::permission_denied || ec == sys::operation_not_permitted;
}

}  // namespace

errc classify(const boost::system::error_code& ec, error_stage stage) noexcept {
  if (!ec) return errc::none;
  if (ec == asio_error::operation_aborted) return errc::aborted;
  if (is_dns(ec)) return errc::dns_failed;
  if (ec == sys::address_in_use) return errc::address_in_use;
  if (ec == sys::address_not_available) return errc::address_not_available;
  if (is_denied(ec)) return errc::access_denied;
  if (stage == error_stage::listening) return errc::listen_failed;
  if (ec == asio_error::eof) return errc::connection_lost;
  if (ec == sys::timed_out) {
    return stage == error_stage::connecting ? errc::connect_timeout : errc::connection_lost;
  }
  if (ec == sys::connection_refused) return errc::connection_refused;
  if (is_reset(ec)) return errc::connection_reset;
  if (is_unreachable(ec)) return errc::host_unreachable;
  return errc::connection_failed;
}

error_info to_error(const boost::system::error_code& ec, error_stage stage, std::string_view what) {
  error_info error;
  error.code = classify(ec, stage);
  if (!ec) return error;
  const bool numbered = ec.category() == boost::system::system_category() ||
                        ec.category() == boost::system::generic_category() ||
                        ec.category() == asio_error::get_addrinfo_category();
  error.system = numbered ? ec.value() : 0;
  error.detail.assign(what);
  if (!what.empty()) error.detail += ": ";
  error.detail += ec.message();
  return error;
}

error_info to_dns_error(int eai, int system_errno, std::string_view host) {
  error_info error{errc::dns_failed, eai, std::string(host) + ": "};
#ifdef _WIN32
  (void)system_errno;
  error.detail += boost::system::error_code(eai, boost::system::system_category()).message();
#else
  if (eai == EAI_SYSTEM) {
    error.detail += std::system_category().message(system_errno);
  } else {
    error.detail += gai_strerror(eai);
  }
#endif
  return error;
}

}  // namespace hawser::net
