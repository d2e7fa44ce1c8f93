// HTML to DOM. The first byte chooses what is done with the rest, read as UTF-8:
//   bits 0-2  sizes of the pieces it is fed in
//   bit 3     the scripting flag
//   bit 4     each script writes part of the input (`written`) while it "runs"
//   bit 5     as a fragment, too
//   bit 6     through the decoder: bytes as they are, encoding by sniffing
// It must hold: the tree does not depend on the pieces; its links agree; no element is deeper than the cap;
// what is serialised can be parsed again; the decoder does not depend on the pieces either.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "html/decoder.h"
#include "html/parser.h"
#include "html/selectors.h"
#include "html/serialise.h"
#include "html/testing.h"

namespace shikake::html {
namespace {

constexpr size_t max_scripts = 16;  // each writes a part of the input, which may hold scripts again

struct Plan {
  uint8_t bits;
  size_t piece() const { return size_t{1} + (bits & 7); }
  bool scripting() const { return bits & 8; }
  bool writes() const { return bits & 16; }
  bool fragment() const { return bits & 32; }
  bool decodes() const { return bits & 64; }
};

std::u16string parse(std::u16string_view text, const Plan& plan, size_t piece) {
  Arena arena({.max_nodes = 20'000});
  Document& document = arena.create_document();
  ParserOptions options;
  options.scripting = plan.scripting();
  Parser parser(document, options);
  size_t scripts = 0;
  auto pump = [&](auto& self) -> void {
    for (Step step = parser.run(); step == Step::script; step = parser.run()) {
      ScriptScope scope(parser);
      if (!plan.writes() || scripts >= max_scripts) continue;
      ++scripts;
      size_t from = text.size() * scripts / (max_scripts + 1);
      SHIKAKE_CHECK(parser.write(text.substr(from, 40), static_cast<uint32_t>(scripts)));
      self(self);
    }
  };
  for (size_t at = 0; at < text.size(); at += piece) {
    parser.append(text.substr(at, piece));
    pump(pump);
  }
  parser.finish();
  pump(pump);
  SHIKAKE_CHECK(parser.finished());
  SHIKAKE_CHECK(broken_rule(document, max_tree_depth).empty());
  SHIKAKE_CHECK(document.document_element() || parser.cuts().nodes);
  return dump_tree(document);
}

void parse_again(std::u16string_view text, const Plan& plan) {
  Arena arena({.max_nodes = 20'000});
  Document& document = arena.create_document();
  ParserOptions options;
  options.scripting = plan.scripting();
  parse_document(document, text, options);
  std::u16string html = inner_html(document, plan.scripting());
  Document& second = arena.create_document();
  parse_document(second, html, options);
  SHIKAKE_CHECK(broken_rule(second, max_tree_depth).empty());
  if (Node* copy = clone(document, second, true)) SHIKAKE_CHECK(inner_html(*copy, plan.scripting()) == html);
  if (Result<Selector> selector = Selector::parse(text.substr(0, 60))) selector->all(document);
  if (!plan.fragment()) return;
  for (Element* context : elements_by_tag_name(document, u"*")) {
    parse_fragment(*context, text.substr(0, 200), 1, options);
    if (arena.full()) return;
  }
}

std::u16string decoded(base::ByteSpan bytes, size_t piece) {
  Decoder decoder;
  std::u16string text;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    decoder.decode(bytes.subspan(at, std::min(piece, bytes.size() - at)), false, text);
  }
  decoder.decode({}, true, text);
  return text;
}

}  // namespace
}  // namespace shikake::html

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  using namespace shikake::html;
  if (size == 0) return 0;
  Plan plan{data[0]};
  base::ByteSpan bytes{data + 1, size - 1};
  std::u16string text = from_utf8(base::as_text(bytes));
  if (plan.decodes()) {
    text = decoded(bytes, bytes.size() + 1);
    SHIKAKE_CHECK(decoded(bytes, plan.piece()) == text);
  }
  SHIKAKE_CHECK(parse(text, plan, text.size() + 1) == parse(text, plan, plan.piece()));
  parse_again(text, plan);
  return 0;
}
