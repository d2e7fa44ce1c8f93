// shikake intel …: the store as a person uses it. `intel import` is in cmd_intel_import.cpp.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/display.h"
#include "command.h"
#include "intel/fields.h"
#include "intel/policy.h"
#include "intel_text.h"
#include "store/store.h"

namespace shikake::app {

Run define_intel_import(CLI::App& command, Context& context);

namespace {

using store::Store;

// A command that reads opens what is there; one that writes may make a new store.
Result<std::unique_ptr<Store>> open_store(const Context& context, bool create) {
  store::OpenOptions options;
  options.create = create;
  return Store::open(context.home, options);
}

template <class Value>
Result<std::optional<Value>> named(const std::string& text, std::optional<Value> (*find)(std::string_view),
                                   std::string_view what) {
  if (text.empty()) return std::optional<Value>();
  std::optional<Value> value = find(text);
  if (!value) return fail(Module::app, ErrorCode::invalid_usage, fmt::format("no such {}: {}", what, text));
  return value;
}

struct ListOptions {
  std::string type, role, use, point, source, since;
  int min_score = 0;
  uint64_t limit = UINT64_MAX;
};

Result<store::Filter> to_filter(const ListOptions& options, const base::Clock& clock) {
  store::Filter filter;
  SHIKAKE_ASSIGN(filter.type, named(options.type, intel::indicator_type, "type of indicator"));
  SHIKAKE_ASSIGN(filter.role, named(options.role, intel::role, "role"));
  SHIKAKE_ASSIGN(filter.action, named(options.use, intel::action, "use (block, alert, audit)"));
  SHIKAKE_ASSIGN(filter.point, named(options.point, intel::point, "point (proxy, dns, firewall, ids)"));
  filter.source = options.source;
  filter.min_score = static_cast<uint8_t>(options.min_score);
  filter.limit = options.limit;
  if (options.since.empty()) return filter;
  if (std::optional<base::Duration> ago = base::parse_duration(options.since)) {
    filter.since = clock.now() - *ago;
  } else {
    filter.since = base::from_rfc3339(options.since);
  }
  if (!filter.since)
    return fail(Module::app, ErrorCode::invalid_usage,
                "--since takes a date (2026-01-31), a time (2026-01-31T12:00:00Z) or an age (7d), not " +
                    options.since);
  return filter;
}

Run define_list(CLI::App& command, Context& context) {
  auto options = std::make_shared<ListOptions>();
  command.add_option("--type", options->type, "url, domain, ip, cidr, ip:port, pattern, sha256");
  command.add_option("--role", options->role, "landing, relay, exploit, distribution, c2, drop, attacker, …");
  command.add_option("--use", options->use, "block, alert or audit");
  command.add_option("--at", options->point, "With --use: proxy, dns, firewall or ids");
  command.add_option("--source", options->source, "Who says so");
  command.add_option("--min-score", options->min_score, "0 to 100, after decay")->check(CLI::Range(0, 100));
  command.add_option("--since", options->since, "Last seen then or later: a date, or an age such as 7d");
  command.add_option("--limit", options->limit, "At most so many");
  return [options, &context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, false));
    SHIKAKE_ASSIGN(store::Filter filter, to_filter(*options, store->clock()));
    filter.with_evidence = context.json;
    uint64_t count = 0;
    SHIKAKE_TRY(store->for_each(filter, [&](const intel::Indicator& indicator, store::Position) {
      if (!context.json && count == 0) context.out.line(list_header());
      ++count;
      context.out.line(context.json ? boost::json::serialize(intel::to_json(indicator))
                                    : list_line(indicator));
      return true;
    }));
    if (!context.json && count == 0) context.out.line("nothing in the store is like that");
    return 0;
  };
}

