// What elements ask for when they stand in a document: frames, images, style sheets, objects, refreshes.
#include <charconv>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/blobs.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/embedded.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/loader.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/protocols.h"
#include "honeyclient/low/page/ready_states.h"
#include "honeyclient/low/page/sheets.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

using html::Name;
using intel::Mechanism;

std::optional<Origin> Loader::origin_for(const html::Node& node, bool changed) {
  Positions& positions = window_.page.positions;
  if (node.origin && !changed)
    if (auto origin = positions.origin_of_tag(node.origin)) return origin;
  if (!window_.page.in_script()) return std::nullopt;
  return positions.origin_here();
}

void Loader::subresource(html::Element& element, Mechanism mechanism, std::u16string_view text) {
  text = trim(text);
  if (text.empty()) return;
  auto url = window_.resolve(text);
  if (!url) {
    window_.page.post([this, &element] { has_come(element, false); });
    return;
  }
  // data: and blob: hold their bytes; nothing is asked for. What a plugin is given so is looked into.
  const bool local = url->scheme() == "data" || url->scheme() == "blob";
  const bool for_a_plugin = mechanism == Mechanism::object || mechanism == Mechanism::embed;
  const bool empty = url->scheme() == "data" && url->href().ends_with(',');
  if (!url->is_http() && (!local || !for_a_plugin || empty)) {
    window_.page.post([this, &element, local] {
      element_loaded(window_, element);
      has_come(element, local);
    });
    return;
  }
  element_loads(window_, element);
  Asked asked = window_.asked(mechanism, *url);
  asked.origin = origin_for(element, changing_);
  block();
  window_.page.fetch(std::move(asked), [this, &element, mechanism, sheet = *url](const Loaded& loaded) {
    const bool came = loaded.ok && loaded.status < 400;
    if (came && mechanism == Mechanism::stylesheet)
      import_sheets(element, decode_text(loaded.body, "", "UTF-8"), sheet);
    element_loaded(window_, element);
    has_come(element, came);
    unblock();
  });
}

void Loader::has_come(html::Element& element, bool came) {
  if (auto picture = images_.find(&element); picture != images_.end())
    picture->second.complete = true, picture->second.came = came;
  fire_at_node(element, came ? u"load" : u"error");
}

bool Loader::is_complete(const html::Element& image) const {
  auto picture = images_.find(&image);
  return picture == images_.end() || picture->second.complete;
}
bool Loader::is_there(const html::Element& image) const {
  auto picture = images_.find(&image);
  return picture != images_.end() && picture->second.came;
}

void Loader::import_sheets(html::Element& element, std::u16string_view css, const url::Url& base) {
  for (const std::u16string& address : sheet_imports(css)) {
    auto url = url::Url::parse(utf8(address), &base);
    if (!url || !url->is_http() || !sheets_imported_.insert(url->href()).second) continue;
    Asked asked = window_.asked(Mechanism::stylesheet, *url);
    asked.origin = origin_for(element, changing_);
    block();
    window_.page.fetch(std::move(asked), [this, &element, sheet = *url](const Loaded& loaded) {
      if (loaded.ok && loaded.status < 400)
        import_sheets(element, decode_text(loaded.body, "", "UTF-8"), sheet);
      unblock();
    });
  }
}

namespace {

// What no plugin is named for: https://html.spec.whatwg.org/#the-object-element, #the-embed-element
bool shows_a_page(const html::Element& element) {
  const std::u16string* address = element.attribute(element.is(Name::object) ? u"data" : u"src");
  if (!address || trim(*address).empty() || element.has_attribute(Name::classid)) return false;
  const std::u16string* type = element.attribute(Name::type);
  if (!type || trim(*type).empty()) return true;
  std::u16string essence = lower(trim(*type));
  return essence.starts_with(u"text/") || essence == u"application/xhtml+xml" || essence == u"image/svg+xml";
}

Mechanism mechanism_of(const html::Element& element) {
  switch (element.name()) {
    case Name::frame:
      return Mechanism::frame;
    case Name::object:
      return Mechanism::object;
    case Name::embed:
      return Mechanism::embed;
    default:
      return Mechanism::iframe;
  }
}

}  // namespace

