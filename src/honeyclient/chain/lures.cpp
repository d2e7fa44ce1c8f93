#include "honeyclient/chain/lures.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "base/ascii.h"
#include "honeyclient/chain/payload.h"
#include "honeyclient/chain/site.h"
#include "url/percent.h"
#include "url/url.h"

namespace shikake::honeyclient::chain {
namespace {

using intel::Mechanism;
using intel::Role;
using intel::VisitEdge;
using intel::VisitNode;
using intel::VisitRecord;
using intel::VisitVerdict;

bool any_of(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [text](std::string_view word) { return text.find(word) != text.npos; });
}

class Finder {
 public:
  Finder(const VisitRecord& visit, const Facts& facts) : visit_(visit), facts_(facts) {}

  std::vector<Lure> run() {
    for (const Sign& sign : facts_.signs) {
      if (sign.node >= visit_.nodes.size()) continue;
      if (sign.kind == SignKind::clipboard || sign.kind == SignKind::clipboard_unseen) weigh_clipboard(sign);
      if (sign.kind == SignKind::notification) weigh_notification(sign);
      if (sign.kind == SignKind::second_look)
        add({"traffic distribution", "", VisitVerdict::benign, sign.node, sign.text, {}, {}, {}});
    }
    for (uint32_t file : facts_.downloads)
      if (file < visit_.nodes.size()) weigh_file(visit_.nodes[file]);
    for (const Leak& leak : facts_.leaks)
      if (leak.from < visit_.nodes.size() && leak.to < visit_.nodes.size()) weigh_leak(leak);
    for (const VisitEdge& edge : visit_.edges)
      if (edge.from < visit_.nodes.size() && edge.to < visit_.nodes.size()) look_for_open_redirect(edge);
    return std::move(found_);
  }

 private:
  // What the text of a document urges to.
  bool asks(uint32_t node, std::string_view what) const {
    return std::ranges::any_of(facts_.signs, [&](const Sign& sign) {
      return sign.kind == SignKind::asks && sign.node == node && sign.text == what;
    });
  }

  void add(Lure lure) {
    for (const Lure& other : found_)
      if (other.name == lure.name && other.node == lure.node && other.evidence == lure.evidence) return;
    found_.push_back(std::move(lure));
  }

  // https://attack.mitre.org/techniques/T1204/004/: a command that a person is made to paste.
  void weigh_clipboard(const Sign& sign) {
    const bool unseen = sign.kind == SignKind::clipboard_unseen, asked = asks(sign.node, "paste and run");
    const bool command = is_attack_command(sign.text);
    // Documentation shows what its button copies; a command that nobody knows is run all the same.
    if (!(command && (unseen || asked)) && !(unseen && asked)) return;
    constexpr size_t shown = 160;
    Lure lure{"paste and run", "T1204.004", VisitVerdict::malicious, sign.node, {}, Role::exploit, {}, {}};
    if (!command || (!unseen && !asks(sign.node, "proof"))) {  // a page of help shows its commands too
      lure.verdict = VisitVerdict::suspicious;
      lure.role.reset();
    }
    lure.evidence = fmt::format("put a {} into the clipboard{}{}: {}", command ? "command" : "text",
                                unseen ? " that it does not show" : "",
                                asked ? " and asks to paste and run it" : "", sign.text.substr(0, shown));
    add(std::move(lure));
  }

  const VisitEdge* way_into(uint32_t node) const {
    for (const VisitEdge& edge : visit_.edges)
      if (edge.to == node && edge.from < visit_.nodes.size()) return &edge;
    return nullptr;
  }

  // The document that had the file: past redirects.
  const VisitEdge* cause_of(uint32_t node) const {
    const VisitEdge* edge = way_into(node);
    for (size_t steps = 0; edge && edge->mechanism == Mechanism::http_redirect && steps < 50; ++steps)
      edge = way_into(edge->from);
    return edge;
  }

