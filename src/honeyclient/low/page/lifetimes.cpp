#include "honeyclient/low/page/lifetimes.h"

#include <algorithm>
#include <array>
#include <limits>

#include "honeyclient/low/page/document_mode.h"
#include "honeyclient/low/persona.h"

namespace shikake::honeyclient::low::page {

namespace {

constexpr uint32_t ever = std::numeric_limits<uint32_t>::max();

// A member of Trident's: in versions `first` to `last`. What other engines' personas differ in is in the
// interface tables (bind.h, Engines). Sources: Microsoft's "Internet Explorer Developer Center" change lists,
// and for the language kangax' compatibility tables of ECMAScript 5 and 6.
struct Lifetime {
  std::string_view owner;  // an interface, "Window", or a standard class: "Array", "Array.prototype"
  const char* member;
  uint32_t first, last;
};
constexpr std::array trident = {
    Lifetime{"EventTarget", "addEventListener", 9, ever},
    Lifetime{"EventTarget", "removeEventListener", 9, ever},
    Lifetime{"EventTarget", "dispatchEvent", 9, ever},
    Lifetime{"Window", "addEventListener", 9, ever},
    Lifetime{"Window", "removeEventListener", 9, ever},
    Lifetime{"Window", "dispatchEvent", 9, ever},
    Lifetime{"Window", "attachEvent", 5, 10},
    Lifetime{"Window", "detachEvent", 5, 10},
    Lifetime{"Window", "execScript", 4, 10},
    Lifetime{"Window", "getComputedStyle", 9, ever},
    Lifetime{"Window", "pageXOffset", 9, ever},
    Lifetime{"Window", "pageYOffset", 9, ever},
    Lifetime{"Window", "innerWidth", 9, ever},
    Lifetime{"Window", "innerHeight", 9, ever},
    Lifetime{"Window", "outerWidth", 9, ever},
    Lifetime{"Window", "outerHeight", 9, ever},
    Lifetime{"Window", "devicePixelRatio", 11, ever},
    Lifetime{"Window", "screenX", 9, ever},
    Lifetime{"Window", "screenY", 9, ever},
    Lifetime{"Window", "scrollX", ever, ever},
    Lifetime{"Window", "scrollY", ever, ever},
    Lifetime{"Window", "stop", ever, ever},
    Lifetime{"Window", "cancelAnimationFrame", 10, ever},
    Lifetime{"Window", "matchMedia", 10, ever},
    Lifetime{"Window", "requestAnimationFrame", 10, ever},
    Lifetime{"Window", "setImmediate", 10, ever},
    Lifetime{"Window", "atob", 10, ever},
    Lifetime{"Window", "btoa", 10, ever},
    Lifetime{"Window", "performance", 9, ever},
    Lifetime{"Window", "console", 8, ever},
    Lifetime{"Window", "localStorage", 8, ever},
    Lifetime{"Window", "sessionStorage", 8, ever},
    Lifetime{"Window", "postMessage", 8, ever},
    Lifetime{"Window", "getSelection", 9, ever},
    Lifetime{"Performance", "now", 10, ever},
    Lifetime{"Element", "attachShadow", ever, ever},
    Lifetime{"Element", "shadowRoot", ever, ever},
    Lifetime{"Element", "assignedSlot", ever, ever},
    Lifetime{"Text", "assignedSlot", ever, ever},
    Lifetime{"Event", "composed", ever, ever},
    Lifetime{"Event", "composedPath", ever, ever},
    Lifetime{"Document", "createRange", 9, ever},
    Lifetime{"Document", "createTreeWalker", 9, ever},
    Lifetime{"Document", "createNodeIterator", 9, ever},
    Lifetime{"Document", "getSelection", 9, ever},
    Lifetime{"Range", "createContextualFragment", 11, ever},
    Lifetime{"Performance", "timeOrigin", ever, ever},
    Lifetime{"Document", "attachEvent", 5, 10},
    Lifetime{"Document", "detachEvent", 5, 10},
    Lifetime{"Element", "attachEvent", 5, 10},
    Lifetime{"Element", "detachEvent", 5, 10},
    Lifetime{"Document", "documentMode", 8, ever},
    Lifetime{"Document", "querySelector", 8, ever},
    Lifetime{"Document", "querySelectorAll", 8, ever},
    Lifetime{"Element", "querySelector", 8, ever},
    Lifetime{"Element", "querySelectorAll", 8, ever},
    Lifetime{"Document", "getElementsByClassName", 9, ever},
    Lifetime{"Element", "getElementsByClassName", 9, ever},
    Lifetime{"Document", "createEvent", 9, ever},
    Lifetime{"Document", "currentScript", ever, ever},
    Lifetime{"Document", "visibilityState", 10, ever},
    Lifetime{"Document", "hidden", 10, ever},
    Lifetime{"Element", "classList", 10, ever},
    Lifetime{"Element", "remove", ever, ever},
    Lifetime{"Element", "closest", ever, ever},
    Lifetime{"Element", "matches", ever, ever},
    Lifetime{"Node", "textContent", 9, ever},
    Lifetime{"Blob", "text", ever, ever},
    Lifetime{"Blob", "arrayBuffer", ever, ever},
    Lifetime{"HTMLElement", "dataset", 11, ever},
    Lifetime{"global", "JSON", 8, ever},
    Lifetime{"global", "Promise", ever, ever},
    Lifetime{"global", "Symbol", ever, ever},
    Lifetime{"global", "Proxy", ever, ever},
    Lifetime{"global", "Reflect", ever, ever},
    Lifetime{"global", "BigInt", ever, ever},
    Lifetime{"global", "BigInt64Array", ever, ever},
    Lifetime{"global", "BigUint64Array", ever, ever},
    Lifetime{"global", "globalThis", ever, ever},
    Lifetime{"global", "WeakRef", ever, ever},
    Lifetime{"global", "FinalizationRegistry", ever, ever},
    Lifetime{"global", "AggregateError", ever, ever},
    Lifetime{"global", "Atomics", ever, ever},
    Lifetime{"global", "WeakSet", ever, ever},
    Lifetime{"global", "Map", 11, ever},
    Lifetime{"global", "Set", 11, ever},
    Lifetime{"global", "WeakMap", 11, ever},
    Lifetime{"global", "Intl", 11, ever},
    Lifetime{"global", "ArrayBuffer", 10, ever},
    Lifetime{"global", "DataView", 10, ever},
    Lifetime{"global", "Int8Array", 10, ever},
    Lifetime{"global", "Uint8Array", 10, ever},
    Lifetime{"global", "Uint8ClampedArray", 11, ever},
    Lifetime{"global", "Int16Array", 10, ever},
    Lifetime{"global", "Uint16Array", 10, ever},
    Lifetime{"global", "Int32Array", 10, ever},
    Lifetime{"global", "Uint32Array", 10, ever},
    Lifetime{"global", "Float32Array", 10, ever},
    Lifetime{"global", "Float64Array", 10, ever},
    Lifetime{"Array", "from", ever, ever},
    Lifetime{"Array", "of", ever, ever},
    Lifetime{"Array", "isArray", 9, ever},
    Lifetime{"Array.prototype", "indexOf", 9, ever},
    Lifetime{"Array.prototype", "lastIndexOf", 9, ever},
    Lifetime{"Array.prototype", "forEach", 9, ever},
    Lifetime{"Array.prototype", "map", 9, ever},
    Lifetime{"Array.prototype", "filter", 9, ever},
    Lifetime{"Array.prototype", "every", 9, ever},
    Lifetime{"Array.prototype", "some", 9, ever},
    Lifetime{"Array.prototype", "reduce", 9, ever},
    Lifetime{"Array.prototype", "reduceRight", 9, ever},
    Lifetime{"Array.prototype", "find", ever, ever},
    Lifetime{"Array.prototype", "findIndex", ever, ever},
    Lifetime{"Array.prototype", "fill", ever, ever},
    Lifetime{"Array.prototype", "includes", ever, ever},
    Lifetime{"Array.prototype", "flat", ever, ever},
    Lifetime{"Array.prototype", "at", ever, ever},
    Lifetime{"String.prototype", "trim", 9, ever},
    Lifetime{"String.prototype", "includes", ever, ever},
    Lifetime{"String.prototype", "startsWith", ever, ever},
    Lifetime{"String.prototype", "endsWith", ever, ever},
    Lifetime{"String.prototype", "repeat", ever, ever},
    Lifetime{"String.prototype", "padStart", ever, ever},
    Lifetime{"String.prototype", "padEnd", ever, ever},
    Lifetime{"String.prototype", "replaceAll", ever, ever},
    Lifetime{"String.prototype", "codePointAt", ever, ever},
    Lifetime{"String", "fromCodePoint", ever, ever},
    Lifetime{"String", "raw", ever, ever},
    Lifetime{"Object", "assign", ever, ever},
    Lifetime{"Object", "entries", ever, ever},
    Lifetime{"Object", "values", ever, ever},
    Lifetime{"Object", "fromEntries", ever, ever},
    Lifetime{"Object", "is", ever, ever},
    Lifetime{"Object", "keys", 9, ever},
    Lifetime{"Object", "create", 9, ever},
    Lifetime{"Object", "defineProperty", 8, ever},
    Lifetime{"Object", "defineProperties", 9, ever},
    Lifetime{"Object", "getOwnPropertyNames", 9, ever},
    Lifetime{"Object", "getPrototypeOf", 9, ever},
    Lifetime{"Object", "freeze", 9, ever},
    Lifetime{"Object", "seal", 9, ever},
    Lifetime{"Function.prototype", "bind", 9, ever},
    Lifetime{"Date", "now", 9, ever},
    Lifetime{"Date.prototype", "toISOString", 9, ever},
    Lifetime{"Date.prototype", "toJSON", 8, ever},
    Lifetime{"Number", "isInteger", ever, ever},
    Lifetime{"Number", "isNaN", ever, ever},
    Lifetime{"Number", "isFinite", ever, ever},
    Lifetime{"Number", "parseFloat", ever, ever},
    Lifetime{"Number", "EPSILON", ever, ever},
    Lifetime{"Math", "trunc", ever, ever},
    Lifetime{"Math", "sign", ever, ever},
    Lifetime{"Math", "imul", ever, ever},
    Lifetime{"Math", "hypot", ever, ever},
};

// First and last versions of Internet Explorer with an interface.
struct Since {
  std::string_view interface;
  uint32_t first, last = ever;
};
constexpr std::array trident_interfaces = {Since{"Performance", 9},
                                           Since{"XMLHttpRequest", 7},
                                           Since{"XDomainRequest", 8, 10},
                                           Since{"Blob", 10},
                                           Since{"File", 10},
                                           Since{"FileReader", 10},
                                           Since{"FormData", 10},
                                           Since{"URL", 10},
                                           Since{"Worker", 10},
                                           Since{"WebSocket", 10},
                                           Since{"MessageChannel", 10},
                                           Since{"MessagePort", 10},
                                           Since{"CustomEvent", 9},
                                           Since{"MutationObserver", 11},
                                           Since{"MutationRecord", 11},
                                           Since{"MediaQueryList", 10},
                                           Since{"Range", 9},
                                           Since{"Selection", 9},
                                           Since{"TreeWalker", 9},
                                           Since{"NodeIterator", 9},
                                           Since{"NodeFilter", 9},
                                           Since{"ProgressEvent", 9},
                                           Since{"HashChangeEvent", 9}};

// First versions of the other browsers with an interface, a member or a global: MDN's compatibility data. 0:
// in all that there are personas of.
struct Birth {
  std::string_view owner;  // as above; an interface's own name beside ""
  const char* member;
  uint32_t gecko, blink, webkit;
};
constexpr std::array births = {
    Birth{"global", "Promise", 29, 33, 8},
    Birth{"global", "Symbol", 36, 38, 9},
    Birth{"global", "Proxy", 18, 49, 10},
    Birth{"global", "Reflect", 42, 49, 10},
    Birth{"global", "Map", 13, 38, 8},
    Birth{"global", "Set", 13, 38, 8},
    Birth{"global", "WeakMap", 6, 36, 8},
    Birth{"global", "WeakSet", 34, 36, 9},
    Birth{"global", "BigInt", 68, 67, 14},
    Birth{"global", "BigInt64Array", 68, 67, 15},
    Birth{"global", "BigUint64Array", 68, 67, 15},
    Birth{"global", "globalThis", 65, 71, 12},
    Birth{"global", "WeakRef", 79, 84, 14},
    Birth{"global", "FinalizationRegistry", 79, 84, 14},
    Birth{"global", "AggregateError", 79, 85, 14},
    Birth{"global", "Intl", 29, 24, 10},
    Birth{"global", "ArrayBuffer", 4, 7, 5},
    Birth{"global", "DataView", 15, 9, 5},
    Birth{"global", "WebAssembly", 52, 57, 11},
    Birth{"Window", "fetch", 39, 42, 10},
    Birth{"Window", "structuredClone", 94, 98, 15},
    Birth{"Window", "queueMicrotask", 69, 71, 12},
    Birth{"Window", "requestIdleCallback", 55, 47, ever},
    Birth{"Window", "cancelIdleCallback", 55, 47, ever},
    Birth{"Window", "requestAnimationFrame", 23, 24, 6},
    Birth{"Window", "matchMedia", 6, 9, 5},
    Birth{"Window", "performance", 7, 6, 8},
    Birth{"Window", "crypto", 21, 11, 6},
    Birth{"Window", "isSecureContext", 49, 47, 11},
    Birth{"Window", "origin", 54, 59, 11},
    Birth{"Window", "indexedDB", 16, 24, 8},
    Birth{"Array", "from", 32, 45, 9},
    Birth{"Array", "of", 25, 45, 9},
    Birth{"Array.prototype", "find", 25, 45, 8},
    Birth{"Array.prototype", "findIndex", 25, 45, 8},
    Birth{"Array.prototype", "fill", 31, 45, 8},
    Birth{"Array.prototype", "includes", 43, 47, 9},
    Birth{"Array.prototype", "flat", 62, 69, 12},
    Birth{"Array.prototype", "at", 90, 92, 15},
    Birth{"String.prototype", "includes", 40, 41, 9},
    Birth{"String.prototype", "startsWith", 17, 41, 9},
    Birth{"String.prototype", "endsWith", 17, 41, 9},
    Birth{"String.prototype", "repeat", 24, 41, 9},
    Birth{"String.prototype", "padStart", 48, 57, 10},
    Birth{"String.prototype", "padEnd", 48, 57, 10},
    Birth{"String.prototype", "replaceAll", 77, 85, 13},
    Birth{"Object", "assign", 34, 45, 9},
    Birth{"Object", "entries", 47, 54, 10},
    Birth{"Object", "values", 47, 54, 10},
    Birth{"Object", "fromEntries", 63, 73, 12},
    Birth{"Number", "isInteger", 16, 34, 9},
    Birth{"Math", "trunc", 25, 38, 8},
    Birth{"Navigator", "taintEnabled", 0, ever, ever},
    Birth{"Navigator", "sendBeacon", 31, 39, 11},
    Birth{"Navigator", "languages", 32, 37, 10},
    Birth{"Navigator", "webdriver", 60, 63, 10},
    Birth{"Navigator", "maxTouchPoints", 59, 35, 13},
    Birth{"Navigator", "hardwareConcurrency", 48, 37, 10},
    Birth{"Navigator", "deviceMemory", ever, 63, ever},
    Birth{"Navigator", "permissions", 46, 43, 16},
    Birth{"", "Permissions", 46, 43, 16},
    Birth{"", "PermissionStatus", 46, 43, 16},
    Birth{"PermissionStatus", "name", 93, 97, 16},
    Birth{"", "Headers", 39, 42, 10},
    Birth{"", "Request", 39, 42, 10},
    Birth{"", "Response", 39, 42, 10},
    Birth{"", "URLSearchParams", 29, 49, 10},
    Birth{"", "TextEncoder", 18, 38, 10},
    Birth{"", "TextDecoder", 19, 38, 10},
    Birth{"", "IntersectionObserver", 55, 51, 12},
    Birth{"", "IntersectionObserverEntry", 55, 51, 12},
    Birth{"", "ResizeObserverEntry", 69, 64, 13},
    Birth{"", "AbortController", 57, 66, 11},
    Birth{"", "AbortSignal", 57, 66, 11},
    Birth{"AbortSignal", "reason", 97, 98, 15},
    Birth{"AbortSignal", "throwIfAborted", 97, 100, 15},
    Birth{"AbortSignal.", "abort", 88, 93, 15},
    Birth{"AbortSignal.", "timeout", 100, 103, 16},
    Birth{"AbortSignal.", "any", 124, 116, 17},
    Birth{"", "ResizeObserver", 69, 64, 13},
    Birth{"", "MutationObserver", 14, 26, 6},
    Birth{"", "MutationRecord", 14, 26, 6},
    Birth{"", "PromiseRejectionEvent", 69, 49, 11},
    Birth{"", "ClipboardItem", 127, 76, 13},
    Birth{"Crypto", "subtle", 34, 37, 10},
    Birth{"Crypto", "randomUUID", 95, 92, 15},
    Birth{"", "SubtleCrypto", 34, 37, 10},
    Birth{"", "CryptoKey", 34, 37, 10},
    Birth{"", "ReadableStream", 65, 52, 10},
    Birth{"", "ReadableStreamDefaultReader", 65, 78, 13},
    Birth{"", "ReadableStreamDefaultController", 100, 80, 13},
    Birth{"", "ReadableByteStreamController", 102, 89, ever},
    Birth{"", "WritableStream", 100, 59, 14},
    Birth{"", "WritableStreamDefaultWriter", 100, 78, 14},
    Birth{"", "WritableStreamDefaultController", 100, 80, 14},
    Birth{"", "TransformStream", 102, 67, 14},
    Birth{"", "TransformStreamDefaultController", 102, 80, 14},
    Birth{"", "CompressionStream", 113, 80, 16},
    Birth{"", "DecompressionStream", 113, 80, 16},
    Birth{"", "TextDecoderStream", 105, 71, 14},
    Birth{"", "TextEncoderStream", 105, 71, 14},
    Birth{"ReadableStream", "pipeThrough", 102, 59, 14},
    Birth{"ReadableStream", "pipeTo", 100, 59, 14},
    Birth{"ReadableStream", "values", 110, 124, ever},
    Birth{"Blob", "stream", 69, 76, 14},
    Birth{"Blob", "text", 69, 76, 14},
    Birth{"Blob", "arrayBuffer", 69, 76, 14},
    Birth{"Response", "body", 65, 43, 10},
    Birth{"Response", "bodyUsed", 39, 42, 10},
    Birth{"", "ShadowRoot", 63, 53, 10},
    Birth{"", "HTMLSlotElement", 63, 53, 10},
    Birth{"", "CustomElementRegistry", 63, 54, 10},
    Birth{"Window", "customElements", 63, 54, 10},
    Birth{"Element", "attachShadow", 63, 53, 10},
    Birth{"Element", "shadowRoot", 63, 35, 10},
    Birth{"Element", "assignedSlot", 63, 53, 10},
    Birth{"Text", "assignedSlot", 63, 53, 10},
    Birth{"Event", "composed", 52, 53, 10},
    Birth{"Event", "composedPath", 59, 53, 10},
    Birth{"Clipboard", "write", 127, 76, 13},
    Birth{"Clipboard", "readText", 125, 66, 13},
    Birth{"", "MessageChannel", 41, 2, 5},
    Birth{"", "SharedWorker", 29, 4, 16},
    Birth{"", "WebSocket", 11, 16, 6},
    Birth{"", "EventSource", 6, 6, 5},
    Birth{"", "Blob", 4, 5, 5},
    Birth{"", "URL", 4, 20, 6},
};

// What only SpiderMonkey has: a persona of any other browser that shows it is none.
constexpr std::array gecko_only = {"InternalError"};

void remove(JSContext* cx, JS::HandleObject object, const char* member) {
  // A member that can't be removed stays: nothing here is worth an exception in the page.
  if (!JS_DeleteProperty(cx, object, member)) JS_ClearPendingException(cx);
}

// "Array.prototype" from the global object.
JSObject* find_owner(JSContext* cx, JS::HandleObject global, std::string_view path) {
  JS::RootedObject object(cx, global);
  while (!path.empty()) {
    std::string name(path.substr(0, path.find('.')));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    JS::RootedValue value(cx);
    if (!JS_GetProperty(cx, object, name.c_str(), &value) || !value.isObject()) {
      JS_ClearPendingException(cx);
      return nullptr;
    }
    object = &value.toObject();
  }
  return object;
}

// What version 8 and those before gave windows they gave them in each document mode; the language, the tree
// and what came later are the mode's.
constexpr uint32_t last_without_modes = 8;
bool is_absent(const Persona& persona, uint32_t first, uint32_t last, bool of_window) {
  const uint32_t has = of_window && first <= last_without_modes ? browser_version(persona) : persona.version;
  return has < first || persona.version > last || first == ever;
}
bool is_absent(const Persona& persona, const Lifetime& row) {
  const bool of_window = row.owner == "Window" || std::string_view(row.member) == "documentMode";
  return is_absent(persona, row.first, row.last, of_window);
}

// What the last Edge of its own engine lacked, of the above.
constexpr std::array<std::string_view, 14> never_in_edge = {
    "randomUUID",   "attachShadow",   "shadowRoot",      "assignedSlot",       "composed",
    "composedPath", "queueMicrotask", "structuredClone", "requestIdleCallback", "reason", "throwIfAborted", "abort",
    "timeout", "any"};

bool is_unborn(const Persona& persona, const Birth& row) {
  if (persona.engine == Engine::edge)
    return std::ranges::find(never_in_edge, row.member) != never_in_edge.end();
  if (persona.engine == Engine::gecko) return persona.version < row.gecko;
  if (persona.engine == Engine::blink) return persona.version < row.blink;
  return persona.engine == Engine::webkit && persona.version < row.webkit;
}

bool is_of_language(std::string_view owner) {
  for (std::string_view name : {"Array", "String", "Object", "Function", "Date", "Number", "Math"})
    if (owner.starts_with(name)) return true;
  return false;
}

}  // namespace

void remove_absent_members(JSContext* cx, const Persona& persona, std::string_view interface,
                           JS::HandleObject prototype) {
  for (const Birth& row : births)
    if (row.owner == interface && is_unborn(persona, row)) remove(cx, prototype, row.member);
  if (persona.engine != Engine::trident) return;
  for (const Lifetime& row : trident)
    if (row.owner == interface && is_absent(persona, row)) remove(cx, prototype, row.member);
}

bool lacks_interface(const Persona& persona, std::string_view interface) {
  for (const Birth& row : births)
    if (row.owner.empty() && row.member == interface && is_unborn(persona, row)) return true;
  if (persona.engine != Engine::trident) return false;
  for (const Since& row : trident_interfaces)
    if (row.interface == interface) return is_absent(persona, row.first, row.last, true);
  return false;
}

void remove_absent_globals(JSContext* cx, const Persona& persona, JS::HandleObject global) {
  if (persona.engine != Engine::gecko)
    for (const char* name : gecko_only) remove(cx, global, name);
  auto remove_from = [&](std::string_view path, const char* member) {
    bool of_global = path == "global" || path == "Window";
    if (!of_global && !is_of_language(path)) return;
    JS::RootedObject owner(cx, of_global ? global.get() : find_owner(cx, global, path));
    if (owner) remove(cx, owner, member);
  };
  for (const Birth& row : births)
    if (is_unborn(persona, row)) remove_from(row.owner, row.member);
  if (persona.engine != Engine::trident) return;
  for (const Lifetime& row : trident)
    if (is_absent(persona, row)) remove_from(row.owner, row.member);
}

}  // namespace shikake::honeyclient::low::page
