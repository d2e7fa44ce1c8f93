// Whole documents: against gumbo, against real pages, in pieces, deep and hostile.
#include "html/parser.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "html/decoder.h"
#include "html/entities.h"
#include "html/gumbo_oracle.h"
#include "html/page_generator.h"
#include "html/serialise.h"
#include "html/testing.h"

namespace shikake::html {
namespace {

struct Parsed {
  std::unique_ptr<Arena> arena;
  Document* document;
  ParserCuts cuts;
  std::string dump() const { return to_utf8(dump_tree(*document)); }
};

Parsed parse(std::u16string_view text, ParserOptions options = {}, ArenaLimits limits = {}) {
  auto arena = std::make_unique<Arena>(limits);
  Document& document = arena->create_document();
  ParserCuts cuts = parse_document(document, text, options);
  return {std::move(arena), &document, cuts};
}
Parsed parse(std::string_view html, ParserOptions options = {}, ArenaLimits limits = {}) {
  return parse(from_utf8(html), options, limits);
}

// In pieces whose sizes come from the seed, through the loop that a page's owner would have.
Parsed parse_in_pieces(std::u16string_view text, uint64_t seed, ParserOptions options = {}) {
  auto arena = std::make_unique<Arena>();
  Document& document = arena->create_document();
  Parser parser(document, options);
  PageGenerator random(seed);
  auto run = [&] {
    for (Step step = parser.run(); step == Step::script; step = parser.run()) ScriptScope scope(parser);
  };
  while (!text.empty()) {
    size_t piece = std::min(text.size(), 1 + random.below(random.chance(3) ? 40 : 3));
    parser.append(text.substr(0, piece));
    text.remove_prefix(piece);
    run();
  }
  parser.finish();
  run();
  return {std::move(arena), &document, parser.cuts()};
}

ParserOptions without_scripting() {
  ParserOptions options;
  options.scripting = false;  // gumbo has none
  return options;
}

TEST(LikeGumbo, MadeUpPages) {
  // White space in a table's wrong place: gumbo does not reopen formatting elements before it.
  constexpr uint64_t gumbo_strays[] = {2410};
  size_t compared = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::string page = PageGenerator(seed).page(seed % 10 == 0 ? 120 : 14);
    if (!gumbo_applies(page) || std::ranges::find(gumbo_strays, seed) != std::end(gumbo_strays)) continue;
    ++compared;
    ASSERT_EQ(parse(page, without_scripting()).dump(), GumboTree(page).dump())
        << "seed " << seed << ": " << page;
  }
  EXPECT_GT(compared, 1000u);
}

TEST(LikeGumbo, EveryNamedReference) {
  for (const Entity& entity : entities) {
    std::string name(entity.name);
    std::string page =
        "&" + name + " &" + name + "x <a b='&" + name + "' c='&" + name + "=' d=&" + name + "1>";
    ASSERT_EQ(parse(page).dump(), GumboTree(page).dump()) << page;
  }
}

TEST(LikeGumbo, InstalledDocumentation) {
  std::error_code ignored;
  size_t pages = 0;
  std::filesystem::recursive_directory_iterator entries(
      "/usr/share/doc", std::filesystem::directory_options::skip_permission_denied, ignored);
  for (const auto& entry : entries) {
    if (entry.path().extension() != ".html" || !entry.is_regular_file(ignored)) continue;
    if (entry.file_size(ignored) > 400'000 || ++pages > 150) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::u16string text = decode_page(base::as_bytes(bytes));
    Parsed ours = parse(text, without_scripting());
    EXPECT_FALSE(ours.cuts.any()) << entry.path();
    EXPECT_EQ(broken_rule(*ours.document, max_tree_depth), "") << entry.path();
    std::string utf8 = to_utf8(text);
    if (gumbo_applies(utf8)) {
      EXPECT_EQ(ours.dump(), GumboTree(utf8).dump()) << entry.path();
    }
    EXPECT_EQ(parse_in_pieces(text, pages, without_scripting()).dump(), ours.dump()) << entry.path();
  }
  if (pages == 0) GTEST_SKIP() << "no HTML documentation under /usr/share/doc";
}

TEST(Pieces, SameTreeWhateverTheChunks) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    std::u16string text = from_utf8(PageGenerator(seed).page(40));
    Parsed whole = parse(text);
    Parsed pieces = parse_in_pieces(text, seed);
    ASSERT_EQ(pieces.dump(), whole.dump()) << to_utf8(text);
    ASSERT_EQ(pieces.document->mode, whole.document->mode);
    ASSERT_EQ(broken_rule(*whole.document, max_tree_depth), "") << to_utf8(text);
  }
}

