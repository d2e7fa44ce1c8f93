// shikake influence FOLDER: what did received or labelled bytes influence, and which bytes influenced a deed?
#include <filesystem>
#include <memory>
#include <optional>
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
  std::string folder, bytes, file, on;
  std::optional<uint64_t> flow, on_flow;  // wide enough to see that a number is too large
};

Result<intel::RunBytes> range_of(const std::string& text) {
  if (text.empty()) return run::all_bytes;
  const size_t dash = text.find('-');
  const std::string first = text.substr(0, dash), last = dash == std::string::npos ? first : text.substr(dash + 1);
  constexpr size_t most_digits = 18;
  for (const std::string& part : {first, last})
    if (part.empty() || part.size() > most_digits || part.find_first_not_of("0123456789") != std::string::npos)
      return fail(Module::app, ErrorCode::invalid_usage, "--bytes takes 120-140, not " + text);
  const intel::RunBytes range{std::stoull(first), std::stoull(last)};
  if (range.last < range.first)
    return fail(Module::app, ErrorCode::invalid_usage, "--bytes ends before it begins: " + text);
  return range;
}

Result<std::optional<uint32_t>> flow_of(const intel::RunRecord& record, const std::optional<uint64_t>& asked) {
  if (!asked) return std::nullopt;
  for (const intel::RunFlow& flow : record.flows)
    if (flow.id == *asked) return flow.id;
  return fail(Module::app, ErrorCode::invalid_usage, fmt::format("this run has no flow {}", *asked));
}

boost::json::array to_json(const std::vector<intel::RunBytes>& all) {
  boost::json::array ranges;
  for (const intel::RunBytes& range : all)
    ranges.push_back(boost::json::object{{"first", range.first}, {"last", range.last}});
  return ranges;
}

boost::json::object to_json(const run::Influence& one) {
  boost::json::object out{
      {"bytes", to_json(one.bytes)}, {"how", one.how}, {"kind", one.effect.kind}, {"object", one.effect.object}};
  if (one.flow) out["flow"] = *one.flow;
  else out["file"] = one.file;
  if (one.to_flow) out["to_flow"] = *one.to_flow;
  if (!one.to_bytes.empty()) out["to_bytes"] = to_json(one.to_bytes);
  if (one.effect.process) out["process"] = *one.effect.process;
  if (!one.place.empty()) out["place"] = one.place;
  return out;
}

std::string text_of(const std::vector<intel::RunBytes>& all) {
  std::string text;
  for (const intel::RunBytes& range : all)
    text += fmt::format("{}{}-{}", text.empty() ? "" : ",", range.first, range.last);
  return text;
}

std::string for_person(const run::Influence& one) {
  constexpr size_t wide = 160;
  const std::string origin = one.flow ? fmt::format("flow {}", *one.flow) : base::for_terminal(one.file, wide);
  std::string text = fmt::format("{} bytes {}  {}  {} {}", origin, text_of(one.bytes), one.how,
                                 base::for_terminal(one.effect.kind, wide), base::for_terminal(one.effect.object, wide));
  if (one.to_flow) text += fmt::format("  on flow {}", *one.to_flow);
  if (!one.to_bytes.empty()) text += "  bytes " + text_of(one.to_bytes);
  if (!one.place.empty()) text += "  at " + base::for_terminal(one.place, wide);
  return text + "\n";
}

Result<int> run_command(const InfluenceCommand& command, Context& context) {
  const int questions = command.flow.has_value() + command.on_flow.has_value() + !command.file.empty() + !command.on.empty();
  if (questions != 1)
    return fail(Module::app, ErrorCode::invalid_usage,
                "influence takes one of --flow N, --file PATH, --on TEXT and --on-flow N");
  SHIKAKE_ASSIGN(const auto range, range_of(command.bytes));
  const std::filesystem::path folder = command.folder;
  SHIKAKE_ASSIGN(const std::string text, base::read_file(folder / "run.json", max_record_bytes));
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object())
    return fail(Module::app, ErrorCode::invalid_input, (folder / "run.json").string() + " is no record of a run");
  SHIKAKE_ASSIGN(const intel::RunRecord record, intel::run_from_json(parsed.get_object()));
  SHIKAKE_ASSIGN(const auto flow, flow_of(record, command.flow));
  SHIKAKE_ASSIGN(const auto on_flow, flow_of(record, command.on_flow));
  if (!record.taint_events)
    return fail(Module::app, ErrorCode::invalid_input, "this run was made without --taint, or nothing was received");
  SHIKAKE_ASSIGN(const std::string events,
                 base::read_file(folder / "bodies" / record.taint_events->hex(), max_events_bytes));
  const bool forward = command.flow || !command.file.empty();
  const auto found = forward ? run::influenced_by(record, events, {flow, command.file, range})
                             : run::influences_on(record, events, {on_flow, command.on, range});
  const bool cut = found.size() >= run::max_influences;
  if (context.json) {
    boost::json::array rows;
    for (const run::Influence& one : found) rows.push_back(to_json(one));
    boost::json::object answer{{"influences", std::move(rows)}};
    if (cut) answer["cut"] = true;
    context.out.write(boost::json::serialize(answer) + "\n");
    return 0;
  }
  for (const run::Influence& one : found) context.out.write(for_person(one));
  if (found.empty()) context.out.write("nothing\n");
  if (cut) context.out.write(fmt::format("… cut at {}: --bytes asks for less\n", run::max_influences));
  return 0;
}

}  // namespace

Run define_influence(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<InfluenceCommand>();
  app_command.add_option("FOLDER", command->folder, "One file's folder of `analyze --taint --out`")->required();
  app_command.add_option("--flow", command->flow, "What did the bytes received on this flow influence?");
  app_command.add_option("--file", command->file,
                         "What did the bytes of this file influence? (documents, credential stores, --label-file)");
  app_command.add_option("--on", command->on,
                         "Which bytes influenced this path, address, command line or text that was sent?");
  app_command.add_option("--on-flow", command->on_flow, "Which bytes influenced what was sent on this flow?");
  app_command.add_option("--bytes", command->bytes,
                         "Which bytes of it: 120-140 (received, of the file, sent or written); all of them without it");
  return [command, &context] { return run_command(*command, context); };
}

}  // namespace shikake::app
