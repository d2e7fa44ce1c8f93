#include "net/ca.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "url/ip.h"

namespace shikake::net {
namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;

// Names on one certificate: far more than a host of ours has, far fewer than a client minds.
constexpr size_t max_names = 1000;
constexpr size_t max_common_name = 64;

tl::unexpected<Error> tls_error(std::string_view what) {
  char reason[256] = "unknown";
  if (unsigned long code = ERR_get_error()) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return fail(Module::net, ErrorCode::invalid_input, fmt::format("{}: {}", what, reason));
}

template <class Write>
std::string to_pem(Write write) {
  Bio bio(BIO_new(BIO_s_mem()));
  SHIKAKE_CHECK(bio && write(bio.get()) == 1);
  char* text = nullptr;
  long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}
std::string pem(X509* certificate) {
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}
std::string pem(EVP_PKEY* key) {
  return to_pem(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

// The parts that an authority's and a server's certificate have in common; not yet signed.
Result<Certificate> draft(EVP_PKEY* key, base::TimePoint now, std::chrono::seconds validity) {
  Certificate certificate(X509_new());
  SHIKAKE_CHECK(certificate != nullptr);
  X509_set_version(certificate.get(), X509_VERSION_3);
  // Unique without a counter to keep: RFC 5280 section 4.1.2.2 allows 20 octets, positive.
  unsigned char serial[16];
  SHIKAKE_CHECK(RAND_bytes(serial, sizeof serial) == 1);
  serial[0] = (serial[0] & 0x7F) | 0x40;
  std::unique_ptr<BIGNUM, Release<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  SHIKAKE_CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())));
  auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  auto set = [](ASN1_TIME* field, std::chrono::seconds at) {
    return ASN1_TIME_set(field, at.count()) != nullptr;
  };
  if (!set(X509_getm_notBefore(certificate.get()), seconds - CertificateAuthority::backdated) ||
      !set(X509_getm_notAfter(certificate.get()), seconds + validity))
    return tls_error("a certificate's validity is out of range");
  if (X509_set_pubkey(certificate.get(), key) != 1) return tls_error("could not use a key in a certificate");
  return certificate;
}

void set_common_name(X509_NAME* name, std::string_view text) {
  SHIKAKE_CHECK(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                           reinterpret_cast<const unsigned char*>(text.data()),
                                           static_cast<int>(text.size()), -1, 0) == 1);
}

Result<void> extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
    return tls_error(fmt::format("could not put {} into a certificate", value));
  return {};
}

// The alternative names as OpenSSL's configuration syntax writes them. That syntax has separators, so a
// name may hold nothing but what a host name is made of.
Result<std::string> alternative_names(const std::vector<std::string>& names) {
  if (names.empty() || names.size() > max_names)
    return fail(Module::net, ErrorCode::invalid_input,
                fmt::format("a certificate is for 1 to {} names, not {}", max_names, names.size()));
  std::string text;
  for (const std::string& name : names) {
    auto address = url::IpAddress::parse(name);
    auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '.' || c == '_' || c == '*';
    };
    constexpr size_t longest = 253;  // RFC 1035 section 2.3.4, as text
    if (!address &&
        (name.empty() || name.size() > longest || !std::all_of(name.begin(), name.end(), allowed)))
      return fail(Module::net, ErrorCode::invalid_input,
                  fmt::format("\"{}\" is neither a host name nor an address", name));
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", address ? "IP" : "DNS", name);
  }
  return text;
}

}  // namespace

struct CertificateAuthority::Material {
  Certificate certificate;
  Key key;
};

CertificateAuthority::CertificateAuthority() : material_(std::make_unique<Material>()) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

Result<CertificateAuthority> CertificateAuthority::make(std::string_view name, base::TimePoint now) {
  if (name.empty() || name.size() > max_common_name)
    return fail(Module::net, ErrorCode::invalid_input,
                fmt::format("an authority's name has 1 to {} bytes", max_common_name));
  CertificateAuthority authority;
  Material& material = *authority.material_;
  material.key.reset(EVP_EC_gen("P-256"));
  SHIKAKE_CHECK(material.key != nullptr);
  SHIKAKE_ASSIGN(material.certificate, draft(material.key.get(), now, authority_validity));
  X509* certificate = material.certificate.get();
  set_common_name(X509_get_subject_name(certificate), name);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  SHIKAKE_TRY(extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE"));
  SHIKAKE_TRY(extend(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign"));
  SHIKAKE_TRY(extend(certificate, certificate, NID_subject_key_identifier, "hash"));
  if (X509_sign(certificate, material.key.get(), EVP_sha256()) == 0)
    return tls_error("could not sign an authority's certificate");
  authority.certificate_pem_ = pem(certificate);
  authority.key_pem_ = pem(material.key.get());
  return authority;
}

Result<CertificateAuthority> CertificateAuthority::from_pem(std::string_view certificate_pem,
                                                            std::string_view key_pem) {
  CertificateAuthority authority;
  Material& material = *authority.material_;
  Bio certificate(BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  Bio key(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  SHIKAKE_CHECK(certificate && key);
  material.certificate.reset(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
  if (!material.certificate) return tls_error("an authority's certificate is not PEM");
  // An empty pass phrase: without one OpenSSL would ask on the terminal.
  char no_phrase[] = "";
  material.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, no_phrase));
  if (!material.key) return tls_error("an authority's key is not PEM without a pass phrase");
  if (X509_check_private_key(material.certificate.get(), material.key.get()) != 1)
    return tls_error("an authority's key does not belong to its certificate");
  if (X509_check_ca(material.certificate.get()) == 0)
    return fail(Module::net, ErrorCode::invalid_input, "the certificate is not an authority's");
  authority.certificate_pem_ = pem(material.certificate.get());
  authority.key_pem_ = pem(material.key.get());
  return authority;
}

Result<ServerCertificate> CertificateAuthority::issue(const std::vector<std::string>& names,
                                                      base::TimePoint now, std::chrono::seconds validity,
                                                      KeyKind kind) const {
  SHIKAKE_ASSIGN(std::string alternatives, alternative_names(names));
  constexpr size_t rsa_bits = 2048;
  const bool rsa = kind == KeyKind::rsa;
  Key key(rsa ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256"));
  SHIKAKE_CHECK(key != nullptr);
  SHIKAKE_ASSIGN(Certificate certificate, draft(key.get(), now, validity));
  X509* issuer = material_->certificate.get();
  // The common name is for people; clients look at the alternative names (RFC 6125 section 6.4.4).
  if (names[0].size() <= max_common_name) set_common_name(X509_get_subject_name(certificate.get()), names[0]);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  SHIKAKE_TRY(extend(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE"));
  SHIKAKE_TRY(extend(certificate.get(), issuer, NID_key_usage,
                     rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature"));
  SHIKAKE_TRY(extend(certificate.get(), issuer, NID_ext_key_usage, "serverAuth"));
  SHIKAKE_TRY(extend(certificate.get(), issuer, NID_subject_alt_name,
                     names[0].size() <= max_common_name ? alternatives : "critical," + alternatives));
  SHIKAKE_TRY(extend(certificate.get(), issuer, NID_authority_key_identifier, "keyid"));
  if (X509_sign(certificate.get(), material_->key.get(), EVP_sha256()) == 0)
    return tls_error("could not sign a certificate");
  return ServerCertificate{pem(certificate.get()), pem(key.get())};
}

}  // namespace shikake::net
