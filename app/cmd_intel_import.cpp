// shikake intel import FILE…: feeds in. A folder means every file in it.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/display.h"
#include "base/log.h"
#include "command.h"
#include "intel/policy.h"
#include "publish/import.h"
#include "publish/in/formats.h"
#include "store/store.h"

namespace shikake::app {
namespace {

namespace fs = std::filesystem;

// How many refused entries of one file a person sees; the counts are whole.
constexpr size_t max_refusals_shown = 3;

struct ImportCommand {
  std::vector<std::string> paths;
  publish::ImportOptions options;
};

std::string format_names() {
  std::string names;
  for (const publish::InputFormat& format : publish::input_formats())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  return names;
}

// The files behind the arguments, folders walked in the order of names.
Result<std::vector<fs::path>> files_of(const std::vector<std::string>& paths) {
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.emplace_back(path);
      continue;
    }
    const size_t before = files.size();
    for (const auto& entry : fs::recursive_directory_iterator(path, error))
      if (entry.is_regular_file(error) && !entry.path().filename().string().starts_with("LICENSE"))
        files.push_back(entry.path());
    if (error) {
      Error failure{Module::app, ErrorCode::io, "cannot read the folder", path};
      failure.system_errno = error.value();
      return fail(std::move(failure));
    }
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

boost::json::object to_json(const fs::path& file, const publish::ImportReport& report) {
  boost::json::object skips, notes;
  for (const publish::Count& one : report.skips) skips[one.what] = one.count;
  for (const publish::Count& one : report.notes) notes[one.what] = one.count;
  boost::json::array refusals;
  for (const publish::Refusal& one : report.refusals)
    refusals.emplace_back(boost::json::object{{"line", one.line},
                                              {"offset", one.offset},
                                              {"reason", one.reason},
                                              {"text", base::to_valid_utf8(one.text)}});
  return {{"file", file.string()},     {"format", report.format},     {"unit", report.unit},
          {"total", report.total},     {"accepted", report.accepted}, {"skipped", report.skipped},
          {"refused", report.refused}, {"comments", report.comments}, {"entries", report.entries},
          {"records", report.records}, {"guards", report.guards},     {"sightings", report.sightings},
          {"skips", std::move(skips)}, {"notes", std::move(notes)},   {"refusals", std::move(refusals)}};
}

std::string for_person(const fs::path& file, const publish::ImportReport& report) {
  std::string text = fmt::format("{}: {}: ", base::for_terminal(file.string()), report.format);
  if (report.guards > 0) {
    text += fmt::format("{} values guarded", report.guards);
  } else {
    text += fmt::format("{} entries from {} {}", report.entries, report.total, report.unit);
  }
  if (report.sightings > 0) text += fmt::format(", {} sightings", report.sightings);
  text += "\n";
  for (const publish::Count& one : report.skips)
    text += fmt::format("  skipped {}: {}\n", one.count, base::for_terminal(one.what));
  for (const publish::Count& one : report.notes)
    text += fmt::format("  note {}: {}\n", one.count, base::for_terminal(one.what));
  if (report.refused > 0) text += fmt::format("  refused {}\n", report.refused);
  for (size_t i = 0; i < std::min(report.refusals.size(), max_refusals_shown); ++i) {
    const publish::Refusal& one = report.refusals[i];
    text += fmt::format("    line {}, byte {}: {}: {}\n", one.line, one.offset,
                        base::for_terminal(one.reason), base::for_terminal(one.text, 80));
  }
  return text;
}

void add(publish::ImportReport& sum, const publish::ImportReport& one) {
  sum.total += one.total;
  sum.accepted += one.accepted;
  sum.skipped += one.skipped;
  sum.refused += one.refused;
  sum.entries += one.entries;
  sum.guards += one.guards;
  sum.sightings += one.sightings;
}

// Imports each file for itself: one that can't be read does not keep the others out.
Result<int> import_all(const ImportCommand& command, Context& context) {
  SHIKAKE_ASSIGN(std::vector<fs::path> files, files_of(command.paths));
  SHIKAKE_ASSIGN(auto store, store::Store::open(context.home));
  const intel::PolicySettings settings = intel::PolicySettings::from_environment();
  publish::ImportReport sum;
  uint64_t failed = 0;
  const bool many = files.size() > 5;  // then a sum says more than a line each
  Result<> imported = publish::import_all(
      *store, settings, files, command.options,
      [&](const fs::path& file, Result<publish::ImportReport> report) -> Result<> {
        if (!report) {
          if (files.size() == 1) return fail(std::move(report.error()));
          ++failed;
          base::log(base::LogLevel::error, std::move(report.error()).in(file.string()).message());
          return {};
        }
        add(sum, *report);
        if (context.json) {
          context.out.line(boost::json::serialize(to_json(file, *report)));
        } else if (!many || report->refused > 0) {
          context.out.write(for_person(file, *report));
        }
        return {};
      });
  if (!imported) return fail(std::move(imported).error());
  if (!context.json && many)
    context.out.line(fmt::format(
        "{} files: {} entries, {} values guarded, {} sightings; {} skipped, {} refused; {} files failed",
        files.size(), sum.entries, sum.guards, sum.sightings, sum.skipped, sum.refused, failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace

Run define_intel_import(CLI::App& command, Context& context) {
  auto import = std::make_shared<ImportCommand>();
  publish::ReadOptions& read = import->options.read;
  command.add_option("FILE", import->paths, "Feeds, or folders of feeds")->required();
  command.add_option("--format", read.format, "Found from the content unless given: " + format_names());
  command.add_option("--source", read.feed, "Whose feed it is, when the format doesn't say");
  command.add_option("--role", read.role,
                     "The role of entries that name none: c2, distribution, phishing, …");
  command.add_option("--family", read.family, "The malware family of entries that name none");
  command.add_option("--tlp", read.tlp,
                     "TLP of entries that name none: clear, green, amber, amber+strict, red");
  command
      .add_option("--column", read.columns,
                  "CSV: which column is what, as url=2 or url=Address; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--delimiter", read.delimiter,
                     "CSV: the separator, found from the content unless given");
  return [import, &context] { return import_all(*import, context); };
}

}  // namespace shikake::app
