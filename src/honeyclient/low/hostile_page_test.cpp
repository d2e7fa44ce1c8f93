// Pages that misbehave: each visit ends bounded and labelled, and keeps the edges seen before.
#include <signal.h>

#include <algorithm>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

struct Row {
  const char* name;
  std::string page;             // after an iframe whose edge must be there
  const char* limit = nullptr;  // that must be named; nullptr: none at all
  bool may_die = false;         // the worker may end on the way, which is named too
  const char* persona = "chrome-win10";
  bool ends_itself = false;  // nothing behind it runs, in browsers neither
};

class HostilePages : public ::testing::TestWithParam<Row> {};

TEST_P(HostilePages, EndLabelled) {
  VisitOptions options = local_visit("http://page.example/");
  options.persona = GetParam().persona;
  // Where nothing is named, script and document go on as if nothing had been.
  const std::string behind = "<script>new Image().src='http://behind.example/'</script>";
  options.content = "<iframe src=http://seen.example/></iframe>" + GetParam().page + behind;
  options.offline = true;
  // Soon; but where memory must end it, no busy machine may let time come first.
  bool by_memory = GetParam().limit && std::string_view(GetParam().limit) == "memory";
  options.max_script_time = by_memory ? std::chrono::milliseconds(60'000) : std::chrono::milliseconds(500);
  intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_GE(visit.edges.size(), 1u);
  EXPECT_EQ(visit.edges[0].mechanism, intel::Mechanism::iframe);
  EXPECT_EQ(visit.nodes[1].url, "http://seen.example/");
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign);
  std::vector<std::string> limits = visit.limits_hit;
  if (GetParam().limit) {
    EXPECT_NE(std::ranges::find(limits, GetParam().limit), limits.end()) << ::testing::PrintToString(limits);
    EXPECT_FALSE(visit.complete);
  } else {
    EXPECT_EQ(limits, std::vector<std::string>());
    EXPECT_TRUE(GetParam().ends_itself ||
                std::ranges::find(visit.nodes, "http://behind.example/", &intel::VisitNode::url) !=
                    visit.nodes.end())
        << ::testing::PrintToString(events_of(visit, "error"));
  }
  bool died = std::ranges::find(limits, "worker-died") != limits.end();
  EXPECT_TRUE(GetParam().may_die || !died) << ::testing::PrintToString(events_of(visit, "error"));
}

