// The global object: dialogs, relatives, sizes, named access.
#include <js/CompilationAndEvaluation.h>
#include <js/GlobalObject.h>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/clipboard.h"
#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/custom_elements.h"
#include "honeyclient/low/page/disguise.h"
#include "honeyclient/low/page/evaluated.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/global_functions.h"
#include "honeyclient/low/page/location.h"
#include "honeyclient/low/page/navigator.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/post_message.h"
#include "honeyclient/low/page/remote_window.h"
#include "honeyclient/low/page/protocols.h"
#include "honeyclient/low/page/ranges.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/storage.h"
#include "honeyclient/low/page/style.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/timers.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// --- dialogs: a person who says yes -----------------------------------------------------------------------

void alert(Call& call) {
  call.page.happened(call.window, "dialog", u"alert: " + call.text_or(0, u""));
  call.give();
}
void confirm(Call& call) {
  call.page.happened(call.window, "dialog", u"confirm: " + call.text_or(0, u""));
  call.give(true);
}
void prompt(Call& call) {
  call.page.happened(call.window, "dialog", u"prompt: " + call.text_or(0, u""));
  call.give(std::u16string_view(call.text_or(1, u"")));
}
void print(Call& call) {
  call.page.happened(call.window, "dialog", u"print");
  call.give();
}
void do_nothing(Call& call) {
  call.give();
}
void stop(Call& call) {
  call.window.loader->close();
  call.give();
}

// --- other windows -----------------------------------------------------------------------------------------

// One that shows nothing yet is the opener's to write into: it lives here, and the parent hears of it when it goes
// somewhere. nullptr: there are too many.
Window* empty_window(Window& opener, const std::string& name) {
  Page& page = opener.page;
  for (Window* window : page.windows())
    if (window->opener && !window->gone && !name.starts_with('_') && window->name == name) return window;
  if (++page.empty_windows > limits::max_windows) {
    page.limit("windows");
    return nullptr;
  }
  Document blank;
  blank.url = "about:blank";
  blank.referrer = opener.url.href();
  Window& made = page.open_window(blank, page.new_window_id(), nullptr, nullptr);
  if (made.gone) throw Thrown{};
  made.opener = &opener;
  if (!name.starts_with('_')) made.name = name;
  made.loader->start_empty();
  return &made;
}

}  // namespace

void open_window(Call& call) {
  std::u16string address = call.text_or(0, u"");
  std::string name = utf8(call.text_or(1, u"_blank"));
  Window& window = call.window;
  if (name == "_self" || name == "_top" || name == "_parent") {
    if (auto url = window.resolve(trim(address)))
      window.navigate(*url, intel::Mechanism::window_open, call.page.positions.origin_here(), {}, name);
    return call.give(window.global());
  }
  auto url = address.empty() ? url::Url::parse("about:blank") : window.resolve(trim(address));
  if (!url) call.dom_error("SyntaxError", "Unable to open a window with an invalid URL.");
  call.page.happened(window, "window", u"open " + wide(url->href()));
  note_protocol(window, *url);
  const bool script = url->scheme() == "javascript";
  if (script || url->scheme() == "about") {
    Window* made = empty_window(window, name);
    if (!made) return call.give(opened_window(call.cx, window, name));
    if (script) made->navigate(*url, intel::Mechanism::window_open, call.page.positions.origin_here());
    return call.give(made->global());
  }
  if (url->is_http() || url->scheme() == "blob" || url->scheme() == "data") {
    OpenWindow message{name, window.asked(intel::Mechanism::window_open, *url)};
    message.asked.origin = call.page.positions.origin_here();
    call.page.attach_blob(message.asked);
    call.page.tell(FromPage::open_window, message);
  }
  call.give(opened_window(call.cx, window, name));
}

