// JSON: one document, one indicator a line inside it. Schema: docs/schemas/export.schema.json.
#include <boost/json.hpp>

#include "intel/json.h"
#include "publish/out/selection.h"

namespace shikake::publish {
namespace {

using boost::json::array;
using boost::json::object;

template <class List, class Text>
array texts(const List& list, Text text) {
  array out;
  for (const auto& one : list) out.emplace_back(text(one));
  return out;
}

object evidence_json(const intel::Evidence& evidence) {
  const intel::Assertion& said = evidence.assertion;
  object out{{"confidence", said.confidence},
             {"first_seen", base::to_rfc3339(said.first_seen)},
             {"last_seen", base::to_rfc3339(said.last_seen)},
             {"observation", evidence.observation.hex()},
             {"role", intel::name(said.role)},
             {"source", said.source},
             {"tlp", intel::name(said.tlp)},
             {"uses", texts(intel::names(said.uses), [](const std::string& use) { return use; })},
             {"why", said.why}};
  if (!said.family.empty()) out["family"] = said.family;
  if (!said.place.empty()) out["place"] = said.place;
  return out;
}

object indicator_json(const intel::Indicator& indicator, intel::Tlp limit) {
  array evidence;
  for (const intel::Evidence& one : indicator.evidence) {
    if (one.assertion.tlp <= limit) evidence.emplace_back(evidence_json(one));
  }
  object out{{"confidence", indicator.confidence},
             {"evidence", std::move(evidence)},
             {"first_seen", base::to_rfc3339(indicator.first_seen)},
             {"last_seen", base::to_rfc3339(indicator.last_seen)},
             {"roles", texts(indicator.roles, [](intel::Role role) { return intel::name(role); })},
             {"score", indicator.score},
             {"sightings", indicator.sightings},
             {"sources", texts(indicator.sources, [](const std::string& source) { return source; })},
             {"tlp", intel::name(indicator.tlp)},
             {"type", intel::name(indicator.key.type)},
             {"uses", texts(intel::names(indicator.uses), [](const std::string& use) { return use; })},
             {"value", indicator.key.value}};
  if (!indicator.aliases.empty())
    out["aliases"] = texts(indicator.aliases, [](const std::string& alias) { return alias; });
  if (!indicator.family.empty()) out["family"] = indicator.family;
  if (indicator.expires) out["expires"] = base::to_rfc3339(*indicator.expires);
  if (indicator.judgement) {
    const intel::Judgement& judgement = *indicator.judgement;
    out["judgement"] = object{{"analyst", judgement.analyst},
                              {"time", base::to_rfc3339(judgement.time)},
                              {"verdict", intel::name(judgement.verdict)},
                              {"why", judgement.why}};
  }
  return out;
}

object header_json(const ExportOptions& options, const ExportReport& report) {
  object out{{"above_tlp", report.above_tlp},
             {"entries", report.entries},
             {"expired", report.expired},
             {"exported", base::to_rfc3339(*options.at)},
             {"false_positives", report.false_positives},
             {"guarded", report.guarded},
             {"tlp_limit", intel::name(options.tlp_limit)},
             {"without_use", report.without_use}};
  if (options.action) out["action"] = intel::name(*options.action);
  if (options.point) out["point"] = intel::name(*options.point);
  return out;
}

}  // namespace

Result<ExportReport> write_json(const ByteSink& sink, const ExportOptions& options,
                                const store::Store& store) {
  SHIKAKE_ASSIGN(Spool body, Spool::open());
  std::string_view separator = "\n";
  SHIKAKE_ASSIGN(
      ExportReport report,
      select_indicators(options, store, true, [&](const intel::Indicator& indicator) -> Result<Written> {
        std::string line(separator);
        separator = ",\n";
        intel::append_canonical_json(line, indicator_json(indicator, options.tlp_limit));
        SHIKAKE_TRY(body.write(line));
        return Written::yes;
      }));
  SHIKAKE_TRY(
      sink("{\"export\":" + intel::canonical_json(header_json(options, report)) + ",\"indicators\":["));
  SHIKAKE_TRY(body.copy_to(sink));
  return sink("\n]}\n").map([&] { return report; });
}

}  // namespace shikake::publish
