#include "sandbox/supervisor/supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "cell/cell.h"
#include "cell/guest.h"
#include "cell/limits.h"
#include "cell/seccomp.h"
#include "cell/users.h"
#include "gateway/gateway.h"
#include "sandbox/supervisor/emulators.h"
#include "sandbox/supervisor/planting.h"
#include "sandbox/supervisor/watch.h"

namespace shikake::sandbox::supervisor {
namespace {

using intel::BehaviourKind;
using intel::RunOutcome;
using run::Report;

// The gateway has to write what is left of its capture and say its last flows.
constexpr std::chrono::seconds gateway_end{10};
constexpr std::chrono::seconds last_look{5};
constexpr std::chrono::seconds start_time{20};  // it takes milliseconds
// More output than a person reads: the program writes for the sake of writing.
constexpr uint64_t flood_bytes = uint64_t{8} << 20;

std::string bound_value(const cell::BoundInForce& bound) {
  const std::string each = bound.per_process ? " a process" : "";
  if (bound.what == "memory" || bound.what == "disk" || bound.what == "file_size")
    return fmt::format("{:.0f} MiB{}", bound.value / (1 << 20), each);
  if (bound.what == "processor_time") return fmt::format("{:.0f} s{}", bound.value, each);
  return fmt::format("{:g}{}", bound.value, each);
}

class Supervision {
 public:
  Supervision(run::Plan plan, Link& link, const Planted& planted)
      : plan_(std::move(plan)), link_(link), planted_(planted) {}

  // The recipe.
  Result<> run() {
    const pid_t parent = ::getppid();
    SHIKAKE_TRY(cell::enter_user_namespace());
    SHIKAKE_TRY(cell::die_with_parent(parent, SIGKILL));  // entering it made the kernel forget
    SHIKAKE_ASSIGN(guest_, open_guest());
    name_paths();
    SHIKAKE_TRY(prepare_emulators());
    SHIKAKE_TRY(start_gateway());
    SHIKAKE_TRY(make_cell());
    SHIKAKE_TRY(start_program());
    SHIKAKE_TRY(confine());
    began_ = std::chrono::steady_clock::now();
    SHIKAKE_ASSIGN(const trace::RunEnd end, watch_->run(base::Deadline::after(plan_.time)));
    SHIKAKE_TRY(std::move(standing_));
    return end_run(end);
  }

 private:
  Result<cell::Guest> open_guest() {
    if (plan_.profile.empty()) return cell::open_guest_or_machine(plan_.guests, cell::default_guest);
    return cell::open_guest(plan_.guests, plan_.profile);
  }
  std::string home() const { return plan_.as_root ? "/root" : guest_.identity.user.home; }
  void name_paths();
  Result<> prepare_emulators();
  Result<> start_gateway();
  Result<> make_cell();
  Result<> start_program();
  Result<> confine();
  Result<> started();
  Result<> look_around();
  void look_again(run::Finished& last);
  Result<> end_run(trace::RunEnd end);
  void say_bounds_met(const cell::BoundsMet& met);
  void set_outcome(run::Finished& last, trace::RunEnd end, const cell::BoundsMet& met);

  void tick();
  void drain_gateway();
  void drain_output();

