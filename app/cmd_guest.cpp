// shikake guest build|list: what cells look like inside.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/display.h"
#include "cell/guest.h"
#include "cell/guest_build.h"
#include "command.h"

namespace shikake::app {
namespace {

namespace json = boost::json;

struct GuestOptions {
  cell::GuestBuild build;
};

json::object to_json(const cell::GuestRow& row) {
  json::object all{{"name", row.name}, {"built", row.built}};
  if (!row.built) return all;
  all["suite"] = row.suite;
  all["built_at"] = row.built_at;
  all["bytes"] = row.bytes;
  all["files"] = row.files;
  all["packages"] = json::array(row.packages.begin(), row.packages.end());
  return all;
}

std::string line(const cell::GuestRow& row) {
  if (!row.built)
    return fmt::format("{:<12} not built; a cell falls back to this machine's /usr, read only", row.name);
  return base::for_terminal(fmt::format("{:<12} Debian {}, {} files, {:.0f} MB, built {}, with {}", row.name,
                                        row.suite, row.files, static_cast<double>(row.bytes) / 1e6,
                                        row.built_at, fmt::join(row.packages, ", ")));
}

Result<int> build(GuestOptions& options, Context& context) {
  options.build.home = context.home;
  SHIKAKE_ASSIGN(const cell::GuestRow row, cell::build_guest(options.build));
  context.out.line(context.json ? json::serialize(to_json(row)) : line(row));
  return 0;
}

Result<int> list(Context& context) {
  SHIKAKE_ASSIGN(const std::vector<cell::GuestRow> rows, cell::list_guests(context.home));
  if (context.json) {
    json::array all;
    for (const cell::GuestRow& row : rows) all.push_back(to_json(row));
    context.out.line(json::serialize(json::object{{"guests", std::move(all)}}));
    return 0;
  }
  for (const cell::GuestRow& row : rows) context.out.line(line(row));
  return 0;
}

}  // namespace

Run define_guest(CLI::App& command, Context& context) {
  auto options = std::make_shared<GuestOptions>();
  command.require_subcommand(1);
  CLI::App* builder =
      command.add_subcommand("build", "build a guest profile with mmdebstrap; a minute or more, once");
  builder->add_option(
      "NAME", options->build.name,
      fmt::format("Which: {} (default: {})", fmt::join(cell::identity_names(), ", "), cell::default_guest));
  builder->add_flag("--php", options->build.php, "With php-cli, so that PHP scripts run too");
  builder->add_option("--include", options->build.packages, "Further Debian packages, with commas")
      ->delimiter(',');
  builder->add_option("--source", options->build.sources,
                      "A line of sources.list(5) to take packages from (default: this machine's own)");
  builder->add_flag("--again", options->build.again, "Take the place of the profile that is there");
  command.add_subcommand("list", "which profiles there are, and which of them are built");
  return [options, builder, &context]() -> Result<int> {
    if (builder->parsed()) return build(*options, context);
    return list(context);
  };
}

}  // namespace shikake::app
