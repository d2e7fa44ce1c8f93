// shikake corpus add|stats: URLs seen anywhere, for neighbourhood search.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/clock.h"
#include "base/display.h"
#include "command.h"
#include "corpus_home.h"
#include "neighbourhood/corpus_writer.h"
#include "neighbourhood/sources/load.h"
#include "neighbourhood/statistics.h"

namespace shikake::app {
namespace {

using namespace neighbourhood;
namespace json = boost::json;

struct CorpusOptions {
  std::string corpus;
  std::vector<std::string> files;
  std::string format = "auto";
  std::string day;
  bool from_store = false;
  bool compact = false;
  bool verify = false;
  size_t rows = 10;
};

std::filesystem::path corpus_of(const CorpusOptions& options, const Context& context) {
  return options.corpus.empty() ? default_corpus(context) : std::filesystem::path(options.corpus);
}

std::string date(Day day) {
  return base::to_rfc3339(time_of(day)).substr(0, 10);
}

Result<int> add(const CorpusOptions& options, Context& context) {
  SHIKAKE_ASSIGN(const Day today, day_option(options.day));
  if (options.files.empty() && !options.from_store && !options.compact)
    return fail(Module::app, ErrorCode::invalid_usage,
                "name files to add, - for standard input, or --from-store");
  SHIKAKE_ASSIGN(std::unique_ptr<CorpusWriter> writer, CorpusWriter::open(corpus_of(options, context)));
  json::array sources;
  bool failed = false;
  for (const std::string& file : options.files) {
    auto format = load_file(*writer, file, {options.format, today});
    json::object row{{"file", file}};
    if (format) {
      row["format"] = *format;
    } else {
      // The rest is still read; what was read of this one stays.
      failed = true;
      row["error"] = format.error().message();
      if (!context.json) context.out.line(base::for_terminal(format.error().message()));
      if (format.error().code == ErrorCode::invalid_usage) return fail(std::move(format.error()));
    }
    sources.push_back(std::move(row));
  }
  if (options.from_store) {
    SHIKAKE_ASSIGN(uint64_t chains, add_chains(*writer, context, today));
    sources.push_back({{"file", "store"}, {"format", "visits"}, {"visits", chains}});
  }
  SHIKAKE_ASSIGN(AddReport report, writer->commit());
  if (options.compact) SHIKAKE_TRY(writer->compact());
  json::array skipped;
  for (const auto& [reason, skip] : report.skipped) {
    skipped.push_back(
        {{"reason", reason}, {"count", skip.count}, {"first", skip.first_source}, {"line", skip.first_line}});
    if (!context.json)
      context.out.line(base::for_terminal(fmt::format("skipped {:>9}  {} (first: {}, line {})", skip.count,
                                                      reason, skip.first_source, skip.first_line)));
  }
  if (context.json)
    context.out.line(json::serialize(json::object{
        {"added", report.added}, {"skipped", std::move(skipped)}, {"sources", std::move(sources)}}));
  else
    context.out.line(fmt::format("added   {:>9}  URLs", report.added));
  return failed ? 1 : 0;
}

json::array rows_json(const std::vector<Frequent::Row>& rows) {
  json::array out;
  for (const Frequent::Row& row : rows) out.push_back({{"what", row.what}, {"count", row.count}});
  return out;
}

Result<int> stats(const CorpusOptions& options, Context& context) {
  SHIKAKE_ASSIGN(Corpus corpus, Corpus::open(corpus_of(options, context)));
  if (options.verify) SHIKAKE_TRY(corpus.verify());
  SHIKAKE_ASSIGN(Statistics s, statistics(corpus, options.rows));
  uint64_t bytes = 0;
  for (const auto& segment : corpus.segments()) bytes += std::filesystem::file_size(segment->path());
  if (context.json) {
    context.out.line(json::serialize(json::object{{"urls", s.urls},
                                                  {"tenants", s.tenants},
                                                  {"root_paths", s.root_paths},
                                                  {"on_shared_hosts", s.on_shared_hosts},
                                                  {"url_bytes", s.url_bytes},
                                                  {"bytes", bytes},
                                                  {"segments", corpus.segments().size()},
                                                  {"first", date(s.first)},
                                                  {"last", date(s.last)},
                                                  {"count_error", s.count_error},
                                                  {"largest_tenants", rows_json(s.largest_tenants)},
                                                  {"largest_platforms", rows_json(s.largest_platforms)},
                                                  {"largest_places", rows_json(s.largest_places)},
                                                  {"widest_paths", rows_json(s.widest_paths)},
                                                  {"widest_hosts", rows_json(s.widest_hosts)}}));
    return 0;
  }
  const auto share = [&](uint64_t part) {
    return s.urls ? 100.0 * static_cast<double>(part) / static_cast<double>(s.urls) : 0.0;
  };
  context.out.line(
      fmt::format("{} URLs of {} tenants, {} to {}", s.urls, s.tenants, date(s.first), date(s.last)));
  context.out.line(fmt::format(
      "{} bytes in {} segments: {:.1f} bytes a URL ({:.1f} as text)", bytes, corpus.segments().size(),
      s.urls ? static_cast<double>(bytes) / static_cast<double>(s.urls) : 0.0,
      s.urls ? static_cast<double>(s.url_bytes) / static_cast<double>(s.urls) : 0.0));
  context.out.line(fmt::format("root paths      {:>12}  {:.1f} %", s.root_paths, share(s.root_paths)));
  context.out.line(
      fmt::format("on shared hosts {:>12}  {:.1f} %", s.on_shared_hosts, share(s.on_shared_hosts)));
  auto list = [&](std::string_view title, const std::vector<Frequent::Row>& rows) {
    if (!rows.empty()) context.out.line(fmt::format("\n{}", title));
    for (const Frequent::Row& row : rows)
      context.out.line(base::for_terminal(fmt::format("{:>12}  {}", row.count, row.what)));
  };
  list("largest tenants (URLs)", s.largest_tenants);
  list("shared hosts (tenants)", s.largest_platforms);
  list("largest structures of one tenant (URLs)", s.largest_places);
  list("paths that tell, on most tenants", s.widest_paths);
  list("host names that tell, on most tenants", s.widest_hosts);
  return 0;
}

}  // namespace

Run define_corpus(CLI::App& command, Context& context) {
  auto options = std::make_shared<CorpusOptions>();
  command.require_subcommand(1);
  CLI::App* adding = command.add_subcommand("add", "add the URLs of files, or of the visits in the store");
  adding->add_option("FILE", options->files,
                     "Lists, CSV, CDX, CDXJ, WARC, host lists, logs; gzip and zstd as they are; - for standard input");
  adding->add_option("--format", options->format, "auto, " + source_format_names() + ", log");
  adding->add_option("--day", options->day, "The day on which undated rows were seen (default: today)");
  adding->add_flag("--from-store", options->from_store,
                   "Add what visits in the store saw: chains and the links of their pages");
  adding->add_flag("--compact", options->compact, "Afterwards merge all segments into one");
  CLI::App* telling = command.add_subcommand("stats", "what a corpus holds");
  telling->add_flag("--verify", options->verify, "Read everything against its checksums first");
  telling->add_option("--rows", options->rows, "Rows a list");
  for (CLI::App* sub : {adding, telling})
    sub->add_option("--corpus", options->corpus, "The corpus's folder (default: corpus in the home)");
  return [options, adding, &context]() -> Result<int> {
    return adding->parsed() ? add(*options, context) : stats(*options, context);
  };
}

}  // namespace shikake::app
