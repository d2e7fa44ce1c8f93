// Seeded made-up pages for tests, the fuzzer's seeds and the benchmark: mostly markup that means something,
// nested and misnested, with some that does not.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace shikake::html {

class PageGenerator {
 public:
  explicit PageGenerator(uint64_t seed) : random_(seed) {}

  std::string page(size_t pieces) {
    std::string out;
    if (chance(2)) out += pick(doctypes);
    for (size_t i = 0; i < pieces; ++i) piece(out);
    return out;
  }

  size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }
  bool chance(size_t one_in) { return below(one_in) == 0; }

 private:
  static constexpr std::string_view tags[] = {"a",
                                              "b",
                                              "i",
                                              "nobr",
                                              "font",
                                              "code",
                                              "em",
                                              "p",
                                              "div",
                                              "span",
                                              "table",
                                              "tbody",
                                              "thead",
                                              "tr",
                                              "td",
                                              "th",
                                              "caption",
                                              "colgroup",
                                              "col",
                                              "ul",
                                              "li",
                                              "dl",
                                              "dd",
                                              "dt",
                                              "h1",
                                              "h2",
                                              "pre",
                                              "form",
                                              "button",
                                              "input",
                                              "select",
                                              "option",
                                              "optgroup",
                                              "svg",
                                              "g",
                                              "foreignObject",
                                              "desc",
                                              "math",
                                              "mi",
                                              "mtext",
                                              "head",
                                              "body",
                                              "html",
                                              "frameset",
                                              "frame",
                                              "template",
                                              "object",
                                              "applet",
                                              "marquee",
                                              "br",
                                              "img",
                                              "image",
                                              "textarea",
                                              "title",
                                              "style",
                                              "script",
                                              "noscript",
                                              "iframe",
                                              "noframes",
                                              "noembed",
                                              "xmp",
                                              "base",
                                              "link",
                                              "meta",
                                              "ruby",
                                              "rt",
                                              "rp",
                                              "address",
                                              "center",
                                              "section",
                                              "blockquote",
                                              "tfoot",
                                              "param",
                                              "custom-x",
                                              "u",
                                              "big",
                                              "listing",
                                              "wbr",
                                              "embed",
                                              "video",
                                              "annotation-xml",
                                              "mglyph",
                                              "malignmark",
                                              "circle",
                                              "lineargradient",
                                              "label",
                                              "fieldset",
                                              "nav"};
  // None with a public identifier that means quirks: gumbo does not know their prefixes.
  static constexpr std::string_view doctypes[] = {
      "<!DOCTYPE html>",
      "<!doctype html public \"-//W3C//DTD HTML 4.01//EN\">",
      "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" 'http://www.w3.org/x.dtd'>",
      "<!DOCTYPE html SYSTEM 'about:legacy-compat'>",
      "<!DOCTYPE>",
      "<!DOCTYPE potato>"};
  static constexpr std::string_view attribute_names[] = {"id=a",
                                                         "class='x y'",
                                                         "href=\"?a=1&copy=2&amp;b\"",
                                                         "type=hidden",
                                                         "type=\"text/javascript\"",
                                                         "checked",
                                                         "style = 'a:b'",
                                                         "color=red",
                                                         "viewbox='0 0 1 1'",
                                                         "xlink:href=#a",
                                                         "xml:lang=en",
                                                         "definitionurl=x",
                                                         "encoding='text/html'",
                                                         "NAME=b",
                                                         "data-\xC3\xA9=1",
                                                         "title='a\nb'",
                                                         "src=//x/y.js",

                                                         "x='&lt;&#65;'"};
  static constexpr std::string_view texts[] = {"text",
                                               " ",
                                               "\n",
                                               "x y",
                                               "1 < 2",
                                               "&amp;",
                                               "&lt;b&gt;",
                                               "&copy2",
                                               "&notin;",
                                               "&noti;",
                                               "&#x41;",
                                               "&#65",
                                               "&#0;",
                                               "&#128;",
                                               "&#xD800;",
                                               "&unknown;",
                                               "&",
                                               "\xE4\xBB\x95\xE6\x8E\x9B",
                                               "\xF0\x9F\x98\x80",
                                               "--",
                                               "]]>",
                                               "\t",
                                               "\r\n",
                                               "\r",
                                               "'",
                                               "\"",
                                               "> ",
                                               "/",
                                               "=",
                                               "if (a< b) {}",
                                               "&nbsp;",
                                               "&AMP",
                                               "&ampx"};
  static constexpr std::string_view odd_pieces[] = {"<!-- comment -->",
                                                    "<!---->",
                                                    "<!-->",
                                                    "<!--->",
                                                    "<!-- a -- b --!>",
                                                    "<!-- <!-- -->",
                                                    "<!x>",
                                                    "<?php x ?>",
                                                    "</>",
                                                    "</ x>",
                                                    "<>",
                                                    "<3",
                                                    "<![CDATA[a]]b]]>",
                                                    "<!DOCTYPE html>",
                                                    "<!--",
                                                    "</",
                                                    "<",
                                                    "<!",

                                                    "<script><!--<script>x</script>y--></script>",
                                                    "<script><!-- x </script>",
                                                    "<script>a='</scr'+'ipt>'</script>",
                                                    "<textarea>\n\na</textarea>",
                                                    "<pre>\nb</pre>",
                                                    "<title>a&amp;b</title>",
                                                    "<style>a<b</style>",
                                                    "<plaintext>",
                                                    "<svg><circle/></svg>",
                                                    "<svg><![CDATA[x<y]]></svg>",
                                                    "<table><tr><td>a</td></tr></table>",
                                                    "<p>a<p>b",
                                                    "<select><option>a<option>b</select>"};

  std::string_view pick(std::span<const std::string_view> from) { return from[below(from.size())]; }

  void piece(std::string& out) {
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
        start_tag(out);
        return;
      case 7:
      case 8:
      case 9:
      case 10:
        out.append("</").append(pick(tags)).append(">");
        return;
      case 11:
      case 12:
      case 13:
      case 14:
        out += pick(texts);
        return;
      default:
        // What swallows the rest of the page stays rare.
        if (std::string_view odd = pick(odd_pieces); odd.ends_with('>') || chance(8)) out += odd;
    }
  }

  void start_tag(std::string& out) {
    std::string_view name = pick(tags);
    out.append("<").append(name);
    size_t attribute =
        below(std::size(attribute_names));  // none twice: gumbo spoils what follows a duplicate
    for (size_t count = below(3); count > 0; --count) {
      out.append(" ").append(attribute_names[attribute++ % std::size(attribute_names)]);
    }
    if (chance(10)) out += "/";
    out += ">";
    bool raw = name == "script" || name == "style" || name == "textarea" || name == "title" ||
               name == "xmp" || name == "iframe" || name == "noframes" || name == "noembed" ||
               name == "noscript";
    if (raw && !chance(10)) out.append(pick(texts)).append("</").append(name).append(">");
  }

  std::mt19937_64 random_;
};

}  // namespace shikake::html
