#include "sandbox/report/page.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/display.h"
#include "sandbox/report/style.h"
#include "sandbox/report/taint_graph.h"
#include "sandbox/report/timeline.h"
#include "sandbox/report/words.h"

namespace shikake::sandbox::report {
namespace {

using intel::RunRecord;
using intel::Weight;

// The page holds what a person reads; the record has all of it.
constexpr size_t max_rows = 300;         // of each table
constexpr size_t max_examples = 12;      // of one kind of behaviour
constexpr size_t max_tree = 300;         // processes
constexpr size_t max_depth = 60;         // of the tree: deeper ones are shown flat
constexpr size_t max_shown_text = 1000;  // characters of one text
constexpr size_t max_list = 40;          // strings, imports and the like

std::string html(std::string_view text) {
  return base::for_html(text.substr(0, max_shown_text));
}
std::string code(std::string_view text) {
  return text.empty() ? std::string() : "<code>" + html(text) + "</code>";
}
std::string defanged(std::string_view text) {
  return "<code>" + html(base::defang(text.substr(0, max_shown_text))) + "</code>";
}
std::string chip(Weight weight) {
  return fmt::format("<span class=\"chip {0}\">{0}</span>", intel::name(weight));
}
std::string digest(const std::optional<base::Digest>& sha256) {
  return sha256 ? fmt::format("<code title=\"{0}\">{1}…</code>", sha256->hex(), sha256->hex().substr(0, 16))
                : "";
}

class Body {
 public:
  explicit Body(const RunRecord& run) : run_(run) {}

  std::string render() {
    behaviours();
    timeline();
    tree();
    taint();
    flows();
    names();
    files();
    dumps();
    notes();
    recognised();
    static_facts();
    conditions();
    return std::move(text_);
  }

 private:
  void add(std::string_view text) { text_ += text; }
  void head(std::string_view title, const std::string& beside = "") {
    add(fmt::format("<h2>{}<span>{}</span></h2>", title, html(beside)));
  }
  void more(size_t all, size_t shown) {
    if (all > shown) add(fmt::format("<p class=\"dim\">… and {} more, in the record</p>", all - shown));
  }
  std::string time(base::TimePoint time) const { return "+" + duration_text(time - run_.start); }
  std::string process(uint32_t id) const {
    const size_t place = place_of(run_, id);
    return place == SIZE_MAX ? "" : code(process_text(run_.processes[place]));
  }

  void behaviours() {
    const std::vector<BehaviourGroup> groups = group_behaviours(run_);
    if (groups.empty()) return;
    head("Behaviour", "gravest first; techniques of MITRE ATT&CK");
    add("<div class=\"card\"><table><tr><th></th><th>what it does</th><th>technique</th><th>proof</th></tr>");
    for (const BehaviourGroup& group : groups) {
      add(fmt::format("<tr><td class=\"tight\">{}</td><td>{}{}", chip(group.row->weight),
                      html(group.row->sentence),
                      group.count > 1 ? fmt::format(" <span class=\"dim\">×{}</span>", group.count) : ""));
      objects(group);
      add(fmt::format("</td><td><span class=\"tight\">{}</span><br><span class=\"dim\">{}</span></td><td>",
                      group.row->technique, html(intel::technique_name(group.row->technique))));
      proofs(group);
      add("</td></tr>");
    }
    add("</table></div>");
  }

  void objects(const BehaviourGroup& group) {
    std::vector<std::string> told;
    for (const intel::RunBehaviour* one : group.shown) {
      if (one->object.empty() || std::find(told.begin(), told.end(), one->object) != told.end()) continue;
      if (told.size() == max_examples) break;
      told.push_back(one->object);
      add("<br><code>" + html(base::defang_text(one->object)) + "</code>");
    }
  }

  void proofs(const BehaviourGroup& group) {
    auto proof = [&](const intel::RunBehaviour& one) {
      return fmt::format("<div>{}<br><span class=\"dim\">{}</span> {}</div>", code(one.proof), time(one.time),
                         process(one.process));
    };
    add(proof(*group.shown.front()));
    if (group.shown.size() < 2) return;
    add(fmt::format("<details class=\"more\"><summary class=\"dim\">{} more</summary>",
                    group.shown.size() - 1));
    for (size_t i = 1; i < std::min(group.shown.size(), max_examples); ++i) add(proof(*group.shown[i]));
    add("</details>");
  }

  void timeline() {
    const std::string picture = render_timeline(run_);
    if (picture.empty()) return;
    head("Timeline",
         duration_text(run_.elapsed) +
             (run_.skipped.count() > 0 ? ", " + duration_text(run_.skipped) + " of sleep skipped" : ""));
    add("<div class=\"card\">" + picture +
        "<div class=\"legend\"><span class=\"p\"><i></i>process</span><span class=\"f\"><i></i>flow</span>"
        "<span class=\"grave\"><i></i>grave</span><span class=\"suspicious\"><i></i>suspicious</span>"
        "<span class=\"notable\"><i></i>notable</span><span "
        "class=\"ordinary\"><i></i>ordinary</span></div></div>");
  }

