#include "tls_trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/check.h"

namespace shikake::net {

Result<TlsTrust> TlsTrust::make(std::string_view extra_authorities) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
      BIO_new_mem_buf(extra_authorities.data(), static_cast<int>(extra_authorities.size())), BIO_free_all);
  SHIKAKE_CHECK(bio != nullptr);
  TlsTrust trust;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    trust.extra_.emplace_back(certificate);
  ERR_clear_error();  // reading ends with "no start line"
  if (trust.extra_.empty() && !extra_authorities.empty())
    return fail(Module::net, ErrorCode::invalid_usage,
                "the certificate authorities to trust hold no PEM certificate");
  return trust;
}

void TlsTrust::apply(SSL_CTX* context) {
  if (!store_) {
    store_.reset(X509_STORE_new());
    SHIKAKE_CHECK(store_ != nullptr);
    // A machine without authorities verifies nothing, which the responses say.
    X509_STORE_load_file(store_.get(), system_authorities);
    for (const auto& certificate : extra_) X509_STORE_add_cert(store_.get(), certificate.get());
    ERR_clear_error();
  }
  SSL_CTX_set1_cert_store(context, store_.get());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_cipher_list(context, "ALL:!COMPLEMENTOFDEFAULT:!eNULL:@SECLEVEL=0");
  SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
}

}  // namespace shikake::net