std::string times(const std::string& text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, HostilePages,
    ::testing::Values(
        Row{"loops", "<script>for(;;){}</script>", "script-time"},
        Row{"loops_and_catches", "<script>for(;;){try{for(;;){}}catch(e){}finally{continue}}</script>",
            "script-time"},
        Row{"regular_expression", "<script>/(a+)+$/.test('a'.repeat(60)+'b')</script>", "script-time"},
        Row{"promises_for_ever", "<script>(function f(){Promise.resolve().then(f)})()</script>",
            "script-time"},
        Row{"sprays_strings",
            "<script>var a=[],s='x'.repeat(1<<20);for(var "
            "i=0;;i++)a.push((s+i).split('').reverse().join(''))</script>",
            "memory", true},
        Row{"sprays_by_doubling",
            "<script>var s=unescape('%u9090%u9090');while(s.length<0x40000)s+=s;var m=[];"
            "for(var i=0;i<3000;i++)(m[i]=s+'q'+i).charCodeAt(5)</script>",
            "memory", true},
        Row{"sprays_objects", "<script>var a=[];for(;;)a.push({x:a.length,y:[1,2,3]})</script>", "memory",
            true},
        Row{"sprays_buffers", "<script>var a=[];for(;;)a.push(new ArrayBuffer(1<<24))</script>", "memory",
            true},
        Row{"sprays_elements",
            "<script>for(;;)document.documentElement.appendChild(document.createElement('p'))</script>",
            "memory", true},
        Row{"sprays_markup",
            "<p id=d></p><script>var s='<b>x</b>'.repeat(1000);for(;;)d.innerHTML=s</script>", "nodes"},
        Row{"recurses", "<script>function f(){f()} f()</script>"},
        Row{"recurses_through_the_dom",
            "<script>var o={toString:function(){return "
            "''+document.getElementById(o)}};document.getElementById(o)</script>"},
        Row{"recurses_through_events",
            "<script>document.addEventListener('x',function(){document.dispatchEvent(new Event('x'))});"
            "document.dispatchEvent(new Event('x'))</script>",
            "event-depth"},
        Row{"throws_in_a_getter", "<script>document.title={toString(){throw 7}}</script>"},
        // That they cost linear work is counted in html's HostileShape; that nothing gets lost, below.
        Row{"nests_deep", times("<div>", 100'000)}, Row{"nests_formatting", times("<b><i>", 50'000)},
        Row{"closes_in_the_middle",
            "a<script>document.open();document.write('<p>');document.close()</script>b"},
        Row{"navigates_in_the_middle",
            "a<script>location='http://next.example/"
            "';document.documentElement.innerHTML='';window.close();stop()</script>b",
            nullptr, false, "chrome-win10", true},
        Row{"many_frames",
            "<script>for(var "
            "i=0;i<10000;i++)document.documentElement.appendChild(document.createElement('iframe'))</script>",
            "frames"},
        Row{"deep_frames",
            "<script>function b(w){var "
            "f=w.document.createElement('iframe');w.document.documentElement.appendChild(f);"
            "b(f.contentWindow)} b(window)</script>",
            "frame-depth"},
        Row{"writes_itself", "<script>document.write(document.currentScript.outerHTML)</script>",
            "document.write-depth"},
        Row{"writes_for_ever", "<script>var s='x'.repeat(1<<20);for(;;)document.write(s)</script>",
            "document.write", true},
        Row{"timers_that_breed", "<script>function t(){setTimeout(t,0);setTimeout(t,0)} t()</script>",
            "timers"},
        Row{"asks_for_ever",
            "<script>setInterval(function(){new Image().src='http://i.example/'+Math.random()},1)</script>",
            "resources"},
        Row{"talks_for_ever", "<script>for(;;)console.log('x')</script>", "notices"},
        Row{"evaluates_for_ever", "<script>for(var i=0;;i++)eval('i+'+i)</script>", "evaluated", true},
        Row{"observes_its_own_changes",
            "<p id=d></p><script>new MutationObserver(function(){d.appendChild(document.createElement('i'))})"
            ".observe(d,{childList:true});d.appendChild(document.createElement('i'))</script>"},
        Row{"pollutes_prototypes",
            "<p id=d></p><script>var dp=Object.defineProperty;dp(Object.prototype,'capture',{get(){throw "
            "1}});"
            "Object.prototype.get=function(){};Object.prototype.value=1;Array.prototype.push=null;"
            "String.prototype.split=null;Function.prototype.call=null;"
            "d.innerHTML='<p class=\"a b\">'+location.href+document.cookie</script>"},
        // Every method of every prototype that the engine or the page has is replaced or a trap, before a
        // step of each kind is taken.
        Row{"pollutes_everything",
            "<p id=d></p><form id=f><input name=q></form><iframe id=i></iframe><script>"
            "var keep=[document,localStorage,navigator,d,f,i,setTimeout,new XMLHttpRequest,new "
            "MutationObserver("
            "function(){}),URL,fetch,new Event('x'),location,history],seen=[];"
            "var names=Object.getOwnPropertyNames(window);"
            "function trap(){throw 'trap'}"
            "var define=Object.defineProperty,own=Object.getOwnPropertyNames,all=[];"
            "for(var n=0;n<names.length;n++){try{var c=window[names[n]];if(typeof "
            "c==='function'&&c.prototype)"
            "all.push(c.prototype)}catch(e){}}"
            "for(var k=0;k<all.length;k++){var o=all[k],m=own(o);for(var j=0;j<m.length;j++)"
            "try{if(m[j]!=='constructor')define(o,m[j],j%2?{value:null}:{get:trap,set:trap})}catch(e){}}"
            "var "
            "traps=['0','1','length','get','set','value','then','toJSON','done','next','capture','once','"
            "href',"
            "'source','cause','writable','enumerable','configurable','toString','valueOf','bubbles','detail']"
            ";"
            "for(var "
            "t=0;t<traps.length;t++)try{define(Object.prototype,traps[t],{get:trap,set:trap})}catch(e){}"
            "function tries(what){try{what()}catch(e){}}"
            "tries(function(){keep[3].innerHTML='<b class=\\'x y\\'>z</b><img src=http://still.example/ "
            "onerror=1>'});"
            "tries(function(){keep[0].write('<p>x</p>')});tries(function(){keep[4].submit()});"
            "tries(function(){keep[6]('1',1)});tries(function(){keep[7].open('GET','/');keep[7].send()});"
            "tries(function(){keep[8].observe(keep[3],{childList:true})});tries(function(){new "
            "keep[9]('/x','http://a')});"
            "tries(function(){keep[10]('/f')});tries(function(){keep[3].dispatchEvent(keep[11])});"
            "tries(function(){keep[1].a='b'});tries(function(){postMessage({a:[1]},'*')});"
            "tries(function(){keep[13].pushState({},'','/y')});tries(function(){eval('1')});"
            "keep[5].src='http://framed.example/';keep[12].href='http://next.example/'</script>"},
        Row{"calls_methods_on_others",
            "<script>for (var f of [DOMTokenList.prototype.add, Node.prototype.appendChild, "
            "Storage.prototype.getItem,"
            "Event.prototype.preventDefault, document.getElementById, XMLHttpRequest.prototype.send])"
            "for (var o of [navigator.plugins, {}, window, document, localStorage, document.body, null, 1, "
            "f])"
            "try { f.call(o, o) } catch (e) {}</script>"},
        Row{"slices_where_no_number_is",
            "<script>var b=new Blob(['xyz']);[NaN,undefined,1/0,-1/0,{},'x',2.5].forEach(function(n){"
            "b.slice(n);b.slice(n,n);b.slice(0,n,'t')})</script>"},
        Row{"ends_in_a_string",
            "<script>function x(){}; \"\\</script>", nullptr, false, "ie6-winxp"},
        Row{"ends_in_a_regular_expression",
            "<script>/*@cc_on@*/ var r = /\\</script>", nullptr, false, "ie8-winxp"},
        Row{"ends_in_a_condition", "<script>/*@cc_on @if (@_jscript @</script>", nullptr, false, "ie6-winxp"},
        Row{"moves_a_stream_where_no_number_is",
            "<script>var s=new ActiveXObject('ADODB.Stream');s.Open();s.WriteText('xyz');"
            "for(var n in {NaN:1,Infinity:1,'-Infinity':1,x:1}){s.Position=Number(n);s.Read();s.Read(Number(n));"
            "s.SetEOS()}</script>",
            nullptr, false, "ie6-winxp"},
        Row{"takes_a_frame_apart",
            "<iframe id=f></iframe><script>var b=f.contentDocument.body,w=f.contentWindow;f.remove();"
            "document.documentElement.appendChild(b);b.innerHTML='<img src=x "
            "onerror=1>';w.setTimeout('1',1);w.eval('1')</script>"}),
    [](const auto& row) { return row.param.name; });

