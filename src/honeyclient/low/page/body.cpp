// Blob, File, FormData, TextEncoder, TextDecoder, object URLs.
#include "honeyclient/low/page/body.h"

#include <js/ArrayBuffer.h>
#include <js/experimental/TypedData.h>

#include <cmath>

#include "base/digest.h"
#include "honeyclient/low/page/blobs.h"
#include "honeyclient/low/page/forms.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/streams.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/url_encoded.h"
#include "honeyclient/low/page/url_parameters.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Blob final : public Native {
 public:
  static constexpr Kind native_kind = Kind::blob;
  Blob(Window& the_window, std::string the_bytes, std::string the_type)
      : Native(the_window, native_kind), bytes(std::move(the_bytes)), type(std::move(the_type)) {}
  const std::string bytes, type;
  std::string name;
};

std::string joined_parts(Call& call, JSObject* list) {
  std::string bytes;
  JS::RootedObject parts(call.cx, list);
  uint32_t count = 0;
  must(JS::GetArrayLength(call.cx, parts, &count));
  for (uint32_t i = 0; i < count; ++i) {
    JS::RootedValue part(call.cx);
    must(JS_GetElement(call.cx, parts, i, &part));
    std::string ignored;
    bytes += body_of(call, part, ignored);
  }
  return bytes;
}

std::string type_option(Call& call, unsigned i) {
  if (!call.object(i)) return {};
  JS::RootedObject options(call.cx, call.object(i));
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, options, "type", &value));
  return value.isUndefined() ? std::string() : utf8(to_text(call.cx, value));
}

void note_blob(Call& call, const Blob& blob) {
  std::string what = blob.type + ", " + std::to_string(blob.bytes.size()) + " bytes, sha256 " +
                     base::sha256(blob.bytes).hex();
  call.page.happened(call.window, "blob", wide(what));
}

void construct_blob(Call& call) {
  std::string bytes = call.object(0) ? joined_parts(call, call.object(0)) : std::string();
  auto* blob = new Blob(call.window, std::move(bytes), type_option(call, 1));
  note_blob(call, *blob);
  call.give(wrap_native(call.cx, *blob, "Blob"));
}
void construct_file(Call& call) {
  // Internet Explorer has files, and makes none.
  if (call.page.persona().engine == Engine::trident) call.type_error("Object doesn't support this action");
  std::string bytes = call.object(0) ? joined_parts(call, call.object(0)) : std::string();
  auto* blob = new Blob(call.window, std::move(bytes), type_option(call, 2));
  blob->name = call.text8(1);
  note_blob(call, *blob);
  call.give(wrap_native(call.cx, *blob, "File"));
}
void get_size(Call& call) {
  call.give(static_cast<double>(call.self<Blob>().bytes.size()));
}
void get_type(Call& call) {
  call.give(std::string_view(call.self<Blob>().type));
}
void get_name(Call& call) {
  call.give(std::string_view(call.self<Blob>().name));
}
// An end of a slice, within `size`; counted from behind where it is negative.
size_t offset_in(const Call& call, unsigned i, size_t otherwise, size_t size) {
  if (!call.given(i)) return otherwise;
  const double at = call.number(i), all = static_cast<double>(size);
  if (std::isnan(at)) return 0;  // as [Clamp] has it
  return static_cast<size_t>(at < 0 ? std::max(0.0, all + at) : std::min(at, all));
}
// https://w3c.github.io/FileAPI/#slice-method-algo
void slice(Call& call) {
  Blob& self = call.self<Blob>();
  const size_t size = self.bytes.size(), from = offset_in(call, 0, 0, size),
               to = offset_in(call, 1, size, size);
  std::string part = self.bytes.substr(from, to > from ? to - from : 0), type = utf8(call.text_or(2, u""));
  call.give(wrap_native(call.cx, *new Blob(call.window, std::move(part), std::move(type)), "Blob"));
}
void text(Call& call) {
  JS::RootedValue value(call.cx, JS::StringValue(to_string(call.cx, wide(call.self<Blob>().bytes))));
  call.give(resolved(call.cx, value));
}
void get_buffer(Call& call) {
  JS::RootedValue value(call.cx, JS::ObjectValue(*array_buffer(call.cx, call.self<Blob>().bytes)));
  call.give(resolved(call.cx, value));
}

