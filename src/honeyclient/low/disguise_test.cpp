// What scripts compare to tell an emulation from a browser, held against what is publicly known of each browser
// family. What the engine underneath can't hide (the words of its own exceptions, their members fileName and lineNumber)
// is in docs/honeyclient.md.
#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::IsEmpty;

constexpr const char* old_trident = "ie8-winxp";
constexpr const char* trident = "ie11-win10";
constexpr const char* chakra = "edge18-win10";
constexpr const char* gecko = "firefox-win10";
constexpr const char* blink = "chrome-win10";
constexpr const char* webkit = "safari-macos";
constexpr const char* phone = "safari-iphone";
constexpr const char* android = "chrome-android";

struct Row {
  const char* name;
  const char* asks;  // an expression
  std::vector<std::pair<const char*, std::string>> says;  // by persona
};

class Looks : public ::testing::TestWithParam<Row> {};

TEST_P(Looks, LikeTheBrowser) {
  for (const auto& [persona, expected] : GetParam().says) {
    VisitOptions options = offline_visit(
      "<p id=d></p><script>\nfunction order(o, names) { var found = []; for (var k in o) if (names.indexOf("
                      "' ' + k + ' ') >= 0) found[found.length] = k; return found.join(' ') }\n"
                      "var answer; try { answer = String(" +
                      std::string(GetParam().asks) +
                      ") } catch (e) { answer = 'threw ' + e.message }\n"
                      "document.title = answer; console.log(answer)</script>");
    options.persona = persona;
    const intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(events_of(visit, "console"), std::vector<std::string>{expected}) << persona;
  }
}

const std::string nothing = "undefined";