namespace {

void close(Call& call) {
  call.give();
}
void post_message(Call& call) {
  Window* receiver = native_as<Window>(call.args.thisv());
  post_to(call, call.window, receiver ? *receiver : call.window);
  call.give();
}

void get_parent(Call& call) {
  call.give(parent_object(call.cx, call.self_window()));
}
void get_top(Call& call) {
  call.give(top_object(call.cx, call.self_window()));
}
void get_opener(Call& call) {
  if (Window* opener = call.self_window().opener) return call.give(opener->global());
  if (!call.page.start.has_opener || call.self_window().parent) return call.give_null();
  call.give(remote_window(call.cx, call.window, Relative::opener));
}
void get_frame_element(Call& call) {
  Window& self = call.self_window();
  call.give(self.frame ? static_cast<html::Node*>(self.frame) : nullptr);
}
void get_length(Call& call) {
  call.give(static_cast<uint32_t>(call.self_window().children.size()));
}
void get_document(Call& call) {
  call.give(call.self_window().document);
}
void get_name(Call& call) {
  call.give(std::string_view(call.self_window().name));
}
void set_name(Call& call) {
  call.self_window().name = call.text8(0), call.give();
}
void get_closed(Call& call) {
  call.give(call.self_window().gone);
}
void set_location(Call& call) {
  go_to(call, call.self_window(), call.text(0)), call.give();
}
void get_event(Call& call) {
  call.args.rval().set(call.self_window().current_event);
}

void exec_script(Call& call) {  // Trident's window.execScript
  std::u16string text = call.text(0);
  std::u16string language = lower(call.text_or(1, u"jscript"));
  Window::Text source{text, call.window.url.href(), 1, 1, call.page.positions.here(), "execScript"};
  if (language.starts_with(u"vbs"))
    run_vbscript(call.window, source);
  else
    call.window.run(source);
  call.give_null();
}

// [Replaceable]: assignment puts an ordinary property of the accessor's name in its place.
void replace_property(Call& call) {
  JSString* given = JS_GetFunctionId(JS_GetObjectFunction(&call.args.callee()));
  std::u16string name = to_text(call.cx, must(given));
  if (name.starts_with(u"set ")) name = name.substr(4);
  JS::RootedObject global(call.cx, call.self_window().global());
  must(JS_DefineUCProperty(call.cx, global, name.data(), name.size(), call.at(0), JSPROP_ENUMERATE));
  call.give();
}

// --- sizes ---------------------------------------------------------------------------------------------

void get_inner_width(Call& call) {
  call.give(call.page.persona().inner_width);
}
void get_inner_height(Call& call) {
  call.give(call.page.persona().inner_height);
}
void get_outer_width(Call& call) {
  call.give(call.page.persona().screen_width);
}
void get_outer_height(Call& call) {
  call.give(call.page.persona().screen_available_height);
}
void get_zero(Call& call) {
  call.give(int32_t{0});
}
void get_pixel_ratio(Call& call) {
  call.give(pixel_ratio(call.page.persona()));
}

constexpr JSFunctionSpec functions[] = {SHIKAKE_METHOD("setTimeout", set_timeout, 1),
                                        SHIKAKE_METHOD("setInterval", set_interval, 1),
                                        SHIKAKE_METHOD("clearTimeout", clear_timer, 0),
                                        SHIKAKE_METHOD("clearInterval", clear_timer, 0),
                                        SHIKAKE_METHOD("requestAnimationFrame", request_animation_frame, 1),
                                        SHIKAKE_METHOD("cancelAnimationFrame", clear_timer, 1),
                                        SHIKAKE_METHOD("alert", alert, 0),
                                        SHIKAKE_METHOD("confirm", confirm, 0),
                                        SHIKAKE_METHOD("prompt", prompt, 0),
                                        SHIKAKE_METHOD("print", print, 0),
                                        SHIKAKE_METHOD("stop", stop, 0),
                                        SHIKAKE_METHOD("open", open_window, 0),
                                        SHIKAKE_METHOD("close", close, 0),
                                        SHIKAKE_METHOD("focus", do_nothing, 0),
                                        SHIKAKE_METHOD("blur", do_nothing, 0),
                                        SHIKAKE_METHOD("postMessage", post_message, 1),
                                        SHIKAKE_METHOD("scroll", do_nothing, 0),
                                        SHIKAKE_METHOD("scrollTo", do_nothing, 0),
                                        SHIKAKE_METHOD("scrollBy", do_nothing, 0),
                                        SHIKAKE_METHOD("moveTo", do_nothing, 2),
                                        SHIKAKE_METHOD("moveBy", do_nothing, 2),
                                        SHIKAKE_METHOD("resizeTo", do_nothing, 2),
                                        SHIKAKE_METHOD("resizeBy", do_nothing, 2),
                                        SHIKAKE_METHOD("btoa", to_ascii, 1),
                                        SHIKAKE_METHOD("atob", to_binary, 1),
                                        SHIKAKE_METHOD("getComputedStyle", get_computed_style, 1),
                                        SHIKAKE_METHOD("getSelection", get_selection, 0),
                                        SHIKAKE_METHOD("addEventListener", add_listener, 2),
                                        SHIKAKE_METHOD("removeEventListener", remove_listener, 2),
                                        SHIKAKE_METHOD("dispatchEvent", dispatch_event, 1),
                                        JS_FS_END};

constexpr JSFunctionSpec modern_functions[] = {
    SHIKAKE_METHOD("queueMicrotask", queue_microtask, 1),
    SHIKAKE_METHOD("fetch", fetch_function, 1),
    SHIKAKE_METHOD("matchMedia", match_media, 1),
    SHIKAKE_METHOD("requestIdleCallback", request_animation_frame, 1),
    SHIKAKE_METHOD("cancelIdleCallback", clear_timer, 1),
    SHIKAKE_METHOD("structuredClone", structured_clone, 1),
    JS_FS_END};

constexpr JSFunctionSpec trident_functions[] = {SHIKAKE_METHOD("attachEvent", attach_event, 2),
                                                SHIKAKE_METHOD("detachEvent", detach_event, 2),
                                                SHIKAKE_METHOD("execScript", exec_script, 1),
                                                SHIKAKE_METHOD("setImmediate", set_immediate, 1),
                                                SHIKAKE_METHOD("CollectGarbage", do_nothing, 0),
                                                SHIKAKE_METHOD("navigate", navigate_method, 1),
                                                SHIKAKE_METHOD("matchMedia", match_media, 1),
                                                JS_FS_END};

// In the order of the interface's text (Chromium's window.idl; https://html.spec.whatwg.org/#the-window-object).
constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("window", get_global),
    SHIKAKE_PROPERTY("self", get_global, replace_property),
    SHIKAKE_GETTER("document", get_document),
    SHIKAKE_PROPERTY("name", get_name, set_name),
    SHIKAKE_PROPERTY("location", get_own_location, set_location),
    SHIKAKE_PROPERTY("history", get_history, replace_property),
    SHIKAKE_GETTER("closed", get_closed),
    SHIKAKE_PROPERTY("frames", get_global, replace_property),
    SHIKAKE_PROPERTY("length", get_length, replace_property),
    SHIKAKE_GETTER("top", get_top),
    SHIKAKE_PROPERTY("opener", get_opener, replace_property),
    SHIKAKE_PROPERTY("parent", get_parent, replace_property),
    SHIKAKE_GETTER("frameElement", get_frame_element),
    SHIKAKE_PROPERTY("navigator", get_navigator, replace_property),
    SHIKAKE_PROPERTY("screen", get_screen, replace_property),
    SHIKAKE_PROPERTY("innerWidth", get_inner_width, replace_property),
    SHIKAKE_PROPERTY("innerHeight", get_inner_height, replace_property),
    SHIKAKE_PROPERTY("scrollX", get_zero, replace_property),
    SHIKAKE_PROPERTY("pageXOffset", get_zero, replace_property),
    SHIKAKE_PROPERTY("scrollY", get_zero, replace_property),
    SHIKAKE_PROPERTY("pageYOffset", get_zero, replace_property),
    SHIKAKE_PROPERTY("screenX", get_zero, replace_property),
    SHIKAKE_PROPERTY("screenY", get_zero, replace_property),
    SHIKAKE_PROPERTY("outerWidth", get_outer_width, replace_property),
    SHIKAKE_PROPERTY("outerHeight", get_outer_height, replace_property),
    SHIKAKE_PROPERTY("devicePixelRatio", get_pixel_ratio, replace_property),
    SHIKAKE_PROPERTY("event", get_event, replace_property),
    SHIKAKE_PROPERTY("clientInformation", get_navigator, replace_property),
    SHIKAKE_PROPERTY("screenLeft", get_zero, replace_property),
    SHIKAKE_PROPERTY("screenTop", get_zero, replace_property),
    SHIKAKE_PROPERTY("console", get_console, replace_property),
    SHIKAKE_GETTER("localStorage", get_local_storage),
    SHIKAKE_GETTER("sessionStorage", get_session_storage),
    JS_PS_END};

