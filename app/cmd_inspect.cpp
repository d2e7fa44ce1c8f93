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
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "command.h"
#include "honeyclient/chain/tree.h"
#include "honeyclient/low/answers.h"
#include "honeyclient/low/persona_diff.h"
#include "honeyclient/low/script_file.h"
#include "honeyclient/low/visit.h"
#include "honeyclient/replay/recording.h"
#include "intel/policy.h"
#include "runs.h"
#include "sandbox/report/text.h"
#include "store/store.h"
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
  std::string replay, har, warc;
  std::vector<std::string> rules;  // folders
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
  if (subjects.empty() && !command.replay.empty()) {
    SHIKAKE_ASSIGN(const auto recording, honeyclient::replay::Recording::open(command.replay));
    const auto& note = recording.note();
    if (note.skipped > 0)
      base::log_warning(fmt::format("{}: {} entries passed over, the first: {}", command.replay, note.skipped,
                                    note.first_skipped));
    if (note.cut) base::log_warning(command.replay + ": cut; what could be read is replayed");
    if (!recording.first_url().empty()) subjects.push_back(recording.first_url());
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
  if (const std::string_view type = low::script_file_type(subject); !type.empty()) {
    options.content_type = type;
    SHIKAKE_ASSIGN(const low::Persona asked, low::find_persona(persona));
    if (!low::runs_vbscript(asked)) options.persona = low::script_file_persona;
  }
  SHIKAKE_ASSIGN(url::Url base, url::Url::parse(command.base));
  SHIKAKE_ASSIGN(url::Url seen_as,
                 url::Url::parse(std::filesystem::path(subject).filename().string(), &base));
  options.url = seen_as.href();
  return options;
}

// Every subject as every persona, without what the journal has.
Result<std::vector<VisitTask>> tasks_of(const InspectCommand& command,
                                        const std::optional<Journal>& journal) {
  SHIKAKE_ASSIGN(const std::vector<std::string> subjects, subjects_of(command));
  const bool recorded = !command.har.empty() || !command.warc.empty();
  if (recorded && subjects.size() * personas_of(command).size() != 1)
    return fail(Module::app, ErrorCode::invalid_usage,
                "--har and --warc take one visit: one URL, one persona");
  std::vector<VisitTask> tasks;
  for (const std::string& subject : subjects) {
    std::string site;
    if (Result<url::Url> url = url::parse_typed(subject); url && !is_file(subject)) site = site_of(*url);
    for (const std::string& persona : personas_of(command)) {
      VisitTask task{subject, persona, site};
      if (!journal || !journal->holds(task)) tasks.push_back(std::move(task));
    }
  }
  return tasks;
}

// What is written of a visit beside the record; one visit's worth.
class Transcript {
 public:
  static Result<Transcript> open(const InspectCommand& command) {
    Transcript transcript;
    if (!command.har.empty()) {
      SHIKAKE_ASSIGN(auto writer, honeyclient::replay::write_har(command.har));
      transcript.writers_.push_back(std::move(writer));
    }
    if (!command.warc.empty()) {
      SHIKAKE_ASSIGN(auto writer, honeyclient::replay::write_warc(command.warc));
      transcript.writers_.push_back(std::move(writer));
    }
    return transcript;
  }
  void take(const net::FetchRequest& request, const net::FetchResponse& response) {
    for (auto& writer : writers_)
      if (Result<> put = writer->put({request, response}); !put && !error_) error_ = std::move(put.error());
  }
  Result<> finish() {
    if (error_) return fail(std::move(*error_));
    for (auto& writer : writers_) SHIKAKE_TRY(writer->finish());
    return {};
  }

 private:
  std::vector<std::unique_ptr<honeyclient::replay::Writer>> writers_;
  std::optional<Error> error_;
};

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
    SHIKAKE_ASSIGN(Transcript transcript, Transcript::open(command));
    options.on_exchange = [&transcript](const auto& request, const auto& response) {
      transcript.take(request, response);
    };
    if (means->rules) options.rules = &*means->rules;
    const std::shared_ptr<low::SharedAnswers> shared = sharing.of(task.subject);
    options.shared = shared.get();
    std::optional<base::ManualClock> then;
    if (means->recording) {
      means->recording->rewind();
      options.recording = &*means->recording;
      // Pages ask what time it is: it is the time of the recording.
      then.emplace(means->recording->first_time());
      options.clock = &*then;
    }
    SHIKAKE_ASSIGN(Visited visited, inspect(means->browser, options, means->store.get(),
                                            intel::PolicySettings::from_environment()));
    SHIKAKE_TRY(transcript.finish());
    return visited;
  };
}

// Shows results as they come and, where several personas visited, how they differ.
class Show {
 public:
  Show(const InspectCommand& command, Context& context)
      : context_(context),
        personas_(personas_of(command).size()),
        tree_{.color = !context.json && ::isatty(STDOUT_FILENO) == 1, .bystanders = command.bystanders} {
    if (context_.json) context_.out.write("{\"visits\":[");
    if (command.analyze) runs_.emplace();
  }

  void ran(const sandbox::run::Analysed& one) {
    if (context_.json)
      runs_->push_back(intel::to_json(one.record));
    else
      context_.out.write("\n" + sandbox::report::render_text(one.record, {.color = tree_.color}));
  }