  run::Plan plan_;
  Link& link_;
  const Planted& planted_;
  cell::Guest guest_;
  std::optional<LaidEmulators> emulators_;
  std::optional<gateway::Gateway> gateway_;
  std::optional<cell::Cell> cell_;
  std::optional<cell::CellProcess> program_;
  std::unique_ptr<Watch> watch_;
  base::UniqueFd output_;  // what the program writes
  uint64_t output_bytes_ = 0;
  std::vector<std::string> remarks_, sockets_, descriptors_, leaks_;
  bool void_ = false;  // a leak was there before the program's first instruction: it was not run
  std::vector<run::Device> devices_;
  Result<> standing_;  // what the look at the first program gave
  std::chrono::steady_clock::time_point began_{};
  base::Duration ahead_{};
};

// "~/" becomes the home of whom the program runs as.
void Supervision::name_paths() {
  const std::string planned = plan_.sample_path;
  if (planned.starts_with("~/")) plan_.sample_path = home() + planned.substr(1);
  for (std::string& word : plan_.command) {
    if (word == planned) word = plan_.sample_path;
  }
}

Result<> Supervision::prepare_emulators() {
  if (plan_.emulators.empty()) return {};
  SHIKAKE_ASSIGN(emulators_, lay_emulators(plan_, guest_, home()));
  remarks_ = emulators_->remarks;
  return {};
}

Result<> Supervision::start_gateway() {
  if (plan_.network == intel::RunNetwork::none) return {};
  gateway::GatewayPlan plan;
  plan.mode = plan_.network == intel::RunNetwork::open ? gateway::Mode::open : gateway::Mode::closed;
  plan.replies = plan_.replies;
  plan.capture_fd = run::capture_fd;
  if (plan.mode == gateway::Mode::open) plan.broker_fd = run::broker_fd;
  SHIKAKE_ASSIGN(gateway_, gateway::Gateway::start(plan));
  if (planted_.beside_the_gateway) planted_.beside_the_gateway(*gateway_);
  return {};
}

Result<> Supervision::make_cell() {
  cell::CellPlan plan;
  plan.guest = &guest_;
  plan.bounds.processes = plan_.processes;
  plan.bounds.memory = plan_.memory;
  plan.bounds.processors = plan_.processors;
  plan.bounds.disk = plan_.disk;
  plan.bounds.file_size = std::min(plan.bounds.file_size, plan_.disk);
  if (plan_.as_root)
    plan.user = cell::GuestUser{.name = "root", .full_name = "root", .id = 0, .home = "/root"};
  SHIKAKE_ASSIGN(plan.files, files_to_plant(plan_, guest_, gateway_ ? &gateway_->ready() : nullptr));
  if (emulators_) std::move(emulators_->files.begin(), emulators_->files.end(), std::back_inserter(plan.files));
  if (gateway_) plan.network = gateway_->cell_network().get();
  plan.refusals = cell::Refusals::trace;
  SHIKAKE_ASSIGN(cell_, cell::Cell::make(plan));
  return {};
}

Result<> Supervision::start_program() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(Module::sandbox, "cannot make a pipe");
  output_ = base::UniqueFd(ends[0]);
  const base::UniqueFd theirs(ends[1]);
  if (::fcntl(output_.get(), F_SETFL, O_NONBLOCK) != 0)
    return fail_errno(Module::sandbox, "cannot set up a pipe");
  constexpr int roomy = 1 << 20;  // between two looks at it; an ordinary user's limit may be lower
  (void)::fcntl(output_.get(), F_SETPIPE_SZ, roomy);

