// shikake neighbours [URL…]: URLs that lie near malicious ones, best first, and what inspecting them found.
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/display.h"
#include "base/progress.h"
#include "command.h"
#include "corpus_home.h"
#include "honeyclient/low/visit.h"
#include "neighbourhood/pacer.h"
#include "neighbourhood/sources/load.h"
#include "neighbours.h"
#include "url/refang.h"
#include "visits.h"

namespace shikake::app {
namespace {

using namespace neighbourhood;
namespace low = honeyclient::low;
namespace json = boost::json;

struct NeighboursCommand {
  std::vector<std::string> urls;
  std::string seeds_file, candidates_file, as_of, corpus, plot;
  size_t budget = 100, inspect = 0, queue = 0, per_host = 100;
  uint64_t seed = 1;
  double host_interval = 1;  // seconds: a person who reads a site is not faster
  bool allow_private = false;
};

// Rows of a file, as far as a corpus would take them.
class Rows final : public RowSink {
 public:
  Result<> url(std::string_view text, Day first, Day last, uint64_t) override {
    if (auto url = corpus_url(text))
      seen.push_back({url->href(), first, last});
    else
      ++skipped;
    return {};
  }
  Result<> skip(std::string_view, uint64_t) override {
    ++skipped;
    return {};
  }
  std::vector<Seen> seen;
  uint64_t skipped = 0;
};

Result<Rows> rows_of(const std::string& file, Day today) {
  Rows rows;
  SHIKAKE_TRY(read_file(file, {.today = today}, rows));
  return rows;
}

// One visit each, into the store with all that policy makes of it.
Inspector visiting(low::Browser& browser, store::Store& store, const intel::PolicySettings& settings,
                   const NeighboursCommand& command) {
  return [&](const Candidate& candidate) -> Result<Inspection> {
    VisitSettings visit_settings;
    visit_settings.seed = command.seed;
    visit_settings.allow_private = command.allow_private;
    low::VisitOptions options = visit_options(visit_settings);
    options.url = candidate.url.url.href();
    SHIKAKE_ASSIGN(const Visited visited, inspect(browser, options, &store, settings));
    const intel::VisitRecord& visit = visited.visit;
    const bool answered = !visit.nodes.empty() && visit.nodes.front().fetched;
    Inspection result;
    result.malicious = visit.verdict == intel::VisitVerdict::malicious;
    result.verdict = answered ? std::string(intel::name(visit.verdict)) : "";
    result.visit = visited.observation->hex();
    return result;
  };
}

std::string for_person(const json::object& record, size_t budget) {
  std::string text;
  const json::object& totals = record.at("totals").as_object();
  auto number = [&](std::string_view key) { return totals.at(key).to_number<uint64_t>(); };
  size_t shown = 0;
  for (const json::value& value : record.at("candidates").as_array()) {
    if (shown++ == budget) break;
    const json::object& row = value.as_object();
    const json::array& seeds = row.at("seeds").as_array();
    const std::string rule(row.at("rule").as_string());
    const std::string verdict(row.at("verdict").as_string());
    text += fmt::format("{:>4}  {:.3f}  {:<10}  {}\n", row.at("rank").to_number<uint64_t>(),
                        row.at("score").to_number<double>(),
                        row.at("inspected").as_bool() ? (verdict.empty() ? "no answer" : verdict) : "-",
                        base::for_terminal(base::defang(std::string(row.at("url").as_string()))));
    text += base::for_terminal(
                fmt::format("      {} {}  near {} (last seen {})", rule,
                            std::string(row.at("neighbourhoods").as_array().front().at("key").as_string()),
                            seeds.empty() ? "" : base::defang(std::string(seeds.back().as_string())),
                            std::string(row.at("seed_last_seen").as_string()).substr(0, 10))) +
            "\n";
  }
  for (const json::value& value : record.at("patterns").as_array()) {
    const json::object& row = value.as_object();
    text += base::for_terminal(fmt::format(
                "pattern {}  {} malicious, none benign; meets {} of {} other URLs",
                std::string(row.at("pattern").as_string()), row.at("malicious").to_number<uint64_t>(),
                row.at("met").to_number<uint64_t>(), row.at("measured").to_number<uint64_t>())) +
            "\n";
    text += base::for_terminal("  " + std::string(row.at("squid").as_string())) + "\n";
    text += base::for_terminal("  " + std::string(row.at("suricata").as_string())) + "\n";
  }
  return text + fmt::format("{} seeds, {} candidates, {} inspected, {} malicious\n", number("seeds"),
                            number("candidates"), number("inspected"), number("malicious"));
}

Result<> gather_seeds(const NeighboursCommand& command, const store::Store* store, Day as_of,
                      SeedIndex& seeds) {
  for (const std::string& text : command.urls) {
    SHIKAKE_ASSIGN(url::Url typed, url::parse_typed(text));
    SHIKAKE_ASSIGN(url::Url url, corpus_url(std::move(typed)));
    seeds.add(take_apart(std::move(url)), as_of);
  }
  if (!command.seeds_file.empty()) {
    SHIKAKE_ASSIGN(Rows rows, rows_of(command.seeds_file, as_of));
    for (const Seen& seen : rows.seen) seeds.add(take_apart(*url::Url::parse(seen.url)), seen.last);
  }
  // Asked about no URL in particular, it is about all that is known.
  if (store && command.urls.empty() && command.seeds_file.empty())
    return add_store_seeds(*store, as_of, seeds);
  return {};
}

Result<std::optional<Corpus>> open_corpus(const NeighboursCommand& command, const Context& context) {
  const std::filesystem::path folder =
      command.corpus.empty() ? default_corpus(context) : std::filesystem::path(command.corpus);
  auto opened = Corpus::open(folder);
  if (opened) return std::move(*opened);
  const bool needed = command.candidates_file.empty() || !command.corpus.empty();
  if (opened.error().code != ErrorCode::not_found || needed) return fail(std::move(opened.error()));
  return std::nullopt;
}

// Spends the budget on real visits, each host's spaced in time.
Result<> spend(const NeighboursCommand& command, store::Store& store, const intel::PolicySettings& settings,
               Campaign& campaign) {
  SHIKAKE_ASSIGN(low::Browser browser, low::Browser::open());
  base::Progress progress("inspect", "URLs", command.inspect);
  const Inspector visit = visiting(browser, store, settings, command);
  Pacer pacer(
      std::chrono::duration_cast<Pacer::Duration>(std::chrono::duration<double>(command.host_interval)));
  return campaign.run([&](const Candidate& candidate) {
    const std::string host(candidate.url.url.hostname());
    std::this_thread::sleep_for(pacer.wait(host, std::chrono::steady_clock::now()));
    auto result = visit(candidate);
    pacer.ended(host, std::chrono::steady_clock::now());
    progress.advance();
    return result;
  });
}

Result<int> run(const NeighboursCommand& command, Context& context) {
  SHIKAKE_ASSIGN(const Day as_of, day_option(command.as_of));
  const bool writes = command.inspect > 0 || command.queue > 0;
  std::unique_ptr<store::Store> store;
  if (auto opened = store::Store::open(context.home, {.create = writes}))
    store = std::move(*opened);
  else if (writes || opened.error().code != ErrorCode::not_found)
    return fail(std::move(opened.error()));

  SeedIndex seeds;
  SHIKAKE_TRY(gather_seeds(command, store.get(), as_of, seeds));
  if (seeds.size() == 0)
    return fail(Module::app, ErrorCode::invalid_usage,
                "no malicious URL to start from: name some, or --seeds FILE, or import a feed");
  SHIKAKE_ASSIGN(std::optional<Corpus> corpus, open_corpus(command, context));

  CampaignOptions options;
  options.ranking = {.seed = command.seed, .as_of = as_of, .per_host = command.per_host};
  options.budget = command.inspect;
  options.listed = command.budget;
  options.queued = command.queue;
  Campaign campaign(corpus ? &*corpus : nullptr, seeds, options, known_to(store.get()));
  SHIKAKE_TRY(campaign.gather());
  if (!command.candidates_file.empty()) {
    SHIKAKE_ASSIGN(Rows rows, rows_of(command.candidates_file, as_of));
    campaign.add_listed(rows.seen);
  }
  const intel::PolicySettings settings = intel::PolicySettings::from_environment();
  if (command.inspect > 0) SHIKAKE_TRY(spend(command, *store, settings, campaign));
  SHIKAKE_TRY(campaign.find_patterns());
  if (writes) {
    store::Intake intake(*store, settings);
    const std::string subject =
        command.urls.size() == 1 ? command.urls.front() : fmt::format("{} seeds", seeds.size());
    SHIKAKE_TRY(intake.take(to_observation(campaign, subject, store->clock().now())));
  }
  if (!command.plot.empty()) SHIKAKE_TRY(base::write_file_atomically(command.plot, campaign.yield_plot()));
  const json::object record = campaign.record();
  if (context.json)
    context.out.line(json::serialize(record));
  else
    context.out.write(for_person(record, command.inspect + command.budget));
  return 0;
}

}  // namespace

Run define_neighbours(CLI::App& app_command, Context& context) {
  auto command = std::make_shared<NeighboursCommand>();
  app_command.add_option("URL", command->urls,
                         "Malicious URLs to search around (default: all that the store knows)");
  app_command.add_option("--seeds", command->seeds_file, "More of them: a list or a table with dates");
  app_command.add_option("--candidates", command->candidates_file, "Look for neighbours in this list too");
  app_command.add_option("--corpus", command->corpus, "The corpus's folder (default: corpus in the home)");
  app_command.add_option("--as-of", command->as_of, "The day that counts as today");
  app_command.add_option("--budget", command->budget, "List so many candidates, best first");
  app_command.add_option("--seed", command->seed, "Of all that is drawn by lot");
  app_command.add_option("--inspect", command->inspect,
                         "Visit so many candidates, one after the other, learning from each");
  app_command.add_option("--per-host", command->per_host, "Visit no host more often than this");
  app_command
      .add_option("--host-interval", command->host_interval,
                  "Seconds between two visits to one host (default: 1)")
      ->check(CLI::Range(0.0, 3600.0));
  app_command.add_option("--queue", command->queue, "Leave so many of the best to `shikake work`");
  app_command.add_option("--plot", command->plot, "Draw yield against inspections into this SVG file");
  app_command.add_flag("--allow-private", command->allow_private,
                       "Visits may reach private and loopback addresses");
  return [command, &context] { return run(*command, context); };
}

}  // namespace shikake::app