constexpr JSPropertySpec trident_properties[] = {SHIKAKE_PROPERTY("performance", get_performance, replace_property),
                                                 JS_PS_END};

constexpr const char* touch_handlers[] = {"ontouchstart", "ontouchmove", "ontouchend", "ontouchcancel",
                                          "onorientationchange"};

constexpr JSPropertySpec modern_properties[] = {
    SHIKAKE_PROPERTY("performance", get_performance, replace_property), SHIKAKE_GETTER("crypto", get_crypto),
    SHIKAKE_PROPERTY("origin", get_origin, replace_property), SHIKAKE_GETTER("isSecureContext", get_secure),
    SHIKAKE_GETTER("indexedDB", get_indexed_db), JS_PS_END};
constexpr JSPropertySpec living_properties[] = {SHIKAKE_GETTER("customElements", get_custom_elements), JS_PS_END};

constexpr const char* window_handlers[] = {"onload",
                                           "onunload",
                                           "onbeforeunload",
                                           "onerror",
                                           "onresize",
                                           "onscroll",
                                           "onfocus",
                                           "onblur",
                                           "onhashchange",
                                           "onmessage",
                                           "onpagehide",
                                           "onpageshow",
                                           "onpopstate",
                                           "onstorage",
                                           "ononline",
                                           "onoffline",
                                           "onclick",
                                           "onkeydown",
                                           "onkeyup",
                                           "onmousemove",
                                           "onmousedown",
                                           "onmouseup",
                                           "onunhandledrejection"};

}  // namespace

