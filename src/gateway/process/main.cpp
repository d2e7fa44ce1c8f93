// shikake-gateway: the simulated Internet of one run, or its way to the real one. Started by
// Gateway::start(), in a network namespace of its own.
#include <unistd.h>

#include <csignal>

#include "arrange.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/wire.h"
#include "broker_client.h"
#include "confine.h"
#include "context.h"
#include "engine.h"
#include "gateway/fd_passing.h"
#include "gateway/setup.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

// A parent that takes no frame for so long is stuck.
constexpr auto say_time = 600s;

Result<Setup> read_setup() {
  SHIKAKE_ASSIGN(std::string bytes, base::read_file("/proc/self/fd/5", max_setup_bytes));
  static_assert(setup_fd == 5);
  close(setup_fd);
  return base::from_wire<Setup>(bytes);
}

Result<net::CertificateAuthority> authority(const Setup& setup) {
  if (!setup.ca_certificate_pem.empty())
    return net::CertificateAuthority::from_pem(setup.ca_certificate_pem, setup.ca_key_pem);
  // Named as a public one might be: a sample that lists the trusted authorities finds nothing of a sandbox.
  return net::CertificateAuthority::make("Global Root CA G4", base::system_clock().now());
}

class Program {
 public:
  explicit Program(base::FrameChannel& channel) : channel_(channel) {}

  Result<> run() {
    SHIKAKE_ASSIGN(setup_, read_setup());
    SHIKAKE_ASSIGN(Arranged arranged, arrange());
    SHIKAKE_TRY(send_with_fd(handover_fd, "network", arranged.cell_network.get()));
    close(handover_fd);
    arranged.cell_network.reset();
    if (setup_.capture) {
      SHIKAKE_ASSIGN(capture_,
                     Capture::start(std::move(arranged.capture), capture_fd, setup_.limits.capture_bytes));
    }
    arranged.capture.reset();
    SHIKAKE_ASSIGN(auto signer, authority(setup_));
    SHIKAKE_ASSIGN(auto tls, TlsAuthority::make(std::move(signer), [this](std::string_view line) {
                     if (capture_) capture_->tls_secret(line);
                   }));
    NameTable names;
    FlowBook book(setup_.limits, names, [this](FrameType type, const std::string& body) { say(type, body); });
    asio::io_context io(1);
    Context context{io, setup_, names, book, tls, capture_.get()};
    context.ipv6 = static_cast<bool>(arranged.v6.tcp);
    std::optional<BrokerClient> broker;
    if (setup_.broker) context.broker = &broker.emplace(context, base::UniqueFd(broker_fd));
    Engine engine(context, channel_, arranged);
    SHIKAKE_TRY(confine(setup_.limits.capture_bytes, setup_.limits.connections, setup_.broker));
    say(FrameType::ready,
        base::to_wire(Ready{tls.certificate_pem(), arranged.resolvers, arranged.cell_addresses}));
    engine.run();
    end(context);
    return {};
  }

  void say(FrameType type, const std::string& body) {
    // A parent that is gone, or takes nothing, has no more use for a gateway.
    if (!channel_.send(static_cast<uint8_t>(type), body, base::Deadline::after(say_time))) ::_exit(1);
  }

 private:
  void end(Context& context) {
    Ended ended;
    ended.flows = context.book.opened();
    ended.dns_lookups = context.dns_lookups;
    ended.relayed_pieces = context.relayed_pieces;
    ended.relayed_bytes = context.relayed_bytes;
    if (capture_) {
      const Capture::Totals totals = capture_->finish();
      ended.captured_packets = totals.packets;
      ended.captured_bytes = totals.bytes;
      ended.lost_packets = totals.lost;
      if (totals.full) context.book.say_limit("capture_bytes");
      if (!totals.failure.empty()) context.book.say_limit("capture: " + totals.failure);
    }
    say(FrameType::ended, base::to_wire(ended));
  }

  base::FrameChannel& channel_;
  Setup setup_;
  std::unique_ptr<Capture> capture_;
};

int run() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a capture at its bound is an error of write, not the end
  base::FrameChannel channel(base::UniqueFd(channel_fd), max_frame_bytes);
  Program program(channel);
  auto result = program.run();
  if (result) return 0;
  const Error& error = result.error();
  program.say(FrameType::failed,
              base::to_wire(Failure{error.code == ErrorCode::unsupported, error.system_errno, error.what}));
  return 1;
}

}  // namespace
}  // namespace shikake::gateway

// Without the libraries' farewells: after the filter stands some would be its violation.
int main() {
  ::_exit(shikake::gateway::run());
}
