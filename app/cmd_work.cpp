// shikake work: does the jobs in the queue until none is due, or for a time.
#include <csignal>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/display.h"
#include "base/log.h"
#include "command.h"
#include "corpus_home.h"
#include "intel/fields.h"
#include "jobs/registry.h"
#include "jobs/worker.h"
#include "neighbours.h"
#include "runs.h"
#include "triage/matcher.h"
#include "visits.h"

namespace shikake::app {
namespace {

struct WorkCommand {
  bool until_idle = false;
  std::vector<std::string> kinds;
  std::string time;
  std::vector<std::string> rules;  // folders
  VisitSettings settings;
};

// SIGINT and SIGTERM ask the worker to give its job back; a second one ends us at once.
class StopOnSignal {
 public:
  StopOnSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    waiter_ = std::jthread([this](std::stop_token ended) {
      while (!ended.stop_requested()) {
        const timespec moment{0, 100'000'000};
        if (sigtimedwait(&signals_, nullptr, &moment) < 0) continue;
        source_.request_stop();
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        return;
      }
    });
  }
  ~StopOnSignal() {
    waiter_ = {};
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  sigset_t signals_{}, before_{};
  std::stop_source source_;
  std::jthread waiter_;
};

Result<std::vector<intel::Observation>> visit(honeyclient::low::Browser& browser, store::Store& store,
                                              const VisitSettings& settings, triage::Matcher* rules,
                                              const intel::Job& job, std::stop_token stop) {
  honeyclient::low::VisitOptions options = visit_options(settings);
  options.rules = rules;
  options.url = job.subject;
  options.go_on = [stop] { return !stop.stop_requested(); };
  if (const auto* persona = job.parameters.if_contains("persona"); persona && persona->is_string())
    options.persona = persona->get_string();
  if (const auto* referrer = job.parameters.if_contains("referrer"); referrer && referrer->is_string())
    options.referrer = referrer->get_string();
  options.known_bad = known_bad_in(store);
  StoreBlobs blobs(store);
  const base::TimePoint time = store.clock().now();
  SHIKAKE_ASSIGN(intel::VisitRecord record, browser.visit(options, blobs));
  if (stop.stop_requested())
    return fail(Module::app, ErrorCode::cancelled, "stopped in the middle of a visit");
  return std::vector<intel::Observation>{honeyclient::low::to_observation(record, time, vantage())};
}

std::string summary(const jobs::Tally& tally) {
  std::string text =
      fmt::format("{} jobs done, {} to be tried again, {} given up", tally.done, tally.retried, tally.dead);
  if (tally.next_due)
    text += fmt::format("; the next is due {}",
                        base::to_rfc3339(std::chrono::floor<std::chrono::seconds>(*tally.next_due)));
  return text;
}

Result<int> run(const WorkCommand& command, Context& context) {
  jobs::WorkerOptions options;
  if (!command.time.empty()) {
    options.keep_on_for = base::parse_duration(command.time);
    if (!options.keep_on_for)
      return fail(Module::app, ErrorCode::invalid_usage,
                  "--for takes a time such as 90s or 8h, not " + command.time);
  } else if (!command.until_idle) {
    return fail(Module::app, ErrorCode::invalid_usage, "how long? --until-idle or --for TIME");
  }
  SHIKAKE_ASSIGN(auto store, store::Store::open(context.home));
  StopOnSignal signals;  // before any thread or process is started, so that all inherit the mask
  SHIKAKE_ASSIGN(honeyclient::low::Browser browser, honeyclient::low::Browser::open());
  const intel::PolicySettings settings = intel::PolicySettings::from_environment();
  std::optional<triage::Matcher> rules;
  if (!command.rules.empty()) {
    SHIKAKE_ASSIGN(rules, triage::Matcher::open({command.rules.begin(), command.rules.end()}, true));
    for (const std::string& error : rules->rule_errors()) base::log_warning("left out: " + error);
  }

  jobs::Registry registry;
  registry.add("visit", [&](const intel::Job& job, std::stop_token stop) {
    return visit(browser, *store, command.settings, rules ? &*rules : nullptr, job, stop);
  });
  registry.add("run", [&](const intel::Job& job, std::stop_token stop) {
    sandbox::run::AnalysisOptions analysis;
    analysis.conditions.guests = guests_of(context.home);
    analysis.conditions.stop = [stop] { return stop.stop_requested(); };
    return run_job(*store, analysis, job);
  });
  registry.add("neighbours", neighbours_handler(*store, default_corpus(context)));
  jobs::Worker worker(*store, registry, settings);
  SHIKAKE_ASSIGN(
      jobs::Tally tally,
      worker.run_until_idle(command.kinds, options, signals.token(), [](const jobs::JobEvent& event) {
        base::log_info(fmt::format("{} {}: {}", event.job.job.kind, event.job.job.subject,
                                   event.finished ? event.outcome : "started"));
      }));
  if (context.json) {
    boost::json::object row{{"done", tally.done},
                            {"retried", tally.retried},
                            {"dead", tally.dead},
                            {"late", tally.late},
                            {"observations", tally.observations}};
    if (tally.next_due) row["next_due"] = intel::json_time(*tally.next_due);
    context.out.line(boost::json::serialize(row));
  } else {
    context.out.line(summary(tally));
  }
  return 0;
}

}  // namespace

Run define_work(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<WorkCommand>();
  app_command.add_flag("--until-idle", command->until_idle, "Stop when no job is due");
  app_command.add_option("--for", command->time,
                         "Go on for this long, waiting for jobs to come due: 90s, 8h");
  app_command.add_option("--kinds", command->kinds, "Only these kinds of job: visit, neighbours, run")
      ->delimiter(',')
      ->allow_extra_args(false);
  app_command
      .add_option(
          "--yara", command->rules,
          "A folder of YARA rules that visits hold every body and every evaluated script against; may be "
          "given more than once")
      ->type_name("DIR");
  app_command.add_flag("--allow-private", command->settings.allow_private,
                       "Visits may reach private and loopback addresses");
  return [command, &context] { return run(*command, context); };
}

}  // namespace shikake::app
