// navigator.clipboard, execCommand('copy'), notifications, service workers, msSaveBlob.
#include "honeyclient/low/page/clipboard.h"

#include <js/Array.h>

#include "honeyclient/low/page/blobs.h"
#include "honeyclient/low/page/clipboard_item.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/global_functions.h"
#include "honeyclient/low/page/lures.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/ranges.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

using html::Name;

namespace {

std::u16string squeezed(std::u16string_view text) {
  std::u16string all;
  all.reserve(text.size());
  for (char16_t c : text) {
    bool space = c == u' ' || c == u'\t' || c == u'\n' || c == u'\r' || c == u'\f' || c == 0xA0;
    if (!space)
      all += c >= u'A' && c <= u'Z' ? static_cast<char16_t>(c + 32) : c;
    else if (!all.empty() && all.back() != u' ')
      all += u' ';
  }
  while (!all.empty() && all.back() == u' ') all.pop_back();
  return all;
}

bool hidden(const html::Element& element) {
  if (element.attribute(u"hidden")) return true;
  const std::u16string* style = element.attribute(u"style");
  if (!style) return false;
  std::u16string squashed;
  for (char16_t c : lower(*style))
    if (c != u' ') squashed += c;
  return squashed.find(u"display:none") != std::u16string::npos ||
         squashed.find(u"visibility:hidden") != std::u16string::npos;
}

bool shown(const html::Element& element) {
  switch (element.name()) {
    case Name::script:
    case Name::style:
    case Name::noscript:
    case Name::template_:
    case Name::textarea:
    case Name::head:
      return false;
    default:
      return !hidden(element);
  }
}

constexpr size_t max_shown = 200'000;  // code units: longer than any page that urges

void collect(const html::Node& node, std::u16string& text) {
  // Depth is capped by the parser (html/dom.h).
  for (const html::Node* child = node.first_child(); child && text.size() < max_shown;
       child = child->next()) {
    if (const html::CharacterData* data = child->as_text()) {
      text += data->data();
    } else if (const html::Element* element = child->as_element(); element && shown(*element)) {
      text += u' ';
      // A shadow tree is shown in place of its host's children, which its slots bring back.
      if (const html::Node* shadow = element->shadow_root()) collect(*shadow, text);
      collect(*element, text);
      text += u' ';
    }
  }
}

// --- the clipboard ------------------------------------------------------------------------------------

void write_text(Call& call) {
  note_copied(call.window, call.text(0));
  call.give(resolved(call.cx, JS::UndefinedHandleValue));
}
void read_text(Call& call) {
  JS::RootedValue nothing(call.cx, JS::StringValue(to_string(call.cx, u"")));
  call.give(resolved(call.cx, nothing));
}
// event.clipboardData, window.clipboardData: setData(format, text)
void set_data(Call& call) {
  if (lower(call.text(0)).starts_with(u"text")) note_copied(call.window, call.text(1));
  call.give(true);
}
void get_data(Call& call) {
  call.give(std::u16string_view());
}

JSObject* data_transfer(JSContext* cx) {
  JS::RootedObject made(cx, must(JS_NewPlainObject(cx)));
  must(JS_DefineFunction(cx, made, "setData", native<set_data>, 2, JSPROP_ENUMERATE) &&
       JS_DefineFunction(cx, made, "getData", native<get_data>, 1, JSPROP_ENUMERATE));
  return made;
}

// What a person would have marked: the field that has the focus, else the last one, as scripts make one for
// it.
std::u16string selected_text(Call& call) {
  html::Element* field = call.window.active_element;
  auto is_field = [](html::Element* one) { return one && (one->is(Name::textarea) || one->is(Name::input)); };
  if (std::u16string marked = is_field(field) ? std::u16string() : selection_text(call.window); !marked.empty())
    return marked;
  if (!is_field(field) && call.window.document) {
    html::Node& root = *call.window.document;
    field = nullptr;
    for (html::Node* node = &root; node; node = html::next_in_tree(*node, root))
      if (is_field(node->as_element())) field = node->as_element();
  }
  if (!field) return {};
  NodeNative& control = native_of_node(call.cx, call.window, *field);
  if (control.live_value) return *control.live_value;
  if (field->is(Name::textarea)) return html::text_content(*field);
  const std::u16string* value = field->attribute(Name::value);
  return value ? *value : std::u16string();
}

// --- notifications --------------------------------------------------------------------------------------

void permit(Call& call, JS::HandleValue callback) {
  JS::RootedValue granted(call.cx, JS::StringValue(to_string(call.cx, u"granted")));
  if (callback.isObject() && JS::IsCallable(&callback.toObject())) {
    JS::RootedValueArray<1> arguments(call.cx);
    arguments[0].set(granted);
    JS::RootedValue ignored(call.cx), function(call.cx, callback);
    must(JS_CallFunctionValue(call.cx, nullptr, function, arguments, &ignored));
  }
  call.give(resolved(call.cx, granted));
}
// A person who believes the page allows it.
void request_permission(Call& call) {
  call.page.happened(call.window, "notification", u"asks for permission");
  permit(call, call.at(0));
}
void construct_notification(Call& call) {
  call.page.happened(call.window, "notification", u"shows: " + call.text(0));
  call.give(simple_object(call.cx, call.window, "Notification"));
}
void get_permission(Call& call) {
  call.give(std::string_view("default"));
}
void do_nothing(Call& call) {
  call.give();
}

// Internet Explorer's and Edge's: the file is saved.
void save_blob(Call& call) {
  auto url = object_url(call.window, call.at(0));
  if (!url) return call.give(false);
  Asked more;
  more.headers.push_back({"File-Name", utf8(call.text_or(1, u""))});
  call.window.navigate(*url, intel::Mechanism::download, call.page.positions.origin_here(), std::move(more));
  call.give(true);
}

constexpr JSFunctionSpec clipboard_methods[] = {SHIKAKE_METHOD("writeText", write_text, 1),
                                                SHIKAKE_METHOD("write", write_items, 1),
                                                SHIKAKE_METHOD("readText", read_text, 0), JS_FS_END};
constexpr JSFunctionSpec notification_methods[] = {SHIKAKE_METHOD("close", do_nothing, 0), JS_FS_END};
constexpr JSFunctionSpec notification_statics[] = {SHIKAKE_METHOD("requestPermission", request_permission, 0),
                                                   JS_FS_END};
constexpr JSPropertySpec notification_static_properties[] = {SHIKAKE_GETTER("permission", get_permission),
                                                             JS_PS_END};
constexpr JSFunctionSpec save_methods[] = {SHIKAKE_METHOD("msSaveBlob", save_blob, 1),
                                           SHIKAKE_METHOD("msSaveOrOpenBlob", save_blob, 1), JS_FS_END};

constexpr Interface table[] = {
    {.name = "Clipboard", .parent = "EventTarget", .methods = clipboard_methods, .engines = on_modern},
    {.name = "Notification",
     .parent = "EventTarget",
     .methods = notification_methods,
     .construct = native<construct_notification>,
     .construct_arguments = 1,
     .statics = notification_statics,
     .engines = on_modern}};

template <const char* Name>
void get_part(Call& call) {
  Window& window = call.window;
  call.give(singleton(call.cx, window, Name, [&] { return simple_object(call.cx, window, Name); }));
}
constexpr char clipboard_name[] = "Clipboard", container_name[] = "ServiceWorkerContainer";
constexpr JSPropertySpec clipboard_property[] = {SHIKAKE_GETTER("clipboard", get_part<clipboard_name>),
                                                 JS_PS_END};
constexpr JSPropertySpec worker_property[] = {SHIKAKE_GETTER("serviceWorker", get_part<container_name>),
                                              JS_PS_END};

// First versions, as the engines' release notes have them.
struct Since {
  Engine engine;
  uint32_t clipboard, service_worker;
};
constexpr Since since[] = {{Engine::blink, 66, 40}, {Engine::gecko, 63, 44}, {Engine::webkit, 13, 11}};

}  // namespace

