// The elements of HTML, a row each. https://html.spec.whatwg.org/multipage/semantics.html
#include "honeyclient/low/page/html_elements.h"

#include <map>

#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forms.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/url_parts.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using enum Reflect;

// --- anchors: the parts of their URL ------------------------------------------------------------------

std::optional<url::Url> href_of(html::Element& element, Window& otherwise) {
  const std::u16string* href = element.attribute(html::Name::href);
  if (!href) return std::nullopt;
  Window* window = window_of(element);
  auto parsed = (window ? *window : otherwise).resolve(*href);
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

template <std::string_view (url::Url::*Part)() const>
void get_part(Call& call) {
  auto url = href_of(call.self_element(), call.window);
  call.give(url ? ((*url).*Part)() : std::string_view());
}
template <void (url::Url::*Set)(std::string_view)>
void set_part(Call& call) {
  html::Element& self = call.self_element();
  if (auto url = href_of(self, call.window)) {
    ((*url).*Set)(call.text8(0));
    self.set_attribute(html::Name::href, wide(url->href()));
  }
  after_dom_change(call);
}
void get_anchor_origin(Call& call) {
  auto url = href_of(call.self_element(), call.window);
  call.give(std::string_view(url ? url->origin() : std::string()));
}
void get_anchor_href(Call& call) {
  auto url = href_of(call.self_element(), call.window);
  const std::u16string* raw = call.self_element().attribute(html::Name::href);
  if (url) return call.give(std::string_view(url->href()));
  call.give(std::u16string_view(raw ? *raw : std::u16string()));
}
void set_anchor_href(Call& call) {
  call.self_element().set_attribute(html::Name::href, call.text(0));
  after_dom_change(call);
}
void get_text(Call& call) {
  call.give(std::u16string_view(html::text_content(call.self_element())));
}
void set_text(Call& call) {
  html::set_text_content(call.self_element(), call.text(0));
  after_dom_change(call);
}

constexpr JSPropertySpec anchor_properties[] = {
    SHIKAKE_PROPERTY("href", get_anchor_href, set_anchor_href),
    SHIKAKE_PROPERTY("protocol", get_part<&url::Url::protocol>, set_part<&url::Url::set_protocol>),
    SHIKAKE_URL_PARTS(get_part, set_part),
    SHIKAKE_GETTER("origin", get_anchor_origin),
    SHIKAKE_PROPERTY("text", get_text, set_text),
    JS_PS_END};
constexpr JSFunctionSpec anchor_methods[] = {SHIKAKE_METHOD("toString", get_anchor_href, 0), JS_FS_END};
constexpr Reflected anchor_reflected[] = {{"target", "target", text},
                                          {"download", "download", text},
                                          {"rel", "rel", text},
                                          {"name", "name", text},
                                          {"type", "type", text},
                                          {"hreflang", "hreflang", text},
                                          {"referrerPolicy", "referrerpolicy", text}};

// --- frames ------------------------------------------------------------------------------------------------

void get_content_window(Call& call) {
  html::Element& self = call.self_element();
  Window* window = window_of(self);
  Window::Child* child = window ? window->child_of(self) : nullptr;
  call.give(child ? child_object(call.cx, *window, *child) : nullptr);
}
void get_content_document(Call& call) {
  html::Element& self = call.self_element();
  Window* window = window_of(self);
  Window::Child* child = window ? window->child_of(self) : nullptr;
  if (!child || child->elsewhere) return call.give_null();
  child_object(call.cx, *window, *child);
  child = window->child_of(self);
  call.give(child && child->window ? static_cast<html::Node*>(child->window->document) : nullptr);
}
constexpr JSPropertySpec frame_properties[] = {SHIKAKE_GETTER("contentWindow", get_content_window),
                                               SHIKAKE_GETTER("contentDocument", get_content_document),
                                               JS_PS_END};
constexpr Reflected frame_reflected[] = {{"src", "src", Reflect::url},
                                         {"name", "name", text},
                                         {"srcdoc", "srcdoc", text},
                                         {"width", "width", text},
                                         {"height", "height", text},
                                         {"frameBorder", "frameborder", text},
                                         {"scrolling", "scrolling", text},
                                         {"allow", "allow", text},
                                         {"align", "align", text},
                                         {"marginWidth", "marginwidth", text},
                                         {"marginHeight", "marginheight", text},
                                         {"allowFullscreen", "allowfullscreen", flag}};

// --- scripts, images, the rest ------------------------------------------------------------------------

void get_async(Call& call) {
  html::Element& self = call.self_element();
  call.give(self.script.force_async || self.has_attribute(html::Name::async));
}
void set_async(Call& call) {
  html::Element& self = call.self_element();
  self.script.force_async = false;
  if (call.flag(0))
    self.set_attribute(html::Name::async, u"");
  else
    self.remove_attribute(html::Name::async);
  after_dom_change(call);
}
constexpr JSPropertySpec script_properties[] = {SHIKAKE_PROPERTY("text", get_text, set_text),
                                                SHIKAKE_PROPERTY("async", get_async, set_async), JS_PS_END};
constexpr Reflected script_reflected[] = {
    {"src", "src", Reflect::url},     {"type", "type", text},         {"language", "language", text},
    {"defer", "defer", flag},         {"charset", "charset", text},   {"crossOrigin", "crossorigin", text},
    {"integrity", "integrity", text}, {"noModule", "nomodule", flag}, {"event", "event", text},
    {"htmlFor", "for", text}};

void get_complete(Call& call) {
  html::Element& self = call.self_element();
  const Window* owner = window_of(self);
  call.give(!owner || owner->loader->is_complete(self));
}
// Of one that came, as small as a counter's; nobody has looked into it.
void get_size(Call& call) {
  html::Element& self = call.self_element();
  const Window* owner = window_of(self);
  call.give(int32_t{owner && owner->loader->is_there(self)});
}
void get_current_source(Call& call) {
  html::Element& self = call.self_element();
  const std::u16string* source = self.attribute(html::Name::src);
  Window* owner = window_of(self);
  if (source && owner)
    if (auto url = owner->resolve(trim(*source))) return call.give(std::string_view(url->href()));
  call.give(std::u16string_view());
}
void decode_picture(Call& call) {
  call.self_element();
  call.give(resolved(call.cx, JS::UndefinedHandleValue));
}
void construct_image(Call& call) {
  count_node(call);
  html::Element& image = call.window.document->create_element(html::Name::img);
  if (call.given(0)) image.set_attribute(html::Name::width, call.text(0));
  if (call.given(1)) image.set_attribute(html::Name::height, call.text(1));
  call.give(static_cast<html::Node*>(&image));
}
void construct_option(Call& call) {
  count_node(call);
  html::Element& option = call.window.document->create_element(html::Name::option);
  if (call.given(0)) html::set_text_content(option, call.text(0));
  if (call.given(1)) option.set_attribute(html::Name::value, call.text(1));
  call.give(static_cast<html::Node*>(&option));
}
void construct_audio(Call& call) {
  count_node(call);
  html::Element& audio = call.window.document->create_element(html::Name::audio);
  if (call.given(0)) audio.set_attribute(html::Name::src, call.text(0));
  call.give(static_cast<html::Node*>(&audio));
}
constexpr JSPropertySpec image_properties[] = {SHIKAKE_GETTER("complete", get_complete),
                                               SHIKAKE_GETTER("naturalWidth", get_size),
                                               SHIKAKE_GETTER("naturalHeight", get_size),
                                               SHIKAKE_GETTER("currentSrc", get_current_source), JS_PS_END};
constexpr JSFunctionSpec image_methods[] = {SHIKAKE_METHOD("decode", decode_picture, 0), JS_FS_END};
constexpr Reflected image_reflected[] = {
    {"src", "src", Reflect::url},         {"alt", "alt", text},
    {"srcset", "srcset", text},           {"name", "name", text},
    {"width", "width", number},           {"height", "height", number},
    {"crossOrigin", "crossorigin", text}, {"useMap", "usemap", text},
    {"border", "border", text},           {"lowsrc", "lowsrc", Reflect::url},
    {"loading", "loading", text},         {"referrerPolicy", "referrerpolicy", text}};

constexpr Reflected link_reflected[] = {{"href", "href", Reflect::url},
                                        {"rel", "rel", text},
                                        {"type", "type", text},
                                        {"media", "media", text},
                                        {"as", "as", text},
                                        {"charset", "charset", text},
                                        {"crossOrigin", "crossorigin", text},
                                        {"disabled", "disabled", flag}};
constexpr Reflected meta_reflected[] = {{"name", "name", text},
                                        {"content", "content", text},
                                        {"httpEquiv", "http-equiv", text},
                                        {"charset", "charset", text}};
constexpr Reflected base_reflected[] = {{"href", "href", Reflect::url}, {"target", "target", text}};
constexpr Reflected object_reflected[] = {{"data", "data", Reflect::url}, {"type", "type", text},
                                          {"name", "name", text},         {"classid", "classid", text},
                                          {"codeBase", "codebase", text}, {"codeType", "codetype", text},
                                          {"width", "width", text},       {"height", "height", text}};
constexpr Reflected embed_reflected[] = {{"src", "src", Reflect::url},
                                         {"type", "type", text},
                                         {"name", "name", text},
                                         {"width", "width", text},
                                         {"height", "height", text}};
constexpr Reflected applet_reflected[] = {{"archive", "archive", text},
                                          {"code", "code", text},
                                          {"codeBase", "codebase", text},
                                          {"name", "name", text}};
constexpr Reflected param_reflected[] = {
    {"name", "name", text}, {"value", "value", text}, {"type", "type", text}};
constexpr Reflected media_reflected[] = {{"src", "src", Reflect::url},   {"autoplay", "autoplay", flag},
                                         {"controls", "controls", flag}, {"loop", "loop", flag},
                                         {"preload", "preload", text},   {"muted", "muted", flag}};
constexpr Reflected style_reflected[] = {{"type", "type", text}, {"media", "media", text}};
constexpr Reflected body_reflected[] = {
    {"bgColor", "bgcolor", text}, {"background", "background", text}, {"text", "text", text}};
constexpr Reflected cell_reflected[] = {{"align", "align", text},
                                        {"width", "width", text},
                                        {"height", "height", text},
                                        {"colSpan", "colspan", number},
                                        {"rowSpan", "rowspan", number}};

void play(Call& call) {
  call.give(JS::UndefinedHandleValue);
}
void can_play(Call& call) {
  call.give(std::u16string_view(u"maybe"));
}
constexpr JSFunctionSpec media_methods[] = {SHIKAKE_METHOD("play", play, 0), SHIKAKE_METHOD("pause", play, 0),
                                            SHIKAKE_METHOD("load", play, 0),
                                            SHIKAKE_METHOD("canPlayType", can_play, 1), JS_FS_END};

void get_template_content(Call& call) {
  call.give(call.self_element().template_content());
}
constexpr JSPropertySpec template_properties[] = {SHIKAKE_GETTER("content", get_template_content), JS_PS_END};

constexpr JSFunctionSpec canvas_methods[] = {SHIKAKE_METHOD("getContext", canvas_context, 1),
                                             SHIKAKE_METHOD("toDataURL", canvas_data_url, 0),
                                             SHIKAKE_METHOD("toBlob", canvas_blob, 1), JS_FS_END};
constexpr Reflected canvas_reflected[] = {{"width", "width", number}, {"height", "height", number}};

constexpr const char* no_handlers[] = {"onreadystatechange"};

// Elements whose interface is not HTML + their name: HTMLUnknownElement for all that is not listed.
const std::map<std::u16string_view, std::string_view>& interface_by_name() {
  static const std::map<std::u16string_view, std::string_view> names = {{u"a", "HTMLAnchorElement"},
                                                                        {u"area", "HTMLAreaElement"},
                                                                        {u"iframe", "HTMLIFrameElement"},
                                                                        {u"frame", "HTMLFrameElement"},
                                                                        {u"frameset", "HTMLFrameSetElement"},
                                                                        {u"script", "HTMLScriptElement"},
                                                                        {u"img", "HTMLImageElement"},
                                                                        {u"link", "HTMLLinkElement"},
                                                                        {u"meta", "HTMLMetaElement"},
                                                                        {u"base", "HTMLBaseElement"},
                                                                        {u"object", "HTMLObjectElement"},
                                                                        {u"embed", "HTMLEmbedElement"},
                                                                        {u"applet", "HTMLAppletElement"},
                                                                        {u"param", "HTMLParamElement"},
                                                                        {u"audio", "HTMLAudioElement"},
                                                                        {u"video", "HTMLVideoElement"},
                                                                        {u"source", "HTMLSourceElement"},
                                                                        {u"style", "HTMLStyleElement"},
                                                                        {u"form", "HTMLFormElement"},
                                                                        {u"input", "HTMLInputElement"},
                                                                        {u"textarea", "HTMLTextAreaElement"},
                                                                        {u"select", "HTMLSelectElement"},
                                                                        {u"option", "HTMLOptionElement"},
                                                                        {u"button", "HTMLButtonElement"},
                                                                        {u"label", "HTMLLabelElement"},
                                                                        {u"template", "HTMLTemplateElement"},
                                                                        {u"slot", "HTMLSlotElement"},
                                                                        {u"canvas", "HTMLCanvasElement"},
                                                                        {u"html", "HTMLHtmlElement"},
                                                                        {u"head", "HTMLHeadElement"},
                                                                        {u"body", "HTMLBodyElement"},
                                                                        {u"title", "HTMLTitleElement"},
                                                                        {u"div", "HTMLDivElement"},
                                                                        {u"span", "HTMLSpanElement"},
                                                                        {u"p", "HTMLParagraphElement"},
                                                                        {u"br", "HTMLBRElement"},
                                                                        {u"hr", "HTMLHRElement"},
                                                                        {u"ul", "HTMLUListElement"},
                                                                        {u"ol", "HTMLOListElement"},
                                                                        {u"li", "HTMLLIElement"},
                                                                        {u"dl", "HTMLDListElement"},
                                                                        {u"table", "HTMLTableElement"},
                                                                        {u"td", "HTMLTableCellElement"},
                                                                        {u"th", "HTMLTableCellElement"},
                                                                        {u"tr", "HTMLTableRowElement"},
                                                                        {u"thead", "HTMLTableSectionElement"},
                                                                        {u"tbody", "HTMLTableSectionElement"},
                                                                        {u"tfoot", "HTMLTableSectionElement"},
                                                                        {u"pre", "HTMLPreElement"},
                                                                        {u"h1", "HTMLHeadingElement"},
                                                                        {u"h2", "HTMLHeadingElement"},
                                                                        {u"h3", "HTMLHeadingElement"},
                                                                        {u"h4", "HTMLHeadingElement"},
                                                                        {u"h5", "HTMLHeadingElement"},
                                                                        {u"h6", "HTMLHeadingElement"}};
  return names;
}

}  // namespace