void stream(Call& call) {
  call.give(stream_of_bytes(call.cx, call.window, call.self<Blob>().bytes));
}

// --- FormData -----------------------------------------------------------------------------------------

class FormData final : public Native {
 public:
  static constexpr Kind native_kind = Kind::form_data;
  explicit FormData(Window& the_window) : Native(the_window, native_kind) {}
  Pairs pairs;
};
void construct_form_data(Call& call) {
  auto* data = new FormData(call.window);
  if (html::Node* node = call.node(0); node && node->is(html::Name::form))
    data->pairs = form_pairs(*node->as_element());
  call.give(wrap_native(call.cx, *data, "FormData"));
}
void append(Call& call) {
  std::string ignored;
  FormData& self = call.self<FormData>();
  self.pairs.emplace_back(call.text8(0), body_of(call, call.at(1), ignored));
  call.give();
}
void set(Call& call) {
  FormData& self = call.self<FormData>();
  std::erase_if(self.pairs, [name = call.text8(0)](const auto& pair) { return pair.first == name; });
  append(call);
}
void get(Call& call) {
  std::string name = call.text8(0);
  for (const auto& [key, value] : call.self<FormData>().pairs)
    if (key == name) return call.give(std::string_view(value));
  call.give_null();
}

// --- TextEncoder and TextDecoder (UTF-8) --------------------------------------------------------------

class Coder final : public Native {
 public:
  static constexpr Kind native_kind = Kind::encoder;
  explicit Coder(Window& the_window) : Native(the_window, native_kind) {}
};
void construct_encoder(Call& call) {
  call.give(wrap_native(call.cx, *new Coder(call.window), "TextEncoder"));
}
void construct_decoder(Call& call) {
  std::u16string label = lower(call.text_or(0, u"utf-8"));
  if (label != u"utf-8" && label != u"utf8") call.page.unemulated("TextDecoder " + utf8(label));
  call.give(wrap_native(call.cx, *new Coder(call.window), "TextDecoder"));
}
void encode(Call& call) {
  std::string bytes = utf8(call.text_or(0, u""));
  JS::RootedObject buffer(call.cx, array_buffer(call.cx, bytes));
  call.give(must(JS_NewUint8ArrayWithBuffer(call.cx, buffer, 0, static_cast<int64_t>(bytes.size()))));
}
void decode(Call& call) {
  auto bytes = call.object(0) ? bytes_of(call.object(0)) : std::nullopt;
  std::string_view view = bytes ? std::string_view(*bytes) : std::string_view();
  if (view.starts_with("\xEF\xBB\xBF")) view.remove_prefix(3);
  call.give(view);
}
void get_encoding(Call& call) {
  call.give(std::u16string_view(u"utf-8"));
}

constexpr JSFunctionSpec blob_methods[] = {SHIKAKE_METHOD("slice", slice, 0), SHIKAKE_METHOD("text", text, 0),
                                           SHIKAKE_METHOD("stream", stream, 0),
                                           SHIKAKE_METHOD("arrayBuffer", get_buffer, 0), JS_FS_END};
constexpr JSPropertySpec blob_properties[] = {SHIKAKE_GETTER("size", get_size),
                                              SHIKAKE_GETTER("type", get_type), JS_PS_END};
constexpr JSPropertySpec file_properties[] = {SHIKAKE_GETTER("name", get_name), JS_PS_END};
constexpr JSFunctionSpec data_methods[] = {SHIKAKE_METHOD("append", append, 2), SHIKAKE_METHOD("set", set, 2),
                                           SHIKAKE_METHOD("get", get, 1), JS_FS_END};
