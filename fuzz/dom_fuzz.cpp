// Random programs on the DOM: the page worker's native code must stay sound whatever script calls on
// whatever object. The input chooses the statements; the parent is played by a thread that answers with
// refusals and small documents.
#include <signal.h>
#include <sys/time.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "base/frame.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/engine.h"

namespace {

using namespace shikake;
using namespace shikake::honeyclient::low;
namespace page = shikake::honeyclient::low::page;

class Program {
 public:
  explicit Program(std::string_view input) : input_(input) {}

  // A page: some markup, then statements until the input is used up.
  std::string page() {
    std::string text =
        "<p id=a class=x>1<form id=f name=n><input name=q value=1><select><option>1</select></form>"
        "<iframe id=i></iframe><object id=o classid=c></object><a id=l href='/x?y#z'>l</a>"
        "<table><tr><td>t</table><script>var v=[document,window,document.body,a,f,i,o,l,location,"
        "navigator.plugins,localStorage,a.style,a.dataset,a.classList,a.attributes,a.childNodes,"
        "document.all,i.contentWindow,i.contentDocument,new XMLHttpRequest,new Event('e'),"
        "document.createElement('script'),document.createTextNode('t'),history,f.elements];\n"
        "function make(t){try{v.push(eval(t))}catch(e){}}['new Blob([\"xyz\"])','new URL(\"http://u.example/?a=b\")',"
        "'new FormData(f)','new URLSearchParams(\"a=b\")','new TextDecoder','new Headers','new Response(\"r\")',"
        "'new Uint8Array(9)','new MutationObserver(function(){})','new ActiveXObject(\"ADODB.Stream\")',"
        "'new ActiveXObject(\"Scripting.FileSystemObject\")','new ActiveXObject(\"Microsoft.XMLHTTP\")',"
        "'new ActiveXObject(\"Scripting.Dictionary\")','new ActiveXObject(\"Msxml2.DOMDocument\")',"
        "'new ActiveXObject(\"WScript.Shell\")','new ActiveXObject(\"Specimen.Player\")'].forEach(make);\n";
    while (!input_.empty()) text += statement();
    return text + "</script>";
  }

