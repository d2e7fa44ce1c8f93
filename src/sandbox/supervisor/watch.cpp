#include "sandbox/supervisor/watch.h"

#include <utility>

#include "cell/refusals.h"
#include "sandbox/clock/clock.h"
#include "sandbox/disguise/disguise.h"
#include "sandbox/disguise/socket_families.h"
#include "sandbox/monitor/emulated_ptrace.h"
#include "sandbox/monitor/monitor.h"
#include "sandbox/supervisor/debugging.h"

namespace shikake::sandbox::supervisor {
namespace {

// Lines of taint's events, several in a frame.
class TaintLines {
 public:
  explicit TaintLines(Link& link) : link_(link) {}
  void say(std::string_view line) {
    if (lines_.size() + line.size() > most) flush();
    if (line.size() <= most) lines_ += line;
  }
  void flush() {
    if (!lines_.empty()) link_.say_raw(run::Report::taint, std::exchange(lines_, {}));
  }

 private:
  static constexpr size_t most = size_t{256} << 10;
  Link& link_;
  std::string lines_;
};

class Supervisor final : public trace::Hook {
 public:
  Supervisor(Watch::Calls calls, TaintLines& taint) : calls_(std::move(calls)), taint_(taint) {}
  void on_execution(trace::Thread& thread, const trace::Execution&) override {
    if (auto started = std::exchange(calls_.started, {}); started && !started()) thread.hold();
  }
  // A supervisor that dies takes along what it has not said.
  void on_tick() override {
    taint_.flush();
    calls_.tick();
  }

 private:
  Watch::Calls calls_;
  TaintLines& taint_;
};

std::optional<int> refused_in_cell(const trace::Call& call) {
  const auto table = call.is_32_bit() ? cell::CallTable::i386 : cell::CallTable::x86_64;
  return cell::refusal(table, call.number, call.arguments);
}

}  // namespace

struct Watch::Parts {
  Parts(trace::Tracer engine, const run::Plan& plan, const cell::GuestIdentity& guest, Link& link,
        const emulation::Emulators* emulators, Calls calls)
      : tracer(std::move(engine)),
        taint(link),
        monitor({.sample = plan.sample_path,
                 .keep = {.total_bytes = plan.kept_bytes},
                 .now = [this] { return clock.now(); }},
                link),
        clock(tracer, {}, &monitor),
        ptrace(tracer, &monitor),
        disguise(guest),
        supervisor(std::move(calls), taint) {
    if (emulators) {
      emulation.emplace(*emulators, emulation::Calls{[this](trace::Thread& thread, const trace::Call& call,
                                                            int64_t result) {
        monitor.answered(thread, call, result);
      },
                                                      [this](trace::Thread&, std::string_view line) { taint.say(line); }});
      tracer.add(*emulation);
    }
    tracer.add(monitor);
    tracer.add(clock);
    tracer.add(ptrace);
    tracer.add(supervisor);
    tracer.add(families);
    tracer.add(disguise);  // last: the others are to see what was opened
  }

  trace::Tracer tracer;
  TaintLines taint;
  std::optional<emulation::Emulation> emulation;
  monitor::Monitor monitor;
  clock::VirtualClock clock;
  monitor::EmulatedPtrace ptrace;
  disguise::SocketFamilies families;
  disguise::Disguise disguise;
  Supervisor supervisor;
  std::unique_ptr<Debugging> debugging;
  bool script_left_out = false;
};

Watch::Watch(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Watch::~Watch() = default;

Result<std::unique_ptr<Watch>> Watch::make(const run::Plan& plan, const cell::GuestIdentity& guest,
                                           Link& link, const emulation::Emulators* emulators, Calls calls) {
  trace::TracerOptions options;
  options.refusal = refused_in_cell;
  SHIKAKE_ASSIGN(trace::Tracer tracer, trace::Tracer::make(std::move(options)));
  std::unique_ptr<Watch> watch(
      new Watch(std::make_unique<Parts>(std::move(tracer), plan, guest, link, emulators, std::move(calls))));
  Parts& parts = *watch->parts_;
  Debugging::Calls debugging{[&parts] { return parts.clock.now(); },
                             [to = watch.get()](std::string why) { to->stop(std::move(why)); }};
  parts.script_left_out = emulators && !plan.debug_script.empty();
  SHIKAKE_ASSIGN(parts.debugging,
                 Debugging::make(emulators ? "" : plan.debug_script, link, parts.monitor, std::move(debugging)));
  parts.debugging->add_to(parts.tracer);
  return watch;
}

Result<trace::FilterProgram> Watch::program() const {
  return parts_->tracer.program();
}

Result<> Watch::attach(pid_t child) {
  return parts_->tracer.attach(child);
}

Result<trace::RunEnd> Watch::run(const base::Deadline& deadline) {
  return parts_->tracer.run(deadline);
}

void Watch::stop(std::string why) {
  if (why_stopped_.empty()) why_stopped_ = std::move(why);
  parts_->tracer.stop();
}

void Watch::kill_all() {
  parts_->tracer.kill_all();
}

void Watch::finish() {
  parts_->taint.flush();
  parts_->monitor.finish();
  parts_->debugging->finish();
}

base::Duration Watch::ahead() const {
  return parts_->clock.skipped();
}

std::vector<std::string> Watch::remarks() const {
  std::vector<std::string> all = {
      "CPUID cannot be trapped on this machine: programs that ask the processor about itself are not seen "
      "doing it"};
  for (std::string& remark : parts_->debugging->remarks()) all.push_back(std::move(remark));
  if (parts_->script_left_out)
    all.emplace_back("the debugger's script was left out: it does not see into emulators");
  if (parts_->emulation)
    for (std::string& remark : parts_->emulation->remarks()) all.push_back(std::move(remark));
  return all;
}

std::vector<std::string> login_environment(const cell::Cell& cell) {
  const cell::GuestUser& user = cell.user();
  std::vector<std::string> all = {"HOME=" + user.home, "USER=" + user.name, "LOGNAME=" + user.name,
                                  "SHELL=" + user.shell, "PWD=" + user.home};
  const std::vector<std::string>& more = cell.identity().environment;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace shikake::sandbox::supervisor
