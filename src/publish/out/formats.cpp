// The export formats; one file and one row each.
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "publish/export.h"
#include "publish/out/selection.h"

namespace shikake::publish {
namespace {

using intel::Action;
using intel::Point;

constexpr OutputFormat table[] = {
    {"stix", "STIX 2.1 bundle, with evidence", "application/stix+json;version=2.1", {}, {}, write_stix},
    {"csv", "one indicator a row (RFC 4180)", "text/csv", {}, {}, write_csv},
    {"json", "one JSON document, evidence included", "application/json", {}, {}, write_json},
    {"rpz", "DNS response policy zone for BIND, Knot, PowerDNS, Unbound", "text/dns", Action::block,
     Point::dns, write_rpz},
    {"squid", "Squid configuration: access lists and denials", "text/plain", Action::block, Point::proxy,
     write_squid},
};

}  // namespace

std::span<const OutputFormat> output_formats() {
  return table;
}

Result<ExportReport> export_to(const ByteSink& sink, const ExportOptions& options,
                               const store::Store& store) {
  for (const OutputFormat& format : table) {
    if (format.name != options.format) continue;
    ExportOptions complete = options;
    if (!complete.action) complete.action = format.action;
    if (!complete.point) complete.point = format.point;
    if (!complete.at) complete.at = store.clock().now();
    return format.write(sink, complete, store);
  }
  std::string names;
  for (const OutputFormat& format : table) names += (names.empty() ? "" : ", ") + std::string(format.name);
  return fail(Module::publish, ErrorCode::invalid_usage,
              "there is no export format \"" + options.format + "\"; there are: " + names);
}

Result<ExportReport> export_to_file(const std::filesystem::path& path, const ExportOptions& options,
                                    const store::Store& store) {
  SHIKAKE_ASSIGN(base::AtomicFile file, base::AtomicFile::open(path));
  SHIKAKE_ASSIGN(ExportReport report,
                 export_to([&](std::string_view bytes) { return file.write(bytes); }, options, store));
  SHIKAKE_TRY(file.commit());
  return report;
}

}  // namespace shikake::publish
