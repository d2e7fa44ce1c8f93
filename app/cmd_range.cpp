// shikake range run SCENARIO -- COMMAND…: one command inside the simulated Internet.
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "command.h"
#include "range/range.h"
#include "range/scenario.h"

namespace shikake::app {
namespace {

struct RangeOptions {
  std::string scenario;
  std::string log;
  std::vector<std::string> command;
};

}  // namespace

Run define_range(CLI::App& command, Context&) {
  auto options = std::make_shared<RangeOptions>();
  command.require_subcommand(1);
  CLI::App* run = command.add_subcommand("run", "run a command where only the scenario's hosts exist");
  run->add_option("SCENARIO", options->scenario, "A scenario file (TOML)")->required();
  run->add_option("--log", options->log, "Write who asked for what, one JSON object a line");
  run->add_option("COMMAND", options->command, "The command and its arguments, behind --")->required();
  return [options]() -> Result<int> {
    SHIKAKE_ASSIGN(range::Scenario scenario, range::Scenario::load(options->scenario));
    range::RunOptions run_options;
    if (!options->log.empty()) run_options.log = options->log;
    return range::run(scenario, options->command, run_options);
  };
}

}  // namespace shikake::app
