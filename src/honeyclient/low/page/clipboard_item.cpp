// ClipboardItem and navigator.clipboard.write(). https://w3c.github.io/clipboard-apis/#clipboard-item-interface
#include "honeyclient/low/page/clipboard_item.h"

#include "honeyclient/low/page/blobs.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/lures.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"
#include "html/parser.h"

namespace shikake::honeyclient::low::page {

namespace {

class ClipboardItem final : public Native {
 public:
  static constexpr Kind native_kind = Kind::clipboard_item;
  explicit ClipboardItem(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    for (Part& part : parts) JS::TraceEdge(tracer, &part.value, "clipboard part");
  }
  struct Part {
    std::u16string type;
    JS::Heap<JS::Value> value;  // a Blob, a string, or a promise of one
  };
  std::deque<Part> parts;
};

// A page copies a text, a picture, a table: a few types.
constexpr size_t max_parts = 20, max_items = 20;

void construct_item(Call& call) {
  JS::RootedObject parts(call.cx, call.object(0));
  if (!parts) call.type_error("Failed to construct 'ClipboardItem': parameter 1 is not an object.");
  JS::RootedIdVector keys(call.cx);
  must(js::GetPropertyKeys(call.cx, parts, JSITER_OWNONLY, &keys));
  if (keys.empty()) call.type_error("Failed to construct 'ClipboardItem': Empty dictionary argument");
  auto* item = new ClipboardItem(call.window);
  JS::RootedObject wrapper(call.cx, wrap_native(call.cx, *item, "ClipboardItem"));
  for (size_t i = 0; i < keys.length() && i < max_parts; ++i) {
    if (!keys[i].isString()) continue;
    JS::RootedId key(call.cx, keys[i]);
    JS::RootedValue value(call.cx);
    must(JS_GetPropertyById(call.cx, parts, key, &value));
    item->parts.push_back({lower(to_text(call.cx, key.toString())), JS::Heap<JS::Value>(value.get())});
  }
  call.give(wrapper);
}

void get_types(Call& call) {
  JS::RootedValueVector types(call.cx);
  for (const ClipboardItem::Part& part : call.self<ClipboardItem>().parts)
    must(types.append(JS::StringValue(to_string(call.cx, part.type))));
  JS::RootedObject list(call.cx, must(JS::NewArrayObject(call.cx, types)));
  must(JS_FreezeObject(call.cx, list));
  call.give(list);
}
void get_style(Call& call) {
  call.give(std::string_view("unspecified"));
}

// What stands there now, as bytes.
std::string bytes_of_part(JSContext* cx, JS::HandleValue value) {
  if (auto content = content_of_blob(value)) return std::move(content->bytes);
  return utf8(to_text(cx, value));
}

void get_type(Call& call) {
  ClipboardItem& self = call.self<ClipboardItem>();
  const std::u16string wanted = lower(call.text(0));
  JS::RootedObject promise(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  call.give(promise);
  for (const ClipboardItem::Part& part : self.parts) {
    if (part.type != wanted) continue;
    JS::RootedValue value(call.cx, part.value);
    auto kept = std::make_shared<JS::PersistentRootedObject>(call.cx, promise);
    Window& window = *self.window;
    when_settled(
        call.cx, value,
        [kept, &window, wanted](JSContext* cx, JS::HandleValue found) {
          JS::RootedObject waiting(cx, *kept);
          JS::RootedValue blob(
              cx, JS::ObjectValue(*make_blob(cx, window, bytes_of_part(cx, found), utf8(wanted))));
          must(JS::ResolvePromise(cx, waiting, blob));
        },
        [kept](JSContext* cx, JS::HandleValue why) {
          JS::RootedObject waiting(cx, *kept);
          must(JS::RejectPromise(cx, waiting, why));
        });
    return;
  }
  reject_with_dom_error(call.cx, call.window, promise, "NotFoundError", "The type was not found");
}

void supports(Call& call) {
  constexpr std::u16string_view types[] = {u"text/plain", u"text/html", u"image/png", u"image/svg+xml"};
  const std::u16string asked = lower(call.text(0));
  bool known = asked.starts_with(u"web ");
  for (std::u16string_view type : types) known = known || asked == type;
  call.give(known);
}

// What a person pastes of it: of markup its text.
void note_part(JSContext* cx, Window& window, std::u16string_view type, JS::HandleValue value) {
  if (!type.starts_with(u"text/")) {
    window.page.happened(window, "clipboard", u"(" + std::u16string(type) + u")");
    return;
  }
  const std::u16string text = wide(bytes_of_part(cx, value));
  if (type != u"text/html") return note_copied(window, text);
  html::Document& apart = window.page.arena.create_document();
  html::parse_document(apart, text);
  note_copied(window, html::text_content(*apart.document_element()));
}

}  // namespace

// https://w3c.github.io/clipboard-apis/#dom-clipboard-write
void write_items(Call& call) {
  JS::RootedObject list(call.cx, call.object(0));
  uint32_t count = 0;
  bool is_list = false;
  if (list) must(JS::IsArrayObject(call.cx, list, &is_list));
  if (!is_list) call.type_error("Failed to execute 'write' on 'Clipboard': parameter 1 is not a sequence.");
  must(JS::GetArrayLength(call.cx, list, &count));
  JS::RootedObject promise(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  call.give(promise);
  // Done when its last part is.
  struct Writing {
    JS::PersistentRootedObject promise;
    size_t left = 1;
    void done(JSContext* cx) {
      JS::RootedObject waiting(cx, promise);
      if (--left == 0) must(JS::ResolvePromise(cx, waiting, JS::UndefinedHandleValue));
    }
  };
  auto writing = std::make_shared<Writing>();
  writing->promise.init(call.cx, promise);
  Window& window = call.window;
  for (uint32_t i = 0; i < count && i < max_items; ++i) {
    JS::RootedValue value(call.cx);
    must(JS_GetElement(call.cx, list, i, &value));
    ClipboardItem* item = native_as<ClipboardItem>(value);
    if (!item) call.type_error("Failed to execute 'write' on 'Clipboard': parameter is not of type 'ClipboardItem'.");
    for (const ClipboardItem::Part& part : item->parts) {
      ++writing->left;
      JS::RootedValue content(call.cx, part.value);
      when_settled(
          call.cx, content,
          [writing, &window, type = part.type](JSContext* cx, JS::HandleValue found) {
            note_part(cx, window, type, found);
            writing->done(cx);
          },
          [writing](JSContext* cx, JS::HandleValue why) {
            JS::RootedObject waiting(cx, writing->promise);
            must(JS::RejectPromise(cx, waiting, why));
          });
    }
  }
  writing->done(call.cx);
}

namespace {

constexpr JSFunctionSpec item_methods[] = {SHIKAKE_METHOD("getType", get_type, 1), JS_FS_END};
constexpr JSFunctionSpec item_statics[] = {SHIKAKE_METHOD("supports", supports, 1), JS_FS_END};
constexpr JSPropertySpec item_properties[] = {SHIKAKE_GETTER("presentationStyle", get_style),
                                              SHIKAKE_GETTER("types", get_types), JS_PS_END};
constexpr Interface table[] = {{.name = "ClipboardItem",
                                .parent = "",
                                .methods = item_methods,
                                .properties = item_properties,
                                .construct = native<construct_item>,
                                .construct_arguments = 1,
                                .statics = item_statics,
                                .engines = on_modern}};

}  // namespace

std::span<const Interface> clipboard_item_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