INSTANTIATE_TEST_SUITE_P(
    Rows, Looks,
    ::testing::Values(
        Row{"class_of_the_window", "Object.prototype.toString.call(window)",
            {{old_trident, "[object Object]"}, {trident, "[object Window]"}, {blink, "[object Window]"},
             {gecko, "[object Window]"}, {webkit, "[object Window]"}}},
        Row{"class_of_the_navigator", "Object.prototype.toString.call(navigator)",
            {{old_trident, "[object Object]"}, {trident, "[object Navigator]"}, {blink, "[object Navigator]"}}},
        Row{"class_of_the_document", "Object.prototype.toString.call(document)",
            {{old_trident, "[object Object]"}, {trident, "[object HTMLDocument]"}, {blink, "[object HTMLDocument]"},
             {gecko, "[object HTMLDocument]"}}},
        Row{"text_of_a_native", "'[' + alert + ']'",
            {{old_trident, "[\nfunction alert() {\n    [native code]\n}\n]"},
             {trident, "[\nfunction alert() {\n    [native code]\n}\n]"},
             {chakra, "[function alert() { [native code] }]"},
             {blink, "[function alert() { [native code] }]"},
             {gecko, "[function alert() {\n    [native code]\n}]"},
             {webkit, "[function alert() {\n    [native code]\n}]"}}},
        Row{"document_all", "typeof document.all + (document.all ? ' there' : ' not there') + (document.all.length > 3)",
            {{old_trident, "object theretrue"}, {trident, "undefined not theretrue"}, {blink, "undefined not theretrue"},
             {gecko, "undefined not theretrue"}}},
        Row{"attach_event", "typeof document.attachEvent + ' ' + typeof d.attachEvent + ' ' + typeof window.attachEvent",
            {{old_trident, "function function function"}, {trident, "undefined undefined undefined"},
             {blink, "undefined undefined undefined"}, {webkit, "undefined undefined undefined"},
             {gecko, "undefined undefined undefined"}}},
        Row{"stack", "(function () { function f() { throw new TypeError('x') }\ntry { f() } catch (e) { return e.stack } })()",
            {{old_trident, nothing},
             {trident, "TypeError: x\n   at f (http://page.example/:3:71)\n"
                       "   at Anonymous function (http://page.example/:4:7)\n   at Global code (http://page.example/:4:44)"},
             {blink, "TypeError: x\n    at f (http://page.example/:3:71)\n    at http://page.example/:4:7\n"
                     "    at http://page.example/:4:44"},
             {gecko, "f@http://page.example/:3:71\nanswer<@http://page.example/:4:7\n@http://page.example/:4:44\n"},
             {webkit, "f@http://page.example/:3:71\n@http://page.example/:4:7\nglobal code@http://page.example/:4:44"}}},
        Row{"stack_of_an_eval", "eval('var s; try {\\n nobody() } catch (e) { s = e.stack.split(\"\\\\n\")[1] } s')",
            {{trident, "   at eval code (eval code:2:2)"},
             {webkit, "global code@http://page.example/:3:35"},
             {blink, "    at eval (eval at <anonymous> (http://page.example/:3:1), <anonymous>:2:2)"}}},
        Row{"members_of_error", "typeof Error.captureStackTrace + ' ' + typeof Error.stackTraceLimit + ' ' + typeof new "
                                "Error('x').description",
            {{old_trident, "undefined undefined string"}, {trident, "undefined number string"},
             {chakra, "undefined number undefined"}, {blink, "function number undefined"},
             {gecko, "undefined undefined undefined"}, {webkit, "undefined undefined undefined"}}},
        Row{"numbers_of_errors", "(function () { try { nobody() } catch (e) { return e.number & 0xFFFF } })()",
            {{old_trident, "5009"}, {trident, "5009"}, {blink, "0"}}},
        Row{"stack_of_one_s_own", "(function f() { var o = {}; Error.captureStackTrace(o); return typeof o.stack })()",
            {{blink, "string"}}},
        Row{"window_chrome", "typeof chrome == 'undefined' ? 'none' : typeof chrome.csi + typeof chrome.loadTimes + typeof "
                             "chrome.app + typeof chrome.loadTimes().requestTime",
            {{blink, "functionfunctionobjectnumber"}, {android, "functionfunctionundefinednumber"}, {gecko, "none"},
             {webkit, "none"}, {trident, "none"}}},
        Row{"order_of_the_window", "order(window, ' window self document name location alert setTimeout ')",
            {{blink, "window self document name location setTimeout alert"},
             {gecko, "setTimeout alert window self document name location"}}},
        Row{"order_of_the_navigator", "order(navigator, ' userAgent vendor platform javaEnabled plugins language product ')",
            {{blink, "vendor plugins platform product userAgent language javaEnabled"},
             {gecko, "javaEnabled plugins vendor platform userAgent product language"}}},
        Row{"nothing_of_the_navigators_own", "Object.getOwnPropertyNames(navigator).length",
            {{blink, "0"}, {gecko, "0"}, {webkit, "0"}, {trident, "0"}}},
        Row{"coarse_time", "performance.now() * 1000 % 1000 == 0",
            {{gecko, "true"}, {webkit, "true"}, {blink, "false"}}},
        Row{"time_in_tenths", "Math.abs(performance.now() * 10 - Math.round(performance.now() * 10)) < 1e-6", {{blink, "true"}}},
        Row{"time_goes_on", "(function () { var t = performance.now(), n = 0; while (performance.now() - t < 3 && n < 1e6) n++;"
                            "return n < 1e6 })()",
            {{blink, "true"}, {gecko, "true"}, {trident, "true"}}},
        Row{"a_touch_screen", "navigator.maxTouchPoints + ' ' + ('ontouchstart' in window) + ' ' + ('ontouchstart' in "
                              "document.documentElement) + ' ' + devicePixelRatio",
            {{blink, "0 false false 1"}, {phone, "5 true true 3"}, {android, "5 true true 2.625"},
             {gecko, "0 false false 1"}}},
        Row{"processors", "typeof navigator.hardwareConcurrency + typeof navigator.deviceMemory",
            {{blink, "numbernumber"}, {gecko, "numberundefined"}, {webkit, "numberundefined"}, {trident, "undefinedundefined"}}},
        Row{"born_later", "typeof Promise + typeof Symbol + typeof fetch + typeof Request + typeof Array.from",
            {{"firefox3-winxp", "undefinedundefinedundefinedundefinedundefined"},
             {"firefox-win7", "undefinedundefinedundefinedundefinedundefined"},
             {"chrome36-win7", "functionundefinedundefinedundefinedundefined"},
             {"firefox52-winxp", "functionfunctionfunctionfunctionfunction"},
             {blink, "functionfunctionfunctionfunctionfunction"}}},
        Row{"what_is_not_there_is_refused", "typeof WebAssembly + typeof WebAssembly.instantiate + WebAssembly.validate(new "
                                            "Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) + typeof indexedDB.open",
            {{blink, "objectfunctiontruefunction"}, {gecko, "objectfunctiontruefunction"}}}),
    [](const auto& row) { return row.param.name; });

