#include "gateway/gateway.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "base/child.h"
#include "base/file.h"
#include "base/wire.h"
#include "gateway/fd_passing.h"
#include "gateway/setup.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto start_time = 30s;  // it takes milliseconds; a machine under load takes longer
constexpr auto order_time = 10s;

const std::vector<std::string> gateway_devices = {"cell0", "lo"};
const std::vector<std::string> cell_devices = {"eth0", "lo"};

// What setting up the network takes. An ordinary user, who is nobody special inside a user namespace either,
// would lose it with the exec; the gateway drops all of it before the first packet comes.
constexpr int needed_capabilities[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN};

bool keep_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return false;
  for (auto& half : data) half.inheritable = half.permitted;
  if (syscall(SYS_capset, &header, data.data()) != 0) return false;
  for (int capability : needed_capabilities)
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) return false;
  return true;
}

struct Wiring {
  int ours;
  int theirs;
};

// In the child; comes back only when it fails. Descriptors go to a high place first, so that none is
// overwritten before its turn.
int become_gateway(const std::string& program, std::vector<Wiring> wirings) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return 127;
  for (int standard : {0, 1, 2}) wirings.push_back({null, standard});
  constexpr int high = 64;
  for (Wiring& wiring : wirings) {
    wiring.ours = fcntl(wiring.ours, F_DUPFD_CLOEXEC, high);
    if (wiring.ours < 0) return 127;
  }
  for (const Wiring& wiring : wirings) {
    close(wiring.theirs);
    if (dup2(wiring.ours, wiring.theirs) < 0) return 127;
  }
  // Whatever else was open, a socket above all, would be a way out; gaps below stay as they were: closed.
  for (int fd = channel_fd; fd < first_free_fd; ++fd) {
    bool wanted = false;
    for (const Wiring& wiring : wirings) wanted = wanted || wiring.theirs == fd;
    if (!wanted) close(fd);
  }
  if (syscall(SYS_close_range, first_free_fd, ~0U, 0) != 0 || !keep_capabilities()) return 127;
  std::string name = program;
  std::array<char*, 2> arguments = {name.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  execve(program.c_str(), arguments.data(), environment.data());
  return 127;
}

Result<base::UniqueFd> memory_file(std::string_view bytes) {
  base::UniqueFd file(memfd_create("gateway-setup", MFD_CLOEXEC));
  if (!file) return fail_errno(Module::gateway, "no memory file");
  SHIKAKE_TRY(base::write_all(file.get(), bytes, "gateway-setup"));
  if (lseek(file.get(), 0, SEEK_SET) != 0)
    return fail_errno(Module::gateway, "a memory file cannot be rewound");
  return file;
}

std::string target_of(int fd) {
  std::error_code ignored;
  return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), ignored).string();
}

Result<Ready> await_ready(base::FrameChannel& channel) {
  auto frame = channel.receive(base::Deadline::after(start_time));
  if (!frame && frame.error().code == ErrorCode::unavailable)
    return fail(Module::gateway, ErrorCode::unavailable, "the gateway ended at its start");
  if (!frame) return fail(frame.error());
  if (frame->type == static_cast<uint8_t>(FrameType::failed)) {
    auto failure = base::from_wire<Failure>(frame->body);
    if (!failure) return fail(failure.error());
    return fail(Error{Module::gateway,
                      failure->unsupported ? ErrorCode::unsupported : ErrorCode::io,
                      failure->what,
                      {},
                      {},
                      {},
                      failure->system_errno});
  }
  if (frame->type != static_cast<uint8_t>(FrameType::ready))
    return fail(Module::gateway, ErrorCode::invalid_input, "the gateway began with an unknown frame");
  return base::from_wire<Ready>(frame->body);
}

Result<> usable(const GatewayPlan& plan) {
  if (plan.mode == Mode::open && plan.broker_fd < 0)
    return fail(Module::gateway, ErrorCode::invalid_usage, "an open network needs a broker");
  if (plan.mode == Mode::closed && plan.broker_fd >= 0)
    return fail(Module::gateway, ErrorCode::invalid_usage, "a closed network has no broker");
  if (plan.ca_certificate_pem.empty() != plan.ca_key_pem.empty())
    return fail(Module::gateway, ErrorCode::invalid_usage, "an authority is a certificate and its key");
  return {};
}

}  // namespace

