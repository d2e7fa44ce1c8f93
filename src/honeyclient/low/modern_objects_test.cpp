// Objects of today's browsers, in use: what pages read of them, and that what they lead to is in the chain.
#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::IsSupersetOf;

const std::string script = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n";

struct Row {
  const char* name;
  Sites::Pages pages;
  std::vector<std::string> said;        // dialogs, in order
  std::vector<std::string> edges = {};  // some of them
  const char* persona = "chrome-win10";
};

class ModernObjects : public ::testing::TestWithParam<Row> {};

TEST_P(ModernObjects, Work) {
  const Row& row = GetParam();
  Sites sites(row.pages);
  VisitOptions options = local_visit(sites.url());
  options.persona = row.persona;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "dialog"), row.said);
  EXPECT_THAT(edge_texts(sites, visit), IsSupersetOf(row.edges));
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
  EXPECT_TRUE(visit.complete) << ::testing::PrintToString(visit.unemulated);
}

const auto row_name = [](const auto& row) { return row.param.name; };

// A function that says what a record is, by its nodes' names.
const std::string told =
    "<script>function n(x) { return x ? x.nodeName.toLowerCase() : '-' }\n"
    "function told(r) { alert(r.type + ' ' + n(r.target) + ' +' + [].map.call(r.addedNodes, n) + ' -' + "
    "[].map.call(r.removedNodes, n) + ' ' + n(r.previousSibling) + ' ' + n(r.nextSibling) + ' ' + r.attributeName + ' ' "
    "+ r.oldValue) }</script>";

INSTANTIATE_TEST_SUITE_P(
    MutationRecords, ModernObjects,
    ::testing::Values(
        Row{"children_with_siblings",
            {{"/", told + "<div id=d><b></b><i></i></div><script>new MutationObserver(function (l) { l.forEach(told) })"
                          ".observe(d, {childList: true}); d.insertBefore(document.createElement('u'), d.lastChild); "
                          "d.removeChild(d.firstChild); d.append('x')</script>"}},
            {"alert: childList div +u - b i null null", "alert: childList div + -b - u null null",
             "alert: childList div +#text - i - null null"}},
        Row{"attributes_and_text_with_what_was_there",
            {{"/", told + "<div id=d title=a>t</div><script>var o = new MutationObserver(function (l, same) { "
                          "l.forEach(told); alert(same === o && l[0] instanceof MutationRecord) });"
                          "o.observe(d, {attributes: true, attributeOldValue: true, attributeFilter: ['title'], "
                          "characterDataOldValue: true, subtree: true});"
                          "d.title = 'b'; d.className = 'c'; d.firstChild.data = 'u'</script>"}},
            {"alert: attributes div + - - - title a", "alert: characterData #text + - - - null t", "alert: true"}},
        Row{"only_what_was_asked_for",
            {{"/", told + "<div id=d><p id=p></p></div><script>var o = new MutationObserver(function () {}); "
                          "o.observe(d, {attributes: true}); p.title = 'x'; d.append('y'); d.title = 'z';"
                          "var l = o.takeRecords(); alert(l.length + l[0].attributeName + l[0].oldValue);"
                          "alert(o.takeRecords().length); try { o.observe(d, {}) } catch (e) { alert(e.name) }</script>"}},
            {"alert: 1titlenull", "alert: 0", "alert: TypeError"}},
        Row{"outside_the_tree",
            {{"/", "<script>var t = document.createTextNode(''); new MutationObserver(function () { alert('later') })"
                   ".observe(t, {characterData: true}); t.data = '1'; alert('first');"
                   "var e = document.createElement('p'); new MutationObserver(function (l) { alert(l[0].addedNodes[0].data); "
                   "Promise.resolve().then(function () { alert('then') }) }).observe(e, {childList: true});"
                   "e.textContent = 'text'</script>"}},
            {"alert: first", "alert: later", "alert: text", "alert: then"}},
        Row{"an_address_in_an_added_node",
            {{"/", "<div id=d></div><script>\nnew MutationObserver(function (l) { l.forEach(function (r) { var u = "
                   "r.addedNodes.length && r.addedNodes[0].dataset.u; if (u) document.body.appendChild("
                   "document.createElement('iframe')).src = atob(u) }) }).observe(d, {childList: true}); "
                   "setTimeout(function () { var p = document.createElement('p'); p.dataset.u = btoa('{b}/x'); "
                   "d.appendChild(p) }, 300)</script>"},
             {"/x", "x"}},
            {},
            {"iframe {a}/ -> {b}/x 2:193"}}),
    row_name);

// --- the clipboard ----------------------------------------------------------------------------------------

struct CopyRow {
  const char* name;
  const char* items;  // what is given to write()
  std::vector<std::string> unseen, seen = {};
  const char* persona = "chrome-win10";
};

class Copies : public ::testing::TestWithParam<CopyRow> {};

TEST_P(Copies, AreKnown) {
  Sites sites({{"/", "<p>shown text</p><script>navigator.clipboard.write(" + std::string(GetParam().items) +
                         ").then(function () { alert('done') }, function (e) { alert(e.name) })</script>"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "clipboard-unseen"), GetParam().unseen);
  EXPECT_EQ(events_of(visit, "clipboard"), GetParam().seen);
  EXPECT_EQ(events_of(visit, "dialog"), std::vector<std::string>{"alert: done"});
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Copies,
    ::testing::Values(
        CopyRow{"of_a_blob", "[new ClipboardItem({'text/plain': new Blob(['calc', '.exe'])})]", {"calc.exe"}},
        CopyRow{"of_a_string", "[new ClipboardItem({'text/plain': 'shown text'})]", {}, {"shown text"}},
        CopyRow{"of_a_promise",
                "[new ClipboardItem({'text/plain': new Promise(function (done) { setTimeout(function () { "
                "done(new Blob(['late'])) }, 500) })})]",
                {"late"}},
        CopyRow{"of_markup", "[new ClipboardItem({'text/html': '<b>cal</b>c'})]", {"calc"}},
        CopyRow{"of_a_picture", "[new ClipboardItem({'image/png': new Blob(['x'])})]", {}, {"(image/png)"}},
        CopyRow{"of_two", "[new ClipboardItem({'text/plain': 'a', 'text/html': 'b'})]", {"a", "b"}},
        CopyRow{"in_safari", "[new ClipboardItem({'text/plain': 'a'})]", {"a"}, {}, "safari-macos"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    ClipboardItems, ModernObjects,
    ::testing::Values(
        Row{"parts_are_read_back",
            {{"/", "<script>var i = new ClipboardItem({'text/plain': 'abc'}); alert(i.types + ClipboardItem.supports("
                   "'text/html')); i.getType('text/plain').then(function (b) { alert(b.type + b.size); return "
                   "b.text() }).then(alert); i.getType('x/y').catch(function (e) { alert(e.name) });"
                   "try { new ClipboardItem({}) } catch (e) { alert(e.name) }</script>"}},
            {"alert: text/plaintrue", "alert: TypeError", "alert: NotFoundError", "alert: text/plain3", "alert: abc"}},
        Row{"not_in_every_browser",
            {{"/", "<script>alert(typeof ClipboardItem)</script>"}},
            {"alert: undefined"},
            {},
            "firefox-win10"}),
    row_name);

}  // namespace
}  // namespace shikake::honeyclient::low
