// Pages as exploit kits of Internet Explorer's time wrote them: what must come of them, by version.
#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

struct Row {
  const char* name;
  const char* persona;
  std::string page;
  std::multiset<std::string> edges;
  Sites::Pages more = {};
};

class OldPages : public ::testing::TestWithParam<Row> {};

TEST_P(OldPages, GiveTheirEdges) {
  Sites::Pages pages = GetParam().more;
  pages["/"] = GetParam().page;
  for (const char* path : {"/x", "/y", "/s.js"}) pages.try_emplace(path, "");
  Sites sites(pages);
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(edge_texts(sites, visit), GetParam().edges);
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
}

const std::string by_comment = "<!--[if lt IE 9]><iframe src={b}/x></iframe><![endif]-->";
const std::string vbscript =
    "<script language=vbscript>\ndocument.write \"<iframe src='{b}/x'></iframe>\"\n</script>";
const std::string old_mode = "<!doctype html><meta http-equiv=X-UA-Compatible content='IE=EmulateIE8'>";
const std::string asks = "document.write('<img src=\"/x?' + [";
std::string answers(const std::string& persona_asks) {
  return "<script>" + asks + persona_asks + "].join() + '\">')</script>";
}
const std::string launch = "<jnlp codebase='{b}/k/'><resources><jar href='k.jar'/></resources></jnlp>";

