#include "neighbourhood/sources/links.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "base/bytes.h"
#include "html/decoder.h"
#include "html/parser.h"
#include "html/text.h"

namespace shikake::neighbourhood {
namespace {

constexpr size_t most_nodes = 300'000;  // some 75 MB, within the reader's memory

// The attribute in which an element has its link; nothing for an element that has none.
const std::u16string* link_of(const html::Element& element) {
  struct Row {
    std::u16string_view element, attribute;
  };
  constexpr Row rows[] = {{u"a", u"href"},     {u"area", u"href"},   {u"link", u"href"},
                          {u"iframe", u"src"}, {u"frame", u"src"},   {u"script", u"src"},
                          {u"img", u"src"},    {u"form", u"action"}, {u"object", u"data"},
                          {u"embed", u"src"},  {u"source", u"src"},  {u"input", u"src"},
                          {u"audio", u"src"},  {u"video", u"src"},   {u"track", u"src"}};
  const std::u16string name = element.qualified_name();
  for (const Row& row : rows)
    if (row.element == name) return element.attribute(row.attribute);
  return nullptr;
}

// The URL of <meta http-equiv=refresh content="5; url=/next">.
std::u16string_view refresh_of(const html::Element& element) {
  const std::u16string* kind = element.attribute(u"http-equiv");
  const std::u16string* content = element.attribute(u"content");
  if (element.qualified_name() != u"meta" || !kind || !content || kind->size() != 7) return {};
  std::string lower = html::to_utf8(*kind);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (lower != "refresh") return {};
  std::u16string_view url(*content);
  const size_t equals = url.find(u'=');
  if (equals == url.npos) return {};
  url.remove_prefix(equals + 1);
  const size_t begin = std::min(url.find_first_not_of(u" \t\r\n\"'"), url.size());
  url.remove_prefix(begin);
  return url.substr(0, std::min(url.find_first_of(u"\"'"), url.size()));
}

}  // namespace

Result<> for_each_link(std::string_view page, std::string_view charset, const url::Url& address,
                       const std::function<Result<>(std::string_view)>& each) {
  page = page.substr(0, most_page_bytes);
  html::Arena arena({.max_nodes = most_nodes});
  html::Document& document = arena.create_document();
  html::parse_document(document, html::decode_page(base::as_bytes(page), charset), {.scripting = false});
  url::Url base = address;
  bool has_base = false;
  std::unordered_set<std::string> told;
  for (const html::Node* node = &document; node; node = html::next_in_tree(*node, document)) {
    const html::Element* element = node->as_element();
    if (!element) continue;
    const std::u16string* attribute =
        element->qualified_name() == u"base" && !has_base ? element->attribute(u"href") : nullptr;
    if (attribute) {
      has_base = true;
      if (auto parsed = url::Url::parse(html::to_utf8(*attribute), &address)) base = std::move(*parsed);
      continue;
    }
    const std::u16string* link = link_of(*element);
    const std::u16string_view text = link ? std::u16string_view(*link) : refresh_of(*element);
    if (text.empty()) continue;
    auto url = url::Url::parse(html::to_utf8(text), &base);
    if (!url || !url->is_http()) continue;
    url->set_hash("");
    if (!told.insert(url->href()).second) continue;
    SHIKAKE_TRY(each(url->href()));
    if (told.size() == most_links) return {};
  }
  return {};
}

}  // namespace shikake::neighbourhood