  void tree() {
    if (run_.processes.empty()) return;
    head("Processes", fmt::format("{}", run_.processes.size()));
    tree_ = process_tree(run_);
    add("<div class=\"card\">");
    branch(SIZE_MAX, 0);
    add("</div>");
    more(run_.processes.size(), shown_processes_);
  }

  void branch(size_t place, size_t depth) {
    const auto below = tree_.find(place);
    if (below == tree_.end() || shown_processes_ >= max_tree) return;
    const bool nested = depth < max_depth;
    if (nested) add(depth == 0 ? "<ul class=\"tree\">" : "<ul>");
    for (size_t child : below->second) {
      if (shown_processes_ >= max_tree) break;
      ++shown_processes_;
      add("<li>");
      one_process(run_.processes[child]);
      branch(child, depth + 1);
      add("</li>");
    }
    if (nested) add("</ul>");
  }

  void one_process(const intel::RunProcess& process) {
    std::string command;
    for (const std::string& argument : process.argv) command += (command.empty() ? "" : " ") + argument;
    add(
        fmt::format("<details><summary><span class=\"pid\">{}</span> <span class=\"cmd\">{}</span> "
                    "<span class=\"dim\">{}</span></summary><dl>",
                    process.pid, html(command.empty() ? process.exe : command),
                    process.how_ended.empty() ? "killed at the end" : html(process.how_ended)));
    row("program", code(process.exe));
    row("folder", code(process.cwd));
    row("started", time(process.start));
    if (process.end) row("ended", time(*process.end));
    if (process.threads > 1) row("threads", std::to_string(process.threads));
    if (process.image) row("image", digest(process.image));
    if (!process.env.empty()) row("environment", list(process.env));
    add("</dl></details>");
  }

  void row(std::string_view name, const std::string& value) {
    if (!value.empty()) add(fmt::format("<dt>{}</dt><dd>{}</dd>", name, value));
  }
  static std::string list(const std::vector<std::string>& texts) {
    std::string all;
    for (size_t i = 0; i < std::min(texts.size(), max_list); ++i) all += (i ? "<br>" : "") + code(texts[i]);
    if (texts.size() > max_list)
      all += fmt::format("<br><span class=\"dim\">… {} more</span>", texts.size() - max_list);
    return all;
  }

  void taint() {
    const std::string picture = render_taint_graph(run_);
    const bool whole = run_.taint_tables.value_or(true);
    if (picture.empty() && run_.unsupported_instructions.empty() && whole) return;
    head("Which bytes led to what", whole ? "received bytes, followed through the programs"
                                              : "received bytes, followed through the programs, but not through look-ups in tables");
    if (!picture.empty())
      add("<div class=\"card\">" + picture +
          "<div class=\"legend\"><span class=\"f\"><i></i>bytes moved</span><span class=\"suspicious\"><i></i>bytes "
          "decided</span><span class=\"grave\"><i></i>a program came, or loot left</span></div></div>");
    if (!run_.unsupported_instructions.empty())
      add(fmt::format("<p class=\"dim\">{} instructions have no rule: what went through them was lost</p>",
                      run_.unsupported_instructions.size()));
  }

  void flows() {
    if (run_.flows.empty()) return;
    head("Flows", fmt::format("{}; network {}, {} packets left this machine", run_.flows.size(),
                              intel::name(run_.network.mode), run_.network.packets_out));
    add("<div class=\"card\"><table><tr><th>remote</th><th>protocol</th><th class=\"num\">out</th>"
        "<th class=\"num\">in</th><th>process</th><th>when</th><th>what</th></tr>");
    size_t shown = 0;
    for (const intel::RunFlow& flow : run_.flows) {
      if (shown++ == max_rows) break;
      std::string remote = flow.host.empty() ? code(flow.remote)
                                             : defanged(remote_text(flow)) + "<br><span class=\"dim mono\">" +
                                                   html(flow.remote) + "</span>";
      add(fmt::format(
          "<tr><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td>"
          "<td class=\"tight\">{}</td><td>",
          remote, html(flow.protocol.empty() ? flow.transport : flow.protocol), size_text(flow.bytes_out),
          size_text(flow.bytes_in), flow.process ? process(*flow.process) : "", time(flow.start)));
      if (flow.role) add(fmt::format("<span class=\"chip grave\">{}</span> ", intel::name(*flow.role)));
      for (const std::string& sentence : flow.evidence) add(html(sentence) + "<br>");
      if (flow.gate) add(html(gate_text(flow)) + "<br>");
      if (flow.coarsened && (flow.role || flow.gate)) add(html(coarse_offsets) + "<br>");
      if (!flow.decision.empty()) add(html(flow.decision) + "<br>");
      for (size_t i = 0; i < std::min<size_t>(flow.urls.size(), 4); ++i) add(defanged(flow.urls[i]) + "<br>");
      if (!flow.ja3.empty()) add("<span class=\"dim\">JA3</span> " + code(flow.ja3));
      add("</td></tr>");
    }
    add("</table></div>");
    more(run_.flows.size(), max_rows);
  }

