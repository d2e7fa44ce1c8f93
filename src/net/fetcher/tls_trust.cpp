#include "tls_trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/check.h"

namespace shikake::net {

TlsTrust::TlsTrust() : store_(X509_STORE_new()) {
  SHIKAKE_CHECK(store_ != nullptr);
}

void TlsTrust::add_system() {
  // A machine without authorities verifies nothing, which the responses say.
  X509_STORE_load_file(store_.get(), system_authorities);
  ERR_clear_error();
  has_system_ = true;
}

Result<void> TlsTrust::add(std::string_view authorities) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
      BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size())), BIO_free_all);
  SHIKAKE_CHECK(bio != nullptr);
  size_t count = 0;
  for (; X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr); ++count) {
    X509_STORE_add_cert(store_.get(), certificate);
    X509_free(certificate);
  }
  ERR_clear_error();  // reading ends with "no start line"
  if (count == 0 && !authorities.empty())
    return fail(Module::net, ErrorCode::invalid_usage,
                "the certificate authorities to trust hold no PEM certificate");
  return {};
}

void TlsTrust::apply(SSL_CTX* context) {
  if (!has_system_) add_system();
  SSL_CTX_set1_cert_store(context, store_.get());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_cipher_list(context, "ALL:!COMPLEMENTOFDEFAULT:!eNULL:@SECLEVEL=0");
  SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
}

}  // namespace shikake::net
