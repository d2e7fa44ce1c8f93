// For tests: a server on loopback that sends exactly the bytes that a test wants, well-behaved or not.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "net/ca.h"

namespace shikake::net {

// One client. Every call ends when the client goes or the server stops.
class TestConnection {
 public:
  TestConnection(base::UniqueFd fd, SSL* tls) : fd_(std::move(fd)), tls_(tls, SSL_free) {}

  // Some bytes; empty at the end.
  std::string receive() {
    char buffer[65536];
    ssize_t got =
        tls_ ? SSL_read(tls_.get(), buffer, sizeof buffer) : ::recv(fd_.get(), buffer, sizeof buffer, 0);
    return {buffer, static_cast<size_t>(got > 0 ? got : 0)};
  }
  // Through the empty line, and as much body as Content-Length says.
  std::string receive_request() {
    std::string text;
    size_t end = std::string::npos, body = 0;
    while (end == std::string::npos || text.size() < end + body) {
      std::string more = receive();
      if (more.empty()) break;
      text += more;
      if (end == std::string::npos && (end = text.find("\r\n\r\n")) != std::string::npos) {
        end += 4;
        if (size_t at = text.find("Content-Length: "); at < end) body = std::stoul(text.substr(at + 16));
      }
    }
    return text;
  }
  // False: the client is gone.
  bool send(std::string_view text) {
    while (!text.empty()) {
      ssize_t sent = tls_ ? SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()))
                          : ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void wait_until_client_goes() {
    while (!receive().empty()) {}
  }
  int fd() const { return fd_.get(); }

 private:
  base::UniqueFd fd_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
};

class TestServer {
 public:
  using Handler = std::function<void(TestConnection&)>;

  // `address`: "127.0.0.1" or "::1". With a certificate it speaks TLS; `http2` is offered then.
  explicit TestServer(Handler handler, const std::string& address = "127.0.0.1",
                      const ServerCertificate* certificate = nullptr, bool http2 = false)
      : handler_(std::move(handler)), address_(address) {
    if (certificate) make_tls(*certificate);
    if (certificate && http2) SSL_CTX_set_alpn_select_cb(tls_.get(), select_http2, nullptr);
    listen();
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestServer() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    {
      std::lock_guard lock(mutex_);
      for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& client : clients_) client.join();
  }

  uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    std::string host = address_ == "::1" ? "[::1]" : address_;
    return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(port_) + std::string(path);
  }
  std::string url_for(std::string_view host, std::string_view path = "/") const {
    return (tls_ ? "https://" : "http://") + std::string(host) + ":" + std::to_string(port_) +
           std::string(path);
  }
  int connections() const { return count_; }

 private:
  void make_tls(const ServerCertificate& certificate) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL; clients here go away when they like
    tls_.reset(SSL_CTX_new(TLS_server_method()));
    auto read = [](const std::string& pem) {
      return std::unique_ptr<BIO, decltype(&BIO_free_all)>(
          BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
    };
    std::unique_ptr<X509, decltype(&X509_free)> leaf(
        PEM_read_bio_X509(read(certificate.chain_pem).get(), nullptr, nullptr, nullptr), X509_free);
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(read(certificate.key_pem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    if (SSL_CTX_use_certificate(tls_.get(), leaf.get()) != 1 ||
        SSL_CTX_use_PrivateKey(tls_.get(), key.get()) != 1)
      throw std::runtime_error("test server: bad certificate");
  }
  static int select_http2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*,
                          unsigned, void*) {
    *out = reinterpret_cast<const unsigned char*>("h2");
    *size = 2;
    return SSL_TLSEXT_ERR_OK;
  }
  void listen() {
    bool v6 = address_ == "::1";
    listener_ = base::UniqueFd(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage{};
    auto* four = reinterpret_cast<sockaddr_in*>(&storage);
    auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
    storage.ss_family = v6 ? AF_INET6 : AF_INET;
    ::inet_pton(storage.ss_family, address_.c_str(),
                v6 ? static_cast<void*>(&six->sin6_addr) : static_cast<void*>(&four->sin_addr));
    socklen_t size = v6 ? sizeof *six : sizeof *four;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0 ||
        ::listen(listener_.get(), 64) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0)
      throw std::runtime_error("test server: could not listen on " + address_);
    port_ = ntohs(v6 ? six->sin6_port : four->sin_port);
  }
  void accept_all() {
    while (!stopping_) {
      int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++count_;
      std::lock_guard lock(mutex_);
      open_.push_back(fd);
      clients_.emplace_back([this, fd] { serve(fd); });
    }
  }
  void serve(int fd) {
    SSL* tls = nullptr;
    if (tls_) {
      tls = SSL_new(tls_.get());
      SSL_set_fd(tls, fd);
    }
    {
      TestConnection connection(base::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)), tls);
      if (!tls || SSL_accept(tls) == 1) {
        handler_(connection);
        if (tls) SSL_shutdown(tls);
      }
    }
    std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  Handler handler_;
  std::string address_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_{nullptr, SSL_CTX_free};
  base::UniqueFd listener_;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> count_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::thread acceptor_;
  std::list<std::thread> clients_;
};

}  // namespace shikake::net
