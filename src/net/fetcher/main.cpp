// shikake-fetcher: does the fetches of one visit for the process that started it, and nothing else; or, as a
// zygote, forks such processes.
#include <unistd.h>

#include <csignal>
#include <string_view>

#include "base/frame.h"
#include "base/wire.h"
#include "base/zygote.h"
#include "cell/landlock.h"
#include "cell/limits.h"
#include "cell/seccomp.h"
#include "engine.h"
#include "net/fetch_protocol.h"

namespace shikake::net {
namespace {

using namespace std::chrono_literals;

constexpr auto configure_time = 30s;
// A parent that takes no response for so long is stuck.
constexpr auto send_time = 600s;

constexpr uint64_t max_cpu_seconds = 600;  // of a visit: decoding and TLS take a small part of it
// Connections, two for each name that is looked up, and curl's own.
constexpr uint64_t max_open_files = 1024;

uint8_t type(FetchFrame frame) {
  return static_cast<uint8_t>(frame);
}

// Bodies as sent and as decoded, and the frame that carries both, for a few fetches that end at once;
// libraries and thread stacks besides. A sanitizer reserves terabytes.
std::optional<uint64_t> address_space(const FetchLimits& limits) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static_cast<void>(limits);
  return std::nullopt;
#else
  constexpr uint64_t base = uint64_t{2} << 30;
  return base + limits.visit_bytes + 8 * limits.body_bytes;
#endif
}

// What no visit changes, made once.
struct Warm {
  TlsTrust trust;
  cell::SeccompProgram filter;
};

Result<Warm> warm_up() {
  auto policy = cell::SeccompPolicy::pure_computation().allow_threads().allow_network().allow_reading_files();
  SHIKAKE_ASSIGN(cell::SeccompProgram filter, policy.compile());
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return fail(Module::net, ErrorCode::unsupported, "libcurl could not be started");
  return Warm{TlsTrust(), std::move(filter)};
}

Result<void> confine(const FetchLimits& limits, const cell::SeccompProgram& filter) {
  // Files are read for looking names up and for verifying certificates.
  SHIKAKE_TRY(cell::allow_reading_only({"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
                                        "/etc/host.conf", "/etc/gai.conf", system_authorities}));
  cell::Limits bounds;
  bounds.address_space = address_space(limits);
  bounds.cpu_seconds = max_cpu_seconds;
  bounds.open_files = max_open_files;
  bounds.file_size = 0;
  SHIKAKE_TRY(cell::apply(bounds));
  SHIKAKE_TRY(cell::forbid_tracing());
  return filter.install();
}

Result<FetcherOptions> prepare(base::FrameChannel& channel, Warm& warm) {
  SHIKAKE_ASSIGN(base::Frame frame, channel.receive(base::Deadline::after(configure_time)));
  if (frame.type != type(FetchFrame::configure))
    return fail(Module::net, ErrorCode::invalid_input, "the fetcher was not configured");
  SHIKAKE_ASSIGN(FetcherOptions options, base::from_wire<FetcherOptions>(frame.body));
  SHIKAKE_TRY(warm.trust.add(options.extra_authorities));
  SHIKAKE_TRY(confine(options.limits, warm.filter));
  return options;
}

// Takes what the parent has sent. Errors: the parent is gone, or sends nonsense.
Result<void> take_orders(base::FrameChannel& channel, Engine& engine) {
  for (;;) {
    auto frame = channel.receive(base::Deadline::now());
    if (!frame && frame.error().code == ErrorCode::timeout) return {};
    if (!frame) return fail(frame.error());
    if (frame->type == type(FetchFrame::fetch)) {
      SHIKAKE_ASSIGN(FetchOrder order, base::from_wire<FetchOrder>(frame->body));
      engine.fetch(order.id, std::move(order.request));
    } else if (frame->type == type(FetchFrame::cancel)) {
      SHIKAKE_ASSIGN(uint64_t id, base::from_wire<uint64_t>(frame->body));
      engine.cancel(id);
    } else {
      return fail(Module::net, ErrorCode::invalid_input, "an unknown order");
    }
  }
}

Result<void> serve(base::FrameChannel& channel, const FetcherOptions& options, TlsTrust& trust) {
  Engine engine(options, trust);
  for (;;) {
    SHIKAKE_TRY(take_orders(channel, engine));
    for (const FetchResponse& response : engine.step())
      SHIKAKE_TRY(channel.send(type(FetchFrame::response), base::to_wire(response),
                               base::Deadline::after(send_time)));
    engine.wait(channel.fd());
  }
}

// One visit's fetches, over that socket. Returns the exit status.
int fetch_for(base::UniqueFd socket, Result<Warm>& warm) {
  ::signal(SIGPIPE, SIG_IGN);  // a server that hangs up while OpenSSL writes
  FetchLimits widest;
  widest.body_bytes = largest_body_bytes;
  base::FrameChannel channel(std::move(socket), fetch_frame_bound(widest));
  Result<FetcherOptions> options = warm ? prepare(channel, *warm) : fail(warm.error());
  auto deadline = base::Deadline::after(send_time);
  if (!options) {
    std::string why = options.error().message();
    static_cast<void>(channel.send(type(FetchFrame::failed), base::to_wire(why), deadline));
    return 1;
  }
  if (!channel.send(type(FetchFrame::ready), {}, deadline)) return 1;
  auto served = serve(channel, *options, warm->trust);
  return served.error().code == ErrorCode::unavailable ? 0 : 1;  // it ends when the parent closes
}

int run(bool zygote) {
  auto warm = warm_up();
  if (!zygote) return fetch_for(base::UniqueFd(fetch_channel_fd), warm);
  if (warm) warm->trust.add_system();
  return base::serve_forks([&](base::UniqueFd socket) { return fetch_for(std::move(socket), warm); });
}

}  // namespace
}  // namespace shikake::net

// Without the libraries' farewells: after the filter stands some would be its violation.
int main(int count, char** arguments) {
  ::_exit(
      shikake::net::run(count == 2 && std::string_view(arguments[1]) == shikake::net::fetch_zygote_argument));
}
