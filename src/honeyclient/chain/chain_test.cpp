#include "honeyclient/chain/chain.h"

#include <gtest/gtest.h>

#include <map>

#include "honeyclient/chain/payload.h"
#include "honeyclient/chain/tree.h"

namespace shikake::honeyclient::chain {
namespace {

using intel::Mechanism;
using intel::Role;
using intel::VisitRecord;
using intel::VisitVerdict;
using namespace std::string_literals;

const std::string program = "application/vnd.microsoft.portable-executable";

// A graph in few words: nodes by URL (the first is visited), then edges.
class Graph {
 public:
  explicit Graph(std::vector<std::string> urls) {
    for (const std::string& url : urls) {
      intel::VisitNode node;
      node.id = static_cast<uint32_t>(visit.nodes.size());
      node.url = url;
      node.fetched = true;
      node.status = 200;
      node.mime = "text/html";
      visit.nodes.push_back(node);
    }
    visit.url = urls.front();
  }
  Graph& edge(uint32_t from, uint32_t to, Mechanism mechanism, bool hidden = false) {
    intel::VisitEdge one{.from = from, .to = to, .mechanism = mechanism};
    if (hidden)
      one.script = intel::ScriptOrigin{
          {visit.nodes[from].url, {}, 3, 1}, "document.write", {{visit.nodes[from].url, {}, 7, 2}}};
    visit.edges.push_back(one);
    return *this;
  }
  Graph& file(uint32_t node, const std::string& mime = program) {
    if (node < visit.nodes.size()) {  // facts of nodes that there are not are hostile rows
      visit.nodes[node].mime = mime;
      visit.nodes[node].size = 1000;
    }
    facts.downloads.push_back(node);
    return *this;
  }
  Graph& misuse(uint32_t node, bool vouched = true) {
    facts.misuses.push_back({node, "gave X.Y.Open an argument of 4096 characters", {"CVE-2000-0000"}});
    facts.misuses.back().vouched = vouched;
    return *this;
  }
  Graph& given_to_eval() {  // what scripts of edges ran, as edge() has it
    facts.evaluated.insert(base::Digest{});
    return *this;
  }
  VisitRecord visit;
  Facts facts;
};

struct Row {
  const char* name;
  Graph graph;
  VisitVerdict verdict;
  std::map<uint32_t, Role> roles;
};

class Chains : public ::testing::TestWithParam<Row> {};
TEST_P(Chains, Judged) {
  Graph graph = GetParam().graph;
  judge(graph.visit, graph.facts);
  EXPECT_EQ(intel::name(graph.visit.verdict), intel::name(GetParam().verdict));
  std::map<uint32_t, Role> roles;
  for (const intel::VisitNode& node : graph.visit.nodes) {
    EXPECT_EQ(node.role.has_value(), !node.evidence.empty()) << node.url;
    if (node.role) roles[node.id] = *node.role;
  }
  EXPECT_EQ(roles, GetParam().roles);
  EXPECT_EQ(graph.visit.verdict == VisitVerdict::benign, graph.visit.reasons.empty());
  EXPECT_FALSE(render_tree(graph.visit).empty());
}

const std::string shop = "http://shop.example/", gate = "http://gate.test/in", kit = "http://kit.invalid/x",
                  host = "http://files.test.example/p.exe";

INSTANTIATE_TEST_SUITE_P(
    Rows, Chains,
    ::testing::Values(
        Row{"classic",
            Graph({shop, gate, kit, host})
                .edge(0, 1, Mechanism::iframe, true)
                .edge(1, 2, Mechanism::http_redirect)
                .edge(2, 3, Mechanism::iframe)
                .file(3),
            VisitVerdict::malicious,
            {{0, Role::landing}, {1, Role::relay}, {2, Role::exploit}, {3, Role::distribution}}},
        Row{"others_lead_back_to_the_first_site",
            Graph({shop, gate, "http://shop.example/back", host})
                .edge(0, 1, Mechanism::iframe)
                .edge(1, 2, Mechanism::location)
                .edge(2, 3, Mechanism::iframe)
                .file(3),
            VisitVerdict::malicious,
            {{0, Role::landing}, {1, Role::relay}, {2, Role::exploit}, {3, Role::distribution}}},
        Row{"a_picture_of_the_same_url_went_first",
            Graph({shop, gate, host})
                .edge(0, 2, Mechanism::image)
                .edge(0, 1, Mechanism::image)
                .edge(0, 1, Mechanism::iframe)
                .edge(1, 2, Mechanism::iframe)
                .file(2),
            VisitVerdict::malicious,
            {{0, Role::landing}, {1, Role::exploit}, {2, Role::distribution}}},
        Row{"a_download_page_and_its_mirrors",
            Graph({shop, "http://shop.example/thanks", "http://mirrors.test/p.exe", host})
                .edge(0, 1, Mechanism::location)
                .edge(1, 2, Mechanism::meta_refresh)
                .edge(2, 3, Mechanism::http_redirect)
                .file(3),
            VisitVerdict::suspicious,
            {{1, Role::landing}, {2, Role::relay}, {3, Role::distribution}}},
        Row{"what_no_advisory_speaks_of",
            Graph({shop, kit}).edge(0, 1, Mechanism::iframe).misuse(1, false),
            VisitVerdict::suspicious,
            {}},
        Row{"misuse_without_a_file",
            Graph({shop, gate, kit}).edge(0, 1, Mechanism::iframe).edge(1, 2, Mechanism::location).misuse(2),
            VisitVerdict::malicious,
            {{0, Role::landing}, {1, Role::relay}, {2, Role::exploit}}},
        Row{"the_first_page_itself_attacks",
            Graph({kit, host}).edge(0, 1, Mechanism::iframe).misuse(0).file(1),
            VisitVerdict::malicious,
            {{0, Role::exploit}, {1, Role::distribution}}},
        Row{"an_attack_with_a_document",
            Graph({shop, kit, "http://kit.invalid/a.pdf"})
                .edge(0, 1, Mechanism::iframe)
                .edge(1, 2, Mechanism::object)
                .misuse(1)
                .file(2, "application/pdf"),
            VisitVerdict::malicious,
            {{0, Role::landing}, {1, Role::exploit}, {2, Role::distribution}}},
        Row{"redirects_within_the_site_come_first",
            Graph({"http://shop.example/", "http://www.shop.example/a", gate, host})
                .edge(0, 1, Mechanism::http_redirect)
                .edge(1, 2, Mechanism::iframe)
                .edge(2, 3, Mechanism::meta_refresh)
                .file(3),
            VisitVerdict::malicious,
            {{1, Role::landing}, {2, Role::exploit}, {3, Role::distribution}}},
        Row{"bystanders_have_no_role",
            Graph({shop, gate, host, "http://cdn.example.org/x.js", "http://ads.example.net/"})
                .edge(0, 3, Mechanism::script)
                .edge(0, 4, Mechanism::iframe)
                .edge(0, 1, Mechanism::iframe)
                .edge(1, 2, Mechanism::location)
                .file(2),
            VisitVerdict::malicious,
            {{0, Role::landing}, {1, Role::exploit}, {2, Role::distribution}}},
        Row{"one_hop_from_another_site",
            Graph({shop, host}).edge(0, 1, Mechanism::meta_refresh).file(1),
            VisitVerdict::suspicious,
            {{0, Role::landing}, {1, Role::distribution}}},
        Row{"one_hidden_hop_from_another_site",
            Graph({shop, host}).edge(0, 1, Mechanism::iframe, true).file(1),
            VisitVerdict::malicious,
            {{0, Role::landing}, {1, Role::distribution}}},
        Row{"a_tag_that_writes_its_script",
            Graph({shop, gate}).edge(0, 1, Mechanism::iframe, true),
            VisitVerdict::benign,
            {}},
        Row{"a_hidden_divert_without_a_file",
            Graph({shop, gate}).edge(0, 1, Mechanism::iframe, true).given_to_eval(),
            VisitVerdict::suspicious,
            {}},
        Row{"a_download_page_of_the_same_site",
            Graph({shop, "http://dl.shop.example/setup.exe"}).edge(0, 1, Mechanism::meta_refresh).file(1),
            VisitVerdict::benign,
            {}},
        Row{"a_link_to_a_program",
            Graph({shop, host}).edge(0, 1, Mechanism::http_redirect).file(1),
            VisitVerdict::benign,
            {}},
        Row{"a_program_was_asked_for", Graph({host}).file(0), VisitVerdict::benign, {}},
        Row{"an_archive_from_another_site",
            Graph({shop, gate, "http://mirror.invalid/a.zip"})
                .edge(0, 1, Mechanism::iframe)
                .edge(1, 2, Mechanism::location)
                .file(2, "application/zip"),
            VisitVerdict::benign,
            {}},
        Row{"a_script_that_reads_a_program",
            Graph({shop, host}).edge(0, 1, Mechanism::xhr).file(1),
            VisitVerdict::benign,
            {}},
        Row{"plain_advertisement",
            Graph({shop, gate, kit}).edge(0, 1, Mechanism::iframe).edge(1, 2, Mechanism::iframe),
            VisitVerdict::benign,
            {}},
        Row{"a_packed_script_of_the_site",
            Graph({shop, "http://shop.example/frame"}).edge(0, 1, Mechanism::iframe, true),
            VisitVerdict::benign,
            {}},
        Row{"a_ring",
            Graph({shop, gate, kit})
                .edge(0, 1, Mechanism::iframe)
                .edge(1, 2, Mechanism::location)
                .edge(2, 1, Mechanism::location)
                .edge(2, 0, Mechanism::location),
            VisitVerdict::benign,
            {}},
        Row{"edges_out_of_nowhere",
            Graph({shop, gate, host})
                .edge(1, 2, Mechanism::location)
                .edge(7, 9, Mechanism::iframe)
                .file(2)
                .file(8)
                .misuse(5),
            VisitVerdict::benign,
            {}}),
    [](const auto& row) { return row.param.name; });

TEST(Tree, ShowsTheWayAndCountsTheRest) {
  Graph graph({shop, gate, host, "http://cdn.example.org/x.js"});
  graph.edge(0, 3, Mechanism::script)
      .edge(0, 1, Mechanism::iframe, true)
      .edge(1, 2, Mechanism::location)
      .file(2);
  judge(graph.visit, graph.facts);
  const std::string text = render_tree(graph.visit);
  EXPECT_NE(text.find("[landing]  hxxp://shop[.]example/"), std::string::npos) << text;
  EXPECT_NE(
      text.find("└─ iframe by document.write (script line 3, eval'd): [exploit]  hxxp://gate[.]test/in"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("and 1 resource without a part in it"), std::string::npos) << text;
  EXPECT_EQ(text.find("cdn"), std::string::npos) << text;
  EXPECT_NE(render_tree(graph.visit, {.bystanders = true}).find("cdn[.]example[.]org"), std::string::npos);
}

TEST(Tree, EscapesStayText) {
  Graph graph({"http://a.example/\x1b[2J"s, "http://b.example/\x1b]0;x\x07"s});
  graph.edge(0, 1, Mechanism::iframe);
  graph.visit.reasons = {"\x1b[31m"};
  graph.visit.nodes[1].mime = "text/\x1b[1m";
  EXPECT_EQ(render_tree(graph.visit).find('\x1b'), std::string::npos);
}

TEST(Tree, IsBounded) {
  std::vector<std::string> urls(5000, "http://a.example/");
  Graph graph(urls);
  for (uint32_t i = 1; i < urls.size(); ++i) graph.edge(i % 2 ? 0 : i - 1, i, Mechanism::iframe);
  const std::string text = render_tree(graph.visit);
  EXPECT_LT(std::ranges::count(text, '\n'), 80);
  EXPECT_NE(text.find("more\n"), std::string::npos);
}

struct PayloadRow {
  const char* name;
  std::string body, declared, path;
  PayloadKind kind;
};
class Payloads : public ::testing::TestWithParam<PayloadRow> {};
TEST_P(Payloads, Told) {
  const Payload found = payload_of(GetParam().body, GetParam().declared, GetParam().path);
  EXPECT_EQ(found.kind, GetParam().kind) << found.mime;
  if (found.kind != PayloadKind::none) {
    EXPECT_EQ(payload_by_mime(found.mime).name, found.name);
  }
}
std::string portable_executable() {
  std::string body(128, '\0');
  body[0] = 'M', body[1] = 'Z', body[60] = 64;
  body.replace(64, 4, "PE\0\0"s);
  return body;
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Payloads,
    ::testing::Values(
        PayloadRow{"pe_called_a_picture", portable_executable(), "image/png", "/a.png", PayloadKind::program},
        PayloadRow{"pe_cut_short", portable_executable().substr(0, 63), "application/octet-stream", "/a.exe",
                   PayloadKind::none},
        PayloadRow{"text_that_begins_with_mz", "MZ is the mark of " + std::string(80, 'x'), "text/plain",
                   "/mz.txt", PayloadKind::none},
        PayloadRow{"lfanew_past_the_end", portable_executable().replace(60, 4, "\xff\xff\xff\xff"), "", "",
                   PayloadKind::program},
        PayloadRow{"elf",
                   "\x7f"
                   "ELF\2\1\1",
                   "", "", PayloadKind::program},
        PayloadRow{"fat_mach_o", "\xCA\xFE\xBA\xBE\0\0\0\2"s, "", "", PayloadKind::program},
        PayloadRow{"java_class", "\xCA\xFE\xBA\xBE\0\0\0\x34"s, "", "", PayloadKind::document},
        PayloadRow{"shortcut", "L\0\0\0\x01\x14\x02\0"s, "", "", PayloadKind::program},
        PayloadRow{"appx", "PK\x03\x04....AppxManifest.xml", "", "", PayloadKind::program},
        PayloadRow{"compiled_help", "ITSF\x03\0\0\0"s, "", "", PayloadKind::program},
        PayloadRow{"virtual_disk", "conectix", "", "/a.vhd", PayloadKind::archive},
        PayloadRow{"apk", "PK\x03\x04....AndroidManifest.xml", "", "", PayloadKind::program},
        PayloadRow{"jar", "PK\x03\x04....META-INF/MANIFEST.MF", "", "", PayloadKind::document},
        PayloadRow{"zip", "PK\x03\x04....readme.txt", "", "", PayloadKind::archive},
        PayloadRow{"pdf_behind_junk", "\n\n%PDF-1.4", "application/pdf", "", PayloadKind::document},
        PayloadRow{"page_about_pdf", "<p>%PDF-1.4", "text/html", "/x", PayloadKind::none},
        PayloadRow{"vbs", "Dim x", "text/plain", "/a.vbs", PayloadKind::program},
        PayloadRow{"page_called_vbs", "<html>", "text/html", "/a.vbs", PayloadKind::none},
        PayloadRow{"javascript_is_no_payload", "var x", "text/javascript", "/a.js", PayloadKind::none},
        PayloadRow{"msi", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "", "/setup.msi", PayloadKind::program},
        PayloadRow{"word", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "", "/letter.doc", PayloadKind::document},
        PayloadRow{"empty", "", "application/octet-stream", "/a.hta", PayloadKind::none}),
    [](const auto& row) { return row.param.name; });

TEST(SavedFiles, AreToldByTheirNamesToo) {
  const struct {
    const char* name;
    std::string_view body;
    PayloadKind kind;
  } rows[] = {
      {"update.js", "var x", PayloadKind::program},
      {"update.url", "[InternetShortcut]", PayloadKind::program},
      {"update.hta", "<html>", PayloadKind::program},
      {"update.js", "", PayloadKind::none},
      {"page.html", "<html>", PayloadKind::none},
      {"notes.txt", "var x", PayloadKind::none},
      {"jquery.js.map", "var x", PayloadKind::none},
  };
  for (const auto& row : rows) EXPECT_EQ(payload_of_saved(row.body, row.name).kind, row.kind) << row.name;
}

std::string zip_entry(const std::string& name) {
  std::string entry("PK\x03\x04" + std::string(26, '\0'));
  entry[26] = static_cast<char>(name.size());
  return entry + name;
}

TEST(ZipNames, OfProgramsAreKeptHoweverManyOthersThereAre) {
  std::string archive;
  for (int i = 0; i < 1000; ++i) archive += zip_entry("picture" + std::to_string(i) + ".png");
  const ZipNames names = zip_names(archive + zip_entry("Invoice.EXE"));
  EXPECT_EQ(names.programs, std::vector<std::string>{"Invoice.EXE"});
  EXPECT_EQ(names.others.size(), 50u);
  EXPECT_TRUE(zip_names("nothing").others.empty());
  EXPECT_TRUE(zip_names("PK\x03\x04").others.empty());
  EXPECT_EQ(zip_names(zip_entry("whole") + zip_entry("cut").substr(0, 31)).others,
            (std::vector<std::string>{"whole", "c"}));
}

TEST(ZipNames, OfProgramsEndAsTheirs) {
  for (const char* name : {"a.exe", "A.HTA", "b/c.js", "a.exe. .", "report.pdf.lnk", ".bat"})
    EXPECT_TRUE(is_program_name(name)) << name;
  for (const char* name : {"jquery.scrollTo.min.css", ".htaccess", "a.json", "a.exe.txt", "exe", ""})
    EXPECT_FALSE(is_program_name(name)) << name;
}

}  // namespace
}  // namespace shikake::honeyclient::chain
