// Random programs on the DOM: the page worker's native code must stay sound whatever script calls on
// whatever object. The input chooses the statements.
#include <array>
#include <string>
#include <string_view>

#include "page_fuzz.h"

namespace {

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
        "'new ActiveXObject(\"WScript.Shell\")','new ActiveXObject(\"Specimen.Player\")',"
        "'new File([v[21]||1],\"f\")','URL.createObjectURL(new Blob([\"onmessage=function(e){postMessage(e.data)}\"]))',"
        "'new Worker(v[v.length-1])','new Worker(\"data:,importScripts(1)\",{type:\"module\"})',"
        "'new SharedWorker(\"/w\").port','new MessageChannel().port1','new MessageChannel().port2','new FileReader',"
        "'new WebSocket(\"ws://w.example/\")','new EventSource(\"/e\")','new XDomainRequest','new Request(\"/r\")',"
        "'navigator.serviceWorker','navigator.mimeTypes','navigator.clipboard','performance','crypto','new DataView(new "
        "ArrayBuffer(8))','new Promise(function(){})','fetch(\"/f\")','new TextEncoder','new Map','new Notification(1)',"
        "'indexedDB','document.createElement(\"canvas\")','new Enumerator(document.all)','chrome','getComputedStyle(a)',"
        "'new ActiveXObject(\"Schedule.Service\")','new ActiveXObject(\"Excel.Application\")',"
        "'new ActiveXObject(\"MSScriptControl.ScriptControl\")','GetObject(\"winmgmts:\")'].forEach(make);\n";
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
                                         "nodeTypedValue",
                                         "onmessage",
                                         "onerror",
                                         "start",
                                         "terminate",
                                         "port",
                                         "readAsText",
                                         "readAsDataURL",
                                         "readAsArrayBuffer",
                                         "result",
                                         "responseType",
                                         "response",
                                         "withCredentials",
                                         "setRequestHeader",
                                         "getResponseHeader",
                                         "register",
                                         "clone",
                                         "json",
                                         "blob",
                                         "headers",
                                         "set",
                                         "writeText",
                                         "getRandomValues",
                                         "now",
                                         "getContext",
                                         "enabledPlugin",
                                         "plugins",
                                         "stack",
                                         "then",
                                         "buffer",
                                         "structuredClone",
                                         "fetch",
                                         "URL",
                                         "createObjectURL",
                                         "revokeObjectURL",
                                         "execScript",
                                         "CreateObject",
                                         "ExecQuery",
                                         "AddCode",
                                         "Exec",
                                         "moveNext"};
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
                                          "'\\0'",
                                          "{type:'module',mode:'no-cors',credentials:'omit'}",
                                          "{method:'PUT',headers:{'x-a':1},body:v[21]}",
                                          "new ArrayBuffer(8)",
                                          "new Error('e')",
                                          "/a(b)/g",
                                          "'arraybuffer'",
                                          "'message'",
                                          "function(e){v.push(e.data);e.ports&&v.push(e.ports[0])}"};
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 2000) return 0;  // longer programs find nothing that short ones do not, but slowly
  shikake::honeyclient::low::Start start;
  start.document.url = "http://page.example/";
  start.document.content_type = "text/html";
  start.document.body = Program({reinterpret_cast<const char*>(data), size}).page();
  start.persona.language = "en";
  start.persona.languages = {"en"};
  start.persona.user_agent = "Fuzzer";
  start.persona.engine = size % 2 ? shikake::honeyclient::low::Engine::trident : shikake::honeyclient::low::Engine::blink;
  start.persona.version = size % 2 ? 6 + static_cast<uint32_t>(size) / 2 % 6 : 100;
  start.persona.components = {"Specimen.Player"};
  start.persona.inner_width = 800;
  start.forced = size % 3 == 0;
  start.max_script_time = std::chrono::milliseconds(500);
  shikake::fuzz::run_page(std::move(start));
  return 0;
}