INSTANTIATE_TEST_SUITE_P(
    Rows, OldPages,
    ::testing::Values(
        // --- conditional comments
        Row{"conditional_comment", "ie8-win7", by_comment, {"iframe {a}/ -> {b}/x"}},
        Row{"conditional_comment_for_older", "ie9-win7", by_comment, {}},
        Row{"conditional_comment_in_others", "chrome-win10", by_comment, {}},
        Row{"conditional_comment_in_ie_10", "ie10-win7", by_comment, {}},
        Row{"conditional_comment_in_a_lower_mode",
            "ie11-win7",
            "<meta http-equiv=x-ua-compatible content='IE=8'>" + by_comment,
            {"iframe {a}/ -> {b}/x"}},
        Row{"conditional_comment_written",
            "ie6-winxp",
            "<script>document.write('<!--[if IE 6]><iframe src={b}/x></iframe><![endif]-->')</script>",
            {"iframe {a}/ -> {b}/x 1:18 document.write"}},
        Row{"conditional_comment_in_inner_html",
            "ie8-win7",
            "<body><script>var d = document.createElement('div'), v = 3; do d.innerHTML = '<!--[if gt IE ' + "
            "(++v) + "
            "']><i></i><![endif]-->'; while (d.getElementsByTagName('i')[0]);" +
                asks + "v].join() + '\">')</script>",
            {"image {a}/ -> {a}/x?8 1:178 document.write"}},
        // --- document modes
        Row{"vbscript_by_document_mode",
            "ie11-win7",
            old_mode + vbscript,
            {"iframe {a}/ -> {b}/x 2:1 document.write"}},
        Row{"vbscript_without_document_mode", "ie11-win7", "<!doctype html>" + vbscript, {}},
        Row{"vbscript_mode_edge",
            "ie11-win7",
            "<meta http-equiv=X-UA-Compatible content='IE=9,IE=edge'>" + vbscript,
            {}},
        Row{"vbscript_mode_10",
            "ie11-win7",
            "<!doctype html><meta name=x http-equiv='x-ua-compatible' content=' ie = 10 ; chrome=1'>" +
                vbscript,
            {"iframe {a}/ -> {b}/x 2:1 document.write"}},
        Row{"objects_of_the_mode",
            "ie11-win7",
            old_mode + answers("document.documentMode,typeof ActiveXObject,typeof attachEvent,typeof "
                               "addEventListener,typeof JSON,ScriptEngineMajorVersion(),typeof localStorage"),
            {"image {a}/ -> {a}/x?8,function,function,undefined,object,5,object 1:90 document.write"}},
        Row{"mode_of_version_8",
            "ie8-win7",
            "<!doctype html><meta http-equiv=X-UA-Compatible content='IE=EmulateIE7'>" +
                answers("document.documentMode,typeof JSON,typeof localStorage,ScriptEngineMinorVersion()"),
            {"image {a}/ -> {a}/x?7,undefined,object,7 1:90 document.write"}},
        Row{"mode_emulated_without_doctype",
            "ie9-win7",
            "<meta http-equiv=X-UA-Compatible content='IE=EmulateIE8'>" + answers("document.documentMode"),
            {"image {a}/ -> {a}/x?5 1:75 document.write"}},
        Row{"mode_by_header",
            "ie11-win7",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-UA-Compatible: IE=EmulateIE8\r\n\r\n<!doctype html>" +
                vbscript,
            {"iframe {a}/ -> {b}/x 2:1 document.write"}},
        Row{"mode_by_element_before_header",
            "ie11-win7",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-UA-Compatible: IE=8\r\n\r\n<!doctype html><meta "
            "http-equiv=X-UA-Compatible content='IE=edge'>" +
                vbscript,
            {}},
        // --- readyState
        Row{"script_ready",
            "ie8-win7",
            "<body><script>var s = document.createElement('script'); s.src = 's.js'; s.onreadystatechange = "
            "function () "
            "{\nif (/^(loaded|complete)$/.test(this.readyState)) { s.onreadystatechange = null; location = "
            "'{b}/x' } "
            "};\ndocument.body.appendChild(s)</script>",
            {"script {a}/ -> {a}/s.js 3:15", "location {a}/ -> {b}/x 2:81"}},
        Row{"script_ready_attached",
            "ie6-winxp",
            "<body><script>var s = document.createElement('script'); s.src = 's.js';"
            "s.attachEvent('onreadystatechange', function () {\nif (s.readyState == 'complete') location = "
            "'{b}/x' "
            "});\ndocument.body.appendChild(s)</script>",
            {"script {a}/ -> {a}/s.js 3:15", "location {a}/ -> {b}/x 2:33"}},
        Row{"script_deferred_until_complete",
            "ie7-winxp",
            "<script id=d defer src=//: onreadystatechange=\"if (readyState == 'complete') location = "
            "'{b}/x'\"></script>",
            {"location {a}/ -> {b}/x 1:31"}},
        Row{"frame_ready",
            "ie8-win7",
            "<iframe id=f src=y></iframe><script>f.onreadystatechange = function () {\nif (f.readyState == "
            "'complete') "
            "new Image().src = '{b}/x' }</script>",
            {"iframe {a}/ -> {a}/y", "image {a}/ -> {b}/x 2:33"}},
        Row{"no_ready_state_in_others",
            "chrome-win10",
            answers("typeof document.createElement('script').readyState"),
            {"image {a}/ -> {a}/x?undefined 1:18 document.write"}},
        // --- members
        Row{"do_scroll_waits",
            "ie8-win7",
            "<body><script>(function wait() { try { document.documentElement.doScroll('left') } catch (e) { "
            "return "
            "setTimeout(wait, 9) }\nlocation = '{b}/x' })()</script>",
            {"location {a}/ -> {b}/x 2:1"}},
        Row{"members_of_its_own",
            "ie8-win7",
            "<body><style id=s>p{}</style>" +
                answers(
                    "typeof document.body.currentStyle,document.frames == window,document.styleSheets.length,"
                    "s.styleSheet.cssText,document.createEventObject().type,ScriptEngine() + "
                    "ScriptEngineBuildVersion(),document.body.uniqueID == document.body.uniqueID,"
                    "s.document == document"),
            {"image {a}/ -> {a}/x?object,true,1,p{},,JScript18702,true,true 1:47 document.write"}},
        Row{"client_capabilities",
            "ie8-win7",
            "<body><script>document.body.addBehavior('#default#clientCaps');" + asks +
                "document.body.getComponentVersion('{89820200-ECBD-11CF-8B85-00AA005B4383}', 'ComponentID'),"
                "document.body.isComponentInstalled('{00000000-0000-0000-0000-000000000001}', 'ComponentID'),"
                "document.body.compareVersions('8,0,0,0', '7,5,0,0')].join() + '\">')</script>",
            {"image {a}/ -> {a}/x?8,0,7601,17514,false,1 1:73 document.write"}},
        Row{"behavior_file",
            "ie8-win7",
            "<body><script>document.body.addBehavior('{b}/x')</script>",
            {"component {a}/ -> {b}/x 1:29"}},
        Row{"language_of_jscript_5",
            "ie8-win7",
            answers("'\\v'=='v',!-[1,],'ab'.substr(-1)=='ab',[1,2,].length,new Date().getYear()>1900"),
            {"image {a}/ -> {a}/x?true,true,true,3,true 1:18 document.write"}},
        Row{"language_of_others",
            "ie9-win7",
            answers("'\\v'=='v',!-[1,],'ab'.substr(-1)=='ab',[1,2,].length,new Date().getYear()>1900"),
            {"image {a}/ -> {a}/x?false,false,false,2,false 1:18 document.write"}},
        // --- applets, objects, plugins
        Row{"applet_with_a_code_base",
            "ie8-win7",
            "<applet codebase={b}/j archive='a.jar, b.jar' code=Main.class></applet>",
            {"applet {a}/ -> {b}/j/a.jar", "applet {a}/ -> {b}/j/b.jar"}},
        Row{"applet_of_a_class",
            "ie8-win7",
            "<applet code=com.x.Main></applet>",
            {"applet {a}/ -> {a}/com/x/Main.class"}},
        Row{"applet_by_parameters",
            "firefox-win7",
            "<object type=application/x-java-applet><param name=java_codebase value={b}/k/><param "
            "name=java_archive "
            "value=m.jar><param name=java_code value=M></object>",
            {"applet {a}/ -> {b}/k/m.jar"}},
        Row{"applet_by_a_launch_file",
            "ie8-win7",
            "<applet><param name=jnlp_href value=l.jnlp></applet>",
            {"applet {a}/ -> {a}/l.jnlp", "applet {a}/ -> {b}/k/k.jar"},
            {{"/l.jnlp",
              "HTTP/1.1 200 OK\r\nContent-Type: application/x-java-jnlp-file\r\n\r\n<?xml version='1.0'?>\n" +
                  launch}}},
        Row{"applet_by_a_launch_file_that_goes_on",
            "ie8-win7",
            "<embed type='application/x-java-applet;version=1.7' jnlp_href=l.jnlp>",
            {"applet {a}/ -> {a}/l.jnlp"},
            {{"/l.jnlp", "<jnlp><resources><extension href=l.jnlp></resources></jnlp>"}}},
        Row{"silverlight",
            "ie9-win7",
            "<object data='data:application/x-silverlight-2,' type=application/x-silverlight-2><param "
            "name=source "
            "value={b}/e.xap><param name=initParams value='u=1'></object>",
            {"object {a}/ -> {b}/e.xap"}},
        Row{"class_to_be_installed",
            "ie6-winxp",
            "<object classid='clsid:11111111-2222-3333-4444-555555555555' "
            "codebase='{b}/c.cab#version=1,0'></object>",
            {"object {a}/ -> {b}/c.cab#version=1,0"}},
        Row{"class_that_is_there",
            "ie6-winxp",
            "<object classid='clsid:6BF52A52-394A-11D3-B153-00C04F79FAA6' codebase='{b}/c.cab'></object>",
            {}}),
    [](const auto& row) { return row.param.name; });

