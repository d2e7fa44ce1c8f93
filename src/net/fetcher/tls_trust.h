// Whom to believe, and how to speak with servers that are old or badly kept.
#pragma once

#include <memory>
#include <string_view>

#include <openssl/ssl.h>

#include "base/result.h"

namespace shikake::net {

// Where Debian keeps the authorities that its administrator believes.
constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

class TlsTrust {
 public:
  TlsTrust();

  // The system's authorities, where there are any: 15 ms. A start from nothing leaves it to the first TLS
  // connection; a zygote does it once for all.
  void add_system();
  // Those given as PEM. Errors: invalid_usage, where there is text and no certificate.
  Result<void> add(std::string_view authorities);

  // Makes a context believe them, and take any protocol version, cipher and key size: a visit goes where
  // victims went, and records what it found.
  void apply(SSL_CTX* context);

 private:
  struct FreeStore {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };

  std::unique_ptr<X509_STORE, FreeStore> store_;
  bool has_system_ = false;
};

}  // namespace shikake::net
