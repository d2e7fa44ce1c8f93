// Which indicators an export takes, and why it leaves the others.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "publish/export.h"

namespace shikake::publish {

// Calls `each` for what `options` selects, in the store's order; counts the rest. `each` says whether it
// could write the indicator. `type`: of these alone.
enum class Written : uint8_t { yes, inexpressible, subsumed };
using EachIndicator = std::function<Result<Written>(const intel::Indicator&)>;
Result<ExportReport> select_indicators(const ExportOptions& options, const store::Store& store,
                                       bool with_evidence, const EachIndicator& each,
                                       std::optional<intel::IndicatorType> type = std::nullopt);

// A body kept in a nameless temporary file, so that what stands above it can count it.
class Spool {
 public:
  static Result<Spool> open();
  Result<> write(std::string_view bytes);
  Result<> copy_to(const ByteSink& sink);
  bool empty() const { return empty_; }

 private:
  explicit Spool(base::UniqueFd file) : file_(std::move(file)) {}
  Result<> flush();

  base::UniqueFd file_;
  std::string buffer_;
  bool empty_ = true;
};

// The lines at the top of every export: what it is, when, how many, and what was left out. Each starts with
// `comment` and ends with a newline.
std::string header_lines(std::string_view comment, std::string_view title, const ExportOptions& options,
                         const ExportReport& report);

Result<ExportReport> write_csv(const ByteSink& sink, const ExportOptions& options, const store::Store& store);
Result<ExportReport> write_json(const ByteSink& sink, const ExportOptions& options,
                                const store::Store& store);
Result<ExportReport> write_rpz(const ByteSink& sink, const ExportOptions& options, const store::Store& store);
Result<ExportReport> write_squid(const ByteSink& sink, const ExportOptions& options,
                                 const store::Store& store);
Result<ExportReport> write_stix(const ByteSink& sink, const ExportOptions& options,
                                const store::Store& store);

}  // namespace shikake::publish