  void names() {
    if (run_.dns.empty()) return;
    head("Names asked for", fmt::format("{}", run_.dns.size()));
    add("<div class=\"card\"><table><tr><th>name</th><th>type</th><th>answer</th><th>when</th></tr>");
    for (size_t i = 0; i < std::min(run_.dns.size(), max_rows); ++i) {
      const intel::RunQuestion& question = run_.dns[i];
      std::string answers;
      for (const std::string& answer : question.answers) answers += (answers.empty() ? "" : ", ") + answer;
      add(fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"tight\">{}</td></tr>",
                      defanged(question.name), html(question.type), code(answers), time(question.time)));
    }
    add("</table></div>");
    more(run_.dns.size(), max_rows);
  }

  void files() {
    const std::vector<const intel::RunFile*> files = files_by_interest(run_);
    if (files.empty()) return;
    head("Files", fmt::format("{} changed", files.size()));
    add("<div class=\"card\"><table><tr><th></th><th>path</th><th class=\"num\">size</th><th>type</th>"
        "<th>sha256</th><th>process</th><th>when</th></tr>");
    for (size_t i = 0; i < std::min(files.size(), max_rows); ++i) {
      const intel::RunFile& file = *files[i];
      add(fmt::format(
          "<tr><td class=\"{}\">{}</td><td>{}{}</td><td class=\"num\">{}</td><td>{}</td><td>{}</td>"
          "<td>{}</td><td class=\"tight\">{}</td></tr>",
          file.program ? "suspicious" : "dim", intel::name(file.action), code(file.path),
          file.to.empty() ? "" : " → " + code(file.to), file.sha256 ? size_text(file.size) : "",
          html(file.type.empty() ? file.why_not : file.type), digest(file.sha256), process(file.process),
          time(file.time)));
    }
    add("</table></div>");
    more(files.size(), max_rows);
  }

  void dumps() {
    if (run_.dumps.empty()) return;
    head("Code from memory", fmt::format("{}", run_.dumps.size()));
    add("<div class=\"card\"><table><tr><th>why</th><th>type</th><th class=\"num\">size</th><th>sha256</th>"
        "<th>process</th><th>when</th></tr>");
    for (size_t i = 0; i < std::min(run_.dumps.size(), max_rows); ++i) {
      const intel::RunDump& dump = run_.dumps[i];
      add(
          fmt::format("<tr><td>{}</td><td>{}</td><td class=\"num\">{}</td><td>{}</td><td>{}</td>"
                      "<td class=\"tight\">{}</td></tr>",
                      html(dump.why), html(dump.type), size_text(dump.size), digest(dump.sha256),
                      process(dump.process), time(dump.time)));
    }
    add("</table></div>");
  }

  void notes() {
    if (run_.notes.empty()) return;
    head("Debugger", fmt::format("{} lines", run_.notes.size()));
    add("<div class=\"card\"><table>");
    for (size_t i = 0; i < std::min(run_.notes.size(), max_rows); ++i) {
      const intel::RunNote& note = run_.notes[i];
      add(fmt::format("<tr><td class=\"tight dim\">{}</td><td>{}</td><td>{}</td></tr>", time(note.time),
                      process(note.process), code(note.text)));
    }
    add("</table></div>");
    more(run_.notes.size(), max_rows);
  }

  void recognised() {
    if (run_.recognised.empty()) return;
    head("Rules and lists");
    add("<div class=\"card\"><table><tr><th>source</th><th>name</th><th>in</th><th></th></tr>");
    for (size_t i = 0; i < std::min(run_.recognised.size(), max_rows); ++i) {
      const intel::Recognition& found = run_.recognised[i];
      add(fmt::format("<tr><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{}</td></tr>",
                      html(found.source), found.convicts ? "grave" : "", html(found.name),
                      digest(found.sha256), html(found.detail)));
    }
    add("</table></div>");
  }

