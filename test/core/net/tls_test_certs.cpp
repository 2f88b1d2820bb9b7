// Certificates made on the spot for TLS tests.
#include "tls_test_certs.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>
#include <ctime>

#include "core/net/tls_material.hpp"

namespace hawser::net::test {
namespace {

using crl_ptr = std::unique_ptr<X509_CRL, openssl_delete<X509_CRL_free>>;

// A test without its certificate proves nothing.
void require(bool ok) {
  if (!ok) std::abort();
}

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

template <typename Write>
std::string written(Write write) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  require(write(bio.get()) == 1);
  return contents(bio.get());
}

std::string certificate_pem(X509* certificate) {
  return written([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string key_pem(EVP_PKEY* key) {
  return written(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

pkey_ptr read_key(const std::string& pem) {
  const bio_ptr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  pkey_ptr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  require(key != nullptr);
  return key;
}

x509_ptr read_certificate(const std::string& pem) {
  std::vector<x509_ptr> certificates;
  require(read_certificates(pem, certificates) && !certificates.empty());
  return std::move(certificates.front());
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

// Signed by `issuer_key`; without an issuer the certificate signs itself.
x509_ptr make_certificate(const certificate_wish& wish, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  static std::atomic<long> serial{1};
  x509_ptr certificate(X509_new());
  X509* const raw = certificate.get();
  X509_set_version(raw, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), serial++);
  X509_gmtime_adj(X509_getm_notBefore(raw), wish.from_seconds);
  X509_gmtime_adj(X509_getm_notAfter(raw), wish.until_seconds);
  X509_NAME* subject = X509_get_subject_name(raw);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(raw, issuer != nullptr ? X509_get_subject_name(issuer) : subject);
  X509_set_pubkey(raw, key);
  X509* const signer = issuer != nullptr ? issuer : raw;
  add_extension(raw, signer, NID_basic_constraints,
                wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (wish.authority) add_extension(raw, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(raw, signer, NID_subject_key_identifier, "hash");
  if (!wish.names.empty()) add_extension(raw, signer, NID_subject_alt_name, joined(wish.names));
  if (!wish.extended_usage.empty()) add_extension(raw, signer, NID_ext_key_usage, wish.extended_usage);
  require(X509_sign(raw, issuer_key != nullptr ? issuer_key : key, EVP_sha256()) > 0);
  return certificate;
}

pkey_ptr make_key(bool rsa) {
  pkey_ptr key(rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  require(key != nullptr);
  return key;
}

certificate_wish authority_wish(const std::string& name) {
  certificate_wish wish;
  wish.common_name = name;
  wish.names = {};
  wish.extended_usage = "";
  wish.authority = true;
  return wish;
}

}  // namespace

struct certificate_authority::state {
  pkey_ptr key;
  x509_ptr certificate;
};

certificate_authority::certificate_authority(const std::string& name) : state_(std::make_unique<state>()) {
  tls_library_init();
  state_->key = make_key(false);
  state_->certificate = make_certificate(authority_wish(name), state_->key.get(), nullptr, nullptr);
}

certificate_authority::certificate_authority(const std::string& name, const certificate_authority& parent)
    : state_(std::make_unique<state>()) {
  state_->key = make_key(false);
  state_->certificate = make_certificate(authority_wish(name), state_->key.get(),
                                         parent.state_->certificate.get(), parent.state_->key.get());
}

certificate_authority::~certificate_authority() = default;

std::string certificate_authority::pem() const { return certificate_pem(state_->certificate.get()); }

issued_certificate certificate_authority::issue(const certificate_wish& wish) const {
  const pkey_ptr key = make_key(wish.rsa);
  const x509_ptr made = make_certificate(wish, key.get(), state_->certificate.get(), state_->key.get());
  return {certificate_pem(made.get()), key_pem(key.get())};
}

issued_certificate certificate_authority::issue_client(const std::string& common_name) const {
  certificate_wish wish;
  wish.common_name = common_name;
  wish.names = {};
  wish.extended_usage = "clientAuth";
  return issue(wish);
}

std::string certificate_authority::revocation_list(const std::vector<std::string>& cert_pems) const {
  const crl_ptr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(state_->certificate.get()));
  std::time_t now = std::time(nullptr);
  ASN1_TIME* time = X509_time_adj_ex(nullptr, 0, -3600, &now);
  X509_CRL_set1_lastUpdate(crl.get(), time);
  for (const std::string& pem : cert_pems) {
    X509_REVOKED* revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(read_certificate(pem).get()));
    X509_REVOKED_set_revocationDate(revoked, time);
    require(X509_CRL_add0_revoked(crl.get(), revoked) == 1);
  }
  X509_time_adj_ex(time, 1, 0, &now);
  X509_CRL_set1_nextUpdate(crl.get(), time);
  ASN1_TIME_free(time);
  require(X509_CRL_sign(crl.get(), state_->key.get(), EVP_sha256()) > 0);
  return written([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); });
}

issued_certificate self_signed(const certificate_wish& wish) {
  tls_library_init();
  const pkey_ptr key = make_key(wish.rsa);
  const x509_ptr made = make_certificate(wish, key.get(), nullptr, nullptr);
  return {certificate_pem(made.get()), key_pem(key.get())};
}

issued_certificate forged(issued_certificate certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(read_certificate(certificate.cert_pem).get(), &der);
  require(size > 0);
  der[size - 1] ^= 1;
  const unsigned char* start = der;
  const x509_ptr damaged(d2i_X509(nullptr, &start, size));
  OPENSSL_free(der);
  require(damaged != nullptr);
  certificate.cert_pem = certificate_pem(damaged.get());
  return certificate;
}

std::string pkcs12(const issued_certificate& certificate, const std::string& ca_pem,
                   const std::string& passphrase) {
  STACK_OF(X509)* others = sk_X509_new_null();
  if (!ca_pem.empty()) sk_X509_push(others, read_certificate(ca_pem).release());
  PKCS12* archive = PKCS12_create(passphrase.c_str(), "test", read_key(certificate.key_pem).get(),
                                  read_certificate(certificate.cert_pem).get(), others, 0, 0, 0, 0, 0);
  require(archive != nullptr);
  std::string bytes = written([&](BIO* bio) { return i2d_PKCS12_bio(bio, archive); });
  PKCS12_free(archive);
  sk_X509_pop_free(others, X509_free);
  return bytes;
}

std::string encrypted_key(const std::string& key_pem, const std::string& passphrase) {
  const pkey_ptr key = read_key(key_pem);
  return written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_256_cbc(), passphrase.data(),
                                         static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
}

const certificate_authority& test_ca() {
  static const auto* const authority = new certificate_authority;
  return *authority;
}

const issued_certificate& localhost_certificate() {
  static const auto* const certificate = new issued_certificate(test_ca().issue());
  return *certificate;
}

}  // namespace hawser::net::test