  // Files that a page makes itself (https://attack.mitre.org/techniques/T1027/006/), and programs that come
  // as an update of the browser (https://attack.mitre.org/techniques/T1204/002/).
  void weigh_file(const VisitNode& file) {
    const VisitEdge* cause = cause_of(file.id);
    if (!cause) return;
    const Payload payload = payload_by_mime(file.mime);
    const bool made_here = file.url.starts_with("blob:") || file.url.starts_with("data:");
    const bool program = payload.kind == PayloadKind::program;
    const bool carries = std::ranges::find(facts_.carriers, file.id) != facts_.carriers.end();
    if (!program && !carries && !(made_here && payload.mime == "application/x-iso9660-image")) return;
    const VisitNode& page = visit_.nodes[cause->from];
    const bool update = asks(page.id, "update");
    const bool elsewhere = site_of(file.url) != site_of(page.url);
    if (made_here) {
      Lure lure{"HTML smuggling", "T1027.006", VisitVerdict::malicious, page.id, {},
                Role::exploit,    file.id,     Role::distribution};
      if (!program && !carries) lure.verdict = VisitVerdict::suspicious;
      lure.evidence = fmt::format("made a {} of {} bytes in the page and had it saved{}", payload.name,
                                  file.size, carries ? ", with a program in it" : "");
      add(std::move(lure));
    }
    if (update) {
      Lure lure{"fake update", "T1204.002", VisitVerdict::malicious, page.id, {},
                Role::exploit, file.id,     Role::distribution};
      if (!made_here && !elsewhere)
        lure.verdict = VisitVerdict::suspicious;  // who made the browser may say so too
      lure.evidence =
          fmt::format("says that the browser or a part of it must be updated, and gives a {} from {}",
                      payload.name, made_here ? "the page itself" : file.url.substr(0, 200));
      add(std::move(lure));
    }
  }

  // https://attack.mitre.org/techniques/T1204/: a person is made to allow what will show advertisements.
  void weigh_notification(const Sign& sign) {
    std::string worker;
    for (const VisitEdge& edge : visit_.edges)
      if (edge.from == sign.node && edge.mechanism == Mechanism::worker && edge.to < visit_.nodes.size() &&
          site_of(visit_.nodes[edge.to].url) != site_of(visit_.nodes[sign.node].url))
        worker = visit_.nodes[edge.to].url;
    const bool urged = asks(sign.node, "allow");
    if (!urged && worker.empty()) return;  // ordinary sites ask, too
    Lure lure{"notification prompt",
              "",
              urged ? VisitVerdict::suspicious : VisitVerdict::benign,
              sign.node,
              {},
              {},
              {},
              {}};
    lure.evidence =
        fmt::format("{}{}",
                    urged ? "asks to click Allow for something else than notifications"
                          : "asks to be let show notifications",
                    worker.empty() ? "" : ", by a service worker whose code comes from " + worker);
    add(std::move(lure));
  }

  // https://attack.mitre.org/techniques/T1056/003/: what is typed goes to somebody else.
  void weigh_leak(const Leak& leak) {
    const VisitNode &page = visit_.nodes[leak.from], &to = visit_.nodes[leak.to];
    const std::string there = site_of(to.url);
    if (there.empty() || there == site_of(page.url)) return;
    for (const Sign& sign : facts_.signs)  // where the form itself sends: sign-in by another company
      if (sign.kind == SignKind::typed && sign.node == leak.from && site_of(sign.text) == there) return;
    const bool disguised = leak.mechanism == Mechanism::image || leak.mechanism == Mechanism::script ||
                           leak.mechanism == Mechanism::stylesheet || leak.mechanism == Mechanism::beacon;
    Lure lure{"form skimmer", "T1056.003", VisitVerdict::suspicious, page.id, {}, Role::landing,
              to.id,          Role::drop};
    if (leak.encoded || disguised) lure.verdict = VisitVerdict::malicious;
    lure.evidence =
        fmt::format("sent what was typed into its fields to {}{}{}", to.url.substr(0, 200),
                    leak.encoded ? ", encoded" : "", disguised ? ", as a request for something else" : "");
    if (!leak.script.empty() && leak.script != page.url)
      lure.evidence += " by the script " + leak.script.substr(0, 200);
    add(std::move(lure));
  }

