// What a server picks by the client's hello: the virtual host and the ALPN protocol.
#include <gtest/gtest.h>

#include "tls_test_pair.hpp"

namespace hawser::net::test::tls_hosts_test {
namespace {

issued_certificate certificate_for(const std::string& name) {
  certificate_wish wish;
  wish.common_name = name;
  wish.names = {"DNS:" + name};
  return test_ca().issue(wish);
}

tls_server_settings::sni host(const std::string& name) {
  const issued_certificate certificate = certificate_for(name);
  return {name, certificate.cert_pem, certificate.key_pem, "", ""};
}

errc result_for(const std::shared_ptr<tls_context>& server, const std::string& name) {
  tls_pair pair(make_client(), server, name);
  pair.handshake();
  return pair.client.session.error().code;
}

TEST(tls_hosts, are_chosen_by_name_and_wildcard) {
  tls_server_settings settings = server_tls();
  settings.hosts = {host("a.test"), host("*.b.test"), host("x.b.test")};
  const auto server = make_server(settings);
  for (const char* name : {"a.test", "A.TEST", "a.test.", "y.b.test", "x.b.test", "localhost", "127.0.0.1"}) {
    EXPECT_EQ(result_for(server, name), errc::none) << name;
  }
  // These get the default certificate, which does not hold them.
  for (const char* name : {"b.test", "x.y.b.test", "c.test"}) {
    EXPECT_EQ(result_for(server, name), errc::tls_hostname_mismatch) << name;
  }
}

TEST(tls_hosts, can_be_added_and_replaced) {
  const auto server = make_server();
  EXPECT_EQ(result_for(server, "a.test"), errc::tls_hostname_mismatch);
  error_info error;
  EXPECT_TRUE(server->add_host(host("a.test"), error)) << error.detail;
  EXPECT_EQ(result_for(server, "a.test"), errc::none);

  tls_pair open(make_client(), server, "a.test");
  open.handshake();
  const issued_certificate other = self_signed();
  EXPECT_TRUE(server->add_host({"A.test", other.cert_pem, other.key_pem, "", ""}, error)) << error.detail;
  EXPECT_EQ(result_for(server, "a.test"), errc::tls_cert_self_signed);
  open.expect_talk();
}

TEST(tls_hosts, bad_ones_are_refused) {
  const auto server = make_server();
  error_info error;
  tls_server_settings::sni bad = host("a.test");
  for (const char* name : {"", "*", "*.", "a.*.test", "*a.test"}) {
    bad.host = name;
    EXPECT_FALSE(server->add_host(bad, error)) << name;
    EXPECT_EQ(error.code, errc::tls_bad_material);
  }
  EXPECT_FALSE(server->add_host({"a.test", "", "", "", ""}, error));
  EXPECT_EQ(error.code, errc::tls_bad_material);
  EXPECT_FALSE(make_client()->add_host(host("a.test"), error));
  EXPECT_EQ(error.code, errc::tls_bad_material);
}

TEST(tls_hosts, without_a_default_certificate_unknown_names_are_refused) {
  tls_server_settings settings;
  settings.hosts = {host("a.test")};
  const auto server = make_server(settings);
  EXPECT_EQ(result_for(server, "a.test"), errc::none);
  tls_pair pair(make_client(), server, "b.test");
  pair.handshake();
  EXPECT_EQ(pair.client.session.error().code, errc::tls_handshake_failed);
  EXPECT_NE(pair.client.session.error().detail.find("no certificate for \"b.test\""), std::string::npos)
      << pair.client.session.error().detail;
  EXPECT_NE(pair.server.session.error().detail.find("no certificate for the host name"), std::string::npos)
      << pair.server.session.error().detail;
  EXPECT_EQ(result_for(server, "127.0.0.1"), errc::tls_handshake_failed);
}

TEST(tls_hosts, ask_for_client_certificates_too) {
  const certificate_authority stranger("Stranger CA");
  tls_server_settings settings = server_tls();
  settings.hosts = {host("a.test")};
  settings.request_cert = true;
  settings.ca_pem = {test_ca().pem()};
  const auto server = make_server(settings);
  for (const auto* authority : {&test_ca(), &stranger}) {
    const issued_certificate identity = authority->issue_client();
    tls_client_settings client = client_tls();
    client.cert_pem = identity.cert_pem;
    client.key_pem = identity.key_pem;
    tls_pair pair(make_client(client), server, "a.test");
    pair.handshake();
    EXPECT_EQ(pair.server.last, authority == &stranger ? status::failed : status::ok);
    EXPECT_EQ(pair.server.session.authorized(), authority != &stranger);
  }
}

std::string chosen(const std::vector<std::string>& client_list, const std::vector<std::string>& server_list,
                   const std::string& name = "localhost") {
  tls_client_settings client = client_tls();
  client.alpn = client_list;
  tls_server_settings server = server_tls();
  server.alpn = server_list;
  server.hosts = {host("a.test")};
  tls_pair pair(make_client(client), make_server(server), name);
  pair.handshake();
  pair.expect_talk();
  EXPECT_EQ(pair.client.session.alpn(), pair.server.session.alpn());
  return pair.client.session.alpn();
}

TEST(tls_alpn, the_server_prefers_and_nothing_in_common_is_no_failure) {
  EXPECT_EQ(chosen({"h2", "http/1.1"}, {"http/1.1"}), "http/1.1");
  EXPECT_EQ(chosen({"a", "b"}, {"b", "a"}), "b");
  EXPECT_EQ(chosen({"a"}, {"b", "aa"}), "");
  EXPECT_EQ(chosen({}, {"http/1.1"}), "");
  EXPECT_EQ(chosen({"http/1.1"}, {}), "");
  EXPECT_EQ(chosen({"http/1.1"}, {"http/1.1"}, "a.test"), "http/1.1");
  EXPECT_EQ(tls_server_settings().alpn, std::vector<std::string>{"http/1.1"});
}

}  // namespace
}  // namespace hawser::net::test::tls_hosts_test
