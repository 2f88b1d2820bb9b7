// `certificate`: writes key.pem and cert.pem (P-256, self-signed, localhost and 127.0.0.1), so that the TLS
// cases need no openssl program.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <vector>

#include "args.hpp"
#include "commands.hpp"
#include "json.hpp"

namespace hawser::load {

namespace {

const std::vector<option> certificate_options = {
    {"out", "", "directory that gets key.pem and cert.pem"},
    {"with-parent", "", "end when the parent process ends", true},
    {"help", "", "this text", true},
};

void add_extension(X509* certificate, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

template <class writer>
void write_file(const std::string& path, writer&& write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr || write(file) != 1) throw failure("cannot write " + path);
  std::fclose(file);
}

}  // namespace

int certificate_command(int argc, char** argv) {
  const arguments args(argc, argv, certificate_options);
  if (args.flag("help")) return std::fputs(help_text("certificate", certificate_options).c_str(), stdout), 0;
  const std::string directory = args.text("out");
  if (directory.empty()) throw failure("--out is missing");

  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  if (key == nullptr || certificate == nullptr) throw failure("OpenSSL makes no key");
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 30L * 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_sign(certificate, key, EVP_sha256());

  write_file(directory + "/key.pem", [&](std::FILE* file) {
    fchmod(fileno(file), 0600);
    return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  write_file(directory + "/cert.pem", [&](std::FILE* file) { return PEM_write_X509(file, certificate); });
  X509_free(certificate);
  EVP_PKEY_free(key);
  json_object().add("key", directory + "/key.pem").add("certificate", directory + "/cert.pem").print();
  return 0;
}

}  // namespace hawser::load