  void visited(const VisitTask& task, const intel::VisitRecord& visit) {
    if (context_.json)
      context_.out.write(
          fmt::format("{}\n{}", first_ ? "" : ",", boost::json::serialize(intel::to_json(visit))));
    else
      context_.out.write(
          fmt::format("{}{}", first_ ? "" : "\n", honeyclient::chain::render_tree(visit, tree_)));
    first_ = false;
    if (personas_ < 2) return;
    std::vector<low::PersonaView>& views = views_[task.subject];
    if (Result<low::Persona> persona = low::find_persona(task.persona))
      views.push_back({std::move(*persona), visit});
    if (views.size() < personas_) return;
    low::PersonaDiff diff = low::compare_personas(views);
    views_.erase(task.subject);
    if (context_.json)
      diffs_.push_back(low::to_json(diff));
    else
      context_.out.write("\n" + low::render(diff));
  }
  void finish() {
    if (!context_.json) return;
    context_.out.write("\n]");
    if (personas_ > 1) context_.out.write(",\n\"persona_diff\":" + boost::json::serialize(diffs_));
    if (runs_) context_.out.write(",\n\"runs\":" + boost::json::serialize(*runs_));
    context_.out.write("}\n");
  }

 private:
  Context& context_;
  const size_t personas_;
  const honeyclient::chain::TreeOptions tree_;
  std::map<std::string, std::vector<low::PersonaView>>
      views_;  // of subjects that not every persona has visited
  boost::json::array diffs_;
  std::optional<boost::json::array> runs_;  // where files are run
  bool first_ = true;
};

// Files that visits led to, run at once instead of by the queue; each once, in the order in which they were
// found.
struct Found {
  base::Digest sha256;
  std::string url;
};
void add_found(const intel::VisitRecord& visit, std::vector<Found>& all) {
  for (const intel::VisitNode& node : visit.nodes) {
    if (node.role != intel::Role::distribution || !node.sha256 || node.size == 0) continue;
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const Found& found) { return found.sha256 == *node.sha256; });
    if (!known) all.push_back({*node.sha256, node.url});
  }
}

Result<> run_found(const std::vector<Found>& all, const Context& context, Show& show) {
  if (all.empty()) return {};
  SHIKAKE_ASSIGN(const auto store, store::Store::open(context.home));
  const intel::PolicySettings settings = intel::PolicySettings::from_environment();
  sandbox::run::AnalysisOptions options;
  options.conditions.guests = guests_of(context.home);
  RunBlobs blobs(*store);
  for (const Found& found : all) {
    SHIKAKE_ASSIGN(const base::UniqueFd file, stored_sample(*store, found.sha256));
    SHIKAKE_ASSIGN(const auto analysed,
                   analyse(file.get(), name_in_url(found.url), options, store.get(), blobs, settings));
    for (const sandbox::run::Analysed& one : analysed) show.ran(one);
  }
  return {};
}

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

  Show show(command, context);
  std::optional<base::Progress> progress;
  if (listed) progress.emplace("inspect", "visits", tasks.size());
  std::optional<Error> fatal;
  bool failed = false;
  std::vector<Found> found;
  auto done = [&](TaskResult result) {
    const VisitTask& task = tasks[result.index];
    if (progress) progress->advance();
    if (!result.visited) {
      // One of many that can't be visited does not keep the others out.
      if (tasks.size() == 1) fatal = std::move(result.visited.error());
      if (fatal) return false;
      failed = true;
      base::log(base::LogLevel::error, std::move(result.visited.error()).in(task.subject).message());
    } else {
      show.visited(task, result.visited->visit);
      if (command.analyze) add_found(result.visited->visit, found);
    }
    if (!journal) return true;
    // The journal must not be ahead of what was shown.
    std::fflush(stdout);
    Result<> noted =
        journal->note(task, result.visited ? intel::name(result.visited->visit.verdict) : "failed");
    if (!noted) fatal = std::move(noted.error());
    return !fatal;
  };
  Sharing sharing(personas_of(command).size());
  SHIKAKE_TRY(visit_all(
      tasks, pool, [&] { return make_visitor(command, context, sharing); }, done));
  if (fatal) return fail(std::move(*fatal));
  SHIKAKE_TRY(run_found(found, context, show));
  show.finish();
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
                  "Visit what this HAR or WARC file recorded, and nothing else (default: its first URL)")
      ->type_name("FILE");
  app_command
      .add_option(
          "--yara", command->rules,
          "A folder of YARA rules that every body and every evaluated script is held against; may be given "
          "more than once. Rules tagged malicious or suspicious decide the verdict")
      ->type_name("DIR");
  app_command.add_option("--har", command->har, "Write down what was asked and answered, as HAR")
      ->type_name("FILE");
  app_command
      .add_option("--warc", command->warc, "Write down what was asked and answered, as WARC (gzipped)")
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
  app_command.add_flag("--forced", command->settings.forced,
                       "Then run each page once more, without requests, taking the branches and calling the "
                       "functions that it would not");
  app_command.add_flag("--analyze", command->analyze, "Run the files that chains lead to, in the sandbox");
  app_command.add_flag("--all", command->bystanders, "Show every resource, not only the way to what is bad");
  return [command, &context] { return run(*command, context); };
}

}  // namespace shikake::app
