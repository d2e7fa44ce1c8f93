// TLS with a client of the cell: certificates made on the fly, any version and cipher that OpenSSL still
// speaks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/ca.h"

struct ssl_ctx_st;
struct ssl_st;

namespace shikake::gateway {

// One end of a TLS connection over bytes that others carry.
class TlsSession {
 public:
  TlsSession(ssl_ctx_st* context, bool server);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  void set_server_name(const std::string& name);  // of a client, before its handshake

  void feed(std::string_view ciphertext);
  std::string take_output();  // ciphertext to be sent; empty: none

  enum class Step : uint8_t { done, wants_more, failed };
  Step handshake();
  // Appends the plaintext that has come; wants_more: the rest is not there yet. done: the peer has closed.
  Step read(std::string& plaintext);
  bool write(std::string_view plaintext);
  void close();  // says so to the peer

  std::string version() const;                             // "TLSv1.3"
  const std::string& failure() const { return failure_; }  // "tlsv1 alert unknown ca"

 private:
  Step settle(int status);

  ssl_st* ssl_;
  std::string failure_;
};

class TlsAuthority {
 public:
  // `secret` gets each line of NSS' key log format as it becomes known, before what it opens is sent or read.
  static Result<TlsAuthority> make(net::CertificateAuthority authority,
                                   std::function<void(std::string_view)> secret);
  TlsAuthority(TlsAuthority&&) noexcept;
  TlsAuthority& operator=(TlsAuthority&&) noexcept;
  ~TlsAuthority();

  const std::string& certificate_pem() const;
  // A server's context with a certificate for these names (a host, addresses); lives until more than
  // max_certificates others were asked for, and as long as its sessions.
  Result<ssl_ctx_st*> server(const std::vector<std::string>& names);
  // A client's, which believes everybody: the real servers that malware talks to are who they are.
  ssl_ctx_st* client();

  static constexpr size_t max_certificates = 1000;  // 20 KiB each

 private:
  struct State;
  explicit TlsAuthority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shikake::gateway