void Loader::connect(html::Element& element) {
  if (!element.is_html()) {
    if (element.name() == Name::script) prepare_script(element, false);
    // An SVG fragment is loaded once it is there.
    if (element.name() == Name::svg && element.attribute(u"onload"))
      window_.page.post([&element] {
        if (element.connected()) fire_at_node(element, u"load");
      });
    return;
  }
  auto ask = [&](Mechanism mechanism, Name attribute) {
    if (const std::u16string* value = element.attribute(attribute)) subresource(element, mechanism, *value);
  };
  switch (element.name()) {
    case Name::script:
      if (!element.script.parser_inserted || element.script.already_started) prepare_script(element, false);
      return;
    case Name::iframe:
    case Name::frame:
      return open_frame(element);
    case Name::img:
      // Asked for when script sets its src, in the tree or not; the parser's are told of here.
      if (element.position.line || element.origin) load_image(element);
      return;
    case Name::link:
      return connect_link(element);
    case Name::meta:
      return connect_meta(element);
    case Name::style:
      // The parser tells when its text is there.
      if (!parsing() || window_.page.in_script())
        import_sheets(element, html::text_content(element), window_.base_url());
      return;
    case Name::embed:
      note_object(window_, element);
      if (shows_a_page(element)) return open_frame(element);
      for (const Embedded& one : what_it_loads(window_, element)) subresource(element, one.mechanism, one.address);
      return;
    case Name::object:
    case Name::applet:
      // The parser tells when its params are there; script puts it in with them.
      if (!parsing() || window_.page.in_script()) connect_object(element);
      return;
    case Name::base:
      if (!base_element && element.has_attribute(Name::href)) base_element = &element;
      return;
    case Name::bgsound:
    case Name::audio:
    case Name::video:
    case Name::source:
    case Name::track:
      return ask(Mechanism::media, Name::src);
    case Name::input: {
      const std::u16string* type = element.attribute(Name::type);
      if (type && equals_ignoring_case(*type, u"image")) ask(Mechanism::image, Name::src);
      return;
    }
    case Name::body:
    case Name::table:
    case Name::td:
      if (const std::u16string* background = element.attribute(u"background"))
        subresource(element, Mechanism::image, *background);
      return;
    default:
      return;
  }
}

void Loader::attribute_effect(html::Element& element, std::u16string_view name) {
  if (name.starts_with(u"on")) return handler_attribute_changed(element, name);
  if (!element.is_html()) return;
  changing_ = true;
  bool source = name == u"src" || name == u"href" || name == u"data" || name == u"srcdoc";
  if (source && element.connected()) switch (element.name()) {
      case Name::iframe:
      case Name::frame:
        navigate_frame(element);
        break;
      case Name::script:
        prepare_script(element, false);
        break;
      case Name::link:
        connect_link(element);
        break;
      case Name::embed:
      case Name::source:
      case Name::bgsound:
        connect(element);
        break;
      case Name::object:
        connect_object(element);
        break;
      case Name::base:
        if (!base_element) base_element = &element;
        break;
      default:
        break;
    }
  if (name == u"src" && element.name() == Name::img) load_image(element);
  changing_ = false;
}

void Loader::load_image(html::Element& image) {
  const std::u16string* source = image.attribute(Name::src);
  if (!source) return;
  Picture& picture = images_[&image];
  if (picture.source == *source && !changing_) return;  // moved in the tree
  picture = {*source};
  subresource(image, Mechanism::image, *source);
}

void Loader::connect_link(html::Element& element) {
  const std::u16string* rel = element.attribute(Name::rel);
  const std::u16string* href = element.attribute(Name::href);
  if (!rel || !href) return;
  bool sheet = false, icon = false, ahead = false;
  std::u16string lowered = lower(*rel);
  std::u16string_view rest = lowered;
  for (std::u16string_view word = html::next_token(rest); !word.empty(); word = html::next_token(rest)) {
    sheet = sheet || word == u"stylesheet";
    icon = icon || word == u"icon" || word == u"apple-touch-icon";
    ahead = ahead || word == u"preload" || word == u"prefetch" || word == u"modulepreload" ||
            word == u"prerender" || word == u"import";
  }
  if (sheet)
    subresource(element, Mechanism::stylesheet, *href);
  else if (icon || ahead)
    subresource(element, Mechanism::link, *href);
}

