#include "honeyclient/low/page/window.h"

#include <js/CompilationAndEvaluation.h>
#include <js/GlobalObject.h>
#include <js/Initialization.h>
#include <js/Realm.h>
#include <js/SourceText.h>

#include "honeyclient/low/page/blobs.h"
#include "honeyclient/low/page/evaluated.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/lifetimes.h"
#include "honeyclient/low/page/named_access.h"
#include "honeyclient/low/page/protocols.h"
#include "honeyclient/low/page/remote_window.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/worker_scope.h"
#include "url/percent.h"

namespace shikake::honeyclient::low::page {

namespace {

bool resolve(JSContext* cx, JS::HandleObject object, JS::HandleId id, bool* resolved) {
  if (!JS_ResolveStandardClass(cx, object, id, resolved)) return false;
  if (*resolved) return true;
  return guarded(cx, [&] {
    auto* window = static_cast<Window*>(native_of(object));
    if (!window) return;
    if (id.isString()) {
      std::string name = utf8(to_text(cx, id.toString()));
      const Interface* interface = find_interface(name);
      const bool exposed = interface && (interface->engines & window->page.engine_bit()) &&
                           !lacks_interface(window->page.persona(), name) &&
                           (!window->scope || has_interface(*window->scope, name));
      if (exposed) {
        JS::RootedObject constructor(cx, must(interface_constructor(cx, *window, *interface)));
        JS::RootedValue value(cx, JS::ObjectValue(*constructor));
        must(JS_DefinePropertyById(cx, object, id, value, JSPROP_RESOLVING));
        *resolved = true;
        return;
      }
    }
    if (!window->scope) *resolved = resolve_on_window(cx, *window, object, id);
  });
}

bool may_resolve(const JSAtomState&, jsid, JSObject*) {
  return true;
}

constexpr JSClassOps global_ops = {
    .newEnumerate = JS_NewEnumerateStandardClasses,
    .resolve = resolve,
    .mayResolve = may_resolve,
    .trace = JS_GlobalObjectTraceHook,
};
constexpr JSClass the_global_class = {"Window", JSCLASS_GLOBAL_FLAGS, &global_ops};

}  // namespace

const JSClass* global_class() {
  return &the_global_class;
}

Window::Window(Page& the_page, uint32_t the_id, Window* the_parent, html::Element* the_frame)
    : Native(Kind::window, *this),
      page(the_page),
      id(the_id),
      parent(the_parent),
      frame(the_frame),
      depth(the_parent ? the_parent->depth + 1 : 0) {
  page.own(*this);
  loader = std::make_unique<Loader>(*this);
}

void Window::trace(JSTracer* tracer) {
  Native::trace(tracer);
  for (auto& [name_, object] : prototypes) JS::TraceEdge(tracer, &object, "prototype");
  for (auto& [name_, object] : constructors) JS::TraceEdge(tracer, &object, "constructor");
  for (auto& [name_, object] : singletons) JS::TraceEdge(tracer, &object, "singleton");
  for (Child& child : children) JS::TraceEdge(tracer, &child.remote, "remote window");
  JS::TraceEdge(tracer, &current_event, "current event");
}

void Window::leave() {
  gone = true;
  for (Window* worker : workers) worker->leave();
}

bool Window::make_realm() {
  JSContext* cx = page.cx;
  JS::RealmOptions options;
  // Windows that can script each other share a compartment, so that no wrapper stands between them.
  options.creationOptions().setSharedMemoryAndAtomicsEnabled(false);  // engine.cpp, on_cpu_tick
  for (Window* other : page.windows())
    if (other != this && other->wrapper) {
      options.creationOptions().setExistingCompartment(other->wrapper.get());
      break;
    }
  JS::RootedObject made(
      cx, JS_NewGlobalObject(cx, &the_global_class, nullptr, JS::DontFireOnNewGlobalHook, options));
  if (!made) return false;
  JS::SetReservedSlot(made, global_native_slot, JS::PrivateValue(static_cast<Native*>(this)));
  wrapper = made;
  JSAutoRealm realm(cx, made);
  bool ok = guarded(cx, [&] {
    scope ? define_worker_scope(cx, *this) : define_window(cx, *this);
    std::string_view interface = scope ? interface_of_scope(*scope) : "Window";
    JS::RootedObject prototype(cx, must(interface_prototype(cx, *this, interface)));
    must(JS_SetPrototype(cx, made, prototype));
  });
  if (ok) JS_FireOnNewGlobalObject(cx, made);
  return ok;
}

// --- URLs -------------------------------------------------------------------------------------------

namespace {

// about:blank and about:srcdoc have no base, referrer or origin of their own.
const Window& speaks_for(const Window& window) {
  const Window* found = &window;
  while (found->url.scheme() == "about" && (found->parent || found->opener))
    found = found->parent ? found->parent : found->opener;
  return *found;
}

}  // namespace

url::Url Window::base_url() const {
  const url::Url& own = speaks_for(*this).url;
  if (loader && loader->base_element) {
    if (const std::u16string* href = loader->base_element->attribute(html::Name::href))
      if (auto parsed = url::Url::parse(utf8(*href), &own)) return *parsed;
  }
  return own;
}

Result<url::Url> Window::resolve(std::u16string_view text) const {
  url::Url base = base_url();
  return url::Url::parse(utf8(text), &base);
}

std::string Window::referrer_for_requests() const {
  const url::Url& own = speaks_for(*this).url;
  return own.is_http() ? std::string(own.href_without_fragment()) : std::string();
}

std::string Window::origin() const {
  return speaks_for(*this).url.origin();
}

Asked Window::asked(intel::Mechanism mechanism, const url::Url& to) const {
  Asked made;
  made.window = speaks_for(*this).id;  // what the parent knows
  made.mechanism = mechanism;
  made.url = to.href();
  made.referrer = referrer_for_requests();
  return made;
}

namespace {

// The window or frame of this worker that a target names; both null: it is elsewhere, or there is none.
struct Target {
  Window* window = nullptr;
  Window* embedder = nullptr;  // of a frame
  uint32_t frame = 0;          // its number
};

Target find_target(Window& from, const std::string& name) {
  std::string lowered = utf8(lower(wide(name)));
  if (lowered.empty() || lowered == "_self") return {&from};
  if (lowered == "_parent" && from.parent) return {from.parent};
  if (lowered == "_top") {
    Window* top = &from;
    while (top->parent) top = top->parent;
    if (top->opener || !from.page.start.is_frame) return {top};
  }
  if (lowered.starts_with('_')) return {};
  for (Window* window : from.page.windows()) {
    if (window->opener && !window->gone && window->name == name) return {window};
    if (Window::Child* child = window->child_named(wide(name))) return {child->window, window, child->id};
  }
  return {};
}

}  // namespace

void Window::navigate(const url::Url& to, intel::Mechanism mechanism, std::optional<Origin> origin,
                      Asked more, std::string target_name, const Window* by) {
  if (gone) return;
  Target target = find_target(*this, target_name);
  if (target.window && target.window != this)
    return target.window->navigate(to, mechanism, std::move(origin), std::move(more), {}, by ? by : this);
  bool is_vbscript = to.scheme() == "vbscript" && runs_vbscript(page.persona());
  if ((to.scheme() == "javascript" || is_vbscript) && target.window) {
    page.post([this, to, by = page.positions.here()] { evaluate_javascript_url(to, by); });
    return;
  }
  const bool here = more.method == "GET" && to.href_without_fragment() == url.href_without_fragment();
  if (here && to.fragment() && target.window) {
    if (url.fragment() == to.fragment()) return;
    url = to;
    page.post([this] { fire(*this, *this, u"hashchange", false, false, "HashChangeEvent"); });
    return;
  }
  if (here && target.window && page.is_late()) return;  // a page that reloads itself is visited once
  note_protocol(*this, to);
  Asked request = asked(mechanism, to);
  request.origin = std::move(origin);
  request.method = more.method;
  request.headers = more.headers;
  request.body = more.body;
  if (to.scheme() == "blob")
    if (auto content = blob_content(page, to.href())) {
      // The parent has no other way to it.
      request.body = std::move(content->bytes);
      request.headers.push_back({"Content-Type", std::move(content->type)});
    }
  std::optional<uint32_t> asker;
  if (by && speaks_for(*by).id != request.window) {
    asker = speaks_for(*by).id;
    request.referrer = by->referrer_for_requests();
  }
  uint32_t frame_number = target.window == this && parent ? id : target.frame;
  if (frame_number != 0) {
    page.navigation_started();
    page.tell(FromPage::open_frame, OpenFrame{frame_number, name, std::move(request), true, asker});
    return;
  }
  if (target.window == this && opener) {
    // The parent has not heard of it so far: it is a new window there.
    target_name = name.empty() ? "_blank" : name;
  } else if (target.window) {
    page.navigation_started();
  }
  page.tell(FromPage::navigate,
            Navigate{std::move(request), Relative::itself, 0, std::move(target_name), asker});
}

void Window::evaluate_javascript_url(const url::Url& to, const std::optional<Place>& by) {
  std::string_view rest = std::string_view(to.href()).substr(to.scheme().size() + 1);
  std::string code = url::percent_decode(rest);
  // Nothing comes of a VBScript one but what it does.
  if (to.scheme() == "vbscript") return run_vbscript(*this, {wide(code), url.href(), 1, 1, by, "vbscript:"});
  JS::RootedValue result(page.cx, run({wide(code), url.href(), 1, 1, by, "javascript:"}));
  if (!result.isString()) return;
  page.run_script(*this, [&] {
    std::u16string text = to_text(page.cx, result.toString());
    loader->open();
    loader->write(text, Place{});
    loader->close();
  });
}

// --- scripts ------------------------------------------------------------------------------------------

namespace {

// False: it is no script when rewritten, or is not rewritten.
bool run_rewritten(Window& window, const Source& source, const std::u16string& standard,
                   const Window::Text& text, const JS::CompileOptions& options,
                   JS::MutableHandleValue result) {
  Page& page = window.page;
  uint32_t column = text.column > 0 ? text.column : 1;
  std::u16string made = page.forced->prepare(window, source, standard, text.line, column);
  if (made == standard) return false;
  JS::SourceText<char16_t> buffer;
  must(buffer.init(page.cx, made.data(), made.size(), JS::SourceOwnership::Borrowed));
  JS::RootedScript script(page.cx, JS::Compile(page.cx, options, buffer));
  if (!script) {
    JS_ClearPendingException(page.cx);
    page.positions.columns(source, {});
    page.positions.expect_again(source);
    return false;
  }
  must(JS_ExecuteScript(page.cx, script, result));
  return true;
}

}  // namespace

JS::Value Window::run(const Text& text) {
  JSContext* cx = page.cx;
  JS::RootedValue result(cx);
  page.run_script(*this, [&] {
    const Source& source = expect_source(*this, text.text, text.file, text.by, text.how, text.line);
    JS::CompileOptions options(cx);
    options.setFileAndLine(source.url.c_str(), text.line);
    options.setColumn(text.column > 0 ? text.column - 1 : 0);
    JS::SourceText<char16_t> buffer;
    // Of the persona's engine alone: a script may be large, and each copy of it is two bytes a letter.
    std::u16string standard;
    std::u16string_view compiled = text.text;
    if (page.forced || page.persona().engine == Engine::trident)
      compiled = standard = standard_script(page.persona(), compilation, text.text);
    if (page.forced && run_rewritten(*this, source, standard, text, options, &result)) return;
    must(buffer.init(cx, compiled.data(), compiled.size(), JS::SourceOwnership::Borrowed));
    must(JS::Evaluate(cx, options, buffer, &result));
  });
  return result;
}

// --- relatives -------------------------------------------------------------------------------------------

Window::Child* Window::child_of(const html::Element& element) {
  for (Child& child : children)
    if (child.element == &element) return &child;
  return nullptr;
}

Window::Child* Window::child_named(std::u16string_view wanted) {
  for (Child& child : children) {
    if (child.window && !child.window->name.empty() && wide(child.window->name) == wanted) return &child;
    const std::u16string* given = child.element ? child.element->attribute(html::Name::name) : nullptr;
    if (given && *given == wanted) return &child;
  }
  return nullptr;
}

JSObject* singleton(JSContext* cx, Window& window, std::string_view name,
                    const std::function<JSObject*()>& make) {
  if (auto found = window.singletons.find(name); found != window.singletons.end()) return found->second;
  JSAutoRealm realm(cx, window.global());
  JSObject* made = must(make());
  window.singletons.emplace(std::string(name), made);
  return made;
}

JSObject* parent_object(JSContext* cx, Window& window) {
  if (window.parent) return window.parent->global();
  if (window.page.start.is_frame && !window.opener) return remote_window(cx, window, Relative::parent);
  return window.global();
}

JSObject* top_object(JSContext* cx, Window& window) {
  Window* top = &window;
  while (top->parent) top = top->parent;
  if (window.page.start.is_frame && !top->opener) return remote_window(cx, window, Relative::top);
  return top->global();
}

JSObject* child_object(JSContext* cx, Window& window, Window::Child& child) {
  if (child.elsewhere) return remote_window(cx, window, Relative::child, child.id);
  if (!child.window) {
    // Its document is on its way; until then it shows an empty one of the same origin.
    Document blank;
    blank.url = "about:blank";
    blank.referrer = window.url.href();
    Window& made = window.page.open_window(blank, child.id, &window, child.element);
    if (made.gone) throw Thrown{};
    made.loader->start_empty();
    child.window = &made;
  }
  return child.window->global();
}

}  // namespace shikake::honeyclient::low::page