std::string repeated(std::string_view text, size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

size_t depth_of(const Document& document) {
  size_t deepest = 0;
  for (const Node* at = next_in_tree(document, document); at; at = next_in_tree(*at, document)) {
    if (at->first_child()) continue;
    size_t depth = 0;
    for (const Node* up = at; up; up = up->parent()) depth += up->as_element() != nullptr;
    deepest = std::max(deepest, depth);
    if (deepest >= max_tree_depth) break;  // enough: broken_rule() checks that none is deeper
  }
  return deepest;
}

TEST(Depth, CappedWithSiblingsAndTheStackGoesOn) {
  Parsed parsed = parse(repeated("<div>", 600) + "x" + repeated("</div>", 599) + "<p>y");
  EXPECT_EQ(depth_of(*parsed.document), max_tree_depth);
  EXPECT_EQ(broken_rule(*parsed.document, max_tree_depth), "");
  EXPECT_EQ(parsed.cuts.depth, 600 + 2 - max_tree_depth);
  // The last </div> left one open: the paragraph is in the outermost div.
  EXPECT_EQ(parsed.document->body()->first_element_child()->last_child()->is(Name::p), true);
}

// Each would take hours if a rule looked at everything open for every tag; bench/html_bench.cpp times them.
struct HostileRow {
  const char* name;
  const char* prefix;
  const char* repeated;
  const char* suffix;  // repeated as often
};
constexpr HostileRow hostile[] = {
    {"nested_div", "", "<div>", ""},
    {"nested_div_closed", "", "<div>", "</div>"},
    {"nested_b", "", "<b>", ""},
    {"different_b", "", "<b id=#>", ""},
    {"different_b_unclosed_p", "", "<b id=#><p>", ""},
    {"b_div_then_end_b", "", "<b id=#><div>", "</b>"},
    {"a_div", "", "<a><div>", ""},
    {"span_then_unknown_ends", "", "<span>", "</x>"},
    {"div_then_tables", "", "<div>", "<table></table>"},
    {"p_span_then_div", "<p>", "<span>", "<div>"},
    {"nested_tables", "", "<table><tr><td>", ""},
    {"fostered", "<table>", "<b id=#>x<tr>", ""},
    {"nested_svg", "", "<svg>", "</p>"},
    {"nested_math", "", "<math><mi>", "</math>"},
    {"nested_template", "", "<template>", "</template>"},
    {"nested_select", "", "<select><optgroup>", ""},
    {"list_items", "", "<ul><li>", "</li>"},
    {"ruby", "<ruby>", "<rtc><rt>", ""},
    {"buttons", "", "<button><object>", "</button>"},
    {"forms", "", "<form><div></form>", ""},
    {"nobr", "", "<nobr><div>", "</nobr>"},
    {"i_list_then_end_b", "<b>", "<i id=#>", "</u>"},
    {"options", "", "<option><font id=#>", ""},
    {"headings", "", "<h1><span>", "</h2>"},
    {"framesets", "", "<frameset>", "</frameset>"},
    {"attributes", "<p ", "a# ", ""},
    {"references", "", "&a;&#&am&notit;", ""},
    {"less_than", "", "<", ""},
    {"comments", "", "<!--->", ""},
};

TEST(Hostile, HugeAttributesAreNotCopiedForEver) {
  std::string page = "<p><b title='" + std::string(3'000'000, 'x') + "'>" + repeated("<p>y", 5000);
  Parsed parsed = parse(page);
  size_t copied = 0;
  for (Element* each : elements_by_tag_name(*parsed.document, u"b")) copied += !each->attributes().empty();
  EXPECT_GT(parsed.cuts.scans, 0u);
  EXPECT_LT(copied, 30u);
}

TEST(Hostile, LongLines) {
  std::string text(10'000'000, 'x');
  EXPECT_EQ(text_content(*parse(text).document).size(), text.size());
  std::string value = "<p title=\"" + text + "\">";
  Parsed parsed = parse(value);
  EXPECT_EQ(parsed.cuts.attribute_text, text.size() - ParserLimits().max_attribute_length);
  EXPECT_EQ(to_utf8(parse("<" + text + ">").document->body()->first_element_child()->local_name().text()),
            text);
  EXPECT_EQ(parse("<!--" + text).document->first_child()->as_character_data()->data().size(), text.size());
}

class HostileShape : public ::testing::TestWithParam<HostileRow> {
 protected:
  static std::string page(size_t times) {
    std::string all = GetParam().prefix;
    for (const char* part : {GetParam().repeated, GetParam().suffix}) {
      for (size_t i = 0; i < times; ++i) {
        for (const char* c = part; *c; ++c) *c == '#' ? all += std::to_string(i) : all += *c;
      }
    }
    return all;
  }
};
TEST_P(HostileShape, EndsAndKeepsTheRules) {
  ArenaLimits limits;
  limits.max_nodes = 400'000;
  Parsed parsed = parse(page(100'000), {}, limits);
  EXPECT_EQ(broken_rule(*parsed.document, max_tree_depth), "");
  EXPECT_LE(parsed.arena->node_count(), limits.max_nodes + 1000);
}
// Counted, not timed: twice the page may cost about twice the looks, where a quadratic rule takes four times
// as many. Both sizes lie beyond what the budget gives every page (start_units).
TEST_P(HostileShape, TakesLinearWork) {
  const uint64_t once = parse(page(20'000)).cuts.looks, twice = parse(page(40'000)).cuts.looks;
  EXPECT_LE(twice, once * 5 / 2);
}
INSTANTIATE_TEST_SUITE_P(Rows, HostileShape, ::testing::ValuesIn(hostile),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace shikake::html
