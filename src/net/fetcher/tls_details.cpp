#include "tls_details.h"

#include <arpa/inet.h>

#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "url/ip.h"

namespace shikake::net {
namespace {

// A server chooses what it sends; a record holds as much as is of use.
constexpr int max_chain = 10;
constexpr int max_names = 200;
constexpr size_t max_text = 1024;

std::string shortened(std::string text) {
  if (text.size() > max_text) text.resize(max_text);
  return base::to_valid_utf8(text);
}

std::string to_text(const X509_NAME* name) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  // Control bytes escaped, UTF-8 as it is.
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  long size = BIO_get_mem_data(bio.get(), &text);
  return shortened(std::string(text, static_cast<size_t>(size)));
}

std::string to_text(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1)
    return shortened(
        std::string(reinterpret_cast<const char*>(time->data), static_cast<size_t>(time->length)));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string serial_of(const X509* certificate) {
  const ASN1_INTEGER* number = X509_get0_serialNumber(certificate);
  return shortened(base::to_hex({number->data, static_cast<size_t>(number->length)}));
}

std::vector<std::string> names_of(const X509* certificate) {
  std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && i < max_names; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      const ASN1_IA5STRING* text = name->d.dNSName;
      texts.push_back(shortened(
          std::string(reinterpret_cast<const char*>(text->data), static_cast<size_t>(text->length))));
    } else if (name->type == GEN_IPADD) {
      const ASN1_OCTET_STRING* address = name->d.iPAddress;
      char text[INET6_ADDRSTRLEN] = "";
      if (address->length == 4) ::inet_ntop(AF_INET, address->data, text, sizeof text);
      if (address->length == 16) ::inet_ntop(AF_INET6, address->data, text, sizeof text);
      if (*text) texts.emplace_back(text);
    }
  }
  return texts;
}

Certificate describe(X509* certificate) {
  Certificate record;
  record.subject = to_text(X509_get_subject_name(certificate));
  record.issuer = to_text(X509_get_issuer_name(certificate));
  record.serial = serial_of(certificate);
  record.not_before = to_text(X509_get0_notBefore(certificate));
  record.not_after = to_text(X509_get0_notAfter(certificate));
  record.names = names_of(certificate);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) == 1)
    record.sha256 = base::to_hex({digest, size});
  return record;
}

bool is_for_host(X509* certificate, std::string_view host) {
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  std::string text(host);
  if (url::IpAddress::parse(host)) return X509_check_ip_asc(certificate, text.c_str(), 0) == 1;
  if (text.ends_with('.')) text.pop_back();
  return X509_check_host(certificate, text.c_str(), text.size(), 0, nullptr) == 1;
}

}  // namespace

TlsDetails describe_tls(SSL* connection, std::string_view host) {
  TlsDetails details;
  details.version = SSL_get_version(connection);
  details.cipher = SSL_get_cipher_name(connection);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(connection, &protocol, &size);
  details.alpn = shortened(std::string(reinterpret_cast<const char*>(protocol), size));
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(connection);
  for (int i = 0; i < sk_X509_num(chain) && i < max_chain; ++i)
    details.chain.push_back(describe(sk_X509_value(chain, i)));
  long verdict = SSL_get_verify_result(connection);
  if (details.chain.empty()) {
    details.verify_error = "the server sent no certificate";
  } else if (verdict != X509_V_OK) {
    details.verify_error = X509_verify_cert_error_string(verdict);
  } else if (!is_for_host(sk_X509_value(chain, 0), host)) {
    details.verify_error = "not for this host name";
  }
  details.verified = details.verify_error.empty();
  return details;
}

}  // namespace shikake::net
