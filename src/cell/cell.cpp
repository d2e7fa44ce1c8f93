#include "cell/cell.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include <fmt/format.h>

#include "base/check.h"
#include "cell/accounts.h"
#include "cell/channel.h"
#include "cell/devices.h"
#include "cell/disguise.h"
#include "cell/image.h"
#include "cell/mounts.h"
#include "cell/network.h"
#include "cell/powers.h"
#include "cell/refusals.h"
#include "cell/report.h"
#include "cell/root.h"
#include "cell/state.h"
#include "cell/users.h"

namespace shikake::cell {
namespace {

using By = BoundInForce::By;

// A machine under load may take long for what otherwise is done in milliseconds.
constexpr std::chrono::seconds patience{60};
constexpr uid_t nobody = 65534;  // whom the kernel shows for a user that a namespace does not know
// As a part of the disk; what lies there is memory too.
constexpr uint64_t shared_memory_share = 4;

By by(ControlGroup::Version version, By otherwise) {
  if (version == ControlGroup::Version::v1) return By::cgroup_v1;
  return version == ControlGroup::Version::v2 ? By::cgroup_v2 : otherwise;
}

std::vector<BoundInForce> in_force(const CellBounds& bounds, const ControlGroup::Controllers& group) {
  using enum ControlGroup::Version;
  return {
      {"processes", by(group.processes, By::rlimit), static_cast<double>(bounds.processes)},
      {"memory", by(group.memory, By::rlimit), static_cast<double>(bounds.memory), group.memory == none},
      {"processors", by(group.processors, By::none), group.processors == none ? 0 : bounds.processors},
      {"disk", By::tmpfs, static_cast<double>(bounds.disk)},
      {"file_size", By::rlimit, static_cast<double>(bounds.file_size), true},
      {"open_files", By::rlimit, static_cast<double>(bounds.open_files), true},
      {"processor_time", By::rlimit, static_cast<double>(bounds.processor_time.count()), true},
  };
}

// Where a group bounds all of them together, a limit of each would only show.
Limits limits_of(const CellBounds& bounds, const ControlGroup::Controllers& group) {
  Limits limits;
  limits.file_size = bounds.file_size;
  limits.open_files = bounds.open_files;
  limits.cpu_seconds = static_cast<uint64_t>(bounds.processor_time.count());
  if (group.memory == ControlGroup::Version::none) limits.data = bounds.memory;
  if (group.processes == ControlGroup::Version::none) limits.processes = bounds.processes;
  return limits;
}

GuestUser guest_root_user() {
  return {"root", "root", 0, "/root", "/bin/bash"};
}

// Which of the caller's users stand for the guest's.
Result<IdMap> map_for(const Guest& guest, const GuestUser& user) {
  if (guest.fallback) {
    const IdRange ids = ids_for_guests();
    return IdMap{ids.count == 1 ? user.id : 0, ids};
  }
  // Who owns the profile's root is root there.
  struct stat about {};
  if (fstat(guest.root.get(), &about) != 0)
    return fail_errno(Module::cell, "the guest profile cannot be looked at");
  const IdRange ids{about.st_uid, guest_ids};
  if (ids_exist(ids)) return IdMap{0, ids};
  return fail(
      Module::cell, ErrorCode::unsupported,
      fmt::format("the guest profile {} was built by another user, whose ids this one cannot use; build one "
                  "of your own, with --home",
                  guest.name));
}

std::optional<std::chrono::seconds> clock_offset(const GuestIdentity& identity) {
  if (access("/proc/self/ns/time_for_children", F_OK) != 0) return std::nullopt;  // before Linux 5.6
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return identity.uptime - std::chrono::seconds(now.tv_sec);
}

struct Furnishing {
  const CellPlan* plan;
  const Cell::State* state;
  const base::UniqueFd* channel;
};

Result<> plant_all(RootStage& stage, const CellPlan& plan, const Cell::State& state) {
  auto read = [&stage](const std::string& path) { return stage.read_guest(path); };
  for (const GuestFile& file : account_files(state.identity, state.user, read))
    SHIKAKE_TRY(stage.plant(file));
  for (const GuestFile& file : state.identity.files) SHIKAKE_TRY(stage.plant(file));
  SHIKAKE_TRY(stage.plant({init_path, std::string(init_image()), 0755, false, std::chrono::hours(24 * 300)}));
  SHIKAKE_TRY(stage.plant({.path = waiter_path, .same_as = init_path}));
  for (const GuestFile& file : plan.files) SHIKAKE_TRY(stage.plant(file));
  return {};
}

// In process 1, with every capability over its namespaces and the machine's files still in sight: the recipe.
Result<> furnish(const CellPlan& plan, const Cell::State& state, const base::UniqueFd& channel) {
  umask(022);
  if (plan.network < 0) {
    SHIKAKE_ASSIGN(NetworkDevices network, NetworkDevices::open());
    SHIKAKE_TRY(network.bring_up("lo"));
  }
  SHIKAKE_TRY(set_host_name(state.identity.host_name));
  const base::UniqueFd guest_root(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  SHIKAKE_ASSIGN(RootStage stage, RootStage::mount({.guest = &guest_root,
                                                    .fallback = plan.guest->fallback,
                                                    .disk_bytes = plan.bounds.disk,
                                                    .user = state.user,
                                                    .owner = state.owner}));
  SHIKAKE_TRY(plant_all(stage, plan, state));
  SHIKAKE_TRY(stage.join_layers());
  SHIKAKE_TRY(mount_devices(stage.root(), plan.bounds.disk / shared_memory_share));
  SHIKAKE_TRY(mount_proc(stage.root() + "/proc"));
  SHIKAKE_TRY(disguise_proc(stage, state.identity));
  SHIKAKE_TRY(allow_no_namespaces(stage.root() + "/proc"));
  SHIKAKE_ASSIGN(const base::UniqueFd upper, stage.open_layer(RootStage::upper_layer));
  SHIKAKE_ASSIGN(const base::UniqueFd veneer, stage.open_layer(RootStage::veneer_layer));
  SHIKAKE_ASSIGN(const base::UniqueFd guest, stage.open_layer(RootStage::guest_layer));
  SHIKAKE_TRY(stage.enter());
  const std::array<int, 3> layers{upper.get(), veneer.get(), guest.get()};
  send_message(channel, "layers", layers);
  return {};
}

// Gives up what only the furnishing needed, and becomes a program of the guest.
Result<> become_init(const Cell::State& state) {
  SHIKAKE_TRY(keep_ordinary_powers());
  SHIKAKE_TRY(state.filter.install());
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, standard) < 0)
      return fail_errno(Module::cell, "process 1 of a cell has no /dev/null");
  }
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  setsid();
  const char* arguments[] = {init_name, nullptr};
  const char* environment[] = {"HOME=/", "TERM=linux", nullptr};
  execve(init_path, const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
  return fail_errno(Module::cell, "process 1 of a cell cannot be started");
}

int run_init(const CellPlan& plan, const Cell::State& state, const base::UniqueFd& channel) {
  auto done = furnish(plan, state, channel);
  if (done) done = become_init(state);
  send_failure(channel, done.error());
  return 127;
}

}  // namespace