// navigator.mimeTypes and plugins are two views of the same things, and an object is the same whichever way one comes.
TEST(Plugins, AgreeWithTheirTypes) {
  const std::string script = R"(<script>
var bad = [], p = navigator.plugins, m = navigator.mimeTypes, seen = {};
function note(t) { bad[bad.length] = t }
for (var i = 0; i < m.length; i++) {
  if (seen[m[i].type]) note('twice ' + m[i].type);
  seen[m[i].type] = 1;
  if (m[i] !== m.item(i) || m[i] !== m.namedItem(m[i].type) || m[i] !== m[m[i].type]) note('not itself ' + m[i].type);
  var owner = m[i].enabledPlugin, found = false;
  if (owner !== p[owner.name]) note('no plugin ' + owner.name);
  for (var j = 0; j < owner.length; j++) if (owner[j].type === m[i].type) found = true;
  if (!found) note('not of its plugin ' + m[i].type);
}
for (i = 0; i < p.length; i++)
  for (j = 0; j < p[i].length; j++)
    if (!m[p[i][j].type]) note('unknown ' + p[i][j].type);
if ((m.length > 0) != (p.length > 0)) note('one without the other');
alert(bad.join('; '));
</script>)";
  for (const std::string& persona : persona_names()) {
    VisitOptions options = offline_visit(script);
    options.persona = persona;
    const intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(events_of(visit, "dialog"), std::vector<std::string>{"alert: "}) << persona;
  }
}

// What was missing where it mattered is said.
TEST(Missing, MakesARecordIncomplete) {
  struct {
    const char* name;
    const char* script;
    std::vector<std::string> unemulated;
    bool complete;
    const char* says;
  } rows[] = {
      {"looked_for", "if (window.WebAssembly && indexedDB && EventSource) console.log('there')", {}, true, "there"},
      {"assembly", "WebAssembly.instantiate(new ArrayBuffer(8)).catch(e => console.log('refused'))", {"WebAssembly"},
       false, "refused"},
      {"assembly_at_once", "try { new WebAssembly.Module(new ArrayBuffer(8)) } catch (e) { console.log('refused') }",
       {"WebAssembly"}, false, "refused"},
      {"database", "indexedDB.open('x').onerror = e => console.log(e.type)", {"indexedDB"}, true, "error"},
      {"drawing", "var c = document.createElement('canvas').getContext('2d'); c.fillText('x', 1, 1); console.log(c.canvas."
                  "toDataURL().length > 30, c.measureText('abc').width > 1)", {}, true, "true true"},
      {"reading_a_drawing", "var c = document.createElement('canvas').getContext('2d'); console.log(c.getImageData(0, 0, 2, "
                            "2).data.length)", {"canvas getImageData"}, false, "16"},
      {"events_from_a_server", "new EventSource('/s').onerror = () => console.log('error')", {"EventSource"}, false,
       "error"},
  };
  for (const auto& row : rows) {
    VisitOptions options = offline_visit(
      "<script>" + std::string(row.script) + "</script>");
    const intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(visit.unemulated, row.unemulated) << row.name;
    EXPECT_EQ(visit.complete, row.complete) << row.name;
    EXPECT_EQ(events_of(visit, "console"), std::vector<std::string>{row.says}) << row.name;
  }
}

}  // namespace
}  // namespace shikake::honeyclient::low
