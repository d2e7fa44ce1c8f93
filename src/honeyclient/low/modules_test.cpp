// Module scripts and workers: what they ask for is in the chain, what they do is done.
#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

const std::string script = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n";

using Row = SayingRow;

class ModulesAndWorkers : public ::testing::TestWithParam<Row> {};

TEST_P(ModulesAndWorkers, Run) {
  expect_said(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ModulesAndWorkers,
    ::testing::Values(
        Row{"inline_module_runs_after_parsing",
            {{"/",
              "<script type=module>alert('module ' + !!document.getElementById('x') + this)</script>"
              "<script>alert('classic')</script><p id=x>"}},
            {"alert: classic", "alert: module trueundefined"}},
        Row{"imports_run_first_and_once",
            {{"/",
              "<script type=module src=/a.js></script><script type=module>import '/b.js'; "
              "import {one} from './c.js'; alert('inline ' + one)</script>"},
             {"/a.js", script +
                           "import {one} from './c.js';\nimport * as b from './b.js';\nalert('a ' + one + "
                           "b.default)"},
             {"/b.js", script + "import './c.js'; alert('b'); export default 'B'"},
             {"/c.js", script + "alert('c'); export let one = 1"}},
            {"alert: c", "alert: b", "alert: a 1B", "alert: inline 1"},
            {"script {a}/ -> {a}/a.js", "script {a}/ -> {a}/b.js 1:67", "script {a}/ -> {a}/c.js 1:94"}},
        Row{"dynamic_import_of_a_classic_script",
            {{"/", "<script>import('/m.js').then(m => alert(m.f(2)), e => alert('no ' + e))</script>"},
             {"/m.js",
              script + "import.meta.url.endsWith('/m.js') && alert('meta'); export const f = x => x * 2"}},
            {"alert: meta", "alert: 4"},
            {"script {a}/ -> {a}/m.js 1:9"}},
        Row{"dynamic_import_that_fails",
            {{"/",
              "<script>import('/no.js').catch(e => alert(e.name)); import('bare').catch(e => "
              "alert('bare'))</script>"}},
            {"alert: bare", "alert: TypeError"}},
        Row{"import_map",
            {{"/",
              "<script type=importmap>{\"imports\": {\"lib\": \"/lib.js\", \"at/\": \"/v2/\"}}</script>"
              "<script type=module>import x from 'lib'; import y from 'at/y.js'; alert(x + y)</script>"},
             {"/lib.js", script + "export default 1"},
             {"/v2/y.js", script + "export default 2"}},
            {"alert: 3"}},
        Row{"top_level_await",
            {{"/", "<script type=module>const r = await fetch('/d'); alert(await r.text())</script>"},
             {"/d", "told"}},
            {"alert: told"}},
        Row{"nomodule_is_for_others",
            {{"/", "<script nomodule>alert('old')</script><script type=module>alert('new')</script>"}},
            {"alert: new"}},
        Row{"browsers_without_modules",
            {{"/", "<script nomodule>alert('old')</script><script type=module>alert('new')</script>"}},
            {"alert: old"},
            {},
            "chrome36-win7"},
        Row{"module_of_a_blob",
            {{"/",
              "<script>var u = URL.createObjectURL(new Blob(['export default 7'], {type: "
              "'text/javascript'})); import(u).then(m => alert(m.default))</script>"}},
            {"alert: 7"}},
        Row{"script_of_a_blob",
            {{"/",
              "<body><script>var s = document.createElement('script'); s.src = URL.createObjectURL(new "
              "Blob(['alert(8)'])); document.body.appendChild(s)</script>"}},
            {"alert: 8"}},
        Row{"worker",
            {{"/",
              "<script>var w = new Worker('/w.js'); w.onmessage = e => { alert(e.data.sum + typeof "
              "e.data.bytes.length); w.terminate() }; w.postMessage([1, 2, 3])</script>"},
             {"/w.js", script +
                           "importScripts('/lib.js'); onmessage = e => postMessage({sum: add(e.data), bytes: "
                           "new Uint8Array(2)}); fetch('/beacon?' + typeof document + typeof window)"},
             {"/lib.js", script + "function add(l) { return l.reduce((a, b) => a + b) }"},
             {"/beacon", "x"}},
            {"alert: 6number"},
            {"worker {a}/ -> {a}/w.js 1:17", "worker {a}/ -> {a}/lib.js 1:14",
             "fetch {a}/ -> {a}/beacon?undefinedundefined 1:108"}},
        Row{"worker_of_a_blob",
            {{"/",
              "<script>var w = new Worker(URL.createObjectURL(new Blob(['postMessage(self instanceof "
              "DedicatedWorkerGlobalScope)'])));w.addEventListener('message', e => "
              "alert(e.data))</script>"}},
            {"alert: true"}},
        Row{"module_worker",
            {{"/", "<script>new Worker('/w.js', {type: 'module'}).onmessage = e => alert(e.data)</script>"},
             {"/w.js", script + "import v from './v.js'; postMessage(v)"},
             {"/v.js", script + "export default 'v'"}},
            {"alert: v"},
            {"worker {a}/ -> {a}/w.js 1:9", "script {a}/ -> {a}/v.js 1:15"}},
        Row{"worker_with_a_timer_and_a_request",
            {{"/", "<script>new Worker('/w.js').onmessage = e => alert(e.data)</script>"},
             {"/w.js", script +
                           "setTimeout(() => { var x = new XMLHttpRequest(); x.open('GET', '/d'); x.onload = "
                           "() => self.postMessage(x.responseText); x.send() }, 500)"},
             {"/d", "late"}},
            {"alert: late"}},
        Row{"shared_worker",
            {{"/",
              "<script>var s = new SharedWorker('/s.js'); s.port.onmessage = e => alert(e.data); "
              "s.port.postMessage('ping')</script>"},
             {"/s.js", script +
                           "onconnect = e => { var p = e.ports[0]; p.onmessage = m => p.postMessage(m.data + "
                           "'pong') }"}},
            {"alert: pingpong"}},
        Row{"message_channel",
            {{"/",
              "<script>var c = new MessageChannel(); c.port1.onmessage = e => alert(e.data); "
              "c.port2.postMessage('through')</script>"}},
            {"alert: through"}},
        Row{"service_worker_lives",
            {{"/",
              "<script>navigator.serviceWorker.register('/sw.js').then(r => "
              "alert(r.scope.endsWith('/')))</script>"},
             {"/sw.js",
              script + "importScripts('{b}/push.js'); oninstall = e => e.waitUntil(caches.open('v').then(c "
                       "=> c.addAll(['/kept.js'])))"},
             {"/push.js", script + "self.addEventListener('activate', () => clients.openWindow('/landing'))"},
             {"/kept.js", script + "1"},
             {"/landing", "x"}},
            {"alert: true"},
            {"worker {a}/ -> {a}/sw.js 1:33", "worker {a}/ -> {b}/push.js 1:14",
             "fetch {a}/ -> {a}/kept.js 1:108", "window_open {a}/ -> {a}/landing 1:49"}},
        Row{"file_reader",
            {{"/",
              "<script>var r = new FileReader(); r.onload = () => alert(r.result); r.readAsDataURL(new "
              "Blob(['a'], {type: 'text/plain'}))</script>"}},
            {"alert: data:text/plain;base64,YQ=="}},
        Row{"structured_clone",
            {{"/",
              "<script>var d = structuredClone({m: new Map([[1, 2]]), d: new Date(0)}); alert(d.m.get(1) + "
              "d.d.toISOString().slice(0, 4))</script>"}},
            {"alert: 21970"}},
        // Internet Explorer 10 and 11 have blobs and workers, and no constructors of URL and File.
        Row{"internet_explorer_11",
            {{"/",
              "<script>var w = new Worker('/w.js'); w.onmessage = function (e) { alert(e.data) };"
              "try { new URL('http://x.example/'); alert('URL') } catch (e) {}"
              "alert(typeof Blob + typeof new Blob(['a']).text + typeof URL.createObjectURL + new "
              "Blob(['ab']).size + typeof FileReader)</script>"},
             {"/w.js", script + "postMessage('from within')"}},
            {"alert: functionundefinedfunction2function", "alert: from within"},
            {},
            "ie11-win7"},
        Row{"internet_explorer_9_has_none_of_it",
            {{"/", "<script>alert(typeof Blob + typeof Worker + typeof FileReader + typeof URL)</script>"}},
            {"alert: undefinedundefinedundefinedundefined"},
            {},
            "ie9-win7"},
        // document.open with three arguments is the window's.
        Row{"document_open_opens_a_window",
            {{"/",
              "<p id=p>stays<script>document.open('/w', 'name', 'width=1'); "
              "alert(document.getElementById('p').tagName)</script>"},
             {"/w", "x"}},
            {"alert: P"},
            {"window_open {a}/ -> {a}/w 1:31"}},
        // Conditional compilation in texts that script makes.
        Row{"conditional_compilation_in_eval",
            {{"/",
              "<script>var local = 0; (function () { var local = 5; eval('/*@cc_on @if (@_jscript_version > "
              "5) "
              "alert(\"yes\" + local) @else @*/ alert(\"no\") /*@end @*/') })();"
              "alert(new Function('return /*@cc_on!@*/false')() + ':' + eval('/*@cc_on @_win32 "
              "@*/'))</script>"}},
            {"alert: yes5", "alert: true:1"},
            {},
            "ie8-winxp"},
        Row{"no_conditional_compilation_elsewhere",
            {{"/", "<script>alert(eval('/*@cc_on!@*/false'))</script>"}},
            {"alert: false"}}),
    [](const auto& row) { return row.param.name; });

// A worker's page waits for the first script that it imports; meanwhile the frame's next document has come. What
// the earlier one then asks for is its own.
TEST(ModulesAndWorkers, WhatAFrameAsksForBeforeItShowsTheNextDocumentIsTheEarlierOnes) {
  Sites sites({{"/", "<iframe id=f src=/f></iframe><script>function go() { document.getElementById('f').src = '/g?late=200' }</script>"},
               {"/f", "<script>new Worker('/w.js'); parent.go()</script>"},
               {"/w.js", script + "importScripts('/1.js?late=700'); importScripts('/2.js')"},
               {"/1.js", script + "1"},
               {"/2.js", script + "2"},
               {"/g", "<script src=/3.js></script>"},
               {"/3.js", script + "3"}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  const std::multiset<std::string> edges = edge_texts(sites, visit);
  EXPECT_THAT(edges, Contains("worker {a}/f -> {a}/2.js 1:47"));
  EXPECT_THAT(edges, Contains("script {a}/g?late=200 -> {a}/3.js"));
}

// Bounded: a page that makes workers without end, and modules that import themselves.
TEST(ModulesAndWorkers, AreBounded) {
  Sites sites({{"/",
                "<script>for (var i = 0; i < 100; i++) new Worker('/w.js')</script>"
                "<script type=module>import './m.js?0'</script>"},
               {"/w.js", script + "var n = 0; onmessage = 1"},
               {"/m.js", script + "import(import.meta.url.replace(/\\d+$/, d => +d + 1))"}});
  intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_THAT(visit.limits_hit, Contains("web-workers"));
  EXPECT_THAT(visit.limits_hit, Contains("modules"));
  EXPECT_FALSE(visit.complete);
}

// Where a visit bounds what workers do in silence: what they did until then stands, and the page goes on.
TEST(ModulesAndWorkers, SilentWorkersAreCut) {
  Sites sites({{"/",
                "<script>new Worker('/w.js').onmessage = e => alert(e.data);"
                "setTimeout(() => alert('the page goes on'), 1000)</script>"},
               {"/w.js", script + "importScripts('/inner.js'); alert('never')"},
               {"/inner.js", script + "fetch('/beacon'); postMessage('at work'); for (;;) {}"},
               {"/beacon", "x"}});
  VisitOptions options = local_visit(sites.url());
  options.max_worker_time = std::chrono::milliseconds(50);
  intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_THAT(visit.limits_hit, ::testing::ElementsAre("worker-time"));
  EXPECT_FALSE(visit.complete);
  EXPECT_THAT(events_of(visit, "dialog"),
              ::testing::ElementsAre("alert: at work", "alert: the page goes on"));
  EXPECT_THAT(edge_texts(sites, visit), Contains("fetch {a}/ -> {a}/beacon 1:6"));
}

TEST(ModulesAndWorkers, WorkersThatSaySomethingAreNot) {
  Sites sites({{"/", "<script>new Worker('/w.js')</script>"},
               {"/w.js", script + "for (;;) { postMessage(0); for (var i = 0; i < 10000; i++); }"}});
  VisitOptions options = local_visit(sites.url());
  options.max_worker_time = std::chrono::milliseconds(50);
  options.max_script_time = std::chrono::milliseconds(400);
  EXPECT_THAT(visit_or_fail(options).limits_hit, ::testing::ElementsAre("script-time"));
}

// Modules in a circle run once; one that fails takes those with it that need it.
TEST(ModulesAndWorkers, CirclesAndFailures) {
  Sites sites(
      {{"/",
        "<script type=module src=/a.js></script><script type=module src=/bad.js onerror=\"alert('bad')\">"
        "</script><script type=module src=/throws.js></script>"},
       {"/a.js", script + "import {q} from './b.js'; export const p = 1; alert('a' + q())"},
       {"/b.js", script + "import {p} from './a.js'; export const q = () => typeof p"},
       {"/bad.js", script + "import './missing.js'; alert('never')"},
       {"/throws.js", script + "throw new Error('thrown')"}});
  intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_THAT(events_of(visit, "dialog"), ::testing::UnorderedElementsAre("alert: anumber", "alert: bad"));
  EXPECT_THAT(events_of(visit, "error"), Contains(HasSubstr("thrown")));
}

}  // namespace
}  // namespace shikake::honeyclient::low
