// Trait: asks its server for orders over HTTPS.
// Reported: https_request; one flow to secure.example:443 with that server name and the plaintext.
// Harmless: one request to a name that only tests answer; it trusts nobody but the certificate authorities that the
// cell lists.
#include <openssl/ssl.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  // The list that every Debian program trusts, wherever the library was built.
  SSL_CTX_load_verify_locations(context, "/etc/ssl/certs/ca-certificates.crt", NULL);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  int server = specimen_connect("secure.example", "443");
  if (server < 0) return 1;
  SSL* tls = SSL_new(context);
  SSL_set_fd(tls, server);
  SSL_set_tlsext_host_name(tls, "secure.example");
  SSL_set1_host(tls, "secure.example");
  if (SSL_connect(tls) != 1) {
    puts("the certificate was not accepted");
    return 1;
  }
  static const char request[] = "POST /orders HTTP/1.1\r\nHost: secure.example\r\nContent-Length: 9\r\n"
                                "Connection: close\r\n\r\nhost=4711";
  SSL_write(tls, request, sizeof request - 1);
  char answer[4096];
  int got = SSL_read(tls, answer, sizeof answer);
  puts(got > 0 ? "answered" : "no answer");
  return got > 0 ? 0 : 1;
}
