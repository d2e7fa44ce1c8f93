#include "honeyclient/low/page/style.h"

#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using Declarations = std::vector<std::pair<std::u16string, std::u16string>>;

Declarations parse(std::u16string_view text) {
  Declarations all;
  while (!text.empty()) {
    std::u16string_view one = text.substr(0, text.find(u';'));
    text = one.size() < text.size() ? text.substr(one.size() + 1) : std::u16string_view();
    size_t colon = one.find(u':');
    if (colon == std::u16string_view::npos) continue;
    all.emplace_back(lower(trim(one.substr(0, colon))), std::u16string(trim(one.substr(colon + 1))));
  }
  return all;
}

Declarations declarations_of(const html::Element& element) {
  const std::u16string* text = element.attribute(u"style");
  return text ? parse(*text) : Declarations();
}

// backgroundColor → background-color
std::u16string css_name(std::u16string_view property) {
  std::u16string name;
  for (char16_t c : property) {
    if (html::is_upper(c)) name += u'-';
    name += html::to_lower(c);
  }
  return name == u"css-float" ? u"float" : name;
}

class Style final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::style;
  Style(Window& the_window, html::Element* the_element, bool is_computed)
      : Exotic(the_window, Kind::style), element(the_element), computed(is_computed) {}

  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    if (key == u"then" || key == u"toJSON") return false;
    value.setString(to_string(cx, read(css_name(key))));
    return true;
  }
  bool set(JSContext* cx, std::u16string_view key, JS::HandleValue value) override {
    if (!computed) write(css_name(key), value.isNull() ? std::u16string() : to_text(cx, value));
    return true;
  }

  std::u16string read(std::u16string_view name) const {
    for (const auto& [key, value] : declarations_of(*element))
      if (key == name) return value;
    if (!computed) return {};
    if (name == u"display")
      return element->is(html::Name::span) || element->is(html::Name::a) ? u"inline" : u"block";
    if (name == u"visibility") return u"visible";
    if (name == u"position") return u"static";
    if (name == u"opacity") return u"1";
    if (name == u"color") return u"rgb(0, 0, 0)";
    if (name == u"background-color") return u"rgba(0, 0, 0, 0)";
    if (name == u"width" || name == u"height") {
      auto [width, height] = layout_size(*element, window->page);
      return wide(std::to_string(name == u"width" ? width : height) + "px");
    }
    return {};
  }
  void write(const std::u16string& name, const std::u16string& value) {
    Declarations all = declarations_of(*element);
    std::erase_if(all, [&](const auto& one) { return one.first == name; });
    if (!value.empty()) all.emplace_back(name, value);
    std::u16string text;
    for (const auto& [key, one] : all) text += (text.empty() ? u"" : u" ") + key + u": " + one + u";";
    element->set_attribute(u"style", text);
  }

  html::Element* const element;
  const bool computed;
};

void get_property_value(Call& call) {
  call.give(std::u16string_view(call.self<Style>().read(lower(call.text(0)))));
}
void set_property(Call& call) {
  Style& self = call.self<Style>();
  if (!self.computed) self.write(lower(call.text(0)), call.text(1));
  after_dom_change(call);
}
void remove_property(Call& call) {
  Style& self = call.self<Style>();
  std::u16string name = lower(call.text(0)), before = self.read(name);
  if (!self.computed) self.write(name, u"");
  after_dom_change(call);
  call.give(std::u16string_view(before));
}
void get_css_text(Call& call) {
  const std::u16string* text = call.self<Style>().element->attribute(u"style");
  call.give(std::u16string_view(text ? *text : std::u16string()));
}
void set_css_text(Call& call) {
  Style& self = call.self<Style>();
  if (!self.computed) self.element->set_attribute(u"style", call.text(0));
  after_dom_change(call);
}
void get_length(Call& call) {
  call.give(static_cast<uint32_t>(declarations_of(*call.self<Style>().element).size()));
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("getPropertyValue", get_property_value, 1),
                                      SHIKAKE_METHOD("setProperty", set_property, 2),
                                      SHIKAKE_METHOD("removeProperty", remove_property, 1), JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_PROPERTY("cssText", get_css_text, set_css_text),
                                         SHIKAKE_GETTER("length", get_length), JS_PS_END};
constexpr Interface table[] = {
    {.name = "CSSStyleDeclaration", .parent = "", .methods = methods, .properties = properties}};

std::optional<uint32_t> pixels(std::u16string_view text) {
  text = trim(text);
  size_t digits = 0;
  while (digits < text.size() && html::is_digit(text[digits])) ++digits;
  std::u16string_view unit = text.substr(digits);
  if (digits == 0 || digits > 6 || (!unit.empty() && unit != u"px")) return std::nullopt;
  return static_cast<uint32_t>(std::stoul(utf8(text.substr(0, digits))));
}

}  // namespace

JSObject* style_object(JSContext* cx, NodeNative& native) {
  if (!native.style)
    native.style =
        wrap_exotic(cx, *new Style(*native.window, native.node.as_element(), false), "CSSStyleDeclaration");
  return native.style;
}

JSObject* computed_style(JSContext* cx, Window& window, html::Element& element) {
  return wrap_exotic(cx, *new Style(window, &element, true), "CSSStyleDeclaration");
}

void get_computed_style(Call& call) {
  html::Element* element = call.need_node(0).as_element();
  if (!element) call.type_error("parameter 1 is not of type 'Element'.");
  call.give(computed_style(call.cx, call.window, *element));
}

std::pair<uint32_t, uint32_t> layout_size(const html::Element& element, const Page& page) {
  std::pair<uint32_t, uint32_t> size{page.persona().inner_width, 20};
  if (element.is(html::Name::html) || element.is(html::Name::body)) size.second = page.persona().inner_height;
  if (element.is(html::Name::iframe)) size = {300, 150};  // the standard's default size
  if (element.is(html::Name::img)) size = {1, 1};
  auto take = [](uint32_t& to, const std::u16string* text) {
    if (text)
      if (auto value = pixels(*text)) to = *value;
  };
  take(size.first, element.attribute(html::Name::width));
  take(size.second, element.attribute(html::Name::height));
  for (const auto& [key, value] : declarations_of(element)) {
    if (key == u"width") take(size.first, &value);
    if (key == u"height") take(size.second, &value);
    if (key == u"display" && value == u"none") return {0, 0};
  }
  return size;
}

std::span<const Interface> style_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
