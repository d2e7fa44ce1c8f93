#include "honeyclient/low/page/modules.h"

#include <js/CompilationAndEvaluation.h>
#include <js/Exception.h>
#include <js/JSON.h>
#include <js/Modules.h>
#include <js/SourceText.h>

#include <algorithm>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/errors.h"
#include "honeyclient/low/page/evaluated.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/page.h"

namespace shikake::honeyclient::low::page {

// --- graphs --------------------------------------------------------------------------------------------

void Modules::load(const url::Url& url, const std::optional<Origin>& origin, Done done) {
  waiting_.push_back({fetch(url, origin), std::move(done)});
  settle();
}

void Modules::load_text(const Window::Text& text, Done done) {
  Module& module = modules_.emplace_back(window_.page.cx, *this, window_.base_url().href());
  compile(module, text);
  waiting_.push_back({&module, std::move(done)});
  settle();
}

Module* Modules::find(const std::string& url) const {
  auto found = by_url_.find(url);
  return found == by_url_.end() ? nullptr : found->second;
}

Module* Modules::fetch(const url::Url& url, const std::optional<Origin>& origin) {
  if (Module* known = find(url.href())) return known;
  if (modules_.size() >= limits::max_modules) {
    window_.page.limit("modules");
    return nullptr;
  }
  const bool of_worker = window_.scope && modules_.empty();  // the script that it was made with
  Module& module = modules_.emplace_back(window_.page.cx, *this, url.href());
  by_url_[url.href()] = &module;
  Asked asked = window_.asked(of_worker ? intel::Mechanism::worker : intel::Mechanism::script, url);
  asked.origin = origin;
  // https://html.spec.whatwg.org/#fetch-a-single-module-script
  asked.mode = RequestMode::cors;
  asked.credentials = Credentials::same_origin;
  window_.page.fetch(std::move(asked), [this, &module](const Loaded& loaded) { arrived(module, loaded); });
  return &module;
}

void Modules::arrived(Module& module, const Loaded& loaded) {
  module.state = Module::State::failed;
  if (window_.gone) return;
  if (loaded.ok && loaded.status < 400) {
    // https://html.spec.whatwg.org/#fetch-a-single-module-script: modules are UTF-8.
    const std::u16string text = decode_text(loaded.body, {}, "UTF-8");
    if (!loaded.url.empty()) module.url = loaded.url;
    compile(module, {text, module.url, 1, 1, std::nullopt, ""});
  }
  settle();
}

namespace {

JSObject* compiled(JSContext* cx, const JS::CompileOptions& options, std::u16string_view text) {
  JS::SourceText<char16_t> buffer;
  must(buffer.init(cx, text.data(), text.size(), JS::SourceOwnership::Borrowed));
  return JS::CompileModule(cx, options, buffer);
}

// Rewritten for a forced run; nullptr: it is none, or that is no module.
JSObject* compile_forced(Window& window, const Source& source, const Window::Text& text,
                         const JS::CompileOptions& options) {
  Page& page = window.page;
  if (!page.forced) return nullptr;
  const uint32_t column = std::max(text.column, 1u);
  const std::u16string made = page.forced->prepare(window, source, text.text, text.line, column);
  if (made == text.text) return nullptr;
  JSObject* record = compiled(page.cx, options, made);
  if (record) return record;
  JS_ClearPendingException(page.cx);
  page.positions.columns(source, {});
  page.positions.expect_again(source);
  return nullptr;
}

}  // namespace

void Modules::compile(Module& module, const Window::Text& text) {
  Page& page = window_.page;
  JSContext* cx = page.cx;
  module.state = Module::State::failed;
  page.run_script(window_, [&] {
    const Source& source = expect_source(window_, text.text, text.file, text.by, text.how, text.line);
    JS::CompileOptions options(cx);
    options.setFileAndLine(source.url.c_str(), text.line);
    options.setColumn(text.column > 0 ? text.column - 1 : 0);
    JS::RootedObject record(cx, compile_forced(window_, source, text, options));
    if (!record) record = must(compiled(cx, options, text.text));
    JS::SetModulePrivate(record, JS::PrivateValue(&module));
    module.record = record;
    JS::RootedObject requested(cx, must(JS::GetRequestedModules(cx, record)));
    uint32_t count = 0;
    must(JS::GetArrayLength(cx, requested, &count));
    JS::RootedValue one(cx);
    for (uint32_t i = 0; i < count; ++i) {
      must(JS_GetElement(cx, requested, i, &one));
      const url::Url url = resolve(&module, to_text(cx, must(JS::GetRequestedModuleSpecifier(cx, one))));
      uint32_t line = 0, column = 0;
      JS::GetRequestedModuleSourcePos(cx, one, &line, &column);
      module.imports.push_back(fetch(url, page.positions.origin(Place{&source, line, column + 1})));
    }
    module.state = Module::State::ready;
  });
}

namespace {

// What is below a module: failed if anything is, else loading if anything is.
Module::State state_below(const Module* root) {
  using State = Module::State;
  std::vector<const Module*> seen = {root};
  State found = State::ready;
  for (size_t i = 0; i < seen.size(); ++i) {
    const Module* module = seen[i];
    if (!module || module->state == State::failed) return State::failed;
    if (module->state == State::loading) found = State::loading;
    for (const Module* import : module->imports)
      if (std::ranges::find(seen, import) == seen.end()) seen.push_back(import);
  }
  return found;
}

}  // namespace

void Modules::settle() {
  std::vector<Waiting> still;
  for (Waiting& one : std::exchange(waiting_, {})) {
    const Module::State state = state_below(one.root);
    if (state == Module::State::loading) {
      still.push_back(std::move(one));
      continue;
    }
    Module* ready = state == Module::State::ready ? one.root : nullptr;
    window_.page.post([this, ready, done = std::move(one.done)] {
      if (!window_.gone) done(ready);
    });
  }
  waiting_ = std::move(still);
}

JSObject* Modules::evaluate(Module& module) {
  JSContext* cx = window_.page.cx;
  JS::RootedObject record(cx, module.record);
  JS::RootedValue promise(cx);
  must(JS::ModuleInstantiate(cx, record));
  must(JS::ModuleEvaluate(cx, record, &promise));
  return promise.isObject() ? &promise.toObject() : nullptr;
}

namespace {

// What a module has thrown; a promise's job keeps to itself what is thrown in it.
void report_thrown(Call& call) {
  JS_SetPendingException(call.cx, call.at(0));
  report_uncaught(call.page, call.window);
  call.give();
}

}  // namespace

void Modules::run(Module& module) {
  window_.page.run_script(window_, [&] {
    JSContext* cx = window_.page.cx;
    JS::RootedObject promise(cx, evaluate(module));
    if (!promise) return;
    JS::RootedObject fulfilled(cx), rejected(cx);
    rejected = JS_GetFunctionObject(must(JS_NewFunction(cx, native<report_thrown>, 1, 0, "")));
    must(JS::AddPromiseReactions(cx, promise, fulfilled, rejected));
  });
}

// --- names -----------------------------------------------------------------------------------------------

// https://html.spec.whatwg.org/#parse-an-import-map-string: "imports" alone, no scopes.
void Modules::add_import_map(std::u16string_view json) {
  JSContext* cx = window_.page.cx;
  JSAutoRealm realm(cx, window_.global());
  const bool read = guarded(cx, [&] {
    JS::RootedValue value(cx);
    must(JS_ParseJSON(cx, json.data(), static_cast<uint32_t>(json.size()), &value));
    if (!value.isObject()) return;
    JS::RootedObject map(cx, &value.toObject());
    must(JS_GetProperty(cx, map, "imports", &value));
    if (!value.isObject()) return;
    JS::RootedObject imports(cx, &value.toObject());
    JS::RootedIdVector keys(cx);
    must(js::GetPropertyKeys(cx, imports, JSITER_OWNONLY, &keys));
    for (size_t i = 0; i < keys.length() && import_map_.size() < limits::max_modules; ++i) {
      JS::RootedId key(cx, keys[i]);
      must(JS_GetPropertyById(cx, imports, key, &value));
      if (key.isString() && value.isString())
        import_map_.emplace(to_text(cx, key.toString()), to_text(cx, value.toString()));
    }
  });
  if (!read) JS_ClearPendingException(cx);
}

// https://html.spec.whatwg.org/#resolve-a-module-specifier
url::Url Modules::resolve(const Module* from, std::u16string_view specifier) const {
  const url::Url document = window_.base_url();
  auto base = from ? url::Url::parse(from->url) : url::Url::parse(document.href());
  if (auto exact = import_map_.find(specifier); exact != import_map_.end()) {
    if (auto url = url::Url::parse(utf8(exact->second), &document)) return *url;
  }
  for (const auto& [prefix, target] : import_map_)
    if (prefix.ends_with(u'/') && specifier.starts_with(prefix))
      if (auto url =
              url::Url::parse(utf8(target + std::u16string(specifier.substr(prefix.size()))), &document))
        return *url;
  const bool path =
      specifier.starts_with(u'/') || specifier.starts_with(u"./") || specifier.starts_with(u"../");
  auto url = path && base ? url::Url::parse(utf8(specifier), &*base) : url::Url::parse(utf8(specifier));
  if (!url) throw_type_error(window_.page.cx, "Failed to resolve module specifier");
  return std::move(*url);
}

// --- the engine's hooks ----------------------------------------------------------------------------------

namespace {

Window* current_window(JSContext* cx) {
  return static_cast<Window*>(native_of(JS::CurrentGlobalOrNull(cx)));
}
Module* module_of(const JS::Value& referrer) {
  return referrer.isUndefined() ? nullptr : static_cast<Module*>(referrer.toPrivate());
}

JSObject* resolve_module(JSContext* cx, JS::HandleValue referrer, JS::HandleObject request) {
  JSObject* found = nullptr;
  const bool ok = guarded(cx, [&] {
    Window* window = current_window(cx);
    Modules& modules = modules_of(*must(window));
    const std::u16string specifier = to_text(cx, must(JS::GetModuleRequestSpecifier(cx, request)));
    Module* module = modules.find(modules.resolve(module_of(referrer), specifier).href());
    if (!module || !module->record) throw_type_error(cx, "Failed to fetch module");
    found = module->record;
  });
  return ok ? found : nullptr;
}

// import.meta
bool describe_module(JSContext* cx, JS::HandleValue referrer, JS::HandleObject meta) {
  return guarded(cx, [&] {
    const Module* module = module_of(referrer);
    JS::RootedString url(cx, to_string(cx, wide(module ? module->url : std::string())));
    must(JS_DefineProperty(cx, meta, "url", url, JSPROP_ENUMERATE));
  });
}

// import(): the promise is settled once the module has run.
bool import_module(JSContext* cx, JS::HandleValue referrer, JS::HandleObject request,
                   JS::HandleObject promise) {
  struct Kept {
    Kept(JSContext* cx, JS::HandleValue the_referrer, JS::HandleObject the_request,
         JS::HandleObject the_promise)
        : referrer(cx, the_referrer), request(cx, the_request), promise(cx, the_promise) {}
    JS::PersistentRootedValue referrer;
    JS::PersistentRootedObject request, promise;
  };
  Window* window = current_window(cx);
  if (!window) return false;
  const bool begun = guarded(cx, [&] {
    Modules& modules = modules_of(*window);
    const std::u16string specifier = to_text(cx, must(JS::GetModuleRequestSpecifier(cx, request)));
    const url::Url url = modules.resolve(module_of(referrer), specifier);
    auto kept = std::make_shared<Kept>(cx, referrer, request, promise);
    modules.load(url, window->page.positions.origin_here(), [window, kept](Module* module) {
      Page& page = window->page;
      page.run_script(*window, [&] {
        JS::RootedObject evaluation(page.cx);
        guarded(page.cx, [&] {
          if (!module) throw_type_error(page.cx, "Failed to fetch dynamically imported module");
          evaluation = module->owner.evaluate(*module);
        });
        must(
            JS::FinishDynamicModuleImport(page.cx, evaluation, kept->referrer, kept->request, kept->promise));
      });
      window->loader->flush();
    });
  });
  // What went wrong is pending: the promise is rejected with it.
  return begun || JS::FinishDynamicModuleImport(cx, nullptr, referrer, request, promise);
}

}  // namespace

void use_modules(JSContext* cx) {
  JSRuntime* runtime = JS_GetRuntime(cx);
  JS::SetModuleResolveHook(runtime, resolve_module);
  JS::SetModuleMetadataHook(runtime, describe_module);
  JS::SetModuleDynamicImportHook(runtime, import_module);
}

Modules& modules_of(Window& window) {
  if (!window.modules) window.modules = std::make_shared<Modules>(window);
  return *std::static_pointer_cast<Modules>(window.modules);
}

bool runs_modules(const Persona& persona) {
  struct Since {
    Engine engine;
    uint32_t version;
  };
  constexpr Since rows[] = {
      {Engine::blink, 61}, {Engine::gecko, 60}, {Engine::webkit, 11}, {Engine::edge, 16}};
  return std::ranges::any_of(
      rows, [&](const Since& row) { return row.engine == persona.engine && persona.version >= row.version; });
}

}  // namespace shikake::honeyclient::low::page