Result<Gateway> Gateway::start(const GatewayPlan& plan) {
  SHIKAKE_TRY(usable(plan));
  SHIKAKE_ASSIGN(auto program, base::find_sibling_executable(program_name));
  Setup setup{plan.mode,   plan.replies,         plan.ca_certificate_pem, plan.ca_key_pem,
              plan.limits, plan.capture_fd >= 0, plan.broker_fd >= 0};
  SHIKAKE_ASSIGN(auto setup_file, memory_file(base::to_wire(setup)));
  SHIKAKE_ASSIGN(auto channels, base::FrameChannel::make_pair(max_frame_bytes));
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_errno(Module::gateway, "no socket to the gateway");
  base::UniqueFd handover(ends[0]), their_handover(ends[1]);

  std::vector<Wiring> wirings = {
      {channels.second.fd(), channel_fd}, {their_handover.get(), handover_fd}, {setup_file.get(), setup_fd}};
  if (plan.capture_fd >= 0) wirings.push_back({plan.capture_fd, gateway::capture_fd});
  if (plan.broker_fd >= 0) wirings.push_back({plan.broker_fd, gateway::broker_fd});
  std::vector<std::string> expected;
  for (const Wiring& wiring : wirings) expected.push_back(target_of(wiring.ours));

  SHIKAKE_ASSIGN(auto contained, cell::spawn({.network = true, .uts = true, .ipc = true},
                                             [&] { return become_gateway(program.string(), wirings); }));
  Gateway gateway(std::move(contained), std::move(channels.first));
  gateway.expected_descriptors_ = std::move(expected);
  {
    auto theirs = std::move(channels.second);
    their_handover.reset();
  }
  SHIKAKE_ASSIGN(gateway.ready_, await_ready(gateway.channel_));
  SHIKAKE_ASSIGN(auto passed, receive_with_fd(handover.get(), base::Deadline::after(order_time)));
  if (!passed.fd) return fail(Module::gateway, ErrorCode::io, "the gateway gave no network for the cell");
  gateway.cell_network_ = std::move(passed.fd);
  SHIKAKE_ASSIGN(const Inventories seen, gateway.look());
  if (!seen.leaks.empty()) return fail(Module::gateway, ErrorCode::refused, not_shut(seen.leaks));
  return gateway;
}

Result<Inventories> Gateway::look(std::optional<pid_t> cell) const {
  Inventories seen;
  SHIKAKE_ASSIGN(seen.gateway, take_inventory(pid()));
  SHIKAKE_ASSIGN(seen.cell, cell ? take_inventory(*cell) : take_inventory(cell_network_));
  seen.leaks = find_leaks("the gateway", seen.gateway, gateway_devices, expected_descriptors_);
  for (std::string& leak : find_leaks("the cell", seen.cell, cell_devices))
    seen.leaks.push_back(std::move(leak));
  for (const auto& [inventory, own] :
       {std::pair(&seen.gateway, &gateway_devices), std::pair(&seen.cell, &cell_devices)})
    for (const auto& [device, packets] : inventory->sent)
      if (std::ranges::find(*own, device) == own->end()) seen.packets_out += packets;
  return seen;
}

std::string not_shut(const std::vector<std::string>& leaks) {
  return fmt::format("the network is not shut: {}", fmt::join(leaks, "; "));
}

Result<> Gateway::set_clock(std::chrono::microseconds ahead) {
  return channel_.send(static_cast<uint8_t>(OrderType::clock), base::to_wire(ClockOffset{ahead}),
                       base::Deadline::after(order_time));
}

Result<Ended> Gateway::finish(const base::Deadline& deadline,
                              const std::function<void(const base::Frame&)>& take) {
  // A gateway that is gone already has still left what it said before.
  static_cast<void>(channel_.send(static_cast<uint8_t>(OrderType::finish), {}, deadline));
  for (;;) {
    auto frame = channel_.receive(deadline);
    if (!frame) {
      contained_.kill();
      return fail(Module::gateway, frame.error().code,
                  "the gateway ended without a last word: " + frame.error().message());
    }
    if (frame->type != static_cast<uint8_t>(FrameType::ended)) {
      take(*frame);
      continue;
    }
    contained_.kill();  // everything is said and written; nothing of it needs a graceful end
    return base::from_wire<Ended>(frame->body);
  }
}

}  // namespace shikake::gateway
