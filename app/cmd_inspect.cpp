// shikake inspect URL… | FILE…: where does it lead, and what is each page for?
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "command.h"
#include "honeyclient/low/answers.h"
#include "honeyclient/low/script_file.h"
#include "honeyclient/low/visit.h"
#include "honeyclient/replay/recording.h"
#include "inspect_show.h"
#include "intel/policy.h"
#include "runs.h"
#include "store/store.h"
#include "transcript.h"
#include "triage/matcher.h"
#include "url/refang.h"
#include "visit_pool.h"
#include "visits.h"

namespace shikake::app {
namespace {

namespace low = honeyclient::low;

// Between two visits to one site, where a list is visited: as a person clicks, not as a flood.
constexpr double default_spacing_seconds = 1;

struct InspectCommand {
  std::vector<std::string> subjects;
  std::string list, base = "http://file.invalid/";
  std::vector<std::string> personas;
  std::string journal;
  std::string replay;
  TranscriptPaths transcripts;
  std::vector<std::string> rules;  // folders
  std::optional<uint64_t> seed;
  std::optional<bool> forced;
  std::optional<unsigned> side_by_side;
  std::optional<double> spacing_seconds;
  VisitSettings settings;
  bool keep = true;
  bool bystanders = false;
  bool analyze = false;
};

// A path that is there is a file; everything else is a URL as people write them.
bool is_file(const std::string& subject) {
  struct stat status {};
  return ::stat(subject.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// What the command leaves open is as it was when the recording was made.
Result<InspectCommand> as_recorded(InspectCommand command) {
  SHIKAKE_ASSIGN(const auto recording, honeyclient::replay::Recording::open(command.replay));
  const auto& note = recording.note();
  if (note.skipped > 0)
    base::log_warning(fmt::format("{}: {} entries passed over, the first: {}", command.replay, note.skipped,
                                  note.first_skipped));
  if (note.cut) base::log_warning(command.replay + ": cut; what could be read is replayed");
  if (command.subjects.empty() && command.list.empty() && !recording.first_url().empty())
    command.subjects.push_back(recording.first_url());
  if (!low::find_persona(note.conditions.persona)) return command;
  if (command.personas.empty()) command.personas.push_back(note.conditions.persona);
  if (!command.settings.referrer) command.settings.referrer = note.conditions.referrer;
  if (!command.seed) command.seed = note.conditions.seed;
  return command;
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

// A list that one persona visits is visited at speed; everything else is looked into, unless told not to.
bool is_forced(const InspectCommand& command) {
  return command.forced.value_or(command.list.empty() || personas_of(command).size() > 1);
}

Result<low::VisitOptions> options_of(const InspectCommand& command, const std::string& subject,
                                     const std::string& persona) {
  low::VisitOptions options = visit_options(command.settings);
  options.persona = persona;
  options.forced = is_forced(command);
  if (!command.list.empty() && !options.forced) options.max_worker_time = low::limits::quick_worker_time;
  if (command.seed) options.seed = *command.seed;
  if (!is_file(subject)) {
    SHIKAKE_ASSIGN(url::Url parsed, url::parse_typed(subject));
    options.url = parsed.href();
    return options;
  }
  SHIKAKE_ASSIGN(options.content, read_input(subject, low::limits::max_body));
  options.content_type = low::file_type(subject, *options.content);
  if (low::is_script_file_type(options.content_type)) {
    SHIKAKE_ASSIGN(const low::Persona asked, low::find_persona(persona));
    if (!low::runs_vbscript(asked)) options.persona = low::script_file_persona;
  }
  SHIKAKE_ASSIGN(url::Url base, url::Url::parse(command.base));
  SHIKAKE_ASSIGN(url::Url seen_as,
                 url::Url::parse(std::filesystem::path(subject).filename().string(), &base));
  options.url = seen_as.href();
  return options;
}

// Every subject as every persona, without what the journal has. Personas are compared: a subject that some of
// them have not visited yet is visited again by all.
Result<std::vector<VisitTask>> tasks_of(const InspectCommand& command,
                                        const std::optional<Journal>& journal) {
  SHIKAKE_ASSIGN(const std::vector<std::string> subjects, subjects_of(command));
  const std::vector<std::string> personas = personas_of(command);
  SHIKAKE_TRY(command.transcripts.fit(subjects.size() * personas.size()));
  std::vector<VisitTask> tasks;
  for (const std::string& subject : subjects) {
    std::string site;
    if (Result<url::Url> url = url::parse_typed(subject); url && !is_file(subject)) site = site_of(*url);
    std::vector<VisitTask> of_subject;
    for (const std::string& persona : personas) of_subject.push_back({subject, persona, site});
    const bool visited = journal && std::ranges::all_of(of_subject, [&](const VisitTask& task) {
                           return journal->holds(task);
                         });
    if (!visited) tasks.insert(tasks.end(), of_subject.begin(), of_subject.end());
  }
  return tasks;
}

// What personas of one subject ask alike is asked once. Answers are let go when the last persona is done.
class Sharing {
 public:
  explicit Sharing(size_t personas) : personas_(personas) {}
  // Nothing where there is but one persona.
  std::shared_ptr<low::SharedAnswers> of(const std::string& subject) {
    if (personas_ < 2) return nullptr;
    std::lock_guard lock(mutex_);
    Entry& entry = entries_[subject];
    if (!entry.answers) entry.answers = std::make_shared<low::SharedAnswers>();
    std::shared_ptr<low::SharedAnswers> answers = entry.answers;
    if (++entry.begun == personas_) entries_.erase(subject);
    return answers;
  }

 private:
  struct Entry {
    std::shared_ptr<low::SharedAnswers> answers;
    size_t begun = 0;
  };
  const size_t personas_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

// On its own thread: a warm browser and, where visits are kept, a store.
Result<Visitor> make_visitor(const InspectCommand& command, const Context& context, Sharing& sharing) {
  struct Means {
    low::Browser browser;
    std::unique_ptr<store::Store> store;
    std::optional<honeyclient::replay::Recording> recording;
    std::optional<triage::Matcher> rules;
  };
  SHIKAKE_ASSIGN(low::Browser browser, low::Browser::open());
  auto means = std::make_shared<Means>(Means{std::move(browser), nullptr, {}, {}});
  if (!command.replay.empty()) {
    SHIKAKE_ASSIGN(means->recording, honeyclient::replay::Recording::open(command.replay));
  }
  if (!command.rules.empty()) {
    SHIKAKE_ASSIGN(means->rules, triage::Matcher::open({command.rules.begin(), command.rules.end()}, true));
    for (const std::string& error : means->rules->rule_errors()) base::log_warning("left out: " + error);
  }
  if (command.keep) {
    SHIKAKE_ASSIGN(means->store, store::Store::open(context.home));
  }
  return [means, &command, &sharing](const VisitTask& task) -> Result<Visited> {
    SHIKAKE_ASSIGN(low::VisitOptions options, options_of(command, task.subject, task.persona));
    options.began = options.clock->now();
    if (!options.referrer) {
      SHIKAKE_ASSIGN(const low::Persona persona, low::find_persona(options.persona));
      SHIKAKE_ASSIGN(const url::Url url, url::Url::parse(options.url));
      options.referrer = low::referrer_of(persona, url.hostname());
    }
    std::optional<base::ManualClock> then;
    if (means->recording) {
      means->recording->rewind();
      options.recording = &*means->recording;
      // Pages ask what time it is: it is the time of the recording.
      then.emplace(means->recording->began());
      options.clock = &*then;
      options.began = then->now();
    }
    SHIKAKE_ASSIGN(Transcript transcript,
                   Transcript::open(command.transcripts, task.subject,
                                    {options.persona, *options.referrer, options.seed, *options.began}));
    options.on_exchange = [&transcript](const auto& request, const auto& response) {
      transcript.take(request, response);
    };
    if (means->rules) options.rules = &*means->rules;
    const std::shared_ptr<low::SharedAnswers> shared = sharing.of(task.subject);
    options.shared = shared.get();
    SHIKAKE_ASSIGN(Visited visited, inspect(means->browser, options, means->store.get(),
                                            intel::PolicySettings::from_environment()));
    SHIKAKE_TRY(transcript.finish());
    return visited;
  };
}

// Files that visits led to, run as the visits end instead of by the queue; each once.
class FoundFiles {
 public:
  FoundFiles(const Context& context, InspectShow& show) : context_(context), show_(show) {
    options_.conditions.guests = guests_of(context.home);
  }

  Result<> run_those_of(const intel::VisitRecord& visit) {
    for (const intel::VisitNode& node : visit.nodes)
      if (node.role == intel::Role::distribution && node.sha256 && node.size > 0 &&
          seen_.insert(*node.sha256).second)
        SHIKAKE_TRY(run(*node.sha256, node.url));
    return {};
  }

 private:
  Result<> run(const base::Digest& sha256, const std::string& url) {
    if (!store_) {
      SHIKAKE_ASSIGN(store_, store::Store::open(context_.home));
    }
    RunBlobs blobs(*store_);
    SHIKAKE_ASSIGN(const base::UniqueFd file, stored_sample(*store_, sha256));
    SHIKAKE_ASSIGN(const auto analysed, analyse(file.get(), name_in_url(url), options_, store_.get(), blobs,
                                                intel::PolicySettings::from_environment()));
    for (const sandbox::run::Analysed& one : analysed) show_.ran(one);
    return {};
  }

  const Context& context_;
  InspectShow& show_;
  sandbox::run::AnalysisOptions options_;
  std::unique_ptr<store::Store> store_;
  std::set<base::Digest> seen_;
};

Result<int> run(const InspectCommand& command, Context& context) {
  if (command.analyze && !command.keep)
    return fail(Module::app, ErrorCode::invalid_usage,
                "--analyze takes the files from the store: leave out --no-store");
  std::optional<Journal> journal;
  if (!command.journal.empty()) {
    SHIKAKE_ASSIGN(journal, Journal::open(command.journal));
  }
  SHIKAKE_ASSIGN(const std::vector<VisitTask> tasks, tasks_of(command, journal));
  const bool listed = !command.list.empty();
  PoolSettings pool;
  pool.side_by_side =
      command.side_by_side.value_or(listed ? std::max(std::thread::hardware_concurrency(), 1U) : 1U);
  pool.site_spacing = std::chrono::milliseconds(
      static_cast<int64_t>(command.spacing_seconds.value_or(listed ? default_spacing_seconds : 0.0) * 1000));

  InspectShow show(
      {.personas = personas_of(command).size(), .bystanders = command.bystanders, .runs = command.analyze},
      context);
  FoundFiles files(context, show);
  std::optional<base::Progress> progress;
  if (listed) progress.emplace("inspect", "visits", tasks.size());
  std::optional<Error> fatal;
  bool failed = false;
  auto done = [&](TaskResult result) {
    const VisitTask& task = tasks[result.index];
    if (progress) progress->advance();
    if (!result.visited) {
      // One of many that can't be visited does not keep the others out.
      if (tasks.size() == 1) fatal = std::move(result.visited.error());
      if (fatal) return false;
      failed = true;
      const bool for_good = result.visited.error().code == ErrorCode::invalid_input;
      base::log(base::LogLevel::error, std::move(result.visited.error()).in(task.subject).message());
      show.failed(task);
      // What is no URL is none the next time; what failed here may succeed then.
      if (!for_good) return true;
    } else {
      show.visited(task, result.visited->visit);
    }
    if (command.analyze && result.visited)
      if (Result<> ran = files.run_those_of(result.visited->visit); !ran) fatal = std::move(ran.error());
    if (!journal || fatal) return !fatal;
    const std::string_view verdict = result.visited ? intel::name(result.visited->visit.verdict) : "failed";
    // The journal must not be ahead of what was shown.
    std::fflush(stdout);
    if (Result<> noted = journal->note(task, verdict); !noted) fatal = std::move(noted.error());
    return !fatal;
  };
  Sharing sharing(personas_of(command).size());
  Result<> all = visit_all(
      tasks, pool, [&] { return make_visitor(command, context, sharing); }, done);
  show.finish();
  if (fatal) return fail(std::move(*fatal));
  SHIKAKE_TRY(all);
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
  app_command
      .add_option("--replay", command->replay,
                  "Visit what this HAR or WARC file recorded, and nothing else; URL, persona, referrer and "
                  "seed are the "
                  "recorded ones unless you name others")
      ->type_name("FILE");
  app_command
      .add_option(
          "--yara", command->rules,
          "A folder of YARA rules that every body and every evaluated script is held against; may be given "
          "more than once. Rules tagged malicious or suspicious decide the verdict")
      ->type_name("DIR");
  app_command
      .add_option("--har", command->transcripts.har,
                  "Write down what was asked and answered, as HAR; for several visits a folder, a file each")
      ->type_name("FILE");
  app_command.add_option("--warc", command->transcripts.warc, "The same as WARC (gzipped)")
      ->type_name("FILE");
  app_command
      .add_option("--resume", command->journal,
                  "Note finished visits in this file, and skip those that it notes already")
      ->type_name("FILE");
  app_command
      .add_option("--side-by-side", command->side_by_side,
                  "How many visits at once, 1 to 64 (default: one; for a list one a processor)")
      ->check(CLI::Range(1, 64).description(""))
      ->type_name("N");
  app_command
      .add_option("--site-spacing", command->spacing_seconds,
                  "Seconds between the beginnings of two visits to one site (default: 0; for a list 1)")
      ->check(CLI::Range(0.0, 3600.0).description(""))
      ->type_name("SECONDS");
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
  app_command
      .add_option("--referrer", command->settings.referrer,
                  "Where the visitor seems to come from (default: the persona's own; an empty one: nowhere)")
      ->type_name("URL");
  app_command.add_option("--seed", command->seed, "Of chance and clock: the same seed gives the same visit")
      ->type_name("N");
  app_command.add_option("--timeout", command->settings.seconds, "How long a visit may take, 1 to 3600")
      ->check(CLI::Range(1, 3600).description(""))
      ->type_name("SECONDS");
  app_command.add_flag("--offline", command->settings.offline, "Fetch nothing: a file is all there is");
  app_command.add_flag("--allow-private", command->settings.allow_private,
                       "Let pages reach private and loopback addresses too");
  app_command.add_flag_callback(
      "--no-store", [command] { command->keep = false; }, "Only show what was found; store nothing");
  app_command.add_flag_callback(
      "--forced", [command] { command->forced = true; },
      "Run each page once more, without requests, taking the branches and calling the functions that it "
      "would "
      "not (as is done anyway, but for a --list that one persona visits)");
  app_command.add_flag_callback(
      "--no-forced", [command] { command->forced = false; }, "Leave that out: half the processor time");
  app_command.add_flag("--analyze", command->analyze, "Run the files that chains lead to, in the sandbox");
  app_command.add_flag("--all", command->bystanders, "Show every resource, not only the way to what is bad");
  return [command, &context]() -> Result<int> {
    if (command->replay.empty()) return run(*command, context);
    SHIKAKE_ASSIGN(const InspectCommand recorded, as_recorded(*command));
    return run(recorded, context);
  };
}

}  // namespace shikake::app
