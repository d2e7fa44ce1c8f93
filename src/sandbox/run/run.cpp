#include "sandbox/run/run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "base/child.h"
#include "base/frame.h"
#include "base/wire.h"
#include "gateway/broker.h"
#include "sandbox/emulation/target.h"
#include "sandbox/run/protocol.h"
#include "sandbox/run/record.h"

namespace shikake::sandbox::run {
namespace {

using namespace std::chrono_literals;

// What a supervisor may take beyond the run's own time: for starting, for the last contents, for the
// gateway's end.
constexpr auto beside_the_run = 60s;
constexpr auto look_around = 100ms;
// Contents that come back from one run.
constexpr uint64_t kept_bytes = uint64_t{128} << 20;

Plan plan_of(const Start& start, const Conditions& conditions) {
  Plan plan;
  plan.guests = conditions.guests;
  plan.profile = conditions.profile;
  plan.as_root = conditions.as_root;
  plan.sample_path = "~/" + start.name;  // the supervisor knows whose home
  plan.command = start.before;
  plan.command.push_back(plan.sample_path);
  plan.command.insert(plan.command.end(), conditions.arguments.begin(), conditions.arguments.end());
  plan.environment = conditions.environment;
  plan.network = conditions.network;
  plan.replies = conditions.replies;
  plan.time = conditions.time;
  plan.processes = conditions.processes;
  plan.memory = conditions.memory;
  plan.disk = conditions.disk;
  plan.processors = conditions.processors;
  plan.debug_script = conditions.debug_script;
  if (!start.emulator.empty()) plan.emulators.push_back(start.emulator);
  plan.taint = conditions.taint;
  plan.taint_tables = conditions.taint_tables;
  plan.labelled = conditions.labelled;
  if (plan.taint)
    for (const char* own : {"x86_64", "i386"})
      if (emulation::find_emulator(own)) plan.emulators.emplace_back(own);
  plan.kept_bytes = kept_bytes;
  return plan;
}

// Where packets are written: a file without a name, so that nothing of it is left whatever happens.
Result<base::UniqueFd> open_capture() {
  const char* folder = std::getenv("TMPDIR");
  base::UniqueFd file(::open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  file = base::UniqueFd(::memfd_create("capture", MFD_CLOEXEC));
  if (!file) return fail_errno(Module::sandbox, "cannot make a file for the capture");
  return file;
}

// Put without reading it all into memory twice: a capture may be large.
std::optional<base::Digest> put_file(int fd, Keep& keep, intel::RunRecord& record) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || status.st_size == 0) return std::nullopt;
  const auto size = static_cast<size_t>(status.st_size);
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) return std::nullopt;
  Result<base::Digest> digest = keep.put({static_cast<const char*>(bytes), size});
  ::munmap(bytes, size);
  if (digest) return *digest;
  record.complete = false;
  record.limits_hit.push_back("capture: " + digest.error().message());
  return std::nullopt;
}

// The plan may be large, and is the only frame that may: what comes back is bounded lower.
Result<base::FrameChannel> send_plan(base::FrameChannel wide, const Plan& plan) {
  base::UniqueFd socket(::fcntl(wide.fd(), F_DUPFD_CLOEXEC, 0));
  if (!socket) return fail_errno(Module::sandbox, "cannot speak to the supervisor");
  SHIKAKE_TRY(wide.send(static_cast<uint8_t>(Order::plan), base::to_wire(plan), base::Deadline::after(30s)));
  return base::FrameChannel(std::move(socket), max_frame);
}

