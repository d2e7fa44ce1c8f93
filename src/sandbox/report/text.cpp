#include "sandbox/report/text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/display.h"
#include "sandbox/report/words.h"

namespace shikake::sandbox::report {
namespace {

using intel::RunRecord;
using intel::Weight;

// One screen: what is more is counted here and whole in --json and the page.
constexpr size_t max_behaviours = 14, max_flows = 8, max_files = 8, max_processes = 12, max_sentences = 4;
constexpr size_t max_proofs = 3, max_evidence = 220;
constexpr size_t max_wide = 100, max_object = 60;  // columns

std::string safe(std::string_view text, size_t limit = max_wide) {
  return base::for_terminal(text, limit);
}

std::string_view paint(Weight weight) {
  switch (weight) {
    case Weight::grave:
      return "\033[31m";
    case Weight::suspicious:
      return "\033[33m";
    default:
      return "";
  }
}

class Screen {
 public:
  Screen(const RunRecord& run, const TextOptions& options) : run_(run), options_(options) {}

  std::string render() {
    sample();
    recognised();
    behaviours();
    network();
    files();
    processes();
    ending();
    return std::move(text_);
  }

 private:
  void line(std::string_view head, std::string_view body) {
    text_ += fmt::format("  {:<12} {}\n", head, body);
  }
  void more(size_t all, size_t shown, std::string_view what) {
    if (all > shown) line("", fmt::format("… and {} more {}", all - shown, what));
  }
  std::string coloured(Weight weight, const std::string& text) const {
    const std::string_view start = options_.color ? paint(weight) : "";
    return start.empty() ? text : fmt::format("{}{}\033[0m", start, text);
  }

  void sample() {
    const intel::RunSample& sample = run_.sample;
    text_ +=
        fmt::format("{}\n", options_.color ? "\033[1m" + safe(sample.name) + "\033[0m" : safe(sample.name));
    line("file", fmt::format("{}, {}", safe(sample.type), size_text(sample.size)));
    line("sha256", sample.sha256.hex());
  }

  void recognised() {
    for (const intel::Recognition& found : run_.recognised) {
      if (!found.convicts) continue;
      line(coloured(Weight::grave, "malware") + (options_.color ? "     " : ""),
           safe(found.source + " recognises " + found.name +
                (found.detail.empty() ? "" : ": " + found.detail)));
    }
    std::string others;
    for (const intel::Recognition& found : run_.recognised) {
      if (!found.convicts && others.size() < max_wide) others += (others.empty() ? "" : ", ") + found.name;
    }
    if (!others.empty()) line("rules", safe(others));
  }

  void behaviours() {
    const std::vector<BehaviourGroup> groups = group_behaviours(run_);
    if (groups.empty()) return;
    text_ += "\n";
    size_t shown = 0;
    for (const BehaviourGroup& group : groups) {
      if (shown == max_behaviours) break;
      const intel::RunBehaviour& first = *group.shown.front();
      std::string what(group.row->sentence);
      if (!first.object.empty()) what += ": " + safe(base::defang_text(first.object), max_object);
      if (group.count > 1) what += fmt::format("  ×{}", group.count);
      const std::string weight(intel::name(group.row->weight));
      text_ += fmt::format("  {}{:>{}} {:<9} {}\n", coloured(group.row->weight, weight), "",
                           12 - weight.size(), group.row->technique, what);
      ++shown;
    }
    more(groups.size(), shown, "kinds of behaviour");
  }

  void network() {
    const intel::RunNet& net = run_.network;
    if (run_.outcome == intel::RunOutcome::not_run || run_.outcome == intel::RunOutcome::refused) return;
    text_ += "\n";
    for (const std::string& leak : net.leaks) line(coloured(Weight::grave, "LEAK"), safe(leak));
    line("network", fmt::format("{}, {} packets captured, {} left this machine", intel::name(net.mode),
                                net.packets, net.packets_out));
    size_t shown = 0, worth = 0, proofs = 0;
    for (const intel::RunFlow& flow : run_.flows) {
      if (flow.protocol == "dns") continue;
      ++worth;
      if (shown == max_flows) continue;
      ++shown;
      std::string what = safe(base::defang(remote_text(flow)), max_object);
      if (flow.host.empty() || flow.decision.starts_with("refused")) what = safe(flow.remote, max_object);
      what += fmt::format("  {} out, {} in", size_text(flow.bytes_out), size_text(flow.bytes_in));
      if (flow.role) what += fmt::format("  [{}]", intel::name(*flow.role));
      else if (flow.gate) what += "  [gate]";
      if (!flow.decision.empty()) what += "  " + safe(flow.decision, max_object);
      line("  " + safe(flow.protocol.empty() ? flow.transport : flow.protocol, 9), what);
      if ((!flow.evidence.empty() || flow.gate) && proofs++ < max_proofs) {
        line("", safe(flow.gate ? gate_text(flow) : flow.evidence.front(), max_evidence));
        if (flow.coarsened) line("", std::string(coarse_offsets));
      }
      if (!flow.urls.empty()) line("", safe(base::defang(flow.urls.front())));
    }
    more(worth, shown, "flows");
    names();
  }

