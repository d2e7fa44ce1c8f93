// shikake demo: the whole loop on a simulated Internet, told by demo/tour.sh.
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command.h"
#include "range/range.h"
#include "range/scenario.h"

namespace shikake::app {
namespace {

namespace fs = std::filesystem;

// The demo's pages lie beside an installed program, or in the source tree that it was built from.
Result<fs::path> find_demo(const fs::path& program) {
  for (const char* beside : {"../share/shikake/demo", "../../demo"}) {
    const fs::path folder = program.parent_path() / beside;
    std::error_code ignored;
    if (fs::exists(folder / "scenario.toml", ignored)) return fs::canonical(folder, ignored);
  }
  return fail(
      Module::app, ErrorCode::not_found,
      "the demo's pages are not here; run the program from its source tree, or name the folder with --pages");
}

// As a person would type it from here.
std::string shown(const fs::path& path) {
  std::error_code error;
  const fs::path near = fs::proximate(path, error);
  return error || near.string().starts_with("..") ? path.string() : near.string();
}

}  // namespace

Run define_demo(CLI::App& command, Context& context) {
  auto pages = std::make_shared<std::string>();
  command.add_option("--pages", *pages, "The folder that holds the demo's scenario.toml and tour.sh");
  return [pages, &context]() -> Result<int> {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    fs::path demo = *pages;
    if (demo.empty()) {
      SHIKAKE_ASSIGN(demo, find_demo(program));
    }
    // Specimens' indicators must not mix with a real store's.
    fs::path home = context.home;
    if (!context.home_given) home += "-demo";
    home = fs::absolute(home);
    ::setenv("SHIKAKE_HOME", home.c_str(), 1);
    ::setenv("SHIKAKE_PROGRAM", program.c_str(), 1);

    SHIKAKE_ASSIGN(range::Scenario scenario, range::Scenario::load(demo / "scenario.toml"));
    SHIKAKE_ASSIGN(const int status,
                   range::run(scenario, {"sh", (demo / "tour.sh").string(), shown(demo)}, {}));
    if (status != 0) return status;
    context.out.write(fmt::format(R"(
That was the whole loop. The store that it made is in {0}; go on from here:

  export SHIKAKE_HOME={0}
  {1} intel show sync.telemetry-hub.example    # why a beacon to it means infection
  {1} --json audit {2}/proxy.log.gz    # the same findings, for programs
  {1} export stix    # to share it

And with your own:

  {1} --home ~/shikake inspect URL    # visit a page
  {1} --home ~/shikake intel import FILE    # MISP, STIX, Maltrail, CSV, plain lists
  {1} --home ~/shikake audit /var/log/squid/access.log
)",
                                  home.string(), shown(program), shown(demo)));
    return 0;
  };
}

}  // namespace shikake::app
