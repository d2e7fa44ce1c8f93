// STIX patterns and bundles. Holds: what a pattern prints as parses to the same pattern; each object of a
// bundle that is read comes out of the records again, in its place and unchanged.
#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/check.h"
#include "intel/json.h"
#include "publish/reading.h"
#include "publish/stix_pattern.h"

using namespace shikake;

namespace {

void pattern(std::string_view text) {
  auto parsed = publish::parse_pattern(text);
  if (!parsed) return;
  std::string printed = publish::print_pattern(*parsed);
  auto again = publish::parse_pattern(printed);
  SHIKAKE_CHECK(again.has_value());
  SHIKAKE_CHECK(*again == *parsed);
  SHIKAKE_CHECK(publish::print_pattern(*again) == printed);
  (void)publish::simple_values(*parsed);
}

void bundle(std::string_view text) {
  publish::ReadOptions options;
  options.format = "stix";
  auto reading = publish::read_bytes(text, options);
  if (!reading) return;
  std::map<uint64_t, std::string> kept;  // by place
  for (const intel::FeedRecord& record : reading->records) {
    for (const auto& placed : record.context) {
      uint64_t place = placed.as_object().at("line").to_number<uint64_t>();
      if (place > 0)
        SHIKAKE_CHECK(kept.emplace(place, intel::canonical_json(placed.as_object().at("object"))).second);
    }
    for (const intel::FeedEntry& entry : record.entries) {
      if (!entry.original.empty())
        SHIKAKE_CHECK(kept.emplace(entry.line, intel::canonical_json(entry.original)).second);
    }
  }
  // The oracle holds the document as a whole, where that is JSON.
  if (text.find("\\u") != std::string_view::npos) return;  // "obj\u0065cts" is another member to the reader
  auto document = intel::parse_json(text);
  if (!document || !document->is_object()) return;
  const auto* objects = document->get_object().if_contains("objects");
  if (!objects || !objects->is_array()) return;
  uint64_t place = 0;
  for (const auto& object : objects->get_array()) {
    auto found = kept.find(++place);
    if (found != kept.end()) SHIKAKE_CHECK(found->second == intel::canonical_json(object));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with('{'))
    bundle(text);
  else
    pattern(text);
  return 0;
}
