// shikake inspect URL… | FILE…: where does it lead, and what is each page for?
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/log.h"
#include "command.h"
#include "honeyclient/chain/tree.h"
#include "honeyclient/low/visit.h"
#include "intel/policy.h"
#include "store/store.h"
#include "url/refang.h"
#include "visits.h"

namespace shikake::app {
namespace {

namespace low = honeyclient::low;

struct InspectCommand {
  std::vector<std::string> subjects;
  std::string list, base = "http://file.invalid/";
  std::vector<std::string> personas;
  VisitSettings settings;
  bool keep = true;
  bool bystanders = false;
};

// A path that is there is a file; everything else is a URL as people write them.
bool is_file(const std::string& subject) {
  struct stat status {};
  return ::stat(subject.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

Result<std::vector<std::string>> subjects_of(const InspectCommand& command) {
  std::vector<std::string> subjects = command.subjects;
  if (!command.list.empty()) {
    constexpr size_t max_list_bytes = size_t{64} << 20;  // a million URLs
    SHIKAKE_ASSIGN(std::string text, read_input(command.list, max_list_bytes));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty() && line[0] != '#') subjects.push_back(line);
    }
  }
  if (subjects.empty())
    return fail(Module::app, ErrorCode::invalid_usage,
                "what is to be inspected? Give URLs, files or --list FILE");
  return subjects;
}

std::vector<std::string> personas_of(const InspectCommand& command) {
  if (command.personas.empty()) return {std::string(low::default_persona)};
  if (command.personas.size() == 1 && command.personas[0] == "all") return low::persona_names();
  return command.personas;
}

Result<low::VisitOptions> options_of(const InspectCommand& command, const std::string& subject,
                                     const std::string& persona) {
  low::VisitOptions options = visit_options(command.settings);
  options.persona = persona;
  if (!is_file(subject)) {
    SHIKAKE_ASSIGN(url::Url parsed, url::parse_typed(subject));
    options.url = parsed.href();
    return options;
  }
  SHIKAKE_ASSIGN(options.content, read_input(subject, low::limits::max_body));
  SHIKAKE_ASSIGN(url::Url base, url::Url::parse(command.base));
  SHIKAKE_ASSIGN(url::Url seen_as,
                 url::Url::parse(std::filesystem::path(subject).filename().string(), &base));
  options.url = seen_as.href();
  return options;
}

Result<int> run(const InspectCommand& command, Context& context) {
  SHIKAKE_ASSIGN(const std::vector<std::string> subjects, subjects_of(command));
  std::unique_ptr<store::Store> store;
  if (command.keep) {
    SHIKAKE_ASSIGN(store, store::Store::open(context.home));
  }
  SHIKAKE_ASSIGN(low::Browser browser, low::Browser::open());
  const intel::PolicySettings settings = intel::PolicySettings::from_environment();
  const honeyclient::chain::TreeOptions tree{.color = !context.json && ::isatty(STDOUT_FILENO) == 1,
                                             .bystanders = command.bystanders};

  bool failed = false, first = true;
  if (context.json) context.out.write("{\"visits\":[");
  for (const std::string& subject : subjects) {
    for (const std::string& persona : personas_of(command)) {
      Result<low::VisitOptions> options = options_of(command, subject, persona);
      Result<Visited> visited = options ? inspect(browser, *options, store.get(), settings)
                                        : Result<Visited>(tl::unexpected(options.error()));
      if (!visited) {
        // One of many that can't be visited does not keep the others out.
        if (subjects.size() == 1) return fail(std::move(visited.error()));
        failed = true;
        base::log(base::LogLevel::error, std::move(visited.error()).in(subject).message());
        continue;
      }
      if (context.json) {
        context.out.write(
            fmt::format("{}\n{}", first ? "" : ",", boost::json::serialize(intel::to_json(visited->visit))));
      } else {
        context.out.write(
            fmt::format("{}{}", first ? "" : "\n", honeyclient::chain::render_tree(visited->visit, tree)));
      }
      first = false;
    }
  }
  if (context.json) context.out.write("\n]}\n");
  return failed ? 1 : 0;
}

}  // namespace

Run define_inspect(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<InspectCommand>();
  std::vector<std::string> personas = low::persona_names();
  personas.insert(personas.begin(), "all");
  app_command
      .add_option("SUBJECT", command->subjects, "What to visit: URLs, defanged or not, or files of HTML")
      ->type_name("");
  app_command.add_option("--list", command->list, "Visit every URL of this file, one a line")
      ->type_name("FILE");
  app_command.add_option("--client", "Which honeyclient: low is an emulated browser")
      ->check(CLI::IsMember({"low"}).description(""))
      ->type_name("low");
  app_command
      .add_option("--persona", command->personas,
                  fmt::format("Which browser to be: {}; may be repeated (default: {})",
                              fmt::join(personas, ", "), low::default_persona))
      ->allow_extra_args(false)
      ->check(CLI::IsMember(personas).description(""))
      ->type_name("NAME");
  app_command
      .add_option("--base", command->base, "For files: the URL of the folder that they are seen under")
      ->type_name("URL");
  app_command.add_option("--referrer", command->settings.referrer, "Where the visitor seems to come from")
      ->type_name("URL");
  app_command
      .add_option("--seed", command->settings.seed, "Of chance and clock: the same seed gives the same visit")
      ->type_name("N");
  app_command.add_option("--timeout", command->settings.seconds, "How long a visit may take, 1 to 3600")
      ->check(CLI::Range(1, 3600).description(""))
      ->type_name("SECONDS");
  app_command.add_flag("--offline", command->settings.offline, "Fetch nothing: a file is all there is");
  app_command.add_flag("--allow-private", command->settings.allow_private,
                       "Let pages reach private and loopback addresses too");
  app_command.add_flag_callback(
      "--no-store", [command] { command->keep = false; }, "Only show what was found; store nothing");
  app_command.add_flag("--all", command->bystanders, "Show every resource, not only the way to what is bad");
  return [command, &context] { return run(*command, context); };
}

}  // namespace shikake::app