std::string_view element_interface(const html::Element& element) {
  if (!element.is_html()) return element.ns() == html::Atom(html::Name::ns_svg) ? "SVGElement" : "Element";
  auto found = interface_by_name().find(element.local_name().text());
  if (found != interface_by_name().end()) return found->second;
  constexpr std::u16string_view plain[] = {
      u"abbr",    u"acronym",  u"address",  u"article",    u"aside",  u"b",      u"basefont",
      u"bdi",     u"bdo",      u"big",      u"center",     u"cite",   u"code",   u"dd",
      u"dfn",     u"dt",       u"em",       u"figcaption", u"figure", u"footer", u"header",
      u"hgroup",  u"i",        u"kbd",      u"main",       u"mark",   u"nav",    u"nobr",
      u"noembed", u"noframes", u"noscript", u"plaintext",  u"rp",     u"rt",     u"ruby",
      u"s",       u"samp",     u"search",   u"section",    u"small",  u"strike", u"strong",
      u"sub",     u"summary",  u"sup",      u"tt",         u"u",      u"var",    u"wbr"};
  for (std::u16string_view name : plain)
    if (name == element.local_name().text()) return "HTMLElement";
  return element.local_name().text().find(u'-') != std::u16string_view::npos ? "HTMLElement"
                                                                             : "HTMLUnknownElement";
}