void define_window(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global());
  uint8_t engine = window.page.engine_bit();
  must(JS::InitRealmStandardClasses(cx));
  const bool methods_first = lists_methods_first(window.page.persona());
  auto define_functions = [&] {
    must(JS_DefineFunctions(cx, global, functions));
    if (engine & on_modern) must(JS_DefineFunctions(cx, global, modern_functions));
  };
  if (methods_first) define_functions();
  must(JS_DefineProperties(cx, global, properties));
  if (engine & on_modern) must(JS_DefineProperties(cx, global, modern_properties));
  if (engine & (on_modern & ~on_edge)) must(JS_DefineProperties(cx, global, living_properties));
  if (!methods_first) define_functions();
  if (engine & on_trident) {
    must(JS_DefineFunctions(cx, global, trident_functions) &&
         JS_DefineProperties(cx, global, trident_properties));
    define_clipboard_data(cx, window);
  }
  define_handlers(cx, global, window_handlers);
  if (has_touch(window.page.persona())) define_handlers(cx, global, touch_handlers);
  define_errors(cx, window);
  if (engine & on_blink) define_chrome(cx, window);
  // In a forced run others go the ways of Internet Explorer, too; asked for it, they still lack it.
  if (((engine & on_trident) && !window.page.persona().components.empty()) || window.page.forced)
    define_active_x(cx, window);
  define_engine_functions(cx, window);
}

std::span<const Interface> window_interfaces() {
  static const Interface table[] = {{.name = "Window", .parent = "EventTarget"}, remote_window_interface()};
  return table;
}

}  // namespace shikake::honeyclient::low::page
