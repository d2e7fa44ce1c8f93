#include "honeyclient/low/page/forms.h"

#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/url_encoded.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

using html::Name;

html::Element* form_of(html::Element& control) {
  if (control.form_owner) return control.form_owner;
  if (const std::u16string* id = control.attribute(u"form"))
    if (html::Element* named = html::element_by_id(control.root(), *id); named && named->is(Name::form))
      return named;
  for (html::Element* up = control.parent_element(); up; up = up->parent_element())
    if (up->is(Name::form)) return up;
  return nullptr;
}

namespace {

bool is_control(const html::Element& element) {
  return element.is(Name::input) || element.is(Name::textarea) || element.is(Name::select) ||
         element.is(Name::button);
}

}  // namespace

std::vector<html::Element*> controls_of(html::Element& form) {
  std::vector<html::Element*> all;
  html::Node& root = form.root();
  for (html::Node* node = &root; node; node = html::next_in_tree(*node, root))
    if (html::Element* element = node->as_element();
        element && is_control(*element) && form_of(*element) == &form)
      all.push_back(element);
  return all;
}

namespace {

std::u16string type_of(const html::Element& element) {
  const std::u16string* type = element.attribute(Name::type);
  if (element.is(Name::button)) return type ? lower(*type) : u"submit";
  return type ? lower(*type) : u"text";
}

html::Element* selected_option(html::Element& select) {
  html::Element* first = nullptr;
  for (html::Node* node = &select; node; node = html::next_in_tree(*node, select)) {
    if (!node->is(Name::option)) continue;
    html::Element* option = node->as_element();
    auto* native = static_cast<NodeNative*>(option->binding);
    bool chosen =
        native && native->live_checked ? *native->live_checked : option->attribute(u"selected") != nullptr;
    if (chosen) return option;
    if (!first) first = option;
  }
  return first;
}

std::u16string value_of(html::Element& element) {
  auto* native = static_cast<NodeNative*>(element.binding);
  if (native && native->live_value) return *native->live_value;
  if (element.is(Name::textarea)) return html::text_content(element);
  if (element.is(Name::select)) {
    html::Element* option = selected_option(element);
    return option ? value_of(*option) : std::u16string();
  }
  if (const std::u16string* value = element.attribute(Name::value)) return *value;
  if (element.is(Name::option)) return std::u16string(trim(html::text_content(element)));
  std::u16string type = type_of(element);
  return type == u"checkbox" || type == u"radio" ? u"on" : u"";
}

bool checked(html::Element& element) {
  auto* native = static_cast<NodeNative*>(element.binding);
  return native && native->live_checked ? *native->live_checked : element.attribute(u"checked") != nullptr;
}

// https://html.spec.whatwg.org/#constructing-the-form-data-set
std::vector<std::pair<std::string, std::string>> form_data(html::Element& form, html::Element* submitter) {
  std::vector<std::pair<std::string, std::string>> data;
  for (html::Element* control : controls_of(form)) {
    const std::u16string* name = control->attribute(Name::name);
    if (!name || name->empty() || control->attribute(u"disabled")) continue;
    std::u16string type = type_of(*control);
    bool button = control->is(Name::button) || type == u"submit" || type == u"image" || type == u"reset" ||
                  type == u"button";
    if (button && control != submitter) continue;
    if ((type == u"checkbox" || type == u"radio") && !checked(*control)) continue;
    data.emplace_back(utf8(*name), utf8(value_of(*control)));
  }
  return data;
}

std::string text_of(const html::Element& form, const html::Element* submitter, std::u16string_view name,
                    std::u16string_view of_submitter) {
  if (submitter)
    if (const std::u16string* value = submitter->attribute(of_submitter)) return utf8(*value);
  const std::u16string* value = form.attribute(name);
  return value ? utf8(*value) : std::string();
}

// --- what script sees --------------------------------------------------------------------------------------

NodeNative& self_native(Call& call) {
  return call.self<NodeNative>();
}

void submit(Call& call) {
  html::Element& form = call.self_element();
  Window* window = window_of(form);
  if (window) submit_form(*window, form, nullptr, call.page.positions.origin_here());
  call.give();
}
void request_submit(Call& call) {
  html::Element& form = call.self_element();
  Event& event = make_event(call.cx, call.window, u"submit", "Event", true, true);
  Window* window = window_of(form);
  if (dispatch(call.cx, self_native(call), event) && window)
    submit_form(*window, form, nullptr, call.page.positions.origin_here());
  call.give();
}
void reset(Call& call) {
  call.give();
}
void get_elements(Call& call) {
  call.give(live_collection(call.cx, self_native(call),
                            [](html::Node& form) { return controls_of(*form.as_element()); }));
}
void get_form_length(Call& call) {
  call.give(static_cast<uint32_t>(controls_of(call.self_element()).size()));
}
void get_action(Call& call) {
  const std::u16string* action = call.self_element().attribute(Name::action);
  auto url = call.window.resolve(action ? *action : std::u16string());
  call.give(std::string_view(url ? url->href() : std::string()));
}
void set_action(Call& call) {
  call.self_element().set_attribute(Name::action, call.text(0));
  after_dom_change(call);
}

void get_value(Call& call) {
  call.give(std::u16string_view(value_of(call.self_element())));
}
void set_value(Call& call) {
  std::u16string text = call.text(0);
  html::Element& self = call.self_element();
  if (self.is(Name::select)) {
    for (html::Node* node = &self; node; node = html::next_in_tree(*node, self))
      if (node->is(Name::option))
        native_of_node(call.cx, call.window, *node).live_checked = value_of(*node->as_element()) == text;
  } else {
    self_native(call).live_value = text;
  }
  call.give();
}
void get_checked(Call& call) {
  call.give(checked(call.self_element()));
}
void set_checked(Call& call) {
  self_native(call).live_checked = call.flag(0), call.give();
}
void get_type(Call& call) {
  call.give(std::u16string_view(type_of(call.self_element())));
}
void set_type(Call& call) {
  call.self_element().set_attribute(Name::type, call.text(0));
  after_dom_change(call);
}
void get_form(Call& call) {
  call.give(static_cast<html::Node*>(form_of(call.self_element())));
}
void do_nothing(Call& call) {
  call.give();
}
void select(Call& call) {
  if (Window* window = window_of(call.self_element())) window->active_element = &call.self_element();
  call.give();
}
void say_yes(Call& call) {
  call.give(true);
}
void get_options(Call& call) {
  call.give(live_collection(call.cx, self_native(call), [](html::Node& select) {
    return html::elements_by_tag_name(select, u"option");
  }));
}
void get_selected_index(Call& call) {
  html::Element& self = call.self_element();
  html::Element* chosen = selected_option(self);
  int32_t index = 0;
  for (html::Element* option : html::elements_by_tag_name(self, u"option")) {
    if (option == chosen) return call.give(index);
    ++index;
  }
  call.give(int32_t{-1});
}
void set_selected_index(Call& call) {
  int32_t wanted = call.integer(0), index = 0;
  for (html::Element* option : html::elements_by_tag_name(call.self_element(), u"option"))
    native_of_node(call.cx, call.window, *option).live_checked = index++ == wanted;
  call.give();
}
void get_text(Call& call) {
  call.give(trim(html::text_content(call.self_element())));
}
void set_text(Call& call) {
  html::set_text_content(call.self_element(), call.text(0));
  after_dom_change(call);
}

constexpr JSFunctionSpec form_methods[] = {SHIKAKE_METHOD("submit", submit, 0),
                                           SHIKAKE_METHOD("reset", reset, 0),
                                           SHIKAKE_METHOD("requestSubmit", request_submit, 0),
                                           SHIKAKE_METHOD("checkValidity", say_yes, 0), JS_FS_END};
constexpr JSPropertySpec form_properties[] = {SHIKAKE_GETTER("elements", get_elements),
                                              SHIKAKE_GETTER("length", get_form_length),
                                              SHIKAKE_PROPERTY("action", get_action, set_action), JS_PS_END};
constexpr JSFunctionSpec control_methods[] = {SHIKAKE_METHOD("select", select, 0),
                                              SHIKAKE_METHOD("setSelectionRange", do_nothing, 2),
                                              SHIKAKE_METHOD("checkValidity", say_yes, 0), JS_FS_END};
constexpr JSPropertySpec control_properties[] = {
    SHIKAKE_PROPERTY("value", get_value, set_value), SHIKAKE_PROPERTY("checked", get_checked, set_checked),
    SHIKAKE_PROPERTY("type", get_type, set_type), SHIKAKE_GETTER("form", get_form), JS_PS_END};
constexpr JSPropertySpec select_properties[] = {
    SHIKAKE_PROPERTY("value", get_value, set_value), SHIKAKE_GETTER("options", get_options),
    SHIKAKE_PROPERTY("selectedIndex", get_selected_index, set_selected_index),
    SHIKAKE_GETTER("form", get_form), JS_PS_END};
constexpr JSPropertySpec option_properties[] = {
    SHIKAKE_PROPERTY("value", get_value, set_value), SHIKAKE_PROPERTY("selected", get_checked, set_checked),
    SHIKAKE_PROPERTY("text", get_text, set_text), SHIKAKE_GETTER("form", get_form), JS_PS_END};

constexpr Reflected form_reflected[] = {
    {"method", "method", Reflect::lower_text}, {"target", "target", Reflect::text},
    {"name", "name", Reflect::text},           {"enctype", "enctype", Reflect::text},
    {"encoding", "enctype", Reflect::text},    {"acceptCharset", "accept-charset", Reflect::text}};
constexpr Reflected control_reflected[] = {{"name", "name", Reflect::text},
                                           {"disabled", "disabled", Reflect::flag},
                                           {"readOnly", "readonly", Reflect::flag},
                                           {"defaultValue", "value", Reflect::text},
                                           {"placeholder", "placeholder", Reflect::text},
                                           {"required", "required", Reflect::flag},
                                           {"src", "src", Reflect::url},
                                           {"maxLength", "maxlength", Reflect::number},
                                           {"htmlFor", "for", Reflect::text},
                                           {"label", "label", Reflect::text}};

constexpr Interface table[] = {
    {.name = "HTMLFormElement",
     .parent = "HTMLElement",
     .methods = form_methods,
     .properties = form_properties,
     .reflected = form_reflected},
    {.name = "HTMLInputElement",
     .parent = "HTMLElement",
     .methods = control_methods,
     .properties = control_properties,
     .reflected = control_reflected},
    {.name = "HTMLTextAreaElement",
     .parent = "HTMLElement",
     .methods = control_methods,
     .properties = control_properties,
     .reflected = control_reflected},
    {.name = "HTMLButtonElement",
     .parent = "HTMLElement",
     .methods = control_methods,
     .properties = control_properties,
     .reflected = control_reflected},
    {.name = "HTMLSelectElement",
     .parent = "HTMLElement",
     .methods = control_methods,
     .properties = select_properties,
     .reflected = control_reflected},
    {.name = "HTMLOptionElement",
     .parent = "HTMLElement",
     .properties = option_properties,
     .reflected = control_reflected},
    {.name = "HTMLLabelElement", .parent = "HTMLElement", .reflected = control_reflected},
};

}  // namespace

