// What modern pages look for and this emulation has not, made so that they go on as where a browser refuses it:
// WebAssembly (there is no executable memory), databases (none is opened, as in private windows of old).
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// --- WebAssembly: https://webassembly.github.io/spec/js-api/ -----------------------------------------------------

constexpr std::string_view magic("\0asm", 4);

// Whoever has it compiled may have hidden the rest in it.
void refuse_later(Call& call) {
  call.page.unemulated("WebAssembly", true);
  call.give(rejected_with_type_error(call.cx, "WebAssembly: Out of memory: Cannot allocate Wasm memory for new instance"));
}
void refuse_now(Call& call) {
  call.page.unemulated("WebAssembly", true);
  call.type_error("WebAssembly: Out of memory: Cannot allocate Wasm memory for new instance");
}
void validate(Call& call) {
  auto bytes = call.object(0) ? bytes_of(call.object(0)) : std::nullopt;
  call.give(bytes && bytes->starts_with(magic));
}

constexpr JSFunctionSpec assembly_functions[] = {SHIKAKE_METHOD("compile", refuse_later, 1),
                                                 SHIKAKE_METHOD("validate", validate, 1),
                                                 SHIKAKE_METHOD("instantiate", refuse_later, 1),
                                                 SHIKAKE_METHOD("compileStreaming", refuse_later, 1),
                                                 SHIKAKE_METHOD("instantiateStreaming", refuse_later, 1),
                                                 JS_FS_END};

// --- databases: https://w3c.github.io/IndexedDB/ ------------------------------------------------------------------

class OpenRequest final : public Native {
 public:
  explicit OpenRequest(Window& the_window) : Native(the_window, Kind::plain) {}
};

void open(Call& call) {
  call.page.unemulated("indexedDB");
  auto* request = new OpenRequest(call.window);
  call.give(wrap_native(call.cx, *request, "IDBOpenDBRequest"));
  call.page.post([request] {
    if (request->window->gone) return;
    fire(*request->window, *request, u"error", true, true);
    request->window->loader->flush();
  });
}
void list(Call& call) {
  JS::RootedValue empty(call.cx, JS::ObjectValue(*must(JS::NewArrayObject(call.cx, 0))));
  call.give(resolved(call.cx, empty));
}
void get_nothing(Call& call) {
  call.give_null();
}

constexpr JSFunctionSpec factory_methods[] = {SHIKAKE_METHOD("open", open, 1),
                                              SHIKAKE_METHOD("deleteDatabase", open, 1),
                                              SHIKAKE_METHOD("databases", list, 0), JS_FS_END};
constexpr JSPropertySpec request_properties[] = {SHIKAKE_GETTER("result", get_nothing),
                                                 SHIKAKE_GETTER("error", get_nothing),
                                                 SHIKAKE_GETTER("transaction", get_nothing), JS_PS_END};
constexpr const char* request_handlers[] = {"onsuccess", "onerror", "onblocked", "onupgradeneeded"};
constexpr Interface table[] = {
    {.name = "IDBFactory", .parent = "", .methods = factory_methods, .engines = on_modern},
    {.name = "IDBOpenDBRequest",
     .parent = "EventTarget",
     .properties = request_properties,
     .handlers = request_handlers,
     .engines = on_modern}};

}  // namespace

void get_indexed_db(Call& call) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, "indexedDB", [&] { return simple_object(call.cx, window, "IDBFactory"); }));
}

void define_web_assembly(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global()), made(cx, must(JS_NewPlainObject(cx)));
  must(JS_DefineFunctions(cx, made, assembly_functions));
  for (const char* name : {"Module", "Instance", "Memory", "Table", "Global"})
    must(JS_DefineFunction(cx, made, name, native<refuse_now>, 1, JSFUN_CONSTRUCTOR));
  JS::RootedId tag(cx, JS::GetWellKnownSymbolKey(cx, JS::SymbolCode::toStringTag));
  JS::RootedString name(cx, must(JS_NewStringCopyZ(cx, "WebAssembly")));
  must(JS_DefinePropertyById(cx, made, tag, name, JSPROP_READONLY) &&
       JS_DefineProperty(cx, global, "WebAssembly", made, 0));
}

std::span<const Interface> missing_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
