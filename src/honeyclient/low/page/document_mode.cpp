#include "honeyclient/low/page/document_mode.h"

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "honeyclient/low/page/bind.h"
#include "html/conditional_comments.h"
#include "html/decoder.h"
#include "html/encoding.h"
#include "html/parser.h"

namespace shikake::honeyclient::low::page {

namespace {

using html::Name;

constexpr uint32_t first_with_modes = 8;
constexpr uint32_t last_with_conditional_comments = 9;
constexpr uint32_t least_objects = 7;

uint32_t browser = 0, mode = 0;  // of the one page of this process; 0: as the persona has it
// The element counts only near the document's beginning: the head's first.
constexpr size_t looked_through = 16 * 1024;

// Of one "IE=…"; 0: none that there is.
uint32_t mode_of(std::u16string_view asked, uint32_t newest, bool quirks) {
  if (equals_ignoring_case(asked, u"edge")) return newest;
  constexpr std::u16string_view emulate = u"emulateie";
  const bool by_doctype =
      asked.size() > emulate.size() && equals_ignoring_case(asked.substr(0, emulate.size()), emulate);
  if (by_doctype) asked.remove_prefix(emulate.size());
  if (asked.empty() || !html::is_digit(asked[0])) return 0;
  const auto number = static_cast<uint32_t>(std::strtoul(utf8(asked.substr(0, 4)).c_str(), nullptr, 10));
  if ((by_doctype && quirks) || number < 7) return 5;
  return std::min(number, newest);
}

// "IE=9; IE=8", "IE=EmulateIE7,chrome=1": the highest.
uint32_t mode_in(std::u16string_view content, uint32_t newest, bool quirks) {
  uint32_t best = 0;
  while (!content.empty()) {
    const size_t end = std::min(content.find_first_of(u",;"), content.size());
    std::u16string_view one = trim(content.substr(0, end));
    content.remove_prefix(std::min(end + 1, content.size()));
    const size_t equals = one.find(u'=');
    if (equals == one.npos || !equals_ignoring_case(trim(one.substr(0, equals)), u"ie")) continue;
    best = std::max(best, mode_of(trim(one.substr(equals + 1)), newest, quirks));
  }
  return best;
}

}  // namespace

uint32_t asked_document_mode(const Persona& persona, const Document& document) {
  if (persona.engine != Engine::trident || persona.version < first_with_modes) return 0;
  const std::string_view beginning = std::string_view(document.body).substr(0, looked_through);
  const std::string words = utf8(lower(wide(beginning)));
  if (document.compatible.empty() && words.find("x-ua-compatible") == words.npos) return 0;
  html::Arena arena;
  html::Document& parsed = arena.create_document();
  html::parse_document(parsed, html::decode_page(base::as_bytes(beginning),
                                                 html::charset_in_content_type(document.content_type)));
  const bool quirks = parsed.mode == html::DocumentMode::quirks;
  for (html::Node* node = &parsed; node; node = html::next_in_tree(*node, parsed)) {
    if (!node->is(Name::meta)) continue;
    const std::u16string* kind = node->as_element()->attribute(Name::http_equiv);
    const std::u16string* content = node->as_element()->attribute(Name::content);
    if (!kind || !content || !equals_ignoring_case(trim(*kind), u"x-ua-compatible")) continue;
    if (uint32_t mode = mode_in(*content, persona.version, quirks)) return mode;
  }
  return mode_in(wide(document.compatible), persona.version, quirks);  // the element goes before the header
}

Start in_document_mode(Start start) {
  Persona& persona = start.persona;
  if (persona.engine != Engine::trident) return start;
  mode = asked_document_mode(persona, start.document);
  browser = persona.version;
  if (mode != 0) persona.version = std::max(mode, least_objects);
  html::set_conditional_comments(persona.version <= last_with_conditional_comments ? persona.version : 0);
  return start;
}

uint32_t browser_version(const Persona& persona) {
  return browser ? browser : persona.version;
}
uint32_t document_mode(const Persona& persona) {
  return mode ? mode : persona.version;
}

}  // namespace shikake::honeyclient::low::page