constexpr JSFunctionSpec encoder_methods[] = {SHIKAKE_METHOD("encode", encode, 0), JS_FS_END};
constexpr JSFunctionSpec decoder_methods[] = {SHIKAKE_METHOD("decode", decode, 0), JS_FS_END};
constexpr JSPropertySpec coder_properties[] = {SHIKAKE_GETTER("encoding", get_encoding), JS_PS_END};
constexpr Interface table[] = {
    {.name = "Blob",
     .parent = "",
     .methods = blob_methods,
     .properties = blob_properties,
     .construct = native<construct_blob>},
    {.name = "File",
     .parent = "Blob",
     .properties = file_properties,
     .construct = native<construct_file>,
     .construct_arguments = 2},
    {.name = "FormData", .parent = "", .methods = data_methods, .construct = native<construct_form_data>},
    {.name = "TextEncoder",
     .parent = "",
     .methods = encoder_methods,
     .properties = coder_properties,
     .construct = native<construct_encoder>,
     .engines = on_modern},
    {.name = "TextDecoder",
     .parent = "",
     .methods = decoder_methods,
     .properties = coder_properties,
     .construct = native<construct_decoder>,
     .engines = on_modern}};

}  // namespace

std::optional<std::string> bytes_of(JSObject* object) {
  bool shared = false;
  size_t length = 0;
  uint8_t* data = nullptr;
  if (JS_IsArrayBufferViewObject(object))
    js::GetArrayBufferViewLengthAndData(object, &length, &shared, &data);
  else if (JS::IsArrayBufferObject(object))
    JS::GetArrayBufferLengthAndData(object, &length, &shared, &data);
  else
    return std::nullopt;
  return std::string(reinterpret_cast<char*>(data), length);
}

std::string body_of(Call& call, JS::HandleValue value, std::string& type) {
  if (value.isObject()) {
    if (auto bytes = bytes_of(&value.toObject())) return std::move(*bytes);
    if (const Blob* blob = native_as<Blob>(value)) {
      type = blob->type;
      return blob->bytes;
    }
    if (const FormData* data = native_as<FormData>(value)) {
      type = "application/x-www-form-urlencoded";
      return url_encoded(data->pairs);
    }
    if (const UrlParameters* parameters = native_as<UrlParameters>(value)) {
      type = "application/x-www-form-urlencoded;charset=UTF-8";
      return url_encoded(parameters->pairs);
    }
  }
  type = "text/plain;charset=UTF-8";
  return utf8(to_text(call.cx, value));
}

JSObject* array_buffer(JSContext* cx, std::string_view bytes) {
  JS::RootedObject buffer(cx, must(JS::NewArrayBuffer(cx, bytes.size())));
  bool shared = false;
  size_t length = 0;
  uint8_t* data = nullptr;
  JS::GetArrayBufferLengthAndData(buffer, &length, &shared, &data);
  if (!bytes.empty()) memcpy(data, bytes.data(), bytes.size());
  return buffer;
}

JSObject* make_blob(JSContext* cx, Window& window, std::string bytes, std::string type) {
  return wrap_native(cx, *new Blob(window, std::move(bytes), std::move(type)), "Blob");
}

std::optional<url::Url> object_url(Window& window, JS::HandleValue value) {
  const Blob* blob = native_as<Blob>(value);
  if (!blob) return std::nullopt;
  char name[40];
  uint64_t high = window.page.random(), low = window.page.random();
  std::snprintf(name, sizeof name, "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high & 0xFFFF), static_cast<unsigned>(high >> 16 & 0xFFF),
                static_cast<unsigned>(low >> 48 & 0x3FFF) | 0x8000,
                static_cast<unsigned long long>(low & 0xFFFFFFFFFFFF));
  std::string text = "blob:" + window.origin() + "/" + name;
  auto url = url::Url::parse(text);
  if (!url) return std::nullopt;
  window.page.object_urls[url->href()] = blob;
  return std::move(*url);
}

void create_object_url(Call& call) {
  auto url = object_url(call.window, call.at(0));
  if (!url) call.type_error("parameter 1 is not of type 'Blob'.");
  call.give(std::string_view(url->href()));
}

std::optional<BlobContent> content_of_blob(JS::HandleValue value) {
  const Blob* blob = native_as<Blob>(value);
  return blob ? std::optional(BlobContent{blob->bytes, blob->type}) : std::nullopt;
}

std::optional<BlobContent> blob_content(Page& page, const std::string& url) {
  auto found = page.object_urls.find(url);
  if (found == page.object_urls.end()) return std::nullopt;
  const auto& blob = static_cast<const Blob&>(*found->second);
  return BlobContent{blob.bytes, blob.type};
}

std::span<const Interface> body_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
