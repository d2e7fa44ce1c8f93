// VBScript in pages: the edges that it makes, with its places, and what it shares with JScript.
#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

struct Row {
  const char* name;
  std::string page;
  std::multiset<std::string> edges;
  std::vector<std::string> dialogs = {};  // what the page says with MsgBox and alert, in order
  const char* persona = "ie8-winxp";
};

class VbScript : public ::testing::TestWithParam<Row> {};

TEST_P(VbScript, Does) {
  const Row& row = GetParam();
  Sites sites({{"/", row.page},
               {"/end", "x"},
               {"/s.vbs",
                "HTTP/1.1 200 OK\r\nContent-Type: text/vbscript\r\n\r\n"
                "\n  location.href = \"{b}/end\""}});
  VisitOptions options = local_visit(sites.url());
  options.persona = row.persona;
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(edge_texts(sites, visit), row.edges);
  EXPECT_EQ(events_of(visit, "dialog"), row.dialogs);
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
  EXPECT_EQ(visit.unemulated, std::vector<std::string>());
}

const std::string open = "<script language=VBScript>\n";

INSTANTIATE_TEST_SUITE_P(
    Rows, VbScript,
    ::testing::Values(
        Row{"location", open + "  location = \"{b}/end\"\n</script>", {"location {a}/ -> {b}/end 2:3"}},
        Row{"window_location_href",
            open + "Window.Location.HREF = \"{b}/end\"\n</script>",
            {"location {a}/ -> {b}/end 2:1"}},
        Row{"document_write",
            open + "document.write \"<iframe src='{b}/end'></iframe>\"\n</script>",
            {"iframe {a}/ -> {b}/end 2:1 document.write"}},
        Row{"executed_text_has_an_ancestry",
            open + "s = \"location.href = \"\"{b}/end\"\"\"\nExecute s\n</script>",
            {"location {a}/ -> {b}/end 1:1 < 3:1"}},
        Row{"file",
            "<script type=text/vbscript src=/s.vbs></script>",
            {"script {a}/ -> {a}/s.vbs", "location {a}/ -> {b}/end 2:3"}},
        Row{"decoder",
            open + "For Each c In Split(\"98,113\", \",\")\nr = r & Chr(c Xor 3)\nNext\nMsgBox r\n</script>",
            {},
            {"MsgBox: ar"}},
        Row{"jscript_calls_vbscript",
            open +
                "Function twice(n)\ntwice = n * 2\nEnd Function\nDim shared\nshared = 4\n</script>"
                "<script>alert(twice(21) + ':' + shared); shared = 5;</script>" +
                open + "MsgBox shared\n</script>",
            {},
            {"alert: 42:4", "MsgBox: 5"}},
        Row{"vbscript_calls_jscript",
            "<script>var shared = {list: [7, 8], add: function (a, b) { return a + b; }};"
            "function go(u) { location.href = u; }</script>" +
                open + "MsgBox shared.add(2, 3) & shared.list(1)\nGo \"{b}/end\"\n</script>",
            {"location {a}/ -> {b}/end 1:94"},
            {"MsgBox: 58"}},
        Row{"handler_procedures",
            open + "Sub window_onLoad\nMsgBox \"loaded\"\nEnd Sub\nSub b_OnClick\nlocation = "
                   "\"{b}/end\"\nEnd Sub\n</script>"
                   "<button id=b>x</button><script>window.attachEvent('onload', function () "
                   "{ document.getElementById('b').click(); });</script>",
            {"location {a}/ -> {b}/end 6:1"},
            {"MsgBox: loaded"}},
        Row{"handler_attribute", "<body language=vbscript onload=\"MsgBox 1 & 2\">", {}, {"MsgBox: 12"}},
        Row{"exec_script", "<script>execScript('MsgBox 3 & 4', 'VBScript');</script>", {}, {"MsgBox: 34"}},
        Row{"dom",
            "<body>" + open +
                "Set f = document.createElement(\"iframe\")\nf.src = \"{b}/end\"\nf.width = 1\n"
                "document.body.appendChild f\n</script>",
            {"iframe {a}/ -> {b}/end 5:1"}},
        Row{"collections_and_errors",
            "<p>a</p><p>b</p>" + open +
                "For Each p In document.getElementsByTagName(\"p\")\ns = s & p.innerText\nNext\nOn Error "
                "Resume Next\n"
                "document.noSuchThing 1\nMsgBox s & (Err.Number <> 0)\n</script>",
            {},
            {"MsgBox: abTrue"}},
        Row{"other_browsers_do_not_run_it",
            open + "location = \"{b}/end\"\n</script>",
            {},
            {},
            "chrome-win10"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    JScript, VbScript,
    ::testing::Values(
        Row{"conditional_compilation",
            "<script>var v = 0; /*@cc_on v = @_jscript_version; @*/ alert(v);</script>",
            {},
            {"alert: 5.8"}},
        Row{"conditional_comment_line",
            "<script>\n//@cc_on alert(1);\n//@ alert(2);\n</script>",
            {},
            {"alert: 1", "alert: 2"}},
        Row{"branches",
            "<script>/*@cc_on\n@if (@_win64) alert('a');\n@elif (@_jscript_version >= 5.5 && @_x86) "
            "alert('b');\n"
            "@else alert('c');\n@end @*/</script>",
            {},
            {"alert: b"}},
        Row{"set", "<script>/*@cc_on @set @n = (2 + 3) * 4\n alert(@n); @*/</script>", {}, {"alert: 20"}},
        Row{"stays_on", "<script>/*@cc_on @*/</script><script>alert(@_jscript)</script>", {}, {"alert: 1"}},
        Row{"strings_and_patterns_are_left_alone",
            "<script>/*@cc_on @*/ alert('@if' + /[/@]@cc_on/.source + (8 /2/ 1));</script>",
            {},
            {"alert: @if[/@]@cc_on4"}},
        Row{"member_functions",
            "<script>var a = {b: {}};\nfunction a.b.go(u) { location = u; }\na.b.go('{b}/end');</script>",
            {"location {a}/ -> {b}/end 2:22"}},
        Row{"others_take_it_for_a_comment",
            "<script>/*@cc_on alert(1); @*/ alert(2)</script>",
            {},
            {"alert: 2"},
            "ie11-win7"},
        Row{"eleven_hides_what_it_has",
            "<script>alert(typeof ActiveXObject + ('ActiveXObject' in window) + !!new "
            "ActiveXObject('ShockwaveFlash.ShockwaveFlash') + typeof document.all)</script>",
            {},
            {"alert: undefinedtruetrueundefined"},
            "ie11-win7"}),
    [](const auto& row) { return row.param.name; });

TEST(VbScriptPage, ComponentsAreReported) {
  Sites sites(
      {{"/", open + "Set s = CreateObject(\"WScript.Shell\")\ns.Run \"cmd /c echo\", 0\n"
                    "Set x = CreateObject(\"Microsoft.XMLHTTP\")\nx.open \"GET\", \"/end\", False\nx.send\n"
                    "MsgBox x.responseText\n</script>"},
       {"/end", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nfetched"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = "ie8-winxp";
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "dialog"), std::vector<std::string>{"MsgBox: fetched"});
  EXPECT_EQ(edge_texts(sites, visit), (std::multiset<std::string>{"xhr {a}/ -> {a}/end 6:1"}));
  std::string used;
  for (const std::string& event : events_of(visit, "component")) used += event + "\n";
  EXPECT_NE(used.find("WScript.Shell"), std::string::npos) << used;
  EXPECT_NE(used.find("Run"), std::string::npos) << used;
  EXPECT_NE(used.find("cmd /c echo"), std::string::npos) << used;
}

TEST(VbScriptPage, EndlessLoopsEnd) {
  Sites sites({{"/", open + "Do\nx = x + 1\nLoop\n</script>"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = "ie8-winxp";
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_THAT(visit.limits_hit, ::testing::ElementsAre("script-time"));
}

}  // namespace
}  // namespace shikake::honeyclient::low