std::vector<std::pair<std::string, std::string>> form_pairs(html::Element& form) {
  return form_data(form, nullptr);
}

// https://html.spec.whatwg.org/#form-submission-algorithm
void submit_form(Window& window, html::Element& form, html::Element* submitter,
                 std::optional<Origin> origin) {
  std::string action = text_of(form, submitter, u"action", u"formaction");
  std::string method = utf8(lower(wide(text_of(form, submitter, u"method", u"formmethod"))));
  std::string target = text_of(form, submitter, u"target", u"formtarget");
  auto url = action.empty() ? Result<url::Url>(window.url) : window.resolve(wide(action));
  if (!url) return;
  std::string data = url_encoded(form_data(form, submitter));
  Asked more;
  if (method == "post") {
    more.method = "POST";
    more.body = data;
    more.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  } else if (url->is_http()) {
    url->set_search("?" + data);  // the query is set even where it is empty
  }
  window.navigate(*url, intel::Mechanism::form_submit, std::move(origin), std::move(more), target);
}

// The default action of a click. https://html.spec.whatwg.org/#activation
void activate(JSContext*, html::Element& element) {
  Window* window = window_of(element);
  if (!window) return;
  Page& page = window->page;
  if ((element.is(Name::a) || element.is(Name::area)) && element.has_attribute(Name::href)) {
    auto url = window->resolve(trim(*element.attribute(Name::href)));
    if (!url) return;
    const std::u16string* target = element.attribute(Name::target);
    const std::u16string* saved_as = element.attribute(u"download");
    bool saves = saved_as != nullptr;
    Asked more;
    if (saves && !url->is_http()) more.headers.push_back({"File-Name", utf8(*saved_as)});  // stays here
    window->navigate(*url, saves ? intel::Mechanism::download : intel::Mechanism::anchor,
                     page.positions.origin_here(), std::move(more), target ? utf8(*target) : std::string());
    return;
  }
  bool submits = (element.is(Name::button) && type_of(element) == u"submit") ||
                 (element.is(Name::input) && (type_of(element) == u"submit" || type_of(element) == u"image"));
  if (html::Element* form = submits ? form_of(element) : nullptr) {
    if (!fire_at_node(*form, u"submit", true, true)) return;
    submit_form(*window, *form, &element, page.positions.origin_here());
  }
}