 private:
  uint8_t byte() {
    if (input_.empty()) return 0;
    auto value = static_cast<uint8_t>(input_[0]);
    input_.remove_prefix(1);
    return value;
  }
  template <size_t N>
  std::string pick(const std::array<const char*, N>& from) {
    return from[byte() % N];
  }
  std::string object() { return "v[" + std::to_string(byte()) + "%v.length]"; }
  std::string name() {
    static constexpr std::array names = {"appendChild",
                                         "insertBefore",
                                         "removeChild",
                                         "replaceChild",
                                         "cloneNode",
                                         "innerHTML",
                                         "outerHTML",
                                         "textContent",
                                         "setAttribute",
                                         "getAttribute",
                                         "removeAttribute",
                                         "id",
                                         "className",
                                         "name",
                                         "src",
                                         "href",
                                         "value",
                                         "parentNode",
                                         "firstChild",
                                         "lastChild",
                                         "nextSibling",
                                         "childNodes",
                                         "children",
                                         "ownerDocument",
                                         "contentWindow",
                                         "contentDocument",
                                         "document",
                                         "location",
                                         "open",
                                         "write",
                                         "close",
                                         "querySelector",
                                         "querySelectorAll",
                                         "getElementsByTagName",
                                         "getElementById",
                                         "createElement",
                                         "adoptNode",
                                         "importNode",
                                         "addEventListener",
                                         "dispatchEvent",
                                         "onclick",
                                         "onload",
                                         "click",
                                         "submit",
                                         "remove",
                                         "append",
                                         "before",
                                         "insertAdjacentHTML",
                                         "insertAdjacentElement",
                                         "style",
                                         "cssText",
                                         "classList",
                                         "add",
                                         "toggle",
                                         "item",
                                         "namedItem",
                                         "length",
                                         "0",
                                         "1",
                                         "q",
                                         "n",
                                         "setItem",
                                         "getItem",
                                         "clear",
                                         "send",
                                         "abort",
                                         "responseText",
                                         "postMessage",
                                         "setTimeout",
                                         "eval",
                                         "parent",
                                         "top",
                                         "frames",
                                         "body",
                                         "head",
                                         "title",
                                         "cookie",
                                         "text",
                                         "type",
                                         "target",
                                         "preventDefault",
                                         "toString",
                                         "constructor",
                                         "__proto__",
                                         "prototype",
                                         "search",
                                         "hash",
                                         "pushState",
                                         "elements",
                                         "selectedIndex",
                                         "checked",
                                         "matches",
                                         "closest",
                                         "attributes",
                                         "dataset",
                                         "foo",
                                         "slice",
                                         "arrayBuffer",
                                         "size",
                                         "searchParams",
                                         "append",
                                         "get",
                                         "forEach",
                                         "decode",
                                         "Open",
                                         "Write",
                                         "WriteText",
                                         "Read",
                                         "ReadText",
                                         "Position",
                                         "SetEOS",
                                         "Charset",
                                         "Type",
                                         "CopyTo",
                                         "SaveToFile",
                                         "LoadFromFile",
                                         "CreateTextFile",
                                         "OpenTextFile",
                                         "ReadLine",
                                         "Add",
                                         "Item",
                                         "Run",
                                         "loadXML",
                                         "nodeTypedValue"};
    return pick(names);
  }
  std::string value() {
    static constexpr std::array values = {"null",
                                          "undefined",
                                          "0",
                                          "-1",
                                          "1e9",
                                          "NaN",
                                          "Infinity",
                                          "-Infinity",
                                          "-2.5",
                                          "2147483648",
                                          "true",
                                          "''",
                                          "'div'",
                                          "'*'",
                                          "'x y'",
                                          "'http://h.example/'",
                                          "'javascript:1'",
                                          "'about:blank'",
                                          "'<b>x</b>'",
                                          "'<script>v.push(1)<\\/script>'",
                                          "'<iframe srcdoc=x></iframe>'",
                                          "'<img src=x onerror=1>'",
                                          "'click'",
                                          "'load'",
                                          "'beforeend'",
                                          "'a>b'",
                                          "':not('",
                                          "function(){return v[3]}",
                                          "function(){document.write('<p>')}",
                                          "function(){v[2].innerHTML=''}",
                                          "{toString(){throw 1}}",
                                          "{get length(){return 1e9}}",
                                          "[1,2]",
                                          "{}",
                                          "Symbol('s')",
                                          "'\\ud800'",
                                          "'\\0'"};
    return byte() % 2 ? object() : pick(values);
  }
  std::string arguments() {
    std::string text = value();
    for (int more = byte() % 3; more > 0; --more) text += "," + value();
    return text;
  }
  std::string statement() {
    std::string at = object() + "['" + name() + "']";
    std::string body;
    switch (byte() % 10) {
      case 0:
        body = "v.push(" + at + ")";
        break;
      case 1:
        body = at + "=" + value();
        break;
      case 2:
        body = "v.push(" + at + "(" + arguments() + "))";
        break;
      case 3:
        body = at + ".call(" + object() + "," + arguments() + ")";
        break;
      case 4:
        body = "delete " + at;
        break;
      case 5:
        body = "for(var k in " + object() + ")if(k.length<9)v.push(v[3][k])";
        break;
      case 6:
        body = "if(" + at + "){" + at + "(" + arguments() + ")}else " + at + "=" + value();
        break;
      case 7:
        body = "function g(){" + at + "(" + arguments() + ")} v.push(" + at + "?g:" + value() + ")";
        break;
      case 8:
        body = "eval('" + std::string(byte() % 2 ? "if(v[1])location=v[4]" : "(function(){v[2].src=1})") + "')";
        break;
      case 9:
        body = "switch(" + value() + "){case " + value() + ":" + at + "(" + arguments() +
               ");break;default:new Function('a','return '+" + at + ")()}";
        break;
    }
    return "try{" + body + "}catch(e){}\n";
  }

