// Set-Cookie values of a hostile server, read by our own process. The first line is the URL that sends
// them, each further one a value. What is sent back goes to that host alone and can't split a header.
#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "net/cookies.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  std::string_view rest = base::as_text({data, size});
  auto line = [&rest] {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return text;
  };
  auto from = url::Url::parse(line());
  if (!from) return 0;
  base::ManualClock clock(base::from_micros(1'700'000'000'000'000));
  net::CookieJar jar(clock);
  while (!rest.empty()) {
    auto stored = jar.set(*from, line());
    SHIKAKE_CHECK(stored.cookie.has_value() == stored.why.empty());
  }
  for (const net::Cookie& cookie : jar.all()) {
    SHIKAKE_CHECK(from->hostname().ends_with(cookie.domain));
    SHIKAKE_CHECK(cookie.path.starts_with('/'));
    SHIKAKE_CHECK(cookie.name.size() + cookie.value.size() <= net::CookieJar::max_name_and_value);
  }
  std::string sent = jar.get(*from);
  SHIKAKE_CHECK(sent.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);
  auto elsewhere = *url::Url::parse("https://elsewhere.invalid/");
  SHIKAKE_CHECK(from->hostname().ends_with("elsewhere.invalid") || from->hostname() == "invalid" ||
                jar.get(elsewhere).empty());
  return 0;
}