TEST(OldPages, AddressesForOtherPrograms) {
  const struct {
    const char* name;
    const char* address;
    const char* verdict;
    const char* follows;  // "": nothing
  } rows[] = {
      {"help center", "hcp://services/search?query=a&topic=hcp://system/sysinfo/x.htm%A%%A%", "malicious",
       ""},
      {"help center for a person", "hcp://services/subsite?node=a", "benign", ""},
      {"diagnostic tool", "ms-msdt:/id PCWDiagnostic /skip force /param IT_BrowseForFile=specimen",
       "malicious", ""},
      {"archive in markup", "ms-its:mhtml:file://c:\\\\nosuch.mht!{b}/x.chm::/x.htm", "malicious",
       "{b}/x.chm"},
      {"help file", "mk:@MSITStore:{b}/x.chm::/x.htm", "benign", "{b}/x.chm"},
      {"app installer", "ms-appinstaller:?source={b}/x.msix", "benign", "{b}/x.msix"},
      {"office", "ms-word:ofe|u|{b}/x.docx", "benign", "{b}/x.docx"},
      {"intent", "intent://scan/#Intent;S.browser_fallback_url={b}/x;end", "benign", "{b}/x"},
      {"mail", "mailto:a@b.example?body={b}/x", "benign", ""},
  };
  const char* ways[] = {"location = '{u}'", "window.open('{u}')",
                        "document.write('<iframe src=\"{u}\"></iframe>')"};
  for (const auto& row : rows)
    for (std::string way : ways) {
      SCOPED_TRACE(std::string(row.name) + ": " + way);
      way.replace(way.find("{u}"), 3, row.address);
      Sites sites(Sites::Pages{{"/", "<script>" + way + "</script>"}});
      intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
      EXPECT_EQ(intel::name(visit.verdict), row.verdict);
      std::string followed;
      for (const intel::VisitEdge& edge : visit.edges)
        if (edge.mechanism == intel::Mechanism::component) followed = sites.named(visit.nodes[edge.to].url);
      EXPECT_EQ(followed, row.follows);
    }
}

TEST(OldPages, DocumentsInDataAndBlobUrlsAreTakenApart) {
  const std::string pdf =
      "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI({b}/x)>>>>endobj\n"
      "2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>";
  const char* ways[] = {
      "var e = document.createElement('embed'); e.type = 'application/pdf'; e.src = "
      "'data:application/pdf;base64,' + "
      "btoa(pdf); document.body.appendChild(e)",
      "var o = document.createElement('object'); o.type = 'application/pdf'; o.data = "
      "URL.createObjectURL(new "
      "Blob([pdf], {type: 'application/pdf'})); document.body.appendChild(o)"};
  for (const char* way : ways) {
    Sites sites(Sites::Pages{{"/x", ""}});
    std::string escaped;
    for (char c : pdf) escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
    Sites page(
        Sites::Pages{{"/", "<body><script>var pdf = '" + sites.filled(escaped) + "';" + way + "</script>"}});
    VisitOptions options = local_visit(page.url());
    options.persona = "chrome-win10";
    intel::VisitRecord visit = visit_or_fail(options);
    bool opened = false;
    for (const intel::VisitNode& node : visit.nodes) opened = opened || sites.named(node.url) == "{b}/x";
    EXPECT_TRUE(opened) << way;
  }
}

}  // namespace
}  // namespace shikake::honeyclient::low
