// What the tree construction rules say of HTML elements as classes.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "html/dom.h"

namespace shikake::html {

enum Trait : uint32_t {
  kSpecial = 1 << 0,         // #special
  kScope = 1 << 1,           // bounds every scope but table and select scope
  kListScope = 1 << 2,       // bounds list item scope, besides kScope
  kButtonScope = 1 << 3,     // bounds button scope, besides kScope
  kTableScope = 1 << 4,      // bounds table scope
  kNotSelectScope = 1 << 5,  // everything else bounds select scope
  kImpliedEnd = 1 << 6,      // #generate-implied-end-tags
  kImpliedEndThorough = 1 << 7,
  kHeading = 1 << 8,
  kTablePart = 1 << 9,        // table, tbody, tfoot, thead, tr: content in it is foster-parented
  kTableBodyStart = 1 << 10,  // caption, col, colgroup, tbody, td, tfoot, th, thead, tr
  kVoid = 1 << 11,            // serialised without an end tag
  kRawText = 1 << 12,         // text in it is serialised as it is
  kFormControl = 1 << 13,     // #form-associated-element that the parser ties to a form
  kTableSection = 1 << 14,    // tbody, thead, tfoot
  kBlock = 1 << 15,           // start tags that close a p and are that simple
  kBlockEnd = 1 << 16,        // end tags that close what is in them, if there is one in scope
  kFormatting = 1 << 17,      // #formatting
  kHeadContent = 1 << 18,     // what the rules for "in head" are used for elsewhere
  kMarker = 1 << 19,          // applet, marquee, object
  kBreaksOut = 1 << 20,       // start tags that end foreign content
};

namespace traits {

constexpr std::array<uint32_t, kKnownNames + 1> make() {
  using enum Name;
  std::array<uint32_t, kKnownNames + 1> all{};
  auto add = [&](uint32_t trait, std::initializer_list<Name> names) {
    for (Name name : names) all[static_cast<size_t>(name)] |= trait;
  };
  add(kSpecial,
      {address,   applet, area,      article,  aside,      base,     basefont, bgsound, blockquote, body,
       br,        button, caption,   center,   col,        colgroup, dd,       details, dir,        div,
       dl,        dt,     embed,     fieldset, figcaption, figure,   footer,   form,    frame,      frameset,
       h1,        h2,     h3,        h4,       h5,         h6,       head,     header,  hgroup,     hr,
       html,      iframe, img,       input,    keygen,     li,       link,     listing, main,       marquee,
       menu,      meta,   nav,       noembed,  noframes,   noscript, object,   ol,      p,          param,
       plaintext, pre,    script,    search,   section,    select,   source,   style,   summary,    table,
       tbody,     td,     template_, textarea, tfoot,      th,       thead,    title,   tr,         track,
       ul,        wbr,    xmp});
  add(kScope, {applet, caption, html, table, td, th, marquee, object, template_});
  add(kListScope, {ol, ul});
  add(kButtonScope, {button});
  add(kTableScope, {html, table, template_});
  add(kNotSelectScope, {optgroup, option});
  add(kImpliedEnd | kImpliedEndThorough, {dd, dt, li, optgroup, option, p, rb, rp, rt, rtc});
  add(kImpliedEndThorough, {caption, colgroup, tbody, td, tfoot, th, thead, tr});
  add(kHeading, {h1, h2, h3, h4, h5, h6});
  add(kTablePart, {table, tbody, tfoot, thead, tr});
  add(kTableBodyStart, {caption, col, colgroup, tbody, td, tfoot, th, thead, tr});
  add(kVoid, {area, base, basefont, bgsound, br, col, embed, frame, hr, img, input, keygen, link, meta, param,
              source, track, wbr});
  add(kRawText, {style, script, xmp, iframe, noembed, noframes, plaintext});
  add(kTableSection, {tbody, thead, tfoot});
  add(kBlock | kBlockEnd, {address, article, aside,    blockquote, center, details, dialog,  dir,
                           div,     dl,      fieldset, figcaption, figure, footer,  header,  hgroup,
                           main,    menu,    nav,      ol,         search, section, summary, ul});
  add(kBlock, {p});
  add(kBlockEnd, {button, listing, pre, applet, marquee, object, dd, dt});
  add(kFormatting, {a, b, big, code, em, font, i, nobr, s, small, strike, strong, tt, u});
  add(kHeadContent, {base, basefont, bgsound, link, meta, noframes, script, style, template_, title});
  add(kMarker, {applet, marquee, object});
  add(kBreaksOut,
      {b,   big,  blockquote, body,  br,   center, code,   dd,  div, dl,      dt,   em,   embed, h1, h2,
       h3,  h4,   h5,         h6,    head, hr,     i,      img, li,  listing, menu, meta, nobr,  ol, p,
       pre, ruby, s,          small, span, strong, strike, sub, sup, table,   tt,   u,    ul,    var});
  add(kFormControl, {button, fieldset, input, object, output, select, textarea, img});
  return all;
}

inline constexpr auto kTable = make();

}  // namespace traits

constexpr bool has_trait(Name name, uint32_t trait) {
  return (traits::kTable[static_cast<size_t>(name)] & trait) != 0;
}
inline bool has_trait(const Element& element, uint32_t trait) {
  return has_trait(element.name(), trait) && element.is_html();
}

// Points at which SVG and MathML hold HTML again: foreignObject and the like.
// https://html.spec.whatwg.org/multipage/parsing.html#html-integration-point
inline bool svg_html_point(const Element& element) {
  Name name = element.name();
  return element.ns() == Atom(Name::ns_svg) &&
         (name == Name::foreign_object || name == Name::desc || name == Name::title);
}
inline bool mathml_text_point(const Element& element) {
  Name name = element.name();
  return element.ns() == Atom(Name::ns_mathml) && (name == Name::mi || name == Name::mo || name == Name::mn ||
                                                   name == Name::ms || name == Name::mtext);
}
inline bool annotation_xml(const Element& element) {
  return element.name() == Name::annotation_xml && element.ns() == Atom(Name::ns_mathml);
}
inline bool html_integration_point(const Element& element) {
  if (svg_html_point(element)) return true;
  if (!annotation_xml(element)) return false;
  const std::u16string* encoding = element.attribute(Name::encoding);
  return encoding && (equal_ignoring_case(*encoding, u"text/html") ||
                      equal_ignoring_case(*encoding, u"application/xhtml+xml"));
}
inline bool is_special(const Element& element) {
  return element.is_html() ? has_trait(element.name(), kSpecial)
                           : svg_html_point(element) || mathml_text_point(element) || annotation_xml(element);
}

}  // namespace shikake::html