void Loader::connect_meta(html::Element& element) {
  const std::u16string* kind = element.attribute(Name::http_equiv);
  const std::u16string* content = element.attribute(Name::content);
  if (!kind || !content) return;
  std::u16string name = lower(trim(*kind));
  if (name == u"refresh") schedule_refresh(window_, *content, &element);
  if (name == u"set-cookie")
    window_.page.ask({Question::set_cookie, window_.url.href(), {}, utf8(*content), false});
}

// https://html.spec.whatwg.org/#shared-declarative-refresh-steps
void schedule_refresh(Window& window, std::u16string_view text, const html::Element* meta) {
  text = trim(text);
  size_t digits = 0;
  while (digits < text.size() && ((text[digits] >= u'0' && text[digits] <= u'9') || text[digits] == u'.'))
    ++digits;
  if (digits == 0) return;
  double seconds = std::strtod(utf8(text.substr(0, digits)).c_str(), nullptr);
  std::u16string_view rest = trim(text.substr(digits));
  if (!rest.empty() && (rest[0] == u';' || rest[0] == u',')) rest = trim(rest.substr(1));
  if (rest.size() >= 3 && equals_ignoring_case(rest.substr(0, 3), u"url")) {
    std::u16string_view after = trim(rest.substr(3));
    if (!after.empty() && after[0] == u'=') rest = trim(after.substr(1));
  }
  if (!rest.empty() && (rest[0] == u'"' || rest[0] == u'\'')) {
    char16_t quote = rest[0];
    rest = rest.substr(1);
    rest = rest.substr(0, rest.find(quote));
  }
  auto url = rest.empty() ? Result<url::Url>(window.url) : window.resolve(rest);
  if (!url) return;
  // Longer delays than the page's virtual time are cut to it, so that the visit still goes there.
  constexpr double longest = static_cast<double>(limits::max_virtual_time.count()) - 1000;
  double delay = std::min(seconds * 1000, longest);
  std::optional<Origin> origin = meta ? window.loader->origin_for(*meta) : std::nullopt;
  Mechanism mechanism = meta ? Mechanism::meta_refresh : Mechanism::http_refresh;
  window.page.add_timer(window, delay, false, [&window, target = *url, mechanism, origin] {
    window.navigate(target, mechanism, origin);
  });
}

// --- frames --------------------------------------------------------------------------------------------

namespace {

// Where a frame is to go; about:blank where it says nothing, or nothing that is a URL.
url::Url frame_url(const Window& window, const html::Element& element) {
  const std::u16string* source =
      element.is(Name::object) ? element.attribute(u"data") : element.attribute(Name::src);
  const std::u16string_view text = source ? trim(*source) : std::u16string_view();
  auto url = text.empty() ? url::Url::parse("about:blank") : window.resolve(text);
  return url ? std::move(*url) : *url::Url::parse("about:blank");
}

}  // namespace

void Loader::open_frame(html::Element& element) {
  Page& page = window_.page;
  if (window_.child_of(element)) return;
  const bool blank = frame_url(window_, element).scheme() == "about" && !element.attribute(Name::srcdoc);
  // Empty ones are counted apart: they must not keep one out that leads somewhere.
  uint32_t& opened = blank ? page.blank_frames_opened : page.frames_opened;
  const bool deep = window_.depth + page.start.depth >= limits::max_frame_depth;
  if (deep || opened >= limits::max_frames) {
    page.limit(deep ? "frame-depth" : "frames");
    return tell_of_frame(element);
  }
  ++opened;
  window_.children.emplace_back(page.new_window_id(), element);
  navigate_frame(element);
}

// Only where it leads: nothing is loaded.
void Loader::tell_of_frame(html::Element& element) {
  const url::Url url = frame_url(window_, element);
  if (url.scheme() == "about" || url.scheme() == "javascript" || url.scheme() == "vbscript") return;
  OpenFrame untaken;
  untaken.asked = window_.asked(mechanism_of(element), url);
  untaken.asked.origin = origin_for(element, changing_);
  untaken.load = false;
  window_.page.tell(FromPage::open_frame, untaken);
}

