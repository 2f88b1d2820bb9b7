// The coded error of each system error at each stage.
#include "core/net/system_error.hpp"

#include <gtest/gtest.h>
#include <netdb.h>

#include <boost/asio/error.hpp>
#include <cerrno>

namespace hawser::net::system_error_test {
namespace {

boost::system::error_code system_error(int number) { return {number, boost::system::system_category()}; }

struct expectation {
  int number;
  errc connecting;
  errc established;
  errc listening;
};

class SystemError : public ::testing::TestWithParam<expectation> {};

TEST_P(SystemError, IsClassifiedByStage) {
  const auto ec = system_error(GetParam().number);
  EXPECT_EQ(classify(ec, error_stage::connecting), GetParam().connecting);
  EXPECT_EQ(classify(ec, error_stage::established), GetParam().established);
  EXPECT_EQ(classify(ec, error_stage::listening), GetParam().listening);
}

INSTANTIATE_TEST_SUITE_P(
    Errno, SystemError,
    ::testing::Values(
        expectation{ECONNREFUSED, errc::connection_refused, errc::connection_refused, errc::listen_failed},
        expectation{ECONNRESET, errc::connection_reset, errc::connection_reset, errc::listen_failed},
        expectation{ECONNABORTED, errc::connection_reset, errc::connection_reset, errc::listen_failed},
        expectation{EPIPE, errc::connection_reset, errc::connection_reset, errc::listen_failed},
        expectation{EHOSTUNREACH, errc::host_unreachable, errc::host_unreachable, errc::listen_failed},
        expectation{ENETUNREACH, errc::host_unreachable, errc::host_unreachable, errc::listen_failed},
        expectation{ENETDOWN, errc::host_unreachable, errc::host_unreachable, errc::listen_failed},
        expectation{ETIMEDOUT, errc::connect_timeout, errc::connection_lost, errc::listen_failed},
        expectation{EADDRINUSE, errc::address_in_use, errc::address_in_use, errc::address_in_use},
        expectation{EADDRNOTAVAIL, errc::address_not_available, errc::address_not_available,
                    errc::address_not_available},
        expectation{EACCES, errc::access_denied, errc::access_denied, errc::access_denied},
        expectation{EPERM, errc::access_denied, errc::access_denied, errc::access_denied},
        expectation{EMFILE, errc::connection_failed, errc::connection_failed, errc::listen_failed},
        expectation{ENOENT, errc::connection_failed, errc::connection_failed, errc::listen_failed},
        expectation{ECANCELED, errc::aborted, errc::aborted, errc::aborted},
        expectation{0, errc::none, errc::none, errc::none}));

TEST(ToError, NamesTheOperationAndCarriesErrno) {
  const auto error = to_error(system_error(ECONNREFUSED), error_stage::connecting, "cannot connect");
  EXPECT_EQ(error.code, errc::connection_refused);
  EXPECT_EQ(error.system, ECONNREFUSED);
  EXPECT_EQ(error.detail, "cannot connect: Connection refused");
}

TEST(ToError, WithoutAnOperationIsTheTextAlone) {
  EXPECT_EQ(to_error(system_error(EPIPE), error_stage::established).detail, "Broken pipe");
}

TEST(ToError, OfNoErrorIsEmpty) {
  const auto error = to_error({}, error_stage::connecting, "cannot connect");
  EXPECT_FALSE(error);
  EXPECT_EQ(error.system, 0);
  EXPECT_TRUE(error.detail.empty());
}

TEST(ToError, EndOfStreamHasNoErrno) {
  const auto error = to_error(boost::asio::error::eof, error_stage::established);
  EXPECT_EQ(error.code, errc::connection_lost);
  EXPECT_EQ(error.system, 0);
  EXPECT_FALSE(error.detail.empty());
}

TEST(ToError, NameErrorsOfAsioAreDnsErrors) {
  EXPECT_EQ(classify(boost::asio::error::host_not_found, error_stage::connecting), errc::dns_failed);
  EXPECT_EQ(classify(boost::asio::error::service_not_found, error_stage::connecting), errc::dns_failed);
}

TEST(ToDnsError, CarriesTheResolversText) {
  const auto error = to_dns_error(EAI_NONAME, 0, "nowhere.invalid");
  EXPECT_EQ(error.code, errc::dns_failed);
  EXPECT_EQ(error.system, EAI_NONAME);
  EXPECT_EQ(error.detail, std::string("nowhere.invalid: ") + gai_strerror(EAI_NONAME));
}

TEST(ToDnsError, OfTheSystemCarriesTheTextOfErrno) {
  EXPECT_EQ(to_dns_error(EAI_SYSTEM, EMFILE, "name").detail, "name: Too many open files");
}

}  // namespace
}  // namespace hawser::net::system_error_test
