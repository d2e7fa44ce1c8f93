// Random programs on the DOM: the page worker's native code must stay sound whatever script calls on
// whatever object. The input chooses the statements.
#include "page_fuzz.h"

namespace {

using namespace shikake;

constexpr std::string_view markup =
    "<p id=a class=x>1<form id=f name=n><input name=q value=1><select><option>1</select></form>"
    "<object id=o classid=c></object><a id=l href='/x?y#z'>l</a><table><tr><td>t</table><script>";

constexpr std::string_view first[] = {"document",
                                      "window",
                                      "document.body",
                                      "a",
                                      "f",
                                      "o",
                                      "l",
                                      "location",
                                      "a.childNodes",
                                      "a.attributes",
                                      "new Event('e')",
                                      "document.createTextNode('t')"};

// One row an object, or a group of those that belong together.
// clang-format off
constexpr std::string_view objects[] = {
    "navigator.plugins",
    "localStorage",
    "a.style",
    "a.dataset",
    "a.classList",
    "document.all",
    "history",
    "f.elements",
    "navigator.mimeTypes",
    "navigator.serviceWorker",
    "navigator.clipboard",
    "performance",
    "crypto",
    "indexedDB",
    "chrome",
    "getComputedStyle(a)",
    "document.styleSheets",
    "matchMedia('print')",
    "console",
    "new XMLHttpRequest",
    "document.createElement('script')",
    "document.body.appendChild(document.createElement('iframe'))",
    "document.getElementsByTagName('iframe')[0].contentWindow",
    "document.getElementsByTagName('iframe')[0].contentDocument",
    "document.createElement('canvas').getContext('2d')",
    "document.createElement('template').content",
    "document.implementation.createHTMLDocument('')",
    "new DOMParser().parseFromString('<a>','text/xml')",
    "new Image",
    "new Blob(['xyz'])",
    "new File([v[21]||1],'f')",
    "new FileReader",
    "new FormData(f)",
    "new Headers",
    "new Request('/r')",
    "new Response('r')",
    "fetch('/f')",
    "new URL('http://u.example/?a=b')",
    "new URLSearchParams('a=b')",
    "new TextDecoder",
    "new TextEncoder",
    "new Uint8Array(9)",
    "new DataView(new ArrayBuffer(8))",
    "new Map",
    "new Promise(function(){})",
    "new AbortController",
    "new CustomEvent('click',{detail:v[3]})",
    "new MouseEvent('click',{bubbles:true})",
    "new Notification(1)",
    "new WebSocket('ws://w.example/')",
    "new EventSource('/e')",
    "new XDomainRequest",
    "new MessageChannel",
    "new BroadcastChannel('c')",
    "URL.createObjectURL(new Blob(['onmessage=function(e){postMessage(e.data)}']))",
    "new Worker(URL.createObjectURL(new Blob(['onmessage=function(e){postMessage(e.data,e.ports)};postMessage(1)'])))",
    "new Worker('data:,importScripts(1)',{type:'module'})",
    "new SharedWorker('/w').port",
    "import('data:text/javascript,export default 1;v.push(import.meta)')",
    "document.body.appendChild(Object.assign(document.createElement('script'),{type:'module',text:'import*as m from\"/m\";v.push(m)'}))",
    "new MutationObserver(function(r,o){v.push(r,r[0],o)})",
    "(function(o){o.observe(document,{childList:true,subtree:true,attributes:true,characterData:true,attributeOldValue:true});return o})(new MutationObserver(function(r){for(var i=0;i<r.length;++i)v.push(r[i],r[i].addedNodes,r[i].target)}))",
    "new ClipboardItem({'text/plain':'t','text/html':new Blob(['<b>'],{type:'text/html'})})",
    "navigator.clipboard.write([new ClipboardItem({'text/plain':Promise.resolve('t')})])",
    "a.attachShadow({mode:'open'})",
    "(a.shadowRoot.innerHTML='<slot name=s></slot><p>',a.shadowRoot.firstChild)",
    "document.body.attachShadow({mode:'closed'})",
    "customElements",
    "customElements.define('x-'+v.length,class extends HTMLElement{constructor(){super();v.push(this)}connectedCallback(){this.innerHTML='<i>';v.push(this.parentNode)}disconnectedCallback(){document.body.appendChild(this)}attributeChangedCallback(){this.remove()}static get observedAttributes(){return['id','x']}})",
    "customElements.define('y-'+v.length,class extends HTMLInputElement{},{extends:'input'})",
    "document.createElement('x-'+(v.length-1))",
    "document.createRange()",
    "getSelection()",
    "(getSelection().selectAllChildren(document.body),getSelection().getRangeAt(0))",
    "document.createTreeWalker(document.body,-1,function(n){v.push(n);return 1})",
    "document.createNodeIterator(document,-1,{acceptNode:function(n){n.remove();return 1}})",
    "new IntersectionObserver(function(e){v.push(e)})",
    "crypto.subtle",
    "crypto.subtle.digest('SHA-256',new Uint8Array(9))",
    "crypto.subtle.importKey('raw',new Uint8Array(16),'AES-CBC',true,['encrypt','decrypt']).then(function(k){v.push(k);return crypto.subtle.encrypt({name:'AES-CBC',iv:new Uint8Array(16)},k,new Uint8Array(9))}).then(function(b){v.push(b)})",
    "crypto.subtle.generateKey({name:'AES-GCM',length:128},true,['encrypt']).then(function(k){v.push(k);return crypto.subtle.exportKey('jwk',k)}).then(function(j){v.push(j)})",
    "crypto.subtle.importKey('raw',new Uint8Array(8),'PBKDF2',false,['deriveBits']).then(function(k){return crypto.subtle.deriveBits({name:'PBKDF2',salt:new Uint8Array(8),iterations:2,hash:'SHA-1'},k,64)})",
    "new Enumerator(document.all)",
    "GetObject('winmgmts:')",
    "new ActiveXObject('ADODB.Stream')",
    "new ActiveXObject('Scripting.FileSystemObject')",
    "new ActiveXObject('Scripting.Dictionary')",
    "new ActiveXObject('Microsoft.XMLHTTP')",
    "new ActiveXObject('Msxml2.DOMDocument')",
    "new ActiveXObject('WScript.Shell')",
    "new ActiveXObject('Schedule.Service')",
    "new ActiveXObject('Excel.Application')",
    "new ActiveXObject('MSScriptControl.ScriptControl')",
    "new ActiveXObject('Specimen.Player')",
};

// clang-format off
constexpr std::string_view names[] = {
    "appendChild", "insertBefore", "removeChild", "replaceChild", "cloneNode", "innerHTML", "outerHTML",
    "textContent", "setAttribute", "getAttribute", "removeAttribute", "id", "className", "name", "src", "href",
    "value", "parentNode", "firstChild", "lastChild", "nextSibling", "childNodes", "children", "ownerDocument",
    "contentWindow", "contentDocument", "document", "location", "open", "write", "close", "querySelector",
    "querySelectorAll", "getElementsByTagName", "getElementById", "createElement", "adoptNode", "importNode",
    "addEventListener", "dispatchEvent", "onclick", "onload", "click", "submit", "remove", "append", "before",
    "insertAdjacentHTML", "insertAdjacentElement", "style", "cssText", "classList", "add", "toggle", "item",
    "namedItem", "length", "0", "1", "q", "n", "setItem", "getItem", "clear", "send", "abort", "responseText",
    "postMessage", "setTimeout", "eval", "parent", "top", "frames", "body", "head", "title", "cookie", "text",
    "type", "target", "preventDefault", "toString", "constructor", "__proto__", "prototype", "search", "hash",
    "pushState", "elements", "selectedIndex", "checked", "matches", "closest", "attributes", "dataset", "foo",
    "slice", "arrayBuffer", "size", "searchParams", "get", "forEach", "decode", "Open", "Write", "WriteText",
    "Read", "ReadText", "Position", "SetEOS", "Charset", "Type", "CopyTo", "SaveToFile", "LoadFromFile",
    "CreateTextFile", "OpenTextFile", "ReadLine", "Add", "Item", "Run", "loadXML", "nodeTypedValue", "onmessage",
    "onerror", "start", "terminate", "port", "readAsText", "readAsDataURL", "readAsArrayBuffer", "result",
    "responseType", "response", "withCredentials", "setRequestHeader", "getResponseHeader", "register", "clone",
    "json", "blob", "headers", "set", "writeText", "getRandomValues", "now", "getContext", "enabledPlugin",
    "plugins", "stack", "then", "buffer", "structuredClone", "fetch", "URL", "createObjectURL", "revokeObjectURL",
    "execScript", "CreateObject", "ExecQuery", "AddCode", "Exec", "moveNext", "define", "observe", "takeRecords",
    "attachShadow", "shadowRoot", "createRange", "getRangeAt", "setStart", "setEnd", "surroundContents",
    "extractContents", "insertNode", "nextNode", "currentNode", "encrypt", "importKey", "getType", "x-0", "sort",
    "valueOf", "assign", "returnValue", "event", "all", "defaultView"};

constexpr std::string_view values[] = {
    "null", "undefined", "0", "-1", "1e9", "NaN", "Infinity", "-Infinity", "-2.5", "2147483648", "true", "''",
    "'div'", "'*'", "'x y'", "'http://h.example/'", "'javascript:1'", "'about:blank'", "'<b>x</b>'",
    "'<script>v.push(1)<\\/script>'", "'<iframe srcdoc=x></iframe>'", "'<img src=x onerror=1>'", "'click'",
    "'load'", "'beforeend'", "'a>b'", "':not('", "function(){return v[3]}", "function(){document.write('<p>')}",
    "function(){v[2].innerHTML=''}", "{toString(){throw 1}}", "{get length(){return 1e9}}", "[1,2]", "{}",
    "Symbol('s')", "'\\ud800'", "'\\0'", "{type:'module',mode:'no-cors',credentials:'omit'}",
    "{method:'PUT',headers:{'x-a':1},body:v[21]}", "new ArrayBuffer(8)", "new Error('e')", "/a(b)/g",
    "'arraybuffer'", "'message'", "function(e){v.push(e.data);e.ports&&v.push(e.ports[0])}", "'<x-0 id=x></x-0>'",
    "{attributes:true,childList:true,subtree:true}", "{name:'HMAC',hash:'SHA-1'}", "['sign','encrypt']", "'raw'",
    "'open'", "{mode:'open'}", "class extends HTMLElement{}", "1", "'x-0'"};
// clang-format on

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 400) return 0;  // longer programs find nothing that short ones do not, but slowly
  fuzz::Program program({reinterpret_cast<const char*>(data), size}, {objects, names, values});
  fuzz::Start start = fuzz::page_start(program);
  start.document.url = "https://page.example/";
  start.document.content_type = "text/html";
  start.document.body = std::string(markup) + fuzz::Program::beginning(first) + program.rest() + "</script>";
  start.persona.components = {"Specimen.Player"};
  fuzz::run_page(std::move(start));
  return 0;
}
