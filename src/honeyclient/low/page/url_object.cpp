// URL and URLSearchParams. https://url.spec.whatwg.org/#api
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/url_parameters.h"
#include "honeyclient/low/page/url_parts.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

class UrlObject final : public Native {
 public:
  static constexpr Kind native_kind = Kind::url;
  UrlObject(Window& the_window, url::Url the_url)
      : Native(the_window, native_kind), url(std::move(the_url)) {}
  url::Url url;
  UrlParameters* parameters = nullptr;
};

namespace {

void construct_url(Call& call) {
  // Internet Explorer has an object of this name for blob: addresses alone.
  if (call.page.persona().engine == Engine::trident) call.type_error("Object doesn't support this action");
  std::optional<url::Url> base;
  if (call.given(1)) {
    auto parsed = url::Url::parse(call.text8(1));
    if (!parsed) call.type_error("Failed to construct 'URL': Invalid base URL");
    base = std::move(*parsed);
  }
  auto parsed = url::Url::parse(call.text8(0), base ? &*base : nullptr);
  if (!parsed) call.type_error("Failed to construct 'URL': Invalid URL");
  call.give(wrap_native(call.cx, *new UrlObject(call.window, std::move(*parsed)), "URL"));
}

void get_href(Call& call) {
  call.give(std::string_view(call.self<UrlObject>().url.href()));
}
void set_href(Call& call) {
  UrlObject& self = call.self<UrlObject>();
  if (!self.url.set_href(call.text8(0))) call.type_error("Invalid URL");
  call.give();
}
void get_origin(Call& call) {
  call.give(std::string_view(call.self<UrlObject>().url.origin()));
}
template <std::string_view (url::Url::*Part)() const>
void get_part(Call& call) {
  call.give((call.self<UrlObject>().url.*Part)());
}
template <void (url::Url::*Set)(std::string_view)>
void set_part(Call& call) {
  (call.self<UrlObject>().url.*Set)(call.text8(0));
  call.give();
}
std::string_view without_mark(std::string_view query) {
  return query.starts_with('?') ? query.substr(1) : query;
}
void get_parameters(Call& call) {
  UrlObject& self = call.self<UrlObject>();
  if (!self.parameters) {
    self.parameters = new UrlParameters(call.window);
    self.parameters->owner = &self;
    wrap_native(call.cx, *self.parameters, "URLSearchParams");
  }
  self.parameters->pairs = parse_url_encoded(without_mark(self.url.search()));
  call.give(self.parameters->wrapper.get());
}

// --- parameters ---------------------------------------------------------------------------------------

void construct_parameters(Call& call) {
  auto* made = new UrlParameters(call.window);
  JSObject* given = call.object(0);
  if (const UrlParameters* other = native_as<UrlParameters>(call.at(0))) {
    made->pairs = other->pairs;
  } else if (given) {
    JS::RootedObject object(call.cx, given);
    JS::RootedIdVector keys(call.cx);
    must(js::GetPropertyKeys(call.cx, object, JSITER_OWNONLY, &keys));
    for (size_t i = 0; i < keys.length(); ++i) {
      JS::RootedId key(call.cx, keys[i]);
      JS::RootedValue value(call.cx);
      must(JS_GetPropertyById(call.cx, object, key, &value));
      if (key.isString())
        made->pairs.emplace_back(utf8(to_text(call.cx, key.toString())), utf8(to_text(call.cx, value)));
    }
  } else if (call.given(0)) {
    std::string text = call.text8(0);
    made->pairs = parse_url_encoded(without_mark(text));
  }
  call.give(wrap_native(call.cx, *made, "URLSearchParams"));
}

void changed(UrlParameters& parameters) {
  if (parameters.owner) parameters.owner->url.set_search(url_encoded(parameters.pairs));
}
void get(Call& call) {
  std::string name = call.text8(0);
  for (const auto& [key, value] : call.self<UrlParameters>().pairs)
    if (key == name) return call.give(std::string_view(value));
  call.give_null();
}
void get_all(Call& call) {
  std::string name = call.text8(0);
  JS::RootedValueVector values(call.cx);
  for (const auto& [key, value] : call.self<UrlParameters>().pairs)
    if (key == name) must(values.append(JS::StringValue(to_string(call.cx, wide(value)))));
  call.give(must(JS::NewArrayObject(call.cx, values)));
}
void has(Call& call) {
  std::string name = call.text8(0);
  for (const auto& pair : call.self<UrlParameters>().pairs)
    if (pair.first == name) return call.give(true);
  call.give(false);
}
void append(Call& call) {
  UrlParameters& self = call.self<UrlParameters>();
  self.pairs.emplace_back(call.text8(0), call.text8(1));
  changed(self);
  call.give();
}
void remove(Call& call) {
  UrlParameters& self = call.self<UrlParameters>();
  std::erase_if(self.pairs, [name = call.text8(0)](const auto& pair) { return pair.first == name; });
  changed(self);
  call.give();
}
void set(Call& call) {
  UrlParameters& self = call.self<UrlParameters>();
  std::string name = call.text8(0), value = call.text8(1);
  bool placed = false;
  std::erase_if(self.pairs, [&](auto& pair) {
    if (pair.first != name) return false;
    if (placed) return true;
    pair.second = value;
    placed = true;
    return false;
  });
  if (!placed) self.pairs.emplace_back(name, value);
  changed(self);
  call.give();
}
void for_each(Call& call) {
  JS::RootedValue function(call.cx, call.at(0)), ignored(call.cx);
  Pairs pairs = call.self<UrlParameters>().pairs;
  for (const auto& [key, value] : pairs) {
    JS::RootedValueArray<2> arguments(call.cx);
    arguments[0].setString(to_string(call.cx, wide(value)));
    arguments[1].setString(to_string(call.cx, wide(key)));
    must(JS::Call(call.cx, JS::UndefinedHandleValue, function, arguments, &ignored));
  }
  call.give();
}
void to_text_method(Call& call) {
  call.give(std::string_view(url_encoded(call.self<UrlParameters>().pairs)));
}
// What was on its way at that moment still comes: it was attached when it was asked for.
void revoke(Call& call) {
  call.page.object_urls.erase(call.text8(0));
  call.give();
}

constexpr JSFunctionSpec url_methods[] = {SHIKAKE_METHOD("toString", get_href, 0),
                                          SHIKAKE_METHOD("toJSON", get_href, 0), JS_FS_END};
constexpr JSFunctionSpec url_statics[] = {SHIKAKE_METHOD("createObjectURL", create_object_url, 1),
                                          SHIKAKE_METHOD("revokeObjectURL", revoke, 1), JS_FS_END};
constexpr JSPropertySpec url_properties[] = {
    SHIKAKE_PROPERTY("href", get_href, set_href),
    SHIKAKE_GETTER("origin", get_origin),
    SHIKAKE_PROPERTY("protocol", get_part<&url::Url::protocol>, set_part<&url::Url::set_protocol>),
    SHIKAKE_PROPERTY("username", get_part<&url::Url::username>, set_part<&url::Url::set_username>),
    SHIKAKE_PROPERTY("password", get_part<&url::Url::password>, set_part<&url::Url::set_password>),
    SHIKAKE_URL_PARTS(get_part, set_part),
    SHIKAKE_GETTER("searchParams", get_parameters),
    JS_PS_END};
constexpr JSFunctionSpec parameter_methods[] = {SHIKAKE_METHOD("get", get, 1),
                                                SHIKAKE_METHOD("getAll", get_all, 1),
                                                SHIKAKE_METHOD("has", has, 1),
                                                SHIKAKE_METHOD("append", append, 2),
                                                SHIKAKE_METHOD("delete", remove, 1),
                                                SHIKAKE_METHOD("set", set, 2),
                                                SHIKAKE_METHOD("forEach", for_each, 1),
                                                SHIKAKE_METHOD("toString", to_text_method, 0),
                                                JS_FS_END};
constexpr Interface table[] = {{.name = "URL",
                                .parent = "",
                                .methods = url_methods,
                                .properties = url_properties,
                                .construct = native<construct_url>,
                                .construct_arguments = 1,
                                .statics = url_statics},
                               {.name = "URLSearchParams",
                                .parent = "",
                                .methods = parameter_methods,
                                .construct = native<construct_parameters>,
                                .engines = on_modern}};

}  // namespace

std::span<const Interface> url_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
