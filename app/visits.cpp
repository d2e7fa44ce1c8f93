#include "visits.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/file.h"
#include "base/log.h"
#include "base/unique_fd.h"
#include "intel/known_bad.h"
#include "store/blobs.h"

namespace shikake::app {

namespace low = honeyclient::low;

low::VisitOptions visit_options(const VisitSettings& settings) {
  low::VisitOptions options;
  options.referrer = settings.referrer;
  options.seed = settings.seed;
  options.max_time = std::chrono::seconds(settings.seconds);
  options.offline = settings.offline;
  options.egress.allow_private = settings.allow_private;
  options.proxy = net::ProxySettings::from_environment();
  options.egress.allow_documentation = intel::PolicySettings::from_environment().range_profile;
  if (const char* authority = std::getenv("SHIKAKE_RANGE_CA")) {
    constexpr size_t max_certificate_bytes = 64 * 1024;
    if (Result<std::string> pem = base::read_file(authority, max_certificate_bytes))
      options.extra_authorities = *pem;
  }
  if (!settings.allow_private) {
    // Services on this machine's public addresses are not the Internet either.
    if (Result<> own = options.egress.add_own_addresses(); !own) base::log_warning(own.error().message());
  }
  return options;
}

std::string vantage() {
  // Connecting a datagram socket sends nothing; it only asks the kernel which address it would send from.
  base::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(9);
  target.sin_addr.s_addr = htonl(0xC0000201);  // 192.0.2.1, nobody's
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&target), sizeof target) != 0) return "";
  socklen_t length = sizeof target;
  char text[INET_ADDRSTRLEN] = "";
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&target), &length) != 0) return "";
  ::inet_ntop(AF_INET, &target.sin_addr, text, sizeof text);
  return text;
}

std::function<std::optional<std::string>(const base::Digest&)> known_bad_in(const store::Store& store) {
  return [&store](const base::Digest& digest) -> std::optional<std::string> {
    const Result<std::string> why = intel::known_bad(store, digest, low::sensor);
    if (!why) base::log_warning(why.error().message());
    return why && !why->empty() ? std::optional(*why) : std::nullopt;
  };
}

Result<> StoreBlobs::put(const base::Digest&, std::string_view bytes) {
  SHIKAKE_TRY(store_.blobs().put(bytes));
  return {};
}

Result<Visited> inspect(low::Browser& browser, const low::VisitOptions& options, store::Store* store,
                        const intel::PolicySettings& settings) {
  low::NoBlobs nowhere;
  if (!store) {
    SHIKAKE_ASSIGN(intel::VisitRecord visit, browser.visit(options, nowhere));
    return Visited{std::move(visit), {}};
  }
  StoreBlobs blobs(*store);
  low::VisitOptions informed = options;
  informed.known_bad = known_bad_in(*store);
  const base::TimePoint time = store->clock().now();
  SHIKAKE_ASSIGN(intel::VisitRecord visit, browser.visit(informed, blobs));
  store::Intake intake(*store, settings);
  SHIKAKE_ASSIGN(const base::Digest id, intake.take(low::to_observation(visit, time, vantage())));
  return Visited{std::move(visit), id};
}

}  // namespace shikake::app