  std::string_view input_;
};

// Refusals, empty storage, and for every other frame a document of the same origin.
void play_parent(base::FrameChannel channel) {
  auto deadline = base::Deadline::after(std::chrono::seconds(20));
  auto tell = [&](ToPage type, const auto& message) {
    (void)channel.send(static_cast<uint8_t>(type), base::to_wire(message), deadline);
  };
  uint64_t sent = 0;
  for (;;) {
    auto frame = channel.receive(deadline);
    if (!frame) return;
    switch (static_cast<FromPage>(frame->type)) {
      case FromPage::fetch: {
        auto fetch = base::from_wire<Fetch>(frame->body);
        SHIKAKE_CHECK(fetch.has_value());
        Loaded loaded;
        loaded.request = fetch->request;
        loaded.ok = fetch->request % 2 == 0;
        loaded.status = 200;
        loaded.body = "v.push(2)";
        tell(ToPage::loaded, loaded), ++sent;
        break;
      }
      case FromPage::open_frame: {
        auto open = base::from_wire<OpenFrame>(frame->body);
        SHIKAKE_CHECK(open.has_value());
        FrameDocument document;
        document.window = open->window;
        document.document.url = "http://page.example/frame";
        document.document.body = "<p>x<script>parent.v.push(document)</script>";
        if (open->window % 2)
          tell(ToPage::frame_document, document);
        else
          tell(ToPage::frame_elsewhere, FrameElsewhere{open->window, false});
        ++sent;
        break;
      }
      case FromPage::navigate: {
        auto navigate = base::from_wire<Navigate>(frame->body);
        SHIKAKE_CHECK(navigate.has_value());
        tell(ToPage::stays, Stays{navigate->asked.window}), ++sent;
        break;
      }
      case FromPage::ask:
        tell(ToPage::answer, Answer{"c=1", {}}), ++sent;
        break;
      case FromPage::settled: {
        auto settled = base::from_wire<Settled>(frame->body);
        if (settled && settled->heard == sent) return;  // and the page ends with its channel
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static page::Engine& engine = *[] {
    auto* made = new page::Engine;  // the engine's threads and memory last as long as the process
    SHIKAKE_CHECK(made->start());
    struct sigaction action {};
    action.sa_handler = [](int) { page::on_cpu_tick(); };
    action.sa_flags = SA_RESTART;
    sigaction(SIGPROF, &action, nullptr);
    itimerval every{{0, 50'000}, {0, 50'000}};
    setitimer(ITIMER_PROF, &every, nullptr);
    return made;
  }();
  if (size > 2000) return 0;  // longer programs find nothing that short ones do not, but slowly
  auto ends = base::FrameChannel::make_pair(limits::max_frame);
  SHIKAKE_CHECK(ends.has_value());
  Start start;
  start.document.url = "http://page.example/";
  start.document.content_type = "text/html";
  start.document.body = Program({reinterpret_cast<const char*>(data), size}).page();
  start.persona.language = "en";
  start.persona.languages = {"en"};
  start.persona.user_agent = "Fuzzer";
  start.persona.engine = size % 2 ? Engine::trident : Engine::blink;
  start.persona.version = size % 2 ? 6 + static_cast<uint32_t>(size) / 2 % 6 : 100;
  start.persona.components = {"Specimen.Player"};
  start.persona.inner_width = 800;
  start.forced = size % 3 == 0;
  start.max_script_time = std::chrono::milliseconds(500);
  std::thread parent(play_parent, std::move(ends->second));
  engine.run_page(std::move(ends->first), std::move(start));
  engine.forget_page();
  parent.join();
  return 0;
}
