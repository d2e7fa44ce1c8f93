// shikake analyze FILE…: what does it do, in a cell, in a closed or an open network?
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/log.h"
#include "command.h"
#include "gateway/gateway.h"
#include "run_folder.h"
#include "runs.h"
#include "sandbox/debug/script.h"
#include "sandbox/report/text.h"

namespace shikake::app {
namespace {

namespace run = sandbox::run;

struct AnalyzeCommand {
  std::vector<std::string> files;
  std::string network = "closed";
  std::string replies, policy, out, arguments, debug;
  std::vector<std::string> rules;
  std::string time = "60s";
  std::string user = "user";
  run::AnalysisOptions options;
  bool keep = true;
  bool static_only = false;
};

// Of a debugger's script: a person writes it.
constexpr uint64_t max_script_bytes = 1 << 20;

std::atomic<int> interrupts{0};

// The first Ctrl-C ends the run and shows what it did until then; the second one ends us.
class EndOnSignal {
 public:
  EndOnSignal() {
    struct sigaction action {};
    action.sa_handler = [](int) {
      if (interrupts.fetch_add(1) > 0) ::_exit(128 + SIGINT);
    };
    ::sigaction(SIGINT, &action, &before_[0]);
    ::sigaction(SIGTERM, &action, &before_[1]);
  }
  ~EndOnSignal() {
    ::sigaction(SIGINT, &before_[0], nullptr);
    ::sigaction(SIGTERM, &before_[1], nullptr);
  }

 private:
  struct sigaction before_[2]{};
};

// Words as a shell would take them apart: blanks between, quotes and backslashes around and before.
Result<std::vector<std::string>> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool inside = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote) {
      if (c == quote)
        quote = 0;
      else if (c == '\\' && quote == '"' && i + 1 < line.size())
        word += line[++i];
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
      inside = true;
    } else if (c == ' ' || c == '\t') {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote) return fail(Module::app, ErrorCode::invalid_usage, "--args ends inside a quotation");
  if (inside) words.push_back(std::move(word));
  return words;
}

Result<run::AnalysisOptions> options_of(const AnalyzeCommand& command, const Context& context) {
  run::AnalysisOptions options = command.options;
  run::Conditions& conditions = options.conditions;
  options.run = !command.static_only;
  conditions.guests = guests_of(context.home);
  conditions.network = *intel::run_network(command.network);
  auto time = base::parse_duration(command.time);
  constexpr std::chrono::hours longest{24};
  if (!time || time->count() <= 0 || *time > longest)
    return fail(Module::app, ErrorCode::invalid_usage,
                "--time takes a time such as 90s or 10m, not " + command.time);
  conditions.time = std::chrono::duration_cast<std::chrono::milliseconds>(*time);
  conditions.as_root = command.user == "root";
  SHIKAKE_ASSIGN(conditions.arguments, words_of(command.arguments));
  for (const std::string& variable : conditions.environment) {
    if (variable.find('=') == std::string::npos || variable.starts_with("="))
      return fail(Module::app, ErrorCode::invalid_usage, "--env takes NAME=VALUE, not " + variable);
  }
  if (!conditions.taint && !conditions.taint_tables)
    return fail(Module::app, ErrorCode::invalid_usage, "--no-taint-tables goes with --taint");
  for (const std::string& path : conditions.labelled) {
    // The emulator takes a list with commas.
    if (!conditions.taint || !path.starts_with('/') || path.find(',') != std::string::npos)
      return fail(Module::app, ErrorCode::invalid_usage,
                  "--label-file takes an absolute path without commas, together with --taint, not " + path);
  }
  if (!command.replies.empty()) {
    if (conditions.network != intel::RunNetwork::closed)
      return fail(Module::app, ErrorCode::invalid_usage, "--replies are what the closed network answers");
    SHIKAKE_ASSIGN(conditions.replies, gateway::Replies::load(command.replies));
  }
  if (!command.policy.empty()) {
    if (conditions.network != intel::RunNetwork::open)
      return fail(Module::app, ErrorCode::invalid_usage, "--policy is what the open network lets through");
    SHIKAKE_ASSIGN(conditions.policy, gateway::Policy::load(command.policy));
  }
  // In a range its addresses are the Internet's.
  conditions.policy.egress.allow_documentation = intel::PolicySettings::from_environment().range_profile;
  if (!command.debug.empty()) {
    SHIKAKE_ASSIGN(conditions.debug_script, base::read_file(command.debug, max_script_bytes));
    // Said at once, and not by each run.
    if (auto script = sandbox::debug::parse_script(conditions.debug_script); !script)
      return fail(std::move(script).error().in(command.debug));
  }
  for (const std::string& folder : command.rules) options.rule_folders.emplace_back(folder);
  conditions.stop = [] { return interrupts.load() > 0; };
  return options;
}