  // A page that sends on to whatever its own URL names.
  void look_for_open_redirect(const VisitEdge& edge) {
    if (edge.mechanism != Mechanism::http_redirect && edge.mechanism != Mechanism::location &&
        edge.mechanism != Mechanism::meta_refresh && edge.mechanism != Mechanism::http_refresh)
      return;
    const VisitNode &from = visit_.nodes[edge.from], &to = visit_.nodes[edge.to];
    Result<url::Url> here = url::Url::parse(from.url), there = url::Url::parse(to.url);
    if (!here || !there || !there->is_http() || !here->query() || site_of(from.url) == site_of(to.url))
      return;
    std::string query(*here->query());
    for (std::string_view part : split(query)) {
      const size_t equals = part.find('=');
      if (equals == part.npos) continue;
      std::string value = url::percent_decode(part.substr(equals + 1));
      if (value.starts_with("//")) value = "http:" + value;
      Result<url::Url> named = url::Url::parse(value);
      if (!named || !named->is_http() || named->host() != there->host()) continue;
      Lure lure{"open redirect", "", VisitVerdict::benign, from.id, {}, {}, {}, {}};
      lure.evidence = fmt::format("sends on to whatever its parameter {} names: {}",
                                  part.substr(0, std::min<size_t>(equals, 40)), to.url.substr(0, 200));
      return add(std::move(lure));
    }
  }

  static std::vector<std::string_view> split(std::string_view query) {
    std::vector<std::string_view> parts;
    while (!query.empty()) {
      const size_t end = std::min(query.find('&'), query.size());
      parts.push_back(query.substr(0, end));
      query = query.substr(std::min(end + 1, query.size()));
    }
    return parts;
  }

  const VisitRecord& visit_;
  const Facts& facts_;
  std::vector<Lure> found_;
};

}  // namespace

std::optional<SignKind> sign_named(std::string_view event) {
  constexpr std::pair<std::string_view, SignKind> rows[] = {
      {"clipboard", SignKind::clipboard}, {"clipboard-unseen", SignKind::clipboard_unseen},
      {"asks", SignKind::asks},           {"notification", SignKind::notification},
      {"typed", SignKind::typed},         {"second-look", SignKind::second_look}};
  for (const auto& [name, kind] : rows)
    if (name == event) return kind;
  return std::nullopt;
}

bool is_attack_command(std::string_view text) {
  constexpr std::string_view programs[] = {
      "powershell", "pwsh",     "mshta",   "cmd /c",  "cmd.exe",   "cmd /k",    "wscript",    "cscript",
      "rundll32",   "regsvr32", "msiexec", "conhost", "certutil",  "bitsadmin", "curl ",      "wget ",
      "forfiles",   "ssh ",     "bash -c", "finger ", "osascript", "python",    "installutil"};
  constexpr std::string_view deeds[] = {"http:",
                                        "https:",
                                        "-enc",
                                        " -e ",
                                        "iex",
                                        "invoke-expression",
                                        "downloadstring",
                                        "downloadfile",
                                        "iwr",
                                        "irm ",
                                        "frombase64string",
                                        "|sh",
                                        "| sh",
                                        "|bash",
                                        "| bash",
                                        "base64 -d",
                                        "hidden",
                                        "proxycommand",
                                        "\\\\"};
  // PowerShell's own words: fetch, and run what came.
  constexpr std::string_view fetching[] = {
      "irm ",           "iwr ",         "invoke-restmethod", "invoke-webrequest",
      "downloadstring", "downloadfile", "start-bitstransfer"};
  constexpr std::string_view running[] = {"iex", "invoke-expression", "start-process", "saps ",
                                          "| &", "[scriptblock]"};
  // cmd drops carets, shells drop quotes within words.
  std::string lowered;
  for (const char c : base::to_lower(text))
    if (c != '^' && c != '"' && c != '\'' && c != '`') lowered += c;
  return (any_of(lowered, programs) && any_of(lowered, deeds)) ||
         (any_of(lowered, fetching) && any_of(lowered, running));
}

std::vector<Lure> find_lures(const VisitRecord& visit, const Facts& facts) {
  return Finder(visit, facts).run();
}

}  // namespace shikake::honeyclient::chain
