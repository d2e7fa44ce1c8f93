// HTTP and HTTPS for one visit, in a process of its own (shikake-fetcher): what servers send is parsed
// where a break-out gains nothing. docs/processes.md says what that process may do.
//
//   SHIKAKE_ASSIGN(Fetcher fetcher, Fetcher::start(options));
//   SHIKAKE_ASSIGN(uint64_t id, fetcher.submit(request));      // as many as wanted
//   SHIKAKE_ASSIGN(FetchResponse response, fetcher.next(deadline));   // whichever ends first
//
// Redirects are answers like any other (redirect.h follows them). Cookies (cookies.h) and referrers
// (referrer.h) are the caller's headers. data:, blob: and about: URLs are not fetched here.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/zygote.h"
#include "net/egress.h"
#include "net/http.h"

namespace shikake::net {

struct FetchLimits {
  uint64_t header_bytes = 256 * 1024;        // of one answer; browsers stop at about as much
  uint64_t body_bytes = 32 * 1024 * 1024;    // of one body, as sent and again as decoded; at most 512 MiB
  uint64_t visit_bytes = 256 * 1024 * 1024;  // of all bodies as sent, and again as decoded
  uint32_t fetches = 2000;                   // of the visit
  std::chrono::milliseconds connect_time{15'000};  // name lookup, connection and TLS
  std::chrono::milliseconds total_time{60'000};    // of one fetch
  // A fetch is cut when it stays below this speed for this long.
  uint32_t low_speed_bytes_per_second = 32;
  std::chrono::seconds low_speed_time{15};
  uint32_t connections = 32;
  uint32_t connections_per_host = 6;  // as browsers have it

  static void wire(auto& codec, auto& self) {
    codec(self.header_bytes, self.body_bytes, self.visit_bytes, self.fetches, self.connect_time,
          self.total_time, self.low_speed_bytes_per_second, self.low_speed_time, self.connections,
          self.connections_per_host);
  }
};

// http://, https:// and socks5:// proxies, with user:password@ where they ask for it. Names are resolved
// by the proxy. Connections to a proxy are allowed whatever its address: who configures one allows it.
struct ProxySettings {
  std::string http, https;  // for URLs of that scheme; empty: none
  // Hosts that are reached directly, as in no_proxy: comma-separated names (with all below them),
  // addresses, networks, or "*".
  std::string except;

  // From http_proxy, https_proxy, all_proxy and no_proxy (upper case too, but for HTTP_PROXY, which a
  // web server's client can set: httpoxy).
  static ProxySettings from_environment();
  // The proxy for a URL, or empty.
  const std::string& for_url(const url::Url& url) const;

  static void wire(auto& codec, auto& self) { codec(self.http, self.https, self.except); }
};

// A host that is looked up here and nowhere else, as in /etc/hosts. The egress policy holds for it too.
struct HostAddress {
  std::string host;     // as Url::hostname() gives it
  std::string address;  // an IP address

  static void wire(auto& codec, auto& self) { codec(self.host, self.address); }
};

struct FetcherOptions {
  EgressPolicy egress;
  FetchLimits limits;
  ProxySettings proxy;
  std::vector<HostAddress> hosts;
  // Certificate authorities (PEM) to trust besides the system's; empty: none.
  std::string extra_authorities;
  // Where shikake-fetcher lies; without it, it is looked for beside the running program.
  std::optional<std::filesystem::path> program;
  const base::Clock* clock = &base::system_clock();  // outlives the fetcher; for requested_at
  bool inherit_stderr = false;                       // for debugging
  // A warm process to fork from (start_zygote); it outlives the fetcher. Without it, a start from nothing.
  base::Zygote* zygote = nullptr;

  static void wire(auto& codec, auto& self) {  // what the process needs to know
    codec(self.egress, self.limits, self.proxy, self.hosts, self.extra_authorities);
  }
};

class Fetcher {
 public:
  // For many fetchers, one after the other or side by side: each then starts in a fifth of the time.
  static Result<base::Zygote> start_zygote(const std::optional<std::filesystem::path>& program);

  // Starts the process and waits until it stands confined. Call from a thread that lives as long as the
  // fetcher (child.h).
  static Result<Fetcher> start(const FetcherOptions& options);
  Fetcher(Fetcher&&) noexcept;
  Fetcher& operator=(Fetcher&&) noexcept;
  ~Fetcher();  // ends the process and everything that it fetches

  // Gives the id that the response will have. Errors: unavailable, once the process is gone; limit, a
  // request larger than a body may be.
  Result<uint64_t> submit(const FetchRequest& request);

  // The next response, in the order in which fetches end. When the process dies, each fetch that was
  // under way gets a response with FetchFailure::fetcher_died. Errors: timeout; not_found, when nothing
  // is under way.
  Result<FetchResponse> next(const base::Deadline& deadline);

  // Submits and waits for that one; others that end meanwhile are kept for next().
  Result<FetchResponse> fetch(const FetchRequest& request, const base::Deadline& deadline);

  // Gives up a fetch: next() will not return it. Nothing happens if it has ended.
  void cancel(uint64_t id);

  size_t under_way() const;  // submitted, and not yet returned by next()
  int fd() const;            // readable when next() may have something new; also look after submit()
  int pid() const;

 private:
  struct State;
  explicit Fetcher(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace shikake::net
