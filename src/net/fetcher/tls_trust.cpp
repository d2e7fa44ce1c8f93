#include "tls_trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/check.h"

namespace shikake::net {

Result<TlsTrust> TlsTrust::load(std::string_view extra_authorities) {
  TlsTrust trust(X509_STORE_new());
  SHIKAKE_CHECK(trust.store_ != nullptr);
  // A machine without authorities verifies nothing, which the responses say.
  if (X509_STORE_load_file(trust.store_.get(), "/etc/ssl/certs/ca-certificates.crt") != 1)
    X509_STORE_set_default_paths(trust.store_.get());
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
      BIO_new_mem_buf(extra_authorities.data(), static_cast<int>(extra_authorities.size())), BIO_free_all);
  SHIKAKE_CHECK(bio != nullptr);
  size_t read = 0;
  for (;; ++read) {
    std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
    if (!certificate) break;
    X509_STORE_add_cert(trust.store_.get(), certificate.get());
  }
  ERR_clear_error();  // reading ends with "no start line"
  if (read == 0 && !extra_authorities.empty())
    return fail(Module::net, ErrorCode::invalid_usage,
                "the certificate authorities to trust hold no PEM certificate");
  return trust;
}

void TlsTrust::apply(SSL_CTX* context) const {
  SSL_CTX_set1_cert_store(context, store_.get());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_cipher_list(context, "ALL:!COMPLEMENTOFDEFAULT:!eNULL:@SECLEVEL=0");
  SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
}

}  // namespace shikake::net