// Hears the supervisor to its end. "" where it had its last word, else why there was none.
std::string hear(base::FrameChannel& channel, base::Child& supervisor, const Conditions& conditions,
                 RecordBuilder& builder) {
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(conditions.time + beside_the_run);
  const base::Deadline deadline = base::Deadline::after(whole);
  bool asked_to_stop = false;
  while (builder.state() == RecordBuilder::State::running) {
    if (deadline.passed()) return "the supervisor did not end in time and was killed";
    if (!asked_to_stop && conditions.stop()) {
      asked_to_stop = true;
      (void)channel.send(static_cast<uint8_t>(Order::stop), "", base::Deadline::after(1s));
    }
    Result<base::Frame> frame = channel.receive(base::Deadline::after(look_around));
    if (!frame) {
      if (frame.error().code == ErrorCode::timeout) continue;
      Result<base::WaitStatus> status = supervisor.wait(base::Deadline::after(1s));
      return "the supervisor " + (status ? status->describe() : "went away");
    }
    if (Result<> taken = builder.take(*frame); !taken) return taken.error().message();
  }
  return "";
}

// The monitor tells of interpreters that the run starts; the first one was started by us.
void add_interpreter(const Start& start, intel::RunRecord& record) {
  if (start.before.empty() || record.processes.empty()) return;
  const std::string& interpreter = start.before.front();
  const std::string name = interpreter.substr(interpreter.rfind('/') + 1);
  const bool shell = name.ends_with("sh");  // sh, bash, dash, ash, ksh, zsh
  intel::RunBehaviour row;
  row.kind = shell ? intel::BehaviourKind::shell_command : intel::BehaviourKind::script_interpreter;
  row.time = record.processes.front().start;
  row.object = interpreter;
  row.proof = fmt::format("started by the sandbox: {} {}", interpreter, start.name);
  record.behaviours.push_back(std::move(row));
}

}  // namespace

Result<Ran> run_once(const Start& start, const Conditions& conditions, intel::RunRecord record, Keep& keep) {
  SHIKAKE_ASSIGN(const auto program, base::find_sibling_executable(supervisor_program));
  SHIKAKE_ASSIGN(base::UniqueFd capture, open_capture());
  SHIKAKE_ASSIGN(auto ends, base::FrameChannel::make_pair(max_plan_frame));
  base::ChildOptions options;
  options.path = program;
  options.environment = std::vector<std::string>{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
  options.fds = {{ends.second.fd(), channel_fd}, {start.sample_fd, sample_fd}, {capture.get(), capture_fd}};
  options.inherit_stderr = false;
  // Started here, in the real network, before anything is in namespaces; it lives as long as the run.
  std::optional<gateway::Broker> broker;
  if (conditions.network == intel::RunNetwork::open) {
    SHIKAKE_ASSIGN(broker, gateway::Broker::start(conditions.policy));
    options.fds.push_back({broker->gateway_fd(), broker_fd});
  }
  SHIKAKE_ASSIGN(base::Child supervisor, base::Child::start(options));
  { base::FrameChannel theirs = std::move(ends.second); }
  if (broker) broker->drop_gateway_end();
  SHIKAKE_ASSIGN(base::FrameChannel channel, send_plan(std::move(ends.first), plan_of(start, conditions)));

  record.arguments = conditions.arguments;
  record.environment = conditions.environment;
  record.network.mode = conditions.network;
  record.start = base::system_clock().now();
  const auto began = std::chrono::steady_clock::now();
  RecordBuilder builder(std::move(record), keep);
  const std::string cut = hear(channel, supervisor, conditions, builder);
  // It has said all: let it take its cell down itself; what does not end now is killed, and the kernel cleans
  // up.
  if (cut.empty()) (void)supervisor.wait(base::Deadline::after(10s));
  supervisor.end();
  if (builder.state() == RecordBuilder::State::failed) return fail(builder.failure());
  Ran ran;
  ran.record = builder.finish(cut);
  if (ran.record.elapsed.count() == 0)
    ran.record.elapsed = std::chrono::duration_cast<base::Duration>(std::chrono::steady_clock::now() - began);
  add_interpreter(start, ran.record);
  ran.blobs = builder.blobs();
  ran.contents = builder.contents();
  if (conditions.network != intel::RunNetwork::none) {
    ran.record.network.capture = put_file(capture.get(), keep, ran.record);
    if (ran.record.network.capture) ran.blobs.insert(*ran.record.network.capture);
  }
  return ran;
}

}  // namespace shikake::sandbox::run