  SHIKAKE_ASSIGN(watch_, Watch::make(plan_, guest_.identity, link_,
                                     emulators_ ? &emulators_->emulators : nullptr,
                                     {[this] {
                                        standing_ = started();
                                        return standing_ && !void_;
                                      },
                                      [this] { tick(); }}));
  SHIKAKE_ASSIGN(const trace::FilterProgram filter, watch_->program());
  cell::CellCommand command;
  command.program = plan_.command.front();
  command.arguments.assign(plan_.command.begin() + 1, plan_.command.end());
  if (!plan_.environment.empty()) {
    command.environment = login_environment(*cell_);
    command.environment->insert(command.environment->end(), plan_.environment.begin(),
                                plan_.environment.end());
  }
  command.out = theirs.get();
  command.err = theirs.get();
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(Module::sandbox, "cannot make a pipe");
  const base::UniqueFd ready(ends[0]);
  base::UniqueFd tell(ends[1]);
  SHIKAKE_ASSIGN(program_, cell_->start(command, [this, &filter, &tell] {
    if (planted_.in_the_program) planted_.in_the_program();
    // A process that changed its user may be traced by root of the machine alone, until it says otherwise.
    (void)::prctl(PR_SET_DUMPABLE, 1);
    tell.reset();
    filter.install_and_wait();
  }));
  tell.reset();
  if (!base::wait_for_fd(ready.get(), POLLIN, base::Deadline::after(start_time)))
    return fail(Module::sandbox, ErrorCode::timeout, "the program's process was not ready in time");
  return watch_->attach(program_->pid());
}

// Before the first instruction all that can be reached is noted; at the end the networks are looked at again.
Result<> Supervision::look_around() {
  if (!gateway_) return {};
  SHIKAKE_ASSIGN(gateway::Inventories seen, gateway_->look(program_->pid()));
  leaks_ = std::move(seen.leaks);
  for (const auto& [where, inventory] :
       {std::pair("cell", &seen.cell), std::pair("gateway", &seen.gateway)}) {
    for (const std::string& name : inventory->devices) devices_.push_back({where, name, {}});
    for (const gateway::SocketEntry& socket : inventory->sockets)
      sockets_.push_back(fmt::format("{}: {} {}", where, socket.kind, socket.detail));
    for (const gateway::DescriptorEntry& descriptor : inventory->descriptors)
      descriptors_.push_back(fmt::format("{}: {} {}", where, descriptor.number, descriptor.target));
  }
  for (run::Device& device : devices_) {
    if (device.where == "cell" && device.name == "eth0") device.addresses = gateway_->ready().cell_addresses;
  }
  return {};
}

// From here on hostile memory is looked into: no program is started any more, no namespace entered. What is
// left beyond the base is what tracing and taking the cell down need.
Result<> Supervision::confine() {
  cell::SeccompPolicy policy = cell::SeccompPolicy::everything_but_exec();
  for (const char* call : {"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd",
                           "kill", "tgkill", "umount2", "setns", "unshare"})
    policy.allow(call);
  return policy.install();
}

// At the first program's first instruction: what it inherited is what it has. A leak ends the run.
Result<> Supervision::started() {
  if (Result<> looked = look_around(); !looked) {
    watch_->stop("it could not be seen what the program can reach");
    return looked;
  }
  void_ = !leaks_.empty();
  if (void_) watch_->stop("a leak was found");
  run::Standing standing;
  standing.profile = guest_.describe();
  standing.user = cell_->user().name;
  for (const cell::BoundInForce& bound : cell_->bounds())
    standing.bounds.push_back(
        {std::string(bound.what), bound_value(bound), std::string(cell::name(bound.by))});
  standing.devices = std::move(devices_);
  standing.sockets = std::move(sockets_);
  standing.descriptors = std::move(descriptors_);
  if (gateway_) {
    standing.resolvers = gateway_->ready().resolvers;
    standing.cell_addresses = gateway_->ready().cell_addresses;
  }
  if (guest_.fallback)
    standing.remarks.push_back(
        "no guest profile was built: the program sees this machine's own /usr "
        "(shikake guest build makes one)");
  standing.start = base::system_clock().now();
  link_.say(Report::standing, standing);
  return {};
}

void Supervision::tick() {
  drain_output();
  drain_gateway();
  if (watch_ && watch_->ahead() != ahead_) {
    ahead_ = watch_->ahead();
    link_.say(Report::clock, run::ClockSeen{base::system_clock().now(), ahead_});
    if (gateway_) (void)gateway_->set_clock(ahead_);
  }
  if (link_.stop_requested() && watch_) watch_->stop("a person ended it");
}

void Supervision::drain_gateway() {
  while (gateway_) {
    Result<base::Frame> frame = gateway_->channel().receive(base::Deadline::now());
    if (!frame) {
      if (frame.error().code != ErrorCode::timeout && remarks_.empty())
        remarks_.push_back("the gateway went away: " + frame.error().message());
      return;
    }
    link_.say_raw(Report::gateway, static_cast<char>(frame->type) + frame->body);
  }
}

void Supervision::drain_output() {
  char buffer[1 << 16];
  // A program that writes as fast as it can must not keep us here.
  for (int parts = 0; parts < 32; ++parts) {
    const ssize_t got = ::read(output_.get(), buffer, sizeof buffer);
    if (got <= 0) return;
    if (output_bytes_ < flood_bytes) link_.say_raw(Report::output, {buffer, static_cast<size_t>(got)});
    output_bytes_ += static_cast<uint64_t>(got);
  }
}

void Supervision::say_bounds_met(const cell::BoundsMet& met) {
  const base::TimePoint now = base::system_clock().now() + ahead_;
  auto add = [&](bool is_met, BehaviourKind kind, std::string_view bound, std::string proof) {
    if (!is_met) return;
    link_.limit(bound);
    if (!link_.has_behaviour(kind)) link_.add_behaviour(kind, 0, now, "", std::move(proof));
  };
  add(met.processes, BehaviourKind::fork_bomb, "processes", "the kernel refused it more processes");
  add(met.memory, BehaviourKind::memory_exhaustion, "memory", "the kernel killed for want of memory");
  add(met.disk, BehaviourKind::disk_filling, "disk", "the cell's disk is full");
  add(output_bytes_ >= flood_bytes, BehaviourKind::log_flood, "output",
      fmt::format("{} bytes written to its output", output_bytes_));
}

// What was laid while the run went on is a leak too, and what left over it was counted by the kernel.
void Supervision::look_again(run::Finished& last) {
  if (gateway_) {
    Result<gateway::Inventories> seen = gateway_->look();
    if (seen) {
      last.packets_out = seen->packets_out;
      for (std::string& leak : seen->leaks)
        if (std::ranges::find(leaks_, leak) == leaks_.end()) leaks_.push_back(std::move(leak));
    } else {
      remarks_.push_back("the networks could not be looked at again: " + seen.error().message());
      link_.limit("leak_check");
    }
  }
  if (!leaks_.empty()) link_.limit("leak");
  last.leaks = leaks_;
}

void Supervision::set_outcome(run::Finished& last, trace::RunEnd end, const cell::BoundsMet& met) {
  if (void_) {
    last.outcome = RunOutcome::refused;
    last.detail = gateway::not_shut(leaks_) + "; the program was not run";
    return;
  }
  switch (end) {
    case trace::RunEnd::deadline:
      last.outcome = RunOutcome::timed_out;
      last.detail =
          fmt::format("still running after {:.0f} s", std::chrono::duration<double>(plan_.time).count());
      return;
    case trace::RunEnd::stopped:
      last.outcome = RunOutcome::stopped;
      last.detail = watch_->why_stopped();
      return;
    case trace::RunEnd::limit:
      last.outcome = RunOutcome::limits;
      last.detail = "more threads at once than can be followed";
      return;
    case trace::RunEnd::all_gone:
      // A script's stop kills its process where it stands: that may have been the last.
      if (watch_->why_stopped().empty()) break;
      last.outcome = RunOutcome::stopped;
      last.detail = watch_->why_stopped();
      return;
  }
  const intel::RunProcess* first = link_.first();
  last.detail = first ? first->how_ended : "";
  const bool killed = last.detail.starts_with("killed");
  last.outcome = killed ? RunOutcome::killed : RunOutcome::exited;
  if (killed && met.memory) {
    last.outcome = RunOutcome::limits;
    last.detail = "killed by the kernel for want of memory";
  }
}

Result<> Supervision::end_run(trace::RunEnd end) {
  run::Finished last;
  last.elapsed = std::chrono::duration_cast<base::Duration>(std::chrono::steady_clock::now() - began_);
  // An exec that failed is the file's fault, or its interpreter's.
  if (Result<> started = program_->started(base::Deadline::after(last_look)); !started) {
    if (started.error().code != ErrorCode::timeout) {
      link_.say_raw(Report::refused, started.error().message());
      return {};
    }
  }
  const cell::BoundsMet met = cell_->bounds_met();
  watch_->kill_all();
  watch_->finish();
  tick();
  say_bounds_met(met);
  look_again(last);
  set_outcome(last, end, met);
  if (gateway_) {
    auto ended = gateway_->finish(base::Deadline::after(gateway_end), [this](const base::Frame& frame) {
      link_.say_raw(Report::gateway, static_cast<char>(frame.type) + frame.body);
    });
    if (ended) {
      link_.say_raw(Report::gateway, static_cast<char>(gateway::FrameType::ended) + base::to_wire(*ended));
    } else {
      remarks_.push_back("the gateway ended early: " + ended.error().message());
      link_.limit("gateway");
    }
  }
  cell_->end();
  last.skipped = ahead_;
  last.limits_hit = link_.limits_hit();
  last.remarks = std::move(remarks_);
  for (const std::string& remark : watch_->remarks()) last.remarks.push_back(remark);
  link_.say(Report::finished, last);
  return {};
}

}  // namespace

Result<> supervise(const run::Plan& plan, Link& link, const Planted& planted) {
  if (plan.command.empty()) return fail(Module::sandbox, ErrorCode::invalid_usage, "no program is named");
  link.keep_at_most(plan.kept_bytes);
  return Supervision(plan, link, planted).run();
}

}  // namespace shikake::sandbox::supervisor
