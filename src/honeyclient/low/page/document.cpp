// Document. https://html.spec.whatwg.org/multipage/dom.html#document
#include <js/Object.h>

#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/custom_elements.h"
#include "honeyclient/low/page/document_mode.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/location.h"
#include "honeyclient/low/page/lures.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/ranges.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/style_sheets.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"
#include "html/parser.h"

namespace shikake::honeyclient::low::page {

namespace {

using html::Name;

html::Document& self_document(Call& call) {
  html::Document* document = call.self_node().as_document();
  if (!document) call.type_error("Illegal invocation");
  return *document;
}

// The window that shows it; calls on others have no effect beyond the tree.
Window* self_window_of(Call& call) {
  return window_of(self_document(call));
}

// --- writing ------------------------------------------------------------------------------------------

void write_text(Call& call, std::u16string_view end) {
  std::u16string text;
  for (unsigned i = 0; i < call.count(); ++i) text += call.text(i);
  text += end;
  call.give();
  Window* window = self_window_of(call);
  std::optional<Place> place = call.page.positions.here();
  if (!window) return;
  call.page.happened(*window, "write", text);
  window->loader->write(text, place.value_or(Place{}));
}
void write(Call& call) {
  write_text(call, u"");
}
void writeln(Call& call) {
  write_text(call, u"\n");
}
void open(Call& call) {
  // With three arguments it is the window's: https://html.spec.whatwg.org/#dom-document-open-window
  if (call.count() > 2) return open_window(call);
  if (Window* window = self_window_of(call)) window->loader->open();
  call.give(call.args.thisv());
}
void close(Call& call) {
  if (Window* window = self_window_of(call)) window->loader->close();
  call.give();
}

// --- making nodes -------------------------------------------------------------------------------------

void create_element(Call& call) {
  count_node(call);
  html::Document& document = self_document(call);
  std::u16string name = lower(call.text(0));
  // Trident took a whole tag: document.createElement("<iframe src=x>").
  if (name.starts_with(u"<") && call.page.persona().engine == Engine::trident && document.body()) {
    html::Fragment& made =
        html::parse_fragment(*document.body(), call.text(0), tag_here(call, "createElement"));
    if (html::Node* first = made.first_child()) {
      html::remove(*first);
      return call.give(first);
    }
  }
  bool valid =
      !name.empty() && (html::is_alpha(name[0]) || name[0] == u'_' || name[0] == u':' || name[0] > 0x7F);
  for (char16_t c : name) valid = valid && !html::is_space(c) && c != u'<' && c != u'>';
  if (!valid) call.dom_error("InvalidCharacterError", "The tag name provided is not a valid name.");
  html::Element& made = document.create_element(name);
  custom_element_made(call.window, made);
  call.give(static_cast<html::Node*>(&made));
}
void create_element_ns(Call& call) {
  count_node(call);
  html::Document& document = self_document(call);
  html::Atom ns = call.is_null(0) ? html::Atom() : document.intern(call.text(0));
  std::u16string name = call.text(1);
  html::Atom prefix;
  if (size_t colon = name.find(u':'); colon != std::u16string::npos) {
    prefix = document.intern(name.substr(0, colon));
    name = name.substr(colon + 1);
  }
  call.give(static_cast<html::Node*>(&document.create_element(document.intern(name), ns, prefix)));
}
void create_text(Call& call) {
  count_node(call);
  call.give(static_cast<html::Node*>(&self_document(call).create_text(call.text(0))));
}
void create_comment(Call& call) {
  count_node(call);
  call.give(static_cast<html::Node*>(&self_document(call).create_comment(call.text(0))));
}
void create_fragment(Call& call) {
  count_node(call);
  call.give(static_cast<html::Node*>(&self_document(call).create_fragment()));
}
void create_event(Call& call) {
  std::u16string kind = lower(call.text(0));
  std::string_view interface = "Event";
  if (kind.starts_with(u"mouseevent")) interface = "MouseEvent";
  if (kind.starts_with(u"customevent")) interface = "CustomEvent";
  if (kind.starts_with(u"uievent")) interface = "UIEvent";
  if (kind.starts_with(u"keyboardevent")) interface = "KeyboardEvent";
  if (kind.starts_with(u"messageevent")) interface = "MessageEvent";
  Event& event = make_event(call.cx, call.window, u"", interface);
  event.trusted = false;
  call.give(event.wrapper.get());
}
void import_node(Call& call) {
  html::Node* copy = html::clone(call.need_node(0), self_document(call), call.flag(1));
  if (!copy) call.page.node_allowed();
  call.give(copy);
}
void adopt_node(Call& call) {
  html::Node& node = call.need_node(0);
  html::remove(node);
  html::adopt(node, self_document(call));
  after_dom_change(call);
  call.give(&node);
}
void create_html_document(Call& call) {
  count_node(call);
  html::Document& made = call.page.arena.create_document();
  html::parse_document(made, u"<!doctype html><title></title>");
  if (call.given(0))
    for (html::Element* title : html::elements_by_tag_name(made, u"title"))
      html::set_text_content(*title, call.text(0));
  call.give(static_cast<html::Node*>(&made));
}
void parse_from_string(Call& call) {
  count_node(call);
  html::Document& made = call.page.arena.create_document();
  html::parse_document(made, call.text(0));
  call.give(static_cast<html::Node*>(&made));
}

// --- lists --------------------------------------------------------------------------------------------

Lookup by_name(Name one, Name other, bool need_href) {
  return [=](html::Node& root) {
    std::vector<html::Element*> all;
    for (html::Node* node = &root; node; node = html::next_in_tree(*node, root))
      if ((node->is(one) || node->is(other)) && (!need_href || node->as_element()->has_attribute(Name::href)))
        all.push_back(node->as_element());
    return all;
  };
}
template <Name One, Name Other, bool NeedHref>
void get_list(Call& call) {
  call.give(live_collection(call.cx, call.self<NodeNative>(), by_name(One, Other, NeedHref)));
}
void get_all(Call& call) {
  call.give(all_collection(call.cx, call.self<NodeNative>()));
}
void get_by_name(Call& call) {
  call.give(live_collection(call.cx, call.self<NodeNative>(), [name = call.text(0)](html::Node& root) {
    std::vector<html::Element*> all;
    for (html::Node* node = &root; node; node = html::next_in_tree(*node, root))
      if (html::Element* element = node->as_element())
        if (const std::u16string* given = element->attribute(Name::name); given && *given == name)
          all.push_back(element);
    return all;
  }));
}

// --- what it is ---------------------------------------------------------------------------------------

void get_document_element(Call& call) {
  call.give(static_cast<html::Node*>(self_document(call).document_element()));
}
void get_head(Call& call) {
  call.give(static_cast<html::Node*>(self_document(call).head()));
}
void get_body(Call& call) {
  call.give(static_cast<html::Node*>(self_document(call).body()));
}
void set_body(Call& call) {
  html::Document& self = self_document(call);
  html::Node& made = call.need_node(0);
  if (html::Element* old = self.body(); old && old != &made) {
    html::Node* next = old->next();
    html::Node* parent = old->parent();
    html::remove(*old);
    html::insert(*parent, made, next);
  }
  after_dom_change(call);
}
void get_doctype(Call& call) {
  call.give(static_cast<html::Node*>(self_document(call).document_type()));
}
void get_title(Call& call) {
  for (html::Element* title : html::elements_by_tag_name(self_document(call), u"title"))
    return call.give(trim(html::text_content(*title)));
  call.give(std::u16string_view());
}
void set_title(Call& call) {
  html::Document& self = self_document(call);
  std::vector<html::Element*> titles = html::elements_by_tag_name(self, u"title");
  if (titles.empty() && self.head()) {
    html::append(*self.head(), self.create_element(Name::title));
    titles = html::elements_by_tag_name(self, u"title");
  }
  if (!titles.empty()) html::set_text_content(*titles[0], call.text(0));
  after_dom_change(call);
}
void get_cookie(Call& call) {
  Window* window = self_window_of(call);
  if (!window || !window->url.is_http()) return call.give(std::u16string_view());
  call.give(std::string_view(call.page.ask({Question::get_cookies, window->url.href(), {}, {}, false}).text));
}
void set_cookie(Call& call) {
  std::string text = call.text8(0);
  Window* window = self_window_of(call);
  if (window && window->url.is_http()) {
    call.page.ask({Question::set_cookie, window->url.href(), {}, text, false});
    call.page.happened(*window, "cookie", wide(text));
  }
  call.give();
}
void get_url(Call& call) {
  Window* window = self_window_of(call);
  call.give(std::string_view(window ? window->url.href() : std::string("about:blank")));
}
void get_referrer(Call& call) {
  Window* window = self_window_of(call);
  call.give(std::string_view(window ? window->referrer : std::string()));
}
void get_domain(Call& call) {
  Window* window = self_window_of(call);
  call.give(window ? window->url.hostname() : std::string_view());
}
void do_nothing(Call& call) {
  call.give();
}
void get_ready_state(Call& call) {
  Window* window = self_window_of(call);
  call.give(window ? window->loader->ready_state() : std::u16string_view(u"complete"));
}
void get_last_modified(Call& call) {
  Window* window = self_window_of(call);
  call.give(std::string_view(window && !window->last_modified.empty() ? window->last_modified
                                                                      : "01/01/1970 00:00:00"));
}
void get_location(Call& call) {
  Window* window = self_window_of(call);
  call.give(window ? location_object(call.cx, *window) : nullptr);
}
void set_location(Call& call) {
  if (Window* window = self_window_of(call)) go_to(call, *window, call.text(0));
  call.give();
}
void get_default_view(Call& call) {
  Window* window = self_window_of(call);
  call.give(window ? window->global() : nullptr);
}
void get_current_script(Call& call) {
  Window* window = self_window_of(call);
  call.give(window ? static_cast<html::Node*>(window->current_script) : nullptr);
}
void get_active_element(Call& call) {
  Window* window = self_window_of(call);
  html::Element* active =
      window && window->active_element ? window->active_element : self_document(call).body();
  call.give(static_cast<html::Node*>(active));
}
void get_compat_mode(Call& call) {
  call.give(std::u16string_view(self_document(call).mode == html::DocumentMode::quirks ? u"BackCompat"
                                                                                       : u"CSS1Compat"));
}
void get_character_set(Call& call) {
  call.give(std::string_view(self_document(call).encoding));
}
void get_content_type(Call& call) {
  call.give(std::u16string_view(u"text/html"));
}
void get_visibility(Call& call) {
  call.give(std::u16string_view(u"visible"));
}
void get_false(Call& call) {
  call.give(false);
}
void get_design_mode(Call& call) {
  call.give(std::u16string_view(u"off"));
}
void get_document_mode(Call& call) {
  call.give(document_mode(call.page.persona()));
}
void has_focus(Call& call) {
  call.give(true);
}
void exec_command(Call& call) {
  call.page.happened(call.window, "command", call.text(0));
  if (lower(call.text(0)) == u"copy") exec_copy(call);
  call.give(true);
}
void get_implementation(Call& call) {
  call.give(singleton(call.cx, call.window, "implementation",
                      [&] { return simple_object(call.cx, call.window, "DOMImplementation"); }));
}
void has_feature(Call& call) {
  call.give(true);
}
void construct_parser(Call& call) {
  call.give(simple_object(call.cx, call.window, "DOMParser"));
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("write", write, 0),
                                      SHIKAKE_METHOD("writeln", writeln, 0),
                                      SHIKAKE_METHOD("open", open, 0),
                                      SHIKAKE_METHOD("close", close, 0),
                                      SHIKAKE_METHOD("createElement", create_element, 1),
                                      SHIKAKE_METHOD("createElementNS", create_element_ns, 2),
                                      SHIKAKE_METHOD("createTextNode", create_text, 1),
                                      SHIKAKE_METHOD("createComment", create_comment, 1),
                                      SHIKAKE_METHOD("createDocumentFragment", create_fragment, 0),
                                      SHIKAKE_METHOD("createEvent", create_event, 1),
                                      SHIKAKE_METHOD("importNode", import_node, 1),
                                      SHIKAKE_METHOD("adoptNode", adopt_node, 1),
                                      SHIKAKE_METHOD("createRange", create_range, 0),
                                      SHIKAKE_METHOD("createTreeWalker", create_tree_walker, 1),
                                      SHIKAKE_METHOD("createNodeIterator", create_node_iterator, 1),
                                      SHIKAKE_METHOD("getSelection", get_selection, 0),
                                      SHIKAKE_METHOD("getElementsByName", get_by_name, 1),
                                      SHIKAKE_METHOD("hasFocus", has_focus, 0),
                                      SHIKAKE_METHOD("execCommand", exec_command, 1),
                                      SHIKAKE_METHOD("attachEvent", attach_event, 2),
                                      SHIKAKE_METHOD("detachEvent", detach_event, 2),
                                      JS_FS_END};

constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("documentElement", get_document_element),
    SHIKAKE_GETTER("head", get_head),
    SHIKAKE_PROPERTY("body", get_body, set_body),
    SHIKAKE_GETTER("doctype", get_doctype),
    SHIKAKE_PROPERTY("title", get_title, set_title),
    SHIKAKE_PROPERTY("cookie", get_cookie, set_cookie),
    SHIKAKE_GETTER("URL", get_url),
    SHIKAKE_GETTER("documentURI", get_url),
    SHIKAKE_GETTER("referrer", get_referrer),
    SHIKAKE_PROPERTY("domain", get_domain, do_nothing),
    SHIKAKE_GETTER("readyState", get_ready_state),
    SHIKAKE_GETTER("lastModified", get_last_modified),
    SHIKAKE_PROPERTY("location", get_location, set_location),
    SHIKAKE_GETTER("defaultView", get_default_view),
    SHIKAKE_GETTER("currentScript", get_current_script),
    SHIKAKE_GETTER("activeElement", get_active_element),
    SHIKAKE_GETTER("compatMode", get_compat_mode),
    SHIKAKE_GETTER("characterSet", get_character_set),
    SHIKAKE_GETTER("charset", get_character_set),
    SHIKAKE_GETTER("inputEncoding", get_character_set),
    SHIKAKE_GETTER("contentType", get_content_type),
    SHIKAKE_GETTER("visibilityState", get_visibility),
    SHIKAKE_GETTER("hidden", get_false),
    SHIKAKE_PROPERTY("designMode", get_design_mode, do_nothing),
    SHIKAKE_GETTER("implementation", get_implementation),
    SHIKAKE_GETTER("all", get_all),
    SHIKAKE_GETTER("forms", (get_list<Name::form, Name::form, false>)),
    SHIKAKE_GETTER("images", (get_list<Name::img, Name::img, false>)),
    SHIKAKE_GETTER("links", (get_list<Name::a, Name::area, true>)),
    SHIKAKE_GETTER("anchors", (get_list<Name::a, Name::a, false>)),
    SHIKAKE_GETTER("scripts", (get_list<Name::script, Name::script, false>)),
    SHIKAKE_GETTER("styleSheets", get_style_sheets),
    SHIKAKE_GETTER("embeds", (get_list<Name::embed, Name::embed, false>)),
    SHIKAKE_GETTER("plugins", (get_list<Name::embed, Name::embed, false>)),
    SHIKAKE_GETTER("applets", (get_list<Name::applet, Name::applet, false>)),
    JS_PS_END};

constexpr JSPropertySpec trident_properties[] = {SHIKAKE_GETTER("documentMode", get_document_mode),
                                                 SHIKAKE_GETTER("parentWindow", get_default_view), JS_PS_END};
constexpr JSFunctionSpec implementation_methods[] = {
    SHIKAKE_METHOD("createHTMLDocument", create_html_document, 0),
    SHIKAKE_METHOD("hasFeature", has_feature, 0), JS_FS_END};
constexpr JSFunctionSpec parser_methods[] = {SHIKAKE_METHOD("parseFromString", parse_from_string, 2),
                                             JS_FS_END};

}  // namespace

std::span<const Interface> document_interfaces() {
  static const Interface table[] = {
      {.name = "Document",
       .parent = "Node",
       .methods = methods,
       .properties = properties,
       .handlers = global_handlers,
       .mixin_methods = document_query_methods,
       .mixin_properties = parent_node_properties,
       .trident_properties = trident_properties},
      {.name = "HTMLDocument", .parent = "Document"},
      {.name = "DOMImplementation", .parent = "", .methods = implementation_methods},
      {.name = "DOMParser", .parent = "", .methods = parser_methods, .construct = native<construct_parser>},
  };
  return table;
}

}  // namespace shikake::honeyclient::low::page
