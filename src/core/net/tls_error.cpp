// The mapping from OpenSSL's failures to hawser::errc, and their words.
#include "core/net/tls_error.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <vector>

#include "core/net/printable.hpp"
#include "core/net/tls_material.hpp"

namespace hawser::net {
namespace {

constexpr std::size_t max_listed_names = 8;
constexpr int first_alert_reason = SSL_AD_REASON_OFFSET;

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? printable({data, static_cast<std::size_t>(size)}) : std::string();
}

std::string name_text(const X509_NAME* name) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  if (!bio || name == nullptr) return {};
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  return contents(bio.get());
}

std::string time_text(const ASN1_TIME* time) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  if (!bio || time == nullptr) return {};
  ASN1_TIME_print(bio.get(), time);
  return contents(bio.get());
}

std::string ip_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* data = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  std::string out;
  if (size == 4) {
    for (int i = 0; i < 4; ++i) out += (i > 0 ? "." : "") + std::to_string(data[i]);
  } else if (size == 16) {
    static constexpr char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i += 2) {
      if (i > 0) out += ':';
      const unsigned group = static_cast<unsigned>(data[i]) << 8 | data[i + 1];
      bool started = false;
      for (int shift = 12; shift >= 0; shift -= 4) {
        const unsigned digit = group >> shift & 15;
        started = started || digit != 0 || shift == 0;
        if (started) out += digits[digit];
      }
    }
  }
  return out;
}

std::string in_quotes(std::string_view text) { return '"' + printable(text) + '"'; }

// What the alert of RFC 8446 section 6 means for the one who has to act on it.
std::string alert_advice(int alert, const tls_failure_facts& facts) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
      return facts.client
                 ? "The server found no common cipher or key type; check \"ciphers\" and its certificate."
                 : "The client found no common cipher or signature algorithm.";
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return facts.client ? "The server did not accept our certificate; check \"cert\"."
                          : "The client did not accept our certificate; check its names, dates and chain.";
    case SSL_AD_UNKNOWN_CA:
      return facts.client
                 ? "The server does not know the issuer of our certificate; check \"cert\" and its chain."
                 : "The client does not know the issuer of our certificate; send the intermediates in "
                   "\"cert\", or let the client trust the CA.";
    case SSL_AD_PROTOCOL_VERSION:
      return "The peers have no TLS version in common; check \"minVersion\" and \"maxVersion\".";
    case SSL_AD_UNRECOGNIZED_NAME:
      return facts.host.empty() ? "The server has no certificate for this name."
                                : "The server has no certificate for " + in_quotes(facts.host) + ".";
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "The server requires a client certificate; pass \"cert\" and \"key\".";
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "The peers have no ALPN protocol in common.";
    case SSL_AD_INSUFFICIENT_SECURITY:
      return "The peer asks for stronger ciphers or keys.";
    default:
      return {};
  }
}

bool is_certificate_alert(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
      return true;
    default:
      return false;
  }
}

// OpenSSL has no words for the younger alerts.
std::string alert_name(int alert) {
  switch (alert) {
    case SSL_AD_INAPPROPRIATE_FALLBACK:
      return "inappropriate fallback";
    case SSL_AD_MISSING_EXTENSION:
      return "missing extension";
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "no application protocol";
    default:
      return SSL_alert_desc_string_long(alert);
  }
}

std::string reason_advice(int reason, const tls_failure_facts& facts) {
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return "The client spoke plain HTTP to a TLS port; it has to use wss:// or https://.";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_PACKET_LENGTH:
      return facts.client ? "The server does not seem to speak TLS on this port; try ws:// or another port."
                          : "The client does not seem to speak TLS.";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "The peers have no TLS version in common; check \"minVersion\" and \"maxVersion\".";
    case SSL_R_NO_SHARED_CIPHER:
      return "The peers have no cipher in common that suits our certificate; check \"ciphers\".";
    case SSL_R_CALLBACK_FAILED:
      return facts.client ? "" : "There is no certificate for the host name that the client asked for.";
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return "The peers have no signature algorithm in common that suits the certificate.";
    default:
      return {};
  }
}

void append_sentence(std::string& text, const std::string& sentence) {
  if (sentence.empty()) return;
  if (!text.empty()) text += ' ';
  text += sentence;
}

}  // namespace

errc verify_code(int x509_error) noexcept {
  switch (x509_error) {
    case X509_V_OK:
      return errc::none;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return errc::tls_cert_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return errc::tls_cert_not_yet_valid;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return errc::tls_cert_self_signed;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return errc::tls_cert_untrusted;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return errc::tls_hostname_mismatch;
    case X509_V_ERR_CERT_REVOKED:
      return errc::tls_cert_revoked;
    default:
      return errc::tls_cert_invalid;
  }
}

