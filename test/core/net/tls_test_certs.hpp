// Certificates made on the spot for TLS tests; nothing on disk, nothing that expires with the repository.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace hawser::net::test {

struct certificate_wish {
  std::string common_name = "localhost";
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1", "DNS:*.wild.test"};
  long from_seconds = -86400;  // relative to now
  long until_seconds = 30 * 86400;
  std::string extended_usage = "serverAuth";  // empty: no such extension
  bool authority = false;
  bool rsa = false;  // RSA 2048 instead of P-256
};

struct issued_certificate {
  std::string cert_pem;
  std::string key_pem;
};

class certificate_authority {
 public:
  explicit certificate_authority(const std::string& name = "Test CA");
  // An intermediate, issued by `parent`.
  certificate_authority(const std::string& name, const certificate_authority& parent);
  ~certificate_authority();
  certificate_authority(const certificate_authority&) = delete;
  certificate_authority& operator=(const certificate_authority&) = delete;

  std::string pem() const;
  issued_certificate issue(const certificate_wish& wish = {}) const;
  issued_certificate issue_client(const std::string& common_name = "client") const;
  // PEM of a revocation list that holds these certificates.
  std::string revocation_list(const std::vector<std::string>& cert_pems) const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// The same certificate with a damaged signature.
issued_certificate forged(issued_certificate certificate);
issued_certificate self_signed(const certificate_wish& wish = {});
// PKCS#12 bytes; `ca_pem` may be empty.
std::string pkcs12(const issued_certificate& certificate, const std::string& ca_pem,
                   const std::string& passphrase);
std::string encrypted_key(const std::string& key_pem, const std::string& passphrase);

// The authority that most tests share, made once.
const certificate_authority& test_ca();
// A certificate of it for the default wish, made once.
const issued_certificate& localhost_certificate();

}  // namespace hawser::net::test