namespace {

// A document of this worker's own making: about:blank, srcdoc.
Window& local_frame(Window& parent, Window::Child& child, std::string_view url) {
  Document document;
  document.url = url;
  document.referrer = parent.url.href();
  Window& window = parent.page.open_window(document, child.id, &parent, child.element);
  const std::u16string* name = child.element->attribute(Name::name);
  if (name) window.name = utf8(*name);
  parent.child_of(*child.element)->window = &window;
  return window;
}

}  // namespace

void Loader::navigate_frame(html::Element& element) {
  Page& page = window_.page;
  Window::Child* child = window_.child_of(element);
  if (!child) return open_frame(element);
  const std::u16string* srcdoc = element.is(Name::iframe) ? element.attribute(Name::srcdoc) : nullptr;
  if (srcdoc) {
    frame_begins(*child);
    Window& window = local_frame(window_, *child, "about:srcdoc");
    if (!window.gone) window.loader->start_text(*srcdoc);
    return;
  }
  const url::Url url = frame_url(window_, element);
  const bool vbscript = url.scheme() == "vbscript" && runs_vbscript(page.persona());
  if (url.scheme() == "about" || url.scheme() == "javascript" || vbscript) {
    Window& window = child->window ? *child->window : local_frame(window_, *child, "about:blank");
    if (window.gone) return;
    if (!window.document) window.loader->start_empty();
    if (url.scheme() == "javascript" || vbscript) window.evaluate_javascript_url(url, page.positions.here());
    frame_begins(*child);
    page.post([this, &element] { frame_done(element); });
    return;
  }
  note_protocol(window_, url);
  OpenFrame open;
  open.window = child->id;
  if (const std::u16string* name = element.attribute(Name::name)) open.name = utf8(*name);
  open.asked = window_.asked(mechanism_of(element), url);
  if (url.scheme() == "blob") {
    auto content = blob_content(window_.page, url.href());
    if (!content) return;
    // The parent has no other way to it.
    open.asked.body = std::move(content->bytes);
    open.asked.headers.push_back({"Content-Type", std::move(content->type)});
  }
  open.asked.origin = origin_for(element, changing_);
  frame_begins(*child);
  page.navigation_started();
  page.tell(FromPage::open_frame, open);
}

void Loader::frame_begins(Window::Child& child) {
  if (!child.loading) block();
  child.loading = true;
  if (child.element) element_loads(window_, *child.element);
}

void Loader::frame_done(html::Element& element) {
  element_loaded(window_, element);
  fire_at_node(element, u"load");
  Window::Child* child = window_.child_of(element);
  if (!child || !child->loading) return;
  child->loading = false;
  unblock();
}

void Loader::frame_removed(html::Element& element) {
  for (Window::Child& child : window_.children) {
    if (child.element != &element) continue;
    if (child.window) child.window->leave();
    if (child.loading && blockers_ > 0) --blockers_;
    child.element = nullptr;
  }
  std::erase_if(window_.children, [](const Window::Child& child) { return child.element == nullptr; });
  check_complete();
}

// --- objects -------------------------------------------------------------------------------------------

// What an applet is told: attacks keep addresses and encoded code in its parameters.
void Loader::note_applet(html::Element& element) {
  std::u16string told = u"applet";
  for (const char16_t* name : {u"code", u"archive", u"codebase"})
    if (const std::u16string* value = element.attribute(name))
      told += u" " + std::u16string(name) + u"=" + *value;
  for (html::Element* child = element.first_element_child(); child; child = child->next_element()) {
    const std::u16string* name = child->is(Name::param) ? child->attribute(Name::name) : nullptr;
    const std::u16string* value = name ? child->attribute(Name::value) : nullptr;
    if (value) told += u" " + *name + u"=" + *value;
  }
  window_.page.happened(window_, "component", told);
}

void Loader::connect_object(html::Element& element) {
  if (!element.connected()) return;
  if (element.is(Name::applet))
    note_applet(element);
  else
    note_object(window_, element);
  if (!element.is(Name::applet) && shows_a_page(element)) return navigate_frame(element);
  for (const Embedded& one : what_it_loads(window_, element)) subresource(element, one.mechanism, one.address);
}

}  // namespace shikake::honeyclient::low::page