std::string_view name(BoundInForce::By by) {
  switch (by) {
    case By::cgroup_v1:
      return "cgroup_v1";
    case By::cgroup_v2:
      return "cgroup_v2";
    case By::rlimit:
      return "rlimit";
    case By::tmpfs:
      return "tmpfs";
    case By::none:
      break;
  }
  return "none";
}

Cell::Cell(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cell::Cell(Cell&&) noexcept = default;
Cell& Cell::operator=(Cell&&) noexcept = default;
Cell::~Cell() {
  end();
}

Result<Cell> Cell::make(const CellPlan& plan) {
  SHIKAKE_CHECK(plan.guest != nullptr);
  if (geteuid() != 0)
    return fail(Module::cell, ErrorCode::unsupported, "a cell is made by root, be it of a user namespace");
  Cell cell(std::make_unique<State>());
  State& state = *cell.state_;
  state.identity = plan.guest->identity;
  state.user = plan.user.value_or(state.identity.user);
  if (state.user.name == "root") state.user = guest_root_user();
  SHIKAKE_ASSIGN(state.ids, map_for(*plan.guest, state.user));
  state.owner = state.ids.inside;
  SHIKAKE_ASSIGN(state.filter, refusing_filter(plan.refusals == Refusals::trace));
  state.group = ControlGroup::make({plan.bounds.processes, plan.bounds.memory, plan.bounds.processors});
  state.bounds = in_force(plan.bounds, state.group.controllers());
  state.limits = limits_of(plan.bounds, state.group.controllers());

  SHIKAKE_ASSIGN(auto channel, make_channel());
  NamespacePlan namespaces{.user = true,
                           .ids = state.ids,
                           .mount = true,
                           .network = plan.network < 0,
                           .pid = true,
                           .uts = true,
                           .ipc = true,
                           .cgroup = true,
                           .clock_offset = clock_offset(state.identity)};
  namespaces.first = [&]() -> Result<> {
    SHIKAKE_TRY(state.group.join());
    // The one way into a new mount namespace for a folder that its users could not walk to.
    if (fchdir(plan.guest->root.get()) != 0)
      return fail_errno(Module::cell, "the guest profile cannot be entered");
    // While the caller's powers over that namespace are still there.
    if (plan.network >= 0 && setns(plan.network, CLONE_NEWNET) != 0)
      return fail_errno(Module::cell, "the cell's network namespace cannot be entered");
    return {};
  };
  SHIKAKE_ASSIGN(state.keeper, spawn(namespaces, [&] { return run_init(plan, state, channel.second); }));
  channel.second.reset();
  const auto deadline = base::Deadline::after(patience);
  SHIKAKE_ASSIGN(Message layers, receive_message(channel.first, deadline));
  if (layers.descriptors.size() != 3)
    return fail(Module::cell, ErrorCode::unavailable, "process 1 of a new cell died at its start");
  state.init = layers.sender;
  state.init_pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, state.init, 0)));
  state.upper = std::move(layers.descriptors[0]);
  state.lower = {std::move(layers.descriptors[1]), std::move(layers.descriptors[2])};
  // Its end of the channel is closed by the exec.
  SHIKAKE_ASSIGN(const Message end, receive_message(channel.first, deadline));
  if (!end.bytes.empty() || !state.init_pidfd)
    return fail(Module::cell, ErrorCode::unavailable, "process 1 of a new cell died at its start");
  return cell;
}

