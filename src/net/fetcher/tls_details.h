// What a TLS connection was like, as a record.
#pragma once

#include <openssl/ssl.h>

#include "net/http.h"

namespace shikake::net {

// `host` is the URL's, as Url::hostname() gives it.
TlsDetails describe_tls(SSL* connection, std::string_view host);

}  // namespace shikake::net
