// What a visit has seen, as what convicts: facts that chain/ judges, each bounded, none hidden behind others.
#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/ascii.h"
#include "honeyclient/chain/bait.h"
#include "honeyclient/chain/lures.h"
#include "honeyclient/chain/payload.h"
#include "honeyclient/chain/site.h"
#include "honeyclient/low/recorder.h"
#include "honeyclient/low/recorder_text.h"
#include "triage/matcher.h"
#include "triage/triage.h"

namespace shikake::honeyclient::low {

std::vector<std::string> Recorder::component(const ComponentUse& use, uint32_t node) {
  std::string name = text(use.name, 200);
  std::string member = text(use.member, 200);
  if (!once(record_.components, name, limits::max_components)) limit("component-uses");
  std::string detail = name;
  if (!member.empty()) detail += "." + member + "(";
  for (size_t i = 0; i < use.lengths.size() && i < 16; ++i) {
    std::string argument = i < use.arguments.size() ? text(use.arguments[i], 80) : "";
    detail += (i ? ", " : "") + argument;
    if (use.lengths[i] > 80) detail += "… (" + std::to_string(use.lengths[i]) + " characters)";
  }
  if (!member.empty()) detail += ")";
  event("component", detail, node);

  const components::Component* row = components::find(name);
  if (!row) {
    if (!use.emulated) weigh_unknown(use, name, member, node);
    return {};
  }
  std::vector<std::string> arguments;
  for (const std::string& one : use.arguments) arguments.push_back(base::to_valid_utf8(one));
  return weigh(*row, {member, arguments, use.lengths}, node);
}

namespace {

// Nothing but the same few bytes again and again, as long as any buffer: what fills one up to what lies
// behind it.
bool is_filler(std::string_view argument) {
  constexpr size_t longest_unit = 4, least = 256;
  for (size_t unit = 1; unit <= longest_unit; ++unit)
    for (size_t i = unit, alike = 0; i < argument.size(); ++i) {
      alike = argument[i] == argument[i - unit] ? alike + 1 : 0;
      if (alike >= least) return true;
    }
  return false;
}

}  // namespace

// An argument that overruns what an author foresaw looks like misuse. No advisory says so, and texts and
// certificates are long too: what convicts is that it says nothing.
void Recorder::weigh_unknown(const ComponentUse& use, const std::string& name, const std::string& member,
                             uint32_t node) {
  // Its methods went nowhere: what they would have done is not in the record.
  if (!member.empty()) incomplete();
  const uint32_t longest = use.lengths.empty() ? 0 : *std::ranges::max_element(use.lengths);
  if (member.empty() || longest <= limits::overlong_argument) return;
  chain::Misuse found{
      node, fmt::format("gave {}.{} an argument of {} characters", name, member, longest), {}, {}};
  found.vouched = std::ranges::any_of(use.arguments, is_filler);
  misuse(std::move(found));
}

template <class Fact>
void Recorder::add_fact(std::vector<Fact>& facts, Fact fact, bool room, std::string_view bound) {
  if (std::ranges::find(facts, fact) != facts.end()) return;
  if (!room) return limit(bound);
  facts.push_back(std::move(fact));
}

void Recorder::misuse(chain::Misuse misuse) {
  add_fact(facts_.misuses, std::move(misuse), facts_.misuses.size() < 100, "misuses");
}

bool Recorder::convicts() const {
  const bool copied = std::ranges::any_of(facts_.signs, [](const chain::Sign& sign) {
    return (sign.kind == chain::SignKind::clipboard || sign.kind == chain::SignKind::clipboard_unseen) &&
           chain::is_attack_command(sign.text);
  });
  return copied || !facts_.misuses.empty() || !facts_.downloads.empty() || !facts_.leaks.empty() ||
         !facts_.commands.empty() || !facts_.rules.empty();
}

std::vector<std::string> Recorder::weigh(const components::Component& row, const components::Use& use,
                                         uint32_t node) {
  std::vector<std::string> hops;
  const bool of_right = script_file_ && row.behaviour != components::Behaviour::absorbs;
  if (auto conviction = components::judge(row, use); conviction && !of_right)
    misuse({node, conviction->what + " (" + conviction->misuse->source + ")", conviction->misuse->cves, {}});
  for (const components::Misuse& one : row.misuses) {
    if (one.trait != components::Trait::command || !components::matches(one, use)) continue;
    std::string command;
    for (const std::string& argument : use.arguments) command += (command.empty() ? "" : " ") + argument;
    event("command", row.name + ": " + command, node);
    std::vector<std::string> addresses = components::addresses_in(command);
    note_command({node, text(command, limits::max_argument_text), !addresses.empty()});
    for (std::string& address : addresses) hops.push_back(std::move(address));
  }
  const bool fetches =
      std::ranges::any_of(row.fetches, [own = components::own_name(use.member)](const std::string& one) {
        return components::same_name(components::own_name(one), own);
      });
  if (fetches)
    for (const std::string& argument : use.arguments)
      if (components::is_address(argument)) hops.push_back(argument);
  return hops;
}

// Those that fetch weigh more: no number of others keeps one out.
void Recorder::note_command(chain::Command command) {
  const auto alike = std::ranges::count(facts_.commands, command.fetches, &chain::Command::fetches);
  add_fact(facts_.commands, std::move(command), alike < 200, "commands");
}

void Recorder::wrote_file(const WroteFile& file, uint32_t node) {
  const base::Digest digest = take_in(file.bytes, "a file that it wrote", node);
  const std::string path = text(file.path, 500);
  const chain::Payload payload = chain::payload_of_saved(file.bytes, base::to_lower(path));
  const std::string_view what = payload.kind == chain::PayloadKind::none ? "file" : payload.name;
  event("file",
        fmt::format("{} wrote {}: a {} of {} bytes, sha256 {}", text(file.component, 100), path, what,
                    file.bytes.size(), digest.hex()),
        node);
  const components::Component* row = components::find(file.component);
  if (!row) return;
  const std::string arguments[] = {path};
  const uint32_t lengths[] = {static_cast<uint32_t>(path.size())};
  auto conviction = components::judge(*row, {"SaveToFile", arguments, lengths, true});
  // The same bytes came from somewhere: that is who serves what is dropped.
  std::optional<uint32_t> source;
  for (const intel::VisitNode& one : record_.nodes)
    if (one.sha256 == digest && one.size > 0) source = one.id;
  if (payload.kind == chain::PayloadKind::program)
    add_fact(facts_.files, {node, path, std::string(payload.name), source}, facts_.files.size() < 100,
             "files");
  if (conviction && !script_file_)
    misuse(
        {node, conviction->what + " (" + conviction->misuse->source + ")", conviction->misuse->cves, source});
}

base::Digest Recorder::take_in(std::string_view bytes, std::string_view what, uint32_t node) {
  const base::Digest digest = keep(bytes);
  const std::string name = digest.hex();
  if (!bytes.empty() && known_bad_)
    if (auto why = known_bad_(digest)) {
      const std::string said = fmt::format("{} (sha256 {}) is a known bad file: {}", what, name, *why);
      event("known-bad", said, node);
      note_hit({node, said, true});
    }
  if (matched_.insert(name).second) match_rules(bytes, what, node);
  return digest;
}

void Recorder::match_rules(std::string_view bytes, std::string_view what, uint32_t node) {
  if (!rules_ || bytes.empty()) return;
  auto found = rules_->match(bytes);
  if (!found) return limit("rules");
  for (const triage::RuleMatch& rule : *found) {
    const std::string said = rule.description.empty() ? "" : ": " + rule.description;
    event("yara", fmt::format("{} matches {} ({}){}", what, rule.rule, rule.source, said), node);
    auto tagged = [&](std::string_view tag) { return std::ranges::find(rule.tags, tag) != rule.tags.end(); };
    if (!tagged("malicious") && !tagged("suspicious")) continue;
    note_hit({node, fmt::format("{} matches the rule {}{}", what, rule.rule, said), tagged("malicious")});
  }
}

void Recorder::note_hit(chain::RuleHit hit) {
  const auto alike = std::ranges::count(facts_.rules, hit.malicious, &chain::RuleHit::malicious);
  add_fact(facts_.rules, std::move(hit), alike < 100, "rules");
}

void Recorder::evaluated(const Evaluated& source, uint32_t node) {
  evaluated_bytes_ += source.text.size();
  if (record_.evaluated.size() >= limits::max_evaluated || evaluated_bytes_ > limits::max_evaluated_bytes)
    return limit("evaluated");
  intel::VisitSource made{position(source.by)};
  made.position.sha256 = take_in(source.text, "a script made by " + text(source.how, 40), node);
  constexpr std::string_view written[] = {"script", "handler", "timer"};
  if (std::ranges::find(written, source.how) == std::end(written))
    facts_.evaluated.insert(made.position.sha256);
  record_.evaluated.push_back(std::move(made));
}

bool Recorder::shellcode(uint32_t node, const MachineCode& code, const shellcode::Report& report) {
  // Code that was made, and then sprayed behind sleds, is one.
  for (const intel::VisitShellcode& known : record_.shellcode)
    if (known.node == node && known.calls.size() == report.calls.size() &&
        known.urls == texts(report.urls, max_url) &&
        known.commands == texts(report.commands, limits::max_detail) &&
        known.connections == texts(report.connections, limits::max_detail))
      return false;
  intel::VisitShellcode made;
  made.node = node;
  made.how = text(code.how, 100);
  if (code.origin) made.script = script_origin(*code.origin);
  made.sha256 = keep(code.bytes);
  made.size = code.bytes.size();
  made.begins = report.begins;
  made.outcome = shellcode::name(report.outcome);
  for (const shellcode::Call& call : report.calls) {
    made.calls.push_back({text(call.function, 200), texts(call.arguments, limits::max_detail), {}});
    if (call.offset != shellcode::no_offset) made.calls.back().offset = call.offset;
  }
  made.urls = texts(report.urls, max_url);
  made.commands = texts(report.commands, limits::max_detail);
  made.connections = texts(report.connections, limits::max_detail);
  for (const shellcode::WrittenFile& file : report.files)
    made.files.push_back({text(file.path, limits::max_detail), keep(file.bytes), file.bytes.size()});
  for (const shellcode::Decoder& decoder : report.decoders)
    made.decoders.push_back({decoder.offset, decoder.bytes});
  std::string what = fmt::format("carries machine code for Windows ({} bytes, found by {}) that calls {}",
                                 made.size, made.how, made.calls.front().function);
  if (!made.urls.empty())
    what += fmt::format(" and downloads {}", made.urls.front());
  else if (!made.commands.empty())
    what += fmt::format(" and starts \"{}\"", made.commands.front());
  else if (!made.connections.empty())
    what += fmt::format(" and {}", made.connections.front());
  event("shellcode", what, node);
  facts_.misuses.push_back({node, std::move(what), {}});
  record_.shellcode.push_back(std::move(made));
  return true;
}

void Recorder::file(uint32_t node, const std::string& inside, const triage::Triage& facts,
                    const std::vector<base::Digest>& kept) {
  intel::VisitFile file;
  file.node = node;
  file.inside = text(inside, limits::max_detail);
  file.facts = triage::to_json(facts);
  // Kept small: the file itself is a blob.
  if (auto* strings = file.facts["strings"].if_object()) strings->erase("values");
  if (!kept.empty()) {
    boost::json::array names;
    for (const base::Digest& one : kept) names.emplace_back(one.hex());
    file.facts["kept"] = std::move(names);
  }
  record_.files.push_back(std::move(file));
  if (!facts.complete) limit("documents");
  if (!facts.document) return;
  const std::string where = inside.empty() ? "" : " (" + text(inside, 200) + ")";
  for (const triage::DocumentTrait& trait : facts.document->traits) {
    if (!trait.convicts) continue;
    std::string what = fmt::format("is a {}{} with {}{}{}", text(facts.document->format, 60), where,
                                   trait.name, trait.detail.empty() ? "" : ": " + text(trait.detail, 200),
                                   trait.cve.empty() ? "" : ", " + trait.cve);
    event("document", what, node);
    facts_.misuses.push_back(
        {node, std::move(what), trait.cve.empty() ? std::vector<std::string>() : std::vector{trait.cve}});
  }
}

void Recorder::payload(uint32_t id, std::string why) {
  facts_.payloads.push_back({id, text(why, limits::max_detail)});
}

void Recorder::happened(std::string_view kind, std::string_view detail, uint32_t node) {
  event(kind, detail, node);
  const std::optional<chain::SignKind> sign = chain::sign_named(kind);
  if (!sign) return;
  const bool copied = *sign == chain::SignKind::clipboard || *sign == chain::SignKind::clipboard_unseen;
  const auto is_harmless = [](const chain::Sign& one) { return !chain::is_attack_command(one.text); };
  chain::Sign found{*sign, node, text(base::trimmed(detail), limits::max_argument_text)};
  const bool harmless = copied && is_harmless(found);
  if (harmless && *sign == chain::SignKind::clipboard) return;  // means nothing, however often
  // Commands take no room from each other that other texts have had.
  const auto alike = std::ranges::count_if(facts_.signs, [&](const chain::Sign& one) {
    return one.kind == *sign && (!copied || is_harmless(one) == harmless);
  });
  if (harmless && alike >= 20) return;  // as many as an analyst reads
  add_fact(facts_.signs, std::move(found), alike < 200, "signs");
}

void Recorder::sent(uint32_t from, uint32_t to, const Asked& asked) {
  constexpr size_t searched = 1u << 20;
  // To one's own site, or the same way once more: means nothing, however often.
  const std::string here = chain::site_of(record_.nodes[from].url), there = chain::site_of(asked.url);
  if (there.empty() || here == there) return;
  chain::Bait bait = std::max(chain::bait_in(std::string_view(asked.url).substr(0, searched)),
                              chain::bait_in(std::string_view(asked.body).substr(0, searched)));
  if (bait == chain::Bait::none) return;
  const bool encoded = bait == chain::Bait::encoded;
  if (!leaks_.emplace(from, there, asked.mechanism, encoded).second) return;
  add_fact(facts_.leaks,
           {from, to, asked.mechanism, encoded,
            asked.origin ? text(asked.origin->position.url, max_url) : std::string()},
           facts_.leaks.size() < 500, "leaks");
}

base::Digest Recorder::part(uint32_t node, std::string_view path, std::string_view bytes, bool of_archive) {
  const base::Digest digest = take_in(bytes, of_archive ? "a file in its archive" : "a part of it", node);
  if (of_archive) {
    const chain::Payload payload = chain::payload_of(bytes, "", base::to_lower(path));
    const std::string_view what = payload.kind == chain::PayloadKind::none ? "file" : payload.name;
    event("member",
          fmt::format("{}: a {} of {} bytes, sha256 {}", text(path, 300), what, bytes.size(), digest.hex()),
          node);
    if (payload.kind == chain::PayloadKind::program && !chain::is_source_name(path)) carrier(node);
  }
  return digest;
}

}  // namespace shikake::honeyclient::low