std::span<const Interface> html_interfaces() {
  static const Interface table[] = {
      {.name = "HTMLAnchorElement",
       .parent = "HTMLElement",
       .methods = anchor_methods,
       .properties = anchor_properties,
       .reflected = anchor_reflected},
      {.name = "HTMLAreaElement",
       .parent = "HTMLElement",
       .methods = anchor_methods,
       .properties = anchor_properties,
       .reflected = anchor_reflected},
      {.name = "HTMLIFrameElement",
       .parent = "HTMLElement",
       .properties = frame_properties,
       .reflected = frame_reflected},
      {.name = "HTMLFrameElement",
       .parent = "HTMLElement",
       .properties = frame_properties,
       .reflected = frame_reflected},
      {.name = "HTMLFrameSetElement", .parent = "HTMLElement"},
      {.name = "HTMLScriptElement",
       .parent = "HTMLElement",
       .properties = script_properties,
       .reflected = script_reflected,
       .handlers = no_handlers},
      {.name = "HTMLImageElement",
       .parent = "HTMLElement",
       .properties = image_properties,
       .reflected = image_reflected,
       .mixin_methods = image_methods},
      {.name = "Image", .parent = "HTMLImageElement", .construct = native<construct_image>},
      {.name = "Option", .parent = "HTMLOptionElement", .construct = native<construct_option>},
      {.name = "Audio", .parent = "HTMLAudioElement", .construct = native<construct_audio>},
      {.name = "HTMLLinkElement", .parent = "HTMLElement", .reflected = link_reflected},
      {.name = "HTMLMetaElement", .parent = "HTMLElement", .reflected = meta_reflected},
      {.name = "HTMLBaseElement", .parent = "HTMLElement", .reflected = base_reflected},
      {.name = "HTMLObjectElement", .parent = "HTMLElement", .reflected = object_reflected},
      {.name = "HTMLEmbedElement", .parent = "HTMLElement", .reflected = embed_reflected},
      {.name = "HTMLAppletElement", .parent = "HTMLElement", .reflected = applet_reflected},
      {.name = "HTMLParamElement", .parent = "HTMLElement", .reflected = param_reflected},
      {.name = "HTMLMediaElement",
       .parent = "HTMLElement",
       .methods = media_methods,
       .reflected = media_reflected},
      {.name = "HTMLAudioElement", .parent = "HTMLMediaElement"},
      {.name = "HTMLVideoElement", .parent = "HTMLMediaElement"},
      {.name = "HTMLSourceElement", .parent = "HTMLElement", .reflected = media_reflected},
      {.name = "HTMLStyleElement", .parent = "HTMLElement", .reflected = style_reflected},
      {.name = "HTMLTemplateElement", .parent = "HTMLElement", .properties = template_properties},
      {.name = "HTMLCanvasElement",
       .parent = "HTMLElement",
       .methods = canvas_methods,
       .reflected = canvas_reflected},
      {.name = "HTMLHtmlElement", .parent = "HTMLElement"},
      {.name = "HTMLHeadElement", .parent = "HTMLElement"},
      {.name = "HTMLBodyElement", .parent = "HTMLElement", .reflected = body_reflected},
      {.name = "HTMLTitleElement", .parent = "HTMLElement", .properties = script_properties},
      {.name = "HTMLDivElement", .parent = "HTMLElement", .reflected = cell_reflected},
      {.name = "HTMLSpanElement", .parent = "HTMLElement"},
      {.name = "HTMLParagraphElement", .parent = "HTMLElement"},
      {.name = "HTMLBRElement", .parent = "HTMLElement"},
      {.name = "HTMLHRElement", .parent = "HTMLElement"},
      {.name = "HTMLUListElement", .parent = "HTMLElement"},
      {.name = "HTMLOListElement", .parent = "HTMLElement"},
      {.name = "HTMLLIElement", .parent = "HTMLElement"},
      {.name = "HTMLDListElement", .parent = "HTMLElement"},
      {.name = "HTMLTableElement", .parent = "HTMLElement", .reflected = cell_reflected},
      {.name = "HTMLTableCellElement", .parent = "HTMLElement", .reflected = cell_reflected},
      {.name = "HTMLTableRowElement", .parent = "HTMLElement"},
      {.name = "HTMLTableSectionElement", .parent = "HTMLElement"},
      {.name = "HTMLPreElement", .parent = "HTMLElement"},
      {.name = "HTMLHeadingElement", .parent = "HTMLElement"},
      {.name = "HTMLUnknownElement", .parent = "HTMLElement"},
  };
  return table;
}

}  // namespace shikake::honeyclient::low::page
