// FileReader. https://w3c.github.io/FileAPI/#APIASynch
#include <js/Array.h>

#include "base/bytes.h"
#include "honeyclient/low/page/blobs.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Reader final : public Native {
 public:
  static constexpr Kind native_kind = Kind::reader;
  explicit Reader(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &result, "file's content");
  }
  JS::Heap<JS::Value> result{JS::NullValue()};
  int32_t state = 0;
};

void construct(Call& call) {
  call.give(wrap_native(call.cx, *new Reader(call.window), "FileReader"));
}

enum class As : uint8_t { text, data_url, buffer, binary };

JS::Value content_as(JSContext* cx, const BlobContent& blob, As as) {
  std::u16string text;
  switch (as) {
    case As::text:
      text = decode_text(blob.bytes, {}, "UTF-8");
      break;
    case As::data_url:
      text = wide("data:" + (blob.type.empty() ? "application/octet-stream" : blob.type) + ";base64," +
                  base::to_base64(base::as_bytes(blob.bytes)));
      break;
    case As::binary:
      for (char c : blob.bytes) text += static_cast<unsigned char>(c);
      break;
    case As::buffer:
      return JS::ObjectValue(*array_buffer(cx, blob.bytes));
  }
  return JS::StringValue(to_string(cx, text));
}

template <As How>
void read(Call& call) {
  Reader& self = call.self<Reader>();
  std::optional<BlobContent> blob = content_of_blob(call.at(0));
  if (!blob) call.type_error("parameter 1 is not of type 'Blob'.");
  self.state = 1;
  call.page.post([&self, blob = std::move(*blob)] {
    Window& window = *self.window;
    if (window.gone) return;
    fire(window, self, u"loadstart", false, false, "ProgressEvent");
    window.page.run_script(window, [&] { self.result = content_as(window.page.cx, blob, How); });
    self.state = 2;
    for (const char16_t* type : {u"progress", u"load", u"loadend"})
      fire(window, self, type, false, false, "ProgressEvent");
    window.loader->flush();
  });
  call.give();
}
void get_result(Call& call) {
  call.args.rval().set(call.self<Reader>().result);
}
void get_state(Call& call) {
  call.give(call.self<Reader>().state);
}
void get_error(Call& call) {
  call.give_null();
}
void abort(Call& call) {
  call.give();
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("readAsText", read<As::text>, 1),
                                      SHIKAKE_METHOD("readAsDataURL", read<As::data_url>, 1),
                                      SHIKAKE_METHOD("readAsArrayBuffer", read<As::buffer>, 1),
                                      SHIKAKE_METHOD("readAsBinaryString", read<As::binary>, 1),
                                      SHIKAKE_METHOD("abort", abort, 0),
                                      JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("result", get_result),
                                         SHIKAKE_GETTER("readyState", get_state),
                                         SHIKAKE_GETTER("error", get_error), JS_PS_END};
constexpr const char* handlers[] = {"onloadstart", "onprogress", "onload", "onloadend", "onerror", "onabort"};
constexpr Constant constants[] = {{"EMPTY", 0}, {"LOADING", 1}, {"DONE", 2}};
constexpr Interface table[] = {{.name = "FileReader",
                                .parent = "EventTarget",
                                .methods = methods,
                                .properties = properties,
                                .constants = constants,
                                .construct = native<construct>,
                                .handlers = handlers}};

}  // namespace

std::span<const Interface> reader_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
