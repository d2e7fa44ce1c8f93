#include "publish/out/selection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/file.h"
#include "publish/temporary.h"

namespace shikake::publish {
namespace {

constexpr size_t chunk_bytes = size_t{1} << 20;

// Why an indicator stays here, as the counter that says so; null where it may go.
uint64_t ExportReport::*why_not(const intel::Indicator& indicator, const ExportOptions& options,
                                base::TimePoint at) {
  if (indicator.judgement && indicator.judgement->verdict == intel::Verdict::false_positive)
    return &ExportReport::false_positives;
  if (!indicator.guarded_by.empty()) return &ExportReport::guarded;
  if (indicator.expires && *indicator.expires <= at) return &ExportReport::expired;
  if (indicator.tlp > options.tlp_limit) return &ExportReport::above_tlp;
  bool fit = !options.action || (options.point ? indicator.uses.has(*options.action, *options.point)
                                               : indicator.uses.has(*options.action));
  return fit ? nullptr : &ExportReport::without_use;
}

}  // namespace

Result<ExportReport> select_indicators(const ExportOptions& options, const store::Store& store,
                                       bool with_evidence, const EachIndicator& each,
                                       std::optional<intel::IndicatorType> type) {
  ExportReport report;
  base::TimePoint at = options.at.value_or(store.clock().now());
  store::Filter filter;
  filter.type = type;
  filter.source = options.source;
  filter.min_score = options.min_score;
  filter.at = at;
  filter.with_evidence = with_evidence;
  Result<> failure;
  SHIKAKE_TRY(store.for_each(filter, [&](const intel::Indicator& indicator, store::Position) {
    if (auto reason = why_not(indicator, options, at)) {
      ++(report.*reason);
      return true;
    }
    auto written = each(indicator);
    if (!written) {
      failure = fail(std::move(written).error());
      return false;
    }
    if (*written == Written::yes) ++report.entries;
    if (*written == Written::inexpressible) ++report.inexpressible;
    if (*written == Written::subsumed) ++report.subsumed;
    return true;
  }));
  SHIKAKE_TRY(std::move(failure));
  return report;
}

Result<Spool> Spool::open() {
  SHIKAKE_ASSIGN(base::UniqueFd file, temporary_file());
  return Spool(std::move(file));
}

Result<> Spool::flush() {
  SHIKAKE_TRY(base::write_all(file_.get(), buffer_, "a temporary file"));
  buffer_.clear();
  return {};
}

Result<> Spool::write(std::string_view bytes) {
  buffer_ += bytes;
  empty_ = empty_ && bytes.empty();
  return buffer_.size() < chunk_bytes ? Result<>{} : flush();
}

Result<> Spool::copy_to(const ByteSink& sink) {
  SHIKAKE_TRY(flush());
  if (::lseek(file_.get(), 0, SEEK_SET) < 0)
    return fail_errno(Module::publish, "the temporary file can't be read");
  std::vector<char> chunk(chunk_bytes);
  for (;;) {
    ssize_t got = ::read(file_.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(Module::publish, "the temporary file can't be read");
    if (got == 0) return {};
    SHIKAKE_TRY(sink({chunk.data(), static_cast<size_t>(got)}));
  }
}

std::string header_lines(std::string_view comment, std::string_view title, const ExportOptions& options,
                         const ExportReport& report) {
  std::string use = options.action ? std::string(intel::name(*options.action)) : "any use";
  if (options.point) use += " at " + std::string(intel::name(*options.point));
  std::string at = base::to_rfc3339(options.at.value_or(base::TimePoint()));
  return fmt::format(
      "{0} {1}\n{0} exported {2}, {3} entries for {4}, up to TLP:{5}\n"
      "{0} left out: {6} guarded, {7} judged false positive, {8} expired, {9} above the TLP limit, "
      "{10} not for this use, {11} covered by another entry, {12} that this format can't say\n",
      comment, title, at, report.entries, use, intel::name(options.tlp_limit), report.guarded,
      report.false_positives, report.expired, report.above_tlp, report.without_use, report.subsumed,
      report.inexpressible);
}

}  // namespace shikake::publish