TEST(HostilePage, DeepNestingIsAllThereAndFlattened) {
  VisitOptions options = local_visit("http://page.example/");
  options.offline = true;
  options.content = times("<div>", 100'000) +
                    "<script>var all=document.getElementsByTagName('div'),depth=0;"
                    "for(var e=all[all.length-1];e;e=e.parentElement)depth++;"
                    "console.log(all.length+' '+depth)</script>";
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "console"), std::vector<std::string>{"100000 512"});
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
}

// What tells an emulation from a browser: functions that show a source, names that no browser has, methods
// that construct. Everything that can be reached from the window is looked at.
TEST(HostilePage, ProbesFindNothingThatIsNoBrowsers) {
  const std::string probe =
      R"(<p id=d class=x></p><form name=f><input name=q></form><iframe id=i></iframe><script>
var bad = [], seen = [], todo = [[window, 'window']], own = [];
function note(text) { if (bad.length < 20) bad.push(text); }
function look(f, path) {
  var text = Function.prototype.toString.call(f);
  if (own.indexOf(f) < 0 && !/^\s*(function )?(get |set )?[\w$ .&+`'\[\]]*\(\)\s*\{\s*\[native code\]\s*\}\s*$/.test(text))
    note(path + ': ' + text.slice(0, 80));
}
function walk() {
  for (var n = 0; n < todo.length && n < 6000; n++) {
    var o = todo[n][0], path = todo[n][1], names = Object.getOwnPropertyNames(o);
    for (var k = 0; k < names.length; k++) {
      var name = names[k], at = path + '.' + name, d = Object.getOwnPropertyDescriptor(o, name);
      if (/[()]|shikake|stand.?in|native/i.test(name)) note('name ' + at);
      if (!d) { note(at + ' has no descriptor'); continue; }
      var found = [d.value, d.get, d.set];
      for (var j = 0; j < 3; j++) {
        var v = found[j];
        if (v === null || (typeof v !== 'object' && typeof v !== 'function') || seen.indexOf(v) >= 0 ||
            v === bad || v === todo || v === seen || v === own) continue;
        seen.push(v);
        if (typeof v === 'function') look(v, at);
        todo.push([v, at]);
      }
    }
    var p = Object.getPrototypeOf(o);
    if (p && seen.indexOf(p) < 0) { seen.push(p); todo.push([p, path + '.__proto__']); }
  }
}
own = [note, look, walk];
walk();
if (seen.length < 300) note('only ' + seen.length + ' objects');
try { (function f() { null.x; })(); } catch (e) {
  if (/native:|self-hosted|shikake|resource:|eval code/.test(e.stack || '')) note(e.stack);
}
if (/bind|apply|call/.test(Object.getOwnPropertyNames(alert).join())) note('alert has methods of its own');
console.log(bad.join('\n'));
</script>)";
  for (const char* persona : {"chrome-win10", "firefox-win7", "ie11-win10", "ie9-win7", "safari-macos"}) {
    VisitOptions options = offline_visit(probe);
    options.persona = persona;
    const intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(events_of(visit, "console"), std::vector<std::string>{""}) << persona;
    EXPECT_EQ(events_of(visit, "error"), std::vector<std::string>()) << persona;
  }
}

// Whatever a page asks for first: what leads on is asked for.
TEST(HostilePage, KeepsNoFrameOutByWhatItAsksForBefore) {
  const Sites sites(Sites::Pages{
      {"/",
       "<body><script>for (var i = 0; i < 40; i++) { new Image().src = '/i?' + i; fetch('/f?' + i);"
       "document.body.appendChild(document.createElement('script')).src = '/s?' + i }"
       "setTimeout(function () { document.body.appendChild(document.createElement('iframe')).src = '{b}/x' }, 50)"
       "</script>"},
      {"/x", "<script>location = '/y'</script>"},
      {"/y", "there"}});
  VisitOptions options = local_visit(sites.url());
  options.max_resources = 40;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>{"resources"});
  std::map<std::string, int> fetched;
  for (const intel::VisitNode& node : visit.nodes)
    if (node.fetched) ++fetched[sites.named(node.url).substr(0, 5)];
  EXPECT_EQ(fetched["{b}/x"], 1);
  EXPECT_EQ(fetched["{b}/y"], 1);
  // Each kind by itself has its share, however the network orders them.
  EXPECT_LE(fetched["{a}/i"], 24);
  EXPECT_LE(fetched["{a}/f"], 32);
  EXPECT_LE(fetched["{a}/s"], 36);
  EXPECT_EQ(fetched["{a}/i"] + fetched["{a}/f"] + fetched["{a}/s"], 35);  // and the page itself: nine tenths
}

TEST(HostilePage, KeepsNoFrameOutByLargePictures) {
  const std::string large(40'000, 'x');
  const Sites sites(Sites::Pages{
      {"/",
       "<body><script>for (var i = 0; i < 4; i++) new Image().src = '/i?' + i;"
       "setTimeout(function () { document.body.appendChild(document.createElement('iframe')).src = '{b}/x' }, 50)"
       "</script>"},
      {"/i", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + large},
      {"/x", "there"}});
  VisitOptions options = local_visit(sites.url());
  options.max_bytes = 100'000;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>{"bytes"});
  EXPECT_EQ(sites.named(visit.nodes.back().url), "{b}/x");
  EXPECT_EQ(visit.nodes.back().why_not, "");
  EXPECT_TRUE(visit.nodes.back().fetched);
}

TEST(HostilePage, LeavesRoomInTheRecord) {
  VisitOptions options = offline_visit(
      "<body><script>for (var i = 0; i < 6000; i++) new Image().src = 'http://i.example/' + i;"
      "document.body.appendChild(document.createElement('iframe')).src = 'http://next.example/'</script>");
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(visit.nodes.back().url, "http://next.example/");
  EXPECT_EQ(intel::name(visit.edges.back().mechanism), "iframe");
}

TEST(HostileServers, RedirectsInALoop) {
  Sites sites(Sites::Pages{{"/", "<img src=/i><iframe src=/x></iframe>"},
                           {"/i", "x"},
                           {"/x", "HTTP/1.1 302 Found\r\nLocation: /y\r\n\r\n"},
                           {"/y", "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"}});
  intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>{"redirects"});
  EXPECT_EQ(edge_texts(sites, visit),
            (std::multiset<std::string>{"image {a}/ -> {a}/i", "iframe {a}/ -> {a}/x",
                                        "http_redirect {a}/x -> {a}/y", "http_redirect {a}/y -> {a}/x"}));
}

TEST(HostileServers, PagesThatReloadThemselvesAndEachOther) {
  Sites sites(Sites::Pages{{"/", "<script>location.reload()</script>"},
                           {"/ring", "<script>location='/ring2'</script>"},
                           {"/ring2", "<script>location='/ring'</script>"},
                           {"/frame", "<iframe src=/frame></iframe>"}});
  EXPECT_EQ(visit_or_fail(local_visit(sites.url())).limits_hit, std::vector<std::string>{"navigations"});
  EXPECT_EQ(visit_or_fail(local_visit(sites.url("/ring"))).limits_hit,
            std::vector<std::string>{"navigations"});
  EXPECT_EQ(visit_or_fail(local_visit(sites.url("/frame"))).limits_hit,
            std::vector<std::string>{"frame-depth"});
}

TEST(HostileServers, RefusedByTheEgressPolicy) {
  Sites sites(Sites::Pages{{"/", "x"}});
  VisitOptions options = local_visit(sites.url());
  options.egress.allow_private = false;
  intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_EQ(visit.nodes.size(), 1u);
  EXPECT_FALSE(visit.nodes[0].fetched);
  EXPECT_TRUE(visit.nodes[0].why_not.starts_with("egress: ")) << visit.nodes[0].why_not;
  EXPECT_TRUE(sites.requests().empty());
}

TEST(Workers, KilledInTheMiddleLeaveWhatTheySaw) {
  Sites sites(Sites::Pages{{"/", "<iframe src={b}/f></iframe><script>for(;;){}</script>"},
                           {"/f", "<img src=i.gif>"}});
  auto browser = Browser::open();
  ASSERT_TRUE(browser) << browser.error().message();
  VisitOptions options = local_visit(sites.url());
  bool killed = false;
  options.go_on = [&] {
    // The page's own worker is the first; by the time that the frame has asked, it loops.
    if (!killed && sites.requests().size() >= 3) killed = kill(browser->worker_pids().front(), SIGKILL) == 0;
    return true;
  };
  NoBlobs blobs;
  auto visit = browser->visit(options, blobs);
  ASSERT_TRUE(visit) << visit.error().message();
  ASSERT_TRUE(killed);
  EXPECT_EQ(visit->limits_hit, std::vector<std::string>{"worker-died"});
  EXPECT_EQ(edge_texts(sites, *visit),
            (std::multiset<std::string>{"iframe {a}/ -> {b}/f", "image {b}/f -> {b}/i.gif"}));
  // And the browser is as good as before.
  auto again = browser->visit(local_visit(sites.url("/f")), blobs);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->edges.size(), 1u);
}

TEST(Workers, StayBelowTheirMemory) {
  VisitOptions options = offline_visit(
      "<script>var a=[],s='x'.repeat(1<<20);for(var "
      "i=0;;i++)a.push((s+i).split('').reverse().join(''))</script>");
  auto browser = Browser::open();
  ASSERT_TRUE(browser) << browser.error().message();
  PeakWatch watch;
  options.go_on = [&] {
    watch.know(browser->worker_pids());
    return true;
  };
  NoBlobs blobs;
  ASSERT_TRUE(browser->visit(options, blobs));
  EXPECT_GT(watch.peak_bytes(), 128ull << 20);  // it does try
  EXPECT_LT(watch.peak_bytes(), 256ull << 20);
}

}  // namespace
}  // namespace shikake::honeyclient::low
