// Loading of certificates, keys, PKCS#12 archives, trust stores and revocation lists.
#include "core/net/tls_material.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <array>
#include <climits>
#include <cstring>
#include <mutex>

#include "core/net/tls_context.hpp"
#include "core/net/tls_error.hpp"

namespace hawser::net {
namespace {

using crl_ptr = std::unique_ptr<X509_CRL, openssl_delete<X509_CRL_free>>;
using pkcs12_ptr = std::unique_ptr<PKCS12, openssl_delete<PKCS12_free>>;

bio_ptr reader(std::string_view bytes) {
  if (bytes.size() > INT_MAX) return nullptr;
  return bio_ptr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// True when the last PEM read stopped because there is no further block, which is how every bundle ends.
bool at_end_of_pem() {
  const unsigned long last = ERR_peek_last_error();
  const bool end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return end;
}

struct passphrase_request {
  const std::string& passphrase;
  bool asked = false;
};

// Without a callback OpenSSL would prompt on the terminal.
int give_passphrase(char* buffer, int size, int, void* user) {
  auto& request = *static_cast<passphrase_request*>(user);
  request.asked = true;
  const std::string& passphrase = request.passphrase;
  if (passphrase.empty() || size < 0 || passphrase.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, passphrase.data(), passphrase.size());
  return static_cast<int>(passphrase.size());
}

std::string not_pem(std::string_view what, std::string_view bytes) {
  std::string text = "The TLS option \"" + std::string(what) + "\" ";
  if (bytes.empty()) return text + "is empty.";
  if (bytes.front() == '\x30') {
    return text + "is in DER form; convert it to PEM (openssl " + (what == "key" ? "pkey" : "x509") +
           " -inform der).";
  }
  if (bytes.find("-----BEGIN") == std::string_view::npos) {
    return text + "holds no PEM block; pass the contents of the file, not its path.";
  }
  return text + "cannot be read: " + take_error_text() + ".";
}

bool load_key(const std::string& pem, const std::string& passphrase, pkey_ptr& out, error_info& error) {
  passphrase_request request{passphrase};
  const bio_ptr bio = reader(pem);
  if (bio) out.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &request));
  if (out) return true;
  if (request.asked) {
    error =
        bad_material(passphrase.empty() ? "The TLS option \"key\" is encrypted; pass \"passphrase\" as well."
                                        : "The TLS option \"passphrase\" does not open the key.");
  } else {
    error = bad_material(not_pem("key", pem));
  }
  return false;
}

bool load_pkcs12(const std::string& pfx, const std::string& passphrase, tls_identity& out,
                 error_info& error) {
  const bio_ptr bio = reader(pfx);
  const pkcs12_ptr archive(bio ? d2i_PKCS12_bio(bio.get(), nullptr) : nullptr);
  if (!archive) {
    error = bad_material("The TLS option \"pfx\" is not a PKCS#12 archive: " + take_error_text() + ".");
    return false;
  }
  // An archive without a passphrase may have been made with none or with the empty one.
  const bool opens = passphrase.empty() ? PKCS12_verify_mac(archive.get(), nullptr, 0) == 1 ||
                                              PKCS12_verify_mac(archive.get(), "", 0) == 1
                                        : PKCS12_verify_mac(archive.get(), passphrase.c_str(), -1) == 1;
  if (!opens && PKCS12_mac_present(archive.get()) == 1) {
    error = bad_material(passphrase.empty() ? "The TLS option \"pfx\" needs a \"passphrase\"."
                                            : "The TLS option \"passphrase\" does not open the pfx.");
    return false;
  }
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  ERR_clear_error();
  const int parsed = PKCS12_parse(archive.get(), passphrase.c_str(), &key, &certificate, &others);
  out.key.reset(key);
  out.certificate.reset(certificate);
  for (int i = 0; i < sk_X509_num(others); ++i) out.chain.emplace_back(sk_X509_value(others, i));
  sk_X509_free(others);
  if (parsed != 1) {
    error = bad_material("The TLS option \"pfx\" cannot be read: " + take_error_text() +
                         ". Archives with RC2 or other retired ciphers have to be exported anew.");
    return false;
  }
  if (!out.key || !out.certificate) {
    error = bad_material("The TLS option \"pfx\" holds no private key with its certificate.");
    return false;
  }
  return true;
}

// Who writes: set_default_roots stores the bundle, the first default_store() parses it; both under the mutex.
// The object is never destroyed, so threads that outlive main() may still use it.
struct default_roots {
  std::mutex mutex;
  std::string pending;
  std::array<unsigned char, 32> digest{};
  store_ptr store;
};

default_roots& roots() {
  static auto* const instance = new default_roots;
  return *instance;
}

bool add_certificates(X509_STORE* store, const std::vector<x509_ptr>& certificates) {
  for (const x509_ptr& certificate : certificates) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) return false;
  }
  return true;
}

store_ptr default_store() {
  default_roots& shared = roots();
  const std::lock_guard lock(shared.mutex);
  if (!shared.store || !shared.pending.empty()) {
    store_ptr store(X509_STORE_new());
    if (!store) return nullptr;
    std::vector<x509_ptr> certificates;
    read_certificates(shared.pending, certificates);
    add_certificates(store.get(), certificates);
    ERR_clear_error();
    shared.store = std::move(store);
    shared.pending = {};
  }
  X509_STORE_up_ref(shared.store.get());
  return store_ptr(shared.store.get());
}

