// Every way from one resource to another, as small sites: what is served, and the edges that must come of it.
#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

struct Row {
  const char* name;
  Sites::Pages pages;
  std::multiset<std::string> edges;
  const char* persona = "chrome-win10";
};

class Mechanisms : public ::testing::TestWithParam<Row> {};

TEST_P(Mechanisms, GivesItsEdges) {
  Sites sites(GetParam().pages);
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(edge_texts(sites, visit), GetParam().edges);
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
}

const std::string redirect_to_b = "HTTP/1.1 302 Found\r\nLocation: {b}/end\r\n\r\n";
const std::string javascript = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    Rows, Mechanisms,
    ::testing::Values(
        Row{"http_redirect", {{"/", redirect_to_b}, {"/end", "x"}}, {"http_redirect {a}/ -> {b}/end"}},
        Row{"redirect_of_a_subresource",
            {{"/", "<img src=i.gif>"}, {"/i.gif", redirect_to_b}, {"/end", "x"}},
            {"image {a}/ -> {a}/i.gif", "http_redirect {a}/i.gif -> {b}/end"}},
        Row{"http_refresh",
            {{"/", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nRefresh: 2; url={b}/end\r\n\r\n<p>wait"},
             {"/end", "x"}},
            {"http_refresh {a}/ -> {b}/end"}},
        Row{"meta_refresh",
            {{"/", "<meta http-equiv=Refresh content=\" 1 ;URL='{b}/end'\">"}, {"/end", "x"}},
            {"meta_refresh {a}/ -> {b}/end"}},
        Row{"meta_refresh_written",
            {{"/",
              "<script>\ndocument.write('<meta http-equiv=refresh content=\"0;url={b}/end\">')</script>"},
             {"/end", "x"}},
            {"meta_refresh {a}/ -> {b}/end 2:10 document.write"}},
        Row{"frame",
            {{"/", "<frameset cols=1,2><frame src=f1><frame src={b}/f2></frameset>"},
             {"/f1", "x"},
             {"/f2", "y"}},
            {"frame {a}/ -> {a}/f1", "frame {a}/ -> {b}/f2"}},
        Row{"iframe_in_iframe",
            {{"/", "<iframe src={b}/x></iframe>"}, {"/x", "<iframe src={a}/y></iframe>"}, {"/y", "z"}},
            {"iframe {a}/ -> {b}/x", "iframe {b}/x -> {a}/y"}},
        Row{"script",
            {{"/", "<script src={b}/s.js></script>"}, {"/s.js", javascript + "var x = 1;"}},
            {"script {a}/ -> {b}/s.js"}},
        Row{"script_of_a_file_writes",
            {{"/", "<script src={b}/s.js></script>"},
             {"/s.js", javascript + "\n  document.write('<iframe src={b}/f></iframe>');"},
             {"/f", "x"}},
            {"script {a}/ -> {b}/s.js", "iframe {a}/ -> {b}/f 2:12 document.write"}},
        Row{"object_and_embed",
            {{"/",
              "<object data={b}/o></object><embed src={b}/e><object><param name=movie "
              "value={b}/m.swf></object>"},
             {"/o", "x"},
             {"/e", "x"},
             {"/m.swf", "x"}},
            {"object {a}/ -> {b}/o", "embed {a}/ -> {b}/e", "object {a}/ -> {b}/m.swf"}},
        Row{"object_and_embed_show_pages",
            {{"/", "<object data={b}/o type=text/html></object><embed src={b}/e>"},
             {"/o", "<script>location = '{a}/end'</script>"},
             {"/e", "<iframe src={a}/end></iframe>"},
             {"/end", "x"}},
            {"object {a}/ -> {b}/o", "location {b}/o -> {a}/end 1:9", "embed {a}/ -> {b}/e",
             "iframe {b}/e -> {a}/end"}},
        Row{"object_that_is_made_and_moved",
            {{"/",
              "<body><script>var o = document.createElement('object'); o.data = '{b}/o';\n"
              "document.body.appendChild(o)</script>"},
             {"/o", "x"}},
            {"object {a}/ -> {b}/o 2:15"}},
        Row{"applet",
            {{"/", "<applet archive={b}/a.jar code=X></applet>"}, {"/a.jar", "x"}},
            {"applet {a}/ -> {b}/a.jar"}},
        Row{"link_and_stylesheet",
            {{"/", "<link rel=stylesheet href={b}/s.css><link rel=icon href=i.ico><link rel=author href=me>"},
             {"/s.css", "p{}"},
             {"/i.ico", "x"}},
            {"stylesheet {a}/ -> {b}/s.css", "link {a}/ -> {a}/i.ico"}},
        Row{"css_imports",
            {{"/",
              "<style>/* @import 'no'; */ @charset 'x'; @import url({b}/1.css) screen;@IMPORT \"2.css\";p{} "
              "@import 'late.css';</style><link rel=stylesheet href={b}/s/l.css>"},
             {"/1.css", "p{}"},
             {"/2.css", "@import '2.css'; @import url( '3.css' );"},
             {"/3.css", "p{}"},
             {"/s/l.css", "@import 'deep.css'"},
             {"/s/deep.css", "p{}"}},
            {"stylesheet {a}/ -> {b}/1.css", "stylesheet {a}/ -> {a}/2.css", "stylesheet {a}/ -> {a}/3.css",
             "stylesheet {a}/ -> {b}/s/l.css", "stylesheet {a}/ -> {b}/s/deep.css"}},
        Row{"css_import_by_script",
            {{"/",
              "<head><script>var s = document.createElement('style'); s.innerHTML = '@import "
              "\"{b}/1.css\"';\ndocument.head.appendChild(s)</script>"},
             {"/1.css", "p{}"}},
            {"stylesheet {a}/ -> {b}/1.css 2:15"}},
        Row{"image_and_media",
            {{"/", "<img src={b}/i.gif><video src={b}/v.mp4></video><body background=bg.gif>"},
             {"/i.gif", "x"},
             {"/v.mp4", "x"},
             {"/bg.gif", "x"}},
            {"image {a}/ -> {b}/i.gif", "media {a}/ -> {b}/v.mp4", "image {a}/ -> {a}/bg.gif"}},
        Row{"image_by_script",
            {{"/", "<script>new Image().src = '{b}/i.gif';</script>"}, {"/i.gif", "x"}},
            {"image {a}/ -> {b}/i.gif 1:9"}},
        Row{"location_assigned",
            {{"/", "<script>\n location = '{b}/end';</script>"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 2:2"}},
        Row{"location_href",
            {{"/", "<script>window.location.href = '{b}/end';</script>"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:9"}},
        Row{"location_replace",
            {{"/", "<script>document.location.replace('{b}/end');</script>"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:27"}},
        Row{"location_by_a_timer_of_text",
            {{"/", "<script>setTimeout(\"location.assign('{b}/end')\", 3000)</script>"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:10 < 1:19"}},
        Row{"location_of_the_top_from_a_frame",
            {{"/", "<iframe src={b}/f></iframe>"},
             {"/f", "<script>top.location = '{b}/end'</script>"},
             {"/end", "x"}},
            {"iframe {a}/ -> {b}/f", "location {b}/f -> {b}/end 1:9"}},
        // The frame leads on, and its addresses are relative to it.
        Row{"location_of_its_parent_from_a_frame_of_the_same_origin",
            {{"/", "<iframe src=d/f></iframe>"},
             {"/d/f", "<script>parent.location.href = 'end'</script>"},
             {"/d/end", "<iframe src=g name=g></iframe><script>onload = () => frames.g.location = 'h'</script>"},
             {"/d/g", "x"},
             {"/d/h", "<script>window.open('/last', '_top')</script>"},
             {"/last", "x"}},
            {"iframe {a}/ -> {a}/d/f", "location {a}/d/f -> {a}/d/end 1:9", "iframe {a}/d/end -> {a}/d/g",
             "location {a}/d/end -> {a}/d/h 1:54", "window_open {a}/d/h -> {a}/last 1:16"}},
        Row{"location_of_a_frame_from_its_parent",
            {{"/", "<iframe name=f></iframe><script>frames.f.location = '{b}/end'</script>"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:33"}},
        Row{"form_aimed_at_a_frame",
            {{"/",
              "<iframe name=f></iframe><form target=f "
              "action=g></form>\n<script>document.forms[0].submit()</script>"},
             {"/g",
              "<script>parent.document.getElementsByTagName('form')[0].innerHTML = '<img src=i>'</script>"},
             {"/i", "x"}},
            {"form_submit {a}/ -> {a}/g? 2:27", "image {a}/ -> {a}/i 1:25 innerHTML"}},
        Row{"frame_of_the_same_origin_moves_itself",
            {{"/", "<iframe src=f></iframe>"},
             {"/f", "<script>location = '{b}/end'</script>"},
             {"/end", "x"}},
            {"iframe {a}/ -> {a}/f", "location {a}/f -> {b}/end 1:9"}},
        Row{"page_goes_on_after_its_frame_moved",
            {{"/",
              "<iframe name=f></iframe><script>frames.f.location = 'f'; setTimeout(\"location = 'end'\", "
              "9)</script>"},
             {"/f", "x"},
             {"/end", "x"}},
            {"location {a}/ -> {a}/f 1:33", "location {a}/ -> {a}/end 1:1 < 1:68"}},
        Row{"window_name_outlives_the_document",
            {{"/", "<script>name = '{b}/end'; location = '/next'</script>"},
             {"/next", "<script>location = name</script>"},
             {"/end", "x"}},
            {"location {a}/ -> {a}/next 1:46", "location {a}/next -> {b}/end 1:9"}},
        Row{"window_name_in_another_worker",
            {{"/", "<iframe src=f></iframe>"},
             {"/f", "<script>window.name = '{a}/end'; location = '{b}/g'</script>"},
             {"/g", "<script>location = name</script>"},
             {"/end", "x"}},
            {"iframe {a}/ -> {a}/f", "location {a}/f -> {b}/g 1:53", "location {b}/g -> {a}/end 1:9"}},
        Row{"window_name_of_the_frame_element",
            {{"/", "<iframe name={b}/end src=f></iframe>"},
             {"/f", "<script>location = name</script>"},
             {"/end", "x"}},
            {"iframe {a}/ -> {a}/f", "location {a}/f -> {b}/end 1:9"}},
        Row{"empty_window_written_into",
            {{"/",
              "<script>var w = window.open('', 'p'); w.document.write('<script src={b}/s.js><\\/script>'); "
              "w.document.close()</script>"},
             {"/s.js", javascript + "opener.document.title = 1; location = '{b}/end'"},
             {"/end", "x"}},
            {"script {a}/ -> {b}/s.js 1:50 document.write", "location {a}/ -> {b}/end 1:28"}},
        Row{"empty_window_sent_elsewhere",
            {{"/", "<script>var w = window.open('about:blank'); w.location = '{b}/x'</script>"},
             {"/x", "<script>location = '/end'</script>"},
             {"/end", "x"}},
            {"location {a}/ -> {b}/x 1:45", "location {b}/x -> {b}/end 1:9"}},
        Row{"empty_window_sends_its_opener_elsewhere",
            {{"/",
              "<script>var w = window.open(); w.document.write('<script>top === self && (opener.location = "
              "\"{b}/end\")<\\/script>')</script>"},
             {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:1 < 1:43"}},
        Row{"empty_window_by_its_name",
            {{"/",
              "<script>window.open('', 'p').document.title = 'first'; if (window.open('', 'p').document.title "
              "== 'first') document.write('<a id=l target=p href={b}/x>'), "
              "document.getElementById('l').click()</script>"},
             {"/x", "x"}},
            {"anchor {a}/ -> {b}/x 1:204"}},
        Row{"window_of_a_script",
            {{"/", "<script>window.open(\"javascript:'<script src={b}/s.js><\\/script>'\")</script>"},
             {"/s.js", javascript + "1"}},
            {"script {a}/ -> {b}/s.js"}},
        Row{"window_open",
            {{"/", "<script>window.open('{b}/pop')</script>"},
             {"/pop", "<script>location='{a}/end'</script>"},
             {"/end", "x"}},
            {"window_open {a}/ -> {b}/pop 1:16", "location {b}/pop -> {a}/end 1:9"}},
        Row{"form_submit",
            {{"/",
              "<form action={b}/end><input name=q value='a "
              "b'></form>\n<script>document.forms[0].submit()</script>"},
             {"/end", "x"}},
            {"form_submit {a}/ -> {b}/end?q=a+b 2:27"}},
        Row{"form_post",
            {{"/",
              "<form method=post action={b}/end><input name=q "
              "value=1></form>\n<script>document.forms[0].submit()</script>"},
             {"/end", "x"}},
            {"form_submit {a}/ -> {b}/end 2:27"}},
        Row{"anchor_clicked_by_script",
            {{"/", "<a id=l href={b}/end>x</a><a href=never>y</a>\n<script>l.click()</script>"},
             {"/end", "x"}},
            {"anchor {a}/ -> {b}/end 2:11"}},
        Row{"xhr",
            {{"/",
              "<script>var x = new XMLHttpRequest; x.open('GET', '{b}/d'); x.onload = function () {\n"
              " location = x.responseText }; x.send()</script>"},
             {"/d", "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n{b}/end"},
             {"/end", "x"}},
            {"xhr {a}/ -> {b}/d 2:33", "location {a}/ -> {b}/end 2:2"}},
        Row{"xhr_synchronous",
            {{"/",
              "<script>var x = new XMLHttpRequest; x.open('GET', 'd', false); x.send(); "
              "eval(x.responseText)</script>"},
             {"/d", "document.write('<iframe src={b}/f></iframe>')"},
             {"/f", "x"}},
            {"xhr {a}/ -> {a}/d 1:66", "iframe {a}/ -> {b}/f 1:10 document.write < 1:74"}},
        Row{"fetch",
            {{"/", "<script>fetch('{b}/d')\n.then(r => r.text()).then(t => { location = t })</script>"},
             {"/d", "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: {a}\r\n\r\n{b}/end"},
             {"/end", "x"}},
            {"fetch {a}/ -> {b}/d 1:14", "location {a}/ -> {b}/end 2:34"}},
        Row{"beacon",
            {{"/", "<script>navigator.sendBeacon('{b}/d', 'x')</script>"}, {"/d", "x"}},
            {"beacon {a}/ -> {b}/d 1:19"}},
        Row{"document_write",
            {{"/", "<p>\n<script>\n  document.write('<ifr' + 'ame src={b}/f></iframe>')</script>"},
             {"/f", "x"}},
            {"iframe {a}/ -> {b}/f 3:12 document.write"}},
        Row{"document_write_of_a_script_that_writes",
            {{"/",
              "<script>document.write('<script>document.write(\"<iframe src={b}/f></iframe>\")</scr' + "
              "'ipt>')</script>"},
             {"/f", "x"}},
            {"iframe {a}/ -> {b}/f 1:10 document.write < 1:18"}},
        Row{"document_write_in_the_middle_of_a_tag",
            {{"/", "<script>document.write('<iframe src=\"{b}'); document.write('/f\">')</script></iframe>"},
             {"/f", "x"}},
            {"iframe {a}/ -> {b}/f 1:18 document.write"}},
        Row{"inner_html",
            {{"/", "<div id=d></div><script>\n\nd.innerHTML = '<iframe src={b}/f></iframe>'</script>"},
             {"/f", "x"}},
            {"iframe {a}/ -> {b}/f 3:1 innerHTML"}},
        Row{"insert_adjacent_html",
            {{"/",
              "<div id=d></div><script>d.insertAdjacentHTML('afterend', '<iframe "
              "src={b}/f></iframe>')</script>"},
             {"/f", "x"}},
            {"iframe {a}/ -> {b}/f 1:27 insertAdjacentHTML"}},
        Row{"create_element",
            {{"/",
              "<body><script>var f = document.createElement('iframe'); f.src = "
              "'{b}/f';\ndocument.body.appendChild(f)</script>"},
             {"/f", "x"}},
            {"iframe {a}/ -> {b}/f 2:15"}},
        Row{"create_element_script",
            {{"/",
              "<head><script>var s = document.createElement('script'); s.src = "
              "'{b}/s.js';\ndocument.head.appendChild(s)</script>"},
             {"/s.js", javascript + "location = '{b}/end'"},
             {"/end", "x"}},
            {"script {a}/ -> {b}/s.js 2:15", "location {a}/ -> {b}/end 1:1"}},
        Row{"eval_in_eval",
            {{"/", "<script>eval(\"eval('location = \\\"{b}/end\\\"')\")</script>"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:1 < 1:1 < 1:9"}},
        Row{"function_constructor",
            {{"/", "<script>var f = new Function('u', 'location = u'); f('{b}/end')</script>"},
             {"/end", "x"}},
            {"location {a}/ -> {b}/end 3:1 < 1:17"}},
        Row{"handler_attribute",
            {{"/", "<body onload=\"location = '{b}/end'\">"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:1"}},
        Row{"image_error_handler",
            {{"/", "<img src=none onerror=\"location='{b}/end'\">"}, {"/end", "x"}},
            {"image {a}/ -> {a}/none", "location {a}/ -> {b}/end 1:1"}},
        Row{"javascript_url",
            {{"/", "<script>location = \"javascript:void(location='{b}/end')\"</script>"}, {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:1 < 1:9"}},
        Row{"srcdoc_frame",
            {{"/", "<iframe srcdoc=\"<script>parent.location = '{b}/end'</script>\"></iframe>"},
             {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:9"}},
        Row{"data_url_frame",
            {{"/", "<iframe src=\"data:text/html,<img src={b}/i.gif>\"></iframe>"}, {"/i.gif", "x"}},
            {"iframe {a}/ -> data:text/html,<img src={b}/i.gif>",
             "image data:text/html,<img src={b}/i.gif> -> {b}/i.gif"}},
        Row{"post_message_across_origins",
            {{"/",
              "<iframe src={b}/f></iframe>\n<script>onmessage = function (e) { location = e.data.to "
              "}</script>"},
             {"/f", "<script>parent.postMessage({to: '{b}/end'}, '*')</script>"},
             {"/end", "x"}},
            {"iframe {a}/ -> {b}/f", "location {a}/ -> {b}/end 2:36"}},
        Row{"same_origin_frame_is_scripted",
            {{"/",
              "<iframe id=f src=f></iframe><script>document.getElementById('f').onload = function () {\n"
              "var i = this.contentDocument.getElementById('hidden').textContent; location = i }</script>"},
             {"/f", "<p id=hidden>{b}/end</p>"},
             {"/end", "x"}},
            {"iframe {a}/ -> {a}/f", "location {a}/ -> {b}/end 2:68"}},
        Row{"mutation_observer",
            {{"/",
              "<body><script>new MutationObserver(function () { location = '{b}/end' "
              "}).observe(document.body, {childList: true});"
              "document.body.appendChild(document.createElement('p'))</script>"},
             {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:50"}},
        Row{"cookies_and_storage_steer",
            {{"/",
              "<script>document.cookie = 'k=1'; localStorage.k = '2'; if (document.cookie == 'k=1' && "
              "localStorage.k == 2)"
              " location = '{b}/end'</script>"},
             {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:109"}},
        Row{"active_x",
            {{"/",
              "<script>var x = new ActiveXObject('Msxml2.XMLHTTP.3.0'); x.open('GET', '{b}/d', "
              "false);\nx.send(); "
              "location = x.responseText</script>"},
             {"/d", "{b}/end"},
             {"/end", "x"}},
            {"xhr {a}/ -> {b}/d 2:3", "location {a}/ -> {b}/end 2:11"},
            "ie8-winxp"},
        Row{"component_request_in_another_spelling",
            {{"/",
              "<script>var x = new ActiveXObject('Microsoft.XMLHTTP'); x.Open('GET', '{b}/d', "
              "false);\nx.Send(); "
              "location = x.ResponseText</script>"},
             {"/d", "{b}/end"},
             {"/end", "x"}},
            {"xhr {a}/ -> {b}/d 2:3", "location {a}/ -> {b}/end 2:11"},
            "ie8-winxp"},
        Row{"plugin_check",
            {{"/", "<script>if (navigator.plugins['Shockwave Flash']) location = '{b}/end'</script>"},
             {"/end", "x"}},
            {"location {a}/ -> {b}/end 1:51"},
            "firefox-win7"}),
    [](const auto& row) { return row.param.name; });

// The edges' text names positions alone; here the whole ancestry and the stored sources.
TEST(Evaluated, SourcesAreKeptWithTheirAncestry) {
  Sites sites(Sites::Pages{{"/", "<script>\neval(unescape('%65val(%22location=%27{b}/end%27%22)'))</script>"},
                           {"/end", "x"}});
  KeptBlobs blobs;
  intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()), blobs);
  ASSERT_EQ(visit.evaluated.size(), 2u);
  std::string inner = sites.filled("location='{b}/end'"), outer = "eval(\"" + inner + "\")";
  EXPECT_EQ(blobs.kept[visit.evaluated[0].position.sha256.hex()], outer);
  EXPECT_EQ(blobs.kept[visit.evaluated[1].position.sha256.hex()], inner);
  ASSERT_EQ(visit.edges.size(), 1u);
  const intel::ScriptOrigin& script = *visit.edges[0].script;
  EXPECT_EQ(script.position.url, sites.url());
  EXPECT_EQ(script.position.sha256, base::sha256(inner));
  ASSERT_EQ(script.ancestry.size(), 2u);
  EXPECT_EQ(script.ancestry[0].sha256, base::sha256(outer));
  EXPECT_EQ(script.ancestry[1].line, 2u);
  EXPECT_EQ(visit.nodes[0].sha256, base::sha256(blobs.kept[visit.nodes[0].sha256->hex()]));
}

TEST(Requests, CarryWhatThePersonaSends) {
  Sites sites(Sites::Pages{{"/",
                            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: s=1; HttpOnly\r\n\r\n"
                            "<script>document.cookie='t=2'; fetch('/api', {method: 'POST', body: "
                            "'x'})</script><iframe src={b}/f>"},
                           {"/api", "x"},
                           {"/f", "x"}});
  visit_or_fail(local_visit(sites.url()));
  std::vector<std::string> requests = sites.requests();
  ASSERT_EQ(requests.size(), 3u);
  for (const std::string& request : requests)
    EXPECT_NE(request.find("User-Agent: Mozilla/5.0 (Windows NT 10.0"), std::string::npos);
  std::string all = requests[1] + requests[2];
  EXPECT_NE(all.find("Cookie: s=1; t=2\r\n"), std::string::npos) << all;
  EXPECT_NE(all.find(sites.filled("Origin: {a}\r\n")), std::string::npos) << all;
  EXPECT_NE(all.find(sites.filled("Referer: {a}/\r\n")), std::string::npos) << all;
  EXPECT_NE(all.find("Sec-Fetch-Dest: iframe\r\n"), std::string::npos) << all;
  EXPECT_NE(all.find("Content-Length: 1\r\n"), std::string::npos) << all;
}

TEST(Visits, AreRepeatable) {
  Sites sites(Sites::Pages{
      {"/",
       "<script>console.log(Math.random(), crypto.getRandomValues(new Uint8Array(4)).join(), Date.now());"
       "setTimeout(() => console.log(Date.now(), performance.now()), 5000)</script>"}});
  base::ManualClock clock(base::from_micros(1'700'000'000'000'000));
  VisitOptions options = local_visit(sites.url());
  options.clock = &clock;
  auto first = events_of(visit_or_fail(options), "console");
  auto second = events_of(visit_or_fail(options), "console");
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first, second);
  EXPECT_NE(first[0].find(" 1700000000000"), std::string::npos) << first[0];
  EXPECT_NE(first[1].find("1700000005"), std::string::npos) << first[1];
  options.seed = 2;
  EXPECT_NE(events_of(visit_or_fail(options), "console"), first);
}

// What a page made itself is shown in a window of its own.
TEST(MechanismsTest, WindowOfABlob) {
  Sites sites({{"/",
                "<script>window.open(URL.createObjectURL(new Blob(['<script>location = \"{b}/end\"<\\/script>'], "
                "{type: 'text/html'})))</script>"},
               {"/end", "x"}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  ASSERT_EQ(visit.edges.size(), 2u);
  EXPECT_EQ(visit.edges[0].mechanism, intel::Mechanism::window_open);
  EXPECT_TRUE(visit.nodes[visit.edges[0].to].url.starts_with("blob:"));
  EXPECT_EQ(visit.edges[1].from, visit.edges[0].to);
  EXPECT_EQ(sites.named(visit.nodes[visit.edges[1].to].url), "{b}/end");
}

// Empty ones lead nowhere by themselves, but take a realm each.
TEST(MechanismsTest, EmptyWindowsAreBounded) {
  Sites sites({{"/", "<script>for (var i = 0; i < 100; i++) open('', 'w' + i).document.write('x')</script>"},
               {"/x", "x"}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_THAT(visit.limits_hit, ::testing::ElementsAre("windows"));
}

}  // namespace
}  // namespace shikake::honeyclient::low