namespace {

bool is_labelable(const html::Element& element) {
  if (element.is(Name::input)) return type_of(element) != u"hidden";
  return element.is(Name::button) || element.is(Name::select) || element.is(Name::textarea);
}

// What a click on a label goes to. https://html.spec.whatwg.org/#labeled-control
html::Element* control_of(html::Element& label) {
  if (const std::u16string* id = label.attribute(u"for")) {
    html::Element* named = html::element_by_id(label.root(), *id);
    return named && is_labelable(*named) ? named : nullptr;
  }
  for (html::Node* node = &label; node; node = html::next_in_tree(*node, label))
    if (html::Element* element = node->as_element(); element && is_labelable(*element)) return element;
  return nullptr;
}

// That of the label around an element, where the element takes no click for itself.
html::Element* labelled_by_click(html::Element& element) {
  for (html::Element* up = &element; up; up = up->parent_element()) {
    if (up->is(Name::label)) return control_of(*up);
    if (is_labelable(*up) || (up->is(Name::a) && up->has_attribute(Name::href))) return nullptr;
  }
  return nullptr;
}

}  // namespace

bool click(JSContext* cx, NodeNative& target, Event& event) {
  html::Element* element = target.node.as_element();
  const std::u16string type = element && element->is(Name::input) ? type_of(*element) : u"";
  const bool ticks = type == u"checkbox" || type == u"radio";
  const std::optional<bool> before = target.live_checked;
  const bool was = ticks && checked(*element);
  if (ticks) target.live_checked = type == u"radio" || !was;
  const bool go_on = dispatch(cx, target, event);
  if (ticks && !go_on) target.live_checked = before;
  if (!go_on || !element) return go_on;
  if (ticks && checked(*element) != was)
    for (const char16_t* told : {u"input", u"change"}) fire_at_node(*element, told, true);
  activate(cx, *element);
  html::Element* control = labelled_by_click(*element);
  Window* window = control ? window_of(*control) : nullptr;
  if (window && !control->attribute(u"disabled"))
    click(cx, native_of_node(cx, *window, *control), make_event(cx, *window, u"click", "MouseEvent", true, true));
  return true;
}

std::span<const Interface> form_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
