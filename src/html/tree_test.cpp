// Tree construction: rows for each insertion mode, written from the standard's text.
#include <gtest/gtest.h>

#include "html/parser.h"
#include "html/serialise.h"

namespace shikake::html {
namespace {

struct Row {
  const char* name;
  std::string_view html;
  std::string_view tree;  // serialised, without <html> and </html>
  bool scripting = true;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.html;
}

std::string serialised(std::string_view html, size_t piece, bool scripting) {
  Arena arena;
  Document& document = arena.create_document();
  ParserOptions options;
  options.scripting = scripting;
  Parser parser(document, options);
  std::u16string text = from_utf8(html);
  auto run = [&] {
    while (parser.run() == Step::script) {}
  };
  for (size_t at = 0; at < text.size(); at += piece) {
    parser.append(std::u16string_view(text).substr(at, piece));
    run();
  }
  parser.finish();
  run();
  EXPECT_TRUE(parser.finished());
  EXPECT_FALSE(parser.cuts().any());
  return to_utf8(inner_html(document, scripting));
}

using namespace std::string_view_literals;

constexpr Row rows[] = {
    // before the body
    {"initial_comment", "<!--a--><p>b", "<!--a--><html><head></head><body><p>b</p></body></html>"},
    {"initial_doctype", " <!DOCTYPE html><!--a-->",
     "<!DOCTYPE html><!--a--><html><head></head><body></body></html>"},
    {"second_doctype", "<!DOCTYPE a><!DOCTYPE b><p><!DOCTYPE c>",
     "<!DOCTYPE a><html><head></head><body><p></p></body></html>"},
    {"before_html_end_tags", "</p></br>", "<html><head></head><body><br></body></html>"},
    {"html_attributes", "<html a=1><head><body><html a=2 b=3>",
     "<html a=\"1\" b=\"3\"><head></head><body></body></html>"},
    {"before_head_space", " <head> <title>a</title> </head> <body> b",
     "<html><head> <title>a</title> </head> <body> b</body></html>"},
    {"head_twice", "<head a=1><head b=2>", "<html><head a=\"1\"></head><body></body></html>"},
    {"head_elements", "<base><link><meta><basefont><bgsound><title>&lt;<b></title><style><b></style>x",
     "<html><head><base><link><meta><basefont><bgsound><title>&lt;&lt;b&gt;</title><style><b></style></head>"
     "<body>x</body></html>"},
    {"head_script", "<script><b></script><p>",
     "<html><head><script><b></script></head><body><p></p></body></html>"},
    {"noscript_scripting", "<noscript><p>a</noscript>",
     "<html><head><noscript><p>a</noscript></head><body></body></html>"},
    {"noscript_no_scripting", "<noscript><link><p>a</noscript>b",
     "<html><head><noscript><link></noscript></head><body><p>ab</p></body></html>", false},
    {"noscript_in_body", "<p><noscript><b>a</noscript>b",
     "<html><head></head><body><p><noscript><b>a</b></noscript><b>b</b></p></body></html>", false},
    {"noscript_end_br", "<noscript></br>", "<html><head><noscript></noscript></head><body><br></body></html>",
     false},
    {"after_head_title", "<head></head><title>a</title><meta><p>",
     "<html><head><title>a</title><meta></head><body><p></p></body></html>"},
    {"after_head_end_tags", "<head></head></div></head></body>", "<html><head></head><body></body></html>"},
    {"head_end_tags", "<head></p></title></html>a", "<html><head></head><body>a</body></html>"},

    // in body
    {"null_ignored", "a\0b"sv, "<html><head></head><body>ab</body></html>"},
    {"body_attributes", "<body a=1><p><body a=2 b=3>c",
     "<html><head></head><body a=\"1\" b=\"3\"><p>c</p></body></html>"},
    {"p_closes", "<p>a<p>b<div>c<p>d</div>e",
     "<html><head></head><body><p>a</p><p>b</p><div>c<p>d</p></div>e</body></html>"},
    {"p_end_makes_p", "a</p>b", "<html><head></head><body>a<p></p>b</body></html>"},
    {"p_button_scope", "<p><button><p>a</button>b",
     "<html><head></head><body><p><button><p>a</p></button>b</p></body></html>"},
    {"headings", "<h1>a<h2>b</h3>c", "<html><head></head><body><h1>a</h1><h2>b</h2>c</body></html>"},
    {"heading_not_direct", "<h1><span><h2>",
     "<html><head></head><body><h1><span><h2></h2></span></h1></body></html>"},
    {"pre_newline", "<pre>\n\na</pre><listing>\nb</listing><textarea>\nc</textarea>",
     "<html><head></head><body><pre>\na</pre><listing>b</listing><textarea>c</textarea></body></html>"},
    {"pre_newline_reference", "<pre>&#10;a", "<html><head></head><body><pre>a</pre></body></html>"},
    {"pre_newline_after_tag", "<pre><b>\na", "<html><head></head><body><pre><b>\na</b></pre></body></html>"},
    {"form_nested", "<form a><form b><p></form>c",
     "<html><head></head><body><form a=\"\"><p></p></form>c</body></html>"},
    {"form_misnested", "<form><div></form>a",
     "<html><head></head><body><form><div>a</div></form></body></html>"},
    {"list_items", "<ul><li>a<li>b<ul><li>c</ul>d</ul>",
     "<html><head></head><body><ul><li>a</li><li>b<ul><li>c</li></ul>d</li></ul></body></html>"},
    {"list_item_div", "<li><div><li>",
     "<html><head></head><body><li><div></div></li><li></li></body></html>"},
    {"list_item_special", "<li><section><li>",
     "<html><head></head><body><li><section><li></li></section></li></body></html>"},
    {"list_item_end_scope", "<li><ul></li>a", "<html><head></head><body><li><ul>a</ul></li></body></html>"},
    {"definitions", "<dl><dt>a<dd>b<dt>c</dd>d</dl>",
     "<html><head></head><body><dl><dt>a</dt><dd>b</dd><dt>cd</dt></dl></body></html>"},
    {"plaintext", "<p><plaintext></p>",
     "<html><head></head><body><p></p><plaintext></p></plaintext></body></html>"},
    {"button_nested", "<button>a<button>b",
     "<html><head></head><body><button>a</button><button>b</button></body></html>"},
    {"end_div_closes", "<div><span>a</div>b",
     "<html><head></head><body><div><span>a</span></div>b</body></html>"},
    {"end_unknown", "<x><y>a</x>b", "<html><head></head><body><x><y>a</y></x>b</body></html>"},
    {"end_unknown_special", "<x><div>a</x>b", "<html><head></head><body><x><div>ab</div></x></body></html>"},
    {"a_in_a", "<a href=1>b<a href=2>c",
     "<html><head></head><body><a href=\"1\">b</a><a href=\"2\">c</a></body></html>"},
    {"a_in_table_in_a", "<a>1<table><td><a>2</table>3",
     "<html><head></head><body><a>1<table><tbody><tr><td><a>2</a></td></tr></tbody></table>3</a></body></"
     "html>"},
    {"nobr_in_nobr", "<nobr>a<nobr>b", "<html><head></head><body><nobr>a</nobr><nobr>b</nobr></body></html>"},
    {"formatting_reopened", "<p><b><i>a</p>b",
     "<html><head></head><body><p><b><i>a</i></b></p><b><i>b</i></b></body></html>"},
    {"formatting_misnested", "<b>1<i>2</b>3</i>4",
     "<html><head></head><body><b>1<i>2</i></b><i>3</i>4</body></html>"},
    {"adoption", "<b>1<p>2</b>3</p>4", "<html><head></head><body><b>1</b><p><b>2</b>3</p>4</body></html>"},
    {"adoption_inner_loop", "<b><i><u><s><p>x</b>y",
     "<html><head></head><body><b><i><u><s></s></u></i></b><i><u><s><p><b>x</b>y</p></s></u></i></body></"
     "html>"},
    {"adoption_inner_loop_ends", "<b><i><u><s><em><p>x</b>y",
     "<html><head></head><body><b><i><u><s><em></em></s></u></i></b><u><s><em><p><b>x</b>y</p></em></s></u>"
     "</body></html>"},
    {"adoption_outer_loop_ends", "<b><div><div><div><div><div><div><div><div><div>x</b>y",
     "<html><head></head><body><b></b><div><b></b><div><b></b><div><b></b><div><b></b><div><b></b><div><b></"
     "b><div>"
     "<b></b><div><b><div>xy</div></b></div></div></div></div></div></div></div></div></body></html>"},
    {"noahs_ark", "<p><b><b><b><b>x<p>y",
     "<html><head></head><body><p><b><b><b><b>x</b></b></b></b></p><p><b><b><b>y</b></b></b></p></body></"
     "html>"},
    {"noahs_ark_attributes", "<p><b a=1 b=2><b b=2 a=1><b a=1 b=2><b a=1 b=2><b>x<p>y",
     "<html><head></head><body><p><b a=\"1\" b=\"2\"><b b=\"2\" a=\"1\"><b a=\"1\" b=\"2\"><b a=\"1\" "
     "b=\"2\"><b>x"
     "</b></b></b></b></b></p><p><b b=\"2\" a=\"1\"><b a=\"1\" b=\"2\"><b a=\"1\" "
     "b=\"2\"><b>y</b></b></b></b></p>"
     "</body></html>"},
    {"object_marker", "<b><object>a</b>b</object>c",
     "<html><head></head><body><b><object>ab</object>c</b></body></html>"},
    {"marquee_in_applet", "<applet><marquee></applet>a",
     "<html><head></head><body><applet><marquee>a</marquee></applet></body></html>"},
    {"void_elements", "<area><br/><embed><img><wbr><input><param><source><track><hr>a",
     "<html><head></head><body><area><br><embed><img><wbr><input><param><source><track><hr>a</body></html>"},
    {"keygen", "<keygen>a", "<html><head></head><body><keygen>a</body></html>"},
    {"image", "<image src=a>", "<html><head></head><body><img src=\"a\"></body></html>"},
    {"end_br", "a</br b>", "<html><head></head><body>a<br></body></html>"},
    {"raw_in_body", "<iframe><b></iframe><noembed><b></noembed><xmp><b></xmp><noframes><b></noframes>",
     "<html><head></head><body><iframe><b></iframe><noembed><b></noembed><xmp><b></xmp><noframes><b></"
     "noframes></body></html>"},
    {"ruby", "<ruby>a<rb>b<rt>c<rtc>d<rt>e<rp>f",
     "<html><head></head><body><ruby>a<rb>b</rb><rt>c</rt><rtc>d<rt>e</rt><rp>f</rp></rtc></ruby></body></"
     "html>"},
    {"stray_table_parts", "<tr><td>a</td><caption>b<col><frame><head>c",
     "<html><head></head><body>abc</body></html>"},
    {"table_closes_p", "<!DOCTYPE html><p>a<table>",
     "<!DOCTYPE html><html><head></head><body><p>a</p><table></table></body></html>"},
    {"table_in_p_in_quirks", "<p>a<table>", "<html><head></head><body><p>a<table></table></p></body></html>"},
    {"option_outside", "<option>a<optgroup>b<option>c",
     "<html><head></head><body><option>a</option><optgroup>b<option>c</option></optgroup></body></html>"},
    {"cdata_in_html", "<div><![CDATA[a]]></div>",
     "<html><head></head><body><div><!--[CDATA[a]]--></div></body></html>"},

    // after the body
    {"after_body_text", "<body>a</body>b", "<html><head></head><body>ab</body></html>"},
    {"after_body_comment", "a</body><!--b--></html><!--c-->",
     "<html><head></head><body>a</body><!--b--></html><!--c-->"},
    {"after_after_body", "a</html> <p>b", "<html><head></head><body>a <p>b</p></body></html>"},
    {"after_body_in_svg", "<svg></body><!--a-->",
     "<html><head></head><body><svg><!--a--></svg></body></html>"},

    // tables
    {"table_implied", "<table><td>a<tr><th>b",
     "<html><head></head><body><table><tbody><tr><td>a</td></tr><tr><th>b</th></tr></tbody></table></body></"
     "html>"},
    {"table_all", "<table><caption>a<colgroup><col><thead><tr><td>b<tfoot><tr><td>c<tbody><tr><td>d",
     "<html><head></head><body><table><caption>a</caption><colgroup><col></colgroup><thead><tr><td>b</td></"
     "tr></thead>"
     "<tfoot><tr><td>c</td></tr></tfoot><tbody><tr><td>d</td></tr></tbody></table></body></html>"},
    {"table_col", "<table><col><col>a<tr>",
     "<html><head></head><body>a<table><colgroup><col><col></colgroup><tbody><tr></tr></tbody></table></"
     "body></html>"},
    {"table_foster_text", "<table> <tr> a<td>b",
     "<html><head></head><body> a<table> <tbody><tr><td>b</td></tr></tbody></table></body></html>"},
    {"table_foster_element", "<table><div>a<tr><td>b</table>",
     "<html><head></head><body><div>a</div><table><tbody><tr><td>b</td></tr></tbody></table></body></html>"},
    {"table_foster_formatting", "<table><b><tr><td>a</table>b",
     "<html><head></head><body><b></b><table><tbody><tr><td>a</td></tr></tbody></table><b>b</b></body></"
     "html>"},
    {"table_space_kept", "<table>\n<tr>\n<td>a",
     "<html><head></head><body><table>\n<tbody><tr>\n<td>a</td></tr></tbody></table></body></html>"},
    {"table_null", "<table>\0<td>"sv,
     "<html><head></head><body><table><tbody><tr><td></td></tr></tbody></table></body></html>"},
    {"table_in_table", "<table><table>a",
     "<html><head></head><body><table></table>a<table></table></body></html>"},
    {"table_in_cell", "<table><td><table><td>a</table>b</table>c",
     "<html><head></head><body><table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table>b</"
     "td></tr></tbody>"
     "</table>c</body></html>"},
    {"table_hidden_input", "<table><input type=HIDDEN><input>",
     "<html><head></head><body><input><table><input type=\"HIDDEN\"></table></body></html>"},
    {"table_form", "<table><form a><form b><tr><td>c</form>d",
     "<html><head></head><body><table><form "
     "a=\"\"></form><tbody><tr><td>cd</td></tr></tbody></table></body></html>"},
    {"table_script", "<table><script>a</script><style>b</style><template>c</template>",
     "<html><head></head><body><table><script>a</script><style>b</style><template>c</template></table></"
     "body></html>"},
    {"table_end_tags", "<table></p></tr></body><tr></table>a",
     "<html><head></head><body><p></p><table><tbody><tr></tr></tbody></table>a</body></html>"},
    {"caption_closed_by_row", "<table><caption><b>a<tr><td>b",
     "<html><head></head><body><table><caption><b>a</b></caption><tbody><tr><td>b</td></tr></tbody></table></"
     "body></html>"},
    {"caption_end_table", "<table><caption>a</table>b",
     "<html><head></head><body><table><caption>a</caption></table>b</body></html>"},
    {"caption_end_tags", "<table><caption>a</tr></col></caption>b",
     "<html><head></head><body>b<table><caption>a</caption></table></body></html>"},
    {"colgroup_space", "<table><colgroup> <col> a</colgroup>",
     "<html><head></head><body>a<table><colgroup> <col> </colgroup></table></body></html>"},
    {"cell_end_table_parts", "<table><tbody><tr><td>a</tbody>b</tr></thead>",
     "<html><head></head><body>b<table><tbody><tr><td>a</td></tr></tbody></table></body></html>"},
    {"cell_wrong_end", "<table><td>a</th>b</body>c",
     "<html><head></head><body><table><tbody><tr><td>abc</td></tr></tbody></table></body></html>"},
    {"cell_formatting_marker", "<table><td><b>a</td><td>b",
     "<html><head></head><body><table><tbody><tr><td><b>a</b></td><td>b</td></tr></tbody></table></body></"
     "html>"},
    {"row_end_section", "<table><thead><tr><td>a</thead><tr>",
     "<html><head></head><body><table><thead><tr><td>a</td></tr></thead><tbody><tr></tr></tbody></table></"
     "body></html>"},

    // select
    {"select_options", "<select><option>a<option>b<optgroup>c<option>d<optgroup>e</select>f",
     "<html><head></head><body><select><option>a</option><option>b</option><optgroup>c<option>d</option></"
     "optgroup>"
     "<optgroup>e</optgroup></select>f</body></html>"},
    {"select_drops", "<select><b>a<div>b<option></p>c",
     "<html><head></head><body><select>ab<option>c</option></select></body></html>"},
    {"select_in_select", "<select>a<select>b", "<html><head></head><body><select>a</select>b</body></html>"},
    {"select_input", "<select><option>a<input>b",
     "<html><head></head><body><select><option>a</option></select><input>b</body></html>"},
    {"select_hr", "<select><optgroup><option>a<hr>b",
     "<html><head></head><body><select><optgroup><option>a</option></optgroup><hr>b</select></body></html>"},
    {"select_script", "<select><script>a</script><template>b</template>",
     "<html><head></head><body><select><script>a</script><template>b</template></select></body></html>"},
    {"select_end_optgroup", "<select><optgroup><option>a</optgroup>b</option>c",
     "<html><head></head><body><select><optgroup><option>a</option></optgroup>bc</select></body></html>"},
    {"select_in_table", "<table><tr><td><select><option>a<td>b",
     "<html><head></head><body><table><tbody><tr><td><select><option>a</option></select></td><td>b</td></"
     "tr></tbody></table></body></html>"},
    {"select_in_table_end", "<table><tr><td><select>a</table>b",
     "<html><head></head><body><table><tbody><tr><td><select>a</select></td></tr></tbody></table>b</body></"
     "html>"},
    {"select_in_table_other_end", "<table><tr><td><select>a</caption>b",
     "<html><head></head><body><table><tbody><tr><td><select>ab</select></td></tr></tbody></table></body></"
     "html>"},
    {"select_fostered", "<table><select><tr>a",
     "<html><head></head><body><select></select>a<table><tbody><tr></tr></tbody></table></body></html>"},
    {"select_null", "<select>a\0b"sv, "<html><head></head><body><select>ab</select></body></html>"},

    // templates
    {"template_head", "<template><p>a</template>",
     "<html><head><template><p>a</p></template></head><body></body></html>"},
    {"template_row", "<body><template><tr><td>a</template>b",
     "<html><head></head><body><template><tr><td>a</td></tr></template>b</body></html>"},
    {"template_cell", "<body><template><td>a</td><div>b",
     "<html><head></head><body><template><td>a</td><div>b</div></template></body></html>"},
    {"template_columns", "<body><template><col>a<col><p>b",
     "<html><head></head><body><template><col><col></template></body></html>"},
    {"template_section", "<body><template><tbody><tr><p>a",
     "<html><head></head><body><template><tbody><tr></tr></tbody><p>a</p></template></body></html>"},
    {"template_switch", "<body><template><div><tr>a</div><tr>",
     "<html><head></head><body><template><div>a</div></template></body></html>"},
    {"template_nested", "<template><template>a</template>b</template>c",
     "<html><head><template><template>a</template>b</template></head><body>c</body></html>"},
    {"template_end_alone", "</template>a", "<html><head></head><body>a</body></html>"},
    {"template_formatting", "<body><b><template>a</b></template>b",
     "<html><head></head><body><b><template>a</template>b</b></body></html>"},
    {"template_head_tags", "<body><template><html a><head><body b><frameset>c",
     "<html><head></head><body><template>c</template></body></html>"},
    {"template_form", "<body><form><template><form>a</form></template><form>b",
     "<html><head></head><body><form><template><form>a</form></template>b</form></body></html>"},
    {"template_at_end", "<template><table><tr>",
     "<html><head><template><table><tbody><tr></tr></tbody></table></template></head><body></body></html>"},
    {"template_in_table_foster", "<table><template>a</template>b",
     "<html><head></head><body>b<table><template>a</template></table></body></html>"},

    // framesets
    {"frameset",
     " <frameset a> x<frame><frameset><frame></frameset></frameset> <noframes>b</noframes></html>",
     "<html><head></head><frameset a=\"\"> <frame><frameset><frame></frameset></frameset> "
     "<noframes>b</noframes></html>"},
    {"frameset_replaces_body", "<p><frameset><frame>",
     "<html><head></head><frameset><frame></frameset></html>"},
    {"frameset_too_late", "<p>a<frameset>", "<html><head></head><body><p>a</p></body></html>"},
    {"frameset_after_br", "</br><frameset>", "<html><head></head><body><br></body></html>"},
    {"frameset_after_hidden", "<input type=hidden><frameset>",
     "<html><head></head><frameset></frameset></html>"},
    {"frameset_text_dropped", "<frameset>a b<p></frameset>c <!--d--></html>e<!--f-->",
     "<html><head></head><frameset> </frameset> <!--d--></html><!--f-->"},
    {"frameset_after_svg_text", "<svg>a</svg><frameset>",
     "<html><head></head><body><svg>a</svg></body></html>"},
    {"frameset_after_svg_null", "<svg>\0</svg><frameset>"sv,
     "<html><head></head><frameset></frameset></html>"},

    // foreign content
    {"svg_names",
     "<svg viewbox=1><clippath/><foreignobject><i>a</i></foreignobject><title><b>c</b></title></svg>d",
     "<html><head></head><body><svg "
     "viewBox=\"1\"><clipPath></clipPath><foreignObject><i>a</i></foreignObject>"
     "<title><b>c</b></title></svg>d</body></html>"},
    {"svg_attributes", "<svg xlink:href=a xml:lang=b xmlns=c xmlns:xlink=d x:y=e attributename=f>",
     "<html><head></head><body><svg xlink:href=\"a\" xml:lang=\"b\" xmlns=\"c\" xmlns:xlink=\"d\" x:y=\"e\" "
     "attributeName=\"f\">"
     "</svg></body></html>"},
    {"svg_breakout", "<svg><g><p>a", "<html><head></head><body><svg><g></g></svg><p>a</p></body></html>"},
    {"svg_font", "<svg><font>a<font color=b>c",
     "<html><head></head><body><svg><font>a</font></svg><font color=\"b\">c</font></body></html>"},
    {"svg_end_p", "<svg><g></p>a", "<html><head></head><body><svg><g></g></svg><p></p>a</body></html>"},
    {"svg_end_case", "<svg><FOREIGNOBJECT></foreignobject></SVG>a",
     "<html><head></head><body><svg><foreignObject></foreignObject></svg>a</body></html>"},
    {"svg_end_outer", "<div><svg><g></div>a",
     "<html><head></head><body><div><svg><g></g></svg></div>a</body></html>"},
    {"svg_cdata", "<svg><![CDATA[a<b>&amp;]]></svg>",
     "<html><head></head><body><svg>a&lt;b&gt;&amp;amp;</svg></body></html>"},
    {"svg_null", "<svg>\0"sv, "<html><head></head><body><svg>\uFFFD</svg></body></html>"},
    {"svg_script", "<svg><script>a<b>c</script>d",
     "<html><head></head><body><svg><script>a</script></svg><b>cd</b></body></html>"},
    {"svg_style_is_markup", "<svg><style><g>a</style>",
     "<html><head></head><body><svg><style><g>a</g></style></svg></body></html>"},
    {"math_text_point", "<math><mi>a<span>b</span></mi>c<mglyph><p>d",
     "<html><head></head><body><math><mi>a<span>b</span></mi>c<mglyph></mglyph></math><p>d</p></body></"
     "html>"},
    {"math_end_through_html", "<math><mi><p>a</mi>b",
     "<html><head></head><body><math><mi><p>ab</p></mi></math></body></html>"},
    {"math_mglyph_in_mi", "<math><mi><mglyph/><malignmark/><x/>",
     "<html><head></head><body><math><mi><mglyph></mglyph><malignmark></malignmark><x></x></mi></math></"
     "body></html>"},
    {"math_annotation_svg", "<math><annotation-xml><svg><g>",
     "<html><head></head><body><math><annotation-xml><svg><g></g></svg></annotation-xml></math></body></"
     "html>"},
    {"math_annotation_html", "<math><annotation-xml encoding=TEXT/html><p>a",
     "<html><head></head><body><math><annotation-xml "
     "encoding=\"TEXT/html\"><p>a</p></annotation-xml></math></body></html>"},
    {"math_annotation_other", "<math><annotation-xml encoding=text/xml><p>a",
     "<html><head></head><body><math><annotation-xml "
     "encoding=\"text/xml\"></annotation-xml></math><p>a</p></body></html>"},
    {"math_definition_url", "<math definitionurl=a>",
     "<html><head></head><body><math definitionURL=\"a\"></math></body></html>"},
    {"math_in_table", "<table><math><mi>a</table>b",
     "<html><head></head><body><math><mi>a</mi></math><table></table>b</body></html>"},

    // the end of the file
    {"end_in_title", "<title>a", "<html><head><title>a</title></head><body></body></html>"},
    {"end_in_script", "<script>a", "<html><head><script>a</script></head><body></body></html>"},
    {"end_in_textarea", "<textarea>a", "<html><head></head><body><textarea>a</textarea></body></html>"},
    {"end_in_tag", "a<b c", "<html><head></head><body>a</body></html>"},
    {"nothing", "", "<html><head></head><body></body></html>"},
};

class TreeRow : public ::testing::TestWithParam<Row> {};
TEST_P(TreeRow, WholeAndInPieces) {
  for (size_t piece : {size_t{1} << 20, size_t{1}, size_t{2}, size_t{7}}) {
    EXPECT_EQ(serialised(GetParam().html, piece, GetParam().scripting), GetParam().tree)
        << "pieces of " << piece;
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, TreeRow, ::testing::ValuesIn(rows),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace shikake::html
