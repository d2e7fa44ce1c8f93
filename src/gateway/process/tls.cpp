#include "tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/clock.h"

namespace shikake::gateway {
namespace {

// As long as public certificates may be valid, and some more for a cell whose clock was moved ahead.
constexpr std::chrono::days validity{730};

// The application protocols that we speak inside TLS, in the order of our choice.
constexpr std::string_view known_protocols[] = {"http/1.1", "http/1.0", "dot", "ftp", "pop3", "irc", "smtp"};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  for (std::string_view known : known_protocols) {
    for (unsigned at = 0; at < in_size && at + 1 + in[at] <= in_size; at += 1 + in[at]) {
      if (std::string_view(reinterpret_cast<const char*>(in + at + 1), in[at]) != known) continue;
      *out = in + at + 1;
      *out_size = in[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

int secret_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void log_secret(const SSL* ssl, const char* line) {
  auto* secret = static_cast<std::function<void(std::string_view)>*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), secret_index()));
  if (secret && *secret) (*secret)(std::string(line) + "\n");
}

Result<Context> make_context(const SSL_METHOD* method, std::function<void(std::string_view)>* secret) {
  Context context(SSL_CTX_new(method));
  if (!context) return fail(Module::gateway, ErrorCode::io, "OpenSSL makes no TLS context");
  // Old malware speaks old TLS; nothing that is protected here deserves better.
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_TICKET | SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Every connection says its secrets in full.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_keylog_callback(context.get(), log_secret);
  SSL_CTX_set_ex_data(context.get(), secret_index(), secret);
  return context;
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

struct Pair {
  std::unique_ptr<X509, decltype(&X509_free)> certificate;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key;
};

Pair read_pair(const net::ServerCertificate& certificate) {
  auto memory = [](const std::string& text) {
    return std::unique_ptr<BIO, FreeBio>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  };
  return {
      {PEM_read_bio_X509(memory(certificate.chain_pem).get(), nullptr, nullptr, nullptr), X509_free},
      {PEM_read_bio_PrivateKey(memory(certificate.key_pem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free}};
}

bool use_certificate(SSL_CTX* context, const net::ServerCertificate& certificate) {
  const Pair pair = read_pair(certificate);
  return pair.certificate && pair.key && SSL_CTX_use_certificate(context, pair.certificate.get()) == 1 &&
         SSL_CTX_use_PrivateKey(context, pair.key.get()) == 1;
}

// Whether a client takes an ECDSA certificate: by its cipher suites (those of TLS 1.3 leave it open) and,
// where it names them, its signature algorithms.
bool takes_ecdsa(SSL* ssl) {
  bool by_suite = false, by_signature = false;
  const STACK_OF(SSL_CIPHER)* suites = SSL_get_client_ciphers(ssl);
  for (int i = 0; suites && i < sk_SSL_CIPHER_num(suites); ++i) {
    const int kind = SSL_CIPHER_get_auth_nid(sk_SSL_CIPHER_value(suites, i));
    by_suite = by_suite || kind == NID_auth_ecdsa || kind == NID_auth_any;
  }
  const int signatures = SSL_get_sigalgs(ssl, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
  for (int i = 0; i < signatures; ++i) {
    int kind = NID_undef;
    SSL_get_sigalgs(ssl, i, &kind, nullptr, nullptr, nullptr, nullptr);
    by_signature = by_signature || kind == EVP_PKEY_EC;
  }
  return by_suite && (by_signature || signatures <= 0);
}

// One host's: its certificates, the second of which is made when a client wants it.
struct Server {
  Context context;
  std::vector<std::string> names;
  const net::CertificateAuthority* authority = nullptr;
  std::optional<net::ServerCertificate> rsa = {};

  static int choose_certificate(SSL* ssl, void* self) {
    return takes_ecdsa(ssl) || static_cast<Server*>(self)->add_rsa(ssl) ? 1 : 0;
  }

 private:
  bool add_rsa(SSL* ssl) {
    if (!rsa) {
      auto issued = authority->issue(names, base::system_clock().now(), validity, net::KeyKind::rsa);
      if (!issued) return false;
      rsa = std::move(*issued);
    }
    const Pair pair = read_pair(*rsa);
    return pair.certificate && pair.key && SSL_use_certificate(ssl, pair.certificate.get()) == 1 &&
           SSL_use_PrivateKey(ssl, pair.key.get()) == 1;
  }
};

}  // namespace

TlsSession::TlsSession(SSL_CTX* context, bool server) : ssl_(SSL_new(context)) {
  SHIKAKE_CHECK(ssl_ != nullptr);
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  SHIKAKE_CHECK(in && out);
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(ssl_, in, out);
  if (server) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
  }
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

void TlsSession::set_server_name(const std::string& name) {
  SSL_set_tlsext_host_name(ssl_, name.c_str());
}

void TlsSession::feed(std::string_view ciphertext) {
  BIO_write(SSL_get_rbio(ssl_), ciphertext.data(), static_cast<int>(ciphertext.size()));
}

std::string TlsSession::take_output() {
  std::string output;
  std::array<char, 16384> piece;
  for (int size = 0; (size = BIO_read(SSL_get_wbio(ssl_), piece.data(), piece.size())) > 0;)
    output.append(piece.data(), static_cast<size_t>(size));
  return output;
}

TlsSession::Step TlsSession::settle(int status) {
  switch (SSL_get_error(ssl_, status)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Step::wants_more;
    case SSL_ERROR_ZERO_RETURN:
      return Step::done;
    default: {
      const unsigned long code = ERR_peek_error();
      const char* reason = code ? ERR_reason_error_string(code) : nullptr;
      failure_ = reason ? reason : "closed";
      return Step::failed;
    }
  }
}

TlsSession::Step TlsSession::handshake() {
  ERR_clear_error();
  const int status = SSL_do_handshake(ssl_);
  return status == 1 ? Step::done : settle(status);
}

TlsSession::Step TlsSession::read(std::string& plaintext) {
  std::array<char, 16384> piece;
  for (;;) {
    ERR_clear_error();
    const int size = SSL_read(ssl_, piece.data(), piece.size());
    if (size <= 0) return settle(size);
    plaintext.append(piece.data(), static_cast<size_t>(size));
  }
}

bool TlsSession::write(std::string_view plaintext) {
  ERR_clear_error();
  if (plaintext.empty()) return true;
  return SSL_write(ssl_, plaintext.data(), static_cast<int>(plaintext.size())) > 0;
}

void TlsSession::close() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

std::string TlsSession::version() const {
  return SSL_get_version(ssl_);
}

struct TlsAuthority::State {
  net::CertificateAuthority authority;
  std::function<void(std::string_view)> secret;
  std::unordered_map<std::string, std::unique_ptr<Server>> servers;  // by the first name
  Context client;
};

TlsAuthority::TlsAuthority(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsAuthority::TlsAuthority(TlsAuthority&&) noexcept = default;
TlsAuthority& TlsAuthority::operator=(TlsAuthority&&) noexcept = default;
TlsAuthority::~TlsAuthority() = default;

Result<TlsAuthority> TlsAuthority::make(net::CertificateAuthority authority,
                                        std::function<void(std::string_view)> secret) {
  auto state = std::make_unique<State>(State{std::move(authority), std::move(secret), {}, {}});
  SHIKAKE_ASSIGN(state->client, make_context(TLS_client_method(), &state->secret));
  SSL_CTX_set_verify(state->client.get(), SSL_VERIFY_NONE, nullptr);
  TlsAuthority made(std::move(state));
  // Once before the confinement, so that OpenSSL has loaded whatever it loads late.
  SHIKAKE_TRY(made.server({"localhost"}));
  return made;
}

const std::string& TlsAuthority::certificate_pem() const {
  return state_->authority.certificate_pem();
}

Result<SSL_CTX*> TlsAuthority::server(const std::vector<std::string>& names) {
  auto known = state_->servers.find(names.front());
  if (known != state_->servers.end()) return known->second->context.get();
  SHIKAKE_ASSIGN(auto certificate, state_->authority.issue(names, base::system_clock().now(), validity));
  SHIKAKE_ASSIGN(Context context, make_context(TLS_server_method(), &state_->secret));
  if (!use_certificate(context.get(), certificate))
    return fail(Module::gateway, ErrorCode::io, "a certificate is not taken");
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  auto server = std::make_unique<Server>(Server{std::move(context), names, &state_->authority});
  SSL_CTX_set_cert_cb(server->context.get(), Server::choose_certificate, server.get());
  if (state_->servers.size() >= max_certificates) state_->servers.clear();
  return state_->servers.emplace(names.front(), std::move(server)).first->second->context.get();
}

SSL_CTX* TlsAuthority::client() {
  return state_->client.get();
}

}  // namespace shikake::gateway
