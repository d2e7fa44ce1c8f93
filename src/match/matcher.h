// The compiled form of intelligence: values in, entries out. Knows no log format and no store.
//
// What a lookup finds, exactly (the tests' oracle is this text in its slowest form):
//
//   url(text)      Let u be the URL that url::Url::parse makes of text.
//                  url entries      u without fragment, credentials and the host's trailing dots equals the
//                                   entry; or u's query is empty ("...?") and equals the entry up to and with
//                                   its '?' (Precision::query_cut)
//                  host entries     as host(u's host); ip_port entries with u's port, or its scheme's
//                  pattern entries  as pattern.h says, on the same u
//                  Where text is no URL to the standard, host(its authority's host as written), port ignored.
//   host(text)     A name: domain entries that equal it or are a parent of it, dots on whole labels, ASCII
//   case
//                  and trailing dots ignored, IDNA applied. An address in any form that a URL's host may
//                  have: as address().
//   authority(text, port)  "host:port" or "host": as host(); ip_port entries; and url entries that are the
//   root
//                  URL, http or https, of that host and port (Precision::host_only).
//   target(host_and_port, request_target, port)  A request without its scheme. host(); ip_port entries with
//   the
//                  port named, else with `port` where that isn't 0; url and pattern entries as url() finds
//                  them for http://... and https://..., also with `port` where host_and_port names none. A
//                  request_target that is no path ("http://...", "*") is a url() of its own.
//   address(a)     ip and cidr entries that hold it or the IPv4 address inside it.
//   endpoint(a, p) as address(), and ip_port entries.
//   digest(hex)    sha256 entries, either case.
//
// The cheap path reads the host off the raw bytes where they leave no doubt; everything else, and each URL
// whose host has url entries, goes through the full parser.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "match/hits.h"
#include "url/ip.h"

namespace shikake::match {

struct Tables;

// Immutable. Threads may share one that has no glob patterns (those need a scratch space each). Lookups
// allocate only in the full parser. Hits are added, never cleared.
class Matcher {
 public:
  Matcher();  // matches nothing
  ~Matcher();
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;

  void url(std::string_view text, Hits& hits) const;
  void host(std::string_view text, Hits& hits) const;
  void authority(std::string_view text, uint16_t default_port, Hits& hits) const;
  void target(std::string_view host_and_port, std::string_view request_target, uint16_t port,
              Hits& hits) const;
  void address(const url::IpAddress& address, Hits& hits) const;
  void endpoint(const url::IpAddress& address, uint16_t port, Hits& hits) const;
  void digest(std::string_view hexadecimal, Hits& hits) const;

  size_t size() const;   // entries
  size_t bytes() const;  // of memory, about

 private:
  friend class Builder;
  explicit Matcher(std::unique_ptr<Tables> tables);
  std::unique_ptr<Tables> tables_;
};

class Builder {
 public:
  Builder();
  ~Builder();
  Builder(Builder&&) noexcept;
  Builder& operator=(Builder&&) noexcept;

  // `value` is canonical, as intel::canonical_value gives it. The first of equal values stays. Fails with
  // invalid_input when value can't be of that kind; the builder is as before then.
  Result<> add(Kind kind, std::string_view value, EntryId entry);
  // Once.
  Result<Matcher> build();

 private:
  std::unique_ptr<Tables> tables_;
};

}  // namespace shikake::match