std::u16string shown_text(Window& window) {
  std::u16string text;
  if (window.document) collect(*window.document, text);
  return squeezed(text);
}

void note_copied(Window& window, std::u16string_view text) {
  const std::u16string all = shown_text(window);
  bool seen = true;
  for (std::u16string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find(u'\n'), rest.size());
    seen = seen && all.find(squeezed(trim(rest.substr(0, end)))) != std::u16string::npos;
    rest = rest.substr(std::min(end + 1, rest.size()));
  }
  window.page.happened(window, seen ? "clipboard" : "clipboard-unseen", text);
}

void exec_copy(Call& call) {
  Event& event = make_event(call.cx, call.window, u"copy", "Event", true, true);
  JS::RootedValue data(call.cx, JS::ObjectValue(*data_transfer(call.cx)));
  set_event_field(call.cx, event, "clipboardData", data);
  html::Element* at = call.window.active_element;
  Native* target = at ? &native_of_node(call.cx, call.window, *at)
                      : &native_of_node(call.cx, call.window, *call.window.document);
  if (dispatch(call.cx, *target, event)) note_copied(call.window, selected_text(call));
}

void define_clipboard_data(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global()), data(cx, data_transfer(cx));
  must(JS_DefineProperty(cx, global, "clipboardData", data, JSPROP_ENUMERATE));
}

void define_lures(JSContext* cx, Window& window, JS::HandleObject navigator) {
  const Persona& persona = window.page.persona();
  if (persona.engine == Engine::trident || persona.engine == Engine::edge) {
    constexpr uint32_t first_with_blobs = 10;
    if (persona.engine == Engine::edge || persona.version >= first_with_blobs)
      must(JS_DefineFunctions(cx, navigator, save_methods));
  }
  for (const Since& row : since) {
    if (row.engine != persona.engine || !is_secure(window)) continue;
    if (persona.version >= row.clipboard) must(JS_DefineProperties(cx, navigator, clipboard_property));
    if (persona.version >= row.service_worker) must(JS_DefineProperties(cx, navigator, worker_property));
  }
}

void define_permission(JSContext* cx, JS::HandleObject notification) {
  must(JS_DefineProperties(cx, notification, notification_static_properties));
}

std::span<const Interface> lure_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
