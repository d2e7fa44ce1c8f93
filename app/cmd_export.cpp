// shikake export FORMAT: intelligence out, for the tools that act on it.
#include <cerrno>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/log.h"
#include "command.h"
#include "publish/export.h"
#include "store/store.h"

namespace shikake::app {
namespace {

struct ExportCommand {
  publish::ExportOptions options;
  std::string action, point, tlp, file;
  int min_score = 0;
};

std::string format_help() {
  std::string help;
  for (const publish::OutputFormat& format : publish::output_formats())
    help += fmt::format("\n  {:<8} {}", format.name, format.description);
  return help;
}

// What was left out and why, so that nobody takes a short list for a safe network.
std::string summary(const publish::ExportReport& report) {
  std::string text = fmt::format("{} {}", report.entries, report.entries == 1 ? "entry" : "entries");
  auto add = [&text](uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(report.without_use, "not fit for this use");
  add(report.guarded, "guarded");
  add(report.false_positives, "judged false");
  add(report.expired, "expired");
  add(report.above_tlp, "above the TLP limit");
  add(report.subsumed, "covered by another entry");
  add(report.inexpressible, "that this format can't say");
  return text;
}

Result<int> run(ExportCommand& command, Context& context) {
  publish::ExportOptions& options = command.options;
  auto usage = [](std::string text) { return fail(Module::app, ErrorCode::invalid_usage, std::move(text)); };
  if (!command.action.empty() && !(options.action = intel::action(command.action)))
    return usage("--use takes block, alert or audit, not " + command.action);
  if (!command.point.empty() && !(options.point = intel::point(command.point)))
    return usage("--at takes proxy, dns, firewall or ids, not " + command.point);
  if (!command.tlp.empty()) {
    std::optional<intel::Tlp> limit = intel::tlp(command.tlp);
    if (!limit) return usage("--tlp takes clear, green, amber, amber+strict or red, not " + command.tlp);
    options.tlp_limit = *limit;
  }
  options.min_score = static_cast<uint8_t>(command.min_score);

  SHIKAKE_ASSIGN(auto store, store::Store::open(context.home, {.create = false}));
  Result<publish::ExportReport> report = command.file.empty()
                                             ? publish::export_to(
                                                   [&](std::string_view bytes) -> Result<> {
                                                     context.out.write(bytes);
                                                     return context.out.status();
                                                   },
                                                   options, *store)
                                             : publish::export_to_file(command.file, options, *store);
  if (!report) return fail(std::move(report.error()));
  base::log_info(summary(*report));
  return 0;
}

}  // namespace

Run define_export(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<ExportCommand>();
  app_command.add_option("FORMAT", command->options.format, "One of:" + format_help())->required();
  app_command.add_option("--use", command->action, "block, alert or audit (default: what the format is for)");
  app_command.add_option("--at", command->point,
                         "proxy, dns, firewall or ids (default: what the format is for)");
  app_command.add_option("--tlp", command->tlp, "Nothing marked above this (default: amber)");
  app_command.add_option("--min-score", command->min_score, "0 to 100, after decay")
      ->check(CLI::Range(0, 100));
  app_command.add_option("--source", command->options.source, "Of one source alone");
  app_command.add_option("--zone", command->options.zone, "rpz: the zone's name");
  app_command.add_option("--out", command->file,
                         "A file that appears whole or not at all (default: standard output)");
  return [command, &context] { return run(*command, context); };
}

}  // namespace shikake::app
