// A report for a person at a terminal.

#include <fmt/format.h>

#include <algorithm>

#include "audit/audit.h"
#include "base/display.h"

namespace shikake::audit {
namespace {

constexpr size_t shown_events = 3;  // a finding; the JSON form has the others
constexpr size_t shown_bytes = 120;

std::string safe(std::string_view text, size_t limit = shown_bytes) {
  return base::for_terminal(text, limit);
}
std::string safe_value(std::string_view text) {
  return base::for_terminal(base::defang(text), shown_bytes);
}

// URLs inside a sentence, so that no terminal makes them clickable.
std::string safe_sentence(std::string_view text) {
  return safe(base::defang_text(text), 240);
}

std::string colored(std::string_view text, std::string_view code, bool color) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string_view color_of(Level level) {
  switch (level) {
    case Level::critical:
      return "1;31";
    case Level::high:
      return "31";
    case Level::medium:
      return "33";
    case Level::low:
      return "36";
    case Level::info:
      return "2";
  }
  return "0";
}

std::string time_span(const Finding& finding) {
  if (!finding.first) return "";
  if (finding.first == finding.last) return fmt::format(", at {}", base::to_rfc3339(*finding.first));
  return fmt::format(", {} to {}", base::to_rfc3339(*finding.first), base::to_rfc3339(*finding.last));
}

// The heaviest stage first, so that three lines tell the story's end.
std::vector<const Event*> events_to_show(const Finding& finding) {
  std::vector<const Event*> events;
  for (const Event& event : finding.events) events.push_back(&event);
  std::stable_sort(events.begin(), events.end(),
                   [](const Event* a, const Event* b) { return a->stage > b->stage; });
  std::vector<const Event*> chosen;
  for (const Event* event : events) {  // different indicators tell more than the same again
    const bool again = std::any_of(chosen.begin(), chosen.end(),
                                   [&](const Event* other) { return other->indicator == event->indicator; });
    if (!again && chosen.size() < shown_events) chosen.push_back(event);
  }
  return chosen;
}

void print_finding(const Finding& finding, bool color, std::string& out) {
  out += fmt::format("{}  {}{}{}  {}, score {}{}\n",
                     colored(fmt::format("{:<8}", name(finding.level)), color_of(finding.level), color),
                     colored(safe(finding.client), "1", color), finding.user.empty() ? "" : " user ",
                     safe(finding.user), name(finding.stage), finding.score, time_span(finding));
  for (const Reason& reason : finding.reasons)
    out += fmt::format("    {:+4}  {}\n", reason.points, safe_sentence(reason.text));
  const std::vector<const Event*> shown = events_to_show(finding);
  for (const Event* event : shown) {
    out += fmt::format("    {}, line {}: {}\n", safe(event->log_file), event->line, safe_value(event->seen));
    out += fmt::format("      → {} {}\n", event->indicator_type, safe_value(event->indicator));
    out += fmt::format("        → {}\n", safe_sentence(event->evidence));
  }
  if (const uint64_t more = finding.event_count - shown.size(); more > 0)
    out += fmt::format("    and {} more {}\n", more, more == 1 ? "line that counts" : "lines that count");
  out += fmt::format("    do: {}\n\n", safe_sentence(finding.action));
}

void print_files(const AuditReport& report, std::string& out) {
  for (const FileStats& file : report.files) {
    out += fmt::format(
        "{}: {} {} ({}), {} {}", safe(file.name), file.lines, file.lines == 1 ? "line" : "lines",
        file.formats.empty() ? "no known format" : file.formats, file.hits, file.hits == 1 ? "hit" : "hits");
    if (file.guarded > 0) out += fmt::format(", {} more guarded", file.guarded);
    if (file.lenient > 0) out += fmt::format(", {} damaged lines read all the same", file.lenient);
    if (file.unreadable > 0)
      out += fmt::format(", {} lines of no known format looked through as text", file.unreadable);
    if (file.too_long > 0) out += fmt::format(", {} too long and read in part", file.too_long);
    out += '\n';
    if (!file.error.empty()) out += fmt::format("  stopped early: {}\n", safe(file.error, 400));
  }
  for (const std::string& limit : report.limits_hit)
    out += fmt::format("limit reached: {}\n", safe(limit, 400));
}

}  // namespace

std::string to_text(const AuditReport& report, bool color, size_t max_findings) {
  std::string out;
  size_t shown = 0, guarded_only = 0, left_out = 0;
  for (const Finding& finding : report.findings) {
    if (finding.event_count == 0)
      ++guarded_only;
    else if (shown == max_findings)
      ++left_out;
    else
      print_finding(finding, color, out), ++shown;
  }
  if (left_out > 0)
    out += fmt::format("{} further findings of lower score are in the JSON form (--json)\n", left_out);
  if (shown == 0) out += "No client met anything that is known to be bad.\n";
  if (guarded_only > 0)
    out += fmt::format(
        "{} {} met only indicators that a guard list protects; --json names list and indicator.\n",
        guarded_only, guarded_only == 1 ? "client" : "clients");
  print_files(report, out);
  return out;
}

}  // namespace shikake::audit
