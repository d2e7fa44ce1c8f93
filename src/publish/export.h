// Intelligence out, in the formats that tools take.
//
//   publish::ExportOptions options{.format = "rpz"};
//   auto report = publish::export_to([](std::string_view bytes) { …; return Result<>{}; }, options, store);
//
// What goes out has the use that was asked for, and is not guarded, judged false, expired, or marked above
// the TLP limit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "intel/model.h"
#include "store/store.h"

namespace shikake::publish {

struct ExportOptions {
  std::string format;                        // a name of output_formats()
  std::optional<intel::Action> action;       // else the format's own; csv, json and stix take any
  std::optional<intel::Point> point;         // else the format's own
  intel::Tlp tlp_limit = intel::Tlp::amber;  // nothing above; red only if asked for
  uint8_t min_score = 0;                     // 0 to 100, after decay
  std::string source;                        // of one source alone; "" for all
  std::string zone = "rpz.shikake.invalid";  // rpz: the zone's name
  std::optional<base::TimePoint> at;  // the moment that counts for decay and stands in headers; else now
};

struct ExportReport {
  uint64_t entries = 0;  // written: indicators, or lines of a list
  uint64_t guarded = 0;  // left out for a guard list
  uint64_t false_positives = 0;
  uint64_t expired = 0;
  uint64_t above_tlp = 0;
  uint64_t without_use = 0;    // not fit for what was asked
  uint64_t subsumed = 0;       // covered by another entry (a domain's subdomains)
  uint64_t inexpressible = 0;  // the format has no way to say it (a URL in DNS)
};

using ByteSink = std::function<Result<>(std::string_view bytes)>;

struct OutputFormat {
  std::string_view name;
  std::string_view description;
  std::string_view media_type;
  std::optional<intel::Action> action;  // what is asked for unless the user says otherwise
  std::optional<intel::Point> point;
  Result<ExportReport> (*write)(const ByteSink& sink, const ExportOptions& options,
                                const store::Store& store);
};

std::span<const OutputFormat> output_formats();

// Errors: invalid_usage for an unknown format or an option that makes no sense for it; the store's and the
// sink's own. Memory stays bounded, whatever the number (but squid keeps names and addresses, and stix which
// addresses and files it has named).
Result<ExportReport> export_to(const ByteSink& sink, const ExportOptions& options, const store::Store& store);
// To a file that appears whole or not at all.
Result<ExportReport> export_to_file(const std::filesystem::path& path, const ExportOptions& options,
                                    const store::Store& store);

}  // namespace shikake::publish
