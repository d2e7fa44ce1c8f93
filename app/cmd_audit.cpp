// shikake audit LOG…: who in this network is infected, how sure, how bad.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "audit/audit.h"
#include "audit/format.h"
#include "base/display.h"
#include "base/log.h"
#include "base/unique_fd.h"
#include "command.h"
#include "store/store.h"

namespace shikake::app {
namespace {

struct AuditCommand {
  std::vector<std::string> logs;
  audit::AuditOptions options;
  size_t findings_shown = 50;
};

std::string format_names() {
  std::string names = "auto";
  for (const audit::Format& format : audit::formats()) names += fmt::format(", {}", format.name);
  return names;
}

// Every log that can be opened; the others are reported and make the exit status 1.
std::vector<base::UniqueFd> open_logs(const AuditCommand& command, std::vector<audit::LogInput>& inputs,
                                      bool& failed) {
  std::vector<base::UniqueFd> files;
  for (const std::string& path : command.logs) {
    base::UniqueFd file(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
      failed = true;
      base::log(base::LogLevel::error,
                Error(fail_errno(Module::app, "cannot open the log").value()).in(path).message());
      continue;
    }
    inputs.push_back({file.get(), path == "-" ? "standard input" : path});
    files.push_back(std::move(file));
  }
  return files;
}

Result<audit::Intelligence> compile(const store::Store& store) {
  SHIKAKE_ASSIGN(intel::Guard guard, store.guard());
  audit::Intelligence::Builder builder(
      [&guard](const intel::IndicatorKey& key) { return guard.protects(key); });
  SHIKAKE_TRY(store.for_each({}, [&builder](const intel::Indicator& indicator, store::Position) {
    builder.add(indicator);
    return true;
  }));
  return builder.build();
}

// The strongest reason for an indicator, as the store has it.
std::string why(const store::Store& store, const intel::IndicatorKey& key) {
  Result<std::optional<intel::Indicator>> found = store.find(key);
  if (!found || !*found || (*found)->evidence.empty()) return "";
  const intel::Evidence& strongest = (*found)->evidence.front();
  return fmt::format("{} ({}, observation {})", strongest.assertion.why, strongest.assertion.source,
                     strongest.observation.hex().substr(0, 16));
}

// What became of each file; false when one could not be read to its end.
bool report_files(const audit::AuditReport& report, bool as_json) {
  bool whole = true;
  for (const audit::FileStats& file : report.files) {
    // The text for a person ends with the same.
    if (as_json)
      base::log_info(fmt::format(
          "{}: {} {} ({}), {} {}, {} guarded{}{}{}", file.name, file.lines,
          file.lines == 1 ? "line" : "lines", file.formats.empty() ? "no known format" : file.formats,
          file.hits, file.hits == 1 ? "hit" : "hits", file.guarded,
          file.lenient ? fmt::format(", {} damaged but read", file.lenient) : "",
          file.unreadable ? fmt::format(", {} looked through as plain text", file.unreadable) : "",
          file.too_long ? fmt::format(", {} overlong", file.too_long) : ""));
    if (file.error.empty()) continue;
    whole = false;
    base::log(base::LogLevel::error, fmt::format("{}: {}", file.name, file.error));
  }
  for (const std::string& limit : report.limits_hit) base::log_warning(limit);
  return whole;
}

Result<int> run(AuditCommand& command, Context& context) {
  SHIKAKE_ASSIGN(auto store, store::Store::open(context.home, {.create = false}));
  SHIKAKE_ASSIGN(audit::Intelligence intelligence, compile(*store));
  if (intelligence.size() == 0)
    base::log_warning(
        "the store holds no indicators: nothing can be found (shikake intel import, shikake inspect)");

  bool failed = false;
  std::vector<audit::LogInput> inputs;
  const std::vector<base::UniqueFd> files = open_logs(command, inputs, failed);
  if (inputs.empty()) return 1;

  command.options.evidence = [&store](const intel::IndicatorKey& key) { return why(*store, key); };
  SHIKAKE_ASSIGN(audit::AuditReport report, audit::run(inputs, intelligence, command.options));
  if (context.json) {
    for (const audit::Finding& finding : report.findings)
      context.out.line(boost::json::serialize(audit::to_json(finding)));
  } else {
    context.out.write(audit::to_text(report, ::isatty(STDOUT_FILENO) == 1, command.findings_shown));
  }
  return report_files(report, context.json) && !failed ? 0 : 1;
}

}  // namespace

Run define_audit(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<AuditCommand>();
  app_command
      .add_option("LOG", command->logs, "Logs, as they are or packed with gzip or zstd; - is standard input")
      ->required();
  app_command.add_option("--format", command->options.format,
                         "Found line by line unless given: " + format_names());
  app_command.add_option("--show", command->findings_shown, "How many findings to print for a person");
  app_command
      .add_option("--max-unpacked", command->options.read.max_unpacked_bytes,
                  "Stop reading a file after so many unpacked bytes")
      ->transform(CLI::AsSizeValue(false));
  return [command, &context] { return run(*command, context); };
}

}  // namespace shikake::app
