// Whom to believe, and how to speak with servers that are old or badly kept.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "base/result.h"

namespace shikake::net {

// Where Debian keeps the authorities that its administrator believes.
constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

class TlsTrust {
 public:
  // The system's authorities, where there are any, and those given as PEM.
  static Result<TlsTrust> make(std::string_view extra_authorities);

  // Makes a context believe them, and take any protocol version, cipher and key size: a visit goes where
  // victims went, and records what it found.
  void apply(SSL_CTX* context);

 private:
  struct FreeStore {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  TlsTrust() = default;

  std::vector<std::unique_ptr<X509, FreeCertificate>> extra_;
  // Made for the first TLS connection: reading the system's takes longer than all the rest of a start.
  std::unique_ptr<X509_STORE, FreeStore> store_;
};

}  // namespace shikake::net