std::string certificate_names(X509* certificate) {
  std::vector<std::string> names;
  auto* alternatives =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(alternatives, i), &type);
    const auto* text = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_DNS) {
      names.push_back(printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                 static_cast<std::size_t>(ASN1_STRING_length(text))}));
    } else if (type == GEN_IPADD) {
      names.push_back(ip_text(text));
    }
  }
  GENERAL_NAMES_free(alternatives);
  if (names.empty()) {
    const std::string subject = name_text(X509_get_subject_name(certificate));
    return subject.empty() ? "no names" : "no names but the subject " + in_quotes(subject);
  }
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < max_listed_names; ++i)
    out += (i > 0 ? ", " : "") + names[i];
  if (names.size() > max_listed_names)
    out += " and " + std::to_string(names.size() - max_listed_names) + " more";
  return out;
}

error_info describe_verify_result(int x509_error) {
  if (x509_error == X509_V_OK) return {};
  return {verify_code(x509_error), x509_error, X509_verify_cert_error_string(x509_error)};
}

error_info describe_verify_failure(X509_STORE_CTX* store, bool client, std::string_view host) {
  const int result = X509_STORE_CTX_get_error(store);
  error_info error = describe_verify_result(result);
  const int depth = X509_STORE_CTX_get_error_depth(store);
  X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(store);
  if (certificate == nullptr) return error;

  std::string whose = client ? "The server's certificate" : "The client's certificate";
  if (depth > 0)
    whose = client ? "A CA certificate of the server's chain" : "A CA certificate of the client's chain";
  whose += " (" + name_text(X509_get_subject_name(certificate)) + ")";
  const std::string issuer = in_quotes(name_text(X509_get_issuer_name(certificate)));
  switch (error.code) {
    case errc::tls_cert_expired:
      error.detail = whose + " expired on " + time_text(X509_get0_notAfter(certificate)) +
                     ". Renew it, or check the clock of this machine.";
      break;
    case errc::tls_cert_not_yet_valid:
      error.detail = whose + " is valid only from " + time_text(X509_get0_notBefore(certificate)) +
                     ". Check the clock of this machine.";
      break;
    case errc::tls_cert_self_signed:
      error.detail = whose + " is self-signed. To trust it, pass it as \"ca\".";
      break;
    case errc::tls_cert_untrusted:
      error.detail =
          whose + " was issued by " + issuer +
          ", which leads to no trusted root. Pass the issuing CA as \"ca\", or let the peer send its "
          "intermediate certificates.";
      break;
    case errc::tls_hostname_mismatch:
      error.detail = whose + " is not valid for " + in_quotes(host) + "; it holds " +
                     certificate_names(certificate) +
                     ". Connect by one of these names, or have the certificate issued for this one.";
      break;
    case errc::tls_cert_revoked:
      error.detail = whose + " was revoked by " + issuer + ".";
      break;
    default:
      error.detail = whose + " was not accepted: " + X509_verify_cert_error_string(result) + ".";
      break;
  }
  return error;
}

error_info describe_tls_failure(const tls_failure_facts& facts) {
  // The oldest entry is the cause, later ones are callers up the stack.
  const unsigned long first = ERR_peek_error();
  const int reason = ERR_GET_LIB(first) == ERR_LIB_SSL ? ERR_GET_REASON(first) : 0;
  const char* words = first != 0 ? ERR_reason_error_string(first) : nullptr;
  error_info error{facts.handshake_done ? errc::connection_lost : errc::tls_handshake_failed, 0, {}};
  const int alert = reason >= first_alert_reason ? reason - first_alert_reason : -1;

  if (facts.plain_http) {
    error.detail =
        "The server answered in plain HTTP; it does not speak TLS on this port. Try ws:// or another port.";
  } else if (alert == SSL_AD_CERTIFICATE_REQUIRED ||
             (alert == SSL_AD_HANDSHAKE_FAILURE && facts.client && facts.certificate_requested)) {
    // TLS 1.2 has no alert of its own for a missing client certificate.
    error.code = errc::tls_client_cert_required;
    error.detail = alert_advice(SSL_AD_CERTIFICATE_REQUIRED, facts);
  } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    error.code = errc::tls_client_cert_required;
    error.detail = "The client sent no certificate, which this server requires.";
  } else if (alert >= 0) {
    // With TLS 1.3 a server judges the client's certificate after the client considers the handshake done.
    const bool about_certificate = is_certificate_alert(alert);
    if (facts.client && about_certificate) error.code = errc::tls_handshake_failed;
    error.detail =
        "The peer ended TLS with the alert " + std::to_string(alert) + " (" + alert_name(alert) + ").";
    if (about_certificate || !facts.handshake_done) append_sentence(error.detail, alert_advice(alert, facts));
  } else {
    if (!facts.handshake_done) append_sentence(error.detail, reason_advice(reason, facts));
    std::string cause = facts.handshake_done ? "TLS record refused: " : "TLS handshake failed: ";
    append_sentence(error.detail, cause + (words != nullptr ? words : "unknown error") + ".");
  }
  ERR_clear_error();
  return error;
}

std::string take_error_text() {
  const unsigned long last = ERR_peek_last_error();
  const char* words = last != 0 ? ERR_reason_error_string(last) : nullptr;
  ERR_clear_error();
  return words != nullptr ? words : "unknown error";
}

error_info bad_material(std::string detail) {
  ERR_clear_error();
  return {errc::tls_bad_material, 0, std::move(detail)};
}

}  // namespace hawser::net
