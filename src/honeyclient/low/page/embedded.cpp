#include "honeyclient/low/page/embedded.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"
#include "html/parser.h"

namespace shikake::honeyclient::low::page {

using html::Name;
using intel::Mechanism;

namespace {

// What the element says under one of these names: as a parameter, or as an attribute of its own.
const std::u16string* said(const html::Element& element, std::initializer_list<std::u16string_view> names) {
  for (std::u16string_view name : names) {
    for (html::Element* child = element.first_element_child(); child; child = child->next_element()) {
      if (!child->is(Name::param)) continue;
      const std::u16string* own = child->attribute(Name::name);
      const std::u16string* value = child->attribute(Name::value);
      if (own && value && equals_ignoring_case(trim(*own), name)) return value;
    }
    if (const std::u16string* value = element.attribute(name)) return value;
  }
  return nullptr;
}

std::u16string low_attribute(const html::Element& element, std::u16string_view name) {
  const std::u16string* value = element.attribute(name);
  return value ? lower(trim(*value)) : std::u16string();
}

// Oracle's "Java applet tags": an applet, or an object or embed of the plugin's types and classes.
bool is_java(const html::Element& element) {
  if (element.is(Name::applet)) return true;
  const std::u16string type = low_attribute(element, u"type"), class_id = low_attribute(element, u"classid");
  return type.starts_with(u"application/x-java-") || class_id.starts_with(u"java:") ||
         class_id.starts_with(u"clsid:8ad9c840-044e-11d1-b3e9-00805f499d93") ||
         class_id.starts_with(u"clsid:cafeefac-");
}

bool is_silverlight(const html::Element& element) {
  return low_attribute(element, u"type").starts_with(u"application/x-silverlight") ||
         low_attribute(element, u"classid").starts_with(u"clsid:dfeaf541-f3e1-4c24-acac-99c30715084a");
}

url::Url resolved_or(const url::Url& base, std::u16string_view text) {
  auto url = url::Url::parse(utf8(trim(text)), &base);
  return url ? std::move(*url) : base;
}

// A folder, with or without its slash.
url::Url code_base(const url::Url& document, const std::u16string* given) {
  if (!given || trim(*given).empty()) return document;
  std::u16string folder(trim(*given));
  if (folder.back() != u'/') folder += u'/';
  return resolved_or(document, folder);
}

// "com.example.Main" and "com/example/Main.class" are one file.
std::u16string class_file(std::u16string_view code) {
  std::u16string name(trim(code));
  if (name.starts_with(u"java:")) name.erase(0, 5);
  if (name.ends_with(u".class")) name.resize(name.size() - 6);
  std::ranges::replace(name, u'.', u'/');
  return name + u".class";
}

// --- Java
// ----------------------------------------------------------------------------------------------------

constexpr int max_launch_depth = 4;       // extensions of extensions
constexpr size_t max_launch_files = 20;   // of a process's page
constexpr size_t max_launch_parts = 100;  // of one

void ask(Window& window, html::Element& element, const url::Url& url,
         std::function<void(const Loaded&)> done) {
  if (!url.is_http()) return;
  Asked asked = window.asked(Mechanism::applet, url);
  asked.origin = window.loader->origin_for(element);
  window.loader->block();
  window.page.fetch(std::move(asked), [&window, done = std::move(done)](const Loaded& loaded) {
    done(loaded);
    window.loader->unblock();
  });
}

void read_launch_file(Window& window, html::Element& element, std::u16string_view text, const url::Url& base,
                      int depth);

// Each is asked for once.
void ask_for_launch_file(Window& window, html::Element& element, const url::Url& url, int depth) {
  static std::set<std::string> asked_for;
  if (depth > max_launch_depth || asked_for.size() >= max_launch_files) return;
  if (!asked_for.insert(url.href()).second) return;
  ask(window, element, url, [&window, &element, url, depth](const Loaded& loaded) {
    if (loaded.ok && loaded.status < 400)
      read_launch_file(window, element, decode_text(loaded.body, "", "UTF-8"), url, depth);
  });
}

// https://docs.oracle.com/javase/8/docs/technotes/guides/javaws/developersguide/syntax.html
void read_launch_file(Window& window, html::Element& element, std::u16string_view text, const url::Url& base,
                      int depth) {
  html::Arena arena;
  html::Document& parsed = arena.create_document();
  html::parse_document(parsed, text);
  url::Url from = base;
  size_t parts = 0;
  for (html::Node* node = &parsed; node && parts < max_launch_parts;
       node = html::next_in_tree(*node, parsed)) {
    const html::Element* part = node->as_element();
    if (!part) continue;
    const std::u16string_view name = part->local_name().text();
    if (name == u"jnlp") from = code_base(base, part->attribute(u"codebase"));
    const std::u16string* href = part->attribute(Name::href);
    if (!href || trim(*href).empty()) continue;
    const url::Url url = resolved_or(from, *href);
    if (name == u"jar" || name == u"nativelib") {
      ++parts;
      ask(window, element, url, [](const Loaded&) {});
    } else if (name == u"extension") {
      ask_for_launch_file(window, element, url, depth + 1);
    }
  }
}

// "a.jar, b.jar;preload" (the latter of cache_archive_ex)
std::vector<std::u16string> archives_in(std::u16string_view list) {
  std::vector<std::u16string> archives;
  while (!list.empty()) {
    const size_t end = std::min(list.find(u','), list.size());
    const std::u16string_view one = trim(list.substr(0, std::min(end, list.find(u';'))));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!one.empty()) archives.emplace_back(one);
  }
  return archives;
}

// https://docs.oracle.com/javase/8/docs/technotes/guides/deploy/applet_dev_guide.html
std::vector<Embedded> java_loads(Window& window, html::Element& element) {
  std::vector<Embedded> all;
  const url::Url base = code_base(window.base_url(), said(element, {u"java_codebase", u"codebase"}));
  auto add = [&](std::u16string_view text) {
    all.push_back({Mechanism::applet, wide(resolved_or(base, text).href())});
  };
  if (const std::u16string* file = said(element, {u"jnlp_href"}); file && !trim(*file).empty())
    ask_for_launch_file(window, element, resolved_or(base, *file), 0);
  const std::u16string* embedded = said(element, {u"jnlp_embedded"});
  if (auto text = embedded ? base::from_base64(utf8(trim(*embedded))) : std::nullopt)
    read_launch_file(window, element, wide(*text), base, 0);
  for (std::u16string_view name : {u"java_archive", u"archive", u"cache_archive", u"cache_archive_ex"})
    if (const std::u16string* list = said(element, {name}))
      for (const std::u16string& one : archives_in(*list)) add(one);
  const std::u16string* code = said(element, {u"java_code", u"code"});
  if (!code && low_attribute(element, u"classid").starts_with(u"java:"))
    code = element.attribute(Name::classid);
  const bool launched = said(element, {u"jnlp_href"}) != nullptr;
  if (all.empty() && !launched && code && !trim(*code).empty()) add(class_file(*code));
  return all;
}

bool is_http(Window& window, const std::u16string* address) {
  if (!address) return false;
  auto url = window.resolve(trim(*address));
  return url && url->is_http();
}

}  // namespace