boost::json::object to_json(const store::Details& details) {
  boost::json::object out{{"indicator", intel::to_json(details.indicator)}};
  boost::json::array observations, sightings, jobs;
  for (const intel::Observation& one : details.observations)
    observations.emplace_back(boost::json::parse(intel::canonical_json(one)));
  for (const store::Sighting& one : details.sightings)
    sightings.emplace_back(boost::json::object{{"source", one.source},
                                               {"first", intel::json_time(one.first)},
                                               {"last", intel::json_time(one.last)},
                                               {"count", one.count}});
  for (const store::JobSummary& one : details.jobs)
    jobs.emplace_back(boost::json::object{{"kind", one.kind},
                                          {"subject", one.subject},
                                          {"state", one.state},
                                          {"reason", one.reason},
                                          {"earliest", intel::json_time(one.earliest)},
                                          {"attempts", one.attempts}});
  out["observations"] = std::move(observations);
  out["sightings"] = std::move(sightings);
  out["jobs"] = std::move(jobs);
  return out;
}

Run define_show(CLI::App& command, Context& context) {
  auto value = std::make_shared<std::string>();
  command.add_option("VALUE", *value, "A URL, domain, address or sha256, defanged or not")->required();
  return [value, &context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, false));
    SHIKAKE_ASSIGN(intel::IndicatorKey key, intel::guess_key(*value));
    SHIKAKE_ASSIGN(store::Details details, store->show(key));
    context.out.write(context.json ? boost::json::serialize(to_json(details)) + "\n" : show_text(details));
    return 0;
  };
}

Run define_lookup(CLI::App& command, Context& context) {
  auto values = std::make_shared<std::vector<std::string>>();
  command.add_option("VALUE", *values, "URLs, domains, addresses or digests, defanged or not")->required();
  return [values, &context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, false));
    for (const std::string& value : *values) {
      SHIKAKE_ASSIGN(std::vector<intel::Indicator> found, store->lookup(value));
      if (context.json) {
        boost::json::array all;
        for (const intel::Indicator& indicator : found) all.emplace_back(intel::to_json(indicator));
        context.out.line(
            boost::json::serialize(boost::json::object{{"value", value}, {"indicators", std::move(all)}}));
        continue;
      }
      if (found.empty()) context.out.line(fmt::format("{}: nothing known", base::for_terminal(value)));
      for (const intel::Indicator& indicator : found) context.out.line(list_line(indicator));
    }
    return 0;
  };
}

struct JudgeOptions {
  std::string value, verdict, why, analyst;
};

std::string login_name() {
  const char* name = ::getlogin();
  if (!name) name = std::getenv("USER");
  return name && *name ? name : "unknown";
}

Run define_judge(CLI::App& command, Context& context) {
  auto options = std::make_shared<JudgeOptions>();
  command.add_option("VALUE", options->value, "The indicator")->required();
  command.add_option("VERDICT", options->verdict, "false-positive or confirmed")
      ->required()
      ->check(CLI::IsMember({"false-positive", "confirmed"}));
  command.add_option("--why", options->why, "The reason, for those who come after")->required();
  command.add_option("--analyst", options->analyst, "Whose word it is (default: the user's name)");
  return [options, &context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, true));
    SHIKAKE_ASSIGN(intel::IndicatorKey key, intel::guess_key(options->value));
    intel::Judgement judgement{
        .key = key,
        .verdict =
            options->verdict == "confirmed" ? intel::Verdict::confirmed : intel::Verdict::false_positive,
        .analyst = options->analyst.empty() ? login_name() : options->analyst,
        .why = options->why,
        .time = store->clock().now(),
    };
    SHIKAKE_TRY(store->judge(judgement, intel::PolicySettings::from_environment()));
    SHIKAKE_ASSIGN(std::optional<intel::Indicator> now, store->find(key));
    if (!now) {
      context.out.line(fmt::format("{}: noted; nothing else is known of it", shown_value(key)));
    } else {
      context.out.line(context.json ? boost::json::serialize(intel::to_json(*now)) : list_line(*now));
    }
    return 0;
  };
}

Run define_rejudge(CLI::App&, Context& context) {
  return [&context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, false));
    SHIKAKE_ASSIGN(store::RejudgeResult done, store->rejudge(intel::PolicySettings::from_environment()));
    if (context.json) {
      context.out.line(boost::json::serialize(boost::json::object{{"observations", done.observations},
                                                                  {"evidence_before", done.evidence_before},
                                                                  {"evidence_after", done.evidence_after}}));
    } else {
      context.out.line(fmt::format("{} observations judged anew: {} pieces of evidence before, {} now",
                                   done.observations, done.evidence_before, done.evidence_after));
    }
    return 0;
  };
}

