// shikake [--home DIR] [--json] COMMAND: finds the command and turns its result into an exit status.
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include <CLI/CLI.hpp>

#include "base/display.h"
#include "base/log.h"
#include "command.h"

namespace shikake::app {

Run define_analyze(CLI::App&, Context&);
Run define_audit(CLI::App&, Context&);
Run define_corpus(CLI::App&, Context&);
Run define_demo(CLI::App&, Context&);
Run define_export(CLI::App&, Context&);
Run define_guest(CLI::App&, Context&);
Run define_influence(CLI::App&, Context&);
Run define_inspect(CLI::App&, Context&);
Run define_intel(CLI::App&, Context&);
Run define_neighbours(CLI::App&, Context&);
Run define_range(CLI::App&, Context&);
Run define_url(CLI::App&, Context&);
Run define_work(CLI::App&, Context&);

namespace {

constexpr Command commands[] = {
    {"analyze", "run a file in the sandbox and say what it does", define_analyze},
    {"audit", "match and correlate logs: who is infected, how sure, how bad", define_audit},
    {"corpus", "URLs seen anywhere, for neighbourhood search", define_corpus},
    {"demo", "the whole loop on a simulated Internet", define_demo},
    {"export", "intelligence out: lists for proxies, DNS, sharing", define_export},
    {"guest", "what cells look like inside: build and list profiles", define_guest},
    {"influence", "ask a run that taint followed: which bytes had a part in what", define_influence},
    {"inspect", "visit with an emulated browser: landing, relay, exploit, distribution", define_inspect},
    {"intel", "the store: what is known, and why", define_intel},
    {"neighbours", "URLs near malicious ones, ranked, inspected", define_neighbours},
    {"range", "a command inside the simulated Internet", define_range},
    {"url", "parse URLs as the standard does; registrable domain, tenant key, structure", define_url},
    {"work", "do the jobs that are due", define_work},
};

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

std::filesystem::path default_home() {
  if (const char* home = std::getenv("SHIKAKE_HOME"); home && *home) return home;
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data)
    return std::filesystem::path(data) / "shikake";
  if (const char* user = std::getenv("HOME"); user && *user)
    return std::filesystem::path(user) / ".local/share/shikake";
  return "shikake-home";
}

int report(const Error& error) {
  std::fprintf(stderr, "shikake: %s\n", base::for_terminal(error.message()).c_str());
  return error.code == ErrorCode::invalid_usage ? exit_usage : exit_failed;
}

int run(int argc, char** argv) {
  Context context;
  CLI::App app{"Shikake turns attacks into security intelligence and puts it to work."};
  app.name("shikake");
  app.set_version_flag("--version", std::string("shikake " SHIKAKE_VERSION));
  app.require_subcommand(1);
  app.fallthrough();

  std::string home;
  bool verbose = false;
  app.add_option("--home", home,
                 "Where the store lies (default: $SHIKAKE_HOME, then the XDG data directory)");
  app.add_flag("--json", context.json, "JSON on stdout and nothing else there");
  app.add_flag("-v,--verbose", verbose, "Say more on stderr");

  std::vector<std::pair<CLI::App*, Run>> defined;
  for (const Command& row : commands) {
    CLI::App* command = app.add_subcommand(std::string(row.name), std::string(row.summary));
    defined.emplace_back(command, row.define(*command, context));
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints help and version itself; everything else is wrong usage.
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  context.home_given = !home.empty();
  context.home = home.empty() ? default_home() : std::filesystem::path(home);
  if (verbose) base::set_log_level(base::LogLevel::debug);

  for (auto& [command, action] : defined) {
    if (!command->parsed()) continue;
    Result<int> status = action();
    // What was found before a failure still reaches the reader.
    Result<> written = context.out.finish();
    // A reader that has seen enough (head) is told nothing.
    const bool left = !written && written.error().system_errno == EPIPE;
    if (left && (status || status.error().system_errno == EPIPE)) return exit_failed;
    if (!status) return report(status.error());
    return written ? *status : report(written.error());
  }
  return exit_usage;
}

}  // namespace

Result<> Output::status() const {
  if (error_ == 0) return {};
  errno = error_;
  return fail_errno(Module::app, "cannot write to standard output");
}

Result<> Output::finish() {
  if (std::fflush(stdout) != 0 && error_ == 0) error_ = errno;
  return status();
}

Result<std::string> read_input(const std::string& path, size_t limit) {
  FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rbe");
  if (!file) return fail_errno(Module::app, "cannot open " + path);
  std::string text;
  char buffer[1 << 16];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0 && text.size() <= limit)
    text.append(buffer, count);
  const bool broken = std::ferror(file) != 0;
  tl::unexpected<Error> why = fail_errno(Module::app, "cannot read " + path);
  if (file != stdin) std::fclose(file);
  if (broken) return why;
  if (text.size() > limit)
    return fail(Module::app, ErrorCode::limit, path + " is larger than " + std::to_string(limit) + " bytes");
  return text;
}

}  // namespace shikake::app

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader or worker that went away is an error value, not a death
  try {
    return shikake::app::run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("shikake: out of memory\n", stderr);
    return 1;
  }
}
