#include "sandbox/trace/tracer.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/check.h"
#include "sandbox/trace/engine.h"

namespace shikake::sandbox::trace {
namespace {

// Interrupts waitpid at every tick: a wait has no time limit of its own. A tick that falls just before a wait
// costs one more tick, no more.
class Ticker {
 public:
  explicit Ticker(std::chrono::milliseconds interval) {
    struct sigaction quiet {};
    quiet.sa_handler = [](int) {};  // no SA_RESTART: the wait comes back with EINTR
    sigaction(signal_number(), &quiet, &before_);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal_number();
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    armed_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    const auto nanoseconds = std::chrono::nanoseconds(interval).count();
    const timespec span{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    const itimerspec every{span, span};
    if (armed_) timer_settime(timer_, 0, &every, nullptr);
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  ~Ticker() {
    if (armed_) timer_delete(timer_);
    sigaction(signal_number(), &before_, nullptr);
  }
  bool armed() const { return armed_; }

 private:
  static int signal_number() { return SIGRTMIN + 3; }
  timer_t timer_{};
  struct sigaction before_ {};
  bool armed_ = false;
};

// How long a task that was told to stop or die may take.
constexpr std::chrono::milliseconds stop_patience{5000};
constexpr std::chrono::milliseconds kill_patience{5000};
constexpr std::chrono::microseconds pause{50};

}  // namespace

std::optional<WaitStatus> Tracer::Engine::wait_for(pid_t tid, std::chrono::milliseconds patience) {
  const auto until = SteadyClock::now() + patience;
  for (int tries = 0;; ++tries) {
    int status = 0;
    const pid_t seen = waitpid(tid, &status, __WALL | WNOHANG);
    if (seen == tid) return WaitStatus(status);
    if (seen < 0 && errno == ECHILD) return std::nullopt;
    if (SteadyClock::now() >= until) return std::nullopt;
    if (tries < 20)
      sched_yield();  // most stops take microseconds
    else
      std::this_thread::sleep_for(pause);
  }
}

void Tracer::Engine::tick() {
  last_tick_ = SteadyClock::now();
  adopt_orphans();
  catch_up();
  for (Hook* hook : hooks) hook->on_tick();
  catch_up();
}

Result<RunEnd> Tracer::Engine::run(const base::Deadline& deadline) {
  const Ticker ticker(options.tick_interval);
  if (!ticker.armed()) return fail_errno(Module::sandbox, "cannot make a timer for the tracer");
  stop_wanted = false;
  last_tick_ = SteadyClock::now();
  // Looking at the clock at each stop would cost more than the look at a stop's number.
  constexpr uint64_t stops_between_looks = 64;
  for (uint64_t stops = 0;; ++stops) {
    if (tracees.empty() && orphans_.empty()) return RunEnd::all_gone;
    int status = 0;
    const pid_t tid = waitpid(-1, &status, __WALL | __WNOTHREAD);
    if (tid > 0)
      dispatch(tid, WaitStatus(status));
    else if (errno == ECHILD)
      orphans_.clear(), tracees.clear(), processes.clear();
    if (stop_wanted) return RunEnd::stopped;
    if (tid > 0 && stops % stops_between_looks != 0) continue;
    if (tracees.size() > options.max_live_threads) return RunEnd::limit;
    if (deadline.passed()) return RunEnd::deadline;
    if (SteadyClock::now() - last_tick_ >= options.tick_interval) tick();
  }
}

bool Tracer::Engine::with_stopped(Tid tid, const std::function<void(Thread&)>& work) {
  Tracee* tracee = find(tid.value);
  if (!tracee || tracee->ended || tracee->awaits_first_stop || tracee->knocking) return false;
  if (tracee->at != Tracee::At::running) {  // held, or the one whose callback this is
    if (!tracee->held) return false;
    work(*tracee);
    return true;
  }
  if (tracee->request(PTRACE_INTERRUPT, nullptr, nullptr) != 0) return false;
  for (;;) {
    const auto status = wait_for(tid.value, stop_patience);
    if (!status) return false;
    if (status->kind() == WaitStatus::Kind::stop || status->kind() == WaitStatus::Kind::group_stop) {
      handle(*tracee, *status);
      tracee->interrupted = true;
      work(*tracee);
      if (!tracee->held) tracee->begin_again();
      tracee->resume();
      catch_up();
      return true;
    }
    if (status->ended()) {
      dispatch(tid.value, *status);
      return false;
    }
    // Another stop came first, and with it the kernel forgets the interrupt (task_clear_jobctl_pending).
    handle(*tracee, *status);
    tracee->request(PTRACE_INTERRUPT, nullptr, nullptr);
    tracee->resume();
    catch_up();
    tracee = find(tid.value);
    if (!tracee || tracee->ended) return false;
  }
}

void Tracer::Engine::kill_all() {
  const auto until = SteadyClock::now() + kill_patience;
  while (!(tracees.empty() && orphans_.empty()) && SteadyClock::now() < until) {
    for (const auto& [pid, process] : processes) kill(pid, SIGKILL);
    for (const auto& [tid, orphan] : orphans_) kill(tid, SIGKILL);
    int status = 0;
    pid_t tid = 0;
    while ((tid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG)) > 0) {
      const WaitStatus seen(status);
      // Nothing goes on from here: only endings and new tasks matter.
      if (seen.ended() || seen.kind() == WaitStatus::Kind::fork)
        dispatch(tid, seen);
      else if (!find(tid))
        on_unknown(tid, seen);
    }
    if (tid < 0 && errno == ECHILD) break;
    adopt_orphans();
    catch_up();
    std::this_thread::sleep_for(pause);
  }
  // What is left waits in the kernel for a device; it is killed as soon as that is over.
  tracees.clear();
  processes.clear();
  orphans_.clear();
}

Tracer::Tracer(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() {
  if (engine_) engine_->kill_all();
}

Result<Tracer> Tracer::make(TracerOptions options) {
  if (options.tick_interval.count() <= 0 || options.max_live_threads == 0)
    return fail(Module::sandbox, ErrorCode::invalid_usage, "a tracer's tick and bounds must be above zero");
  return Tracer(std::make_unique<Engine>(std::move(options)));
}

void Tracer::add(Hook& hook) {
  SHIKAKE_CHECK(engine_->tracees.empty());
  engine_->hooks.push_back(&hook);
}

Result<FilterProgram> Tracer::program() const {
  // clone is seen for CLONE_UNTRACED alone; clone3 hides its flags in memory, io_uring its requests.
  std::vector<Interest> interests = {
      {.sys = Sys::clone,
       .when = {{.index = 0, .op = ArgumentTest::Op::not_equal, .value = 0, .mask = 0x00800000}}}};
  std::vector<Answer> answers = {{Sys::clone3, ENOSYS}};
  for (const Hook* hook : engine_->hooks) {
    for (Interest& interest : hook->interests()) interests.push_back(std::move(interest));
    for (const Answer& answer : hook->answers()) answers.push_back(answer);
  }
  return FilterProgram::compile(interests, answers);
}

Result<> Tracer::attach(pid_t child) {
  return engine_->attach(child);
}
Result<RunEnd> Tracer::run(const base::Deadline& deadline) {
  return engine_->run(deadline);
}
void Tracer::stop() {
  engine_->stop_wanted = true;
}
void Tracer::kill_all() {
  engine_->kill_all();
}

std::vector<Tid> Tracer::threads() const {
  std::vector<Tid> all;
  for (const auto& [tid, tracee] : engine_->tracees) all.push_back({tid});
  return all;
}

Process* Tracer::process_of(Tid tid) {
  Tracee* tracee = engine_->find(tid.value);
  return tracee ? &tracee->process() : nullptr;
}

bool Tracer::is_halted(Tid tid) const {
  const Tracee* tracee = engine_->find(tid.value);
  return tracee && (tracee->listening || tracee->held);
}

bool Tracer::with_stopped(Tid tid, const std::function<void(Thread&)>& work) {
  return engine_->with_stopped(tid, work);
}

Thread* Tracer::held(Tid tid) {
  Tracee* tracee = engine_->find(tid.value);
  return tracee && tracee->held && !tracee->ended ? tracee : nullptr;
}

void Tracer::release(Tid tid, int signal) {
  Tracee* tracee = engine_->find(tid.value);
  if (!tracee || !tracee->held) return;
  tracee->held = false;
  tracee->signal = signal;
  if (tracee->interrupted) tracee->begin_again();
  tracee->resume();
}

const Tracer::Counters& Tracer::counters() const {
  return engine_->counters;
}

}  // namespace shikake::sandbox::trace