struct ExpireOptions {
  std::string blobs;
};

Run define_expire(CLI::App& command, Context& context) {
  auto options = std::make_shared<ExpireOptions>();
  command.add_option("--blobs", options->blobs,
                     "Also remove bodies that nothing names and that are older than this (30d)");
  return [options, &context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, false));
    std::optional<base::Duration> retention;
    if (!options->blobs.empty()) {
      retention = base::parse_duration(options->blobs);
      if (!retention)
        return fail(Module::app, ErrorCode::invalid_usage,
                    "--blobs takes an age such as 30d, not " + options->blobs);
    }
    SHIKAKE_ASSIGN(store::ExpireResult gone, store->expire(store->clock().now()));
    uint64_t blobs = 0;
    if (retention) {
      SHIKAKE_ASSIGN(blobs, store->collect_blobs(*retention));
    }
    if (context.json) {
      context.out.line(boost::json::serialize(boost::json::object{
          {"indicators", gone.indicators}, {"evidence", gone.evidence}, {"blobs", blobs}}));
    } else {
      context.out.line(fmt::format("expired: {} indicators with {} pieces of evidence; {} bodies removed",
                                   gone.indicators, gone.evidence, blobs));
    }
    return 0;
  };
}

struct BundleOptions {
  std::string value, directory;
};

Run define_bundle(CLI::App& command, Context& context) {
  auto options = std::make_shared<BundleOptions>();
  command.add_option("VALUE", options->value, "The indicator")->required();
  command.add_option("DIR", options->directory, "A new or empty folder")->required();
  return [options, &context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, false));
    SHIKAKE_ASSIGN(intel::IndicatorKey key, intel::guess_key(options->value));
    SHIKAKE_TRY(store->bundle(key, options->directory));
    if (context.json) {
      context.out.line(boost::json::serialize(boost::json::object{{"directory", options->directory}}));
    } else {
      context.out.line(fmt::format("{}: check it with (cd {} && sha256sum -c SHA256SUMS)", options->directory,
                                   options->directory));
    }
    return 0;
  };
}

Run define_stats(CLI::App&, Context& context) {
  return [&context]() -> Result<int> {
    SHIKAKE_ASSIGN(auto store, open_store(context, false));
    SHIKAKE_ASSIGN(store::Totals totals, store->totals());
    const boost::json::object rows{
        {"observations", totals.observations}, {"indicators", totals.indicators},
        {"evidence", totals.evidence},         {"judgements", totals.judgements},
        {"guard_lists", totals.guard_lists},   {"guard_values", totals.guard_values},
        {"jobs_waiting", totals.jobs_waiting}, {"jobs_dead", totals.jobs_dead}};
    if (context.json) {
      context.out.line(boost::json::serialize(rows));
    } else {
      for (const auto& row : rows)
        context.out.line(
            fmt::format("{:>12}  {}", row.value().to_number<uint64_t>(), std::string_view(row.key())));
    }
    return 0;
  };
}

constexpr Command intel_commands[] = {
    {"import", "feeds and lists in: MISP, STIX, Maltrail, CSV, plain lists, warninglists",
     define_intel_import},
    {"list", "indicators, one a line", define_list},
    {"show", "everything behind one indicator", define_show},
    {"lookup", "what is known about a value, its host, its address", define_lookup},
    {"judge", "record a person's verdict; it outlives every import", define_judge},
    {"rejudge", "apply today's policy to all stored observations", define_rejudge},
    {"expire", "take out what has decayed", define_expire},
    {"bundle", "one indicator's evidence as files with hashes", define_bundle},
    {"stats", "how much the store holds", define_stats},
};

}  // namespace

Run define_intel(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  auto defined = std::make_shared<std::vector<std::pair<CLI::App*, Run>>>();
  for (const Command& row : intel_commands) {
    CLI::App* inner = command.add_subcommand(std::string(row.name), std::string(row.summary));
    defined->emplace_back(inner, row.define(*inner, context));
  }
  return [defined]() -> Result<int> {
    for (auto& [inner, action] : *defined)
      if (inner->parsed()) return action();
    return fail(Module::app, ErrorCode::invalid_usage, "which of intel's commands?");
  };
}

}  // namespace shikake::app