void Cell::end() {
  if (!state_ || !state_->keeper) return;
  if (state_->init_pidfd) {
    syscall(SYS_pidfd_send_signal, state_->init_pidfd.get(), SIGKILL, nullptr, 0);
    // Readable once the kernel has ended every other process inside.
    base::wait_for_fd(state_->init_pidfd.get(), POLLIN, base::Deadline::after(patience));
  }
  state_->keeper.reset();
}

const std::vector<BoundInForce>& Cell::bounds() const {
  return state_->bounds;
}

BoundsMet Cell::bounds_met() const {
  BoundsMet met;
  met.memory = state_->group.killed_for_memory();
  met.processes = state_->group.refused_process();
  struct statvfs about {};
  if (fstatvfs(state_->upper.get(), &about) == 0) met.disk = about.f_bavail == 0 || about.f_favail == 0;
  return met;
}

const GuestIdentity& Cell::identity() const {
  return state_->identity;
}
const GuestUser& Cell::user() const {
  return state_->user;
}
const base::UniqueFd& Cell::upper() const {
  return state_->upper;
}
const std::array<base::UniqueFd, 2>& Cell::lower() const {
  return state_->lower;
}
uid_t Cell::inside(uid_t outside) const {
  const IdMap& ids = state_->ids;
  const bool known = outside >= ids.outside.first && outside - ids.outside.first < ids.outside.count;
  return known ? outside - ids.outside.first + ids.inside : nobody;
}
pid_t Cell::init() const {
  return state_->init;
}

}  // namespace shikake::cell