std::vector<Embedded> what_it_loads(Window& window, html::Element& element) {
  if (is_java(element)) return java_loads(window, element);
  std::vector<Embedded> all;
  const Mechanism mechanism = element.is(Name::embed) ? Mechanism::embed : Mechanism::object;
  const std::u16string* data = element.attribute(element.is(Name::embed) ? u"src" : u"data");
  if (data) all.push_back({mechanism, *data});
  // Microsoft: "Silverlight object tag": data is an empty data: URL, the application stands in a parameter.
  if (const std::u16string* source = is_silverlight(element) ? said(element, {u"source"}) : nullptr) {
    all.push_back({mechanism, *source});
    return all;
  }
  // A class that is not there is offered for installation. Microsoft: "Implementing Internet Component
  // Download".
  const std::u16string* from = element.attribute(u"codebase");
  if (from && lacks_class(window, element)) all.push_back({mechanism, *from});
  if (is_http(window, data)) return all;
  // Flash and media players are told their file in a param.
  for (html::Element* child = element.first_element_child(); child; child = child->next_element()) {
    if (!child->is(Name::param)) continue;
    const std::u16string* name = child->attribute(Name::name);
    const std::u16string* value = child->attribute(Name::value);
    if (name && value && is_loaded_parameter(*name)) all.push_back({mechanism, *value});
  }
  return all;
}

}  // namespace shikake::honeyclient::low::page
