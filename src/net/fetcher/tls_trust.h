// Whom to believe, read once: before the process is confined, and not for each connection.
#pragma once

#include <memory>
#include <string_view>

#include <openssl/ssl.h>

#include "base/result.h"

namespace shikake::net {

class TlsTrust {
 public:
  // The system's authorities, where there are any, and those given as PEM.
  static Result<TlsTrust> load(std::string_view extra_authorities);

  // Makes a context believe them, and speak with servers that are old or badly kept: a visit goes where
  // victims went, and records what it found.
  void apply(SSL_CTX* context) const;

 private:
  struct Free {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  explicit TlsTrust(X509_STORE* store) : store_(store) {}

  std::unique_ptr<X509_STORE, Free> store_;
};

}  // namespace shikake::net