  void static_facts() {
    const intel::RunSample& sample = run_.sample;
    head("The file");
    add("<div class=\"two\"><div class=\"card\"><dl>");
    row("type", html(sample.type));
    row("mime", html(sample.mime));
    row("size", fmt::format("{} ({} bytes)", size_text(sample.size), sample.size));
    row("sha256", code(sample.sha256.hex()));
    row("sha1", code(sample.sha1));
    row("md5", code(sample.md5));
    row("ssdeep", code(sample.ssdeep));
    row("tlsh", code(sample.tlsh));
    add("</dl></div><div class=\"card\"><details><summary>all static facts</summary>");
    std::string facts = boost::json::serialize(sample.facts);
    constexpr size_t max_facts = 40'000;  // characters
    const bool cut = facts.size() > max_facts;
    facts.resize(std::min(facts.size(), max_facts));
    add("<code>" + base::for_html(facts) + (cut ? " …" : "") + "</code></details></div></div>");
  }

  void conditions() {
    head("Conditions of the run");
    add("<div class=\"two\"><div class=\"card\"><dl>");
    row("guest", html(run_.profile));
    if (!run_.emulator.empty()) row("emulator", html(run_.emulator));
    row("user", html(run_.user));
    row("arguments", list(run_.arguments));
    row("environment", list(run_.environment));
    row("began", html(base::to_rfc3339(std::chrono::floor<std::chrono::seconds>(run_.start))));
    row("network", std::string(intel::name(run_.network.mode)));
    row("capture", digest(run_.network.capture));
    for (const intel::RunInterface& interface : run_.network.interfaces)
      row(interface.where == "cell" ? "cell's device" : "gateway's device",
          code(interface.name) + " " + list(interface.addresses));
    row("sockets", list(run_.network.sockets));
    row("descriptors", list(run_.network.descriptors));
    row("limits hit", list(run_.limits_hit));
    row("remarks", sentences(run_.remarks));
    add("</dl></div><div class=\"card\"><table><tr><th>bound</th><th>value</th><th>held by</th></tr>");
    for (const intel::RunBound& bound : run_.bounds)
      add(fmt::format("<tr><td>{}</td><td>{}</td><td class=\"dim\">{}</td></tr>", html(bound.name),
                      html(bound.value), html(bound.held_by)));
    add("</table></div></div>");
  }
  static std::string sentences(const std::vector<std::string>& all) {
    std::string text;
    for (size_t i = 0; i < std::min(all.size(), max_list); ++i) text += (i ? "<br>" : "") + html(all[i]);
    return text;
  }

  const RunRecord& run_;
  std::string text_;
  std::map<size_t, std::vector<size_t>> tree_;
  size_t shown_processes_ = 0;
};

std::string fact(std::string_view value, std::string_view name, std::string_view tone = "") {
  return fmt::format("<div class=\"fact {}\"><b>{}</b><span>{}</span></div>", tone, html(value), name);
}

std::string header(const RunRecord& run) {
  std::string text = fmt::format(
      "<span class=\"mark\">Shikake · sandbox run</span><h1>{}</h1><div class=\"dim\">{}, {} · "
      "<code>{}</code></div>",
      html(run.sample.name), html(run.sample.type), size_text(run.sample.size), run.sample.sha256.hex());
  const std::vector<std::string> lines = headlines(run);
  if (!lines.empty()) {
    text += "<ul class=\"verdict\">";
    constexpr size_t max_headlines = 8;
    for (size_t i = 0; i < std::min(lines.size(), max_headlines); ++i)
      text += "<li>" + html(base::defang_text(lines[i])) + "</li>";
    text += "</ul>";
  }
  size_t grave = 0;
  for (const BehaviourGroup& group : group_behaviours(run)) grave += group.row->weight == Weight::grave;
  std::string outcome(intel::name(run.outcome));
  std::replace(outcome.begin(), outcome.end(), '_', ' ');
  text += "<div class=\"facts\">" +
          fact(outcome, run.outcome_detail.empty() ? "how it ended" : html(run.outcome_detail)) +
          fact(std::to_string(grave), "kinds of grave behaviour", grave > 0 ? "bad" : "") +
          fact(std::to_string(run.processes.size()), "processes") +
          fact(std::to_string(files_by_interest(run).size()), "files changed") +
          fact(std::to_string(run.flows.size()), "flows") +
          fact(std::to_string(run.network.packets_out), "packets left this machine",
               run.network.packets_out == 0 ? "good" : "") +
          "</div>";
  return text;
}

}  // namespace

std::string render_page(const RunRecord& run, const std::vector<const RunRecord*>& children) {
  const std::string hash = base::to_base64(base::sha256(page_style).bytes);
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; "
      "base-uri 'none'; form-action 'none'\"><meta name=\"referrer\" content=\"no-referrer\">"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"><title>{}</title><style>{}</style>"
      "</head><body><header class=\"top\"><div>{}</div></header><main>",
      hash, html(run.sample.name), page_style, header(run));
  page += Body(run).render();
  for (const RunRecord* child : children)
    page += "<section class=\"child\">" + header(*child) + Body(*child).render() + "</section>";
  page += "</main></body></html>\n";
  return page;
}

}  // namespace shikake::sandbox::report
