// shikake influence FOLDER: what did received bytes influence, and which bytes influenced an action?
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/display.h"
#include "base/file.h"
#include "command.h"
#include "intel/run.h"
#include "sandbox/run/influence.h"

namespace shikake::app {
namespace {

namespace run = sandbox::run;

// As large as analyze writes them.
constexpr uint64_t max_record_bytes = uint64_t{256} << 20, max_events_bytes = uint64_t{64} << 20;

struct InfluenceCommand {
  std::string folder, bytes, on;
  int64_t flow = -1;
};

Result<std::pair<uint64_t, uint64_t>> range_of(const std::string& text) {
  if (text.empty()) return std::pair(uint64_t{0}, UINT64_MAX);
  const size_t dash = text.find('-');
  const std::string first = text.substr(0, dash), last = dash == std::string::npos ? first : text.substr(dash + 1);
  constexpr size_t most_digits = 18;
  for (const std::string& part : {first, last})
    if (part.empty() || part.size() > most_digits || part.find_first_not_of("0123456789") != std::string::npos)
      return fail(Module::app, ErrorCode::invalid_usage, "--bytes takes 120-140, not " + text);
  return std::pair<uint64_t, uint64_t>(std::stoull(first), std::stoull(last));
}

boost::json::object to_json(const run::Influence& one) {
  boost::json::array bytes;
  for (const intel::RunBytes& range : one.bytes)
    bytes.push_back(boost::json::object{{"first", range.first}, {"last", range.last}});
  boost::json::object out{{"flow", one.flow},
                          {"bytes", std::move(bytes)},
                          {"how", one.how},
                          {"kind", one.effect.kind},
                          {"object", one.effect.object}};
  if (one.effect.process) out["process"] = *one.effect.process;
  if (!one.place.empty()) out["place"] = one.place;
  return out;
}

std::string for_person(const run::Influence& one) {
  std::string bytes;
  for (const intel::RunBytes& range : one.bytes)
    bytes += fmt::format("{}{}-{}", bytes.empty() ? "" : ",", range.first, range.last);
  constexpr size_t wide = 160;
  return fmt::format("flow {} bytes {}  {}  {} {}{}\n", one.flow, bytes, one.how,
                     base::for_terminal(one.effect.kind, wide), base::for_terminal(one.effect.object, wide),
                     one.place.empty() ? "" : "  at " + base::for_terminal(one.place, wide));
}

Result<int> run_command(const InfluenceCommand& command, Context& context) {
  if ((command.flow < 0) == command.on.empty())
    return fail(Module::app, ErrorCode::invalid_usage, "influence takes --flow N or --on TEXT");
  SHIKAKE_ASSIGN(const auto range, range_of(command.bytes));
  const std::filesystem::path folder = command.folder;
  SHIKAKE_ASSIGN(const std::string text, base::read_file(folder / "run.json", max_record_bytes));
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object())
    return fail(Module::app, ErrorCode::invalid_input, (folder / "run.json").string() + " is no record of a run");
  SHIKAKE_ASSIGN(const intel::RunRecord record, intel::run_from_json(parsed.get_object()));
  if (!record.taint_events)
    return fail(Module::app, ErrorCode::invalid_input, "this run was made without --taint, or nothing was received");
  SHIKAKE_ASSIGN(const std::string events,
                 base::read_file(folder / "bodies" / record.taint_events->hex(), max_events_bytes));
  const auto found = command.flow >= 0 ? run::influenced_by(record, events, static_cast<uint32_t>(command.flow),
                                                            range.first, range.second)
                                       : run::influences_on(record, events, command.on);
  if (context.json) {
    boost::json::array rows;
    for (const run::Influence& one : found) rows.push_back(to_json(one));
    context.out.write(boost::json::serialize(boost::json::object{{"influences", std::move(rows)}}) + "\n");
    return 0;
  }
  for (const run::Influence& one : found) context.out.write(for_person(one));
  if (found.empty()) context.out.write("nothing\n");
  return 0;
}

}  // namespace

Run define_influence(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<InfluenceCommand>();
  app_command.add_option("FOLDER", command->folder, "One file's folder of `analyze --taint --out`")->required();
  app_command.add_option("--flow", command->flow, "What did this flow's bytes influence?");
  app_command.add_option("--bytes", command->bytes, "Which of them: 120-140; all of them without it");
  app_command.add_option("--on", command->on, "Which bytes influenced this path, address or command line?");
  return [command, &context] { return run_command(*command, context); };
}

}  // namespace shikake::app
