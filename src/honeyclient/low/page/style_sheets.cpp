#include "honeyclient/low/page/style_sheets.h"

#include <map>

#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using html::Name;

// By the objects that stand for them; a page's elements live as long as those.
std::map<const Native*, html::Element*>& owners() {
  static std::map<const Native*, html::Element*> all;
  return all;
}

JSObject* sheet_of(JSContext* cx, Window& window, html::Element& owner) {
  JSObject* made = simple_object(cx, window, "CSSStyleSheet");
  owners()[native_of(made)] = &owner;
  return made;
}
html::Element& owner_of(Call& call) {
  auto found = owners().find(native_of(call.args.thisv()));
  if (found == owners().end()) call.type_error("Illegal invocation");
  return *found->second;
}

bool has_sheet(const html::Node& node) {
  if (node.is(Name::style)) return true;
  const std::u16string* rel = node.is(Name::link) ? node.as_element()->attribute(Name::rel) : nullptr;
  return rel && lower(*rel).find(u"stylesheet") != rel->npos;
}

void get_css_text(Call& call) {
  call.give(std::u16string_view(html::text_content(owner_of(call))));
}
void set_css_text(Call& call) {
  html::Element& owner = owner_of(call);
  if (owner.is(Name::style)) html::set_text_content(owner, call.text(0));
  after_dom_change(call);
}
// A rule more; its place among the others shows nowhere.
void add_text(Call& call, const std::u16string& rule) {
  html::Element& owner = owner_of(call);
  if (owner.is(Name::style)) html::set_text_content(owner, html::text_content(owner) + rule);
  after_dom_change(call);
  call.give(int32_t{0});
}
void insert_rule(Call& call) {
  add_text(call, call.text(0));
}
void add_rule(Call& call) {
  add_text(call, call.text(0) + u"{" + call.text(1) + u"}");
}
void get_rules(Call& call) {
  call.give(must(JS::NewArrayObject(call.cx, 0)));
}
void get_owner(Call& call) {
  call.give(static_cast<html::Node*>(&owner_of(call)));
}
void get_href(Call& call) {
  const html::Element& owner = owner_of(call);
  const std::u16string* href = owner.attribute(Name::href);
  if (!href) return call.give_null();
  auto url = call.window.resolve(*href);
  call.give(std::u16string_view(url ? wide(url->href()) : *href));
}
void get_no(Call& call) {
  call.give(false);
}
void set_nothing(Call& call) {
  call.give();
}

constexpr JSFunctionSpec methods[] = {
    SHIKAKE_METHOD("insertRule", insert_rule, 1), SHIKAKE_METHOD("addRule", add_rule, 2),
    SHIKAKE_METHOD("deleteRule", set_nothing, 1), SHIKAKE_METHOD("removeRule", set_nothing, 0), JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("cssRules", get_rules),
                                         SHIKAKE_GETTER("rules", get_rules),
                                         SHIKAKE_GETTER("ownerNode", get_owner),
                                         SHIKAKE_GETTER("href", get_href),
                                         SHIKAKE_PROPERTY("disabled", get_no, set_nothing),
                                         JS_PS_END};
constexpr JSPropertySpec trident_properties[] = {SHIKAKE_PROPERTY("cssText", get_css_text, set_css_text),
                                                 SHIKAKE_GETTER("owningElement", get_owner), JS_PS_END};
constexpr Interface table[] = {{.name = "CSSStyleSheet",
                                .parent = "",
                                .methods = methods,
                                .properties = properties,
                                .trident_properties = trident_properties}};

}  // namespace

void get_style_sheet(Call& call) {
  call.give(sheet_of(call.cx, call.window, call.self_element()));
}

void get_style_sheets(Call& call) {
  JS::RootedObject all(call.cx, must(JS::NewArrayObject(call.cx, 0)));
  html::Node& root = call.self_node();
  uint32_t count = 0;
  for (html::Node* node = &root; node; node = html::next_in_tree(*node, root)) {
    if (!has_sheet(*node)) continue;
    JS::RootedValue sheet(call.cx, JS::ObjectValue(*sheet_of(call.cx, call.window, *node->as_element())));
    must(JS_SetElement(call.cx, all, count++, sheet));
  }
  call.give(all.get());
}

void create_style_sheet(Call& call) {
  count_node(call);
  html::Document& document = call.self_node().document();
  const std::u16string address = call.text_or(0, u"");
  html::Element& made = document.create_element(address.empty() ? Name::style : Name::link);
  if (!address.empty()) {
    made.set_attribute(Name::rel, u"stylesheet");
    made.set_attribute(Name::href, address);
  }
  if (html::Element* head = document.head()) insert_node(call, *head, made, nullptr);
  after_dom_change(call);
  call.give(sheet_of(call.cx, call.window, made));
}

std::span<const Interface> style_sheet_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