std::string text_of(const std::vector<run::Analysed>& all, bool color) {
  std::string text;
  for (const run::Analysed& one : all) {
    if (!text.empty()) text += fmt::format("\n{:─<78}\n", "");
    text += sandbox::report::render_text(one.record, {.color = color});
  }
  return text;
}

Result<int> run_command(const AnalyzeCommand& command, Context& context) {
  SHIKAKE_ASSIGN(const run::AnalysisOptions options, options_of(command, context));
  std::unique_ptr<store::Store> store;
  if (command.keep) {
    SHIKAKE_ASSIGN(store, store::Store::open(context.home));
  }
  const intel::PolicySettings settings = intel::PolicySettings::from_environment();
  const bool color = !context.json && ::isatty(STDOUT_FILENO) == 1;
  EndOnSignal signals;
  bool failed = false, first = true;
  for (const std::string& path : command.files) {
    if (interrupts.load() > 0) break;
    RunFolder folder(command.out, store.get());
    Result<base::UniqueFd> file = open_sample(path);
    auto analysed = file ? analyse(file->get(), path, options, store.get(), folder, settings)
                         : Result<std::vector<run::Analysed>>(tl::unexpected(file.error()));
    if (!analysed) {
      // One of many that can't be analysed does not keep the others out.
      if (command.files.size() == 1) return fail(std::move(analysed.error()));
      failed = true;
      base::log(base::LogLevel::error, std::move(analysed.error()).in(path).message());
      continue;
    }
    SHIKAKE_TRY(folder.write(*analysed));
    for (const run::Analysed& one : *analysed) {
      if (one.record.network.leaks.empty()) continue;
      failed = true;
      base::log(base::LogLevel::error,
                fmt::format("{}: {}", path, gateway::not_shut(one.record.network.leaks)));
    }
    if (context.json) {
      for (const run::Analysed& one : *analysed) {
        context.out.write(fmt::format("{}\n{}", first ? "{\"runs\":[" : ",",
                                      boost::json::serialize(intel::to_json(one.record))));
        first = false;
      }
    } else {
      context.out.write((first ? "" : "\n") + text_of(*analysed, color));
      first = false;
    }
  }
  if (context.json) context.out.write(first ? "{\"runs\":[]}\n" : "\n]}\n");
  return failed ? 1 : 0;
}

}  // namespace

Run define_analyze(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<AnalyzeCommand>();
  run::Conditions& conditions = command->options.conditions;
  app_command.add_option("FILE", command->files, "Programs, scripts, archives of them")->required();
  app_command
      .add_option("--network", command->network,
                  "closed: a simulated Internet; open: the real one under a policy")
      ->check(CLI::IsMember({"closed", "open", "none"}))
      ->capture_default_str();
  app_command.add_option("--replies", command->replies,
                         "Scripted answers of the closed network (docs/gateway.md)");
  app_command.add_option("--policy", command->policy, "What the open network lets through (docs/gateway.md)");
  app_command.add_option("--time", command->time, "How long a program may run: 90s, 10m")
      ->capture_default_str();
  app_command.add_option("--args", command->arguments, "Its arguments, as one quoted text");
  app_command.add_option("--env", conditions.environment, "NAME=VALUE in its environment; may be repeated")
      ->allow_extra_args(false);
  app_command.add_option("--user", command->user, "Whom it runs as in the guest")
      ->check(CLI::IsMember({"user", "root"}))
      ->capture_default_str();
  app_command.add_option("--profile", conditions.profile, "The guest (shikake guest list)");
  app_command.add_option("--debug", command->debug, "A debugger's script (docs/debugger.md)");
  app_command.add_flag("--taint", conditions.taint,
                       "Follow received bytes through the programs: which flow commands, feeds, is fed");
  app_command.add_flag("--taint-tables,!--no-taint-tables", conditions.taint_tables,
                       "With --taint: what a table gives for a received index counts as received (as it does by default)");
  app_command
      .add_option("--label-file", conditions.labelled,
                  "With --taint: a file inside (or the beginning of paths) whose bytes are followed too; may be repeated")
      ->allow_extra_args(false);
  app_command.add_option("--rules", command->rules, "A folder of YARA rules; may be repeated")
      ->allow_extra_args(false);
  app_command.add_option("--depth", command->options.depth, "How often files that files leave are analysed")
      ->check(CLI::Range(0, 5))
      ->capture_default_str();
  app_command.add_flag("--static", command->static_only, "Run nothing: static facts alone");
  app_command.add_option("--out", command->out, "A folder for report, record, STIX, capture and files");
  app_command.add_flag_callback(
      "--no-store", [command] { command->keep = false; }, "Keep nothing in the store");
  return [command, &context] { return run_command(*command, context); };
}

}  // namespace shikake::app