// A store of its own with the same certificates: revocation lists must not reach other contexts.
store_ptr copy_store(X509_STORE* source) {
  store_ptr copy(X509_STORE_new());
  if (!copy) return nullptr;
  STACK_OF(X509)* certificates = X509_STORE_get1_all_certs(source);
  for (int i = 0; i < sk_X509_num(certificates); ++i)
    X509_STORE_add_cert(copy.get(), sk_X509_value(certificates, i));
  sk_X509_pop_free(certificates, X509_free);
  return copy;
}

bool add_revocation_list(X509_STORE* store, const std::string& pem, error_info& error) {
  const bio_ptr bio = reader(pem);
  std::size_t count = 0;
  while (bio) {
    const crl_ptr crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, give_passphrase, nullptr));
    if (!crl) break;
    if (X509_STORE_add_crl(store, crl.get()) != 1) break;
    ++count;
  }
  if (count > 0 && at_end_of_pem()) return true;
  error = bad_material(not_pem("crl", pem));
  return false;
}

}  // namespace

void tls_library_init() {
  // NO_ATEXIT: the reactor threads may still run while the process exits.
  static const int initialised =
      OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  static_cast<void>(initialised);
}

void set_default_roots(std::string pem_bundle) {
  tls_library_init();
  std::array<unsigned char, 32> digest{};
  EVP_Digest(pem_bundle.data(), pem_bundle.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  default_roots& shared = roots();
  const std::lock_guard lock(shared.mutex);
  if (digest == shared.digest) return;
  shared.digest = digest;
  shared.store.reset();
  shared.pending = std::move(pem_bundle);
}

bool read_certificates(std::string_view pem, std::vector<x509_ptr>& out) {
  const bio_ptr bio = reader(pem);
  if (!bio) return false;
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, give_passphrase, nullptr)) {
    out.emplace_back(certificate);
  }
  return at_end_of_pem();
}

bool load_identity(const std::string& cert_pem, const std::string& key_pem, const std::string& pfx,
                   const std::string& passphrase, tls_identity& out, error_info& error) {
  ERR_clear_error();
  if (!pfx.empty()) return load_pkcs12(pfx, passphrase, out, error);
  if (cert_pem.empty() && key_pem.empty()) return true;
  if (cert_pem.empty()) {
    error = bad_material("The TLS option \"key\" was given without \"cert\".");
    return false;
  }
  std::vector<x509_ptr> certificates;
  if (!read_certificates(cert_pem, certificates) || certificates.empty()) {
    error = bad_material(not_pem("cert", cert_pem));
    return false;
  }
  if (key_pem.empty() && cert_pem.find("PRIVATE KEY-----") == std::string::npos) {
    error = bad_material("The TLS option \"cert\" was given without \"key\".");
    return false;
  }
  if (!load_key(key_pem.empty() ? cert_pem : key_pem, passphrase, out.key, error)) return false;
  out.certificate = std::move(certificates.front());
  certificates.erase(certificates.begin());
  out.chain = std::move(certificates);
  return true;
}

bool use_identity(SSL_CTX* context, const tls_identity& identity, error_info& error) {
  ERR_clear_error();
  if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1) {
    ERR_clear_error();
    error = bad_material("The TLS private key does not belong to the certificate.");
    return false;
  }
  STACK_OF(X509)* chain = sk_X509_new_null();
  bool ok = chain != nullptr;
  for (const x509_ptr& certificate : identity.chain) ok = ok && sk_X509_push(chain, certificate.get()) > 0;
  ok = ok && SSL_CTX_use_cert_and_key(context, identity.certificate.get(), identity.key.get(), chain, 1) == 1;
  sk_X509_free(chain);
  if (!ok) {
    error = bad_material("OpenSSL does not accept the TLS certificate or key: " + take_error_text() + ".");
    return false;
  }
  // Intermediates may have been given as `ca`: complete the chain from the trust store now, not at every
  // handshake.
  if (identity.chain.empty()) {
    SSL_CTX_build_cert_chain(context, SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR | SSL_BUILD_CHAIN_FLAG_CLEAR_ERROR |
                                          SSL_BUILD_CHAIN_FLAG_NO_ROOT);
    ERR_clear_error();
  }
  return true;
}

store_ptr make_trust_store(const std::vector<std::string>& ca_pem, const std::vector<std::string>& crl_pem,
                           error_info& error) {
  ERR_clear_error();
  store_ptr store;
  if (ca_pem.empty()) {
    store = default_store();
    if (store && !crl_pem.empty()) store = copy_store(store.get());
  } else {
    store.reset(X509_STORE_new());
    for (const std::string& pem : ca_pem) {
      std::vector<x509_ptr> certificates;
      if (!store || !read_certificates(pem, certificates) || certificates.empty() ||
          !add_certificates(store.get(), certificates)) {
        error = bad_material(not_pem("ca", pem));
        return nullptr;
      }
    }
  }
  if (!store) {
    error = bad_material("The TLS trust store cannot be made: " + take_error_text() + ".");
    return nullptr;
  }
  for (const std::string& pem : crl_pem) {
    if (!add_revocation_list(store.get(), pem, error)) return nullptr;
  }
  if (!crl_pem.empty()) X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return store;
}

}  // namespace hawser::net
