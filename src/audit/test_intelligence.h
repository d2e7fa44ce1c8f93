// For tests and fuzzers only: a small set of indicators, one of each kind and role, and files from text.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "audit/intelligence.h"
#include "base/check.h"
#include "base/unique_fd.h"

namespace shikake::audit {

inline intel::Indicator indicator(intel::IndicatorType type, std::string_view value, intel::Role role,
                                  uint8_t confidence = 90) {
  intel::Indicator made;
  made.key = {type, std::string(value)};
  made.roles = {role};
  made.confidence = confidence;
  made.sources = {"test-feed"};
  return made;
}

inline Intelligence test_intelligence() {
  using enum intel::IndicatorType;
  using enum intel::Role;
  Intelligence::Builder builder([](const intel::IndicatorKey& key) -> std::optional<std::string_view> {
    if (key.value == "top.example") return "Top sites";
    return std::nullopt;
  });
  for (const intel::Indicator& made :
       {indicator(url, "http://blog.example/", landing), indicator(domain, "exploit.example", exploit),
        indicator(url, "http://files.example/a.exe?x=1", distribution), indicator(domain, "c2.example", c2),
        indicator(domain, "unknown.example", unknown, 60), indicator(domain, "top.example", c2),
        indicator(ip, "203.0.113.66", c2), indicator(cidr, "203.0.113.128/25", attacker),
        indicator(ip_port, "203.0.113.67:8443", drop), indicator(ip, "2001:db8::66", c2),
        indicator(pattern, "/panel/gate.php", c2, 50), indicator(domain, "phish.example", phishing),
        indicator(sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", unknown)})
    builder.add(made);
  auto built = builder.build();
  SHIKAKE_CHECK(built && builder.left_out() == 0);
  return std::move(*built);
}

// A file in memory that holds this, at its start.
inline base::UniqueFd file_of(std::string_view bytes) {
  base::UniqueFd fd(memfd_create("log", MFD_CLOEXEC));
  SHIKAKE_CHECK(fd);
  while (!bytes.empty()) {
    const ssize_t written = write(fd.get(), bytes.data(), bytes.size());
    SHIKAKE_CHECK(written > 0);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  SHIKAKE_CHECK(lseek(fd.get(), 0, SEEK_SET) == 0);
  return fd;
}

}  // namespace shikake::audit
