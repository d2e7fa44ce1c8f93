#include "publish/in/collector.h"

#include <algorithm>

#include "base/bytes.h"

namespace shikake::publish {
namespace {

// A record is one message to the parent and one observation in memory.
constexpr size_t max_record_bytes = size_t{4} << 20;
constexpr size_t max_refusal_text = 200;  // of a refused line, enough to recognise it
constexpr size_t max_reasons = 100;       // different ones that are told apart

void count(std::vector<Count>& counts, std::string_view what, uint64_t by) {
  auto found = std::find_if(counts.begin(), counts.end(), [&](const Count& c) { return c.what == what; });
  if (found == counts.end() && counts.size() == max_reasons) {
    counts.back().what = "other reasons";
    found = counts.end() - 1;
  }
  if (found != counts.end())
    found->count += by;
  else
    counts.push_back({std::string(what), by});
}

size_t weight(const intel::FeedEntry& entry) {
  constexpr size_t names_and_quotes = 120;
  size_t bytes = names_and_quotes + entry.key.value.size() + entry.description.size() + entry.family.size();
  for (const std::string& reference : entry.references) bytes += reference.size() + 4;
  for (const std::string& alias : entry.aliases) bytes += alias.size() + 4;
  return bytes;
}

}  // namespace

Collector::Collector(const ReadOptions& options, std::string_view format, ReadSinks sinks)
    : options_(options), sinks_(std::move(sinks)) {
  record_.feed = options_.feed.empty() ? std::string(format) : options_.feed;
  record_.format = format;
  record_.file = options_.file;
  record_.family = options_.family;
  if (auto tlp = intel::tlp(options_.tlp)) record_.tlp = *tlp;
  report_.format = format;
  report_.unit = "lines";
}

Result<> Collector::group(std::string family, std::vector<std::string> references) {
  if (family.empty()) family = options_.family;
  if (family == record_.family && references == record_.references) return {};
  SHIKAKE_TRY(flush());
  record_.family = std::move(family);
  record_.references = std::move(references);
  return {};
}

void Collector::set_feed(std::string feed) {
  if (options_.feed.empty() && !feed.empty()) record_.feed = std::move(feed);
}

Result<> Collector::add(intel::FeedEntry entry) {
  if (entry.role == intel::Role::unknown) entry.role = intel::role(options_.role).value_or(entry.role);
  bytes_ += weight(entry);
  record_.entries.push_back(std::move(entry));
  ++report_.entries;
  if (record_.entries.size() == intel::max_feed_entries || bytes_ >= max_record_bytes) return flush();
  return {};
}

Result<> Collector::add_context(boost::json::object object) {
  constexpr size_t about = 600;  // bytes, of a usual STIX object
  bytes_ += about;
  record_.context.emplace_back(std::move(object));
  if (record_.context.size() == intel::max_feed_entries || bytes_ >= max_record_bytes) return flush();
  return {};
}

Result<> Collector::flush() {
  if (record_.entries.empty() && record_.context.empty()) return {};
  intel::FeedRecord whole = std::move(record_);
  record_ = {};
  record_.feed = whole.feed;
  record_.format = whole.format;
  record_.file = whole.file;
  record_.part = whole.part + 1;
  record_.family = whole.family;
  record_.tlp = whole.tlp;
  record_.references = whole.references;
  bytes_ = 0;
  ++report_.records;
  return sinks_.record(std::move(whole));
}

Result<> Collector::add_guard(intel::GuardList list) {
  report_.guards += list.values.size();
  return sinks_.guard(std::move(list));
}

Result<> Collector::add_sighting(FeedSighting sighting) {
  ++report_.sightings;
  return sinks_.sighting(std::move(sighting));
}

void Collector::skipped(std::string_view reason, uint64_t by) {
  report_.skipped += by;
  report_.total += by;
  count(report_.skips, reason, by);
}

void Collector::refused(uint64_t line, uint64_t offset, std::string reason, std::string_view text,
                        uint64_t by) {
  report_.refused += by;
  report_.total += by;
  if (report_.refusals.size() < options_.refusals_kept)
    report_.refusals.push_back(
        {line, offset, std::move(reason), base::to_valid_utf8(text.substr(0, max_refusal_text))});
}

void Collector::note(std::string_view what) {
  count(report_.notes, what, 1);
}

}  // namespace shikake::publish
