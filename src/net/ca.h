// A local certificate authority: for the simulated Internet, and for a gateway that looks into TLS.
// Keys are ECDSA P-256 unless a client wants RSA, signatures SHA-256, certificates X.509 v3 (RFC 5280).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace shikake::net {

// What a TLS server needs.
struct ServerCertificate {
  std::string chain_pem;  // the server's own certificate; a client has the authority's already
  std::string key_pem;
};

enum class KeyKind : unsigned char {
  ecdsa,
  rsa,  // of 2048 bits: takes a tenth of a second to make
};

class CertificateAuthority {
 public:
  // Clients whose clock is behind still believe a certificate that is this young.
  static constexpr std::chrono::days backdated{1};
  static constexpr std::chrono::days authority_validity{3650};
  static constexpr std::chrono::days default_validity{90};

  // `name` becomes the subject's common name: at most 64 bytes (RFC 5280, ub-common-name).
  static Result<CertificateAuthority> make(std::string_view name, base::TimePoint now);
  static Result<CertificateAuthority> from_pem(std::string_view certificate_pem, std::string_view key_pem);

  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  const std::string& certificate_pem() const { return certificate_pem_; }
  const std::string& key_pem() const { return key_pem_; }

  // A new key and a certificate for it. `names` are host names ("*.a.example" too) and IP addresses, at
  // least one; a name that is neither, or longer than DNS allows, is invalid_input. Thread-safe.
  Result<ServerCertificate> issue(const std::vector<std::string>& names, base::TimePoint now,
                                  std::chrono::seconds validity = default_validity,
                                  KeyKind kind = KeyKind::ecdsa) const;

 private:
  struct Material;
  CertificateAuthority();

  std::unique_ptr<Material> material_;
  std::string certificate_pem_;
  std::string key_pem_;
};

}  // namespace shikake::net