  void names() {
    std::string names;
    size_t told = 0;
    for (const intel::RunQuestion& question : run_.dns) {
      if (told == max_sentences) break;
      const std::string name = base::defang(question.name);
      if (names.find(name) != std::string::npos) continue;
      names += (names.empty() ? "" : ", ") + name;
      ++told;
    }
    if (!names.empty())
      line("names asked",
           safe(names) +
               (run_.dns.size() > told ? fmt::format("  ({} questions)", run_.dns.size()) : std::string()));
  }

  void files() {
    const std::vector<const intel::RunFile*> files = files_by_interest(run_);
    if (files.empty() && run_.dumps.empty()) return;
    text_ += "\n";
    size_t shown = 0;
    for (const intel::RunFile* file : files) {
      if (shown++ == max_files) break;
      std::string what = safe(file->path, max_object);
      if (!file->to.empty()) what += " → " + safe(file->to, max_object);
      if (file->sha256)
        what += fmt::format("  {}  {}…", size_text(file->size), file->sha256->hex().substr(0, 12));
      if (!file->type.empty()) what += "  " + safe(file->type, 40);
      line(intel::name(file->action), what);
    }
    more(files.size(), std::min(files.size(), max_files), "files");
    for (size_t i = 0; i < std::min(run_.dumps.size(), max_sentences); ++i) {
      const intel::RunDump& dump = run_.dumps[i];
      line("in memory",
           fmt::format("{}  {}  {}…", safe(dump.why), size_text(dump.size), dump.sha256.hex().substr(0, 12)));
    }
  }

  void processes() {
    if (run_.processes.empty()) return;
    text_ += "\n";
    const auto tree = process_tree(run_);
    size_t shown = 0;
    auto branch = [&](auto& self, size_t place, size_t depth) -> void {
      const auto below = tree.find(place);
      if (below == tree.end()) return;
      for (size_t child : below->second) {
        if (shown == max_processes) return;
        ++shown;
        const intel::RunProcess& process = run_.processes[child];
        std::string arguments;
        for (const std::string& argument : process.argv)
          arguments += (arguments.empty() ? "" : " ") + argument;
        if (arguments.empty()) arguments = process.exe;
        line(shown == 1 ? "processes" : "",
             fmt::format(
                 "{:>{}}{} {}{}", "", 2 * std::min<size_t>(depth, 12), process.pid,
                 safe(arguments, max_object),
                 process.how_ended.empty() ? "  (killed at the end)" : "  " + safe(process.how_ended)));
        self(self, child, depth + 1);
      }
    };
    branch(branch, SIZE_MAX, 0);
    more(run_.processes.size(), shown, "processes");
  }

  void sentences(std::string_view head, const std::vector<std::string>& all) {
    for (size_t i = 0; i < std::min(all.size(), max_sentences); ++i)
      line(i == 0 ? head : "", safe(all[i], 160));
    more(all.size(), std::min(all.size(), max_sentences), "such remarks");
  }

  void ending() {
    text_ += "\n";
    std::string time = duration_text(run_.elapsed);
    if (run_.skipped.count() > 0) time += fmt::format(", {} of sleep skipped", duration_text(run_.skipped));
    line("ended", fmt::format("{} ({})", safe(outcome_text(run_)), time));
    if (!run_.emulator.empty()) line("emulator", safe(run_.emulator, 40));
    if (run_.taint_tables)
      line("taint", *run_.taint_tables ? "received bytes were followed, through look-ups in tables too"
                                       : "received bytes were followed, but not through look-ups in tables");
    if (!run_.profile.empty())
      line("guest", safe(run_.profile + (run_.user.empty() ? "" : ", as " + run_.user), 160));
    sentences("limits hit", run_.limits_hit);
    sentences("remarks", run_.remarks);
    if (!run_.unsupported_instructions.empty())
      line("without rule", fmt::format("{} kinds of instruction: taint lost what went through them",
                                       run_.unsupported_instructions.size()));
    size_t told = 0;
    for (const intel::RunChild& child : run_.children) {
      if (told++ == max_sentences) break;
      line(told == 1 ? "analysed too" : "", fmt::format("{}  {}…  ({})", safe(child.name, max_object),
                                                        child.sha256.hex().substr(0, 12), safe(child.why)));
    }
    more(run_.children.size(), std::min(run_.children.size(), max_sentences), "files");
  }

  const RunRecord& run_;
  const TextOptions& options_;
  std::string text_;
};

}  // namespace

std::string render_text(const RunRecord& run, const TextOptions& options) {
  return Screen(run, options).render();
}

}  // namespace shikake::sandbox::report
