#include "intel/feed.h"

#include "intel/fields.h"

namespace shikake::intel {
namespace {

// Members in the order of their keys: canonical_json then has nothing to sort. Empty ones are left out,
// for a feed has many entries.
boost::json::object entry_to_json(const FeedEntry& entry) {
  boost::json::object out;
  out.reserve(8);
  if (!entry.aliases.empty()) out["aliases"] = json_texts(entry.aliases);
  if (entry.confidence) out["confidence"] = *entry.confidence;
  if (!entry.description.empty()) out["description"] = entry.description;
  if (!entry.family.empty()) out["family"] = entry.family;
  if (entry.first_seen) out["first_seen"] = json_time(*entry.first_seen);
  if (entry.last_seen) out["last_seen"] = json_time(*entry.last_seen);
  if (entry.line > 0) out["line"] = entry.line;
  if (!entry.original.empty()) out["original"] = entry.original;
  if (!entry.references.empty()) out["references"] = json_texts(entry.references);
  if (entry.role != Role::unknown) out["role"] = name(entry.role);
  if (entry.tlp) out["tlp"] = name(*entry.tlp);
  out["type"] = name(entry.key.type);
  if (!entry.uses.empty()) out["uses"] = json_texts(names(entry.uses));
  if (entry.valid_until) out["valid_until"] = json_time(*entry.valid_until);
  out["value"] = entry.key.value;
  return out;
}

FeedEntry read_entry(Fields& in) {
  FeedEntry entry;
  entry.key.type = in.named("type", indicator_type);
  entry.key.value = in.text("value");
  entry.role = in.optional_named("role", role).value_or(Role::unknown);
  entry.line = in.optional_number("line", UINT64_MAX).value_or(0);
  if (auto confidence = in.optional_number("confidence", 100))
    entry.confidence = static_cast<uint8_t>(*confidence);
  entry.first_seen = in.optional_time("first_seen");
  entry.last_seen = in.optional_time("last_seen");
  entry.valid_until = in.optional_time("valid_until");
  for (const std::string& use : in.texts("uses")) {
    if (auto one = use_set(use))
      entry.uses |= *one;
    else
      in.wrong("uses", "holds something that is not an action and a point, as block:proxy");
  }
  entry.description = in.text_or_empty("description");
  entry.family = in.text_or_empty("family");
  entry.tlp = in.optional_named("tlp", tlp);
  entry.references = in.texts("references");
  entry.aliases = in.texts("aliases");
  if (const boost::json::object* original = in.object("original")) entry.original = *original;
  return entry;
}

}  // namespace

boost::json::object to_json(const FeedRecord& feed) {
  boost::json::array entries;
  entries.reserve(feed.entries.size());
  for (const FeedEntry& entry : feed.entries) entries.emplace_back(entry_to_json(entry));
  boost::json::object out{
      {"entries", std::move(entries)}, {"feed", feed.feed}, {"file", feed.file},
      {"format", feed.format},         {"part", feed.part}, {"references", json_texts(feed.references)},
      {"tlp", name(feed.tlp)}};
  if (!feed.context.empty()) out["context"] = feed.context;
  if (!feed.family.empty()) out["family"] = feed.family;
  return out;
}

Result<FeedRecord> feed_from_json(const boost::json::object& record) {
  Fields in(record, "");
  FeedRecord feed;
  feed.feed = in.text("feed");
  feed.format = in.text("format");
  feed.file = in.text_or_empty("file");
  feed.part = in.optional_number("part", UINT64_MAX).value_or(0);
  feed.family = in.text_or_empty("family");
  feed.tlp = in.optional_named("tlp", tlp).value_or(Tlp::clear);
  feed.references = in.texts("references");
  if (const boost::json::array* entries = in.array("entries")) {
    if (entries->size() > max_feed_entries)
      in.wrong("entries", "has more than " + std::to_string(max_feed_entries) + " elements");
    else
      feed.entries.reserve(entries->size());
  }
  in.objects("entries", [&](Fields& entry) { feed.entries.push_back(read_entry(entry)); });
  if (const boost::json::array* context = in.array("context")) feed.context = *context;
  if (in.error()) return fail(*in.error());
  return feed;
}

}  // namespace shikake::intel
